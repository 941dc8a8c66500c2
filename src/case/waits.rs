//! How long a script may take, and how long it takes at least: both known before its run.

use super::constant::Known;
use super::expr::Expr;
use super::model::{App, AppAction, Expect, Script, Step, StepKind};
use std::time::Duration;

impl Script {
    /// The sum of what its steps may wait for at most, the ways into its states apart. `profile`
    /// gives the profile's values by name; one that it lacks counts as zero.
    #[must_use]
    pub fn longest_wait(&self, profile: &dyn Fn(&str) -> Option<Duration>) -> Duration {
        let waits = Waits { known: Known { profile, turn: None }, most: true };
        let ends = u32::try_from(self.then.len()).unwrap_or(u32::MAX);
        waits.of_steps(&self.steps).saturating_add(waits.default_within().saturating_mul(ends))
    }

    /// The waits that pass in any case: silences, pauses, measures, series, lower edges of waits.
    #[must_use]
    pub fn expected_duration(&self, profile: &dyn Fn(&str) -> Option<Duration>) -> Duration {
        Waits { known: Known { profile, turn: None }, most: false }.of_steps(&self.steps)
    }
}

#[derive(Clone, Copy)]
struct Waits<'a> {
    known: Known<'a>,
    /// What may be waited for at most; else what passes in any case.
    most: bool,
}

impl Waits<'_> {
    fn of_steps(self, steps: &[Step]) -> Duration {
        steps.iter().fold(Duration::ZERO, |sum, step| sum.saturating_add(self.of_step(&step.kind)))
    }

    fn of_step(self, kind: &StepKind) -> Duration {
        match kind {
            StepKind::Silence(span) | StepKind::Wait(span) => self.span(span),
            StepKind::Retransmissions(series) => self.span(&series.within),
            StepKind::Measure(measure) => {
                let margin = if self.most { 1.0 + MEASURED_BEYOND * measure.tolerance } else { 1.0 };
                let is = self.span(&measure.is);
                Duration::try_from_secs_f64(is.as_secs_f64() * margin).unwrap_or(Duration::MAX)
            }
            StepKind::Expect(expect) => self.of_expect(expect),
            StepKind::ExpectAll(all) => {
                all.segments.iter().map(|expect| self.of_expect(expect)).max().unwrap_or_default()
            }
            StepKind::OneOf(one_of) => {
                let waits = one_of.alternatives.iter().map(|(_, steps)| self.of_steps(steps));
                if self.most { waits.max() } else { waits.min() }.unwrap_or_default()
            }
            StepKind::App(app) => self.of_app(app),
            StepKind::Probe(_) | StepKind::State(_) if self.most => self.default_within(),
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

    fn of_expect(self, expect: &Expect) -> Duration {
        match self.most {
            true => expect.within.as_ref().map_or_else(|| self.default_within(), |within| self.span(within)),
            false => expect.not_before.as_ref().map_or(Duration::ZERO, |earliest| self.span(earliest)),
        }
    }

    fn of_app(self, app: &App) -> Duration {
        let waits_for_nothing =
            matches!(app.action, AppAction::ExpectNothing | AppAction::ExpectNoConnection);
        match self.most || waits_for_nothing {
            true => app.within.as_ref().map_or_else(|| self.default_within(), |within| self.span(within)),
            false => Duration::ZERO,
        }
    }

    fn span(self, expr: &Expr) -> Duration {
        self.known.span(expr).unwrap_or_default()
    }

    /// 1 s and the longest time for which the target may delay an ACK.
    fn default_within(self) -> Duration {
        Duration::from_secs(1).saturating_add((self.known.profile)("DELAYED-ACK").unwrap_or_default())
    }
}

/// How many tolerances beyond its end a measure still asks.
const MEASURED_BEYOND: f64 = 2.0;
/// No loop turns more often.
const MAX_TURNS: i64 = 10_000;
