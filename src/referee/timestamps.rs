//! The timestamps option (RFC 7323 sections 3.2, 4.3 and 5.4).

use super::connection;
use super::offers::{Agreement, Offer};
use super::rules::{
    ECHO_INVENTED, ECHO_ON_SYN, TIMESTAMP_WENT_BACK, TIMESTAMPS_MISSING, TIMESTAMPS_UNASKED, Violation,
};
use super::watch::Sight;
use crate::segment::Flags;

/// On every segment once agreed, never unasked; TSval does not run backwards; TSecr, where ACK makes
/// it valid, is a TSval that we sent.
pub(super) fn check(sight: &Sight, found: &mut Vec<Violation>) {
    let Sight { segment, connection, ours, .. } = sight;
    let on_syn = segment.flags.contains(Flags::SYN);
    let Some((value, echo)) = connection::timestamps(segment) else {
        if !on_syn && sight.options_readable && matches!(connection.timestamps(), Agreement::Yes(())) {
            let violation = TIMESTAMPS_MISSING.broken("timestamps, as agreed by the SYNs", "none");
            found.push(violation.field("option timestamps", "present", "absent"));
        }
        return;
    };
    let unasked = match on_syn {
        // Where SYNs cross, both sides may use timestamps although only one SYN had them.
        true => !connection.active && connection.ours.is_some_and(|it| it.timestamps == Offer::Never),
        false => connection.timestamps() == Agreement::No,
    };
    if unasked {
        let violation = TIMESTAMPS_UNASKED.broken("no timestamps: they were not agreed", "timestamps");
        found.push(violation.field("option timestamps", "absent", "present"));
        return;
    }
    if let Some(last) = connection.tsval
        && value.wrapping_sub(last) > u32::MAX / 2
        && !connection.was_overtaken(segment)
    {
        let violation = TIMESTAMP_WENT_BACK.broken(format!("TSval at least {last}"), value.to_string());
        found.push(violation.field("tsval", format!("at least {last}"), value));
    }
    if echo != 0 && !segment.flags.contains(Flags::ACK) {
        let violation = ECHO_ON_SYN.broken("a TSecr of zero where ACK is off", echo.to_string());
        found.push(violation.field("tsecr", 0, echo));
    }
    // Where SYNs cross, and ours had no timestamps, there is nothing to echo.
    let echoes = segment.flags.contains(Flags::ACK)
        && connection.ours.is_some_and(|it| it.timestamps == Offer::Always(()));
    if echoes && !ours.timestamps.contains(&echo) {
        let violation = ECHO_INVENTED.broken("a TSecr that is a TSval of ours", echo.to_string());
        found.push(violation.field("tsecr", "a TSval of ours", echo));
    }
}
