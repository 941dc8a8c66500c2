use super::STATES;
use crate::case::{
    Acks, Capability, Case, CaseFile, Family, Fixtures, Gist, Row, StepKind, Suite, TrialId, Vocabulary,
};
use crate::fault::FaultCatalogue;
use crate::requirement::{Catalogue, Tc8};
use crate::state::State;
use crate::yaml::{Diagnostic, render};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

const PEER_FIRST: &str = "\
about: The peer closes first (RFC 9293 section 3.6, case 2)

cases:
  fin-is-acked-with-fin-seq-plus-one:
    title: A FIN is acknowledged with its sequence number plus one
    requirements: [ev-estab-fin, MUST-2]
    effect: A peer whose FIN is not acknowledged keeps retransmitting it and its port stays busy.
    given: ESTABLISHED
    steps:
      - send: FIN ACK
        as: fin
      - expect: ACK
        ack: fin.seq + 1
        within: 1s
    then: CLOSE-WAIT
    faults: [ack-of-fin-off-by-one, fin-not-acked]

  reset-only-at-rcv-nxt:
    title: Only a RST exactly at RCV.NXT resets; one elsewhere in the window draws a challenge ACK
    requirements: [MUST-2]
    effect: Whoever guesses the window could tear connections down.
    needs: [challenge-ack]
    families: [v4]
    slow: yes
    for:
      state: [ESTABLISHED, FIN-WAIT-1]
      seq:   [RCV.NXT + 1, RCV.NXT + RCV.WND - 1]
    given: $state
    steps:
      - send: RST
        seq: $seq
      - one-of:
          challenge-ack: [{expect: ACK, seq: SND.NXT, ack: RCV.NXT}]     # RFC 5961
          silent:        [{silence: 1s}]
        prefer: challenge-ack
    then: $state

  two-connections-share-a-listener:
    title: Connections of one listener do not mix
    requirements: [MUST-2]
    effect: Data of one user reaches another.
    given: {a: ESTABLISHED, b: {state: ESTABLISHED, timestamps: yes}}
    same-target-port: yes
    strict: yes
    acks: every 2
    steps:
      - {send: ACK, on: a, data: 10, as: first}
      - {expect: ACK, on: a, ack: first.end}
      - {repeat: 3, on: b, steps: [{send: ACK, seq: a.RCV.NXT + $i}]}
      - {silence: 200ms, on: b}
    then: {b: ESTABLISHED}
";

fn file() -> CaseFile {
    CaseFile::read("cases/close/peer-first.yaml", PEER_FIRST).expect("a file")
}

#[test]
fn file_knows_its_cases_before_they_are_read() {
    let file = file();
    let ids: Vec<&str> = file.cases().iter().map(|case| case.id()).collect();
    assert_eq!(
        ids,
        [
            "close/peer-first/fin-is-acked-with-fin-seq-plus-one",
            "close/peer-first/reset-only-at-rcv-nxt",
            "close/peer-first/two-connections-share-a-listener"
        ]
    );
    assert_eq!(file.about(), Ok("The peer closes first (RFC 9293 section 3.6, case 2)".into()));
    assert_eq!((file.id(), file.path()), ("close/peer-first", "cases/close/peer-first.yaml"));
}

#[test]
fn case_says_what_it_is_about() {
    let file = file();
    let row = |suffix: &str, state: &str, seq: &str| Row {
        suffix: suffix.into(),
        bindings: vec![("state".into(), state.into()), ("seq".into(), seq.into())],
    };
    let (near, far) = ("RCV.NXT + 1", "RCV.NXT + RCV.WND - 1");
    assert_eq!(
        file.cases()[1].case(),
        Ok(&Case {
            id: "close/peer-first/reset-only-at-rcv-nxt".into(),
            place: file.cases()[1].place().clone(),
            title: "Only a RST exactly at RCV.NXT resets; one elsewhere in the window draws a challenge ACK"
                .into(),
            requirements: vec!["MUST-2".into()],
            effect: "Whoever guesses the window could tear connections down.".into(),
            needs: vec![Capability::ChallengeAck],
            families: vec![Family::V4],
            slow: true,
            faults: Vec::new(),
            also: Vec::new(),
            rows: vec![
                row("state=ESTABLISHED:seq=1", "ESTABLISHED", near),
                row("state=ESTABLISHED:seq=2", "ESTABLISHED", far),
                row("state=FIN-WAIT-1:seq=1", "FIN-WAIT-1", near),
                row("state=FIN-WAIT-1:seq=2", "FIN-WAIT-1", far),
            ],
        })
    );
    assert_eq!(
        file.cases()[0].case().map(|case| case.faults.clone()),
        Ok(vec!["ack-of-fin-off-by-one".into(), "fin-not-acked".into()])
    );
}

#[test]
fn every_case_runs_on_both_families_unless_it_says_otherwise() {
    let suite = Suite::read([("close/peer-first.yaml", PEER_FIRST)]).expect("a suite");
    let ids: Vec<String> = suite.trials().map(|trial| trial.id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "close/peer-first/fin-is-acked-with-fin-seq-plus-one:v4",
            "close/peer-first/fin-is-acked-with-fin-seq-plus-one:v6",
            "close/peer-first/reset-only-at-rcv-nxt:v4:state=ESTABLISHED:seq=1",
            "close/peer-first/reset-only-at-rcv-nxt:v4:state=ESTABLISHED:seq=2",
            "close/peer-first/reset-only-at-rcv-nxt:v4:state=FIN-WAIT-1:seq=1",
            "close/peer-first/reset-only-at-rcv-nxt:v4:state=FIN-WAIT-1:seq=2",
            "close/peer-first/two-connections-share-a-listener:v4",
            "close/peer-first/two-connections-share-a-listener:v6",
        ]
    );
    let id: TrialId = ids[4].parse().expect("an id");
    let trial = suite.find(&id).expect("a trial");
    assert_eq!((trial.id, trial.row), (id, 2));
    assert!(suite.find(&"close/peer-first/reset-only-at-rcv-nxt:v6".parse().expect("an id")).is_none());
}

#[test]
fn row_is_put_into_the_script() {
    let file = file();
    let script = file.cases()[1].script(3).expect("a script");
    assert_eq!(script.given[0].state, State::FinWait1);
    assert_eq!(script.then[0].state, State::FinWait1);
    let StepKind::Send(send) = &script.steps[0].kind else { panic!("a send") };
    assert_eq!(send.seq.as_ref().map(ToString::to_string), Some("RCV.NXT + RCV.WND - 1".into()));
    assert!(file.cases()[1].script(4).is_err());
}

#[test]
fn script_has_its_connections_and_switches() {
    let script = file().cases()[2].script(0).expect("a script");
    let given: Vec<_> =
        script.given.iter().map(|given| (given.connection.as_str(), given.timestamps)).collect();
    assert_eq!(given, [("a", false), ("b", true)]);
    assert_eq!((script.strict, script.acks, script.same_target_port), (true, Acks::Every(2), true));
    let on: Vec<_> = script.steps.iter().map(|step| step.connection.as_str()).collect();
    assert_eq!(on, ["a", "a", "b", "b"]);
    let StepKind::Repeat { steps, .. } = &script.steps[2].kind else { panic!("a loop") };
    assert_eq!(steps[0].connection, "b");
    assert_eq!(script.then.iter().map(|then| then.connection.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn samples_keep_the_language() {
    let (catalogue, fixtures) =
        (Catalogue::embedded(), Fixtures::read("states.yaml", STATES).expect("fixtures"));
    let suite = Suite::read([("close/peer-first.yaml", PEER_FIRST)]).expect("a suite");
    let vocabulary =
        Vocabulary { catalogue: Some(&catalogue), fixtures: Some(&fixtures), ..Vocabulary::default() };
    assert_eq!(suite.check(&vocabulary), Vec::<Diagnostic>::new());
}

#[test]
fn the_cases_of_this_project_keep_the_language() {
    let (catalogue, fixtures) = (Catalogue::embedded(), Fixtures::embedded().expect("fixtures"));
    let faults = FaultCatalogue::embedded().expect("faults");
    let (tc8, names) = (Tc8::embedded(&catalogue).expect("right"), faults.names());
    let vocabulary = Vocabulary {
        catalogue: Some(&catalogue),
        fixtures: Some(&fixtures),
        faults: Some(&names),
        tc8: Some(&tc8),
        wants_a_fault: false,
    };
    let told: Vec<String> = match Suite::embedded() {
        Ok(suite) => suite
            .check(&vocabulary)
            .iter()
            .map(|problem| render(problem, suite.text(&problem.place.file).unwrap_or_default()))
            .collect(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(told.join("\n\n"), "");
}

#[test]
fn files_are_in_an_area_and_none_is_there_twice() {
    let told = |files: &[&'static str]| {
        let files = files.iter().map(|path| (*path, "about: x\ncases:\n"));
        let problems = Suite::read(files).expect_err("problems");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&["close.yaml", "Close/x.yaml", "close/x.yml", "x/close/y.yaml", "close/y.yaml"]),
        [
            "close.yaml:1:1: this file is in no area",
            "Close/x.yaml:1:1: the name of this file or of its area is none for cases",
            "close/x.yml:1:1: a case file's name ends in `.yaml`",
            "close/y.yaml:1:1: its cases have the ids of those in x/close/y.yaml",
        ]
    );
}

/// The sample with some of its lines changed.
fn mangled() -> impl Strategy<Value = String> {
    let lines: Vec<&'static str> = PEER_FIRST.lines().collect();
    let piece =
        prop_oneof![Just(String::new()), "[ -~]{0,12}", "\\PC{0,8}", "[]\\[{}:,'\"$#&*!|>%@` -]{0,6}"];
    (prop::collection::vec((0..lines.len(), 0..40_usize, piece), 0..6)).prop_map(move |changes| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        for (line, at, piece) in changes {
            let line = &mut lines[line];
            let at = (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            line.replace_range(at.., &format!("{piece}{}", &line[at..].chars().skip(1).collect::<String>()));
        }
        lines.join("\n")
    })
}

/// Reads all that there is, as a full check does.
fn read_all(text: String) {
    if let Ok(suite) = Suite::read([("area/file.yaml", text)]) {
        let _ = suite.check(&Vocabulary::default());
        for trial in suite.trials() {
            if let Ok(script) = trial.script() {
                let _ = script.longest_wait(&|_| None, &crate::profile::Tolerance::default());
                let _ = script.expected_duration(&|_| None);
                let _ = script.capabilities();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        read_all(text);
    }

    #[test]
    fn any_change_of_a_case_file_is_read_or_refused(text in mangled()) {
        read_all(text);
    }
}

#[test]
fn rows_share_the_steps_that_none_of_them_changes_and_nothing_else() {
    let text = "about: x\n\ncases:\n  one:\n    title: t\n    requirements: [MUST-1]\n    effect: e\n    faults: [none]\n    for:\n      - {name: one, on: a, given: {a: ESTABLISHED, b: ESTABLISHED}, end: [{silence: 1s, on: a}]}\n      - {name: two, on: c, given: {c: ESTABLISHED, b: CLOSE-WAIT}, end: [{silence: 2s, on: c}]}\n      - {name: three, on: b, given: {a: ESTABLISHED, b: ESTABLISHED}, end: []}\n    given: $given\n    steps:\n      - {send: ACK, on: b}\n      - {send: FIN ACK, on: $on}\n      - repeat: 2\n        steps: [{wait: 1s}]\n        on: b\n";
    let file = CaseFile::read("cases/area/file.yaml", text.to_owned()).expect("a file");
    let case = &file.cases()[0];
    // Read alone, no row has anything to share.
    let alone = |row: usize| {
        let file = CaseFile::read("cases/area/file.yaml", text.to_owned()).expect("a file");
        file.cases()[0].script(row)
    };
    let scripts = case.scripts();
    let together: Vec<_> = (0..3).map(|row| scripts.row(row)).collect();
    assert_eq!(together, (0..3).map(alone).collect::<Vec<_>>());
    assert!(together.iter().all(Result::is_ok), "{together:?}");
    // A step that names no connection acts on the only one, whatever its name is in this row.
    let only = "about: x\n\ncases:\n  one:\n    for:\n      - {name: one, given: {a: ESTABLISHED}}\n      - {name: two, given: {b: ESTABLISHED}}\n    given: $given\n    steps:\n      - send: ACK\n";
    let file = CaseFile::read("cases/area/file.yaml", only).expect("a file");
    let scripts = file.cases()[0].scripts();
    let on = |row: usize| scripts.row(row).map(|script| script.steps[0].connection.clone());
    assert_eq!([on(0), on(1)], [Ok("a".to_owned()), Ok("b".to_owned())]);
    // The whole list may be another in each row.
    let text = text.split("    steps:").next().expect("a beginning").to_owned() + "    steps: $end\n";
    let file = CaseFile::read("cases/area/file.yaml", text).expect("a file");
    let scripts = file.cases()[0].scripts();
    let counts: Vec<_> = (0..3).map(|row| scripts.row(row).map(|script| script.steps.len())).collect();
    assert_eq!(counts, [Ok(1), Ok(1), Ok(0)]);
}

#[test]
fn gist_of_a_case_is_what_the_whole_case_says() {
    let suite = Suite::embedded().expect("right cases");
    for raw in suite.cases() {
        let case = raw.case().expect("a right case");
        let Gist { requirements, needs, slow } = raw.gist().expect("a right case");
        assert_eq!(
            (requirements, needs, slow),
            (&case.requirements, &case.needs, &case.slow),
            "{}",
            raw.id()
        );
    }
}
