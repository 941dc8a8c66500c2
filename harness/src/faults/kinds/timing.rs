//! Retransmissions, delays, and who gives up when (RFC 9293 section 3.8; RFC 6298; RFC 5681).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::{At, Fate};
use tcpspec_core::app::{AppCommand, AppOutcome, SocketOption};
use tcpspec_core::segment::Segment;
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    // Retransmissions.
    ("no-retransmission", || says(|s, at| drop_if(text(s) && repeats(s, at.conn)))),
    ("syn-not-retransmitted", || {
        says(|s, at| drop_if(has(s, F::SYN) && !has(s, F::ACK) && repeats(s, at.conn)))
    }),
    ("syn-ack-not-retransmitted", || {
        says(|s, at| drop_if(s.flags.contains(F::SYN | F::ACK) && at.conn.state == State::SynReceived))
    }),
    ("fin-not-retransmitted", || says(|s, at| drop_if(has(s, F::FIN) && repeats(s, at.conn)))),
    ("no-backoff", || {
        says(|s, at| {
            if is_new(s, at.conn) {
                once_a_second(s, at);
            }
            drop_if(repeats(s, at.conn))
        })
        .if_still(unacknowledged)
    }),
    ("backoff-fourfold", || {
        says(|s, at| {
            if !repeats(s, at.conn) {
                return Fate::Pass;
            }
            let memory = &mut at.conn.memory;
            if memory.number.replace(s.seq) != Some(s.seq) {
                memory.count = 0;
            }
            memory.count += 1;
            drop_if(memory.count % 2 == 0)
        })
    }),
    ("retransmits-too-early", || {
        says(|s, at| {
            if is_new(s, at.conn) {
                at.bench_after(Duration::from_millis(50), s.clone());
            }
            Fate::Pass
        })
        .if_still(unacknowledged)
    }),
    ("retransmits-too-late", || {
        says(|s, at| if repeats(s, at.conn) { Fate::Late(Duration::from_secs(70)) } else { Fate::Pass })
            .if_still(unacknowledged)
    }),
    ("retransmits-what-was-acknowledged", || {
        says(|s, at| {
            if ordinary(s) && !s.is_empty() {
                at.conn.memory.segment = Some(s.clone());
            }
            Fate::Pass
        })
        .hears(|s, at| {
            let memory = &mut at.conn.memory;
            if let Some(sent) = memory.segment.take_if(|sent| sent.end().at_or_before(s.ack)) {
                at.bench_after(Duration::from_millis(300), sent);
            }
            Fate::Pass
        })
    }),
    ("syn-repeated-with-another-number", || {
        says(|s, at| {
            if s.flags.significant() == F::SYN && at.conn.state == State::SynSent {
                at.conn.memory.value += 1000;
            }
            s.seq += at.conn.memory.value;
            Fate::Pass
        })
        .hears(|s, at| renumber_back(s, at.conn))
    }),
    ("no-fast-retransmit", || {
        hears(|s, at| {
            let c = &mut *at.conn;
            if c.snd_una != c.snd_nxt && s.is_pure_ack() && s.ack == c.snd_una {
                c.memory.count += 1;
                if c.memory.count == 3 {
                    c.memory.time = Some(at.now);
                }
            } else {
                c.memory.count = 0;
            }
            Fate::Pass
        })
        .says(|s, at| {
            let since = at.conn.memory.time.map(|third| at.now.since(third));
            drop_if(text(s) && repeats(s, at.conn) && since.is_some_and(|since| since < FAST))
        })
    }),
    // Acknowledgments.
    ("delayed-ack-too-late", || {
        says(
            |s, at| {
                if acks_new_text(s, at.conn) { Fate::Late(Duration::from_millis(800)) } else { Fate::Pass }
            },
        )
        .if_still(still_says_something)
    }),
    ("duplicate-ack-delayed", || {
        says(|s, at| {
            let duplicate = s.is_pure_ack() && at.conn.gap.is_some() && s.ack == at.conn.acked;
            if duplicate { Fate::Late(Duration::from_millis(400)) } else { Fate::Pass }
        })
        .if_still(still_says_something)
    }),
    ("acks-every-fourth-segment", || {
        says(|s, at| {
            if !acks_new_text(s, at.conn) {
                return Fate::Pass;
            }
            at.conn.memory.count += 1;
            let fourth = at.conn.memory.count % 4 == 0;
            if fourth { Fate::Pass } else { Fate::Late(Duration::from_millis(450)) }
        })
        .if_still(still_says_something)
    }),
    ("answers-too-late", || says(|_, _| Fate::Late(Duration::from_secs(3)))),
    // Giving up.
    ("gives-up-too-early", || {
        says(|s, at| {
            if is_new(s, at.conn) && at.conn.snd_una == at.conn.snd_nxt {
                at.conn.memory.time = Some(at.now);
            }
            Fate::Pass
        })
        .ends(|c, now| {
            let waits = c.synchronized() && c.state != State::TimeWait && c.snd_una.before(c.snd_nxt);
            let since = c.memory.time.map(|begun| now.since(begun));
            (waits && since.is_some_and(|since| since >= Duration::from_secs(3))).then_some(Played::Gone)
        })
    }),
    ("syn-gives-up-too-early", || {
        Middle::default()
            .ends(|c, now| {
                let given_up = c.state == State::SynSent && c.age(now) >= Duration::from_secs(4);
                given_up.then_some(Played::Gone)
            })
            .report(|outcome, command, at| {
                let asked = matches!(command, AppCommand::AwaitConnected { .. });
                let late = at.conn.state == State::SynSent && at.conn.age(at.now) >= Duration::from_secs(4);
                if asked && late && *outcome == AppOutcome::NothingYet {
                    *outcome = AppOutcome::TimedOut;
                }
            })
    }),
    // What the application may choose.
    ("keep-alive-unasked", || {
        hears(|_, at| {
            if matches!(at.conn.state, State::SynReceived | State::Established) {
                let question = Segment { seq: at.conn.snd_nxt - 1, ..at.conn.ack() };
                at.bench_after(Duration::from_millis(500), question);
            }
            Fate::Pass
        })
        .says(|s, at| {
            if at.conn.state == State::Established && ordinary(s) {
                let question = Segment { seq: s.end() - 1, ack: s.ack, ..at.conn.ack() };
                at.bench_after(Duration::from_millis(500), question);
            }
            Fate::Pass
        })
        .if_still(|s, c| c.state == State::Established && s.seq == c.snd_nxt - 1 && s.ack == c.rcv_nxt)
    }),
    ("keep-alive-never-sent", || {
        wishing(|option| {
            if let SocketOption::KeepAlive(on) = option {
                *on = false;
            }
        })
    }),
    ("failure-not-told", || {
        Middle::default().report(|saw, _, _| {
            if matches!(saw, AppOutcome::TimedOut) {
                *saw = AppOutcome::NothingYet;
            }
        })
    }),
    ("user-timeout-ignored", || {
        wishing(|option| {
            if let SocketOption::UserTimeout(limit) = option {
                *limit = Duration::from_secs(24 * 60 * 60);
            }
        })
    }),
    ("nodelay-ignored", || {
        wishing(|option| {
            if let SocketOption::NoDelay(on) = option {
                *on = false;
            }
        })
    }),
    ("nagle-missing", || {
        Middle::default().wish(|command| match command {
            AppCommand::Listen { options, .. } | AppCommand::Connect { options, .. } => {
                options.retain(|option| !matches!(option, SocketOption::NoDelay(_)));
                options.push(SocketOption::NoDelay(true));
            }
            AppCommand::Set { option: SocketOption::NoDelay(on), .. } => *on = true,
            _ => {}
        })
    }),
    ("initial-window-ignored", || {
        says(|s, at| {
            if at.conn.synchronized() && text(s) && is_new(s, at.conn) {
                let seen = Segment { ack: s.seq + text_length(s), ..at.conn.ack_to_target() };
                at.target(seen);
            }
            Fate::Pass
        })
    }),
];

/// Sends the segment again every second, for a minute.
fn once_a_second(s: &Segment, at: &mut At<'_>) {
    for second in 1..=60 {
        at.bench_after(Duration::from_secs(second), s.clone());
    }
}

/// Nothing newer has been acknowledged meanwhile.
fn still_says_something(s: &Segment, c: &Connection) -> bool {
    s.ack == c.acked
}

fn text_length(s: &Segment) -> u32 {
    u32::try_from(s.payload.len()).unwrap_or(u32::MAX)
}

/// A retransmission so soon after the third duplicate acknowledgment comes from it, not from the timer.
const FAST: Duration = Duration::from_millis(150);
