//! Reserved bits (RFC 9293 section 3.1) and those of explicit congestion notification (RFC 3168).

use super::offers::ACCURATE_ECN;
use super::rules::{ECN_SYN_ACK_UNASKED, ECN_UNASKED, ECT_UNASKED, RESERVED_BITS, Violation};
use super::watch::Sight;
use crate::segment::Flags;

/// The reserved bits are zero, ECE and CWR are off, unless both sides have begun to negotiate ECN.
/// How far that has come, and in which of its variants, is not asked. The lowest reserved bit is
/// then AE of Accurate ECN (RFC 9768).
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, .. } = sight;
    let on_syn = segment.flags.contains(Flags::SYN);
    let with_ack = segment.flags.contains(Flags::ACK);
    let asked = connection.ours.is_some_and(|ours| ours.ecn);
    let offered = connection.theirs.is_some_and(|theirs| theirs.ecn);
    let begun = match (on_syn, with_ack) {
        (true, false) => true,
        (true, true) => asked || connection.active,
        (false, _) => asked && offered,
    };
    // The SYN of Accurate ECN has AE, ECE and CWR all set.
    let opens = on_syn && !with_ack && segment.flags.contains(Flags::ECE | Flags::CWR);
    check_reserved(segment.reserved, begun && (opens || connection.accurate_ecn()), found);
    let bits = segment.flags & (Flags::ECE | Flags::CWR);
    if !begun && !bits.is_empty() {
        let rule = if on_syn { ECN_SYN_ACK_UNASKED } else { ECN_UNASKED };
        let violation = rule.broken("neither ECE nor CWR: ECN was not negotiated", bits.to_string());
        found.push(violation.field("flags", segment.flags - bits, segment.flags));
    }
    // Which packets of a connection with ECN may say so is left to experiments (RFC 8311 section 4.3).
    let codepoint = segment.ip.tos & ECN_FIELD;
    if codepoint != 0 && !(begun && (opens || with_ack || !on_syn)) {
        let violation = ECT_UNASKED.broken("a packet that is not ECN-capable: ECN was not negotiated", "one");
        found.push(violation.field("tos", segment.ip.tos & !ECN_FIELD, segment.ip.tos));
    }
}

/// Of the octet with DSCP and ECN (RFC 3168 section 5).
const ECN_FIELD: u8 = 0b11;

/// Without Accurate ECN all reserved bits are zero, on a reset too.
pub(super) fn check_reserved(reserved: u8, accurate_ecn: bool, found: &mut Vec<Violation>) {
    let wrong = if accurate_ecn { reserved & !ACCURATE_ECN } else { reserved };
    if wrong != 0 {
        let violation = RESERVED_BITS.broken("reserved bits that are zero", format!("{wrong:#x}"));
        found.push(violation.field(
            "reserved",
            format!("{:#x}", reserved & !wrong),
            format!("{reserved:#x}"),
        ));
    }
}
