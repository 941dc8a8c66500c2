//! Is the target still there? Silence of a target that no longer answers anybody says nothing about
//! the case, and a target that dies is a failure of its own, never an error of the bench.
//!
//! A trial that ends in silence keeps its verdict to itself until something of the target's arrives
//! that was sent after its end: mostly at once, in another trial. Where nothing does, and at the end
//! of the run, the target is asked by a plain handshake. Only where that stays without any answer,
//! again and again and with no other connection left that could stand in its way, has the target
//! stopped answering.

use super::job::{Finished, Job, Surroundings};
use super::places::Places;
use std::sync::Arc;
use std::time::Duration;
use tcpspec_core::case::{CaseFile, Family, Script};
use tcpspec_core::profile::Profile;
use tcpspec_core::requirement::Level;
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{EventKind, Finding, FindingCode, Outcome, Record, Verdict};

/// What is known of the target's life, and the verdicts that depend on it.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    /// When the last segment of the target's arrived.
    last_heard: Time,
    held: Vec<Held>,
    asking: Option<Asking>,
}

/// A trial whose verdict counts only if the target lived on.
#[derive(Debug)]
struct Held {
    finished: Finished,
    ended: Time,
}

/// A question under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asking {
    since: Time,
    /// Handshakes not yet through.
    open: usize,
    /// How often it was asked before, with nothing else under way.
    alone: u32,
}

/// What must be done to know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Nothing now.
    Nothing,
    /// Ask, beside everything else.
    Ask,
    /// Put everything aside and ask: the target may only have been at its limits.
    AskAlone,
    /// Give up: it has stopped answering.
    Bury,
}

/// How often the target is asked with nothing else under way.
const ASKED_ALONE: u32 = 3;

impl Liveness {
    /// A segment of the target's arrived.
    pub(super) fn heard(&mut self, stamp: Time) {
        self.last_heard = self.last_heard.max(stamp);
    }

    /// Keeps a verdict back until the target has been heard of again.
    pub(super) fn hold(&mut self, finished: Finished, now: Time) {
        self.held.push(Held { finished, ended: now });
    }

    /// The verdicts that can be told.
    pub(super) fn released(&mut self) -> Vec<Finished> {
        let last_heard = self.last_heard;
        self.held.extract_if(.., |held| held.ended < last_heard).map(|held| held.finished).collect()
    }

    /// Whether no verdict waits.
    pub(super) fn is_content(&self) -> bool {
        self.held.is_empty() && self.asking.is_none()
    }

    /// Whether trials must not begin.
    pub(super) fn wants_quiet(&self) -> bool {
        self.asking.is_some_and(|asking| asking.alone > 0)
    }

    /// What to do next; the answer counts as done. `questions` handshakes make one attempt.
    pub(super) fn demand(&mut self, now: Time, questions: usize) -> Demand {
        let next = |alone| Some(Asking { since: now, open: questions, alone });
        match self.asking {
            None if self.held.is_empty() => Demand::Nothing,
            None => {
                self.asking = next(0);
                Demand::Ask
            }
            Some(Asking { open: 1.., .. }) => Demand::Nothing,
            Some(Asking { since, .. }) if self.last_heard > since => {
                self.asking = None;
                Demand::Nothing
            }
            Some(Asking { alone: ASKED_ALONE.., .. }) => {
                self.asking = None;
                Demand::Bury
            }
            Some(Asking { alone, .. }) => {
                self.asking = next(alone + 1);
                Demand::AskAlone
            }
        }
    }

    /// One handshake is through, well or not.
    pub(super) fn asked(&mut self) {
        if let Some(asking) = &mut self.asking {
            asking.open = asking.open.saturating_sub(1);
        }
    }

    /// The verdicts of those that waited in vain.
    pub(super) fn buried(&mut self, now: Time) -> Vec<Finished> {
        let silent = now.since(self.last_heard);
        let bury = |held: Held| {
            let outcome = stopped_answering(held.finished.outcome, silent, now);
            Finished { outcome, ..held.finished }
        };
        self.held.drain(..).map(bury).collect()
    }

    /// The verdict of a trial that need not be run any more.
    pub(super) fn never_run(&self, job: &Job, attempt: u32, now: Time) -> Finished {
        let nothing = Outcome { verdict: Verdict::Fail, findings: Vec::new(), record: Record::default() };
        Finished {
            index: job.index,
            outcome: stopped_answering(nothing, now.since(self.last_heard), now),
            took: Duration::ZERO,
            attempts: attempt + 1,
            latest: Duration::ZERO,
        }
    }
}

fn stopped_answering(outcome: Outcome, silent: Duration, now: Time) -> Outcome {
    let finding = Finding {
        code: FindingCode::TargetStoppedAnswering,
        requirement: None,
        did: format!(
            "asked {} times whether it is still there, the last times with nothing else under way",
            ASKED_ALONE + 1
        ),
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

/// Whether nothing of the target's, or of its application's, came after the last thing that we did,
/// or after that was waited for in vain.
pub(super) fn ends_in_silence(record: &Record) -> bool {
    let last = record.events.iter().rev().find_map(|event| match event.kind {
        EventKind::Nothing | EventKind::Sent(_) | EventKind::SentIcmp(_) | EventKind::Asked(_) => Some(true),
        EventKind::Received { .. }
        | EventKind::ReceivedOther(_)
        | EventKind::Answered(_)
        | EventKind::Table { .. } => Some(false),
        EventKind::Note(_) => None,
    });
    last.unwrap_or(false)
}

/// The trials that ask a target whether it is there, for each family: a handshake with an ordinary
/// service, and stray segments, which draw a RST from any port, also from one whose listener can take
/// no more connections.
pub(super) fn questions(profile: &Profile, places: &Places, surroundings: &Arc<Surroundings>) -> Vec<Job> {
    // With an upper tester an own listener would say more of that than of the stack.
    let wanted = if profile.device().is_some() { &QUESTIONS[..] } else { &QUESTIONS[2..] };
    let mut questions = Vec::new();
    for script in wanted.iter().filter_map(|text| script(text)) {
        let Ok(place) = places.choose(&script, &[], &surroundings.config.fixtures) else { continue };
        let question = |family: &Family| Job {
            index: usize::MAX,
            family: *family,
            seed: surroundings.config.seed,
            script: script.clone(),
            level: Level::Must,
            longest_wait: script.longest_wait(&|name| profile.variable(name), &profile.tolerance),
            private_application: false,
            target_port: place.port.unwrap_or(*profile.ports.target.start()),
            capabilities: Arc::clone(&place.capabilities),
            marks_host: false,
            connections: 1,
            fault: None,
            surroundings: Arc::clone(surroundings),
        };
        questions.extend(surroundings.families.iter().map(question));
    }
    questions
}

fn script(text: &'static str) -> Option<Script> {
    CaseFile::read("runner/liveness.yaml", text).ok()?.cases().first()?.script(0).ok()
}

/// Half a handshake, which the driver's farewell resets; an ACK for a listener (RFC 9293 section
/// 3.10.7.2); an ACK for nobody (section 3.10.7.1).
const QUESTIONS: [&str; 3] = [
    "about: x\n\ncases:\n  syn:\n    given: SYN-RECEIVED\n    steps: []\n",
    "about: x\n\ncases:\n  ack:\n    given: LISTEN\n    steps: [{send: ACK, ack: 1}, {expect: RST}]\n",
    "about: x\n\ncases:\n  ack:\n    given: CLOSED\n    steps: [{send: ACK, ack: 1}, {expect: RST}]\n",
];

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use tcpspec_core::segment::{Endpoint, Segment};
    use tcpspec_core::verdict::Event;

    const fn at(milliseconds: u64) -> Time {
        Time(milliseconds * 1_000_000)
    }

    fn finished(index: usize) -> Finished {
        let outcome = Outcome { verdict: Verdict::Pass, findings: Vec::new(), record: Record::default() };
        Finished { index, outcome, took: Duration::ZERO, attempts: 1, latest: Duration::ZERO }
    }

    fn indices(finished: &[Finished]) -> Vec<usize> {
        finished.iter().map(|finished| finished.index).collect()
    }

    /// Asks once more, without an answer.
    fn ask_in_vain(liveness: &mut Liveness, now: Time) -> Demand {
        let demand = liveness.demand(now, 2);
        assert_eq!(liveness.demand(now, 2), Demand::Nothing);
        liveness.asked();
        liveness.asked();
        demand
    }

    #[test]
    fn silence_is_told_once_something_came_that_was_sent_after_it() {
        let mut liveness = Liveness::default();
        liveness.hold(finished(1), at(10));
        liveness.heard(at(10));
        liveness.heard(at(9));
        assert_eq!(indices(&liveness.released()), [0; 0]);
        liveness.hold(finished(2), at(20));
        liveness.heard(at(15));
        assert_eq!((indices(&liveness.released()), liveness.is_content()), (vec![1], false));
        liveness.heard(at(21));
        assert_eq!((indices(&liveness.released()), liveness.is_content()), (vec![2], true));
    }

    #[test]
    fn target_that_answers_the_question_is_left_in_peace() {
        let mut liveness = Liveness::default();
        assert_eq!(liveness.demand(at(0), 1), Demand::Nothing);
        liveness.hold(finished(1), at(10));
        assert_eq!(liveness.demand(at(11), 1), Demand::Ask);
        liveness.heard(at(12));
        assert_eq!(indices(&liveness.released()), [1]);
        liveness.asked();
        assert_eq!((liveness.demand(at(13), 1), liveness.is_content()), (Demand::Nothing, true));
    }

    #[test]
    fn target_that_answers_only_when_left_alone_lives() {
        let mut liveness = Liveness::default();
        liveness.hold(finished(1), at(10));
        assert_eq!(ask_in_vain(&mut liveness, at(10)), Demand::Ask);
        assert_eq!((ask_in_vain(&mut liveness, at(1000)), liveness.wants_quiet()), (Demand::AskAlone, true));
        assert_eq!(ask_in_vain(&mut liveness, at(2000)), Demand::AskAlone);
        liveness.heard(at(2500));
        assert_eq!(indices(&liveness.released()), [1]);
        assert_eq!((liveness.demand(at(3000), 2), liveness.wants_quiet()), (Demand::Nothing, false));
    }

    #[test]
    fn target_that_never_answers_is_buried_with_all_that_waited() {
        let mut liveness = Liveness::default();
        liveness.heard(at(5));
        liveness.hold(finished(1), at(10));
        let demands: Vec<_> = (1..=4).map(|second| ask_in_vain(&mut liveness, at(1000 * second))).collect();
        assert_eq!(demands, [Demand::Ask, Demand::AskAlone, Demand::AskAlone, Demand::AskAlone]);
        assert_eq!(liveness.demand(at(5005), 2), Demand::Bury);
        let buried = liveness.buried(at(5005));
        let outcome = &buried[0].outcome;
        assert_eq!(
            (outcome.verdict, outcome.findings[0].code, outcome.findings[0].saw.as_str()),
            (
                Verdict::Fail,
                FindingCode::TargetStoppedAnswering,
                "the target no longer answers anybody: nothing came from it for 5 s"
            )
        );
        assert_eq!((indices(&buried), liveness.is_content()), (vec![1], true));
    }

    #[test]
    fn record_ends_in_silence_where_nothing_follows_what_we_did() {
        let end: Endpoint = "192.0.2.1:9".parse().expect("an address");
        let segment = Box::new(Segment::between(end, end));
        let sent = EventKind::Sent(segment.clone());
        let received = EventKind::Received { segment, passed_over: None };
        let record = |kinds: &[&EventKind]| {
            let event = |kind: &&EventKind| Event {
                at: at(0),
                connection: String::new(),
                origin: None,
                kind: (*kind).clone(),
            };
            ends_in_silence(&Record { events: kinds.iter().map(event).collect() })
        };
        assert_eq!(
            [
                record(&[]),
                record(&[&sent]),
                record(&[&received, &sent, &EventKind::Nothing]),
                record(&[&sent, &received, &EventKind::Nothing]),
                record(&[&sent, &received]),
                record(&[&sent, &received, &EventKind::Note("x".into())]),
            ],
            [false, true, true, true, false, false]
        );
    }
}
