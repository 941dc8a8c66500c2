//! `expect` and `one-of`: which of the segments that arrive is the one, and when it is too late to
//! hope.

use super::eval::Undefined;
use super::labels::Labelled;
use super::{Acted, BlockKind, Engine, Progress};
use crate::case::{Expect, OneOf, Step, StepKind};
use crate::time::Time;
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
    pub(super) fn one(engine: &Engine, index: usize, expect: Expect) -> Result<Self, Undefined> {
        Self::all(engine, index, vec![expect])
    }

    pub(super) fn all(engine: &Engine, index: usize, expects: Vec<Expect>) -> Result<Self, Undefined> {
        let wanted = expects
            .into_iter()
            .map(|expect| Wanted::new(engine, index, expect, None))
            .collect::<Result<_, _>>()?;
        Ok(Self { index, wanted, all: true, silence: None, prefer: None })
    }

    pub(super) fn choice(engine: &Engine, index: usize, one_of: &OneOf) -> Result<Self, Undefined> {
        let mut choice =
            Self { index, wanted: Vec::new(), all: false, silence: None, prefer: one_of.prefer.clone() };
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
        Ok(Self { expect, within, not_before, alternative })
    }
}

impl Engine {
    /// 1 s and the longest time for which the target may delay an ACK.
    pub(super) fn default_within(&self) -> Duration {
        Duration::from_secs(1) + self.config.timers.delayed_ack
    }

    fn window(&self, wanted: &Wanted) -> Window {
        let base = match wanted.expect.after.as_ref().and_then(|label| self.labels.get(label)) {
            Some(labelled) => Acted { before: labelled.before, after: labelled.after },
            None => self.acted,
        };
        let earliest = match wanted.not_before {
            Duration::ZERO => Time::default(),
            span => (base.before + span) - self.grace(span),
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
                self.take_front(index, Some(why));
                continue;
            }
            if self.drain(now, expectation)? {
                continue;
            }
            let Some(arrival) = self.front(index) else { break };
            let stamp = arrival.stamp;
            let mut closest: Option<(usize, Vec<FieldDifference>)> = None;
            for (at, wanted) in expectation.wanted.iter().enumerate() {
                let differences = self.differences(index, &wanted.expect, arrival)?;
                if closest.as_ref().is_none_or(|(_, least)| differences.len() < least.len()) {
                    closest = Some((at, differences));
                }
            }
            let Some((at, differences)) = closest else { break };
            let window = self.window(&expectation.wanted[at]);
            if stamp > self.last_moment(expectation) && !differences.is_empty() {
                // What comes after the last moment and is not the answer says nothing about it.
                break;
            }
            if !differences.is_empty() {
                self.wrong_segment(expectation, at, differences);
                return Ok(Progress::Done);
            }
            if stamp > window.latest || stamp < window.earliest {
                self.wrong_moment(expectation, at, &window, stamp);
                return Ok(Progress::Done);
            }
            self.accept(expectation, at);
            if expectation.wanted.is_empty() || !expectation.all {
                return Ok(Progress::Done);
            }
        }
        if self.heard < self.last_look(expectation) {
            return Ok(Progress::Blocked);
        }
        match expectation.silence.take() {
            Some((name, _, rest)) => self.chosen(now, expectation, &name, rest),
            None => self.silent(now, expectation),
        }
        Ok(Progress::Done)
    }

    /// The arrival is what is wanted: bind it, count from it, go on behind it.
    fn accept(&mut self, expectation: &mut Expectation, at: usize) {
        let wanted = expectation.wanted.remove(at);
        let Some(arrival) = self.take_front(expectation.index, None) else { return };
        self.acted = Acted::at(arrival.stamp);
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
