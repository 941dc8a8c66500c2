//! Writes what a run leaves behind, on a thread of its own: a slow disk makes no trial late.

use super::capture::{self, Captures};
use super::clock::RecordClock;
use super::event::{Event, Footer, Header, Trial, Unfound, Verdict};
use super::folder::{CAPTURES, Folder, FolderError};
use super::interrupt::Interruptions;
use super::trial::{with_outcome, without_outcome};
use super::{pcapng, reports};
use crate::cli::ShownArguments;
use crate::runner::{Board, Fate, Finished, Plan, Verdicts};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is recorded.
pub(crate) struct Run {
    /// What was planned.
    pub(crate) plan: Arc<Plan>,
    /// By which outcomes are weighed.
    pub(crate) verdicts: Arc<Verdicts>,
    /// Trials of which a line is to be written, by their place in the plan, and whether each is run.
    pub(crate) selected: Vec<(usize, bool)>,
    /// The first line.
    pub(crate) header: Header,
    /// What records count their moments from.
    pub(crate) clock: RecordClock,
    /// Which trials get a capture.
    pub(crate) captures: Captures,
    /// What a pipeline shows.
    pub(crate) shown: ShownArguments,
}

/// The thread that writes.
pub(crate) struct Recorder {
    to: Sender<Message>,
    thread: JoinHandle<()>,
}

enum Message {
    Finished(Arc<Finished>),
    /// No more verdicts will come; why, where the bench gave up. The answer is what could not be written.
    Settle(Option<String>, Sender<Option<String>>),
    /// The last line.
    End(Box<End>, Sender<Option<String>>),
}

/// What is known at the end of a run.
#[derive(Default)]
pub(crate) struct End {
    /// Of the bench.
    pub(crate) complaints: Vec<String>,
    /// Of the target, or of its ledger.
    pub(crate) accusations: Vec<String>,
    /// Entries of the ledger of which a share of a run has found nothing.
    pub(crate) unfound: Vec<Unfound>,
    /// The signal that ended it.
    pub(crate) interrupted: Option<&'static str>,
    /// The code to exit with.
    pub(crate) exit_code: Option<u8>,
}

impl Recorder {
    /// Begins to write, and is told of every verdict on `board` from now on.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(crate) fn begin(
        run: Run,
        folder: Folder,
        board: &Board,
        interruptions: Option<Interruptions>,
    ) -> Result<Self, FolderError> {
        let clerk = Clerk::begin(run, folder)?;
        let (to, from) = channel();
        let thread = std::thread::Builder::new().name("evidence".into());
        let thread = thread.spawn(move || clerk.work(&from)).map_err(|error| FolderError::Unwritable {
            path: "run.jsonl".into(),
            reason: format!("no thread for it: {error}"),
        })?;
        let verdicts = to.clone();
        board.tell(Box::new(move |finished| {
            let _ = verdicts.send(Message::Finished(Arc::clone(finished)));
        }));
        if let Some(interruptions) = interruptions {
            let to = to.clone();
            interruptions.look_after(move |signal| {
                let end = End { interrupted: Some(signal), ..End::default() };
                let _ = ask(&to, |answer| Message::End(Box::new(end), answer));
            });
        }
        Ok(Self { to, thread })
    }

    /// No more verdicts will come; `why` where the bench gave up. Says what could not be written so far.
    pub(crate) fn settle(&self, why: Option<String>) -> Option<String> {
        ask(&self.to, |answer| Message::Settle(why, answer))
    }

    /// Writes the last line and the reports, and says what could not be written.
    pub(crate) fn end(self, end: End) -> Option<String> {
        let problem = ask(&self.to, |answer| Message::End(Box::new(end), answer));
        let _ = self.thread.join();
        problem
    }
}

/// Waits for the answer of the thread.
fn ask(to: &Sender<Message>, message: impl FnOnce(Sender<Option<String>>) -> Message) -> Option<String> {
    let (answer, answered) = channel();
    let gone = || Some("the thread that writes the evidence is gone".to_owned());
    if to.send(message(answer)).is_err() {
        return gone();
    }
    answered.recv().unwrap_or_else(|_| gone())
}

/// What that thread knows.
struct Clerk {
    run: Run,
    folder: Folder,
    out: File,
    began: Instant,
    told: BTreeSet<usize>,
    counts: BTreeMap<Verdict, usize>,
    /// What could not be written first. Nothing is written from then on.
    problem: Option<String>,
}

impl Clerk {
    fn begin(run: Run, mut folder: Folder) -> Result<Self, FolderError> {
        let out = folder.clear()?;
        let header = Event::Header(Box::new(run.header.clone()));
        let mut clerk = Self {
            run,
            folder,
            out,
            began: Instant::now(),
            told: BTreeSet::new(),
            counts: BTreeMap::new(),
            problem: None,
        };
        clerk.line(&header).map_err(|error| FolderError::Unwritable {
            path: clerk.folder.stream(),
            reason: error.to_string(),
        })?;
        Ok(clerk)
    }

    fn work(mut self, from: &Receiver<Message>) {
        self.tell_of_those_that_are_not_run();
        for message in from {
            match message {
                Message::Finished(finished) => self.finished(&finished),
                Message::Settle(why, answer) => {
                    self.settle(why.as_deref());
                    let _ = answer.send(self.problem.clone());
                }
                Message::End(end, answer) => {
                    self.end(*end);
                    // It is told when it is safe to exit: no line follows.
                    let Self { problem, folder, out, .. } = self;
                    drop((folder, out));
                    let _ = answer.send(problem);
                    return;
                }
            }
        }
    }

    fn tell_of_those_that_are_not_run(&mut self) {
        let plan = Arc::clone(&self.run.plan);
        for (index, _) in self.run.selected.clone().into_iter().filter(|(_, is_run)| !is_run) {
            let (verdict, reason) = match &plan.trials[index].fate {
                Fate::Skip(reason) => (Verdict::Skip, reason.clone()),
                Fate::Run | Fate::Slow => {
                    (Verdict::NotRun, "it is slow: `--include-ignored` runs it".to_owned())
                }
            };
            self.tell(index, without_outcome(&plan, index, verdict, reason));
        }
    }

    fn finished(&mut self, finished: &Finished) {
        let Run { plan, verdicts, clock, captures, header, .. } = &self.run;
        let mut trial = with_outcome(plan, verdicts, finished, *clock);
        if self.problem.is_none() && captures.wants(&finished.outcome) {
            let name = format!("{CAPTURES}/{}", capture::file_name(&trial.id));
            let section = capture::section(&trial, &header.kernel);
            let packets = capture::packets(&finished.outcome.record, &trial, *clock);
            match self.folder.write(&name, |out| pcapng::write(out, &section, &packets)) {
                Ok(()) => trial.capture = Some(name),
                Err(error) => self.problem = Some(error.to_string()),
            }
        }
        self.tell(finished.index, trial);
    }

    fn settle(&mut self, why: Option<&str>) {
        let plan = Arc::clone(&self.run.plan);
        for (index, _) in self.run.selected.clone() {
            if !self.told.contains(&index) {
                let why = why.unwrap_or("the bench ended before this trial");
                let reason = format!("the bench gave up before this trial had a verdict: {why}");
                self.tell(index, without_outcome(&plan, index, Verdict::Error, reason));
            }
        }
    }

    fn tell(&mut self, index: usize, trial: Trial) {
        if self.told.insert(index) {
            *self.counts.entry(trial.verdict).or_default() += 1;
            self.write(&Event::Trial(Box::new(trial)));
        }
    }

    fn end(&mut self, end: End) {
        let End { complaints, accusations, unfound, interrupted, exit_code } = end;
        let duration: Duration = self.began.elapsed();
        let counts = std::mem::take(&mut self.counts);
        self.write(&Event::Footer(Footer {
            counts,
            complaints,
            accusations,
            unfound,
            interrupted: interrupted.map(str::to_owned),
            exit_code,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }));
        if self.problem.is_some() {
            return;
        }
        self.problem = reports::write(&self.folder, &self.run.shown).err().map(|error| error.to_string());
    }

    fn write(&mut self, event: &Event) {
        if self.problem.is_none()
            && let Err(error) = self.line(event)
        {
            self.problem = Some(format!("cannot write {}: {error}", self.folder.stream().display()));
        }
    }

    /// One write for one line, so that a run that is killed leaves whole lines.
    fn line(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.out.write_all(&line)
    }
}
