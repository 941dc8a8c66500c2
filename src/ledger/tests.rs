//! Ledgers as their authors write them, and as runs use them.

use super::*;
use crate::yaml::render;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

const TEXT: &str = "\
entries:
- case: timers/time-wait/lasts-2msl
  finding: time-wait-too-short
  reason: TIME-WAIT is 60 s
  source: include/net/tcp.h TCP_TIMEWAIT_LEN
- case: syn/*
  finding: no-backoff
  reason: four linear steps first
  source: ip-sysctl tcp_syn_linear_timeouts
  when: {kernel: '>= 6.5'}
  expires: 2027-03-31
";

const KERNEL: Target<'static> = Target { name: "kernel", version: "6.18.44-amd64" };

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn ledger() -> Ledger {
    Ledger::read("l.yaml", TEXT).expect("a right file")
}

fn refusals(text: &str) -> String {
    let problems = Ledger::read("l.yaml", text).expect_err("a refusal");
    problems.iter().map(|problem| render(problem, text)).collect::<Vec<_>>().join("\n\n")
}

fn trial<'a>(id: &'a str, outcome: TrialOutcome<'a>) -> TrialResult<'a> {
    TrialResult { id, outcome }
}

/// Both entries in use: the state from which the tests of staleness depart.
fn run() -> Vec<TrialResult<'static>> {
    vec![
        trial("timers/time-wait/lasts-2msl:v4", TrialOutcome::Found(vec!["time-wait-too-short"])),
        trial("timers/time-wait/lasts-2msl:v6", TrialOutcome::Passed),
        trial("syn/retransmission/backs-off:v4", TrialOutcome::Found(vec!["late", "no-backoff"])),
        trial("syn/options/mss:v4", TrialOutcome::Passed),
    ]
}

/// What is stale after a run, as pictures.
fn stale(trials: &[TrialResult<'_>], today: &str) -> Vec<(Staleness, String)> {
    let ledger = ledger();
    let stale = ledger.stale(trials, day(today), KERNEL);
    stale.into_iter().map(|stale| (stale.staleness, render(&stale.diagnostic, TEXT))).collect()
}

#[test]
fn built_in_ledgers_are_right() {
    let suite = crate::case::Suite::embedded().expect("right cases");
    let trials: Vec<String> = suite.trials().map(|trial| trial.id.to_string()).collect();
    let trials: Vec<&str> = trials.iter().map(String::as_str).collect();
    let codes: Vec<&str> = crate::verdict::FindingCode::ALL.iter().map(|code| code.code()).collect();
    for (file, text) in [LINUX, SMOLTCP] {
        let ledger = Ledger::read(file, text).expect("a right file");
        assert_eq!(ledger.check(&trials, &codes), Vec::new());
    }
}

#[test]
fn an_entry_has_all_that_its_author_wrote() {
    let place = |line, column, length| Place { file: "l.yaml".into(), line, column, length };
    assert_eq!(
        ledger().entries()[1],
        Entry {
            case: Pattern::new("syn/*"),
            finding: "no-backoff".into(),
            reason: "four linear steps first".into(),
            source: "ip-sysctl tcp_syn_linear_timeouts".into(),
            when: Some(Condition::new("kernel", ">= 6.5").expect("a bound")),
            expires: Some(day("2027-03-31")),
            place: place(6, 3, 4),
            places: EntryPlaces {
                case: place(6, 9, 5),
                finding: place(7, 12, 10),
                reason: place(8, 11, 23),
                source: place(9, 11, 33),
                expires: Some(place(11, 12, 10)),
            },
        }
    );
}

#[test]
fn a_finding_is_waived_only_where_and_while_the_entry_says() {
    let ledger = ledger();
    let [time_wait, backoff] = ledger.entries() else { panic!("two entries") };
    let says = |trial, finding, today, target| ledger.matches(trial, finding, day(today), target);
    let syn = "syn/retransmission/backs-off:v4";
    let old = Target { version: "6.1.0", ..KERNEL };
    assert_eq!(
        [
            says("timers/time-wait/lasts-2msl:v6", "time-wait-too-short", "2099-01-01", KERNEL),
            says("timers/time-wait/lasts-2msl:v6", "reset-in-time-wait", "2026-01-01", KERNEL),
            says("timers/time-wait/other:v6", "time-wait-too-short", "2026-01-01", KERNEL),
            says(syn, "no-backoff", "2027-03-31", KERNEL),
            says(syn, "no-backoff", "2027-04-01", KERNEL),
            says(syn, "no-backoff", "2026-01-01", old),
        ],
        [
            Waiver::Valid(time_wait),
            Waiver::None,
            Waiver::None,
            Waiver::Valid(backoff),
            Waiver::Expired(backoff),
            Waiver::None,
        ]
    );
}

#[test]
fn entries_in_use_are_not_stale() {
    assert_eq!(stale(&run(), "2027-03-31"), []);
}

#[test]
fn a_share_of_a_run_says_what_it_has_not_found() {
    let ledger = ledger();
    let unfound = |outcomes: [TrialOutcome<'static>; 3]| -> Vec<(String, usize)> {
        let mut trials = run();
        for (trial, outcome) in trials.iter_mut().zip(outcomes) {
            trial.outcome = outcome;
        }
        let unfound = ledger.unfound(&trials, day("2026-01-01"), KERNEL);
        unfound.into_iter().map(|(entry, passed)| (entry.finding.clone(), passed)).collect()
    };
    use TrialOutcome::{Elsewhere, Found, NotSelected, Passed, Skipped, Undecided};
    let short = |count| ("time-wait-too-short".to_owned(), count);
    let no_backoff = |count| ("no-backoff".to_owned(), count);
    assert_eq!(unfound([Passed, Elsewhere, Elsewhere]), [short(1), no_backoff(1)]);
    assert_eq!(unfound([Skipped, Elsewhere, Passed]), [short(0), no_backoff(2)]);
    // What is found, not known, or run nowhere, keeps its entry.
    assert_eq!(unfound([Found(vec!["time-wait-too-short"]), Passed, Undecided]), []);
    assert_eq!(unfound([Passed, NotSelected, NotSelected]), []);
    // The run as a whole is not judged by its share.
    let mut trials = run();
    trials[0].outcome = Passed;
    trials[1].outcome = Elsewhere;
    assert_eq!(stale(&trials, "2026-01-01"), []);
}

#[test]
fn a_pass_of_all_its_trials_makes_an_entry_stale() {
    let mut trials = run();
    trials[0].outcome = TrialOutcome::Passed;
    let stale = stale(&trials, "2026-01-01");
    let ids = ["timers/time-wait/lasts-2msl:v4", "timers/time-wait/lasts-2msl:v6"].map(String::from);
    assert_eq!(stale[0].0, Staleness::UnexpectedPass { trials: ids.into() });
    assert_snapshot!(stale[0].1, @r#"
    error: `timers/time-wait/lasts-2msl:v4` and 1 more pass: `time-wait-too-short` is no longer found
     --> l.yaml:2:3
      |
    2 | - case: timers/time-wait/lasts-2msl
      |   ^^^^
      |
      = help: remove this entry
    "#);
    assert_eq!(stale.len(), 1);
}

#[test]
fn a_trial_left_out_or_undecided_leaves_the_question_open() {
    for outcome in [TrialOutcome::NotSelected, TrialOutcome::Undecided, TrialOutcome::Found(vec!["other"])] {
        let mut trials = run();
        trials[0].outcome = outcome;
        assert_eq!(stale(&trials, "2026-01-01"), []);
    }
    let none_selected: Vec<_> =
        run().iter().map(|known| trial(known.id, TrialOutcome::NotSelected)).collect();
    assert_eq!(stale(&none_selected, "2026-01-01"), []);
}

#[test]
fn a_skipped_trial_does_not_keep_an_entry_alive() {
    let mut trials = run();
    trials[0].outcome = TrialOutcome::Skipped;
    let passing = vec!["timers/time-wait/lasts-2msl:v6".to_owned()];
    let reasons: Vec<Staleness> = stale(&trials, "2026-01-01").into_iter().map(|stale| stale.0).collect();
    assert_eq!(reasons, [Staleness::UnexpectedPass { trials: passing }]);
    trials[1].outcome = TrialOutcome::Skipped;
    assert_eq!(stale(&trials, "2026-01-01"), []);
}

#[test]
fn an_expired_entry_is_stale_on_the_next_day() {
    let stale = stale(&run(), "2027-04-01");
    assert_eq!(stale[0].0, Staleness::Expired(day("2027-03-31")));
    assert_snapshot!(stale[0].1, @r#"
    error: this entry held until 2027-03-31
      --> l.yaml:11:12
       |
    11 |   expires: 2027-03-31
       |            ^^^^^^^^^^
       |
       = note: it was accepted because: four linear steps first
       = help: mend the target and remove this entry, or decide anew
    "#);
    assert_eq!(stale.len(), 1);
}

#[test]
fn an_entry_for_another_version_rests() {
    let ledger = ledger();
    let trials: Vec<_> = run().iter().map(|known| trial(known.id, TrialOutcome::Passed)).collect();
    let old = Target { version: "6.1", ..KERNEL };
    let stale = ledger.stale(&trials, day("2099-01-01"), old);
    assert_eq!(stale.iter().map(|stale| stale.entry).collect::<Vec<_>>(), [&ledger.entries()[0]]);
}

#[test]
fn an_entry_for_no_trial_is_stale_in_any_run() {
    let trials = [trial("timers/time-wait/lasts-two-msl:v4", TrialOutcome::NotSelected)];
    let stale = stale(&trials, "2026-01-01");
    assert_eq!(stale.iter().map(|stale| &stale.0).collect::<Vec<_>>(), [&Staleness::NoSuchTrial; 2]);
    assert_snapshot!(format!("{}\n\n{}", stale[0].1, stale[1].1), @r#"
    error: no trial is called `timers/time-wait/lasts-2msl`
     --> l.yaml:2:9
      |
    2 | - case: timers/time-wait/lasts-2msl
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `timers/time-wait/lasts-two-msl`?

    error: no trial is called `syn/*`
     --> l.yaml:6:9
      |
    6 | - case: syn/*
      |         ^^^^^
      |
      = help: remove this entry
    "#);
}

#[test]
fn findings_and_trials_are_checked_before_a_run() {
    let trials = ["timers/time-wait/lasts-2msl:v4"];
    let problems = ledger().check(&trials, &["time-wait-too-shot", "no-backoff"]);
    let pictures: Vec<String> = problems.iter().map(|problem| render(problem, TEXT)).collect();
    assert_snapshot!(pictures.join("\n\n"), @r#"
    error: there is no finding `time-wait-too-short`
     --> l.yaml:3:12
      |
    3 |   finding: time-wait-too-short
      |            ^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `time-wait-too-shot`?

    error: no trial is called `syn/*`
     --> l.yaml:6:9
      |
    6 | - case: syn/*
      |         ^^^^^
      |
      = help: remove this entry
    "#);
}

#[test]
fn reason_and_source_still_to_be_given_are_told_by_a_check_and_taken_by_a_run() {
    let text = "entries:\n- case: a/b/c\n  finding: f\n  reason: TODO\n  source: 'TODO: ask'\n";
    let ledger = Ledger::read("l.yaml", text).expect("a run takes it");
    assert!(matches!(ledger.matches("a/b/c:v4", "f", day("2026-01-01"), KERNEL), Waiver::Valid(_)));
    let problems = ledger.check(&["a/b/c:v4"], &["f"]);
    let pictures: Vec<String> = problems.iter().map(|problem| render(problem, text)).collect();
    assert_snapshot!(pictures.join("\n\n"), @r#"
    error: the reason of this entry is still to be given
     --> l.yaml:4:11
      |
    4 |   reason: TODO
      |           ^^^^
      |
      = help: say why this is accepted

    error: the source of this entry is still to be given
     --> l.yaml:5:11
      |
    5 |   source: 'TODO: ask'
      |           ^^^^^^^^^^^
      |
      = help: say where that is documented or was measured
    "#);
}

#[test]
fn an_entry_without_reason_or_source_is_refused() {
    assert_snapshot!(refusals("\
entries:
- case: syn/*
  finding: NoBackoff
  reason: ' '
  expire: 2027-03-31
"), @r#"
    error: `expire` is not a key of this map
     --> l.yaml:5:3
      |
    5 |   expire: 2027-03-31
      |   ^^^^^^
      |
      = help: did you mean `expires`?

    error: a finding is named by its code: small letters, digits and `-`
     --> l.yaml:3:12
      |
    3 |   finding: NoBackoff
      |            ^^^^^^^^^
      |
      = help: write no-backoff

    error: this needs a sentence
     --> l.yaml:4:11
      |
    4 |   reason: ' '
      |           ^^^

    error: `source` is missing here
     --> l.yaml:2:3
      |
    2 | - case: syn/*
      |   ^^^^
    "#);
}

#[test]
fn an_entry_that_stands_twice_is_refused() {
    let entry = "- {case: a/b/c, finding: f, reason: r, source: s}\n";
    assert_snapshot!(refusals(&format!("entries:\n{entry}{entry}")), @r#"
    error: this entry stands twice
     --> l.yaml:3:3
      |
    2 | - {case: a/b/c, finding: f, reason: r, source: s}
      |   - first here
    3 | - {case: a/b/c, finding: f, reason: r, source: s}
      |   ^
      |
      = help: remove one of them
    "#);
}

#[test]
fn what_is_no_date_version_or_case_is_refused() {
    let with = |rest: &str| {
        let text = format!("entries:\n- {{finding: f, reason: r, source: s, {rest}}}\n");
        let problems = Ledger::read("l.yaml", &text).expect_err("a refusal");
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert_eq!(
        [
            with("case: a/b, expires: 2027-02-30"),
            with("case: a/b, expires: soon"),
            with("case: a/b, when: {kernel: 6.5}"),
            with("case: a/b, when: kernel"),
            with("case: a/b, when: {kernel: any, device: any}"),
            with("case: '*'"),
            with("case: a b"),
        ],
        [
            ["`2027-02-30` is no day of the calendar"],
            ["`soon` is no day of the calendar"],
            ["`6.5` is no bound of a version"],
            ["expected a map, found text"],
            ["expected the name of one target"],
            ["this names no case"],
            ["this names no case"],
        ]
    );
    assert_eq!(
        Ledger::read("l.yaml", "").expect_err("a refusal")[0].message,
        "expected a map, found nothing"
    );
}

proptest! {
    #[test]
    fn arbitrary_ledgers_never_panic(parts in proptest::collection::vec(prop_oneof![
        Just("entries:\n"), Just("- case: a/*\n"), Just("  case: '**'\n"), Just("  finding: a\n"), Just("  reason: r\n"),
        Just("  source: s\n"), Just("  expires: 9999-12-31\n"), Just("  when: {kernel: '>=,'}\n"), Just("- []\n"),
        Just("  when: {}\n"), Just("  finding: É\n"), Just("about: x\n"), Just("\t")], 0..10), trial: String) {
        let text = parts.concat();
        match Ledger::read("l.yaml", &text) {
            Ok(ledger) => {
                let trials = [TrialResult { id: &trial, outcome: TrialOutcome::Passed }];
                drop(ledger.stale(&trials, Date::from_unix_seconds(0), KERNEL));
                drop(ledger.check(&[&trial], &[]));
            }
            Err(problems) => problems.iter().for_each(|problem| drop(render(problem, &text))),
        }
    }

    #[test]
    fn a_pattern_of_a_text_s_own_pieces_matches_it(text in "[a-c/:]{0,12}", cuts in proptest::collection::vec(0..12_usize, 0..4)) {
        let mut pattern = text.clone();
        for cut in cuts {
            pattern.insert(cut.min(pattern.len()), '*');
        }
        prop_assert!(Pattern::new(pattern).matches(&text));
    }
}
