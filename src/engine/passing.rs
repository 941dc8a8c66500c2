//! What arrives and does not matter to a step: it is recorded, judged by the referee, and passed over.

use super::connection::Arrival;
use super::eval::Undefined;
use super::expectation::Expectation;
use super::{Acted, Engine};
use crate::case::{DataPattern, Expect, Expr};
use crate::segment::Flags;
use crate::time::Time;

impl Engine {
    /// Why no step looks at this arrival, where that is so (language reference, "a segment that matters").
    pub(super) fn passed_over(
        &self,
        expectation: &Expectation,
        arrival: &Arrival,
    ) -> Result<Option<&'static str>, Undefined> {
        if self.script.strict || expectation.wanted.iter().any(|wanted| wanted.expect.strict) || arrival.aside
        {
            return Ok(None);
        }
        let (segment, index) = (&arrival.received.segment, expectation.index);
        let connection = &self.connections[index];
        let again = expectation.wanted.iter().any(|wanted| wanted.expect.again);
        if connection.is_repetition(segment) && !again {
            return Ok(Some("a repetition"));
        }
        if connection.is_window_update(segment) {
            for wanted in &expectation.wanted {
                if self.differences(index, &wanted.expect, arrival)?.is_empty() {
                    return Ok(None);
                }
            }
            return Ok(Some("a window update"));
        }
        // RFC 9293 section 3.8.6.3: an ACK may come alone at any time, before what carries more.
        if segment.is_pure_ack() && expectation.wanted.iter().all(|wanted| occupies(&wanted.expect)) {
            return Ok((!expectation.wanted.is_empty()).then_some("an ACK that came alone"));
        }
        Ok(None)
    }

    /// `drain: yes`: acknowledges a segment of data that is not the one awaited. Whether it did.
    pub(super) fn drain(&mut self, now: Time, expectation: &Expectation) -> Result<bool, Undefined> {
        let index = expectation.index;
        let [wanted] = expectation.wanted.as_slice() else { return Ok(false) };
        let Some(arrival) = self.front(index) else { return Ok(false) };
        let segment = &arrival.received.segment;
        let plain_data = !segment.payload.is_empty() && !segment.flags.contains(Flags::FIN);
        if !wanted.expect.drain || !plain_data || self.differences(index, &wanted.expect, arrival)?.is_empty()
        {
            return Ok(false);
        }
        if let Some(arrival) = self.take_front(index, Some("data of the service")) {
            self.acted = Acted::at(arrival.stamp);
            let ack = self.end_of(index);
            self.send_ack(now, index, ack);
        }
        Ok(true)
    }
}

/// Whether what is expected occupies sequence space for certain.
fn occupies(expect: &Expect) -> bool {
    let control = !expect.flags.is_empty()
        && expect.flags.iter().all(|flags| flags.contains(Flags::SYN) || flags.contains(Flags::FIN));
    let text = match &expect.data {
        Some(DataPattern::Text(_)) => true,
        Some(DataPattern::Stream(crate::case::Pattern::Is(Expr::Int(length)))) => *length > 0,
        Some(DataPattern::Stream(crate::case::Pattern::Is(_) | crate::case::Pattern::Any)) => true,
        Some(DataPattern::Stream(crate::case::Pattern::Range(Expr::Int(low), _))) => *low > 0,
        _ => false,
    };
    control || text
}
