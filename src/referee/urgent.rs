//! The urgent mechanism (RFC 9293 sections 3.8.5 and 3.10.2).

use super::rules::{URGENT_UNASKED, Violation};
use super::watch::Sight;
use crate::segment::Flags;

/// URG stands only where the application has sent something as urgent. Where to the pointer points,
/// and for how long, is for cases.
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, .. } = sight;
    if segment.flags.contains(Flags::URG) && !sight.may_be_urgent {
        let violation = URGENT_UNASKED.broken("no URG: nothing was sent as urgent", "URG");
        found.push(violation.field("flags", segment.flags - Flags::URG, segment.flags));
    }
}
