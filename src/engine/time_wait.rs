//! `measure: time-wait`: how long TIME-WAIT lasts, without touching it.
//!
//! Every question may restart the timer of the connection that is asked. So many connections go
//! into TIME-WAIT, and each is asked once: early ones must still be there, late ones must be gone,
//! and between the last that was there and the first that was gone lies the measured value.

use super::connection::Connection;
use super::eval::Undefined;
use super::passing::STAMP_ERROR;
use super::{Acted, BlockKind, Engine, Progress, Waiting};
use crate::case::Measure;
use crate::segment::{Checksum, Flags, encode_segment};
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FindingCode};
use std::sync::Arc;
use std::time::Duration;

/// A measure under way.
pub(super) struct TimeWaitMeasure {
    is: Duration,
    tolerance: f64,
    /// How far from it is right: the case's tolerance, and the granularity of the target's timers.
    band: Duration,
    question: Question,
    samples: Vec<Sample>,
}

/// One connection, asked once.
struct Sample {
    index: usize,
    /// How long after it entered TIME-WAIT it is asked.
    age: Duration,
    due: Time,
    asked: Option<(Time, Question)>,
    there: Option<bool>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// A bare SYN with a lower number, which restarts nothing (see [`super::probe`]).
    LowerSyn,
    /// Our FIN again, of targets that drop such a SYN in silence. It may begin the wait anew: nobody
    /// asks that connection again.
    FinAgain,
}

/// When the connections are asked: in parts of the length that is demanded (0: at its beginning, 1:
/// at its end), and around its end, in parts of how far from it is right.
const EARLY: [f64; 5] = [0.02, 0.1, 0.25, 0.5, 0.75];
const AROUND: [f64; 11] = [-2.0, -1.6, -1.2, -1.05, -0.6, -0.2, 0.2, 0.6, 1.05, 1.2, 1.4];

/// How many connections a measure makes beside the one that is named.
pub const MEASURED_CONNECTIONS: usize = EARLY.len() + AROUND.len();

/// What came on a connection in TIME-WAIT and answers no question.
const NO_ANSWER: &str = "no answer to the question";

impl Engine {
    /// Lines up the connections that are asked, and their way into TIME-WAIT.
    pub(super) fn prepare_time_wait(&mut self, index: usize, spec: &Measure) -> Result<(), Undefined> {
        let given = self.connections[index].given.clone();
        let first = self.connections.len();
        // Nothing to run: it stands below the ways into the state, and begins the wait behind them.
        self.push(Arc::new([]), None, BlockKind::Measuring { first });
        let mut ways = Vec::new();
        for number in 0..MEASURED_CONNECTIONS {
            let name = format!("{}.{number}", given.connection);
            let own = self.add_connection(given.clone(), name)?;
            ways.extend(self.way_into(&given, own)?);
        }
        self.stack.extend(ways.into_iter().rev());
        let is = self.span(index, &spec.is)?;
        self.time_wait_wanted = Some((is, spec.tolerance));
        Ok(())
    }

    /// All of them are in TIME-WAIT.
    pub(super) fn begin_measuring_time_wait(&mut self, first: usize) {
        let Some((is, tolerance)) = self.time_wait_wanted.take() else { return };
        let band = is.mul_f64(tolerance) + self.config.tolerance.absolute;
        let around = AROUND.iter().map(|part| match *part {
            part if part < 0.0 => is.saturating_sub(band.mul_f64(-part)),
            part => is + band.mul_f64(part),
        });
        let ages = EARLY.iter().map(|part| is.mul_f64(*part)).chain(around);
        let samples = ages.enumerate().map(|(number, age)| {
            let index = first + number;
            // The last step of the way accepted the target's answer to our FIN.
            let due = self.connections[index].accepted + age;
            Sample { index, age, due, asked: None, there: None }
        });
        let samples = samples.collect();
        self.waiting = Waiting::TimeWait(Box::new(TimeWaitMeasure {
            is,
            tolerance,
            band,
            question: Question::LowerSyn,
            samples,
        }));
    }

    pub(super) fn await_time_wait(
        &mut self,
        now: Time,
        measure: &mut TimeWaitMeasure,
    ) -> Result<Progress, Undefined> {
        for sample in &mut measure.samples {
            match sample.asked {
                None if now >= sample.due => {
                    sample.age += now.since(sample.due);
                    self.ask_time_wait(now, sample, measure.question);
                }
                Some((asked, question)) if sample.there.is_none() => {
                    sample.there = self.answer_to_time_wait(now, sample.index, asked);
                    if sample.there.is_some() || self.heard < self.answered_by(asked) {
                        continue;
                    }
                    if question == Question::FinAgain {
                        return Ok(self.no_answer(now, sample));
                    }
                    measure.question = Question::FinAgain;
                    sample.age += now.since(asked);
                    self.ask_time_wait(now, sample, measure.question);
                }
                _ => {}
            }
        }
        let done = measure.samples.iter().all(|sample| sample.there.is_some());
        if done {
            self.judge_time_wait(now, measure);
            return Ok(Progress::Done);
        }
        Ok(Progress::Blocked)
    }

    /// Whether the connection is still there, once that was answered.
    fn answer_to_time_wait(&mut self, now: Time, index: usize, asked: Time) -> Option<bool> {
        while let Some(arrival) = self.front(index) {
            let (older, segment) = (arrival.stamp + STAMP_ERROR < asked, &arrival.received.segment);
            let flags = segment.flags.significant();
            // ACK: the connection answers. SYN ACK, RST: a listener, or nobody, does.
            let gone = flags == Flags::SYN | Flags::ACK || flags.contains(Flags::RST);
            if older || !(gone || segment.is_pure_ack()) {
                self.take_front(index, Some(NO_ANSWER));
                continue;
            }
            self.take_front(index, None);
            if flags.contains(Flags::SYN) {
                self.withdraw(now, index);
            }
            return Some(!gone);
        }
        None
    }

    /// When a question that was put at `asked` must have been answered.
    pub(super) fn answered_by(&self, asked: Time) -> Time {
        asked + self.default_within() + self.grace(self.default_within())
    }

    fn ask_time_wait(&mut self, now: Time, sample: &mut Sample, question: Question) {
        self.clear_inbox(sample.index);
        let connection = &mut self.connections[sample.index];
        let mut segment = connection.reset();
        match question {
            Question::LowerSyn => {
                segment.flags = Flags::SYN;
                segment.seq = connection.rcv_nxt - 100_000;
            }
            Question::FinAgain => {
                segment.flags = Flags::FIN | Flags::ACK;
                segment.seq = connection.rcv_nxt - 1;
                segment.ack = connection.snd_nxt;
            }
        }
        segment.window = u16::MAX;
        segment.checksum = Checksum::Good;
        connection.watch.sent(&segment);
        connection.note_sent(&segment);
        self.depart(now, encode_segment(&segment));
        self.did = Some(self.note(now, sample.index, EventKind::Sent(Box::new(segment))));
        sample.asked = Some((now, question));
    }

    /// A SYN ACK answered the question: it shall not linger half-open.
    fn withdraw(&mut self, now: Time, index: usize) {
        let connection: &mut Connection = &mut self.connections[index];
        let segment = connection.reset();
        connection.watch.sent(&segment);
        self.depart(now, encode_segment(&segment));
        self.note(now, index, EventKind::Sent(Box::new(segment)));
    }

    fn no_answer(&mut self, now: Time, sample: &Sample) -> Progress {
        let expected = "an ACK (still in TIME-WAIT), a SYN ACK or a RST (gone)".into();
        let saw = format!("nothing, when asked {} after TIME-WAIT began", Span(sample.age));
        let finding = self.finding(now, FindingCode::SilentWhereAnswerRequired, expected, saw);
        self.fail(finding);
        Progress::Done
    }

    fn judge_time_wait(&mut self, now: Time, measure: &TimeWaitMeasure) {
        let there = measure.samples.iter().filter(|s| s.there == Some(true)).map(|s| s.age).max();
        let gone = measure.samples.iter().filter(|s| s.there == Some(false)).map(|s| s.age).min();
        let measured = match (there, gone) {
            (Some(there), Some(gone)) => format!("between {} and {}", Span(there), Span(gone)),
            (Some(there), None) => format!("more than {}", Span(there)),
            (None, gone) => format!("less than {}", Span(gone.unwrap_or_default())),
        };
        self.note(now, usize::MAX, EventKind::Note(format!("TIME-WAIT lasted {measured}")));
        self.acted = Acted::at(now);
        let band = measure.band + self.lateness;
        let expected =
            format!("TIME-WAIT for {}, give or take {:.0} %", Span(measure.is), measure.tolerance * 100.0);
        let too_short = gone.filter(|gone| *gone + band < measure.is);
        let too_long = there.filter(|there| *there > measure.is + band);
        let code = match (too_short, too_long, gone) {
            (Some(_), ..) => FindingCode::TimeWaitTooShort,
            (None, Some(_), _) => FindingCode::TimeWaitTooLong,
            (None, None, Some(_)) => return,
            (None, None, None) => {
                let saw = format!("it lasted {measured}, and the bench was {} late", Span(self.lateness));
                return self.fault(now, FindingCode::BenchLate, expected, saw);
            }
        };
        let finding = self.finding(now, code, expected, format!("it lasted {measured}"));
        self.fail(finding);
    }
}

impl TimeWaitMeasure {
    pub(super) fn next_wake(&self, engine: &Engine) -> Option<Time> {
        let wake = |sample: &Sample| match (sample.asked, sample.there) {
            (None, _) => Some(sample.due),
            (Some((asked, _)), None) => Some(engine.answered_by(asked)),
            (Some(_), Some(_)) => None,
        };
        self.samples.iter().filter_map(wake).min()
    }
}
