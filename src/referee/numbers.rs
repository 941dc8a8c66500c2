//! Sequence and acknowledgment numbers (RFC 9293 sections 3.4 and 3.10).

use super::connection::Connection;
use super::rules::{
    ACK_MISSING, ACK_OF_NOTHING, ACK_WENT_BACK, AFTER_FIN, OTHER_ISS_OF_SYN, OTHER_ISS_OF_SYN_ACK,
    RETRANSMISSION_ALTERED, SEQUENCE, SYN_ACK_OF_NOTHING, Violation,
};
use super::watch::Sight;
use crate::segment::{Flags, Segment};
use crate::seq::SeqNum;

pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    found.extend(out_of_place(sight).or_else(|| moved_fin(sight)));
    found.extend(acknowledgment(sight));
}

/// A SYN with another initial sequence number than `before`, for which there is no reason.
pub(super) fn other_iss(syn: &Segment, before: &Connection) -> Violation {
    let rule = match syn.flags.contains(Flags::ACK) {
        true => OTHER_ISS_OF_SYN_ACK,
        false => OTHER_ISS_OF_SYN,
    };
    rule.broken("the same initial sequence number in every retransmission", "another one")
        .field("seq", before.iss, syn.seq)
}

/// The invariant of sequence numbers, as a predicate for the checks of what stands at them.
pub(super) fn in_place(sight: &Sight) -> bool {
    out_of_place(sight).is_none()
}

/// The same of acknowledgment numbers.
pub(super) fn ack_in_place(sight: &Sight) -> bool {
    acknowledgment(sight).is_none()
}

/// Segments begin between ISS, where a keep-alive probe may lie before any text (RFC 9293 section
/// 3.8.4), and SND.NXT. Nothing new follows a FIN.
///
/// What we have acknowledged is no lower bound: the target may not have believed it.
fn out_of_place(sight: &Sight) -> Option<Violation> {
    let Sight { segment, connection, .. } = sight;
    if segment.flags.contains(Flags::SYN) {
        return None;
    }
    let from_iss = |number: SeqNum| number.distance_from(connection.iss);
    let ahead = connection.snd_nxt.before(segment.seq);
    if let Some(fin_end) = connection.fin_end
        && !segment.is_empty()
        && (ahead || (connection.holds(segment.seq) && from_iss(segment.end()) > from_iss(fin_end)))
    {
        return Some(after_fin(fin_end, segment.end()));
    }
    let excused = ahead && connection.missed;
    if !excused && !connection.holds(segment.seq) {
        let expected = format!("SEG.SEQ at most {}, where nothing has been left out", connection.snd_nxt);
        let places = format!("{}..{}", connection.iss + 1, connection.snd_nxt);
        let violation = SEQUENCE.broken(expected, format!("SEG.SEQ {}", segment.seq));
        return Some(violation.field("seq", places, segment.seq));
    }
    // The SYN's own number, under what is neither a SYN nor a probe.
    if segment.seq == connection.iss && !segment.is_empty() && !connection.is_probe(segment) {
        let expected = "text that begins behind the SYN";
        let violation = SEQUENCE.broken(expected, format!("SEG.SEQ {}, that of the SYN", segment.seq));
        return Some(violation.field("seq", connection.iss + 1, segment.seq));
    }
    None
}

fn after_fin(fin_end: SeqNum, end: SeqNum) -> Violation {
    let expected = format!("nothing new: its FIN was number {}", fin_end - 1);
    AFTER_FIN.broken(expected, format!("sequence numbers up to {}", end - 1)).field(
        "seq + len",
        format!("at most {fin_end}"),
        end,
    )
}

/// A FIN stays where it was, and nothing stands in its place.
fn moved_fin(sight: &Sight) -> Option<Violation> {
    let Sight { segment, connection, .. } = sight;
    if segment.is_empty() || segment.flags.contains(Flags::SYN) || connection.is_probe(segment) {
        return None;
    }
    let with_fin = segment.flags.contains(Flags::FIN);
    let end = segment.end();
    match connection.fin_end {
        Some(fin_end) if with_fin && end != fin_end => {
            let violation = RETRANSMISSION_ALTERED.broken("its FIN where it was before", "its FIN elsewhere");
            Some(violation.field("fin", fin_end - 1, end - 1))
        }
        Some(fin_end) if !with_fin && end == fin_end => {
            let violation = RETRANSMISSION_ALTERED.broken("its FIN where it was before", "text in its place");
            Some(violation.field("flags", "FIN", segment.flags))
        }
        None if with_fin && connection.holds(end) => {
            let expected = format!("its FIN behind all text, at {}", connection.snd_nxt);
            let violation = RETRANSMISSION_ALTERED.broken(expected, "its FIN where there was text before");
            Some(violation.field("fin", connection.snd_nxt, end - 1))
        }
        _ => None,
    }
}

/// Every segment but a SYN that opens has ACK; SEG.ACK is the next number expected: it covers
/// nothing that we did not send, and does not go back.
///
/// Whether what we sent lay within the window, or was otherwise acceptable, is not asked: a
/// receiver may have more room than it last told (RFC 9293 section 3.8.6).
fn acknowledgment(sight: &Sight) -> Option<Violation> {
    let Sight { segment, connection, ours, .. } = sight;
    if !segment.flags.contains(Flags::ACK) {
        let missing = !segment.flags.contains(Flags::SYN);
        return missing.then(|| {
            let violation = ACK_MISSING.broken("ACK set, as in every segment of a connection", "no ACK");
            violation.field("flags", segment.flags | Flags::ACK, segment.flags)
        });
    }
    let ack = segment.ack;
    let Some(irs) = connection.irs else {
        let rule = match segment.flags.contains(Flags::SYN) {
            true => SYN_ACK_OF_NOTHING,
            false => ACK_OF_NOTHING,
        };
        let violation = rule.broken("an acknowledgment of a SYN of ours", format!("SEG.ACK {ack}"));
        return Some(violation.field("ack", "SEQ + 1 of a SYN of ours", ack));
    };
    let from_irs = |number: SeqNum| number.distance_from(irs);
    if from_irs(ack) < from_irs(connection.ack)
        && !connection.is_repetition(segment)
        && !connection.was_overtaken(segment)
    {
        let violation = ACK_WENT_BACK.broken(
            format!("SEG.ACK at least {}, which it acknowledged before", connection.ack),
            format!("SEG.ACK {ack}"),
        );
        return Some(violation.field("ack", format!("at least {}", connection.ack), ack));
    }
    if !connection.may_acknowledge(ack, ours) {
        let end = ours.end_from(irs);
        let violation = ACK_OF_NOTHING.broken(
            format!("SEG.ACK at most {end}, where what we sent ends or has a gap"),
            format!("SEG.ACK {ack}"),
        );
        return Some(violation.field("ack", format!("at most {end}"), ack));
    }
    None
}
