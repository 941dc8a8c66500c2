//! Which trials a run is about, and what is to be said where they are none.

use super::Stop;
use super::rerun::Rerun;
use crate::cli::{RunArguments, exit};
use crate::runner::{Fate, Plan, Selection, Shard};
use std::collections::BTreeSet;

/// What a run is about.
pub(super) struct Chosen {
    /// What is run here.
    pub(super) selection: Selection,
    /// How many trials that are.
    pub(super) count: usize,
    /// What other shares of the run have.
    pub(super) elsewhere: BTreeSet<String>,
}

/// What the arguments select; `rerun` is what was red in an earlier run of this `target`.
///
/// # Errors
/// That is nothing, or not what was meant.
pub(super) fn choose(
    run: &RunArguments,
    plan: &Plan,
    target: &str,
    rerun: Option<&Rerun>,
) -> Result<Chosen, Stop> {
    if let Some(rerun) = rerun {
        rerun.check(target, &plan.trials.iter().map(|trial| trial.id.as_str()).collect::<Vec<_>>())?;
    }
    let selection = Selection {
        filters: run.filters.clone(),
        exact: run.exact,
        skip: run.skip.clone(),
        among: rerun.map(|rerun| rerun.ids.clone()),
    };
    let count = check(&selection, plan, run)?;
    match run.shard {
        None => Ok(Chosen { selection, count, elsewhere: BTreeSet::new() }),
        Some(shard) => share(selection, plan, shard),
    }
}

/// A share of what is selected.
fn share(selection: Selection, plan: &Plan, shard: Shard) -> Result<Chosen, Stop> {
    let ids = plan.trials.iter().map(|trial| &trial.id);
    let all: BTreeSet<_> = ids.filter(|id| selection.selects(id)).cloned().collect();
    let share = shard.share(&all);
    if share.is_empty() {
        let message = format!("share {shard} is empty: {} trials are selected", all.len());
        return Err(Stop::new(exit::NOTHING_SELECTED, message));
    }
    let elsewhere = &all - &share;
    Ok(Chosen { count: share.len(), selection: Selection { among: Some(share), ..selection }, elsewhere })
}

/// Nothing selected is a mistake, and so is a filter that selects nothing: it is misspelt, or its
/// trial is gone, and a run without it would be green for the wrong reason. How many are selected.
fn check(selection: &Selection, plan: &Plan, run: &RunArguments) -> Result<usize, Stop> {
    let ids: Vec<_> = plan.trials.iter().map(|trial| trial.id.as_str()).collect();
    let misses = selection.misses(&ids);
    let selected = plan.trials.iter().filter(|trial| selection.selects(&trial.id));
    let selected = selected.filter(|trial| !run.ignored || trial.fate == Fate::Slow).count();
    // A list may well be empty: test runners ask what is ignored, whether anything is or not.
    if misses.is_empty() && (selected > 0 || run.list) || run.filters_may_miss {
        return Ok(selected);
    }
    let what = if selected > 0 { "a filter selects nothing" } else { "nothing is selected" };
    let mut message = format!("{what}{}", missed(&misses));
    if run.ignored {
        message.push_str("\n  `--ignored` runs slow trials only");
    }
    message.push_str("\n  `tcpspec --list` shows all trials");
    Err(Stop::new(exit::NOTHING_SELECTED, message))
}

/// Filters that select nothing are a mistake.
pub(crate) fn check_filters(selection: &Selection, ids: &[&str]) -> Result<(), Stop> {
    let misses = selection.misses(ids);
    if misses.is_empty() {
        return Ok(());
    }
    Err(Stop::new(exit::NOTHING_SELECTED, format!("a filter selects nothing{}", missed(&misses))))
}

fn missed(misses: &[(String, Option<&str>)]) -> String {
    let line = |(filter, nearest): &(String, Option<&str>)| match nearest {
        Some(nearest) => format!("\n  no trial matches `{filter}`; did you mean `{nearest}`?"),
        None => format!("\n  no trial matches `{filter}`"),
    };
    misses.iter().map(line).collect()
}
