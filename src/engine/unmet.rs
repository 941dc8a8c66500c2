//! What is said where an expectation is not met: another segment, another moment, or nothing.

use super::expectation::{Expectation, Window};
use super::matching::classify;
use super::{Engine, words};
use crate::segment::Segment;
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FieldDifference, FindingCode};

impl Engine {
    /// What is awaited, in words.
    pub(super) fn awaited(&self, expectation: &Expectation) -> String {
        let silence = expectation.silence.as_ref().map(|(_, span, _)| format!("nothing for {}", Span(*span)));
        let texts: Vec<_> =
            expectation.wanted.iter().map(|wanted| words::awaited(&wanted.expect)).chain(silence).collect();
        texts.join(if expectation.all { " and " } else { ", or " })
    }

    pub(super) fn wrong_segment(
        &mut self,
        expectation: &Expectation,
        at: usize,
        differences: Vec<FieldDifference>,
    ) {
        let index = expectation.index;
        let Some(arrival) = self.take_front(index, None) else { return };
        let segment: &Segment = &arrival.received.segment;
        let code = classify(&expectation.wanted[at].expect, segment, &differences);
        let saw = format!(
            "{} after {}",
            segment.summary(self.bases(index)),
            Span(arrival.stamp.since(self.acted.after))
        );
        let mut finding = self.finding(arrival.stamp, code, self.awaited(expectation), saw);
        finding.differences = differences;
        finding.event = Some(arrival.event);
        self.fail(finding);
    }

    pub(super) fn wrong_moment(
        &mut self,
        expectation: &Expectation,
        at: usize,
        window: &Window,
        stamp: Time,
    ) {
        let Some(arrival) = self.take_front(expectation.index, None) else { return };
        let wanted = &expectation.wanted[at];
        let came = Span(stamp.since(window.base));
        let (code, expected) = if stamp > window.latest {
            (
                FindingCode::AnsweredTooLate,
                format!("{} within {}", self.awaited(expectation), Span(wanted.within)),
            )
        } else {
            let expected = format!("{} not before {}", self.awaited(expectation), Span(wanted.not_before));
            (FindingCode::AnsweredTooEarly, expected)
        };
        let mut finding = self.finding(stamp, code, expected, format!("it after {came}"));
        finding.event = Some(arrival.event);
        self.fail(finding);
    }

    pub(super) fn silent(&mut self, now: Time, expectation: &Expectation) {
        let event = self.note(now, expectation.index, EventKind::Nothing);
        let waited = Span(now.since(self.acted.after));
        let within = expectation.wanted.iter().map(|wanted| wanted.within).max().unwrap_or_default();
        let expected = format!("{} within {}", self.awaited(expectation), Span(within));
        let mut finding = self.finding(
            now,
            FindingCode::SilentWhereAnswerRequired,
            expected,
            format!("nothing that answers, in {waited}"),
        );
        finding.event = Some(event);
        self.fail(finding);
    }
}
