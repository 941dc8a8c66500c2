//! What makes a run red: levels, ledgers, slow and skipped trials.

use crate::program::{Folder, QUICK, Said, tcpspec, trials};
use crate::{CASES, DEVIATING, KNOWN};
use pretty_assertions::assert_eq;

#[test]
fn deviation_is_listed_and_red_only_with_level_should() {
    let must = tcpspec(&["--exact", DEVIATING]);
    assert_eq!((must.code(), must.counts()[..2].to_vec()), (Some(0), vec![1, 0]));
    assert!(
        must.out.contains("deviations from a SHOULD:\n  not-the-preferred-alternative: "),
        "{}",
        must.out
    );
    let should = tcpspec(&["--level", "should", "--exact", DEVIATING]);
    assert_eq!((should.code(), should.counts()[..2].to_vec()), (Some(1), vec![0, 1]));
    assert!(should.out.contains(&format!("DEVIATION  {DEVIATING}\n")), "{}", should.out);
    assert!(should.out.contains("  again        tcpspec --level should --seed "), "{}", should.out);
}

#[test]
fn known_deviation_is_green_with_the_ledger_and_red_without() {
    let with = tcpspec(&["--exact", KNOWN]);
    assert_eq!((with.code(), with.counts()[..2].to_vec()), (Some(0), vec![1, 0]));
    assert!(with.out.contains("known deviations of this target:"), "{}", with.out);
    assert!(with.out.contains("1 expected by the ledger"), "{}", with.out);
    assert_eq!(tcpspec(&["--exact", KNOWN, "--ledger", "none"]).code(), Some(1));
}

/// A run of `KNOWN` and a trial that passes, with a ledger of these entries.
fn with_ledger(entries: &str) -> (Said, String) {
    let folder = Folder::new();
    let ledger = folder.file("ledger.yaml", &format!("about: mine\nentries:\n{entries}"));
    (tcpspec(&["--ledger", &ledger, "--exact", KNOWN, &trials(&[QUICK])[0]]), ledger)
}

#[test]
fn ledger_entry_that_no_longer_holds_is_red_at_its_place() {
    let entry = |case: &str, more: &str| {
        format!(
            "  - case: {case}\n    finding: answered-where-silence-required\n    reason: r\n    source: s\n{more}"
        )
    };
    let valid = entry(KNOWN, "");
    assert_eq!(with_ledger(&valid).0.code(), Some(0));
    let passing = &trials(&[QUICK])[0];
    let entries = [
        // It passes.
        (format!("{valid}{}", entry(passing, "")), ":7:", "is no longer found"),
        // Its time is over; what it excused is red again.
        (entry(KNOWN, "    expires: 2020-02-29\n"), ":7:", "this entry held until 2020-02-29"),
        // It names nothing.
        (format!("{valid}{}", entry("reset/recieved/x", "")), ":7:", "no trial is called `reset/recieved/x`"),
    ];
    for (entries, place, message) in entries {
        let (said, file) = with_ledger(&entries);
        assert_eq!(said.code(), Some(1), "{}", said.out);
        assert!(said.out.contains(&format!("{file}{place}")), "{}", said.out);
        assert!(said.out.contains(message), "{}", said.out);
    }
    // Another finding than the one expected is a failure.
    let other = valid.replace("answered-where-silence-required", "wrong-state");
    let (said, _) = with_ledger(&other);
    assert_eq!((said.code(), said.counts()[1]), (Some(1), 1), "{}", said.out);
}

#[test]
fn slow_trials_are_run_when_asked_for_and_skipped_ones_never() {
    let folder = Folder::new();
    folder.file("area/three.yaml", CASES);
    let cases = folder.path().display().to_string();
    let run = |arguments: &[&str]| {
        let said = tcpspec(&[&["--cases", &cases, ":v4"], arguments].concat());
        let mut lines: Vec<_> = said
            .lines()
            .into_iter()
            .map(|(name, word)| format!("{} {word}", name.trim_start_matches("area/three/")))
            .collect();
        lines.sort_unstable();
        (said.code(), lines)
    };
    let lines = |words: &[&str]| (Some(0), words.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(run(&[]), lines(&["impossible:v4 ignored", "ordinary:v4 ok", "slow:v4 ignored"]));
    assert_eq!(
        run(&["--include-ignored"]),
        lines(&["impossible:v4 ignored", "ordinary:v4 ok", "slow:v4 ok"])
    );
    assert_eq!(run(&["--ignored"]), lines(&["slow:v4 ok"]));
    let reason = tcpspec(&["--cases", &cases, "impossible:v4"]);
    assert!(reason.out.contains("verdicts: 1 skip\n"), "{}", reason.out);
    assert!(reason.out.contains("... ignored (linux lacks: daytime)\n"), "{}", reason.out);
    // Without any slow trial there is nothing to run.
    let none = tcpspec(&["--ignored", "--cases", &cases, "ordinary"]);
    assert_eq!(none.code(), Some(4));
    assert!(none.err.contains("`--ignored` runs slow trials only"), "{}", none.err);
}

#[test]
fn slow_trials_are_listed_with_what_they_take_and_counted_where_they_are_left_out() {
    let folder = Folder::new();
    folder.file(
        "area/three.yaml",
        &CASES.replacen("given: CLOSED\n    steps:\n", "given: CLOSED\n    steps:\n      - wait: 1s\n", 3),
    );
    let cases = folder.path().display().to_string();
    let slow = |arguments: &[&str]| {
        let Said { out, err, .. } = tcpspec(&[&["--cases", &cases], arguments].concat());
        [out, err].map(|text| {
            let lines = text.lines().skip_while(|line| !line.contains("slow trial"));
            let lines = lines.take_while(|line| !line.is_empty()).map(str::trim);
            // What it may take at most is for others to say.
            let least = |line: &str| match line.split_once(" to ") {
                Some((least, most)) => {
                    format!("{least}.. {}", most.split_once(" s  ").map_or(most, |(_, case)| case))
                }
                None => line.to_owned(),
            };
            lines.map(least).collect::<Vec<_>>()
        })
    };
    let said = |heading: &str, case: &str| vec![heading.to_owned(), format!("1.. area/three/slow ({case})")];
    let both = said("2 slow trials left out (--include-ignored runs them too):", "2 trials");
    assert_eq!(slow(&[]), [both, vec![]]);
    // Of the selected ones only, and out of the way of whoever reads the output.
    let one = said("1 slow trial left out (--include-ignored runs them too):", "1 trial");
    assert_eq!(slow(&["slow:v4"]), [one.clone(), vec![]]);
    assert_eq!(slow(&["--format", "json", "slow:v4"]), [vec![], one]);
    for nothing in
        [&["ordinary"][..], &["--include-ignored"], &["--ignored"], &["--list", "--format", "terse"]]
    {
        assert_eq!(slow(nothing), [vec![], vec![]] as [Vec<String>; 2], "{nothing:?}");
    }
    let list = said("2 slow trials (--include-ignored runs them too, --ignored alone):", "2 trials");
    assert_eq!(slow(&["--list"]), [vec![], list.clone()]);
    assert_eq!(slow(&["--list", "--ignored"]), [vec![], list]);
}
