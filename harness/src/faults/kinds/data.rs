//! The octets of the stream, on the wire and at the application (RFC 9293 section 3.10.7.4, first and
//! seventh check).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::Fate;
use tcpspec_core::app::{AppCommand, AppOutcome as Saw};
use tcpspec_core::segment::{Checksum, Segment};
use tcpspec_core::seq::SeqNum;

pub(super) const KINDS: &[Kind] = &[
    // What the application is given.
    ("application-gets-text-reordered", || {
        Middle::default().report(|saw, _, _| {
            if let Saw::Data(octets) = saw {
                octets.reverse();
            }
        })
    }),
    ("application-gets-text-twice", || {
        Middle::default().report(|saw, _, _| {
            if let Saw::Data(octets) = saw {
                let first = octets[..octets.len().div_ceil(2)].to_vec();
                let rest = octets.len().max(2);
                *octets = first.iter().chain(&first).copied().take(rest).collect();
            }
        })
    }),
    ("application-gets-text-altered", || {
        Middle::default().report(|saw, _, _| {
            if let Saw::Data(octets) = saw {
                let middle = octets.len() / 2;
                octets.iter_mut().skip(middle).take(1).for_each(|octet| *octet ^= 0x20);
            }
        })
    }),
    ("application-loses-an-octet", || {
        Middle::default().report(|saw, _, _| {
            if let Saw::Data(octets) = saw {
                octets.drain(..octets.len().min(1));
            }
        })
    }),
    ("application-gets-nothing", || {
        Middle::default().report(|saw, _, _| {
            if matches!(saw, Saw::Data(_)) {
                *saw = Saw::NothingYet;
            }
        })
    }),
    ("application-misses-end", || {
        Middle::default().report(|saw, _, _| {
            if matches!(saw, Saw::EndOfStream(octets) if octets.is_empty()) {
                *saw = Saw::NothingYet;
            }
        })
    }),
    ("application-sees-end-before-text", || {
        Middle::default().report(|saw, _, at| {
            if at.conn.peer_fin.is_some() && matches!(saw, Saw::Data(_)) {
                *saw = Saw::EndOfStream(Vec::new());
            }
        })
    }),
    ("application-sees-reset-as-end", || {
        Middle::default().report(|saw, _, _| {
            if *saw == Saw::Reset {
                *saw = Saw::EndOfStream(Vec::new());
            }
        })
    }),
    ("application-misses-refusal", || {
        Middle::default().report(|saw, _, _| {
            if *saw == Saw::Refused {
                *saw = Saw::NothingYet;
            }
        })
    }),
    // Overlaps and gaps.
    ("overlap-taken-whole", || {
        hears(|s, at| if overlaps(s, at.conn) { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass })
    }),
    ("overlap-loses-new-part", || {
        hears(|s, at| {
            if overlaps(s, at.conn) {
                at.ack();
                return Fate::Drop;
            }
            Fate::Pass
        })
    }),
    ("overlap-replaces-old-text", || {
        hears(|s, at| {
            if old(s, at.conn) && text(s) {
                at.conn.memory.octets.push((s.seq, s.payload.clone()));
            }
            Fate::Pass
        })
        .report(|saw, _, at| {
            if let Saw::Data(read) = saw {
                let memory = &mut at.conn.memory;
                let start = at.conn.irs + 1 + memory.count;
                memory.octets.iter().for_each(|(seq, octets)| overwrite(read, start, *seq, octets));
                memory.count += u32::try_from(read.len()).unwrap_or(0);
            }
        })
    }),
    ("text-beyond-gap-taken", || {
        hears(|s, at| {
            let beyond = text(s) && !has(s, F::FIN) && beyond_gap(s, at.conn);
            if beyond { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("text-beyond-gap-acknowledged", || {
        says(|s, at| {
            if let (true, Some((_, right))) = (s.is_pure_ack(), at.conn.gap) {
                s.ack = s.ack.later(right);
            }
            Fate::Pass
        })
    }),
    ("text-beyond-gap-forgotten", || {
        hears(|s, at| {
            if text(s) && beyond_gap(s, at.conn) {
                at.ack();
                return Fate::Drop;
            }
            Fate::Pass
        })
    }),
    ("no-duplicate-ack", || {
        says(|s, at| drop_if(s.is_pure_ack() && at.conn.gap.is_some() && s.ack == at.conn.acked))
    }),
    // What the target sends.
    ("text-altered", || {
        says(|s, _| {
            alter(s);
            Fate::Pass
        })
    }),
    ("text-invented", || {
        says(|s, at| {
            if acks_new_text(s, at.conn) && !at.conn.memory.flag {
                at.conn.memory.flag = true;
                s.payload = b"ghost".to_vec();
            }
            Fate::Pass
        })
    }),
    ("octet-lost-from-text", || {
        says(|s, _| {
            s.payload.pop();
            Fate::Pass
        })
    }),
    ("retransmission-altered", || {
        says(|s, at| {
            if repeats(s, at.conn) {
                alter(s);
            }
            Fate::Pass
        })
    }),
    ("checksum-wrong", || {
        says(|s, _| {
            if text(s) {
                s.checksum = Checksum::Raw(0x1234);
            }
            Fate::Pass
        })
    }),
    ("checksum-of-reset-wrong", || {
        says(|s, _| {
            if has(s, F::RST) {
                s.checksum = Checksum::Raw(0x1234);
            }
            Fate::Pass
        })
    }),
    // Urgent data.
    ("urgent-pointer-off-by-one", || {
        says(|s, _| {
            if has(s, F::URG) {
                s.urgent = s.urgent.wrapping_add(1);
            }
            Fate::Pass
        })
    }),
    ("urgent-not-marked", || {
        says(|s, _| {
            if has(s, F::URG) {
                s.flags = s.flags - F::URG;
                s.urgent = 0;
            }
            Fate::Pass
        })
    }),
    ("application-misses-urgent", || {
        Middle::default().report(|saw, command, _| {
            if matches!(command, AppCommand::AwaitUrgent { .. }) {
                *saw = Saw::NothingYet;
            }
        })
    }),
    ("push-never-set", || {
        says(|s, _| {
            s.flags = s.flags - F::PSH;
            Fate::Pass
        })
    }),
];

/// It begins below RCV.NXT and ends behind it.
fn overlaps(s: &Segment, c: &Connection) -> bool {
    c.synchronized() && new_text(s, c) && s.seq.before(c.rcv_nxt)
}

fn alter(s: &mut Segment) {
    s.payload.iter_mut().take(1).for_each(|octet| *octet ^= 0x20);
}

/// Puts `octets`, which begin at `seq`, over those of `read`, which begin at `start`.
fn overwrite(read: &mut [u8], start: SeqNum, seq: SeqNum, octets: &[u8]) {
    for (at, octet) in octets.iter().enumerate() {
        let place = (seq + u32::try_from(at).unwrap_or(u32::MAX)).distance_from(start);
        if let Some(place) = usize::try_from(place).ok().and_then(|place| read.get_mut(place)) {
            *place = *octet;
        }
    }
}
