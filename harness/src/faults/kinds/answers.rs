//! Whether a segment is answered, and by which (RFC 9293 sections 3.5.2 and 3.10.7).

use super::Kind;
use super::words::*;
use crate::faults::connection::{Connection, reset_for};
use crate::faults::rule::{At, Fate};
use tcpspec_core::app::AppCommand;
use tcpspec_core::segment::Segment;
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    // Silent where an answer is due.
    ("text-not-acknowledged", || says(|s, at| drop_if(acks_new_text(s, at.conn)))),
    ("old-text-not-answered", || hears(|s, at| drop_if(old(s, at.conn) && !has(s, F::FIN)))),
    ("text-beyond-window-not-answered", || hears(|s, at| drop_if(beyond_window(s, at.conn)))),
    ("keep-alive-not-answered", || hears(|s, at| drop_if(is_keep_alive(s, at.conn)))),
    ("future-ack-not-answered", || hears(|s, at| drop_if(future_ack(s, at.conn)))),
    ("syn-in-window-not-answered", || hears(|s, at| drop_if(stray_syn(s, at.conn) && at.conn.takes(s)))),
    ("syn-not-answered", || {
        says(|s, at| drop_if(s.flags.contains(F::SYN | F::ACK) && at.conn.state != State::SynSent))
    }),
    ("syn-fin-dropped", || hears(|s, _| drop_if(s.flags.contains(F::SYN | F::FIN)))),
    ("closed-port-silent", || says(|s, at| drop_if(reset_in(s, at, State::Closed)))),
    ("listener-silent-on-ack", || says(|s, at| drop_if(reset_in(s, at, State::Listen)))),
    ("syn-sent-silent-on-bad-ack", || says(|s, at| drop_if(reset_in(s, at, State::SynSent)))),
    ("syn-received-silent-on-bad-ack", || says(|s, at| drop_if(reset_in(s, at, State::SynReceived)))),
    ("reset-in-window-not-challenged", || hears(|s, at| drop_if(rst_beside(s, at.conn)))),
    ("old-empty-segment-not-answered", || {
        hears(|s, at| {
            let old = ordinary(s) && s.is_empty() && s.seq.before(at.conn.rcv_nxt);
            drop_if(is_open(at.conn) && old)
        })
    }),
    ("time-wait-silent-on-syn-ack", || {
        hears(|s, at| drop_if(at.conn.state == State::TimeWait && s.flags.contains(F::SYN | F::ACK)))
    }),
    // An answer where silence is due.
    ("reset-answered-from-closed-port", || hears(|s, at| answer_reset(s, at, State::Closed))),
    ("reset-answered-from-listener", || hears(|s, at| answer_reset(s, at, State::Listen))),
    ("reset-outside-window-answered", || {
        hears(|s, at| {
            if rst(s, at.conn) && !at.conn.takes(s) {
                at.ack();
            }
            Fate::Pass
        })
    }),
    ("empty-segment-answered", || {
        hears(|s, at| {
            let current = s.seq == at.conn.rcv_nxt && s.ack.at_or_before(at.conn.snd_nxt);
            if is_open(at.conn) && ordinary(s) && has(s, F::ACK) && s.is_empty() && current {
                at.ack();
            }
            Fate::Pass
        })
    }),
    ("reset-in-window-answered-by-reset", || {
        hears(|s, at| {
            if rst_beside(s, at.conn) {
                let reset = at.conn.segment(F::RST, at.conn.snd_nxt, SeqNum(0));
                at.bench(reset);
                return Fate::Drop;
            }
            Fate::Pass
        })
    }),
    ("empty-segment-in-window-resets", || {
        hears(|s, at| {
            reset_if(s, at, |s, c| c.synchronized() && s.is_pure_ack() && s.seq != c.rcv_nxt && c.takes(s))
        })
    }),
    ("urgent-pointer-resets", || {
        hears(|s, at| reset_if(s, at, |s, c| c.synchronized() && ordinary(s) && has(s, F::URG)))
    }),
    ("second-fin-resets", || {
        hears(|s, at| {
            reset_if(s, at, |s, c| {
                has(s, F::FIN) && ordinary(s) && c.peer_fin.is_some() && s.seq == c.rcv_nxt
            })
        })
    }),
    ("segment-without-ack-answered", || {
        hears(|s, at| {
            if is_open(at.conn) && ordinary(s) && !has(s, F::ACK) {
                at.ack();
            }
            Fate::Pass
        })
    }),
    ("listener-answers-stray-segment", || {
        hears(|s, at| {
            if at.conn.state == State::Listen && ordinary(s) && !has(s, F::ACK) {
                at.reset(s);
            }
            Fate::Pass
        })
    }),
    ("syn-sent-answers-stray-segment", || {
        hears(|s, at| {
            let acceptable = !has(s, F::ACK) || s.ack == at.conn.snd_nxt;
            if at.conn.state == State::SynSent && ordinary(s) && acceptable {
                let ack = at.conn.segment(F::ACK, at.conn.snd_nxt, s.end());
                at.bench(ack);
            }
            Fate::Pass
        })
    }),
    ("two-acks-for-one-segment", || {
        says(|s, at| {
            if acks_new_text(s, at.conn) {
                at.bench(s.clone());
            }
            Fate::Pass
        })
    }),
    // A reset in place of an ACK, and the reverse.
    ("old-text-reset", || hears(|s, at| reset_if(s, at, |s, c| old(s, c) && !has(s, F::FIN)))),
    ("text-beyond-window-reset", || hears(|s, at| reset_if(s, at, |s, c| beyond_window(s, c) && text(s)))),
    ("future-ack-reset", || hears(|s, at| reset_if(s, at, future_ack))),
    ("syn-outside-window-reset", || hears(|s, at| reset_if(s, at, |s, c| stray_syn(s, c) && !c.takes(s)))),
    ("syn-in-window-resets", || {
        hears(|s, at| {
            if !stray_syn(s, at.conn) || !at.conn.takes(s) {
                return Fate::Pass;
            }
            let reset = at.conn.segment(F::RST | F::ACK, at.conn.snd_nxt, at.conn.rcv_nxt);
            at.bench(reset);
            at.play(Played::Gone);
            Fate::Drop
        })
    }),
    ("closed-port-acks", || says(|s, at| ack_for_reset(s, at, State::Closed))),
    ("listener-acks", || says(|s, at| ack_for_reset(s, at, State::Listen))),
    ("syn-sent-acks", || says(|s, at| ack_for_reset(s, at, State::SynSent))),
    // The wrong form of a reset.
    ("reset-of-syn-without-ack", || {
        says(|s, at| {
            if answers_without_ack(s, at) {
                s.flags = F::RST;
                s.ack = SeqNum(0);
            }
            Fate::Pass
        })
    }),
    ("reset-of-ack-with-ack", || {
        says(|s, at| {
            if answers_ack(s, at) {
                s.flags |= F::ACK;
            }
            Fate::Pass
        })
    }),
    ("reset-of-ack-with-sequence-zero", || {
        says(|s, at| {
            if answers_ack(s, at) {
                s.seq = SeqNum(0);
            }
            Fate::Pass
        })
    }),
    ("reset-of-syn-with-other-sequence", || {
        remembering_what_is_heard().says(|s, at| {
            if let (true, Some(heard)) = (answers_without_ack(s, at), &at.conn.memory.segment) {
                s.seq = heard.seq;
            }
            Fate::Pass
        })
    }),
    ("reset-does-not-count-syn", || {
        remembering_what_is_heard().says(|s, at| {
            if let (true, Some(heard)) = (answers_without_ack(s, at), &at.conn.memory.segment) {
                s.ack = s.ack - (u32::from(has(heard, F::SYN)) + u32::from(has(heard, F::FIN)));
            }
            Fate::Pass
        })
    }),
    ("reset-does-not-count-text", || {
        remembering_what_is_heard().says(|s, at| {
            if let (true, Some(heard)) = (answers_without_ack(s, at), &at.conn.memory.segment) {
                s.ack = s.ack - u32::try_from(heard.payload.len()).unwrap_or(0);
            }
            Fate::Pass
        })
    }),
    ("abort-with-old-sequence-number", || {
        says(|s, at| {
            if at.conn.synchronized() && has(s, F::RST) {
                s.seq = at.conn.iss;
            }
            Fate::Pass
        })
    }),
    ("abort-without-reset", || noting_abort().says(|s, at| drop_if(at.conn.memory.flag && has(s, F::RST)))),
    ("abort-sends-fin", || {
        noting_abort().says(|s, at| {
            if at.conn.memory.flag && has(s, F::RST) {
                s.flags = F::FIN | F::ACK;
                s.ack = at.conn.rcv_nxt;
            }
            Fate::Pass
        })
    }),
    ("unread-text-closes-with-fin", || {
        Middle::default()
            .command(|command, at| {
                at.conn.memory.flag |= matches!(command, AppCommand::Close { .. });
                Fate::Pass
            })
            .says(|s, at| {
                let c = &at.conn;
                if c.memory.flag && c.synchronized() && c.own_fin.is_none() && has(s, F::RST) {
                    s.flags = F::FIN | F::ACK;
                    s.ack = c.rcv_nxt;
                }
                Fate::Pass
            })
    }),
    ("text-after-close-not-reset", || {
        says(|s, at| {
            let c = &at.conn;
            drop_if(has(s, F::RST) && c.synchronized() && c.own_fin.is_some())
        })
    }),
    // Wrong control bits elsewhere.
    ("syn-ack-without-ack", || {
        says(|s, _| {
            if s.flags.contains(F::SYN | F::ACK) {
                s.flags = s.flags - F::ACK;
                s.ack = SeqNum(0);
            }
            Fate::Pass
        })
    }),
    ("text-without-ack", || {
        says(|s, _| {
            if text(s) && ordinary(s) {
                s.flags = s.flags - F::ACK;
            }
            Fate::Pass
        })
    }),
    ("fin-without-ack", || {
        says(|s, _| {
            if has(s, F::FIN) {
                s.flags = s.flags - F::ACK;
            }
            Fate::Pass
        })
    }),
    ("urgent-set-unasked", || {
        says(|s, _| {
            if text(s) && ordinary(s) {
                s.flags |= F::URG;
                s.urgent = u16::try_from(s.payload.len()).unwrap_or(u16::MAX);
            }
            Fate::Pass
        })
    }),
    ("reserved-bits-set", || {
        says(|s, _| {
            s.reserved = 0b0100;
            Fate::Pass
        })
    }),
    ("ecn-echo-unasked", || {
        says(|s, _| {
            if ordinary(s) {
                s.flags |= F::ECE;
            }
            Fate::Pass
        })
    }),
    ("ecn-capable-unasked", || {
        says(|s, _| {
            s.ip.tos |= 0b10;
            Fate::Pass
        })
    }),
    ("ecn-offer-refused", || {
        says(|s, _| {
            if s.flags.contains(F::SYN | F::ACK) {
                s.flags = s.flags - F::ECE;
            }
            Fate::Pass
        })
    }),
    ("syn-ack-accepts-ecn-unasked", || {
        says(|s, at| {
            let asked = at.conn.heard.as_ref().is_some_and(|syn| syn.flags.contains(F::ECE | F::CWR));
            if s.flags.contains(F::SYN | F::ACK) && !asked {
                s.flags |= F::ECE;
            }
            Fate::Pass
        })
    }),
];

fn is_keep_alive(s: &Segment, c: &Connection) -> bool {
    is_open(c) && s.is_pure_ack() && s.seq == c.rcv_nxt - 1
}

fn reset_in(s: &Segment, at: &At<'_>, state: State) -> bool {
    has(s, F::RST) && at.conn.state == state
}

/// Whether the target resets something that came with ACK, in a state in which that is its only answer.
fn answers_ack(s: &Segment, at: &At<'_>) -> bool {
    s.flags == F::RST && !at.conn.synchronized()
}

/// Whether the target resets something that came without ACK.
fn answers_without_ack(s: &Segment, at: &At<'_>) -> bool {
    s.flags == F::RST | F::ACK && at.conn.state == State::Closed
}

fn answer_reset(s: &Segment, at: &mut At<'_>, state: State) -> Fate {
    if has(s, F::RST) && at.conn.state == state {
        let as_if = Segment { flags: s.flags - F::RST, ..s.clone() };
        if let Some(answer) = reset_for(&as_if) {
            at.bench(answer);
        }
    }
    Fate::Pass
}

fn ack_for_reset(s: &mut Segment, at: &At<'_>, state: State) -> Fate {
    if at.conn.state == state && s.flags == F::RST {
        s.flags = F::ACK;
    }
    Fate::Pass
}

fn remembering_what_is_heard() -> Middle {
    hears(|s, at| {
        at.conn.memory.segment = Some(s.clone());
        Fate::Pass
    })
}

fn noting_abort() -> Middle {
    Middle::default().command(|command, at| {
        at.conn.memory.flag |= matches!(command, AppCommand::Abort { .. });
        Fate::Pass
    })
}
