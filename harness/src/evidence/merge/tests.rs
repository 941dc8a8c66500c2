use super::{MergeError, whole};
use crate::evidence::Stream;
use crate::evidence::event::{Footer, Header, Shard, Trial, Unfound, Verdict};
use crate::evidence::tests::{failed, footer, header, plain};
use pretty_assertions::assert_eq;
use std::path::PathBuf;

const COMMAND: &str = "tcpspec merge";

type Share = (PathBuf, Stream);

/// The share `index` of `of`, with these trials; everything in it was green.
fn share(index: usize, of: usize, trials: Vec<Trial>) -> Share {
    let shard = Some(Shard { index, of, selected: 4 });
    let header = Header { selected: trials.len(), shard, ..header() };
    let footer = Footer {
        counts: trials.iter().map(|trial| (trial.verdict, 1)).collect(),
        complaints: Vec::new(),
        accusations: Vec::new(),
        exit_code: Some(0),
        ..footer()
    };
    (format!("s{index}").into(), Stream { header, trials, footer })
}

fn two() -> [Share; 2] {
    [
        share(1, 2, vec![plain("a:v4", Verdict::Pass), plain("c:v4", Verdict::Info)]),
        share(2, 2, vec![plain("b:v4", Verdict::Pass), plain("d:v4", Verdict::Skip)]),
    ]
}

fn merged(shares: &[Share]) -> Stream {
    whole(shares, &[COMMAND.to_owned()]).expect("the shares of one run")
}

fn refusal(shares: &[Share]) -> String {
    whole(shares, &[]).expect_err("no shares of one run").to_string()
}

#[test]
fn shares_are_a_run_as_if_it_had_been_made_at_once() {
    let mut shares = two();
    shares[1].1.header.seed = "9b21".into();
    shares[1].1.header.started = "2026-11-23T03:19:20.500Z".into();
    let moved = |trial: &Trial| Trial { offset_us: Some(42 + 2_500_000), ..trial.clone() };
    let trials = [shares[0].1.trials.clone(), shares[1].1.trials.iter().map(moved).collect()].concat();
    assert_eq!(
        merged(&shares),
        Stream {
            header: Header { seed: "7f3a, 9b21".into(), command: vec![COMMAND.into()], ..header() },
            trials,
            footer: Footer {
                counts: [(Verdict::Pass, 2), (Verdict::Info, 1), (Verdict::Skip, 1)].into(),
                complaints: Vec::new(),
                accusations: Vec::new(),
                exit_code: Some(0),
                duration_ms: 65_432 + 2_500,
                ..footer()
            },
        }
    );
}

#[test]
fn whole_is_as_red_as_its_reddest_share() {
    let code = |change: &dyn Fn(&mut [Share; 2])| {
        let mut shares = two();
        change(&mut shares);
        merged(&shares).footer.exit_code
    };
    assert_eq!(code(&|_| {}), Some(0));
    assert_eq!(code(&|shares| shares[1].1.trials[0] = failed("b:v4", Verdict::Fail, true)), Some(1));
    assert_eq!(code(&|shares| shares[1].1.trials[0] = failed("b:v4", Verdict::Error, true)), Some(3));
    assert_eq!(code(&|shares| shares[0].1.footer.accusations = vec!["gone".into()]), Some(1));
    assert_eq!(code(&|shares| shares[0].1.footer.complaints = vec!["lost".into()]), Some(3));
    // Nobody knows any more why it ended so, but it did.
    assert_eq!(code(&|shares| shares[0].1.footer.exit_code = Some(3)), Some(3));
    assert_eq!(
        code(&|shares| {
            shares[0].1.trials[0] = failed("a:v4", Verdict::Error, true);
            shares[1].1.trials[0] = failed("b:v4", Verdict::Fail, true);
        }),
        Some(1)
    );
}

#[test]
fn share_that_was_interrupted_leaves_the_whole_not_whole() {
    let mut shares = two();
    shares[1].1.trials.truncate(1);
    shares[1].1.footer.interrupted = Some("SIGINT".into());
    shares[1].1.footer.exit_code = None;
    let Footer { complaints, interrupted, exit_code, .. } = merged(&shares).footer;
    let complaint = "share 2 of 2 (s2): ended by SIGINT after 1 of 2 trials".to_owned();
    assert_eq!((complaints, interrupted, exit_code), (vec![complaint], Some("SIGINT".into()), Some(3)));
}

#[test]
fn entry_of_the_ledger_is_stale_only_if_no_share_has_found_it() {
    let unfound = |place: &str, passed| Unfound { place: place.into(), finding: "no-backoff".into(), passed };
    let mut shares = two();
    // Of the second one share has found something, of the third every trial was skipped.
    shares[0].1.footer.unfound = vec![unfound("l.yaml:1", 2), unfound("l.yaml:5", 1), unfound("l.yaml:9", 0)];
    shares[1].1.footer.unfound = vec![unfound("l.yaml:1", 0), unfound("l.yaml:9", 0)];
    let Footer { accusations, exit_code, .. } = merged(&shares).footer;
    let stale = "l.yaml:1: 2 trials pass: `no-backoff` is no longer found".to_owned();
    assert_eq!((accusations, exit_code), (vec![stale], Some(1)));
}

#[test]
fn what_every_share_accuses_the_target_of_is_said_once() {
    let mut shares = two();
    for (_, share) in &mut shares {
        share.footer.accusations = vec!["ledger.yaml:9: this entry held until 2026-01-01".into()];
    }
    assert_eq!(merged(&shares).footer.accusations, shares[0].1.footer.accusations);
}

#[test]
fn what_is_not_all_shares_of_one_run_is_refused() {
    let [one, two] = two();
    assert_eq!(refusal(std::slice::from_ref(&one)), "shares are missing: 2 of 2");
    assert_eq!(refusal(&[one.clone(), one.clone()]), "s1 and s1 are the same share, 1 of 2");
    let mut plain = two.clone();
    plain.1.header.shard = None;
    assert_eq!(refusal(&[one.clone(), plain]), "s2 is no share of a run: it was run without `--shard`");
    let mut other = two.clone();
    other.1.header.target.version = Some("6.1.0".into());
    assert_eq!(
        refusal(&[one.clone(), other]),
        "s1 and s2 are not shares of one run: the target's version is `6.18.44` in the one, `6.1.0` in the other"
    );
    let mut other = two.clone();
    other.1.header.ledger = "none".into();
    assert!(matches!(
        whole(&[one.clone(), other], &[]),
        Err(MergeError::Different { what: "the ledger", .. })
    ));
    let mut other = two;
    other.1.trials[0].id = "a:v4".into();
    assert_eq!(refusal(&[one, other]), "s1 and s2 both have the trial a:v4: they were run with other cases");
}
