//! `retransmissions:` a series of repetitions of one segment, and how its intervals grow.

use super::eval::Undefined;
use super::{Acted, Engine, Progress};
use crate::case::Retransmissions;
use crate::segment::Flags;
use crate::seq::SeqNum;
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FindingCode};
use std::time::Duration;

/// A series under way.
pub(super) struct Series {
    index: usize,
    spec: Retransmissions,
    original: (SeqNum, u32, Flags),
    sent_first: Time,
    first: Option<(Duration, Duration)>,
    within: Duration,
    /// When it must be complete.
    pub(super) until: Time,
}

impl Series {
    pub(super) fn new(engine: &Engine, index: usize, spec: &Retransmissions) -> Result<Self, Undefined> {
        let labelled = engine
            .labels
            .get(&spec.of)
            .ok_or_else(|| Undefined(format!("nothing was labelled `{}` yet", spec.of)))?;
        let segment =
            labelled.segment.as_ref().ok_or_else(|| Undefined(format!("`{}` is not a segment", spec.of)))?;
        if let Some(growth) = spec.growth.filter(|growth| spec.at_least <= growth.from) {
            let (from, least) = (growth.from, growth.from.saturating_add(1));
            return Err(Undefined(format!(
                "`growth` from interval {from} on needs {least} retransmissions at least"
            )));
        }
        let first = match &spec.first {
            Some((low, high)) => Some((engine.span(index, low)?, engine.span(index, high)?)),
            None => None,
        };
        let within = engine.span(index, &spec.within)?;
        Ok(Self {
            index: labelled.connection,
            spec: spec.clone(),
            original: (segment.seq, segment.len(), segment.flags & (Flags::SYN | Flags::FIN)),
            sent_first: labelled.after,
            first,
            within,
            until: labelled.after + within + engine.grace(within),
        })
    }
}

impl Engine {
    pub(super) fn await_series(&mut self, now: Time, series: &mut Series) -> Result<Progress, Undefined> {
        let stamps = self.repetitions(series);
        let enough = stamps.len() > series.spec.at_least as usize;
        if !enough && self.heard < series.until {
            return Ok(Progress::Blocked);
        }
        let intervals: Vec<Duration> = stamps.windows(2).map(|pair| pair[1].since(pair[0])).collect();
        let texts: Vec<_> = intervals.iter().map(|interval| Span(*interval).to_string()).collect();
        let shown = match texts.as_slice() {
            [] => "no retransmission".to_owned(),
            [only] => format!("one, after {only}"),
            several => format!("{}, at intervals of {}", several.len(), several.join(", ")),
        };
        let of = &series.spec.of;
        self.note(now, series.index, EventKind::Note(format!("retransmissions of `{of}`: {shown}")));
        self.pass_over_repetitions(series);
        self.acted = Acted::at(stamps.last().copied().unwrap_or(now));
        self.looked_at(series.index);
        if let Some((code, expected)) = self.judge_series(series, &intervals, enough) {
            let finding = self.finding(now, code, expected, shown);
            self.fail(finding);
        }
        Ok(Progress::Done)
    }

    /// Stamps of the original and of each repetition so far.
    fn repetitions(&self, series: &Series) -> Vec<Time> {
        let (seq, len, control) = series.original;
        let same = |entry: &&(Time, SeqNum, u32, Flags)| (entry.1, entry.2, entry.3) == (seq, len, control);
        let history = self.connections[series.index].history.iter().filter(same).map(|entry| entry.0);
        let in_time = |stamp: &Time| (series.sent_first..=series.until).contains(stamp);
        let mut stamps: Vec<Time> = history.filter(in_time).collect();
        stamps.truncate(series.spec.at_least as usize + 1);
        stamps
    }

    /// They have been looked at: no later step shall stumble over them.
    fn pass_over_repetitions(&mut self, series: &Series) {
        while let Some(arrival) = self.front(series.index) {
            if !self.connections[series.index].is_repetition(&arrival.received.segment) {
                break;
            }
            self.take_front(series.index, None);
        }
    }

    fn judge_series(
        &self,
        series: &Series,
        intervals: &[Duration],
        enough: bool,
    ) -> Option<(FindingCode, String)> {
        let spec = &series.spec;
        if !enough {
            let many = if spec.at_least == 1 { "retransmission" } else { "retransmissions" };
            let expected = format!("{} {many} within {}", spec.at_least, Span(series.within));
            return Some((FindingCode::RetransmissionsMissing, expected));
        }
        // What the bench answered late made the round trip longer that the first follows, and never shorter.
        if let (Some((low, high)), Some(interval)) = (series.first, intervals.first()) {
            let expected = format!("the first retransmission after {} to {}", Span(low), Span(high));
            if *interval + self.config.tolerance.around(low) < low {
                return Some((FindingCode::RetransmittedTooEarly, expected));
            }
            if *interval > high + self.grace(high) {
                return Some((FindingCode::RetransmittedTooLate, expected));
            }
        }
        let growth = spec.growth?;
        let from = growth.from.saturating_sub(1) as usize;
        let pairs = intervals.get(from..).unwrap_or_default().windows(2);
        for pair in pairs {
            let (low, high) = (growth.factor * (1.0 - growth.within), growth.factor * (1.0 + growth.within));
            // From stamp to stamp: how late the bench was does not come into it.
            let grace = self.config.tolerance.around(pair[1]);
            if pair[1] + grace < pair[0].mul_f64(low) || pair[1] > pair[0].mul_f64(high) + grace {
                let expected = format!(
                    "each interval {} times the one before it, within {:.0} %",
                    growth.factor,
                    growth.within * 100.0
                );
                return Some((FindingCode::BackoffMissing, expected));
            }
        }
        None
    }
}
