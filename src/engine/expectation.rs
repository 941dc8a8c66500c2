//! `expect`, `one-of` and `silence`: which of the segments that arrive is the one, and when it is
//! too late to hope.

use super::connection::Arrival;
use super::eval::Undefined;
use super::labels::Labelled;
use super::matching::classify;
use super::{Acted, BlockKind, Engine, Progress, words};
use crate::case::{DataPattern, Expect, Expr, OneOf, Step, StepKind};
use crate::segment::{Flags, Segment};
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FieldDifference, FindingCode, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// What a step waits for.
pub(super) struct Expectation {
    index: usize,
    wanted: Vec<Wanted>,
    /// All of them, in any order; else the first that comes decides.
    all: bool,
    /// The alternative in which nothing comes, and for how long.
    silence: Option<(String, Duration, Arc<[Step]>)>,
    prefer: Option<String>,
}

/// One segment that may come.
struct Wanted {
    expect: Expect,
    within: Duration,
    not_before: Duration,
    /// Name and further steps, of an alternative.
    alternative: Option<(String, Arc<[Step]>)>,
}

/// The first and the last moment at which an answer counts, and where they count from.
struct Window {
    base: Time,
    earliest: Time,
    latest: Time,
}

/// What became of a segment under `drain: yes`.
enum Drained {
    /// It is for the step.
    No,
    /// It was acknowledged.
    Yes,
    /// It is not what the application wrote.
    Altered,
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
            match self.drain(now, expectation)? {
                Drained::No => {}
                Drained::Yes => continue,
                Drained::Altered => return Ok(Progress::Done),
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
        if now < self.last_look(expectation) {
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

    /// Why no step looks at this arrival, where that is so (language reference, "a segment that matters").
    fn passed_over(
        &self,
        expectation: &Expectation,
        arrival: &Arrival,
    ) -> Result<Option<&'static str>, Undefined> {
        // What a case says about its steps says nothing about the way into its state.
        let is_strict = self.script.strict && !self.is_preparing()
            || expectation.wanted.iter().any(|wanted| wanted.expect.strict);
        if is_strict || arrival.aside {
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
        if arrival.stamp < self.acted.before && connection.is_overtaken(segment) {
            return Ok(Some("an ACK that was overtaken"));
        }
        // RFC 9293 section 3.8.6.3: an ACK may come alone at any time, before what carries more.
        if segment.is_pure_ack() && expectation.wanted.iter().all(|wanted| occupies(&wanted.expect)) {
            return Ok((!expectation.wanted.is_empty()).then_some("an ACK that came alone"));
        }
        Ok(None)
    }

    /// `drain: yes`: acknowledges a segment of data that is not the one awaited.
    fn drain(&mut self, now: Time, expectation: &Expectation) -> Result<Drained, Undefined> {
        let index = expectation.index;
        let [wanted] = expectation.wanted.as_slice() else { return Ok(Drained::No) };
        let Some(arrival) = self.front(index) else { return Ok(Drained::No) };
        let segment = &arrival.received.segment;
        let plain_data = !segment.payload.is_empty() && !segment.flags.contains(Flags::FIN);
        if !wanted.expect.drain || !plain_data || self.differences(index, &wanted.expect, arrival)?.is_empty()
        {
            return Ok(Drained::No);
        }
        if let Some(difference) = self.altered(index, segment) {
            self.wrong_segment(expectation, 0, vec![difference]);
            return Ok(Drained::Altered);
        }
        if let Some(arrival) = self.take_front(index, Some("data of the service")) {
            self.acted = Acted::at(arrival.stamp);
            let ack = self.end_of(index);
            self.send_ack(now, index, ack);
        }
        Ok(Drained::Yes)
    }

    pub(super) fn await_silence(&mut self, now: Time, span: Duration) -> Result<Progress, Undefined> {
        let until = self.acted.after + span;
        let Some(index) = self.current.as_ref().map(|(_, index)| *index) else { return Ok(Progress::Done) };
        let nothing = Expectation { index, wanted: Vec::new(), all: false, silence: None, prefer: None };
        while let Some(arrival) = self.front(index) {
            if arrival.stamp > until {
                break;
            }
            if let Some(why) = self.passed_over(&nothing, arrival)? {
                self.take_front(index, Some(why));
                continue;
            }
            let (stamp, event) = (arrival.stamp, arrival.event);
            let (relative, segment) = (self.bases(index), arrival.received.segment.clone());
            let mut finding = self.finding(
                stamp,
                FindingCode::AnsweredWhereSilenceRequired,
                format!("nothing for {}", Span(span)),
                format!("{} after {}", segment.summary(relative), Span(stamp.since(self.acted.after))),
            );
            finding.event = Some(event);
            self.fail(finding);
            return Ok(Progress::Done);
        }
        if now < until + self.grace(Duration::ZERO) {
            return Ok(Progress::Blocked);
        }
        self.note(until, index, EventKind::Nothing);
        Ok(Progress::Done)
    }

    /// What is awaited, in words.
    fn awaited(&self, expectation: &Expectation) -> String {
        let silence = expectation.silence.as_ref().map(|(_, span, _)| format!("nothing for {}", Span(*span)));
        let texts: Vec<_> =
            expectation.wanted.iter().map(|wanted| words::awaited(&wanted.expect)).chain(silence).collect();
        texts.join(if expectation.all { " and " } else { ", or " })
    }

    fn wrong_segment(&mut self, expectation: &Expectation, at: usize, differences: Vec<FieldDifference>) {
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

    fn wrong_moment(&mut self, expectation: &Expectation, at: usize, window: &Window, stamp: Time) {
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

    fn silent(&mut self, now: Time, expectation: &Expectation) {
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
