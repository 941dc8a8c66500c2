//! What is said where an expectation is not met: another segment, another moment, or nothing.

use super::eval::Undefined;
use super::expectation::{Expectation, Window};
use super::inbox::Arrival;
use super::matching::classify;
use super::{Engine, words};
use crate::segment::Segment;
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FieldDifference, FindingCode};
use std::time::Duration;

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
        let bases = self.bases(index).filter(|_| !arrival.aside);
        let saw = format!("{} {}", segment.summary(bases), self.when(arrival.stamp));
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
        if stamp > window.latest {
            return self.too_late(expectation, at, stamp, arrival.event);
        }
        let wanted = &expectation.wanted[at];
        let expected = format!("{} not before {}", self.awaited(expectation), Span(wanted.not_before));
        let saw = format!("it after {}", Span(stamp.since(window.base)));
        let mut finding = self.finding(stamp, FindingCode::AnsweredTooEarly, expected, saw);
        finding.event = Some(arrival.event);
        self.fail(finding);
    }

    fn too_late(&mut self, expectation: &Expectation, at: usize, stamp: Time, event: usize) {
        let wanted = &expectation.wanted[at];
        let expected = format!("{} within {}", self.awaited(expectation), Span(wanted.within));
        let saw = format!("it after {}", Span(stamp.since(self.window(wanted).base)));
        let mut finding = self.finding(stamp, FindingCode::AnsweredTooLate, expected, saw);
        finding.event = Some(event);
        self.fail(finding);
    }

    /// "after 5 ms", counted from the last act that lies before it.
    pub(super) fn when(&self, stamp: Time) -> String {
        let acts = self.acts.iter().flat_map(|acts| [acts.last, acts.first]);
        match [self.acted.after].into_iter().chain(acts).find(|act| *act <= stamp) {
            Some(act) => format!("after {}", Span(stamp.since(act))),
            None => format!("{} before", Span(self.acted.after.since(stamp))),
        }
    }

    /// It matches, and was there before the question.
    pub(super) fn before_the_question(&mut self, expectation: &Expectation, stamp: Time) {
        let Some(arrival) = self.take_front(expectation.index, None) else { return };
        let before = self.acts.map_or(Duration::ZERO, |acts| acts.first.since(stamp));
        let expected = format!("{} as an answer", self.awaited(expectation));
        let saw = format!("it, {} before the question", Span(before));
        let mut finding = self.finding(stamp, FindingCode::AnsweredTooEarly, expected, saw);
        finding.event = Some(arrival.event);
        self.fail(finding);
    }

    /// Neither what carries more than an ACK, nor nothing.
    pub(super) fn not_silent(&mut self, expectation: &Expectation, span: Duration, ack: Option<Arrival>) {
        let Some(ack) = ack else { return };
        let text = ack.received.segment.summary(self.bases(expectation.index)).to_string();
        let saw = format!("{text} {}, and nothing more", self.when(ack.stamp));
        let expected = format!("{}, or nothing for {}", self.awaited(expectation), Span(span));
        let mut finding = self.finding(ack.stamp, FindingCode::AnsweredWhereSilenceRequired, expected, saw);
        finding.event = Some(ack.event);
        self.fail(finding);
    }

    /// Nothing has come that could be the answer; or it waits behind something else, too late.
    pub(super) fn silent(
        &mut self,
        now: Time,
        expectation: &Expectation,
        alone: Option<Arrival>,
    ) -> Result<(), Undefined> {
        if let Some((at, stamp, event)) = self.waits_too_late(expectation)? {
            self.too_late(expectation, at, stamp, event);
            return Ok(());
        }
        let event = self.note(now, expectation.index, EventKind::Nothing);
        let waited = Span(now.since(self.acted.after));
        let within = expectation.wanted.iter().map(|wanted| wanted.within).max().unwrap_or_default();
        let expected = format!("{} within {}", self.awaited(expectation), Span(within));
        let saw = match alone {
            Some(_) => format!("an ACK alone, and nothing more in {waited}"),
            None => format!("nothing that answers, in {waited}"),
        };
        let mut finding = self.finding(now, FindingCode::SilentWhereAnswerRequired, expected, saw);
        finding.event = Some(event);
        self.fail(finding);
        Ok(())
    }

    /// The answer, behind what is none and came too late as well: which, its stamp, and its event.
    fn waits_too_late(&self, expectation: &Expectation) -> Result<Option<(usize, Time, usize)>, Undefined> {
        for arrival in self.connections[expectation.index].inbox.arrivals() {
            for (at, wanted) in expectation.wanted.iter().enumerate() {
                if self.differences(expectation.index, &wanted.expect, arrival)?.is_empty() {
                    return Ok(Some((at, arrival.stamp, arrival.event)));
                }
            }
        }
        Ok(None)
    }
}
