//! The sanity sandwich: is the target still what it was before the last trials?
//!
//! A plain conversation (handshake, text, close) is held with the target before the first trial, and
//! again and again while trials end. A trial's verdict is told once such a conversation, begun after
//! its end, went well: until then it is held back. Where the conversation fails, everything is put
//! aside and it is tried again with nothing else under way. If it fails then, too, the target has
//! stopped answering: what was under way or held back is suspect. A target that can be reset is, and
//! the suspects are run one by one, a conversation behind each, to find the one that does it.
//!
//! A target that never held a plain conversation is judged by less: that it answers anybody at all.

use super::job::{Finished, Job};
use std::collections::VecDeque;
use std::time::Duration;
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{Finding, FindingCode, Outcome, Record, Verdict};

/// What shows that a target lives.
#[derive(Clone, Default)]
pub struct Questions {
    /// Plain conversations, one for each family.
    pub plain: Vec<Job>,
    /// What draws an answer from any stack, whatever its services do.
    pub any: Vec<Job>,
}

/// A trial, and how often it was begun before.
pub(super) type Begun = (Job, u32);

/// What is known of the target's life, and the verdicts that depend on it.
#[derive(Default)]
pub(super) struct Sandwich {
    questions: Questions,
    can_reset: bool,
    stage: Stage,
    /// What a question must draw for the target to live.
    sign: Sign,
    /// When the last segment of the target's arrived.
    last_heard: Time,
    held: Vec<Held>,
    /// What was under way when doubts arose.
    aside: Vec<Begun>,
    round: Option<Round>,
    not_before: Time,
    resets: u32,
    /// Rounds in a row that the bench itself spoilt.
    unclear: u32,
    suspects: VecDeque<Begun>,
    culprits: usize,
    told: Vec<Finished>,
    complaints: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Before the first trial.
    #[default]
    Opening,
    /// Trials run side by side.
    Group,
    /// A conversation failed; asked so often since, with nothing else under way.
    Doubt(u32),
    /// Brought back by its reset command, or not, by then.
    Recovering { until: Time },
    /// One suspect at a time; asked so often behind it.
    OneByOne { is_running: bool, asked: u32 },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sign {
    /// Plain conversations went well.
    #[default]
    Conversation,
    /// It answered anybody.
    AnyAnswer,
}

/// A trial whose verdict counts only if the target lived on.
struct Held {
    job: Job,
    finished: Finished,
    ended: Time,
}

/// Questions under way.
struct Round {
    since: Time,
    open: usize,
    /// What went wrong in a plain conversation.
    wrong: Option<String>,
    is_unclear: bool,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing to complain of.
    Nothing,
    /// The conversation failed: why.
    Wrong(String),
    /// It failed, and the bench itself may have spoilt it.
    Unclear,
}

impl Answer {
    pub(super) fn of(job: &Job, outcome: &Outcome, in_doubt: bool) -> Self {
        let is_well = matches!(outcome.verdict, Verdict::Pass | Verdict::Info | Verdict::Deviation);
        match outcome.findings.first() {
            _ if is_well || job.index != PLAIN => Self::Nothing,
            _ if in_doubt || outcome.verdict == Verdict::Error => Self::Unclear,
            Some(finding) => Self::Wrong(format!("expected {}; saw {}", finding.expected, finding.saw)),
            None => Self::Wrong(format!("its verdict is {}", outcome.verdict)),
        }
    }
}

/// In place of a trial's number: this job is a plain conversation, or another question.
pub(super) const PLAIN: usize = usize::MAX;
pub(super) const ANY: usize = usize::MAX - 1;

/// What must be done to know more.
pub(super) enum Demand {
    /// Nothing now.
    Nothing,
    /// Ask beside everything else.
    Ask(Vec<Job>),
    /// Put everything aside and ask: the target may only have been at its limits.
    AskAlone(Vec<Job>),
    /// Run this one, alone.
    Suspect(Box<Begun>),
    /// The target lives: what was put aside is run again.
    GoOn(Vec<Begun>),
    /// Run the reset command.
    Reset,
    /// Give up: it has stopped answering.
    Bury,
}

/// How often the target is asked with nothing else under way.
const ASKED_ALONE: u32 = 3;
/// Between two rounds of questions to a target that does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// A round takes a tenth of the time at most, and not every millisecond.
const SPARING: u32 = 10;
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// How long a target may take to come back after its reset command ended.
const RECOVERS_WITHIN: Duration = Duration::from_secs(120);
/// A target that stops more often than this is not run any further.
const MOST_RESETS: u32 = 20;
const MOST_UNCLEAR: u32 = 5;

impl Sandwich {
    /// Asks these questions; without any, every verdict is believed at once.
    pub(super) fn new(questions: Questions, can_reset: bool) -> Self {
        let sign = if questions.plain.is_empty() { Sign::AnyAnswer } else { Sign::Conversation };
        Self { questions, can_reset, sign, ..Self::default() }
    }

    /// A segment of the target's arrived.
    pub(super) fn heard(&mut self, stamp: Time) {
        self.last_heard = self.last_heard.max(stamp);
    }

    /// A trial ended; its verdict is kept back until the target has shown that it lives.
    pub(super) fn ended(&mut self, job: Job, finished: Finished, now: Time) {
        if self.is_off() {
            self.told.push(finished);
            return;
        }
        if let Stage::OneByOne { is_running, asked } = &mut self.stage {
            (*is_running, *asked) = (false, 0);
        }
        self.held.push(Held { job, finished, ended: now });
    }

    /// A trial ended, and the bench itself spoilt it: where it has to wait for its turn, if not here.
    pub(super) fn again(&mut self, begun: Begun) -> Option<Begun> {
        if let Stage::OneByOne { is_running, .. } = &mut self.stage {
            *is_running = false;
            self.suspects.push_front(begun);
            return None;
        }
        Some(begun)
    }

    /// One question is through.
    pub(super) fn answered(&mut self, answer: Answer) {
        let Some(round) = &mut self.round else { return };
        round.open = round.open.saturating_sub(1);
        match answer {
            Answer::Nothing => {}
            Answer::Unclear => round.is_unclear = true,
            Answer::Wrong(why) => _ = round.wrong.get_or_insert(why),
        }
    }

    /// The verdicts that can be told.
    pub(super) fn believed(&mut self) -> Vec<Finished> {
        // Behind a reset it says nothing of what was before.
        if self.sign == Sign::AnyAnswer && !matches!(self.stage, Stage::Recovering { .. }) {
            let last_heard = self.last_heard;
            self.believe(last_heard);
        }
        std::mem::take(&mut self.told)
    }

    /// What has gone wrong that no trial can be blamed for, each a sentence. It makes a run red.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// Whether nothing is left to find out.
    pub(super) fn is_content(&self) -> bool {
        let settled = matches!(self.stage, Stage::Opening | Stage::Group);
        self.is_off() || settled && self.held.is_empty() && self.round.is_none() && self.told.is_empty()
    }

    /// Whether trials must not begin.
    pub(super) fn wants_quiet(&self) -> bool {
        !self.is_off() && self.stage != Stage::Group
    }

    /// What was under way and is so no more, because [`Demand::AskAlone`] asked for quiet.
    pub(super) fn put_aside(&mut self, trials: Vec<Begun>) {
        self.aside.extend(trials);
    }

    /// What to do next; the answer counts as done.
    pub(super) fn demand(&mut self, now: Time) -> Demand {
        if self.is_off() {
            return Demand::Nothing;
        }
        match &self.round {
            Some(round) if round.open > 0 => Demand::Nothing,
            Some(_) => self.judge_round(now),
            None => self.begin(now),
        }
    }

    /// The reset command ended.
    pub(super) fn was_reset(&mut self, now: Time, result: Result<(), String>) -> Demand {
        self.resets += 1;
        match result {
            Ok(()) => {
                self.stage = Stage::Recovering { until: now + RECOVERS_WITHIN };
                Demand::Nothing
            }
            Err(why) => {
                self.complaints.push(why);
                self.bury()
            }
        }
    }

    /// The verdicts of those that waited in vain, suspects among them; the rest never ran.
    pub(super) fn buried(&mut self, now: Time) -> Vec<Finished> {
        let silent = now.since(self.last_heard);
        let asked = self.suspicion();
        let bury = |held: Held| {
            let outcome = stopped_answering(held.finished.outcome, asked.clone(), silent, now);
            Finished { outcome, ..held.finished }
        };
        let mut buried: Vec<_> = self.held.drain(..).map(bury).collect();
        let begun: Vec<_> = self.aside.drain(..).chain(self.suspects.drain(..)).collect();
        buried.extend(begun.iter().map(|begun| self.never_run(begun, now)));
        buried
    }

    /// The verdict of a trial that need not be run any more.
    pub(super) fn never_run(&self, (job, attempt): &Begun, now: Time) -> Finished {
        let nothing = Outcome { verdict: Verdict::Fail, findings: Vec::new(), record: Record::default() };
        let silent = now.since(self.last_heard);
        Finished {
            index: job.index,
            outcome: stopped_answering(nothing, self.suspicion(), silent, now),
            took: Duration::ZERO,
            attempts: attempt + 1,
            latest: Duration::ZERO,
        }
    }

    fn is_off(&self) -> bool {
        self.questions.plain.is_empty() && self.questions.any.is_empty()
    }

    fn begin(&mut self, now: Time) -> Demand {
        match self.stage {
            Stage::Opening => self.ask(now),
            Stage::Group if self.held.is_empty() || now < self.not_before => Demand::Nothing,
            Stage::Group => self.ask(now),
            Stage::Doubt(_) | Stage::Recovering { .. } if now < self.not_before => Demand::Nothing,
            Stage::Doubt(_) | Stage::Recovering { .. } => self.ask(now),
            Stage::OneByOne { is_running: true, .. } => Demand::Nothing,
            Stage::OneByOne { .. } if !self.held.is_empty() && now < self.not_before => Demand::Nothing,
            Stage::OneByOne { .. } if !self.held.is_empty() => self.ask(now),
            Stage::OneByOne { .. } => match self.suspects.pop_front() {
                Some(suspect) => {
                    self.stage = Stage::OneByOne { is_running: true, asked: 0 };
                    Demand::Suspect(Box::new(suspect))
                }
                None => self.acquit(),
            },
        }
    }

    fn ask(&mut self, now: Time) -> Demand {
        let Questions { plain, any } = &self.questions;
        let is_alone = self.stage != Stage::Group;
        // Any answer is asked for where conversations do not tell, or have failed.
        let also = if is_alone || self.sign == Sign::AnyAnswer { any.as_slice() } else { &[] };
        let plain = if self.sign == Sign::Conversation { plain.as_slice() } else { &[] };
        let jobs: Vec<_> = plain.iter().chain(also).cloned().collect();
        self.round = Some(Round { since: now, open: jobs.len(), wrong: None, is_unclear: false });
        if is_alone { Demand::AskAlone(jobs) } else { Demand::Ask(jobs) }
    }

    fn judge_round(&mut self, now: Time) -> Demand {
        let Some(round) = self.round.take() else { return Demand::Nothing };
        let answers = self.last_heard > round.since;
        // A busy bench asks again; the trials that it spoils are errors soon enough.
        if round.is_unclear && round.wrong.is_none() && self.unclear < MOST_UNCLEAR {
            self.unclear += 1;
            return Demand::Nothing;
        }
        self.unclear = 0;
        let wrong = match self.sign {
            Sign::Conversation if round.is_unclear => Some("the bench was too busy for it".to_owned()),
            Sign::Conversation => round.wrong,
            Sign::AnyAnswer if answers => None,
            Sign::AnyAnswer => Some("it answered nobody".to_owned()),
        };
        let Some(wrong) = wrong else {
            if self.stage != Stage::Opening {
                self.not_before = now + (now.since(round.since) * SPARING).max(SHORTEST_PAUSE);
            }
            return self.lives(round.since);
        };
        self.not_before = now + PAUSE;
        match self.stage {
            Stage::Opening => {
                if self.sign == Sign::Conversation && answers {
                    self.judged_by_any_answer();
                }
                self.stage = Stage::Group;
                Demand::Nothing
            }
            Stage::Group => {
                self.stage = Stage::Doubt(0);
                self.not_before = now;
                Demand::Nothing
            }
            Stage::Doubt(times) if times + 1 < ASKED_ALONE => {
                self.stage = Stage::Doubt(times + 1);
                Demand::Nothing
            }
            Stage::Doubt(_) => self.stopped(answers, &wrong),
            Stage::Recovering { until } if now < until => Demand::Nothing,
            Stage::Recovering { .. } => {
                let within = Span(RECOVERS_WITHIN);
                self.complaints
                    .push(format!("the reset command did not bring the target back within {within}"));
                self.bury()
            }
            Stage::OneByOne { asked, .. } if asked + 1 < ASKED_ALONE => {
                self.stage = Stage::OneByOne { is_running: false, asked: asked + 1 };
                Demand::Nothing
            }
            Stage::OneByOne { .. } => self.convict(now),
        }
    }

    /// The target showed that it lives, in answer to what was asked at that moment.
    fn lives(&mut self, since: Time) -> Demand {
        // Behind a reset it says nothing of what was before.
        if !matches!(self.stage, Stage::Recovering { .. }) {
            self.believe(since);
        }
        match self.stage {
            Stage::Opening | Stage::Group => self.stage = Stage::Group,
            Stage::Doubt(_) => {
                self.stage = Stage::Group;
                return Demand::GoOn(std::mem::take(&mut self.aside));
            }
            Stage::Recovering { .. } => {
                let suspects = self.held.drain(..).map(|held| (held.job, held.finished.attempts - 1));
                self.suspects.extend(suspects);
                self.suspects.extend(self.aside.drain(..));
                self.stage = Stage::OneByOne { is_running: false, asked: 0 };
            }
            Stage::OneByOne { .. } => {}
        }
        Demand::Nothing
    }

    fn believe(&mut self, since: Time) {
        let believed = self.held.extract_if(.., |held| held.ended < since).map(|held| held.finished);
        self.told.extend(believed);
    }

    /// It holds no conversation any more, with nothing else under way.
    fn stopped(&mut self, answers: bool, wrong: &str) -> Demand {
        if self.can_reset && self.resets < MOST_RESETS {
            return Demand::Reset;
        }
        if !answers {
            return self.bury();
        }
        // Its stack is there; its service, or its memory for connections, is not.
        let names = self.held.len() + self.aside.len();
        self.complaints.push(format!(
            "the target no longer holds a plain conversation ({wrong}), though it still answers; it did so \
             before the last {names} trials that were under way"
        ));
        self.judged_by_any_answer();
        self.stage = Stage::Group;
        Demand::GoOn(std::mem::take(&mut self.aside))
    }

    fn judged_by_any_answer(&mut self) {
        self.sign = Sign::AnyAnswer;
    }

    /// The suspect that was just run is the one.
    fn convict(&mut self, now: Time) -> Demand {
        self.culprits += 1;
        let silent = now.since(self.last_heard);
        let did = "ran this trial alone, after a plain conversation that went well, and then asked for \
                   another one"
            .to_owned();
        let convicted = self.held.drain(..).map(|held| {
            let outcome = stopped_answering(held.finished.outcome, did.clone(), silent, now);
            Finished { outcome, ..held.finished }
        });
        self.told.extend(convicted.collect::<Vec<_>>());
        if self.resets < MOST_RESETS { Demand::Reset } else { self.bury() }
    }

    /// No suspect is left.
    fn acquit(&mut self) -> Demand {
        self.stage = Stage::Group;
        if std::mem::take(&mut self.culprits) == 0 {
            self.complaints.push(
                "the target stopped answering and had to be reset; no trial that was under way does it \
                 alone: it may stand fewer connections at a time than `limits.connections` says"
                    .to_owned(),
            );
        }
        Demand::GoOn(Vec::new())
    }

    fn bury(&mut self) -> Demand {
        self.stage = Stage::Group;
        Demand::Bury
    }

    fn suspicion(&self) -> String {
        format!(
            "asked {} times whether it is still there, the last times with nothing else under way",
            ASKED_ALONE + 1
        )
    }
}

fn stopped_answering(outcome: Outcome, did: String, silent: Duration, now: Time) -> Outcome {
    let finding = Finding {
        code: FindingCode::TargetStoppedAnswering,
        requirement: None,
        did,
        expected: "an answer of the target to anybody".into(),
        saw: format!("the target no longer answers anybody: nothing came from it for {}", Span(silent)),
        differences: Vec::new(),
        place: None,
        at: now,
        event: None,
    };
    let findings = [finding].into_iter().chain(outcome.findings).collect();
    Outcome { verdict: Verdict::Fail, findings, record: outcome.record }
}

#[cfg(test)]
mod tests;
