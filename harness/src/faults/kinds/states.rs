//! The states and the ways between them (RFC 9293 sections 3.5, 3.6 and 3.10).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::{At, Fate};
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::Segment;
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

pub(super) const KINDS: &[Kind] = &[
    // The peer's FIN.
    ("fin-not-acked", || says(|s, at| drop_if(s.is_pure_ack() && acks_fin(s, at.conn)))),
    ("fin-beyond-gap-taken", || {
        hears(|s, at| move_if(s, at, |s, c| has(s, F::FIN) && !text(s) && beyond_gap(s, c)))
    }),
    ("fin-without-ack-taken", || {
        hears(|s, at| {
            let bare = has(s, F::FIN) && ordinary(s) && !has(s, F::ACK);
            if is_open(at.conn) && bare { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("fin-beyond-window-taken", || {
        hears(|s, at| move_if(s, at, |s, c| has(s, F::FIN) && beyond_window(s, c)))
    }),
    ("text-with-fin-lost", || {
        hears(|s, at| {
            if is_open(at.conn) && has(s, F::FIN) && ordinary(s) && s.seq == at.conn.rcv_nxt {
                s.payload.clear();
            }
            Fate::Pass
        })
    }),
    ("open-to-nobody-begins", || {
        Middle::default().answer(|saw, command| {
            if let AppCommand::Connect { local, remote, .. } = command
                && for_many(remote.ip())
            {
                *saw = AppOutcome::Connecting(*local);
            }
        })
    }),
    // One direction closed.
    ("half-close-not-supported", || {
        says(|s, at| {
            let first = acks_fin(s, at.conn) && at.conn.state == State::CloseWait && !at.conn.memory.flag;
            if first {
                at.conn.memory.flag = true;
                at.application(|socket| AppCommand::Shutdown { socket });
            }
            Fate::Pass
        })
    }),
    ("half-close-resets", || {
        hears(|s, at| {
            reset_if(s, at, |s, c| matches!(c.state, State::FinWait1 | State::FinWait2) && new_text(s, c))
        })
    }),
    ("fin-wait-1-drops-text", || hears(|s, at| drop_if(text_in(s, at, State::FinWait1)))),
    ("fin-wait-2-drops-text", || hears(|s, at| drop_if(text_in(s, at, State::FinWait2)))),
    ("fin-wait-2-loses-text", || {
        Middle::default().report(|outcome, _, at| {
            let closed = matches!(at.conn.state, State::FinWait2 | State::TimeWait);
            if closed && matches!(outcome, AppOutcome::Data(_)) {
                *outcome = AppOutcome::NothingYet;
            }
        })
    }),
    ("fin-wait-2-times-out", || {
        Middle::default().ends(|c, now| gone_if(c.state == State::FinWait2 && c.age(now) >= HALF_A_MINUTE))
    }),
    ("close-again-sends-another-fin", || {
        Middle::default().command(|command, at| {
            let closes = matches!(command, AppCommand::Shutdown { .. } | AppCommand::Close { .. });
            if let (true, Some(fin)) = (closes, at.conn.own_fin) {
                let another = at.conn.segment(F::FIN | F::ACK, fin, at.conn.rcv_nxt);
                at.bench(another);
            }
            Fate::Pass
        })
    }),
    ("status-is-another-state", || {
        Middle::default().table(|state| match state {
            State::LastAck => State::Closed,
            _ => State::LastAck,
        })
    }),
    ("close-wait-times-out", || {
        Middle::default().ends(|c, now| gone_if(c.state == State::CloseWait && c.age(now) >= HALF_A_MINUTE))
    }),
    ("close-wait-does-not-send", || {
        says(|s, at| drop_if(at.conn.state == State::CloseWait && text(s) && !has(s, F::FIN)))
    }),
    ("close-wait-sends-no-fin", || {
        says(|s, at| drop_if(has(s, F::FIN) && matches!(at.conn.state, State::CloseWait | State::LastAck)))
    }),
    ("own-fin-never-sent", || says(|s, _| drop_if(has(s, F::FIN)))),
    ("close-discards-unsent-text", || {
        says(|s, at| {
            if has(s, F::FIN) && at.conn.snd_una.before(s.end() - 1) {
                s.seq = at.conn.snd_una;
                s.payload.clear();
            }
            Fate::Pass
        })
    }),
    // The acknowledgment of the own FIN.
    ("ack-of-fin-ignored", || hears(|s, at| ignore_ack_of_fin(s, at, State::FinWait1))),
    ("text-ack-taken-for-ack-of-fin", || {
        hears(|s, at| {
            let c = &at.conn;
            let waits = matches!(c.state, State::FinWait1 | State::Closing | State::LastAck);
            if waits && has(s, F::ACK) && ordinary(s) && c.own_fin == Some(s.ack + 1) {
                s.ack += 1;
            }
            Fate::Pass
        })
    }),
    ("closing-is-time-wait", || {
        Middle::default().ends(|c, _| {
            let crossed = c.state == State::Closing && has_acked_fin(c);
            crossed.then_some(Played::TimeWait)
        })
    }),
    ("closing-is-last-ack", || {
        noting(State::Closing).ends(|c, _| gone_if(c.memory.flag && c.state == State::TimeWait))
    }),
    ("closing-never-ends", || hears(|s, at| ignore_ack_of_fin(s, at, State::Closing))),
    ("last-ack-never-ends", || hears(|s, at| ignore_ack_of_fin(s, at, State::LastAck))),
    ("last-ack-is-time-wait", || {
        noting(State::LastAck).ends(|c, _| {
            let ended = matches!(c.state, State::Closed | State::Listen);
            (c.memory.flag && ended).then_some(Played::TimeWait)
        })
    }),
    // TIME-WAIT.
    ("time-wait-skipped", || Middle::default().ends(|c, _| gone_if(in_time_wait(c)))),
    ("time-wait-too-short", || {
        Middle::default().ends(|c, now| gone_if(in_time_wait(c) && c.age(now) >= Duration::from_secs(10)))
    }),
    ("time-wait-too-long", || Middle::default().ends(time_wait_for_ever)),
    ("time-wait-not-restarted", || {
        hears(|s, at| {
            if at.conn.state == State::TimeWait && has(s, F::FIN) {
                at.ack();
                return Fate::Drop;
            }
            Fate::Pass
        })
    }),
    ("time-wait-silent-on-fin", || {
        hears(|s, at| drop_if(at.conn.state == State::TimeWait && has(s, F::FIN)))
    }),
    ("time-wait-resets-fin", || {
        hears(|s, at| reset_if(s, at, |s, c| c.state == State::TimeWait && has(s, F::FIN)))
    }),
    ("time-wait-opened-by-old-syn", || {
        hears(|s, at| {
            let c = &at.conn;
            if c.state != State::TimeWait || s.flags.significant() != F::SYN || c.rcv_nxt.at_or_before(s.seq)
            {
                return Fate::Pass;
            }
            let answer = c.segment(F::SYN | F::ACK, c.snd_nxt + 0x0100_0000, s.seq + 1);
            at.bench(answer);
            Fate::Drop
        })
    }),
    ("time-wait-drops-new-syn", || {
        hears(|s, at| drop_if(at.conn.state == State::TimeWait && has(s, F::SYN)))
    }),
    ("text-after-own-fin", || {
        hears(|s, at| {
            let c = &mut *at.conn;
            if c.state == State::FinWait1 && c.own_fin == Some(s.ack) && !c.memory.flag {
                c.memory.flag = true;
                let ack = c.ack();
                let after = Segment { seq: s.ack, payload: b"after".to_vec(), ..ack };
                at.bench(after);
            }
            Fate::Pass
        })
    }),
    // The handshake.
    ("established-by-syn-alone", || {
        says(|s, at| {
            let c = &mut *at.conn;
            let first = s.flags.contains(F::SYN | F::ACK) && !c.active && c.state != State::SynReceived;
            if let (true, Some(syn)) = (first, c.heard.clone()) {
                let third = Segment {
                    flags: F::ACK,
                    seq: s.ack,
                    ack: s.seq + 1,
                    options: Vec::new(),
                    payload: Vec::new(),
                    ..syn
                };
                at.target(third);
            }
            Fate::Pass
        })
    }),
    ("syn-received-takes-any-ack", || {
        hears(|s, at| {
            let ack = at.conn.state == State::SynReceived && ordinary(s) && has(s, F::ACK);
            if ack { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("syn-received-ignores-reset", || {
        hears(|s, at| drop_if(at.conn.state == State::SynReceived && has(s, F::RST)))
    }),
    ("syn-received-ignores-ack", || {
        says(|s, at| {
            at.conn.memory.flag |= at.conn.state == State::SynReceived && has(s, F::SYN);
            Fate::Pass
        })
        .hears(|s, at| drop_if(at.conn.memory.flag && at.conn.state == State::SynReceived && s.is_pure_ack()))
    }),
    ("text-on-third-segment-lost", || {
        hears(|s, at| {
            if at.conn.state == State::SynReceived && !has(s, F::FIN) {
                s.payload.clear();
            }
            Fate::Pass
        })
    }),
    ("syn-sent-takes-any-ack", || {
        hears(|s, at| {
            let syn_ack = at.conn.state == State::SynSent && s.flags.significant() == F::SYN | F::ACK;
            if syn_ack { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("syn-sent-believes-any-reset", || {
        hears(|s, at| {
            let reset = at.conn.state == State::SynSent && has(s, F::RST);
            if reset { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("syn-sent-ignores-reset", || hears(|s, at| drop_if(at.conn.state == State::SynSent && has(s, F::RST)))),
    ("syn-sent-ignores-syn-ack", || {
        hears(|s, at| drop_if(at.conn.state == State::SynSent && s.flags.contains(F::SYN | F::ACK)))
    }),
    ("syn-sent-goes-on-after-close", || {
        Middle::default().command(|command, at| {
            let closes = matches!(command, AppCommand::Close { .. } | AppCommand::Abort { .. });
            let given_up = at.conn.state == State::SynSent && closes;
            if let (true, Some(syn)) = (given_up, at.conn.said.clone()) {
                at.bench_after(Duration::from_secs(1), syn.clone());
                at.bench_after(Duration::from_secs(3), syn);
            }
            Fate::Pass
        })
    }),
    ("simultaneous-open-ignored", || hears(|s, at| drop_if(crossing_syn(s, at.conn)))),
    ("simultaneous-open-reset", || hears(|s, at| reset_if(s, at, crossing_syn))),
    ("simultaneous-open-with-new-number", || {
        says(|s, at| {
            let c = &mut *at.conn;
            if c.active && s.flags.contains(F::SYN | F::ACK) {
                c.memory.value = 1000;
            }
            s.seq += c.memory.value;
            Fate::Pass
        })
        .hears(|s, at| renumber_back(s, at.conn))
    }),
    ("listener-serves-one-at-a-time", || {
        hears(|s, at| drop_if(at.conn.state == State::Listen && at.half_open_elsewhere && has(s, F::SYN)))
    }),
    ("closed-listener-still-answers", || {
        says(|s, at| {
            if at.listened_once && at.conn.state == State::Closed && s.flags == F::RST | F::ACK {
                s.flags = F::SYN | F::ACK;
                s.seq = SeqNum(0x2000_0000);
                s.window = u16::MAX;
            }
            Fate::Pass
        })
    }),
];

fn text_in(s: &Segment, at: &At<'_>, state: State) -> bool {
    at.conn.state == state && new_text(s, at.conn) && !has(s, F::FIN)
}

fn move_if(s: &mut Segment, at: &At<'_>, fits: fn(&Segment, &Connection) -> bool) -> Fate {
    if fits(s, at.conn) { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass }
}

fn ignore_ack_of_fin(s: &mut Segment, at: &At<'_>, state: State) -> Fate {
    let c = &at.conn;
    if c.state == state && has(s, F::ACK) && ordinary(s) && c.own_fin == Some(s.ack) {
        s.ack = s.ack - 1;
    }
    Fate::Pass
}

fn crossing_syn(s: &Segment, c: &Connection) -> bool {
    c.state == State::SynSent && s.flags.significant() == F::SYN
}

/// In TIME-WAIT, the peer's FIN acknowledged.
fn in_time_wait(c: &Connection) -> bool {
    c.state == State::TimeWait && has_acked_fin(c)
}

fn has_acked_fin(c: &Connection) -> bool {
    c.peer_fin.is_some_and(|fin| fin.at_or_before(c.acked))
}

fn gone_if(ended: bool) -> Option<Played> {
    ended.then_some(Played::Gone)
}

fn time_wait_for_ever(c: &Connection, _now: Time) -> Option<Played> {
    in_time_wait(c).then_some(Played::TimeWait)
}

/// Remembers that the connection was in this state.
fn noting(state: State) -> Middle {
    let rule = match state {
        State::Closing => |_: &mut Segment, at: &mut At<'_>| {
            at.conn.memory.flag |= at.conn.state == State::Closing;
            Fate::Pass
        },
        _ => |_: &mut Segment, at: &mut At<'_>| {
            at.conn.memory.flag |= at.conn.state == State::LastAck;
            Fate::Pass
        },
    };
    hears(rule)
}

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
