//! Windows: the one that the target offers, and the one that it has to keep to.

use super::numbers;
use super::rules::{BEYOND_WINDOW, Violation, WINDOW_SHRUNK};
use super::watch::Sight;
use crate::segment::Flags;

/// The right edge of the window is not taken back (RFC 9293 section 3.8.6, SHLD-14), rounding by
/// the window scale apart (RFC 7323 section 2.4).
///
/// A SYN's window, unscaled and at most 65,535, says nothing of an edge; a segment sent again as
/// it was, or overtaken on the way, has the window of then; and once the target has our FIN its window
/// means nothing.
pub(super) fn check_offered(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, ours, .. } = sight;
    if !segment.flags.contains(Flags::ACK)
        || segment.flags.contains(Flags::SYN)
        || connection.is_repetition(segment)
        || connection.was_overtaken(segment)
        || !numbers::ack_in_place(sight)
    {
        return;
    }
    if connection.irs.is_none_or(|irs| ours.fin_acknowledged(irs, segment.ack)) {
        return;
    }
    let (Some(furthest), Some((edge, rounding))) =
        (connection.offered_edge, connection.edge_offered_by(segment))
    else {
        return;
    };
    if (edge + rounding).before(furthest) {
        let least = (furthest - rounding).distance_from(segment.ack).div_ceil(rounding + 1);
        let violation = WINDOW_SHRUNK.broken(
            format!("a right edge at {furthest} or beyond, as it offered before"),
            format!("a right edge at {edge}"),
        );
        found.push(violation.field("window", format!("at least {least}"), segment.window));
    }
}

/// New text lies within the furthest right edge that we ever offered: an edge taken back may still
/// be used by a target that has not heard of it. One octet may probe a closed window (RFC 9293
/// section 3.8.6.1); a FIN needs no room in it.
pub(super) fn check_kept(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, .. } = sight;
    let Some(edge) = connection.allowed_edge else { return };
    if segment.payload.is_empty() || !numbers::in_place(sight) {
        return;
    }
    let end = segment.end() - u32::from(segment.flags.contains(Flags::FIN));
    let new = connection.snd_nxt.before(end);
    let probe = segment.payload.len() == 1 && end == edge + 1;
    if new && edge.before(end) && !probe {
        let violation = BEYOND_WINDOW.broken(
            format!("text up to {edge}, the right edge of the window offered to it"),
            format!("text up to {end}"),
        );
        found.push(violation.field("seq + len", format!("at most {edge}"), end));
    }
}
