//! Trials as libtest sees them: names, what is ignored, results.

use super::board::Board;
use super::plan::{Fate, Plan};
use super::select::Selection;
use super::status::Status;
use super::verdicts::Verdicts;
use crate::cli::{Colour, Format, RunArguments};
use libtest_mimic::{Arguments, ColorSetting, Completion, Failed, FormatSetting, Trial};
use std::sync::Arc;

/// Threads that wait for verdicts. The plan is sorted by expected duration and all of it runs at
/// once, so that the trials they wait for are those that end first.
const WAITING_THREADS: usize = 64;

/// Everything that a printing thread needs.
pub struct Printing {
    /// What is run.
    pub plan: Arc<Plan>,
    /// Where verdicts are posted.
    pub board: Arc<Board>,
    /// What has been said so far.
    pub verdicts: Arc<Verdicts>,
    /// The line on the terminal.
    pub status: Arc<Status>,
}

/// libtest's view of a plan: every trial, whether selected or not, so that its counts are true.
#[must_use]
pub fn trials(printing: &Arc<Printing>) -> Vec<Trial> {
    let plan = &printing.plan;
    let trial = |index: usize| {
        let planned = &plan.trials[index];
        let printing = Arc::clone(printing);
        match &planned.fate {
            // Ignored when it is run, not before: `--include-ignored` must not run it.
            Fate::Skip(reason) => {
                let reason = reason.clone();
                Trial::ignorable_test(planned.id.clone(), move || {
                    printing.status.make_way();
                    printing.verdicts.skipped(index);
                    Ok(Completion::ignored_with(reason))
                })
            }
            Fate::Run => Trial::test(planned.id.clone(), move || await_verdict(&printing, index)),
            Fate::Slow => Trial::test(planned.id.clone(), move || await_verdict(&printing, index))
                .with_ignored_flag(true),
        }
    };
    (0..plan.trials.len()).map(trial).collect()
}

fn await_verdict(printing: &Printing, index: usize) -> Result<(), Failed> {
    let verdict = match printing.board.take(index) {
        Ok(finished) => printing.verdicts.judge(&printing.plan, &finished),
        Err(why) => printing.verdicts.never_ran(&printing.plan, index, &why),
    };
    printing.status.make_way();
    verdict.map_err(Failed::from)
}

/// Our arguments as libtest's. Several filters become a list of all that they do not select.
#[must_use]
pub fn arguments(run: &RunArguments, selection: &Selection, plan: &Plan) -> Arguments {
    let left_out = plan.trials.iter().map(|trial| &trial.id).filter(|id| !selection.selects(id));
    let format = match (run.format, run.quiet) {
        (Some(Format::Pretty), _) | (None, false) => FormatSetting::Pretty,
        (Some(Format::Terse), _) | (None, true) => FormatSetting::Terse,
        (Some(Format::Json), _) => FormatSetting::Json,
        // It has a list in the form of the others, and no output.
        (Some(Format::Tap), _) => FormatSetting::Pretty,
    };
    // The driver keeps to the bound; those that wait for it may be more. One alone would print a
    // name, and wait behind it on a line that the status line then wipes out.
    let threads = run.test_threads.map_or(WAITING_THREADS, |threads| threads as usize).max(2);
    Arguments {
        include_ignored: run.include_ignored,
        ignored: run.ignored,
        list: run.list,
        test_threads: Some(threads.min(WAITING_THREADS)),
        exact: true,
        skip: left_out.cloned().collect(),
        color: Some(match run.color {
            Colour::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => {
                ColorSetting::Never
            }
            Colour::Auto => ColorSetting::Auto,
            Colour::Always => ColorSetting::Always,
            Colour::Never => ColorSetting::Never,
        }),
        format: Some(format),
        ..Arguments::default()
    }
}
