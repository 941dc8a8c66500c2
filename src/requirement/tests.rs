//! The catalogue, and what its reader refuses.

use super::*;
use crate::yaml::render;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

/// What is wrong with a catalogue of one file, as pictures.
fn refusals(text: &str) -> String {
    let problems = Catalogue::read(&[("t.yaml", text)]).expect_err("a refusal");
    problems.iter().map(|problem| render(problem, text)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_embedded_files_are_right() {
    assert_eq!(Catalogue::check(&FILES), []);
}

#[test]
fn the_index_and_the_full_reading_agree_on_every_row() {
    let indexed = Catalogue::embedded();
    let read = Catalogue::read(&FILES).expect("right files");
    assert_eq!(indexed.ids().collect::<Vec<_>>(), read.ids().collect::<Vec<_>>());
    for id in read.ids() {
        // Before the row is read, from its lines alone.
        assert_eq!((id, indexed.level(id)), (id, read.get(id).map(|row| row.level)));
        assert_eq!(indexed.get(id), read.get(id));
    }
    assert_eq!(indexed.len(), 119 + 316 + 329);
}

#[test]
fn labels_of_rfc_9293_and_their_levels_agree() {
    let expected: [(&str, &[Level]); 4] = [
        ("MUST-", &[Level::Must, Level::MustNot]),
        ("SHLD-", &[Level::Should, Level::ShouldNot]),
        ("MAY-", &[Level::May]),
        ("REC-", &[Level::Recommended]),
    ];
    let catalogue = Catalogue::embedded();
    let labelled = catalogue.iter().filter_map(|row| {
        let levels = expected.iter().find(|(label, _)| row.id.starts_with(label))?.1;
        Some((row, levels))
    });
    let mut count = 0;
    for (row, levels) in labelled {
        assert!(levels.contains(&row.level), "{} is {}", row.id, row.level);
        assert_eq!(row.rfc, 9293, "{}", row.id);
        count += 1;
    }
    assert_eq!(count, 119);
}

#[test]
fn a_requirement_has_all_that_its_row_says() {
    let place = Place { file: "cases/requirements/rfc9293.yaml".into(), line: 27, column: 3, length: 2 };
    let catalogue = Catalogue::embedded();
    let row = catalogue.get("MUST-2").cloned().map(|row| Requirement { how: None, ..row });
    assert_eq!(
        row,
        Some(Requirement {
            id: "MUST-2".into(),
            level: Level::Must,
            rfc: 9293,
            section: "3.1".into(),
            summary: "Every segment that leaves the stack carries a correct checksum over pseudo-header, \
                      header and data."
                .into(),
            observable: Observable::Wire,
            slow: false,
            derived: false,
            how: None,
            note: Some(
                "Capture on the receiving side only: with checksum offload on a veth or loopback path the \
                 field is legitimately unfinished, so turn tx offload off first."
                    .into()
            ),
            not_testable: None,
            event: None,
            place,
        })
    );
}

#[test]
fn an_event_row_has_its_parts() {
    let row = Catalogue::embedded().get("ev-estab-rst-inwindow").cloned().expect("the row");
    let reply = |ack: &str| Reply {
        flags: "ACK".into(),
        seq: "SND.NXT".into(),
        ack: Some(ack.into()),
        wnd: None,
        len: None,
        up: None,
    };
    assert_eq!(
        row.event.as_deref(),
        Some(&Event {
            states: vec!["ESTABLISHED".into()],
            kind: EventKind::Segment,
            event: "RST inside the window but not at RCV.NXT".into(),
            stimulus: "<SEQ=RCV.NXT+1><CTL=RST>".into(),
            outcome: Outcome {
                reply: None,
                next_state: "CLOSED".into(),
                effect: "Without the RFC 5961 check any in-window RST is valid.".into(),
            },
            rfc5961: Overlay::Instead(Outcome {
                reply: Some(reply("RCV.NXT")),
                next_state: "ESTABLISHED".into(),
                effect: "Challenge ACK, RST dropped; a second RST built from that ACK (exact) then resets."
                    .into(),
            }),
            tolerance: None,
        })
    );
    assert_eq!(
        (row.level, row.citation()),
        (Level::Must, "RFC 9293 section 3.10.7.4 second: RST; 3.5.3".into())
    );
}

#[test]
fn an_event_row_may_say_why_no_case_can_show_it() {
    let catalogue = Catalogue::embedded();
    let reason = |id: &str| catalogue.get(id).and_then(|row| row.not_testable.as_deref());
    let expected = "The socket interface does not tell ABORT from CLOSE of a listener; see ev-listen-close.";
    assert_eq!((reason("ev-listen-abort"), reason("ev-listen-close")), (Some(expected), None));
}

#[test]
fn event_rows_read_as_sentences() {
    let catalogue = Catalogue::embedded();
    let sentences = [
        "ev-estab-fin",
        "ev-listen-rst",
        "ev-closed-syn",
        "ev-estab-data-zero-wnd",
        "ev-estab-close",
        "ev-estab-rto",
        "ev-multi-status",
        "ev-multi-close-again",
    ]
    .map(|id| catalogue.get(id).map_or("", |row| &row.summary));
    assert_snapshot!(sentences.join("\n"), @r#"
    In ESTABLISHED, on "FIN in order", the target answers ACK (SEQ SND.NXT, ACK RCV.NXT+1) and goes to CLOSE-WAIT.
    In LISTEN, on "RST at a listener", the target sends nothing and keeps its state.
    In CLOSED, on "SYN to a port without a listener", the target answers RST,ACK (SEQ 0, ACK x+1) and keeps its state.
    In ESTABLISHED, on "One byte of text while the SUT window is 0 (window probe)", the target answers ACK (SEQ SND.NXT, ACK RCV.NXT, WND 0) and keeps its state.
    In ESTABLISHED, on "Close with nothing queued", the target sends FIN,ACK (SEQ SND.NXT, ACK RCV.NXT) and goes to FIN-WAIT-1.
    In ESTABLISHED, on "Retransmission timer", the target sends ACK (SEQ SND.UNA, ACK RCV.NXT (current), LEN first unacknowledged segment) and keeps its state.
    In any state, on "Status call", the target sends nothing and keeps its state.
    In FIN-WAIT-1 and FIN-WAIT-2, on "Second close", the target sends nothing and keeps its state.
    "#);
}

#[test]
fn lower_case_words_of_section_3_10_are_no_must() {
    let catalogue = Catalogue::embedded();
    let weaker: Vec<String> = catalogue
        .iter()
        .filter(|row| row.event.is_some() && row.level != Level::Must)
        .map(|row| format!("{} {}", row.id, row.level))
        .collect();
    assert_snapshot!(weaker.join("\n"), @r#"
    ev-listen-syn-data SHOULD
    ev-listen-syn-fin SHOULD
    ev-listen-syn-urg-psh SHOULD
    ev-synsent-synack-data SHOULD
    ev-synrcvd-seq-old SHOULD
    ev-synrcvd-seq-beyond SHOULD
    ev-synrcvd-seq-below-empty SHOULD
    ev-synrcvd-syn-again SHOULD
    ev-synrcvd-syn-outside SHOULD
    ev-timewait-syn-newer MAY
    ev-timewait-syn-ts-newer SHOULD
    ev-timewait-syn-ts-older SHOULD
    ev-estab-ack-zero-wnd SHOULD
    ev-estab-fin-zero-wnd SHOULD
    ev-estab-data-right-fin SHOULD
    ev-synrcvd-ack-ooo SHOULD
    ev-estab-data-ooo MAY
    ev-estab-data-gapfill SHOULD
    ev-estab-data-right SHOULD
    ev-estab-fin-ooo-filled SHOULD
    ev-finwait1-data-ooo MAY
    ev-finwait1-data-gapfill SHOULD
    ev-finwait1-data-right SHOULD
    ev-finwait1-fin-ooo-filled SHOULD
    ev-finwait2-data-ooo MAY
    ev-finwait2-data-gapfill SHOULD
    ev-finwait2-data-right SHOULD
    ev-finwait2-fin-ooo-filled SHOULD
    ev-finwait2-idle MAY
    "#);
}

#[test]
fn a_misspelt_id_finds_the_one_meant() {
    let catalogue = Catalogue::embedded();
    let found = ["MUST13", "must-13", "ev-estab-fni", "rfc5961-rst-exat", "something-else"]
        .map(|id| (catalogue.contains(id), catalogue.nearest(id)));
    assert_eq!(
        found,
        [
            (false, Some("MUST-13")),
            (false, Some("MUST-13")),
            (false, Some("ev-estab-fin")),
            (false, Some("rfc5961-rst-exact")),
            (false, None),
        ]
    );
}

#[test]
fn thresholds_take_in_what_is_stronger() {
    let gated = [Threshold::Must, Threshold::Should, Threshold::May]
        .map(|threshold| Level::ALL.map(|level| level.gates(threshold)));
    assert_eq!(
        gated,
        [
            [true, true, false, false, false, false],
            [true, true, true, true, true, false],
            [true, true, true, true, true, true],
        ]
    );
    assert_eq!(Threshold::default(), Threshold::Must);
    assert_eq!("should".parse(), Ok(Threshold::Should));
    assert_eq!(
        "strict".parse::<Threshold>().map_err(|error| error.to_string()),
        Err("`strict` is none of must, should, may".into())
    );
    for level in Level::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
}

#[test]
fn an_unknown_key_level_or_word_is_refused() {
    assert_snapshot!(refusals("\
requirements:
- {id: a-1, rfc: 9293, level: MUST, sectoin: '3.1', summary: One., observable: wire}
- {id: a-2, rfc: 9293, level: Must, section: '3.1', summary: Two., observable: wire}
- {id: a-3, rfc: 9293, level: MUST, section: '3.1', summary: Three., observable: wires}
"), @r#"
    error: `sectoin` is not a key of this map
     --> t.yaml:2:37
      |
    2 | - {id: a-1, rfc: 9293, level: MUST, sectoin: '3.1', summary: One., observable: wire}
      |                                     ^^^^^^^
      |
      = help: did you mean `section`?

    error: `Must` is no level
     --> t.yaml:3:31
      |
    3 | - {id: a-2, rfc: 9293, level: Must, section: '3.1', summary: Two., observable: wire}
      |                               ^^^^
      |
      = help: possible here: MUST, MUST NOT, SHOULD, SHOULD NOT, RECOMMENDED, MAY

    error: `wires` is not possible here
     --> t.yaml:4:82
      |
    4 | - {id: a-3, rfc: 9293, level: MUST, section: '3.1', summary: Three., observable: wires}
      |                                                                                  ^^^^^
      |
      = help: did you mean `wire`?
    "#);
}

#[test]
fn a_missing_rfc_or_summary_is_refused() {
    assert_snapshot!(refusals("\
requirements:
- {id: a-1, level: MUST, section: '3.1', summary: One., observable: wire}
- {id: a-2, rfc: 9293, level: MUST, section: '3.1', observable: wire}
- {id: a 3, rfc: 9293, level: MUST, section: '3.1', summary: Three., observable: wire}
"), @r#"
    error: `rfc` is missing here
     --> t.yaml:2:3
      |
    2 | - {id: a-1, level: MUST, section: '3.1', summary: One., observable: wire}
      |   ^
      |
      = help: give it here, or at the top for the whole file

    error: `summary` is missing here
     --> t.yaml:3:3
      |
    3 | - {id: a-2, rfc: 9293, level: MUST, section: '3.1', observable: wire}
      |   ^

    error: an id is made of letters, digits and `-`
     --> t.yaml:4:8
      |
    4 | - {id: a 3, rfc: 9293, level: MUST, section: '3.1', summary: Three., observable: wire}
      |        ^^^
    "#);
}

#[test]
fn an_id_that_stands_twice_is_refused_with_both_places() {
    let row = "{id: a-1, rfc: 9293, level: MAY, section: '3.1', summary: One., observable: wire}";
    let one = format!("requirements:\n- {row}\n");
    let problems = Catalogue::check(&[("one.yaml", &one), ("two.yaml", &one)]);
    assert_snapshot!(render(&problems[0], &one), @r#"
    error: `a-1` is a requirement already
     --> two.yaml:2:3
      |
    2 | - {id: a-1, rfc: 9293, level: MAY, section: '3.1', summary: One., observable: wire}
      |   ^
      |
      = note: first here (one.yaml:2:3)
    "#);
    assert_eq!(problems.len(), 1);
}

#[test]
fn an_event_row_with_a_wrong_state_reply_or_overlay_is_refused() {
    let rest = "kind: segment, event: e, stimulus: s, next_state: CLOSED, effect: f, section: '3', \
                observable: wire";
    let text = format!(
        "rfc: 9293\nrows:\n\
         - {{id: a-1, state: ESTABLISHD, reply: none, rfc5961: no change, {rest}}}\n\
         - {{id: a-2, state: CLOSED, reply: nothing, rfc5961: no change, {rest}}}\n\
         - {{id: a-3, state: CLOSED, reply: none, rfc5961: {{replay: none}}, {rest}}}\n\
         - {{id: a-4, state: MULTIPLE, reply: none, rfc5961: no change, {rest}}}\n"
    );
    let problems = Catalogue::check(&[("t.yaml", &text)]);
    let seen: Vec<(&str, u32, Option<&str>)> = problems
        .iter()
        .map(|problem| (problem.message.as_str(), problem.place.line, problem.hint.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("`ESTABLISHD` is no state of RFC 9293", 3, Some("did you mean `ESTABLISHED`?")),
            ("expected a map, found text", 4, Some("write `none`, or {flags: …, seq: …}")),
            ("`replay` is not a key of this map", 5, Some("did you mean `reply`?")),
            ("`states` is missing: which ones?", 6, None),
        ]
    );
}

#[test]
fn tc8_cases_rest_on_requirements_that_exist() {
    let tc8 = Tc8::embedded(&Catalogue::embedded()).expect("a right file");
    assert_eq!((tc8.active.len(), tc8.removed.len(), tc8.gaps.len()), (116, 48, 29));
    let case = tc8
        .active
        .into_iter()
        .nth(1)
        .map(|case| Tc8Case { place: Place { length: 0, ..case.place }, ..case });
    assert_eq!(
        case,
        Some(Tc8Case {
            id: "TCP_BASICS_02".into(),
            area: "BASICS".into(),
            section: "4.8.6.1".into(),
            summary: "The third-leg ACK in SYN-RECEIVED completes the passive open (connection usable)."
                .into(),
            iterations: 1,
            rfc: vec!["9293#3.10.7.4".into(), "MUST-11".into()],
            dut_ops: vec!["listen".into()],
            slow: false,
            known_fail: vec![],
            note: None,
            conflict: None,
            no_case: None,
            place: Place { file: "cases/requirements/tc8.yaml".into(), line: 21, column: 3, length: 0 },
        })
    );
}

#[test]
fn a_tc8_reference_to_nothing_is_refused() {
    let text = "\
spec: {name: n, version: '1', chapter: '1', active_cases: 1}
active:
- {id: A, area: A, section: '1', summary: S., iterations: 1, rfc: [MUST-133], dut_ops: []}
removed: []
gaps: []
";
    let problem = Tc8::read("t.yaml", text, &Catalogue::embedded()).expect_err("a refusal");
    assert_snapshot!(render(&problem, text), @r#"
    error: `MUST-133` is no requirement of the catalogue
     --> t.yaml:3:68
      |
    3 | - {id: A, area: A, section: '1', summary: S., iterations: 1, rfc: [MUST-133], dut_ops: []}
      |                                                                    ^^^^^^^^
      |
      = help: did you mean `MUST-13`?
    "#);
}

proptest! {
    #[test]
    fn arbitrary_catalogues_never_panic(parts in proptest::collection::vec(prop_oneof![
        Just("requirements:\n"), Just("rows:\n"), Just("rfc: 9293\n"), Just("- id: a\n"), Just("  level: MUST\n"),
        Just("  state: MULTIPLE\n"), Just("  states: [CLOSED]\n"), Just("  reply: {flags: A}\n"), Just("- [\n"),
        Just("  rfc5961: none\n"), Just("meta: {}\n"), Just("  rfc: 99999\n"), Just("\u{feff}"), Just("x")], 0..16)) {
        let text = parts.concat();
        for problem in Catalogue::check(&[("t.yaml", &text)]) {
            drop(render(&problem, &text));
        }
        drop(Tc8::read("t.yaml", &text, &Catalogue::embedded()));
    }
}

#[test]
fn a_reason_for_no_case_is_a_sentence() {
    let row = |reason: &str| {
        format!(
            "rfc: 9293\nrequirements:\n- {{id: MUST-2, level: MUST, section: '3.1', summary: x, \
             observable: wire, not-testable: {reason}}}\n"
        )
    };
    let text = row("Nobody can see it.");
    let read = Catalogue::read(&[("t.yaml", &text)]).expect("right");
    assert_eq!(read.get("MUST-2").and_then(|row| row.not_testable.as_deref()), Some("Nobody can see it."));
    assert_snapshot!(refusals(&row("''")), @r"
    error: this is empty: a sentence says why
     --> t.yaml:3:89
      |
    3 | - {id: MUST-2, level: MUST, section: '3.1', summary: x, observable: wire, not-testable: ''}
      |                                                                                         ^^
    ");
}
