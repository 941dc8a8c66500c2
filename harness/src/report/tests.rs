//! What a person is shown, as snapshots: read them as somebody who has never seen the code.

use super::{RequirementLine, TrialCard, failure_block, ladder};
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::{Endpoint, Flags, IcmpError, IcmpKind, SackBlock, Segment, TcpOption};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;
use tcpspec_core::time::Time;
use tcpspec_core::verdict::{
    Event, EventKind, FieldDifference, Finding, FindingCode, Origin, Outcome, Record, Verdict,
};
use tcpspec_core::yaml::Place;

/// The initial sequence numbers.
const OURS: SeqNum = SeqNum(3_000_000_000);
const THEIRS: SeqNum = SeqNum(4_000_000_000);

fn place(file: &str, line: u32) -> Place {
    Place { file: file.into(), line, column: 9, length: 0 }
}

/// A segment of ours (`seq` and `ack` relative), or of the target's.
fn ours(flags: Flags, seq: u32, ack: u32) -> Segment {
    let [bench, target] = ends();
    Segment {
        flags,
        seq: OURS + seq,
        ack: acknowledging(flags, THEIRS + ack),
        ..Segment::between(bench, target)
    }
}

fn theirs(flags: Flags, seq: u32, ack: u32) -> Segment {
    let [bench, target] = ends();
    Segment {
        flags,
        seq: THEIRS + seq,
        ack: acknowledging(flags, OURS + ack),
        ..Segment::between(target, bench)
    }
}

fn acknowledging(flags: Flags, ack: SeqNum) -> SeqNum {
    if flags.contains(Flags::ACK) { ack } else { SeqNum(0) }
}

fn ends() -> [Endpoint; 2] {
    ["198.18.0.1:20001", "192.0.2.1:25000"].map(|end| end.parse().expect("an address"))
}

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const RST: Flags = Flags::RST;

/// A record in the making.
#[derive(Default)]
struct Story {
    record: Record,
    connection: &'static str,
}

impl Story {
    fn event(mut self, microseconds: u64, line: u32, kind: EventKind) -> Self {
        let file = if line < 100 { "cases/fixtures/states.yaml" } else { "cases/reset/received.yaml" };
        let origin = Origin { place: place(file, line), text: String::new(), preparing: line < 100 };
        self.record.events.push(Event {
            at: Time(7_000_000_000 + microseconds * 1000),
            connection: self.connection.into(),
            origin: (line > 0).then_some(origin),
            kind,
        });
        self
    }

    fn sent(self, microseconds: u64, line: u32, segment: Segment) -> Self {
        self.event(microseconds, line, EventKind::Sent(Box::new(segment)))
    }

    fn received(self, microseconds: u64, line: u32, segment: Segment) -> Self {
        self.event(microseconds, line, EventKind::Received { segment: Box::new(segment), passed_over: None })
    }

    fn on(mut self, connection: &'static str) -> Self {
        self.connection = connection;
        self
    }

    /// The way into ESTABLISHED.
    fn established(self, at: u64) -> Self {
        let mss = |segment| Segment { options: vec![TcpOption::MaximumSegmentSize(1460)], ..segment };
        self.sent(at, 39, mss(ours(SYN, 0, 0))).received(at + 24, 41, mss(theirs(SYN | ACK, 0, 1))).sent(
            at + 2810,
            77,
            ours(ACK, 1, 1),
        )
    }

    fn ends(self, verdict: Verdict, findings: Vec<Finding>) -> Outcome {
        Outcome { verdict, findings, record: self.record }
    }
}

fn finding(code: FindingCode, expected: &str, saw: &str, event: Option<usize>) -> Finding {
    Finding {
        code,
        requirement: None,
        did: "sent RST seq=11".into(),
        expected: expected.into(),
        saw: saw.into(),
        differences: Vec::new(),
        place: Some(place("cases/reset/received.yaml", 112)),
        at: Time(0),
        event,
    }
}

fn requirement(id: &str, section: &str, summary: &str) -> RequirementLine {
    let (id, section) = (id.into(), format!("RFC 9293 section {section}"));
    RequirementLine { id, level: "MUST".into(), section, summary: summary.into() }
}

fn card() -> TrialCard {
    TrialCard {
        id: "reset/received/rst-beside-rcv-nxt-is-questioned:v4:state=ESTABLISHED".into(),
        title: "A RST in the window, but not at RCV.NXT, draws a challenge ACK".into(),
        requirements: vec![requirement(
            "ev-estab-rst-challenge",
            "3.10.7.4",
            "In ESTABLISHED, on \"RST inside the window but not at RCV.NXT\", the target answers ACK and \
             keeps its state.",
        )],
        effect: "Somebody off the path who guesses a number in the window ends a connection.".into(),
        place: "cases/reset/received.yaml:101".into(),
        again:
            "tcpspec --seed 7f3a --exact reset/received/rst-beside-rcv-nxt-is-questioned:v4:state=ESTABLISHED"
                .into(),
    }
}

fn block(outcome: &Outcome) -> String {
    failure_block(&card(), outcome, &|id| {
        (id == "MUST-2").then(|| requirement(id, "3.1", "The sender computes a checksum for every segment."))
    })
}

#[test]
fn wrong_number_shows_the_two_numbers() {
    let story = Story::default().established(0).sent(5200, 110, ours(RST, 11, 0)).received(
        5230,
        112,
        theirs(ACK, 1, 11),
    );
    let differs = FieldDifference {
        field: "ack".into(),
        expected: "1 (3000000001) = RCV.NXT".into(),
        found: "11 (3000000011)".into(),
    };
    let wrong = Finding {
        differences: vec![differs],
        ..finding(
            FindingCode::WrongAcknowledgmentNumber,
            "ACK seq=SND.NXT ack=RCV.NXT",
            "ACK seq=1 ack=11 win=65535 after 30 µs",
            Some(4),
        )
    };
    assert_snapshot!(block(&story.ends(Verdict::Fail, vec![wrong])));
}

#[test]
fn silence_is_drawn_where_the_answer_is_missing() {
    let story = Story::default().established(0).sent(5200, 110, ours(RST, 11, 0)).event(
        1_105_900,
        112,
        EventKind::Nothing,
    );
    let silent = finding(
        FindingCode::SilentWhereAnswerRequired,
        "ACK seq=SND.NXT ack=RCV.NXT within 1 s",
        "nothing that answers, in 1.101 s",
        Some(4),
    );
    assert_snapshot!(block(&story.ends(Verdict::Fail, vec![silent])));
}

#[test]
fn late_answer_is_told_from_a_wrong_one() {
    let story = Story::default().established(0).sent(5200, 110, ours(RST, 11, 0)).received(
        1_205_900,
        112,
        theirs(ACK, 1, 1),
    );
    let late = finding(
        FindingCode::AnsweredTooLate,
        "ACK seq=SND.NXT ack=RCV.NXT within 1 s",
        "it after 1.201 s",
        Some(4),
    );
    assert_snapshot!(block(&story.ends(Verdict::Fail, vec![late])));
}

#[test]
fn wrong_state_in_the_table_shows_what_the_table_said() {
    let table = EventKind::Table { state: Some(State::TimeWait), expires: Some(Duration::from_secs(60)) };
    let story = Story::default()
        .event(
            0,
            20,
            EventKind::Asked(AppCommand::Accept { listener: name(), socket: name(), within: SECOND }),
        )
        .event(40, 20, EventKind::Answered(AppOutcome::Accepted(ends()[0])))
        .established(900)
        .sent(5200, 110, ours(RST, 11, 0))
        .event(9000, 113, table);
    let wrong = finding(
        FindingCode::StateTableDisagrees,
        "ESTABLISHED in the target's own table",
        "TIME-WAIT",
        Some(6),
    );
    assert_snapshot!(block(&story.ends(Verdict::Fail, vec![wrong])));
}

#[test]
fn finding_of_the_referee_names_its_own_requirement_and_others_follow() {
    let story = Story::default().established(0).received(5230, 110, theirs(ACK, 1, 1));
    let referee = Finding {
        requirement: Some("MUST-2".into()),
        ..finding(FindingCode::BadChecksum, "checksum 0x1c2a", "checksum 0x0000", Some(3))
    };
    let other = finding(FindingCode::WindowShrunk, "a right edge of at least 65536", "64000", Some(3));
    assert_snapshot!(block(&story.ends(Verdict::Fail, vec![referee, other])));
}

#[test]
fn fault_of_the_bench_says_that_it_says_nothing_of_the_target() {
    let lost = Finding {
        did: "ran the trial twice".into(),
        place: None,
        ..finding(
            FindingCode::BenchLostFrames,
            "a bench that sees every frame and acts in time",
            "3 frames were lost before the bench read them",
            None,
        )
    };
    assert_snapshot!(block(&Story::default().ends(Verdict::Error, vec![lost])));
}

#[test]
fn unreached_state_is_inconclusive() {
    let story = Story::default().sent(0, 39, ours(SYN, 0, 0)).received(
        24,
        41,
        Segment { seq: SeqNum(0), ..theirs(RST | ACK, 0, 1) },
    );
    let refused = finding(
        FindingCode::ResetInsteadOfAck,
        "SYN ACK",
        "RST ACK seq=0 ack=3000000001 after 24 µs",
        Some(1),
    );
    assert_snapshot!(block(&story.ends(Verdict::Inconclusive, vec![refused])));
}

#[test]
fn many_requirements_are_cut_and_the_command_is_never_broken() {
    let summary = "A RST outside the receive window vanishes without any answer.";
    let requirements =
        ["one", "two", "three", "four", "five"].map(|id| requirement(id, "3.10.7.4", summary)).to_vec();
    let again = format!("tcpspec --target 'my targets/dut.yaml' --seed 7f3a --exact {}", "x/".repeat(60));
    let card = TrialCard { requirements, again: again.clone(), ..card() };
    let text = failure_block(&card, &Story::default().ends(Verdict::Fail, Vec::new()), &|_| None);
    assert_snapshot!(text);
    assert_eq!(text.lines().last(), Some(format!("  again        {again}").as_str()));
}

#[test]
fn long_values_are_wrapped_in_their_columns() {
    let differences = vec![
        FieldDifference {
            field: "option timestamps, echo".into(),
            expected: "1 (3000000001) = TS.RECENT or 2 (3000000002) = TS.RECENT + 1".into(),
            found: "7".into(),
        },
        FieldDifference {
            field: "data".into(),
            expected: format!("{:?}", "abcdefgh".repeat(12)),
            found: "none".into(),
        },
    ];
    let wrong = Finding { differences, ..finding(FindingCode::WrongData, "ACK", "ACK seq=1", None) };
    assert_snapshot!(block(&Story::default().ends(Verdict::Fail, vec![wrong])));
}

/// Every kind of event, among them some wider than the columns between the two ends.
fn everything() -> Record {
    let options = vec![
        TcpOption::MaximumSegmentSize(1460),
        TcpOption::SackPermitted,
        TcpOption::Timestamps { value: 4_023_000_001, echo: 0 },
        TcpOption::WindowScale(7),
    ];
    let block = |left, right| SackBlock { left: OURS + left, right: OURS + right };
    let blocks = vec![block(1461, 2921), block(4381, 5841), block(7301, 8761)];
    let icmp = IcmpError {
        source: ends()[0].ip(),
        destination: ends()[1].ip(),
        kind: IcmpKind::PacketTooBig { mtu: 600 },
        quote: Vec::new(),
    };
    let again =
        EventKind::Received { segment: Box::new(theirs(ACK, 1, 1)), passed_over: Some("a repetition") };
    Story::default()
        .event(0, 20, EventKind::Asked(AppCommand::Kill))
        .sent(10, 39, Segment { options: options.clone(), ..ours(SYN, 0, 0) })
        .received(34, 41, Segment { options: options.clone(), ..theirs(SYN | ACK, 0, 1) })
        .sent(50, 110, Segment { options: vec![TcpOption::Raw(vec![0xfd; 40])], ..ours(ACK, 1, 1) })
        .received(60, 111, Segment { options: vec![TcpOption::Sack(blocks)], ..theirs(ACK, 1, 1) })
        .event(70, 111, again)
        .event(80, 112, EventKind::SentIcmp(icmp))
        .event(90, 0, EventKind::ReceivedOther("an IP fragment".into()))
        .event(100, 113, EventKind::Answered(AppOutcome::Broken("too many files are open: ".repeat(4))))
        .event(
            110,
            113,
            EventKind::Note("intervals 1 s, 2 s, 4 s, 8 s, 16 s, 32 s, 64 s, 120 s, 120 s".into()),
        )
        .event(120, 113, EventKind::Table { state: None, expires: None })
        .event(1_000_120, 114, EventKind::Nothing)
        .record
}

#[test]
fn every_kind_of_event_keeps_to_its_columns() {
    let text = ladder(&everything(), None);
    assert_snapshot!(text);
    let columns = text.lines().next().unwrap().find("step").unwrap();
    for line in text.lines() {
        let inside: String = line.chars().skip(columns - 2).take(2).collect();
        assert!(inside.trim().is_empty(), "{line:?} runs into the column of the steps");
    }
}

#[test]
fn several_connections_have_a_column_of_their_own() {
    let story = Story::default().on("first").established(0).on("second").established(5000);
    let story = story.on("").event(9000, 110, EventKind::Note("the target chose: challenge-ack".into()));
    assert_snapshot!(ladder(&story.record, None));
}

#[test]
fn record_is_told_in_the_order_in_which_things_happened() {
    let story = Story::default().sent(50, 110, ours(ACK, 1, 1)).received(40, 111, theirs(ACK, 1, 1));
    let times: Vec<_> =
        ladder(&story.record, None).lines().skip(1).map(|line| line.trim_start()[..9].to_owned()).collect();
    assert_eq!(times, ["+0.000000", "+0.000010"]);
}

#[test]
fn numbers_before_the_other_side_has_spoken_are_relative_too() {
    let text = |story: Story| ladder(&story.record, None);
    let refused = Segment { seq: SeqNum(0), ..theirs(RST | ACK, 0, 1) };
    let closed = text(Story::default().sent(0, 110, ours(SYN, 0, 0)).received(9, 111, refused));
    assert!(closed.contains("SYN seq=0 win") && closed.contains("RST ACK seq=0 ack=1"), "{closed}");
    let active =
        text(Story::default().received(0, 110, theirs(SYN, 0, 0)).sent(9, 111, ours(RST | ACK, 0, 1)));
    assert!(active.contains("SYN seq=0 win") && active.contains("RST ACK seq=3000000000 ack=1"), "{active}");
}

#[test]
fn many_events_are_cut_but_not_what_went_wrong() {
    let mut story = Story::default();
    for number in 0..1000 {
        story = story.sent(u64::from(number) * 1000, 110, ours(ACK, number, 1));
    }
    let shown = |event: Option<usize>| {
        let marked = finding(FindingCode::WrongField, "ack=2", "ack=1", event);
        let text = ladder(&story.record, event.map(|_| &marked));
        let numbers = text.lines().filter_map(|line| line.split("seq=").nth(1)?.split(' ').next());
        let left_out =
            text.lines().filter(|line| line.contains("left out")).map(|line| line.trim().to_owned());
        (
            numbers.map(|number| number.parse().expect("a number")).collect::<Vec<usize>>(),
            left_out.collect::<Vec<_>>(),
        )
    };
    let base = OURS.0 as usize;
    let range = |range: std::ops::Range<usize>| range.map(|number| number + base).collect::<Vec<_>>();
    assert_eq!(
        shown(None),
        ([range(0..20), range(960..1000)].concat(), vec!["… 940 events are left out …".to_owned()])
    );
    assert_eq!(
        shown(Some(500)),
        (
            [range(0..20), range(494..507), range(960..1000)].concat(),
            vec!["… 474 events are left out …".to_owned(), "… 453 events are left out …".to_owned()]
        )
    );
    assert_eq!(shown(Some(999)).0.last(), Some(&(base + 999)));
}

#[test]
fn record_of_nothing_draws_no_ladder() {
    let text = block(&Story::default().ends(Verdict::Fail, Vec::new()));
    assert!(!text.contains("bench  "), "{text}");
}

const SECOND: Duration = Duration::from_secs(1);

fn name() -> String {
    "main".into()
}
