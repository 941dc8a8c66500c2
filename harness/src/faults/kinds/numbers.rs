//! Sequence and acknowledgment numbers (RFC 9293 section 3.4).

use super::Kind;
use super::words::*;
use crate::faults::rule::Fate;
use tcpspec_core::segment::Flags;
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    ("ack-off-by-one", || {
        says(|s, at| {
            if acks_text(s, at.conn) {
                s.ack = s.ack - 1;
            }
            Fate::Pass
        })
    }),
    ("ack-one-beyond", || {
        says(|s, at| {
            if acks_text(s, at.conn) {
                s.ack += 1;
            }
            Fate::Pass
        })
    }),
    ("ack-stale", || {
        says(|s, at| {
            let c = &mut *at.conn;
            if acks_text(s, c) {
                if c.acked.before(s.ack) {
                    c.memory.number = Some(c.acked);
                }
                s.ack = c.memory.number.unwrap_or(s.ack);
            }
            Fate::Pass
        })
    }),
    ("ack-goes-back", || {
        says(|s, at| {
            let c = &mut *at.conn;
            if acks_text(s, c) && c.acked.before(s.ack) {
                c.memory.count += 1;
                if c.memory.count % 2 == 0 {
                    s.ack = c.irs + 1;
                }
            }
            Fate::Pass
        })
    }),
    ("ack-of-syn-off-by-one", || {
        says(|s, at| {
            let of_syn = has(s, F::SYN) || at.conn.synchronized() && s.ack == at.conn.irs + 1;
            if has(s, F::ACK) && !has(s, F::RST) && of_syn {
                s.ack = s.ack - 1;
            }
            Fate::Pass
        })
    }),
    ("ack-of-fin-off-by-one", || {
        says(|s, at| {
            if acks_fin(s, at.conn) {
                s.ack += 1;
            }
            Fate::Pass
        })
    }),
    ("peers-fin-not-counted", || {
        says(|s, at| {
            if acks_fin(s, at.conn) {
                s.ack = s.ack - 1;
            }
            Fate::Pass
        })
    }),
    ("repeated-fin-counted-again", || {
        hears(|s, at| {
            if has(s, F::FIN) && at.conn.peer_fin == Some(s.end()) {
                at.conn.memory.flag = true;
            }
            Fate::Pass
        })
        .says(|s, at| {
            if at.conn.memory.flag && acks_fin(s, at.conn) {
                s.ack += 1;
            }
            Fate::Pass
        })
    }),
    ("own-syn-not-counted", || {
        says(|s, at| {
            if ordinary(s) && at.conn.synchronized() {
                s.seq = s.seq - 1;
            }
            Fate::Pass
        })
        .hears(|s, at| {
            let c = &at.conn;
            if has(s, F::ACK) && (c.iss + 1).before(s.ack) && s.ack.before(c.snd_nxt) {
                s.ack += 1;
            }
            Fate::Pass
        })
    }),
    ("own-fin-not-counted", || {
        says(|s, at| {
            if ordinary(s) && s.is_empty() && at.conn.own_fin == Some(s.seq) {
                s.seq = s.seq - 1;
            }
            Fate::Pass
        })
    }),
    ("iss-constant", || {
        says(|s, at| {
            renumber(s, at.conn, |_| Some(FIRST_ISS));
            Fate::Pass
        })
        .hears(|s, at| renumber_back(s, at.conn))
    }),
    ("iss-predictable", || {
        says(|s, at| {
            let (first, c) = (SeqNum(at.seed as u32), &mut *at.conn);
            let opens = has(s, F::SYN) && matches!(c.state, State::Closed | State::Listen | State::TimeWait);
            c.memory.count += u32::from(opens);
            renumber(s, c, |c| Some(first + 64_000 * (c.number + c.memory.count)));
            Fate::Pass
        })
        .hears(|s, at| renumber_back(s, at.conn))
    }),
    ("iss-below-the-old-connection", || {
        says(|s, at| {
            renumber(s, at.conn, |c| (c.state == State::TimeWait).then_some(c.snd_nxt - 100_000));
            Fate::Pass
        })
        .hears(|s, at| renumber_back(s, at.conn))
    }),
    ("ack-stops-at-the-wrap", || {
        says(|s, at| {
            let first = if has(s, F::SYN) { s.ack - 1 } else { at.conn.irs };
            let wrapped = first.0 > HALF && s.ack.0 < HALF;
            let known = has(s, F::SYN) || at.conn.synchronized();
            if has(s, F::ACK) && !has(s, F::RST) && known && wrapped {
                s.ack = SeqNum(u32::MAX);
            }
            Fate::Pass
        })
    }),
    ("text-across-the-wrap-dropped", || {
        hears(|s, at| {
            let last = s.end() - 1;
            drop_if(at.conn.synchronized() && text(s) && last.0 < s.seq.0)
        })
    }),
    ("own-numbers-skip-zero", || {
        says(|s, at| {
            renumber(s, at.conn, |_| Some(SHORT_OF_THE_WRAP));
            if at.conn.synchronized() && s.seq.0 < HALF {
                s.seq += 1;
            }
            Fate::Pass
        })
        .hears(|s, at| {
            if at.conn.synchronized() && has(s, F::ACK) && s.ack.0 < HALF {
                s.ack = s.ack - 1;
            }
            renumber_back(s, at.conn)
        })
    }),
    ("ack-with-old-sequence-number", || {
        says(|s, at| {
            if at.conn.synchronized() && s.is_pure_ack() {
                s.seq = at.conn.snd_una;
            }
            Fate::Pass
        })
    }),
    ("unacceptable-text-acknowledged", || {
        hears(|s, at| {
            if at.conn.synchronized() && text(s) && ordinary(s) && !at.conn.takes(s) {
                at.conn.memory.number = Some(s.end());
            }
            Fate::Pass
        })
        .says(|s, at| {
            if s.flags == Flags::ACK && s.is_pure_ack() {
                s.ack = at.conn.memory.number.take().unwrap_or(s.ack);
            }
            Fate::Pass
        })
    }),
];

const FIRST_ISS: SeqNum = SeqNum(1_000_000);
const SHORT_OF_THE_WRAP: SeqNum = SeqNum(u32::MAX - 200);
const HALF: u32 = 1 << 31;
