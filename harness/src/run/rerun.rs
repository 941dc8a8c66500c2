//! `--rerun-failed DIR`: what was red in an earlier run, once more.

use crate::cli::exit;
use crate::evidence::{Events, Folder};
use crate::run::Stop;
use std::collections::BTreeSet;
use std::path::Path;
use tcpspec_core::yaml::nearest;

/// What was red in an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rerun {
    /// The trials.
    pub(crate) ids: BTreeSet<String>,
    /// Of that run, so that its trials meet the same numbers; none where it was put together from several.
    pub(crate) seed: Option<u64>,
    /// The name of its target.
    target: String,
    /// Where it left its evidence.
    folder: String,
}

impl Rerun {
    /// Reads what a run left in `folder`; `None` if it was green.
    ///
    /// # Errors
    /// There is no whole run, or it was red for a reason that no trial stands for.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Stop> {
        let unreadable = |error: crate::evidence::ReadError| Stop::new(exit::INVALID_FILE, error.to_string());
        let mut events = Events::open(&Folder::stream_in(folder)).map_err(unreadable)?;
        let mut ids = BTreeSet::new();
        while let Some(trial) = events.next_trial().map_err(unreadable)? {
            if trial.red {
                ids.insert(trial.id);
            }
        }
        let (seed, target) = (events.header.seed.clone(), events.header.target.name.clone());
        let footer = events.footer().map_err(unreadable)?;
        let folder = folder.display().to_string();
        if ids.is_empty() {
            let Some(why) = footer.accusations.first().or(footer.complaints.first()) else { return Ok(None) };
            let message = format!("no trial was red in {folder}, but the run was: {why}");
            return Err(Stop::new(exit::NOTHING_SELECTED, message));
        }
        Ok(Some(Self { ids, seed: u64::from_str_radix(&seed, 16).ok(), target, folder }))
    }

    /// Whether what was red can be run on this target with this suite.
    ///
    /// # Errors
    /// It was another target, or a trial is not there any more.
    pub(crate) fn check(&self, target: &str, trials: &[&str]) -> Result<(), Stop> {
        let Self { ids, target: earlier, folder, .. } = self;
        if earlier != target {
            let message = format!("the run in {folder} is about {earlier}, this one about {target}");
            return Err(Stop::new(exit::USAGE, message));
        }
        let gone: Vec<_> = ids.iter().filter(|id| !trials.contains(&id.as_str())).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let line = |id: &&String| match nearest(id, trials.iter().copied()) {
            Some(near) => format!("\n  `{id}`; is it `{near}` now?"),
            None => format!("\n  `{id}`"),
        };
        let lines: String = gone.iter().map(line).collect();
        let message = format!("trials that were red in {folder} are not there any more:{lines}");
        Err(Stop::new(exit::NOTHING_SELECTED, message))
    }
}
