//! SACK blocks (RFC 2018 sections 3 and 4, RFC 2883).

use super::offers::Offer;
use super::rules::{SACK_BELOW_ACK, SACK_BLOCKS_TOUCH, SACK_OF_NOTHING, SACK_UNASKED, Violation};
use super::watch::Sight;
use crate::segment::{SackBlock, TcpOption};
use crate::seq::SeqNum;

/// Only where we permitted it; each block within what we sent, above SEG.ACK and apart from the
/// others: the first one may lie elsewhere, as the report of a duplicate (RFC 2883 section 4).
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, ours, .. } = sight;
    let blocks = segment.options.iter().find_map(|option| match option {
        TcpOption::Sack(blocks) => Some(blocks),
        _ => None,
    });
    let Some(blocks) = blocks else { return };
    if connection.ours.is_some_and(|ours| ours.sack == Offer::Never) {
        let violation = SACK_UNASKED.broken("no SACK: our SYN did not permit it", "a SACK option");
        found.push(violation.field("option sack", "absent", "present"));
        return;
    }
    // What came behind our FIN may be kept, and told of, though there can be nothing.
    let ended = connection.irs.is_some_and(|irs| ours.fin_acknowledged(irs, segment.ack));
    for (index, block) in blocks.iter().enumerate() {
        let shown = format!("{}-{}", block.left, block.right);
        if !ours.octets.covers(block.left, block.right) {
            let violation = SACK_OF_NOTHING.broken("SACK blocks of what we sent", format!("a block {shown}"));
            found.push(violation.field("option sack", "within what we sent", shown));
        } else if index > 0 && block.left.before(segment.ack) || !ended && holds(block, segment.ack) {
            let expected =
                format!("SACK blocks above SEG.ACK {}, a first one for a duplicate apart", segment.ack);
            let violation = SACK_BELOW_ACK.broken(expected, format!("a block {shown}"));
            found.push(violation.field("option sack", format!("above {}", segment.ack), shown));
        } else if let Some((_, other)) = blocks[..index].iter().enumerate().find(|(place, other)| {
            // A FIN may be kept apart from the text that it ends, or that came in its place.
            let any_fin = [block, other].into_iter().any(|it| ours.has_fin_in(it.left, it.right));
            !any_fin && (touch(block, other) || *place > 0 && overlap(block, other))
        }) {
            let expected = "SACK blocks with a gap between them, a first one for a duplicate apart";
            let violation = SACK_BLOCKS_TOUCH.broken(expected, format!("a block {shown} without one"));
            let other = format!("apart from {}-{}", other.left, other.right);
            found.push(violation.field("option sack", other, shown));
        }
    }
}

/// Whether the number is one of the block's.
fn holds(block: &SackBlock, number: SeqNum) -> bool {
    number.in_window(block.left, block.right.distance_from(block.left))
}

fn touch(one: &SackBlock, other: &SackBlock) -> bool {
    one.left == other.right || one.right == other.left
}

fn overlap(one: &SackBlock, other: &SackBlock) -> bool {
    holds(one, other.left) || holds(other, one.left)
}
