//! `silence:` nothing that matters, for so long.

use super::eval::Undefined;
use super::expectation::Expectation;
use super::{Engine, Progress};
use crate::time::Span;
use crate::verdict::{EventKind, FindingCode};
use std::time::Duration;

impl Engine {
    pub(super) fn await_silence(&mut self, span: Duration) -> Result<Progress, Undefined> {
        let until = self.acted.after + span;
        let Some(index) = self.current.as_ref().map(|(_, index)| *index) else { return Ok(Progress::Done) };
        let nothing = Expectation::nothing(index);
        while let Some(arrival) = self.front(index) {
            if arrival.stamp > until {
                break;
            }
            let older = self.is_older_than_the_question(arrival).then_some("it came before the silence");
            if let Some(why) = older.or(self.passed_over(&nothing, arrival)?) {
                self.take_front(index, Some(why));
                continue;
            }
            let (stamp, event) = (arrival.stamp, arrival.event);
            let (relative, segment) =
                (self.bases(index).filter(|_| !arrival.aside), arrival.received.segment.clone());
            let mut finding = self.finding(
                stamp,
                FindingCode::AnsweredWhereSilenceRequired,
                format!("nothing for {}", Span(span)),
                format!("{} {}", segment.summary(relative), self.when(stamp)),
            );
            finding.event = Some(event);
            self.fail(finding);
            return Ok(Progress::Done);
        }
        if self.heard < until + self.grace(Duration::ZERO) {
            return Ok(Progress::Blocked);
        }
        self.note(until, index, EventKind::Nothing);
        self.looked_at(index);
        Ok(Progress::Done)
    }
}
