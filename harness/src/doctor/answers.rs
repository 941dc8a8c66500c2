//! What the target answers: one SYN by hand, and the plain conversations that a run holds with it.

use super::AGAIN;
use super::report::Found;
use crate::link::LinkError;
use crate::runner::{Driver, Finished, Job, Sink};
use crate::target::{Answer, Bench};
use std::time::Duration;
use tcpspec_core::case::Family;
use tcpspec_core::time::Span;
use tcpspec_core::verdict::Verdict;

/// What a SYN to one port drew, in one family.
pub(super) type Knock = (Family, Result<Answer, LinkError>);

/// `IPv4 in 0.2 ms, IPv6 in 0.3 ms`.
pub(super) fn round_trips(trips: impl IntoIterator<Item = (Family, Duration)>) -> String {
    let trips: Vec<_> =
        trips.into_iter().map(|(family, after)| format!("IP{family} after {}", span(after))).collect();
    trips.join(", ")
}

/// A measured time, without digits that nobody measured.
pub(super) fn span(time: Duration) -> Span {
    let nanoseconds = time.as_nanos() as u64;
    let digit = 10_u64.pow(nanoseconds.checked_ilog10().unwrap_or_default().saturating_sub(1));
    Span(Duration::from_nanos((nanoseconds + digit / 2) / digit * digit))
}

/// Holds each of these conversations, and says what went wrong in the first that failed. `mend` is for
/// the target.
pub(super) fn converse(bench: &mut dyn Bench, conversations: &[Job], mend: String) -> Found {
    let numbered = |(index, job): (usize, &Job)| Job { index, ..job.clone() };
    let jobs: Vec<_> = conversations.iter().enumerate().map(numbered).collect();
    let mut heard = Heard::default();
    let held = Driver::new(bench, 1).and_then(|mut driver| driver.run(jobs, &mut heard));
    if let Err(error) = held {
        return Found::Bench { says: error.to_string(), mend: AGAIN.into() };
    }
    heard.0.sort_by_key(|finished| finished.index);
    let mut trips = Vec::new();
    for finished in heard.0 {
        let family = conversations[finished.index].family;
        let outcome = &finished.outcome;
        let why = outcome.findings.first().map_or_else(
            || format!("its verdict is {}", outcome.verdict),
            |finding| format!("expected {}; saw {}", finding.expected, finding.saw),
        );
        match outcome.verdict {
            Verdict::Pass | Verdict::Info | Verdict::Deviation => trips.push((family, finished.took)),
            Verdict::Error => {
                let mend = "tcpspec --test-threads 100".into();
                return Found::Bench { says: format!("over IP{family}: {why}"), mend };
            }
            _ => return Found::Target { says: format!("over IP{family}: {why}"), mend },
        }
    }
    Found::Ok(format!("handshake, text, close, as a run holds them again and again: {}", round_trips(trips)))
}

#[derive(Default)]
struct Heard(Vec<Finished>);

impl Sink for Heard {
    fn finished(&mut self, finished: Finished) {
        self.0.push(finished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn measured_times_have_two_digits() {
        let texts = [0, 7, 62_228, 1_569_000, 996_000_000]
            .map(|nanoseconds| span(Duration::from_nanos(nanoseconds)).to_string());
        assert_eq!(texts, ["0 µs", "0.007 µs", "62 µs", "1.6 ms", "1 s"]);
    }
}
