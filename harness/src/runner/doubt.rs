//! When the bench itself cannot be believed.

use crate::link::Counters;
use crate::target::unfinished_checksums;
use crate::upper_tester::UpperTesterError;
use std::time::Duration;
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{Finding, FindingCode, Outcome, Verdict};

/// Something that went wrong on the bench while a trial ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    code: FindingCode,
    why: String,
}

/// Later than this, the bench may have changed what the target did.
pub(crate) const TOO_LATE: Duration = Duration::from_millis(500);

impl Doubt {
    /// What went wrong between these counts, where something did, for a trial with this verdict in
    /// which the bench was at most so `late`.
    pub(super) fn of(before: &Counters, after: &Counters, late: Duration, verdict: Verdict) -> Option<Self> {
        let lost = (after.dropped + after.truncated).saturating_sub(before.dropped + before.truncated);
        let unfinished = after.unfinished_checksums.saturating_sub(before.unfinished_checksums);
        // A pass that rests on silence needs every frame; lateness spoils only what went wrong.
        if lost > 0 {
            let why = format!("{lost} frames were lost before the bench read them");
            Some(Self { code: FindingCode::BenchLostFrames, why })
        } else if unfinished > 0 {
            Some(Self { code: FindingCode::UnfinishedChecksums, why: unfinished_checksums(unfinished) })
        } else if after.clock_steps > before.clock_steps {
            let why = "the machine's clock was set while the trial ran".into();
            Some(Self { code: FindingCode::ClockStepped, why })
        } else if late > TOO_LATE && !matches!(verdict, Verdict::Pass | Verdict::Info) {
            let why = format!("the bench acted {} too late: this machine is too busy", Span(late));
            Some(Self { code: FindingCode::BenchLate, why })
        } else if verdict == Verdict::Error {
            Some(Self { code: FindingCode::UpperTesterBroken, why: String::new() })
        } else {
            None
        }
    }

    /// The application of the trial's own is gone.
    pub(super) fn gone(error: UpperTesterError) -> Self {
        Self { code: FindingCode::UpperTesterBroken, why: error.to_string() }
    }

    /// The same trial, but the bench cannot be believed.
    pub(super) fn blamed(self, outcome: Outcome) -> Outcome {
        if outcome.verdict == Verdict::Error {
            // It says itself what went wrong.
            return outcome;
        }
        let finding = Finding {
            code: self.code,
            requirement: None,
            did: "ran the trial twice".into(),
            expected: "a bench that sees every frame and acts in time".into(),
            saw: self.why,
            differences: Vec::new(),
            place: None,
            at: outcome.record.events.last().map_or(Time::default(), |event| event.at),
            event: None,
        };
        let findings = [finding].into_iter().chain(outcome.findings).collect();
        Outcome { verdict: Verdict::Error, findings, record: outcome.record }
    }
}
