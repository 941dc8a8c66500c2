//! Where options may stand (RFC 9293 section 3.2, RFC 7323 section 2.2, RFC 2018 section 2).

use super::offers::{MAX_SHIFT, Offer};
use super::rules::{
    MSS_BEYOND_DATAGRAM, MSS_OFF_SYN, SACK_PERMITTED_OFF_SYN, SCALE_ABOVE_14, SCALE_OFF_SYN, SCALE_UNASKED,
    Violation,
};
use super::watch::Sight;
use crate::segment::{Flags, Segment, TcpOption};

/// What opens a connection stands on SYNs only.
pub(super) fn check_places(segment: &Segment, found: &mut Vec<Violation>) {
    let on_syn = segment.flags.contains(Flags::SYN);
    for option in &segment.options {
        let (rule, name) = match option {
            TcpOption::WindowScale(shift) if on_syn && *shift > MAX_SHIFT => {
                let violation = SCALE_ABOVE_14.broken("a window shift of 14 at most", shift.to_string());
                found.push(violation.field("option window-scale", "at most 14", shift));
                continue;
            }
            // IPv6 has jumbograms (RFC 2675).
            TcpOption::MaximumSegmentSize(size)
                if on_syn && *size > MOST_TEXT_IN_IPV4 && !segment.ip.source.is_ipv6() =>
            {
                let expected = format!("an MSS of {MOST_TEXT_IN_IPV4} at most, as a datagram can hold");
                let violation = MSS_BEYOND_DATAGRAM.broken(expected, size.to_string());
                found.push(violation.field("option mss", format!("at most {MOST_TEXT_IN_IPV4}"), size));
                continue;
            }
            _ if on_syn => continue,
            TcpOption::MaximumSegmentSize(_) => (MSS_OFF_SYN, "mss"),
            TcpOption::WindowScale(_) => (SCALE_OFF_SYN, "window-scale"),
            TcpOption::SackPermitted => (SACK_PERMITTED_OFF_SYN, "sack-permitted"),
            _ => continue,
        };
        let violation = rule.broken(format!("{name} on SYN segments only"), format!("{name} without SYN"));
        found.push(violation.field(&format!("option {name}"), "absent", "present"));
    }
}

/// A window scale stands in a SYN ACK only if our SYN had it (RFC 7323 section 2.2). Where SYNs
/// cross, the SYN ACK repeats what the target's own SYN offered. For SACK-permitted there is no
/// such rule: RFC 2018 lets each side offer it.
pub(super) fn check_offers(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, .. } = sight;
    let answers = segment.flags.contains(Flags::SYN | Flags::ACK) && !connection.active;
    let scaled = segment.options.iter().any(|option| matches!(option, TcpOption::WindowScale(_)));
    let asked = connection.ours.is_none_or(|ours| ours.scale != Offer::Never);
    if answers && scaled && !asked {
        let violation = SCALE_UNASKED.broken("no window scale: our SYN had none", "a window scale");
        found.push(violation.field("option window-scale", "absent", "present"));
    }
}

/// RFC 9293 section 3.7.1 (MUST-67): MMS_R - 20, where an IPv4 datagram of 65,535 octets has a header of 20.
const MOST_TEXT_IN_IPV4: u16 = 65_535 - 20 - 20;
