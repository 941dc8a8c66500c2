//! Shares of one run, set side by side.

use crate::cli::exit;
use crate::evidence::Stream;
use crate::evidence::event::{Footer, Header, Shard, Trial, Unfound, Verdict};
use crate::runner::gate;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Why these are not the shares of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A run without `--shard`.
    #[error("{} is no share of a run: it was run without `--shard`", .0.display())]
    NoShare(PathBuf),
    /// They differ in something that they must have in common.
    #[error(
        "{} and {} are not shares of one run: {what} is `{one_has}` in the one, `{other_has}` in the other",
        one.display(), other.display()
    )]
    Different {
        /// What they differ in.
        what: &'static str,
        /// A share.
        one: PathBuf,
        /// Another.
        other: PathBuf,
        /// What it is in the one.
        one_has: String,
        /// What it is in the other.
        other_has: String,
    },
    /// A share is there twice.
    #[error("{} and {} are the same share, {index} of {of}", one.display(), other.display())]
    Twice {
        /// A share.
        one: PathBuf,
        /// Another.
        other: PathBuf,
        /// Which share.
        index: usize,
        /// Of how many.
        of: usize,
    },
    /// Shares are not there.
    #[error("shares are missing: {} of {of}", listed(missing))]
    Missing {
        /// Which, from 1.
        missing: Vec<usize>,
        /// Of how many.
        of: usize,
    },
    /// Shares have a trial in common, so that their cases are not the same.
    #[error("{} and {} both have the trial {trial}: they were run with other cases", one.display(), other.display())]
    Overlap {
        /// A share.
        one: PathBuf,
        /// Another.
        other: PathBuf,
        /// The trial.
        trial: String,
    },
}

fn listed(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The run whose shares these are; `command` is what puts them together.
///
/// # Errors
/// [`MergeError`].
pub fn whole(shares: &[(PathBuf, Stream)], command: &[String]) -> Result<Stream, MergeError> {
    let of = is_one_run(shares)?;
    let start = shares.iter().map(|(_, run)| started(&run.header)).min().unwrap_or(SystemTime::UNIX_EPOCH);
    let trials = shares.iter().flat_map(|(_, run)| {
        let later = micros(started(&run.header).duration_since(start).unwrap_or_default());
        let moved = move |trial: &Trial| Trial {
            offset_us: trial.offset_us.map(|offset| offset.saturating_add(later)),
            ..trial.clone()
        };
        run.trials.iter().map(moved)
    });
    let trials: Vec<_> = trials.collect();
    let first = &shares[0].1.header;
    let seeds: BTreeSet<_> = shares.iter().map(|(_, run)| run.header.seed.clone()).collect();
    let header = Header {
        seed: seeds.into_iter().collect::<Vec<_>>().join(", "),
        command: command.to_vec(),
        started: humantime::format_rfc3339_millis(start).to_string(),
        selected: shares.iter().map(|(_, run)| run.header.selected).sum(),
        shard: None,
        ..first.clone()
    };
    let footer = footer(shares, &trials, start, of);
    Ok(Stream { header, trials, footer })
}

/// How many shares the run has, if these are all of them.
fn is_one_run(shares: &[(PathBuf, Stream)]) -> Result<usize, MergeError> {
    let mut by_index: BTreeMap<usize, &PathBuf> = BTreeMap::new();
    let mut owners: BTreeMap<&str, &PathBuf> = BTreeMap::new();
    let mut first: Option<(&PathBuf, Vec<(&str, String)>)> = None;
    let mut of = 0;
    for (folder, run) in shares {
        let shard = run.header.shard.ok_or_else(|| MergeError::NoShare(folder.clone()))?;
        let common = in_common(&run.header, shard);
        match &first {
            None => first = Some((folder, common)),
            Some((one, theirs)) => {
                if let Some(((what, one_has), (_, other_has))) =
                    theirs.iter().zip(&common).find(|(one, other)| one != other)
                {
                    return Err(MergeError::Different {
                        what: IN_COMMON.iter().find(|name| *name == what).copied().unwrap_or("something"),
                        one: (*one).clone(),
                        other: folder.clone(),
                        one_has: one_has.clone(),
                        other_has: other_has.clone(),
                    });
                }
            }
        }
        of = shard.of;
        if let Some(one) = by_index.insert(shard.index, folder) {
            let (one, other, index) = (one.clone(), folder.clone(), shard.index);
            return Err(MergeError::Twice { one, other, index, of });
        }
        for trial in &run.trials {
            if let Some(one) = owners.insert(&trial.id, folder) {
                let (one, other, trial) = (one.clone(), folder.clone(), trial.id.clone());
                return Err(MergeError::Overlap { one, other, trial });
            }
        }
    }
    let missing: Vec<_> = (1..=of).filter(|index| !by_index.contains_key(index)).collect();
    if missing.is_empty() { Ok(of) } else { Err(MergeError::Missing { missing, of }) }
}

/// What shares of one run have in common, in the order in which they are compared.
const IN_COMMON: [&str; 9] = [
    "the number of shares",
    "the number of trials selected",
    "the version of tcpspec",
    "the target",
    "the target's version",
    "the level",
    "the ledger",
    "the fault",
    "a setting of the target",
];

fn in_common(header: &Header, shard: Shard) -> Vec<(&'static str, String)> {
    let Header { tcpspec, target, level, ledger, fault, .. } = header;
    let sysctls: Vec<_> = target.sysctls.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let values = [
        shard.of.to_string(),
        shard.selected.to_string(),
        tcpspec.clone(),
        target.name.clone(),
        target.version.clone().unwrap_or_default(),
        level.clone(),
        ledger.clone(),
        fault.clone().unwrap_or_default(),
        sysctls.join(" "),
    ];
    IN_COMMON.into_iter().zip(values).collect()
}

fn footer(shares: &[(PathBuf, Stream)], trials: &[Trial], start: SystemTime, of: usize) -> Footer {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for trial in trials {
        *counts.entry(trial.verdict).or_default() += 1;
    }
    let mut complaints = Vec::new();
    let mut accusations = Vec::new();
    for (folder, Stream { header, trials, footer }) in shares {
        let index = header.shard.map_or(0, |shard| shard.index);
        let of_share = |it: &String| format!("share {index} of {of} ({}): {it}", folder.display());
        complaints.extend(footer.complaints.iter().map(of_share));
        if let Some(signal) = &footer.interrupted {
            let (told, selected) = (trials.len(), header.selected);
            complaints.push(of_share(&format!("ended by {signal} after {told} of {selected} trials")));
        }
        for accusation in
            footer.accusations.iter().filter(|it| !accusations.contains(*it)).collect::<Vec<_>>()
        {
            accusations.push(accusation.clone());
        }
    }
    accusations.extend(stale(shares));
    let bench = trials.iter().any(|trial| trial.verdict == Verdict::Error) || !complaints.is_empty();
    let red = trials.iter().any(|trial| trial.red && trial.verdict != Verdict::Error);
    let ends =
        shares.iter().map(|(_, run)| started(&run.header) + Duration::from_millis(run.footer.duration_ms));
    let end = ends.max().unwrap_or(start);
    let code = gate(red || !accusations.is_empty(), bench);
    // What made a share end otherwise is not forgotten, whatever it was.
    let others = shares.iter().filter_map(|(_, run)| run.footer.exit_code);
    let code = others.fold(code, |code, other| if code == exit::GREEN { other } else { code });
    Footer {
        counts,
        complaints,
        accusations,
        unfound: Vec::new(),
        interrupted: shares.iter().find_map(|(_, run)| run.footer.interrupted.clone()),
        exit_code: Some(code),
        duration_ms: u64::try_from(end.duration_since(start).unwrap_or_default().as_millis())
            .unwrap_or(u64::MAX),
    }
}

/// Entries of the ledger that every share has found nothing of, and that some trial could have shown.
fn stale(shares: &[(PathBuf, Stream)]) -> Vec<String> {
    let mut entries: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for Unfound { place, finding, passed } in shares.iter().flat_map(|(_, run)| &run.footer.unfound) {
        let (named, all) = entries.entry((place, finding)).or_default();
        *named += 1;
        *all += passed;
    }
    let stale = entries.into_iter().filter(|(_, (named, passed))| *named == shares.len() && *passed > 0);
    stale
        .map(|((place, finding), (_, passed))| {
            let trials = if passed == 1 { "1 trial passes" } else { &format!("{passed} trials pass") };
            format!("{place}: {trials}: `{finding}` is no longer found")
        })
        .collect()
}

fn started(header: &Header) -> SystemTime {
    humantime::parse_rfc3339(&header.started).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
