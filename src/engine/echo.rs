//! What an echo service writes: our stream, put together as the target must (RFC 9293 section
//! 3.10.7.4, seventh check).

use std::collections::BTreeMap;

/// Text of ours behind a gap, by its place in our stream.
#[derive(Debug, Default)]
pub(super) struct BehindGap(BTreeMap<usize, Vec<u8>>);

impl BehindGap {
    /// Text of ours whose first octet has this place, wrapping, in our stream: what the service can
    /// read now is added to what it writes.
    pub(super) fn hear(&mut self, place: u32, text: &[u8], written: &mut Vec<u8>) {
        // Just below 2^32: it begins left of the stream.
        let left = (place as i32).min(0).unsigned_abs() as usize;
        let place = if left > 0 { 0 } else { place as usize };
        let known = self.0.entry(place).or_default();
        known.extend(text.iter().skip(left + known.len()));
        while let Some(first) = self.0.first_entry() {
            let Some(read) = written.len().checked_sub(*first.key()) else { return };
            // What came before counts: what has been read does not change.
            written.extend(first.remove().into_iter().skip(read));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn echoed(pieces: &[(i32, &str)]) -> String {
        let (mut behind_gap, mut written) = (BehindGap::default(), Vec::new());
        pieces.iter().for_each(|(place, text)| behind_gap.hear(*place as u32, text.as_bytes(), &mut written));
        String::from_utf8(written).expect("ASCII")
    }

    #[test]
    fn pieces_in_any_order_and_cut_make_one_stream() {
        assert_eq!(
            [
                echoed(&[(0, "abc"), (3, "def")]),
                echoed(&[(3, "def"), (0, "abc")]),
                echoed(&[(0, "abcd"), (2, "cdef")]),
                echoed(&[(2, "cdef"), (0, "abcd")]),
                echoed(&[(0, "abcdef"), (0, "abc"), (1, "XX")]),
                echoed(&[(-2, "XXab"), (0, "abcdef")]),
                echoed(&[(3, "d"), (3, "Xef"), (0, "abc")]),
            ],
            ["abcdef"; 7]
        );
    }

    #[test]
    fn what_lies_behind_a_gap_waits() {
        assert_eq!(echoed(&[(0, "ab"), (3, "d"), (5, "f")]), "ab");
        assert_eq!(echoed(&[(0, "ab"), (3, "d"), (5, "f"), (2, "c")]), "abcd");
    }
}
