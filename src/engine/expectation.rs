//! `expect` and `one-of`: which of the segments that arrive is the one, and when it is too late to
//! hope.

use super::eval::Undefined;
use super::inbox::Arrival;
use super::labels::Labelled;
use super::passing::{ALONE, Drained};
use super::{Acted, BlockKind, Engine, Progress};
use crate::case::{Expect, OneOf, Step, StepKind};
use crate::segment::Flags;
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FieldDifference, FindingCode, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// What a step waits for.
pub(super) struct Expectation {
    pub(super) index: usize,
    pub(super) wanted: Vec<Wanted>,
    /// All of them, in any order; else the first that comes decides.
    pub(super) all: bool,
    /// The alternative in which nothing comes, and for how long.
    pub(super) silence: Option<(String, Duration, Arc<[Step]>)>,
    pub(super) prefer: Option<String>,
    /// An ACK that came alone, before what carries more.
    came_alone: Option<Arrival>,
    /// When the last of those that were wanted came.
    last_stamp: Option<Time>,
}

/// One segment that may come.
pub(super) struct Wanted {
    pub(super) expect: Expect,
    pub(super) within: Duration,
    pub(super) not_before: Duration,
    /// Name and further steps, of an alternative.
    alternative: Option<(String, Arc<[Step]>)>,
}

/// The first and the last moment at which an answer counts, and where they count from.
pub(super) struct Window {
    pub(super) base: Time,
    pub(super) earliest: Time,
    pub(super) latest: Time,
}

impl Expectation {
    /// Nothing is wanted.
    pub(super) fn nothing(index: usize) -> Self {
        Self {
            index,
            wanted: Vec::new(),
            all: false,
            silence: None,
            prefer: None,
            came_alone: None,
            last_stamp: None,
        }
    }

    pub(super) fn one(engine: &Engine, index: usize, expect: Expect) -> Result<Self, Undefined> {
        Self::all(engine, index, vec![expect])
    }

    pub(super) fn all(engine: &Engine, index: usize, expects: Vec<Expect>) -> Result<Self, Undefined> {
        let wanted = expects
            .into_iter()
            .map(|expect| Wanted::new(engine, index, expect, None))
            .collect::<Result<_, _>>()?;
        Ok(Self { wanted, all: true, ..Self::nothing(index) })
    }

    pub(super) fn choice(engine: &Engine, index: usize, one_of: &OneOf) -> Result<Self, Undefined> {
        let mut choice = Self { prefer: one_of.prefer.clone(), ..Self::nothing(index) };
        for (name, steps) in &one_of.alternatives {
            let rest: Arc<[Step]> = steps.get(1..).unwrap_or_default().into();
            match steps.first().map(|step| &step.kind) {
                Some(StepKind::Expect(expect)) => {
                    let alternative = Some((name.clone(), rest));
                    choice.wanted.push(Wanted::new(engine, index, (**expect).clone(), alternative)?);
                }
                Some(StepKind::Silence(span)) => {
                    choice.silence = Some((name.clone(), engine.span(index, span)?, rest));
                }
                _ => {
                    return Err(Undefined(format!("`{name}` begins neither with `expect` nor `silence`")));
                }
            }
        }
        Ok(choice)
    }
}

impl Window {
    fn contains(&self, stamp: Time) -> bool {
        self.earliest <= stamp && stamp <= self.latest
    }
}

impl Wanted {
    fn new(
        engine: &Engine,
        index: usize,
        expect: Expect,
        alternative: Option<(String, Arc<[Step]>)>,
    ) -> Result<Self, Undefined> {
        let within = match &expect.within {
            Some(span) => engine.span(index, span)?,
            None => engine.default_within(),
        };
        let not_before = expect.not_before.as_ref().map_or(Ok(Duration::ZERO), |e| engine.span(index, e))?;
        if not_before > within {
            let (edge, end) = (Span(not_before), Span(within));
            return Err(Undefined(format!("`not-before` is {edge}, and `within` ends at {end}")));
        }
        Ok(Self { expect, within, not_before, alternative })
    }
}

impl Engine {
    /// 1 s and the longest time for which the target may delay an ACK.
    pub(super) fn default_within(&self) -> Duration {
        Duration::from_secs(1) + self.config.timers.delayed_ack
    }

    pub(super) fn window(&self, wanted: &Wanted) -> Window {
        let base = match wanted.expect.after.as_ref().and_then(|label| self.labels.get(label)) {
            Some(labelled) => Acted { before: labelled.before, after: labelled.after },
            None => self.acted,
        };
        let earliest = match wanted.not_before {
            Duration::ZERO => Time::default(),
            // A late bench makes nothing come early.
            span => (base.before + span) - self.config.tolerance.around(span),
        };
        Window { base: base.after, earliest, latest: base.after + wanted.within + self.grace(wanted.within) }
    }

    /// The last moment at which anything awaited can come.
    fn last_moment(&self, expectation: &Expectation) -> Time {
        let silence = expectation
            .silence
            .as_ref()
            .map(|(_, span, _)| self.acted.after + *span + self.grace(Duration::ZERO));
        let segments = expectation.wanted.iter().map(|wanted| self.window(wanted).latest);
        segments.chain(silence).max().unwrap_or(self.acted.after)
    }

    /// After the last moment a while is spent to tell a late answer from none.
    fn last_look(&self, expectation: &Expectation) -> Time {
        let latest = self.last_moment(expectation);
        if expectation.silence.is_some() || self.is_preparing() {
            return latest;
        }
        latest + latest.since(self.acted.after).clamp(Duration::from_millis(200), Duration::from_secs(2))
    }

    pub(super) fn expectation_wake(&self, expectation: &Expectation) -> Time {
        self.last_look(expectation)
    }

    pub(super) fn await_segment(
        &mut self,
        now: Time,
        expectation: &mut Expectation,
    ) -> Result<Progress, Undefined> {
        let index = expectation.index;
        while let Some(arrival) = self.front(index) {
            if let Some(why) = self.passed_over(expectation, arrival)? {
                let arrival = self.take_front(index, Some(why));
                expectation.came_alone = arrival.filter(|_| why == ALONE).or(expectation.came_alone.take());
                continue;
            }
            match self.drain(now, expectation)? {
                Drained::No => {}
                Drained::Yes => continue,
                Drained::Altered(difference) => {
                    self.wrong_segment(expectation, 0, vec![difference]);
                    return Ok(Progress::Done);
                }
            }
            let Some(arrival) = self.front(index) else { break };
            let stamp = arrival.stamp;
            let Some((at, differences)) = self.closest(expectation, arrival)? else { break };
            let window = self.window(&expectation.wanted[at]);
            let silent = expectation.silence.as_ref().map(|(_, span, _)| self.acted.after + *span);
            let last = silent.unwrap_or(self.last_moment(expectation));
            if stamp > last && !differences.is_empty() {
                // What comes after the last moment and is not the answer says nothing about it.
                break;
            }
            if !differences.is_empty() {
                self.wrong_segment(expectation, at, differences);
                return Ok(Progress::Done);
            }
            if self.is_older_than_the_question(arrival) && self.is_no_news(index, arrival) {
                self.before_the_question(expectation, stamp);
                return Ok(Progress::Done);
            }
            if !window.contains(stamp) {
                self.wrong_moment(expectation, at, &window, stamp);
                return Ok(Progress::Done);
            }
            self.accept(expectation, at);
            if expectation.wanted.is_empty() || !expectation.all {
                self.looked(expectation);
                return Ok(Progress::Done);
            }
        }
        if self.heard < self.last_look(expectation) {
            return Ok(Progress::Blocked);
        }
        let alone = expectation.came_alone.take();
        match expectation.silence.take() {
            Some((_, span, _)) if alone.as_ref().is_some_and(|ack| ack.stamp <= self.acted.after + span) => {
                self.not_silent(expectation, span, alone);
            }
            Some((name, _, rest)) => {
                self.looked(expectation);
                self.chosen(now, expectation, &name, rest);
            }
            None => self.silent(now, expectation, alone)?,
        }
        Ok(Progress::Done)
    }

    /// Which of what is wanted the arrival comes closest to, one that may come now before one that
    /// may not; and the fields in which it differs.
    fn closest(
        &self,
        expectation: &Expectation,
        arrival: &Arrival,
    ) -> Result<Option<(usize, Vec<FieldDifference>)>, Undefined> {
        let mut closest: Option<((usize, bool), usize, Vec<FieldDifference>)> = None;
        for (at, wanted) in expectation.wanted.iter().enumerate() {
            let differences = self.differences(expectation.index, &wanted.expect, arrival)?;
            let rank = (differences.len(), !self.window(wanted).contains(arrival.stamp));
            if closest.as_ref().is_none_or(|(least, ..)| rank < *least) {
                closest = Some((rank, at, differences));
            }
        }
        Ok(closest.map(|(_, at, differences)| (at, differences)))
    }

    /// What was there before the question and says nothing that only came about since. A RST is an
    /// answer, or it ended the connection too early.
    fn is_no_news(&self, index: usize, arrival: &Arrival) -> bool {
        let (segment, connection) = (&arrival.received.segment, &self.connections[index]);
        let says_more = !segment.is_empty() && !connection.is_repetition(segment);
        arrival.aside
            || segment.flags.contains(Flags::RST)
            || (!says_more && !connection.acknowledges_more(segment))
    }

    /// The arrival is what is wanted: bind it.
    fn accept(&mut self, expectation: &mut Expectation, at: usize) {
        let wanted = expectation.wanted.remove(at);
        let Some(arrival) = self.take_front(expectation.index, None) else { return };
        expectation.last_stamp = Some(arrival.stamp);
        self.connections[expectation.index].accepted = arrival.stamp;
        if let Some(label) = wanted.expect.label {
            let labelled = Labelled {
                segment: Some(arrival.received.segment),
                connection: expectation.index,
                before: arrival.stamp,
                after: arrival.stamp,
            };
            self.labels.insert(label, labelled);
        }
        if let Some((name, rest)) = wanted.alternative {
            self.chosen(arrival.stamp, expectation, &name, rest);
        }
    }

    /// The step is through: the next one counts from the last segment, if one came, or from what we
    /// did behind it.
    fn looked(&mut self, expectation: &Expectation) {
        if let Some(stamp) = expectation.last_stamp {
            self.acted = Acted { before: stamp, after: stamp.max(self.acted.after) };
            self.departing.retain(|label| !label.is_empty());
        }
        self.looked_at(expectation.index);
    }

    /// One alternative is taken: note it, and judge it where a SHOULD names another.
    fn chosen(&mut self, at: Time, expectation: &Expectation, name: &str, rest: Arc<[Step]>) {
        self.note(at, expectation.index, EventKind::Note(format!("the target chose: {name}")));
        if let Some(preferred) = expectation.prefer.as_ref().filter(|preferred| preferred.as_str() != name) {
            let finding = self.finding(
                at,
                FindingCode::NotThePreferredAlternative,
                format!("`{preferred}`, which the RFC prefers"),
                format!("`{name}`, which it allows"),
            );
            self.findings.push((Verdict::Deviation, finding));
        }
        if !rest.is_empty() {
            self.push(rest, None, BlockKind::Body);
        }
    }
}
