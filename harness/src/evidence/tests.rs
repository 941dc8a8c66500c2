//! The stream of a small run, and what its readers make of it.

use super::event::{
    Difference, Event, FORMAT, Finding, Footer, Header, LedgerEntry, Requirement, Rung, RungKind, Segment,
    Step, Story, Target, TargetKind, Trial, Verdict,
};
use super::{Stream, annotations, junit, markdown, read};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that vanishes with this value.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tcpspec-evidence-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.join("run.jsonl");
        std::fs::write(&path, text).expect("a file of our own");
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn map<const N: usize>(items: [(&str, &str); N]) -> BTreeMap<String, String> {
    items.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

pub(super) fn header() -> Header {
    Header {
        format: FORMAT,
        tcpspec: "0.1.0".into(),
        target: Target {
            name: "linux".into(),
            kind: TargetKind::Kernel,
            version: Some("6.18.44".into()),
            families: vec!["v4".into(), "v6".into()],
            sysctls: map([("net.ipv4.tcp_sack", "1")]),
        },
        kernel: "6.18.44".into(),
        seed: "7f3a".into(),
        command: vec!["tcpspec".into(), "--out".into(), "a b".into()],
        level: "must".into(),
        ledger: "cases/ledger/linux.yaml".into(),
        fault: None,
        started: "2026-11-23T03:19:18.000Z".into(),
        selected: 4,
        shard: None,
    }
}

pub(super) fn plain(id: &str, verdict: Verdict) -> Trial {
    Trial {
        id: id.into(),
        case: "reset/received/exact".into(),
        family: "v4".into(),
        row: map([("state", "ESTABLISHED")]),
        title: "A RST at RCV.NXT ends the connection".into(),
        requirements: vec![Requirement {
            id: "ev-estab-rst-exact".into(),
            level: "MUST".into(),
            section: "RFC 9293 section 3.10.7.4".into(),
        }],
        verdict,
        red: false,
        findings: Vec::new(),
        reason: None,
        ledger: Vec::new(),
        took_us: 1_234_567,
        attempts: 1,
        late_us: 7,
        offset_us: Some(42),
        capture: None,
        story: None,
    }
}

/// With everything that an event can have, and text that no XML can hold.
pub(super) fn failed(id: &str, verdict: Verdict, red: bool) -> Trial {
    let segment = Segment {
        source: "198.18.0.1:20001".into(),
        destination: "192.0.2.1:25000".into(),
        flags: "RST".into(),
        seq: 3_000_000_011,
        ack: 0,
        window: 65_535,
        urgent: 0,
        options: "0204".into(),
        length: 0,
        wrong_checksum: Some(0x1c2a),
        odd_data_offset: Some(3),
        ttl: 64,
        tos: 0,
    };
    let step =
        Step { place: "cases/reset/received.yaml:110".into(), text: "send: RST".into(), preparing: true };
    let rung = |at_ns, kind, label: &str| Rung {
        at_ns,
        kind,
        connection: None,
        label: label.into(),
        segment: None,
        note: None,
        step: None,
    };
    let sent = Rung {
        connection: Some("main".into()),
        segment: Some(Box::new(segment)),
        note: Some("a repetition".into()),
        step: Some(step),
        ..rung(0, RungKind::Sent, "RST seq=11")
    };
    let finding = Finding {
        code: "application-data-differs".into(),
        meaning: "The application was given other octets than those sent.".into(),
        requirement: Some("MUST-2".into()),
        did: "sent RST seq=11".into(),
        expected: "\"<&>\" & 'that'".into(),
        saw: "\u{1b}[31m\u{0}\u{fffe}\nnext ]]> line".into(),
        differences: vec![Difference { field: "ack".into(), expected: "1".into(), found: "11".into() }],
        step: Some("cases/reset/received.yaml:112:9".into()),
        rung: Some(1),
    };
    Trial {
        red,
        findings: vec![finding],
        ledger: vec![LedgerEntry {
            finding: "application-data-differs".into(),
            reason: "known".into(),
            source: "bug 1".into(),
            expires: Some("2027-03-31".into()),
            place: "ledger.yaml:3".into(),
        }],
        attempts: 2,
        capture: Some("pcap/x.pcapng".into()),
        story: Some(Box::new(Story {
            effect: "Somebody off the path ends a connection.".into(),
            place: "cases/reset/received.yaml:101".into(),
            again: "tcpspec --seed 7f3a --exact x".into(),
            ladder: vec![
                sent,
                rung(1_000_500_000, RungKind::Nothing, "nothing"),
                rung(1_000_600_000, RungKind::AtTarget, "application: connection reset"),
                rung(1_000_700_000, RungKind::Received, "ACK seq=1 ack=1 win=64240"),
                rung(1_000_800_000, RungKind::Remark, "the target chose: challenge-ack"),
            ],
        })),
        ..plain(id, verdict)
    }
}

pub(super) fn footer() -> Footer {
    Footer {
        counts: [(Verdict::Pass, 1), (Verdict::NotRun, 1), (Verdict::Fail, 1), (Verdict::Expected, 1)].into(),
        complaints: vec!["the link lost 3 frames".into()],
        accusations: vec!["ledger.yaml:9: no trial does this any more".into()],
        unfound: Vec::new(),
        interrupted: None,
        exit_code: Some(1),
        duration_ms: 65_432,
    }
}

pub(super) fn trials() -> Vec<Trial> {
    let skipped = Trial {
        reason: Some("linux lacks: daytime".into()),
        took_us: 0,
        attempts: 0,
        late_us: 0,
        offset_us: None,
        ..plain("reset/received/exact:v6", Verdict::Skip)
    };
    vec![
        skipped,
        plain("reset/received/exact:v4", Verdict::Pass),
        failed("reset/received/beside:v4:state=ESTABLISHED", Verdict::Fail, true),
        failed("reset/received/beside:v6:state=ESTABLISHED", Verdict::Expected, false),
    ]
}

pub(crate) fn lines() -> Vec<String> {
    let trials = trials().into_iter().map(|trial| Event::Trial(Box::new(trial)));
    let events =
        [Event::Header(Box::new(header()))].into_iter().chain(trials).chain([Event::Footer(footer())]);
    events.map(|event| serde_json::to_string(&event).expect("it has a form") + "\n").collect()
}

fn why_not(text: &str) -> String {
    let place = Place::new();
    let file = place.file(text);
    let error = read(&file).expect_err("it is no whole run").to_string();
    error.replace(&file.display().to_string(), "FILE")
}

#[test]
fn run_is_read_back_as_it_was() {
    let place = Place::new();
    let file = place.file(&lines().concat());
    assert_eq!(read(&file), Ok(Stream { header: header(), trials: trials(), footer: footer() }));
}

#[test]
fn lines_have_the_form_that_is_promised() {
    assert_snapshot!(lines().concat());
}

#[test]
fn every_verdict_is_written_as_its_word() {
    for verdict in Verdict::ALL {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
    }
}

#[test]
fn run_that_was_cut_off_anywhere_is_refused() {
    let lines = lines();
    let whole = lines.concat();
    for number in 1..lines.len() {
        let expected = format!(
            "FILE:{number}: the file ends here without a footer: the run was killed, or its disk was full"
        );
        assert_eq!(why_not(&lines[..number].concat()), expected);
    }
    // Within a line, at every fiftieth place: never is it taken for whole.
    for length in (1..whole.len() - 1).step_by(50) {
        if let Some(text) = whole.get(..length) {
            let why = why_not(text);
            assert!(why.contains("without a footer") || why.contains("no run of tcpspec"), "{length}: {why}");
        }
    }
}

#[test]
fn what_is_no_run_is_refused_with_the_line() {
    let lines = lines();
    let no_header = "FILE:1: this is no run of tcpspec: its first line must be a header";
    assert_eq!(why_not(""), no_header);
    assert_eq!(why_not("test a ... ok\n"), no_header);
    assert_eq!(why_not(&lines[1..].concat()), no_header);
    let newer = lines[0].replace("\"format\":1", "\"format\":2,\"news\":[]");
    assert_eq!(
        why_not(&newer),
        "FILE:1: the run is written in format 2; this tcpspec reads format 1 (it was written by tcpspec 0.1.0)"
    );
    let second = |line: &str| why_not(&[&lines[0], line, lines.last().unwrap()].concat());
    assert_eq!(second("nonsense\n"), "FILE:2: this line is no event of a run: expected ident");
    assert_eq!(second(&lines[0]), "FILE:2: this line is no event of a run: a second header");
    let unknown = second(&lines[2].replace("\"title\"", "\"tittle\""));
    assert!(
        unknown.starts_with("FILE:2: this line is no event of a run: unknown field `tittle`"),
        "{unknown}"
    );
    assert_eq!(
        why_not(&(lines.concat() + &lines[1])),
        "FILE:7: this line is no event of a run: there is nothing behind the footer"
    );
    let place = Place::new();
    let missing = place.path().join("none");
    let expected = format!("cannot read {}: No such file or directory (os error 2)", missing.display());
    assert_eq!(read(&missing).unwrap_err().to_string(), expected);
}

fn junit(text: &str) -> Result<String, String> {
    let place = Place::new();
    let mut xml = Vec::new();
    junit::write(&place.file(text), &mut xml).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(xml).expect("text"))
}

#[test]
fn junit_report_has_all_that_servers_show() {
    assert_snapshot!(junit(&lines().concat()).expect("a whole run"));
}

#[test]
fn junit_report_of_half_a_run_is_refused() {
    let lines = lines();
    assert!(junit(&lines[..3].concat()).unwrap_err().contains("without a footer"));
}

fn stream() -> Stream {
    Stream { header: header(), trials: trials(), footer: footer() }
}

#[test]
fn summary_for_a_pipeline_counts_and_lists_what_is_red() {
    assert_snapshot!(markdown::summary(&stream()));
}

#[test]
fn annotations_stand_at_the_case_and_hide_no_line() {
    assert_snapshot!(annotations::github(&stream()));
}
