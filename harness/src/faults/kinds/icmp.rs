//! ICMP errors (RFC 9293 section 3.9.2.2; RFC 5927).

use super::Kind;
use super::words::*;
use crate::faults::rule::{At, Fate};
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::{IcmpError, IcmpKind};

pub(super) const KINDS: &[Kind] = &[
    ("soft-error-aborts", || aborting(|error, at| abort_if(is_soft(error), at))),
    ("time-exceeded-aborts", || {
        aborting(|error, at| {
            let passing =
                matches!(error.kind, IcmpKind::TimeExceeded { .. } | IcmpKind::ParameterProblem { .. });
            abort_if(passing, at)
        })
    }),
    ("source-quench-aborts", || aborting(|error, at| abort_if(error.kind == IcmpKind::SourceQuench, at))),
    ("packet-too-big-aborts", || {
        aborting(|error, at| abort_if(matches!(error.kind, IcmpKind::PacketTooBig { .. }), at))
    }),
    ("hard-error-ignored", || Middle::default().icmp(|error, _| drop_if(is_hard(error)))),
    ("soft-error-not-told", || {
        Middle::default().report(|outcome, command, _| {
            let is_soft = matches!(outcome, AppOutcome::Error(name) if SOFT.contains(&name.as_str()));
            if is_soft && matches!(command, AppCommand::AwaitEnd { .. }) {
                *outcome = AppOutcome::NothingYet;
            }
        })
    }),
    ("packet-too-big-ignored", || {
        Middle::default().icmp(|error, _| drop_if(matches!(error.kind, IcmpKind::PacketTooBig { .. })))
    }),
    ("icmp-of-other-numbers-believed", || {
        Middle::default().icmp(|error, at| {
            let c = &at.conn;
            let under_way = c.snd_nxt.distance_from(c.snd_una);
            let known = error.quoted().is_some_and(|(.., seq)| seq.in_window(c.snd_una, under_way));
            if !known {
                let header = if error.source.is_ipv4() { 20 } else { 40 };
                if let Some(number) = error.quote.get_mut(header + 4..header + 8) {
                    number.copy_from_slice(&c.snd_una.0.to_be_bytes());
                }
            }
            Fate::Pass
        })
    }),
];

/// Network or host unreachable, and what IPv6 has in their place: no route, address unreachable
/// (RFC 9293 section 3.9.2.2).
fn is_soft(error: &IcmpError) -> bool {
    match (error.kind, error.source.is_ipv4()) {
        (IcmpKind::DestinationUnreachable { code }, true) => matches!(code, 0 | 1 | 5),
        (IcmpKind::DestinationUnreachable { code }, false) => matches!(code, 0 | 3),
        _ => false,
    }
}

/// Protocol or port unreachable (RFC 9293 section 3.9.2.2), and what IPv6 has in their place:
/// administratively prohibited, port unreachable.
fn is_hard(error: &IcmpError) -> bool {
    match (error.kind, error.source.is_ipv4()) {
        (IcmpKind::DestinationUnreachable { code }, true) => matches!(code, 2..=4),
        (IcmpKind::DestinationUnreachable { code }, false) => matches!(code, 1 | 4),
        _ => false,
    }
}

fn abort_if(fits: bool, at: &mut At<'_>) -> Fate {
    if fits {
        at.conn.memory.flag = true;
        at.play(Played::Gone);
    }
    drop_if(fits)
}

/// What a soft error is called where an application asks for it.
const SOFT: [&str; 2] = ["EHOSTUNREACH", "ENETUNREACH"];

/// The application learns of the end when it asks.
fn aborting(rule: fn(&mut IcmpError, &mut At<'_>) -> Fate) -> Middle {
    Middle::default().icmp(rule).report(|outcome, _, at| {
        if at.conn.memory.flag && *outcome == AppOutcome::NothingYet {
            *outcome = AppOutcome::Error("EHOSTUNREACH".into());
        }
    })
}
