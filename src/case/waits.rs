//! How long a script may take, and how long it takes at least: both known before its run.

use super::constant::Known;
use super::expr::Expr;
use super::model::{App, AppAction, Expect, Given, Measure, OneOf, Script, Step, StepKind};
use crate::profile::Tolerance;
use std::time::Duration;

impl Script {
    /// The longest that it can take on a target that keeps all its times, to the last of the
    /// tolerance: the ways into its states and everything that its steps wait for. `profile` gives
    /// the profile's values by name; one that it lacks counts as zero.
    #[must_use]
    pub fn longest_wait(
        &self,
        profile: &dyn Fn(&str) -> Option<Duration>,
        tolerance: &Tolerance,
    ) -> Duration {
        let known = Known { profile, turn: None };
        let ways = self.given.iter().fold(Duration::ZERO, |sum, given| {
            sum.saturating_add(Waits { known, most: Some(Most { tolerance, given }) }.of_way())
        });
        let Some(given) = self.given.first() else { return Duration::ZERO };
        let waits = Waits { known, most: Some(Most { tolerance, given }) };
        let ends = u32::try_from(self.then.len()).unwrap_or(u32::MAX);
        ways.saturating_add(waits.of_steps(&self.steps)).saturating_add(waits.of_state().saturating_mul(ends))
    }

    /// The waits that pass in any case: silences, pauses, measures, series, lower edges of waits.
    #[must_use]
    pub fn expected_duration(&self, profile: &dyn Fn(&str) -> Option<Duration>) -> Duration {
        Waits { known: Known { profile, turn: None }, most: None }.of_steps(&self.steps)
    }
}

#[derive(Clone, Copy)]
struct Waits<'a> {
    known: Known<'a>,
    /// What may be waited for at most; else what passes in any case.
    most: Option<Most<'a>>,
}

#[derive(Clone, Copy)]
struct Most<'a> {
    tolerance: &'a Tolerance,
    /// A connection of the script.
    given: &'a Given,
}

impl Waits<'_> {
    fn of_steps(self, steps: &[Step]) -> Duration {
        steps.iter().fold(Duration::ZERO, |sum, step| sum.saturating_add(self.of_step(&step.kind)))
    }

    fn of_step(self, kind: &StepKind) -> Duration {
        match kind {
            StepKind::Silence(span) => self.span(span).saturating_add(self.grace(Duration::ZERO)),
            StepKind::Wait(span) => self.span(span),
            StepKind::Retransmissions(series) => self.with_grace(self.span(&series.within)),
            StepKind::Measure(measure) => self.of_measure(measure),
            StepKind::Expect(expect) => self.of_expect(expect),
            StepKind::ExpectAll(all) => {
                all.segments.iter().map(|expect| self.of_expect(expect)).max().unwrap_or_default()
            }
            StepKind::OneOf(one_of) => self.of_one_of(one_of),
            StepKind::App(app) => self.of_app(app),
            StepKind::Probe(_) if self.most.is_some() => self.with_grace(self.default_within()),
            StepKind::State(_) if self.most.is_some() => self.of_state(),
            StepKind::Repeat { times, steps } => {
                let times = self.known.number(times).unwrap_or(0).clamp(0, MAX_TURNS);
                (0..times).fold(Duration::ZERO, |sum, turn| {
                    let within = Self { known: Known { turn: Some(turn), ..self.known }, ..self };
                    sum.saturating_add(within.of_steps(steps))
                })
            }
            StepKind::Probe(_)
            | StepKind::State(_)
            | StepKind::Send(_)
            | StepKind::Icmp(_)
            | StepKind::Acks(_) => Duration::ZERO,
        }
    }

    /// The way into the state that a connection starts from, and what is sent by then.
    fn of_way(self) -> Duration {
        let octets = self.most.map_or(0, |most| u64::from(most.given.sent) + u64::from(most.given.unacked));
        let steps = self.with_grace(self.default_within()).saturating_mul(STEPS_OF_A_WAY);
        steps.saturating_add(Duration::from_micros(MICROS_AN_OCTET * octets))
    }

    /// The table is asked for a while, then the wire.
    fn of_state(self) -> Duration {
        let questions = self.with_grace(self.default_within()).saturating_mul(QUESTIONS_OF_A_STATE);
        TABLE_PATIENCE.saturating_add(questions)
    }

    fn of_measure(self, measure: &Measure) -> Duration {
        let is = self.span(&measure.is);
        let Some(most) = self.most else { return is };
        let tolerance = Duration::try_from_secs_f64(is.as_secs_f64() * measure.tolerance);
        let band = tolerance.unwrap_or(Duration::MAX).saturating_add(most.tolerance.absolute);
        let ways = self.of_way().saturating_mul(MEASURED_CONNECTIONS);
        let beyond = band.saturating_mul(MEASURED_BEYOND);
        let last = is.saturating_add(beyond).saturating_add(self.with_grace(self.default_within()));
        ways.saturating_add(last)
    }

    /// The first segment, or its absence, decides when all that may come first can have come.
    fn of_one_of(self, one_of: &OneOf) -> Duration {
        let steps = || one_of.alternatives.iter().map(|(_, steps)| steps);
        let firsts = steps().filter_map(|steps| steps.first()).map(|step| self.of_step(&step.kind));
        let rests = steps().map(|steps| self.of_steps(steps.get(1..).unwrap_or_default()));
        match self.most {
            Some(_) => firsts.max().unwrap_or_default().saturating_add(rests.max().unwrap_or_default()),
            None => steps().map(|steps| self.of_steps(steps)).min().unwrap_or_default(),
        }
    }

    fn of_expect(self, expect: &Expect) -> Duration {
        match self.most {
            Some(_) => self.with_grace(
                expect.within.as_ref().map_or_else(|| self.default_within(), |within| self.span(within)),
            ),
            None => expect.not_before.as_ref().map_or(Duration::ZERO, |earliest| self.span(earliest)),
        }
    }

    fn of_app(self, app: &App) -> Duration {
        let waits_for_nothing = matches!(
            app.action,
            AppAction::ExpectNothing | AppAction::ExpectNoConnection | AppAction::ExpectNoUrgent
        );
        match self.most.is_some() || waits_for_nothing {
            true => app.within.as_ref().map_or_else(|| self.default_within(), |within| self.span(within)),
            false => Duration::ZERO,
        }
    }

    fn span(self, expr: &Expr) -> Duration {
        self.known.span(expr).unwrap_or_default()
    }

    /// By how much a bound may be exceeded.
    fn grace(self, span: Duration) -> Duration {
        self.most.map_or(Duration::ZERO, |most| most.tolerance.around(span))
    }

    fn with_grace(self, span: Duration) -> Duration {
        span.saturating_add(self.grace(span))
    }

    /// 1 s and the longest time for which the target may delay an ACK.
    fn default_within(self) -> Duration {
        Duration::from_secs(1).saturating_add((self.known.profile)("DELAYED-ACK").unwrap_or_default())
    }
}

/// How far beyond its end a measure still asks, in parts of how far from it is right.
const MEASURED_BEYOND: u32 = 2;
/// How many connections it brings on their way, one after the other.
const MEASURED_CONNECTIONS: u32 = 16;
/// Steps of the longest way that wait for something, with `sent` and `unacked`.
const STEPS_OF_A_WAY: u32 = 8;
/// A target that sends more slowly is none that can be tested.
const MICROS_AN_OCTET: u64 = 10;
/// How many questions a state may take on the wire.
const QUESTIONS_OF_A_STATE: u32 = 2;
/// For how long a table may name another state, and how long it is asked then.
const TABLE_PATIENCE: Duration = Duration::from_millis(1100);
/// No loop turns more often.
const MAX_TURNS: i64 = 10_000;
