//! Options of the header (RFC 9293 sections 3.1, 3.2 and 3.7.1; RFC 7323; RFC 2018).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::{At, Fate};
use tcpspec_core::segment::{SackBlock, Segment, TcpOption as O};
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    // Maximum segment size.
    ("mss-ignored", || {
        hears(|s, _| {
            for option in &mut s.options {
                if let O::MaximumSegmentSize(size) = option {
                    *size = (*size).max(LARGE);
                }
            }
            Fate::Pass
        })
    }),
    ("default-mss-ignored", || {
        hears(|s, _| {
            if has(s, F::SYN) && mss(s).is_none() {
                s.options.insert(0, O::MaximumSegmentSize(LARGE));
            }
            Fate::Pass
        })
    }),
    ("mss-not-sent", || {
        says(|s, _| {
            s.options.retain(|option| !matches!(option, O::MaximumSegmentSize(_)));
            Fate::Pass
        })
    }),
    ("mss-off-syn", || says(|s, _| add_off_syn(s, O::MaximumSegmentSize(LARGE)))),
    ("mss-only-as-first-option", || {
        hears(|s, _| {
            for option in s.options.iter_mut().skip(1) {
                if let O::MaximumSegmentSize(size) = option {
                    *size = (*size).max(LARGE);
                }
            }
            Fate::Pass
        })
    }),
    ("mss-beyond-any-datagram", || {
        says(|s, _| {
            for option in &mut s.options {
                if let O::MaximumSegmentSize(size) = option {
                    *size = u16::MAX;
                }
            }
            Fate::Pass
        })
    }),
    // What is not known, or not legal.
    ("unknown-option-drops-segment", || hears(|s, _| drop_if(has_unknown_option(s)))),
    ("unknown-option-resets", || hears(|s, at| reset_if(s, at, |s, _| has_unknown_option(s)))),
    ("unknown-option-hides-the-rest", || {
        hears(|s, _| {
            if let Some(first) = s.options.iter().position(is_unknown) {
                s.options.truncate(first);
            }
            Fate::Pass
        })
    }),
    ("options-off-syn-drop-segment", || hears(|s, at| drop_if(!has(s, F::SYN) && of_syn(s, at.conn)))),
    ("padding-drops-segment", || {
        hears(|s, _| {
            let aligned = s.options.iter().any(|option| matches!(option, O::Timestamps { .. } | O::Sack(_)));
            let padded = s.options.iter().any(|option| matches!(option, O::Nop | O::EndOfList));
            drop_if(ordinary(s) && padded && !aligned)
        })
    }),
    ("illegal-option-length-hangs", || {
        hears(|s, at| {
            if has_illegal_length(s) {
                at.die();
            }
            Fate::Pass
        })
    }),
    ("option-length-lies", || says(|s, _| add_off_syn(s, O::Raw(vec![254, 0])))),
    ("option-padding-not-zero", || {
        says(|s, _| {
            if ordinary(s) {
                s.options.extend([O::EndOfList, O::Raw(vec![7, 7, 7])]);
            }
            Fate::Pass
        })
    }),
    ("data-offset-wrong", || {
        says(|s, _| {
            if text(s) {
                s.data_offset = Some(4);
            }
            Fate::Pass
        })
    }),
    // Window scale.
    ("window-scale-misapplied", || {
        hears(|s, at| {
            let scaled = at.conn.offered.scale.is_some() && at.conn.asked.scale.is_some();
            if scaled && ordinary(s) {
                s.window = s.window.saturating_mul(8);
            }
            Fate::Pass
        })
    }),
    ("window-scale-taken-from-syn-window", || {
        hears(|s, _| {
            let shift = s.options.iter().find_map(|option| match option {
                O::WindowScale(shift) => Some(*shift),
                _ => None,
            });
            if let (true, Some(shift)) = (has(s, F::SYN), shift) {
                s.window = s.window.saturating_mul(1 << shift.min(14));
            }
            Fate::Pass
        })
    }),
    ("window-scale-unasked", || {
        says(|s, at| {
            if answers_syn_without(s, at, |option| matches!(option, O::WindowScale(_))) {
                s.options.extend([O::Nop, O::WindowScale(2)]);
            }
            Fate::Pass
        })
    }),
    ("window-scale-above-14", || {
        says(|s, _| {
            for option in &mut s.options {
                if let O::WindowScale(shift) = option {
                    *shift = 15;
                }
            }
            Fate::Pass
        })
    }),
    ("window-scale-off-syn", || says(|s, _| add_off_syn(s, O::WindowScale(2)))),
    // Timestamps.
    ("timestamps-missing", || {
        says(|s, _| {
            if ordinary(s) && s.timestamps().is_some() {
                s.options.clear();
            }
            Fate::Pass
        })
    }),
    ("timestamps-unasked", || {
        says(|s, at| {
            if answers_syn_without(s, at, |option| matches!(option, O::Timestamps { .. })) {
                s.options.extend([O::Nop, O::Nop, O::Timestamps { value: 1, echo: 0 }]);
            }
            Fate::Pass
        })
    }),
    ("timestamps-run-backwards", || {
        says(|s, at| {
            let first = &mut at.conn.memory;
            each_timestamp(s, |value, _| {
                let base = *first.number.get_or_insert(tcpspec_core::seq::SeqNum(*value));
                *value = base.0.wrapping_mul(2).wrapping_sub(*value);
            });
            Fate::Pass
        })
        .hears(|s, at| {
            if let Some(base) = at.conn.memory.number {
                each_timestamp(s, |_, echo| *echo = base.0.wrapping_mul(2).wrapping_sub(*echo));
            }
            Fate::Pass
        })
    }),
    ("timestamp-echo-stale", || {
        says(|s, at| {
            let memory = &mut at.conn.memory;
            each_timestamp(s, |_, echo| {
                if *echo != memory.value {
                    (memory.count, memory.value) = (memory.value, *echo);
                }
                if memory.count != 0 {
                    *echo = memory.count;
                }
            });
            Fate::Pass
        })
    }),
    ("timestamp-echo-invented", || {
        says(|s, _| {
            if ordinary(s) {
                each_timestamp(s, |_, echo| *echo = echo.wrapping_add(1_000_000));
            }
            Fate::Pass
        })
    }),
    ("syn-echoes-a-timestamp", || {
        says(|s, _| {
            if !has(s, F::ACK) {
                each_timestamp(s, |value, echo| *echo = *value);
            }
            Fate::Pass
        })
    }),
    ("paws-missing", || {
        hears(|s, at| {
            let recent = at.conn.heard.as_ref().and_then(Segment::timestamps);
            if let (true, Some((recent, _))) = (at.conn.synchronized(), recent) {
                each_timestamp(s, |value, _| {
                    if (value.wrapping_sub(recent) as i32) < 0 {
                        *value = recent;
                    }
                });
            }
            Fate::Pass
        })
    }),
    ("missing-timestamps-reset", || {
        hears(|s, at| {
            let agreed = at.conn.synchronized() && at.conn.has_timestamps();
            let bare = ordinary(s) && s.timestamps().is_none();
            if agreed && bare { reset_and_forget(s, at) } else { Fate::Pass }
        })
    }),
    ("reset-without-timestamps-dropped", || {
        hears(|s, at| drop_if(rst(s, at.conn) && at.conn.has_timestamps() && s.timestamps().is_none()))
    }),
    // Selective acknowledgments.
    ("sack-invented", || {
        says(|s, at| {
            if at.conn.synchronized() && at.conn.has_sack() && s.is_pure_ack() {
                let left = s.ack + 5000;
                set_sack(s, vec![SackBlock { left, right: left + 100 }]);
            }
            Fate::Pass
        })
    }),
    ("sack-edge-off-by-one", || {
        says(|s, _| {
            for option in &mut s.options {
                if let O::Sack(blocks) = option {
                    blocks.iter_mut().for_each(|block| block.right += 1);
                }
            }
            Fate::Pass
        })
    }),
    ("sack-block-cut-in-two", || {
        says(|s, _| {
            if let Some(block) = sack(s).and_then(|blocks| blocks.first().copied()) {
                let middle = block.left + block.right.distance_from(block.left) / 2;
                let halves = [(middle, block.right), (block.left, middle)];
                set_sack(s, halves.map(|(left, right)| SackBlock { left, right }).to_vec());
            }
            Fate::Pass
        })
    }),
    ("sack-reaches-down-to-the-ack", || {
        says(|s, _| {
            let ack = s.ack;
            for option in &mut s.options {
                if let O::Sack(blocks) = option {
                    blocks.iter_mut().for_each(|block| block.left = ack);
                }
            }
            Fate::Pass
        })
    }),
    ("sack-not-cleared", || {
        says(|s, at| {
            let memory = &mut at.conn.memory;
            if sack(s).is_some() {
                memory.segment = Some(s.clone());
            } else if let (true, Some(blocks)) = (s.is_pure_ack(), memory.segment.as_ref().and_then(sack)) {
                set_sack(s, blocks);
            }
            Fate::Pass
        })
    }),
    ("sack-unasked", || {
        says(|s, at| {
            let c = &at.conn;
            if let (true, false, Some((left, right))) = (s.is_pure_ack(), c.has_sack(), c.gap)
                && s.ack.before(left)
            {
                set_sack(s, vec![SackBlock { left, right }]);
            }
            Fate::Pass
        })
    }),
    ("sack-missing", || {
        says(|s, _| {
            s.options.retain(|option| !matches!(option, O::Sack(_)));
            Fate::Pass
        })
    }),
    ("sack-permitted-off-syn", || says(|s, _| add_off_syn(s, O::SackPermitted))),
];

fn mss(s: &Segment) -> Option<u16> {
    s.options.iter().find_map(|option| match option {
        O::MaximumSegmentSize(size) => Some(*size),
        _ => None,
    })
}

fn add_off_syn(s: &mut Segment, option: O) -> Fate {
    if ordinary(s) {
        s.options.push(option);
    }
    Fate::Pass
}

/// Of a kind that nobody knows; one of a known kind and another length is illegal instead.
fn is_unknown(option: &O) -> bool {
    matches!(option, O::Unknown { kind, .. } if !WITH_LENGTH.contains(kind))
}

/// Options that mean something in a SYN only, or after both SYNs had them.
fn of_syn(s: &Segment, c: &Connection) -> bool {
    s.options.iter().any(|option| match option {
        O::MaximumSegmentSize(_) | O::WindowScale(_) | O::SackPermitted => true,
        O::Timestamps { .. } => c.synchronized() && !c.has_timestamps(),
        _ => false,
    })
}

fn has_unknown_option(s: &Segment) -> bool {
    s.options.iter().any(is_unknown)
}

/// Octets that are no options, and no padding either; or an option of a length that its kind never has.
fn has_illegal_length(s: &Segment) -> bool {
    let listed = s.options.iter().take_while(|option| **option != O::EndOfList);
    listed.into_iter().any(|option| match option {
        O::Raw(_) => true,
        O::Unknown { kind, .. } => WITH_LENGTH.contains(kind),
        _ => false,
    })
}

/// A SYN ACK whose SYN came without such an option.
fn answers_syn_without(s: &Segment, at: &At<'_>, which: fn(&O) -> bool) -> bool {
    let fresh = |c: &Connection| !c.active && c.state != State::SynSent;
    s.flags.contains(F::SYN | F::ACK)
        && fresh(at.conn)
        && at.conn.heard.as_ref().is_some_and(|syn| !syn.options.iter().any(which))
}

fn each_timestamp(s: &mut Segment, mut change: impl FnMut(&mut u32, &mut u32)) {
    for option in &mut s.options {
        if let O::Timestamps { value, echo } = option {
            change(value, echo);
        }
    }
}

fn sack(s: &Segment) -> Option<Vec<SackBlock>> {
    s.options.iter().find_map(|option| match option {
        O::Sack(blocks) => Some(blocks.clone()),
        _ => None,
    })
}

fn set_sack(s: &mut Segment, mut blocks: Vec<SackBlock>) {
    s.options.retain(|option| !matches!(option, O::Sack(_)));
    // Beside timestamps there is room for three (RFC 2018 section 3).
    blocks.truncate(3);
    s.options.extend([O::Nop, O::Nop, O::Sack(blocks)]);
}

/// Kinds whose length is known: MSS, window scale, SACK permitted, SACK, timestamps.
const WITH_LENGTH: [u8; 5] = [2, 3, 4, 5, 8];
/// What an Ethernet carries in one segment.
const LARGE: u16 = 1460;
