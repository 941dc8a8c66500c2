//! Segment text: what the application wrote, once and for ever the same.

use super::numbers;
use super::rules::{PAYLOAD_ALTERED, PAYLOAD_INVENTED, RETRANSMISSION_ALTERED, Rule, Violation};
use super::watch::Sight;

/// Text is compared with what was sent at its place before, however it was cut then; where nothing
/// was, with what the application wrote, if that is known.
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, .. } = sight;
    let text = &segment.payload;
    // The octet of a probe may be garbage; what lies out of place has been found so.
    if text.is_empty() || connection.is_probe(segment) || !numbers::in_place(sight) {
        return;
    }
    let offset = connection.offset_of_text(segment);
    for (index, (octet, before)) in text.iter().zip(connection.text_at(segment)).enumerate() {
        let written = sight.stream.map(|stream| stream.get(offset + index));
        let (rule, right) = match (before, written) {
            (Some(before), _) if before == *octet => continue,
            (Some(before), _) => (RETRANSMISSION_ALTERED, Some(before)),
            (None, None) => continue,
            (None, Some(Some(written))) if written == octet => continue,
            (None, Some(Some(written))) => (PAYLOAD_ALTERED, Some(*written)),
            (None, Some(None)) => (PAYLOAD_INVENTED, None),
        };
        found.push(differs(&rule, offset + index, right, *octet));
        return;
    }
}

/// `place`: octets from the beginning of the stream.
fn differs(rule: &Rule, place: usize, right: Option<u8>, wrong: u8) -> Violation {
    let expected = match right {
        Some(right) => format!("{right:#04x}"),
        None => format!("no octet: the application has written {place}"),
    };
    rule.broken(format!("at octet {place} of its stream: {expected}"), format!("{wrong:#04x}")).field(
        "data",
        expected,
        format!("{wrong:#04x}"),
    )
}
