//! What arrives and does not matter to a step: it is recorded, judged by the referee, and passed over.

use super::Engine;
use super::eval::Undefined;
use super::expectation::Expectation;
use super::inbox::Arrival;
use crate::case::{DataPattern, Expect, Expr, Pattern};
use crate::segment::Flags;
use crate::time::Time;
use crate::verdict::FieldDifference;
use std::time::Duration;

/// Why it is passed over: an ACK may come alone at any time, before what carries more
/// (RFC 9293 section 3.8.6.3).
pub(super) const ALONE: &str = "an ACK that came alone";
/// Why it is passed over: it was there before the question.
const BEFORE: &str = "it came before what it would answer";

/// Why it is passed over: it says again what was said.
const REPETITION: &str = "a repetition";

/// Stamps are converted from another clock; no answer is so quick.
pub(super) const STAMP_ERROR: Duration = Duration::from_micros(100);

/// What we did since a step last looked at what came: the first of it, and the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acts {
    pub(super) first: Time,
    pub(super) last: Time,
}

impl Acts {
    /// And one more.
    pub(super) fn and(acts: Option<Self>, at: Time) -> Self {
        Self { first: acts.map_or(at, |acts| acts.first), last: at }
    }
}

impl Engine {
    /// Whether it was there before anything that it could answer. (An ACK sent alone may still
    /// answer the first of several acts, and text may have been on its way.)
    pub(super) fn is_older_than_the_question(&self, arrival: &Arrival) -> bool {
        self.acts.is_some_and(|acts| arrival.stamp + STAMP_ERROR < acts.first)
    }

    /// Why no step looks at this arrival, where that is so (language reference, "a segment that matters").
    pub(super) fn passed_over(
        &self,
        expectation: &Expectation,
        arrival: &Arrival,
    ) -> Result<Option<&'static str>, Undefined> {
        let strict = self.script.strict && !self.is_preparing();
        if strict || expectation.wanted.iter().any(|wanted| wanted.expect.strict) {
            return Ok(None);
        }
        let (segment, index) = (&arrival.received.segment, expectation.index);
        let connection = &self.connections[index];
        let older = self.is_older_than_the_question(arrival);
        let again = expectation.wanted.iter().any(|wanted| wanted.expect.again);
        if arrival.aside {
            let repetition = (arrival.again && !again).then_some(REPETITION);
            return Ok(older.then_some(BEFORE).or(repetition));
        }
        let (repetition, news) = (connection.is_repetition(segment), connection.acknowledges_more(segment));
        if older && (repetition || (segment.is_pure_ack() && !news)) {
            return Ok(Some(BEFORE));
        }
        let mut awaited = false;
        for wanted in &expectation.wanted {
            awaited |= self.differences(index, &wanted.expect, arrival)?.is_empty();
        }
        if repetition && !again {
            return Ok((!awaited || !news).then_some(REPETITION));
        }
        if awaited || !segment.is_pure_ack() {
            return Ok(None);
        }
        // The answer to what was done before, not a wrong one to what was done last.
        if self.acts.is_some_and(|acts| arrival.stamp + STAMP_ERROR < acts.last) {
            return Ok((!expectation.wanted.is_empty()).then_some(BEFORE));
        }
        if connection.is_window_update(segment) {
            return Ok(Some("a window update"));
        }
        let alone = !expectation.wanted.is_empty()
            && expectation.wanted.iter().all(|wanted| carries_more(&wanted.expect));
        Ok(alone.then_some(ALONE))
    }

    /// `drain: yes`: acknowledges a segment of data that is not the one awaited.
    pub(super) fn drain(&mut self, now: Time, expectation: &Expectation) -> Result<Drained, Undefined> {
        let index = expectation.index;
        let [wanted] = expectation.wanted.as_slice() else { return Ok(Drained::No) };
        let front = self.front(index).filter(|_| wanted.expect.drain);
        let Some(arrival) = front else { return Ok(Drained::No) };
        let segment = &arrival.received.segment;
        let plain_data = !segment.payload.is_empty() && !segment.flags.contains(Flags::FIN);
        if !plain_data || self.differences(index, &wanted.expect, arrival)?.is_empty() {
            return Ok(Drained::No);
        }
        if let Some(difference) = self.altered(index, segment) {
            return Ok(Drained::Altered(difference));
        }
        self.take_front(index, Some("data of the service"));
        let ack = self.end_of(index);
        self.send_ack(now, index, ack);
        Ok(Drained::Yes)
    }
}

/// What became of a segment under `drain: yes`.
pub(super) enum Drained {
    /// It is for the step.
    No,
    /// It was acknowledged.
    Yes,
    /// It is not what the application wrote.
    Altered(FieldDifference),
}

/// Whether what is expected is text or a FIN for certain, before which an ACK may come alone.
fn carries_more(expect: &Expect) -> bool {
    let fin = !expect.flags.is_empty()
        && expect.flags.iter().all(|flags| flags.contains(Flags::FIN) && !flags.contains(Flags::SYN));
    let text = match &expect.data {
        Some(DataPattern::Text(_)) => true,
        Some(DataPattern::Stream(Pattern::Is(Expr::Int(length)))) => *length > 0,
        Some(DataPattern::Stream(Pattern::Is(_))) => true,
        Some(DataPattern::Stream(Pattern::Range(Expr::Int(low), _))) => *low > 0,
        _ => false,
    };
    fin || text
}
