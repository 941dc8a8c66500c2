//! TCP options: octets read and written again are the same octets, and etherparse reads the same.

use etherparse::{TcpOptionElement, TcpOptionsIterator};
use tcpspec_core::segment::{OptionFaultKind, TcpOption, decode_options, encode_options};

pub(crate) fn run(octets: &[u8]) {
    let (options, faults) = decode_options(octets);
    assert!(faults.iter().all(|fault| fault.offset < octets.len()), "{faults:?}");
    faults.iter().for_each(|fault| drop(fault.to_string()));
    let written = encode_options(&options);
    assert_eq!(written.len() % 4, 0);
    let (same, padding) = written.split_at_checked(octets.len()).expect("nothing is left out");
    assert_eq!(same, octets);
    assert!(padding.len() < 4 && padding.iter().all(|octet| *octet == 0), "{padding:?}");
    if octets.len().is_multiple_of(4) {
        assert_eq!(decode_options(&written), (options.clone(), faults.clone()));
    }
    compare(&options, octets);
    let is_sound = TcpOptionsIterator::from_slice(octets).all(|read| read.is_ok());
    let is_padding = |kind: &OptionFaultKind| matches!(kind, OptionFaultKind::NonZeroPadding);
    assert!(!is_sound || faults.iter().all(|fault| is_padding(&fault.what)), "{faults:?}");
}

/// As far as they can read them, they read the same.
pub(crate) fn compare(ours: &[TcpOption], octets: &[u8]) {
    let theirs = TcpOptionsIterator::from_slice(octets).map_while(Result::ok);
    for (place, theirs) in theirs.enumerate() {
        let ours = ours.get(place).unwrap_or_else(|| panic!("{theirs:?} is missing"));
        assert_eq!(as_theirs(ours), Some(theirs), "{ours:?}");
    }
}

fn as_theirs(option: &TcpOption) -> Option<TcpOptionElement> {
    Some(match option {
        TcpOption::Nop => TcpOptionElement::Noop,
        TcpOption::MaximumSegmentSize(octets) => TcpOptionElement::MaximumSegmentSize(*octets),
        TcpOption::WindowScale(shift) => TcpOptionElement::WindowScale(*shift),
        TcpOption::SackPermitted => TcpOptionElement::SelectiveAcknowledgementPermitted,
        TcpOption::Sack(blocks) => {
            let pair = |place: usize| blocks.get(place).map(|block| (block.left.0, block.right.0));
            TcpOptionElement::SelectiveAcknowledgement(pair(0)?, [pair(1), pair(2), pair(3)])
        }
        TcpOption::Timestamps { value, echo } => TcpOptionElement::Timestamp(*value, *echo),
        TcpOption::EndOfList | TcpOption::Unknown { .. } | TcpOption::Raw(_) => return None,
    })
}
