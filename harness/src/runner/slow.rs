//! Which slow trials a run leaves out, and how long each would take.

use super::plan::{Fate, Plan};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// One line for each slow case of which trials are `wanted`, the shortest first, with what it takes. How
/// many trials those are; `None` where there are none.
pub fn slow_trials(plan: &Plan, wanted: impl Fn(&str) -> bool) -> Option<(usize, String)> {
    let slow = plan.trials.iter().filter(|trial| trial.fate == Fate::Slow && wanted(&trial.id));
    // Both families take as long, and so do most tables' rows.
    let mut cases: BTreeMap<(Duration, Duration, &str), usize> = BTreeMap::new();
    for trial in slow {
        let case = trial.id.split(':').next().unwrap_or(&trial.id);
        *cases.entry((trial.longest, trial.expected, case)).or_default() += 1;
    }
    let mut lines = String::new();
    for ((longest, least, case), trials) in &cases {
        let plural = if *trials == 1 { "" } else { "s" };
        let _ = writeln!(lines, "  {:>14}  {case} ({trials} trial{plural})", takes(*least, *longest));
    }
    let trials = cases.values().sum();
    (trials > 0).then_some((trials, lines))
}

/// `130 to 146 s`, `up to 1391 s`: what passes in any case, and what is waited for at most.
fn takes(least: Duration, longest: Duration) -> String {
    match (least.as_secs(), longest.as_secs()) {
        (0, most) => format!("up to {most} s"),
        (least, most) => format!("{least} to {most} s"),
    }
}
