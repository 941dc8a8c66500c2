//! The command line as people and scripts use it: the real program, what it says and how it ends.

mod program;

use pretty_assertions::assert_eq;
use program::{Folder, PROGRAM, QUICK, Said, command, listed, said, tcpspec};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use tcpspec_core::case::TrialId;

/// A trial whose finding the built-in ledger knows, and which shows numbers that follow from the seed.
const KNOWN: &str = "reset/received/rst-right-of-the-window-is-ignored:v4:state=ESTABLISHED:seq=1";

/// A trial in which the kernel does not do what a SHOULD says.
const DEVIATING: &str = "reset/received/rst-beside-rcv-nxt-in-time-wait:v4";

/// Four trials that wait for a second each, in silence.
const SILENT: &str = "closed/closed-port/reset-draws-nothing:v4";

// ---- Help and mistakes -------------------------------------------------------------------------

#[test]
fn help_and_version_are_told_on_standard_output() {
    for arguments in [&["--help"][..], &["-h"], &["help"], &["run", "--help"], &["check", "--help"]] {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(said.out.contains("Usage: tcpspec"), "{}", said.out);
    }
    let help = tcpspec(&["--help"]).out;
    for flag in [
        "--exact",
        "--skip",
        "--list",
        "--format",
        "--test-threads",
        "--target",
        "--seed",
        "--level",
        "--ledger",
        "--cases",
        "--include-ignored",
    ] {
        assert!(help.contains(flag), "{flag} is missing: {help}");
    }
    let version = tcpspec(&["--version"]);
    assert_eq!((version.code(), version.out), (Some(0), format!("tcpspec {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_name_the_argument() {
    let mistakes: [(&[&str], &str); 9] = [
        (&["--bogus"], "--bogus"),
        (&["--test-threads", "0"], "--test-threads"),
        (&["--test-threads", "many"], "--test-threads"),
        (&["--seed", "xyz"], "`xyz` is not a hexadecimal number"),
        (&["--level", "would"], "`would` is none of must, should, may"),
        (&["--format", "xml"], "--format"),
        (&["--ignored", "--include-ignored"], "--include-ignored"),
        (&["--quiet", "--format", "json"], "--format"),
        (&["audit"], "audit"),
    ];
    for (arguments, named) in mistakes {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(said.err.contains(named), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn misspelt_filter_is_an_error_that_names_the_nearest() {
    let said = tcpspec(&["closed-prot"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(4), ""));
    assert_eq!(
        said.err,
        "tcpspec: nothing is selected\n  no trial matches `closed-prot`; did you mean `closed-port`?\n  \
         `tcpspec --list` shows all trials\n"
    );
    // Beside one that selects something, and where only a list is asked for.
    for arguments in [&["closed/closed-port", "lisen"][..], &["--list", "lisen"]] {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(4), ""), "{arguments:?}");
        assert!(said.err.contains("`lisen`; did you mean `listen`?"), "{}", said.err);
    }
    let exact = tcpspec(&["--exact", "closed/closed-port"]);
    assert_eq!(exact.code(), Some(4), "a part of an id is no id: {exact:?}");
    let everything_skipped = tcpspec(&["closed/closed-port", "--skip", "closed"]);
    assert_eq!(everything_skipped.code(), Some(4));
    assert!(everything_skipped.err.starts_with("tcpspec: nothing is selected\n"), "{everything_skipped:?}");
}

// ---- Lists and selection -----------------------------------------------------------------------

#[test]
fn list_names_every_trial_once_by_its_grammar_and_always_the_same() {
    let names = listed(&[]);
    assert!(names.len() > 400, "{}", names.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for name in &names {
        let id: TrialId = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&id.to_string(), name);
    }
    assert_eq!(listed(&["--seed", "1"]), names);
    assert_eq!(listed(&["--format", "terse"]), names, "as test runners ask");
    assert_eq!(listed(&["--ignored", "--skip", "/"]), [""; 0], "a list may be empty");
}

#[test]
fn listed_id_is_safe_in_a_shell() {
    let names = listed(&[QUICK, "active/", "reset/received"]);
    let harmless = |name: &&String| name.chars().all(|c| c.is_ascii_alphanumeric() || "/:=-+._".contains(c));
    assert_eq!(names.iter().find(|name| !harmless(name)), None);
    // The longest words, with every kind of separator.
    for name in names.iter().filter(|name| name.contains('=')).take(1).chain(names.first()) {
        let said = said(Command::new("sh").arg("-c").arg(format!("{PROGRAM} --exact {name}")));
        assert_eq!((said.code(), said.counts()[0]), (Some(0), 1), "{said:?}");
        assert_eq!(said.lines(), [(name.as_str(), "ok")]);
    }
}

#[test]
fn several_filters_select_their_union_and_the_counts_are_true() {
    let filters = ["segment-without-ack-draws-rst-ack:v4:syn", "segment-with-ack-draws-rst:v6:text"];
    let (all, names) = (listed(&[]), listed(&filters));
    let wanted: BTreeSet<_> =
        all.iter().filter(|name| filters.iter().any(|filter| name.contains(filter))).cloned().collect();
    assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    let said = tcpspec(&filters);
    let (passed, rest) = (names.len() as u32, (all.len() - names.len()) as u32);
    assert_eq!((said.code(), said.counts()), (Some(0), [passed, 0, 0, rest]));
    assert_eq!(said.lines().iter().map(|(name, _)| name.to_string()).collect::<BTreeSet<_>>(), wanted);
    // Said twice is selected once.
    let twice = tcpspec(&[filters[0], filters[0]]);
    assert_eq!(twice.counts()[0], tcpspec(&[filters[0]]).counts()[0]);
}

#[test]
fn exact_and_skip_name_whole_ids() {
    let names = listed(&[QUICK]);
    let [one, other] = [&names[0], &names[names.len() - 1]];
    assert_eq!(tcpspec(&["--exact", one, other]).counts()[..2], [2, 0]);
    assert_eq!(tcpspec(&["--exact", one, other, "--skip", other]).lines(), [(one.as_str(), "ok")]);
    // A part of an id skips nothing where ids are exact, and all that it is part of otherwise.
    assert_eq!(tcpspec(&["--exact", one, "--skip", "closed"]).counts()[0], 1);
    let without_v6 = listed(&[QUICK, "--skip", "v6"]);
    assert_eq!(without_v6, names.iter().filter(|name| !name.contains("v6")).cloned().collect::<Vec<_>>());
}

// ---- Formats -----------------------------------------------------------------------------------

#[test]
fn json_is_one_object_a_line_and_nothing_else_is_on_standard_output() {
    let said = tcpspec(&["--format", "json", "--ledger", "none", "--seed", "7f3a", QUICK, KNOWN]);
    assert_eq!(said.code(), Some(1));
    let events: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let expected = listed(&[QUICK, KNOWN]).len();
    let of = |kind: &str, event: &str| -> Vec<&Value> {
        events.iter().filter(|value| value["type"] == kind && value["event"] == event).collect()
    };
    assert_eq!(of("suite", "started")[0]["test_count"], expected);
    assert_eq!((of("test", "started").len(), of("test", "ok").len()), (expected, expected - 1));
    assert_eq!((of("suite", "failed").len(), of("suite", "ok").len()), (1, 0));
    let failed = of("test", "failed");
    assert_eq!((failed.len(), &failed[0]["name"]), (1, &Value::from(KNOWN)));
    let text = failed[0]["stdout"].as_str().expect("the block of the failure");
    assert!(text.contains("✗ expected nothing for 1 s") && text.contains("\n  again "), "{text}");
    // Header and summary are for people.
    assert!(said.err.starts_with("tcpspec ") && said.err.contains("seed 7f3a"), "{}", said.err);
    assert!(said.err.contains("verdicts: "), "{}", said.err);
}

#[test]
fn terse_is_one_character_a_trial() {
    for arguments in [&["--format", "terse"][..], &["-q"], &["--quiet"]] {
        let said = tcpspec(&[arguments, &[QUICK]].concat());
        let count = listed(&[QUICK]).len();
        assert_eq!(said.out.lines().find(|line| line.starts_with('.')), Some(".".repeat(count).as_str()));
        assert_eq!(said.lines(), []);
    }
}

#[test]
fn run_is_what_happens_without_a_command() {
    let without_time = |said: Said| said.out.split("finished in").next().map(str::to_owned);
    let name = &listed(&[QUICK])[0];
    assert_eq!(
        without_time(tcpspec(&["run", "--seed", "7", name])),
        without_time(tcpspec(&["--seed", "0x7", name])),
    );
}

#[test]
fn what_test_runners_pass_is_understood() {
    let name = &listed(&[QUICK])[0];
    for flags in [
        &["--nocapture"][..],
        &["--no-capture", "--show-output", "--color", "never"],
        &["--test", "--colour=always"],
        &["-Z", "unstable-options", "--include-ignored"],
    ] {
        let said = tcpspec(&[&["--exact", name], flags].concat());
        assert_eq!((said.code(), said.lines().len()), (Some(0), 1), "{flags:?}: {said:?}");
    }
    // Which are there, and which of them are ignored: as cargo-nextest asks.
    assert!(listed(&["--format", "terse"]).contains(name));
    assert_eq!(listed(&["--format", "terse", "--ignored", name]), [""; 0]);
}

#[test]
fn failure_says_everything_that_is_known() {
    let said = tcpspec(&["--ledger", "none", "--seed", "7f3a", "--exact", KNOWN]);
    assert_eq!((said.code(), said.counts()[..2].to_vec()), (Some(1), vec![0, 1]));
    for part in [
        format!("FAIL  {KNOWN}"),
        "  requirement  rfc5961-rst-outside (MUST, RFC 5961 section 3.2)".into(),
        "  finding      answered-where-silence-required".into(),
        "  did          sent RST seq=".into(),
        "  expected     nothing for 1 s".into(),
        "  saw          ACK seq=1".into(),
        "  effect       ".into(),
        "  place        cases/reset/received.yaml:".into(),
        format!("  again        tcpspec --ledger none --seed 7f3a --exact {KNOWN}\n"),
    ] {
        assert!(said.out.contains(&part), "{part:?} is missing:\n{}", said.out);
    }
}

// ---- Seeds and bounds --------------------------------------------------------------------------

/// What a failing trial shows that follows from the seed: ports and numbers of the bench's choice.
fn chosen(said: &Said) -> Vec<String> {
    let ports = said.out.split("port ").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_digit));
    let ports: Vec<String> = ports.map(Iterator::collect).collect();
    let numbers = said
        .out
        .lines()
        .filter(|line| line.contains("= RCV.NXT"))
        .map(|line| line.split(['(', ')']).nth(1).unwrap_or_default().to_owned());
    let all: Vec<_> = ports.into_iter().chain(numbers).collect();
    assert!(all.len() >= 3, "{all:?} in {}", said.out);
    all
}

#[test]
fn same_seed_chooses_the_same_and_the_command_printed_repeats_it() {
    // Its table of differences shows RCV.NXT in full: our initial sequence number plus 1 or 2.
    let shows_number = "reset/received/rst-left-of-the-window-is-ignored:v4:state=CLOSE-WAIT";
    let first = tcpspec(&["--ledger", "none", "--exact", shows_number]);
    let again = first.out.lines().find_map(|line| line.strip_prefix("  again        tcpspec "));
    let again = again.unwrap_or_else(|| panic!("no command: {}", first.out));
    let seed = again.split(' ').skip_while(|word| *word != "--seed").nth(1).expect("a seed");
    assert!(
        first.out.starts_with("tcpspec ") && first.out.contains(&format!("seed {seed}\n")),
        "{}",
        first.out
    );
    let second = said(Command::new("sh").arg("-c").arg(format!("{PROGRAM} {again}")));
    assert_eq!((second.code(), chosen(&second)), (Some(1), chosen(&first)));
    // Its choices do not depend on what else runs, and other seeds choose otherwise.
    let beside = tcpspec(&["--ledger", "none", "--seed", seed, "--exact", shows_number, DEVIATING]);
    let other = tcpspec(&["--ledger", "none", "--seed", "1", "--exact", shows_number]);
    assert_eq!(chosen(&beside), chosen(&first));
    assert!(chosen(&other).iter().zip(chosen(&first)).all(|(one, two)| *one != two));
}

#[test]
fn test_threads_bounds_the_trials_in_flight() {
    // Each of them waits for a second, so that this many must follow one another.
    for (threads, at_least) in [(1, 4.0), (3, 2.0)] {
        let said = tcpspec(&["--test-threads", &threads.to_string(), SILENT]);
        let took = said.out.split("finished in ").nth(1).and_then(|rest| rest.split('s').next());
        let took: f64 = took.and_then(|text| text.parse().ok()).expect("a duration");
        assert_eq!((said.code(), said.counts()[0]), (Some(0), 4));
        assert!(took >= at_least, "{threads} threads took {took} s");
        if threads == 1 {
            let order: Vec<_> = said.lines().into_iter().map(|(name, _)| name.to_owned()).collect();
            assert_eq!(order, listed(&[SILENT]), "one after another, in the order of the list");
        }
    }
}

// ---- Levels, ledgers, slow and skipped trials --------------------------------------------------

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
    (tcpspec(&["--ledger", &ledger, "--exact", KNOWN, &listed(&[QUICK])[0]]), ledger)
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
    let passing = &listed(&[QUICK])[0];
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

const CASES: &str = "about: Three ways to be run\n\ncases:\n  \
    ordinary:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n  \
    slow:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    slow: true\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n  \
    impossible:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    needs: [daytime]\n    given: CLOSED\n    steps:\n      \
    - {send: ACK, ack: 7}\n      - {expect: RST, seq: 7}\n";

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

// ---- Files that are wrong ----------------------------------------------------------------------

#[test]
fn broken_case_file_is_shown_with_a_caret_and_exits_with_5() {
    let folder = Folder::new();
    let file = folder.file("area/three.yaml", &CASES.replace("expect: RST, seq: 7", "expct: RST, seq: 7"));
    let cases = folder.path().display().to_string();
    for arguments in [&["--cases", &cases][..], &["check", "--cases", &cases], &["--list", "--cases", &cases]]
    {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        for part in [format!("{file}:11:10"), "^^^^^".into(), "did you mean `expect`?".into()] {
            assert!(said.err.contains(&part), "{part:?} is missing:\n{}", said.err);
        }
    }
}

#[test]
fn broken_profile_or_ledger_exits_with_5_and_its_place() {
    let folder = Folder::new();
    let profile = folder.file("dut.yaml", "name: dut\nkind: devise\n");
    let ledger = folder.file("ledger.yaml", "about: a\nentries:\n  - {case: x, finding: y, resaon: z}\n");
    let wrong: [(&[&str], &str, &str); 4] = [
        (&["--target", &profile], "dut.yaml:2:7", "`device`"),
        (&["check", "--target", &profile], "dut.yaml:2:7", "`device`"),
        (&["--ledger", &ledger, QUICK], "ledger.yaml:3:", "`reason`"),
        (&["check", "--ledger", &ledger], "ledger.yaml:3:", "`reason`"),
    ];
    for (arguments, place, hint) in wrong {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        for part in [place, hint, "^"] {
            assert!(said.err.contains(part), "{part:?} is missing:\n{}", said.err);
        }
    }
}

#[test]
fn unreadable_files_exit_with_5_and_one_sentence() {
    let folder = Folder::new();
    let (empty, missing) = (folder.path().display().to_string(), folder.path().join("none.yaml"));
    let missing = missing.display().to_string();
    let (latin, folder_path) = (folder.path().join("latin1.yaml"), empty.clone());
    std::fs::write(&latin, b"name: \xe9\n").expect("a file");
    let latin = latin.display().to_string();
    let wrong: [(&[&str], &str); 6] = [
        (&["--cases", &missing], "cannot read the cases"),
        (&["--target", &missing], "cannot read the profile"),
        (&["--ledger", &missing], "cannot read the ledger"),
        (&["--target", &latin], "cannot read the profile"),
        (&["--target", &folder_path], "cannot read the profile"),
        (&["check", "--ledger", &missing], "cannot read the ledger"),
    ];
    for (arguments, sentence) in wrong {
        let said = tcpspec(arguments);
        assert_eq!((said.code(), said.out.as_str()), (Some(5), ""), "{arguments:?}");
        assert!(said.err.starts_with(&format!("tcpspec: {sentence}")), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
    std::fs::remove_file(latin).expect("it is ours");
    let nothing = tcpspec(&["--cases", &empty]);
    assert_eq!((nothing.code(), nothing.err), (Some(5), format!("tcpspec: {empty} holds no .yaml file\n")));
}

#[test]
fn check_passes_what_is_built_in_and_finds_what_a_ledger_names_in_vain() {
    let well = tcpspec(&["check"]);
    assert_eq!((well.code(), well.err.as_str()), (Some(0), ""));
    assert!(well.out.ends_with("requirements: all well\n"), "{}", well.out);
    let folder = Folder::new();
    let ledger = folder.file(
        "ledger.yaml",
        "about: a\nentries:\n  - {case: no/such/case, finding: wrong-stat, reason: r, source: s}\n",
    );
    let said = tcpspec(&["check", "--ledger", &ledger]);
    assert_eq!(said.code(), Some(5));
    for part in ["no trial is called `no/such/case`", "did you mean `wrong-state`?"] {
        assert!(said.err.contains(part), "{part:?} is missing:\n{}", said.err);
    }
}

// ---- Rights and targets ------------------------------------------------------------------------

#[test]
fn device_behind_a_missing_interface_exits_with_6_and_names_it() {
    let folder = Folder::new();
    let profile = folder.file(
        "dut.yaml",
        "name: dut\nkind: device\nclaims: []\ninterface: nosuch0\naddress: {v4: 192.0.2.7}\n\
         bench: {v4: 192.0.2.10}\nservices: {closed: 81}\n",
    );
    let said = tcpspec(&["--target", &profile, "closed/"]);
    assert_eq!((said.code(), said.out.as_str()), (Some(6), ""), "{}", said.err);
    assert!(said.err.starts_with("tcpspec: ") && said.err.contains("nosuch0"), "{}", said.err);
}

/// Runs the program as root of a user namespace of its own, after `prepare` in a shell there.
fn in_user_namespace(prepare: &str) -> Said {
    let script = format!("{prepare} \"$0\" {QUICK}");
    said(Command::new("unshare").args(["--user", "--map-root-user", "sh", "-c", &script, PROGRAM]))
}

#[test]
fn without_rights_one_sentence_says_what_was_refused_and_what_helps() {
    // The limits are those of the user namespace that `unshare` makes; they end with it.
    let no_network = in_user_namespace("echo 0 > /proc/sys/user/max_net_namespaces && exec");
    assert_eq!((no_network.code(), no_network.out.as_str()), (Some(6), ""), "{}", no_network.err);
    assert_eq!(
        no_network.err,
        "tcpspec: cannot make a private network for the target: a network namespace was refused (ENOSPC: No \
         space left on device); there are too many already: raise the limit `user.max_net_namespaces`\n"
    );
    let no_user = in_user_namespace(
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all",
    );
    assert_eq!((no_user.code(), no_user.out.as_str()), (Some(6), ""), "{}", no_user.err);
    let expected = "tcpspec: cannot make a private network for the target: a user namespace was refused (ENOSPC: \
                    No space left on device); allow it with `sudo sysctl user.max_user_namespaces=15000`, or ";
    assert!(no_user.err.starts_with(expected) && no_user.err.lines().count() == 1, "{}", no_user.err);
    // What needs no rights is there without them.
    assert_eq!(listed(&[]), {
        let script = "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$0\" --list";
        let mut unshare = Command::new("unshare");
        let said = said(unshare.args(["--user", "--map-root-user", "sh", "-c", script, PROGRAM]));
        said.out.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect::<Vec<_>>()
    });
}

#[test]
fn ordinary_user_needs_no_rights_and_no_preparation() {
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is run by one.
        return;
    }
    let folder = Folder::new();
    let copy = folder.path().join("tcpspec");
    std::fs::copy(PROGRAM, &copy).expect("a copy that everybody may run");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
    let said = said(Command::new("setpriv").args(nobody).arg(&copy).args([QUICK, SILENT]).current_dir("/"));
    let count = listed(&[QUICK, SILENT]).len() as u32;
    assert_eq!((said.code(), said.counts()[..3].to_vec()), (Some(0), vec![count, 0, 0]), "{said:?}");
}

// ---- Standard output ---------------------------------------------------------------------------

#[test]
fn reader_that_goes_away_ends_the_program_without_a_word() {
    // Four trials of a second each, one after another: it is far from done when nobody reads any more.
    for arguments in [&["--test-threads", "1", SILENT][..], &["--list"], &["check"], &["--help"]] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        reader.read_line(&mut first).expect("a line");
        assert!(!first.is_empty());
        drop(reader);
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        let status = child.wait().expect("it ends");
        assert_eq!(said, "", "{arguments:?}");
        // What fits the pipe was written before anybody went away.
        assert!(status.success() || status.signal() == Some(libc::SIGPIPE), "{arguments:?}: {status}");
        if arguments[0] == "--test-threads" {
            assert_eq!(status.signal(), Some(libc::SIGPIPE));
        }
    }
}
