//! What can be told from a segment alone: checksum, data offset, the shape of its options.

use super::rules::{CHECKSUM, DATA_OFFSET, OPTION_LENGTH, PADDING, Violation};
use crate::segment::{Checksum, OptionFaultKind, Received, SegmentFault};

/// False if the rest of the segment means nothing.
pub(super) fn check(received: &Received, found: &mut Vec<Violation>) -> bool {
    if let Checksum::Raw(checksum) = received.segment.checksum {
        let (right, wrong) = (received.checksum_expected, checksum);
        let violation = CHECKSUM.broken("the checksum of pseudo-header, header and text", "another one");
        found.push(violation.field("checksum", format!("{right:#06x}"), format!("{wrong:#06x}")));
        return false;
    }
    for fault in &received.faults {
        match fault {
            SegmentFault::DataOffset { words, length } => {
                let expected = format!("a data offset from 5 to {}", length / 4);
                let violation = DATA_OFFSET.broken(&expected, fault.to_string());
                found.push(violation.field("data-offset", format!("5..{}", length / 4), words));
                return false;
            }
            SegmentFault::Option(option) if option.what == OptionFaultKind::NonZeroPadding => {
                found.push(PADDING.broken("zeros behind the end of the options", option.to_string()));
            }
            SegmentFault::Option(option) => {
                let expected = "options whose lengths are right and end within the header";
                found.push(OPTION_LENGTH.broken(expected, option.to_string()));
            }
            // The checksum of the IP header is not TCP's.
            SegmentFault::IpChecksum { .. } => {}
        }
    }
    true
}
