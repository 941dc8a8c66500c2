use super::*;
use crate::inputs::Inputs;
use pretty_assertions::assert_eq;
use std::sync::Arc;
use tcpspec_core::case::Suite;
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{Finding, Outcome, Record};

/// Three trials, of which nothing is known yet.
fn plan() -> Plan {
    let case = |name: &str| {
        format!(
            "  {name}:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    families: [v4]\n    \
             given: CLOSED\n    steps: []\n"
        )
    };
    let text = format!("about: x\n\ncases:\n{}{}{}", case("one"), case("two"), case("three"));
    let suite = Suite::read(vec![("cases/area/file.yaml".to_owned(), text)]).expect("a suite");
    Inputs::read_for_kernel()
        .expect("well")
        .plan_of(suite.into(), 7)
        .unwrap_or_else(|stop| panic!("{}", stop.message))
}

fn verdicts(threshold: Threshold, entries: &str) -> Verdicts {
    let text = format!("about: x\nentries: [{entries}]\n");
    let ledger = Ledger::read("ledger.yaml", &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let today = Date::from_unix_seconds(1_800_000_000);
    let book = Book { ledger, target: "kernel".into(), version: "6.18.1".into(), today };
    Verdicts::new(threshold, Arc::new(Catalogue::embedded()), book)
}

/// An entry that excuses a finding in a trial.
fn excused(trial: &str, code: FindingCode) -> String {
    format!("{{case: 'area/file/{trial}:v4', finding: {code}, reason: because, source: s}}")
}

fn finished(index: usize, verdict: Verdict, codes: &[FindingCode]) -> Finished {
    let finding = |code: &FindingCode| Finding {
        code: *code,
        requirement: None,
        did: "sent it".into(),
        expected: "this".into(),
        saw: "that".into(),
        differences: Vec::new(),
        place: None,
        at: Time(0),
        event: None,
    };
    let findings = codes.iter().map(finding).collect();
    let outcome = Outcome { verdict, findings, record: Record::default() };
    Finished { index, outcome, took: Duration::ZERO, attempts: 1, latest: Duration::ZERO }
}

const WRONG: FindingCode = FindingCode::WrongState;
const OTHER: FindingCode = FindingCode::BadChecksum;

/// The code to exit with after these verdicts, and the line that counts them.
fn ended(threshold: Threshold, entries: &str, all: &[(Verdict, &[FindingCode])]) -> (u8, String) {
    let (plan, verdicts) = (plan(), verdicts(threshold, entries));
    for (index, (verdict, codes)) in all.iter().enumerate() {
        let said = verdicts.judge(&plan, &finished(index, *verdict, codes));
        if let Err(block) = said {
            assert!(block.starts_with(&verdict.word().to_uppercase()), "{block}");
        }
    }
    let (code, text) = verdicts.close(&plan, &[]);
    (code, text.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn each_verdict_has_its_gate() {
    let must = |all: &[(Verdict, &[FindingCode])]| ended(Threshold::Must, "", all);
    let pass: (Verdict, &[FindingCode]) = (Verdict::Pass, &[]);
    let info: (Verdict, &[FindingCode]) = (Verdict::Info, &[]);
    let deviation: (Verdict, &[FindingCode]) = (Verdict::Deviation, &[WRONG]);
    let fail: (Verdict, &[FindingCode]) = (Verdict::Fail, &[WRONG]);
    let unreached: (Verdict, &[FindingCode]) = (Verdict::Inconclusive, &[WRONG]);
    let error: (Verdict, &[FindingCode]) = (Verdict::Error, &[FindingCode::BenchLate]);
    assert_eq!(must(&[pass, info]), (exit::GREEN, "verdicts: 1 pass, 1 info".into()));
    assert_eq!(must(&[pass, deviation]), (exit::GREEN, "verdicts: 1 pass, 1 deviation".into()));
    assert_eq!(must(&[pass, fail]), (exit::RED, "verdicts: 1 pass, 1 fail".into()));
    assert_eq!(must(&[unreached]), (exit::RED, "verdicts: 1 inconclusive".into()));
    assert_eq!(must(&[pass, error]), (exit::BENCH_FAULT, "verdicts: 1 pass, 1 error".into()));
    assert_eq!(must(&[error, fail]), (exit::RED, "verdicts: 1 fail, 1 error".into()));
    let should = |all: &[(Verdict, &[FindingCode])]| ended(Threshold::Should, "", all).0;
    assert_eq!([should(&[deviation]), should(&[info])], [exit::RED, exit::GREEN]);
}

#[test]
fn finding_that_the_ledger_knows_is_green_and_any_other_red() {
    let one = excused("one", WRONG);
    let with = |codes: &[FindingCode]| ended(Threshold::Must, &one, &[(Verdict::Fail, codes)]);
    assert_eq!(with(&[WRONG]), (exit::GREEN, "verdicts: 1 expected by the ledger".into()));
    assert_eq!(with(&[WRONG, WRONG]).0, exit::GREEN);
    assert_eq!(with(&[WRONG, OTHER]), (exit::RED, "verdicts: 1 fail".into()));
    assert_eq!(with(&[OTHER]).0, exit::RED);
    // A deviation too, where deviations are red.
    let deviating = [(Verdict::Deviation, [WRONG].as_slice())];
    assert_eq!(ended(Threshold::Should, &one, &deviating).0, exit::GREEN);
    // What is not about the target is never excused.
    assert_eq!(ended(Threshold::Must, &one, &[(Verdict::Inconclusive, &[WRONG])]).0, exit::RED);
}

#[test]
fn entry_that_no_longer_holds_is_red_at_its_place() {
    let (plan, verdicts) = (plan(), verdicts(Threshold::Must, &excused("two", WRONG)));
    let _ = verdicts.judge(&plan, &finished(1, Verdict::Pass, &[]));
    let (code, text) = verdicts.close(&plan, &[]);
    assert_eq!(code, exit::RED);
    assert!(text.contains("--> ledger.yaml:") && text.contains("is no longer found"), "{text}");
    // Not where its trial was not run, or where nothing is known of it, as from a bench that was late.
    let late = Finished { latest: Duration::from_millis(501), ..finished(1, Verdict::Pass, &[]) };
    let verdicts = self::verdicts(Threshold::Must, &excused("two", WRONG));
    let _ = verdicts.judge(&plan, &late);
    assert_eq!(verdicts.close(&plan, &[]).0, exit::GREEN);
    let undecided: (Verdict, &[FindingCode]) = (Verdict::Error, &[FindingCode::BenchLate]);
    assert_eq!(ended(Threshold::Must, &excused("two", WRONG), &[(Verdict::Pass, &[])]).0, exit::GREEN);
    assert_eq!(ended(Threshold::Must, &excused("one", WRONG), &[undecided]).0, exit::BENCH_FAULT);
}

#[test]
fn trials_left_behind_by_the_bench_are_counted_as_errors_and_named() {
    let (plan, verdicts) = (plan(), verdicts(Threshold::Must, ""));
    let _ = verdicts.judge(&plan, &finished(0, Verdict::Pass, &[]));
    assert_eq!(
        verdicts.never_ran(&plan, 1, "interface bench is down"),
        Err("ERROR  area/file/two:v4\n  the bench gave up before this trial had a verdict: interface bench is down".into())
    );
    let (code, text) = verdicts.close(&plan, &[]);
    assert_eq!((code, text.lines().next()), (exit::BENCH_FAULT, Some("verdicts: 1 pass, 1 error")));
}

#[test]
fn complaint_of_the_bench_is_told_and_no_green_run() {
    let (plan, verdicts) = (plan(), verdicts(Threshold::Must, ""));
    let _ = verdicts.judge(&plan, &finished(0, Verdict::Pass, &[]));
    let (code, text) = verdicts.close(&plan, &["a cookie was sent".into()]);
    assert_eq!(code, exit::BENCH_FAULT);
    assert!(text.ends_with("bench: a cookie was sent\n"), "{text}");
}

#[test]
fn summary_groups_by_reason_and_counts_repetitions_and_lateness() {
    let (plan, verdicts) = (plan(), verdicts(Threshold::Must, &excused("three", WRONG)));
    let twice = Finished {
        attempts: 2,
        latest: Duration::from_millis(12),
        ..finished(0, Verdict::Deviation, &[FindingCode::NotThePreferredAlternative])
    };
    let mut twice = twice;
    twice.outcome.findings[0].saw = "that 7".into();
    let _ = verdicts.judge(&plan, &twice);
    let mut other = finished(1, Verdict::Deviation, &[FindingCode::NotThePreferredAlternative]);
    other.outcome.findings[0].saw = "that 28".into();
    let _ = verdicts.judge(&plan, &other);
    let _ = verdicts.judge(&plan, &finished(2, Verdict::Fail, &[WRONG]));
    let (code, text) = verdicts.close(&plan, &[]);
    assert_eq!(code, exit::GREEN);
    assert_eq!(
        text,
        "verdicts: 2 deviation, 1 expected by the ledger\n\n\
         deviations from a SHOULD:\n  not-the-preferred-alternative: expected this; saw that 7\n      \
         area/file/one:v4\n      area/file/two:v4\n\n\
         known deviations of this target:\n  wrong-state: because\n      area/file/three:v4\n\n\
         bench: at most 12 ms late, 1 trial repeated\n"
    );
}

/// The baseline of such a run, and the code to exit with of the same run with it as its ledger.
fn baseline(threshold: Threshold, entries: &str, all: &[(Verdict, &[FindingCode])]) -> (Baseline, u8) {
    let (plan, verdicts) = (plan(), verdicts(threshold, entries));
    for (index, (verdict, codes)) in all.iter().enumerate() {
        let _ = verdicts.judge(&plan, &finished(index, *verdict, codes));
    }
    let baseline = verdicts.baseline(&plan, &[]);
    let again = Verdicts::new(threshold, Arc::new(Catalogue::embedded()), {
        let ledger = Ledger::read("baseline.yaml", &baseline.text);
        let ledger = ledger.unwrap_or_else(|problems| panic!("{problems:?}\n{}", baseline.text));
        let today = Date::from_unix_seconds(1_800_000_000);
        Book { ledger, target: "kernel".into(), version: "6.18.1".into(), today }
    });
    for (index, (verdict, codes)) in all.iter().enumerate() {
        let _ = again.judge(&plan, &finished(index, *verdict, codes));
    }
    let (code, _) = again.close(&plan, &[]);
    assert_eq!(baseline.code, code, "it said how that run ends");
    (baseline, code)
}

fn entries(baseline: &Baseline) -> &str {
    baseline.text.split_once("entries:").expect("entries").1
}

#[test]
fn baseline_has_what_is_red_and_keeps_what_the_ledger_said() {
    let ledger = "{case: 'area/file/one:v4', finding: wrong-state, reason: \"it's\\nold\", source: 's: t', \
                  when: {kernel: '>= 6.5, < 7'}, expires: 2099-01-31}";
    let found: [(Verdict, &[FindingCode]); 3] =
        [(Verdict::Fail, &[WRONG, OTHER]), (Verdict::Deviation, &[OTHER]), (Verdict::Pass, &[])];
    let (written, again) = baseline(Threshold::Must, ledger, &found);
    assert_eq!(
        written.text,
        format!(
            r#"# Baseline of kernel 6.18.1, written by tcpspec {} on 2027-01-15. Say of each entry why it is
# accepted, and where that is documented or was measured; `tcpspec check --ledger` names those that
# are left open.
about: "What kernel 6.18.1 does otherwise"
entries:
  - case: area/file/one:v4
    finding: wrong-state
    reason: "it's\nold"
    source: "s: t"
    when: {{"kernel": ">= 6.5, < 7"}}
    expires: 2099-01-31

  - case: area/file/one:v4
    finding: bad-checksum
    reason: TODO
    source: TODO
"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    assert_eq!((written.entries, written.open, written.undecided, again), (2, 1, 0, exit::GREEN));
    // A deviation is in it where it makes the run red.
    let (written, again) = baseline(Threshold::Should, ledger, &found);
    assert_eq!((written.entries, written.open, again), (3, 2, exit::GREEN));
}

#[test]
fn baseline_of_a_clean_run_is_empty_and_of_an_undecided_one_says_so() {
    let (written, again) = baseline(Threshold::Must, "", &[(Verdict::Pass, &[])]);
    assert_eq!((entries(&written), written.undecided, again), (" []\n", 0, exit::GREEN));
    let found: [(Verdict, &[FindingCode]); 2] =
        [(Verdict::Inconclusive, &[WRONG]), (Verdict::Error, &[FindingCode::BenchLate])];
    let (written, again) = baseline(Threshold::Must, "", &found);
    assert_eq!((entries(&written), written.undecided, again), (" []\n", 2, exit::RED));
    let found: [(Verdict, &[FindingCode]); 2] =
        [(Verdict::Fail, &[WRONG]), (Verdict::Error, &[FindingCode::BenchLate])];
    let (written, again) = baseline(Threshold::Must, "", &found);
    assert_eq!((written.entries, written.undecided, again), (1, 1, exit::BENCH_FAULT));
}

#[test]
fn baseline_has_patterns_that_match_what_has_the_finding_and_nothing_else() {
    let case = |name: &str| {
        format!(
            "  {name}:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    \
             for: {{n: [1, 2, 3]}}\n    given: CLOSED\n    steps:\n      - {{send: ACK, ack: $n}}\n"
        )
    };
    let text = format!("about: x\n\ncases:\n{}{}", case("all"), case("some"));
    let suite = Suite::read(vec![("cases/area/file.yaml".to_owned(), text)]).expect("a suite");
    let inputs = Inputs::read_for_kernel().unwrap_or_else(|stop| panic!("{}", stop.message));
    let plan = inputs.plan_of(suite.into(), 7).unwrap_or_else(|stop| panic!("{}", stop.message));
    let verdicts = verdicts(Threshold::Must, "");
    for (index, trial) in plan.trials.iter().enumerate() {
        match trial.id.as_str() {
            // Cannot be shown here.
            "area/file/all:v4:n=3" => verdicts.skipped(index),
            // Not selected.
            "area/file/some:v4:n=3" => {}
            "area/file/some:v6:n=2" => drop(verdicts.judge(&plan, &finished(index, Verdict::Pass, &[]))),
            _ => drop(verdicts.judge(&plan, &finished(index, Verdict::Fail, &[WRONG]))),
        }
    }
    let baseline = verdicts.baseline(&plan, &[]);
    let patterns: Vec<_> = baseline.text.lines().filter_map(|line| line.strip_prefix("  - case: ")).collect();
    assert_eq!(
        patterns,
        ["area/file/all:*", "area/file/some:*:n=1", "area/file/some:v4:n=2", "area/file/some:v6:n=3"]
    );
}
