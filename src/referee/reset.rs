//! The form of a reset (RFC 9293 sections 3.5.2, 3.10.5 and 3.10.7).

use super::connection::Connection;
use super::ours::{Ours, Provocation};
use super::rules::{RESET_OF_ACK, RESET_OF_CONNECTION, RESET_OF_NO_ACK, Violation};
use crate::segment::{Flags, Segment};

/// A reset answers a segment of ours, or ends a connection of its own accord. Which of our segments
/// it answers is not visible from outside, so that every one counts:
///
/// - with ACK: SEG.SEQ is that segment's SEG.ACK. An ACK bit besides does no harm and is widespread;
/// - without: SEG.SEQ is 0, and SEG.ACK the end of that segment;
/// - of its own accord: SEG.SEQ is one of the connection's numbers, and SEG.ACK, if ACK is set, one
///   that it may acknowledge.
pub(super) fn check(segment: &Segment, ours: &Ours, connections: &[Connection], found: &mut Vec<Violation>) {
    let flags = segment.flags.significant();
    if flags.intersects(Flags::SYN | Flags::FIN) {
        let right = flags - (Flags::SYN | Flags::FIN);
        let violation = RESET_OF_CONNECTION.broken("a RST with neither SYN nor FIN", flags.to_string());
        found.push(violation.field("flags", right, flags));
        return;
    }
    let with_ack = flags.contains(Flags::ACK);
    let answers_ack = ours.acknowledged.contains(&segment.seq);
    let answers_no_ack = with_ack && segment.seq.0 == 0 && ours.ends.contains(&segment.ack);
    let ends_connection = connections.iter().any(|connection| {
        (connection.holds(segment.seq) || connection.missed)
            && (!with_ack || connection.irs.is_none() || connection.may_acknowledge(segment.ack, ours))
    });
    if !answers_ack && !answers_no_ack && !ends_connection {
        found.push(malformed(segment, ours.last, connections.last()));
    }
}

/// Compares it with the reset that seems to be meant.
fn malformed(segment: &Segment, last: Option<Provocation>, connection: Option<&Connection>) -> Violation {
    let saw = segment.summary(None).to_string();
    let own = connection.map(|it| format!("{}..{}", it.iss + 1, it.snd_nxt));
    let or_own = own.as_ref().map_or(String::new(), |own| format!(", or one of its own: {own}"));
    match (last, own) {
        (Some(Provocation::Ack(ack)), _) => RESET_OF_ACK
            .broken(format!("SEG.SEQ {ack}, the SEG.ACK of the segment that it answers{or_own}"), saw)
            .field("seq", ack, segment.seq),
        (Some(Provocation::NoAck(end)), None) => {
            let expected =
                format!("RST ACK with SEG.SEQ 0 and SEG.ACK {end}, the end of the segment that it answers");
            let mut violation = RESET_OF_NO_ACK.broken(expected, saw);
            if !segment.flags.contains(Flags::ACK) {
                violation = violation.field("flags", Flags::RST | Flags::ACK, segment.flags);
            }
            if segment.seq.0 != 0 {
                violation = violation.field("seq", 0, segment.seq);
            }
            if segment.ack != end {
                violation = violation.field("ack", end, segment.ack);
            }
            violation
        }
        (_, Some(own)) => RESET_OF_CONNECTION
            .broken(format!("a RST with one of its own sequence numbers, {own}"), saw)
            .field("seq", own, segment.seq),
        (None, None) => {
            RESET_OF_CONNECTION.broken("no RST: there is no connection, and nothing to answer", saw)
        }
    }
}
