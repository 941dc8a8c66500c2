//! `expect:` one segment: what matches, and what is said of what does not.

use super::bench::Bench;
use super::wire::flags;
use crate::segment::{SackBlock, Segment, TcpOption};
use crate::seq::SeqNum;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

/// A connection whose numbers are easy to read, a question, and the demand on its answer.
fn asked(expect: &str) -> Bench {
    let keys = format!(
        "given: {{state: ESTABLISHED, irs: 1000}}\nsteps:\n  - {{send: ACK, data: 100, as: text}}\n  - {{expect: {expect}}}"
    );
    Bench::of(&keys).start()
}

/// What is said of this answer, 5 ms after the question.
fn answered(expect: &str, change: impl FnOnce(&mut Segment)) -> String {
    let mut bench = asked(expect);
    let mut answer = bench.target("ACK");
    change(&mut answer);
    bench.arrives(5, &answer);
    bench.told()
}

#[test]
fn established_the_answer_awaited_passes() {
    assert_eq!(
        answered("ACK, seq: SND.NXT, ack: text.end, window: 60000, urgent: 0, data: none", |_| ()),
        "pass"
    );
}

#[test]
fn established_nothing_comes_is_silence() {
    assert_snapshot!(asked("ACK, ack: text.end").told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn established_the_answer_after_the_bound_is_late() {
    let mut bench = asked("ACK, ack: text.end, within: 1s");
    let answer = bench.target("ACK");
    bench.arrives(1011, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-too-late
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end within 1 s
      saw      it came after 1.011 s
    ");
}

#[test]
fn established_the_answer_at_the_bound_and_its_tolerance_passes() {
    let mut bench = asked("ACK, ack: text.end, within: 1s");
    let answer = bench.target("ACK");
    bench.arrives(1010, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_the_answer_before_the_lower_edge_is_early() {
    let mut bench = asked("ACK, ack: text.end, not-before: 200ms");
    let answer = bench.target("ACK");
    bench.arrives(189, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-too-early
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end not before 200 ms
      saw      it came after 189 ms
    ");
}

#[test]
fn established_the_answer_at_the_lower_edge_less_tolerance_passes() {
    let mut bench = asked("ACK, ack: text.end, not-before: 200ms");
    let answer = bench.target("ACK");
    bench.arrives(190, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_wrong_acknowledgment_number_is_named() {
    assert_snapshot!(answered("ACK, ack: text.end", |it| it.ack = SeqNum(1051)), @r"
    fail
    wrong-acknowledgment-number
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end
      saw      ACK seq=1 ack=51 win=60000 after 5 ms
      ack: 101 (1101) = text.end | 51 (1051)
    ");
}

#[test]
fn established_acknowledgment_of_what_was_never_sent_is_found_by_the_referee_as_well() {
    assert_snapshot!(answered("ACK, ack: text.end", |it| it.ack += 1), @r"
    fail
    ack-of-data-never-sent
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected SEG.ACK at most 1101, where what we sent ends or has a gap
      saw      SEG.ACK 1102
      ack: at most 1101 | 1102
    wrong-acknowledgment-number
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end
      saw      ACK seq=1 ack=102 win=60000 after 5 ms
      ack: 101 (1101) = text.end | 102 (1102)
    ");
}

#[test]
fn established_wrong_sequence_number_is_named() {
    assert_snapshot!(answered("ACK, seq: SND.NXT", |it| it.seq = SeqNum(5000)), @r"
    fail
    wrong-sequence-number
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK seq=SND.NXT
      saw      ACK seq=0 ack=101 win=60000 after 5 ms
      seq: 1 (5001) = SND.NXT | 0 (5000)
    ");
}

#[test]
fn established_reset_where_an_ack_is_required_is_named() {
    assert_snapshot!(answered("ACK, ack: text.end", |it| it.flags = flags("RST ACK")), @r"
    fail
    reset-instead-of-ack
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK ack=text.end
      saw      RST ACK seq=1 ack=101 after 5 ms
      flags: ACK | RST ACK
    ");
}

#[test]
fn established_ack_where_a_reset_is_required_is_named() {
    assert_snapshot!(answered("RST, seq: text.ack", |_| ()), @r"
    fail
    ack-instead-of-reset
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected RST seq=text.ack
      saw      ACK seq=1 ack=101 win=60000 after 5 ms
      flags: RST | ACK
    ");
}

#[test]
fn established_another_segment_is_named() {
    assert_snapshot!(answered("[RST, FIN ACK]", |it| it.flags = flags("SYN ACK")), @r"
    fail
    sequence-out-of-place
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected the same initial sequence number in every retransmission
      saw      another one
      seq: 5000 | 5001
    wrong-segment
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected RST or FIN ACK
      saw      SYN ACK seq=1 ack=101 win=60000 after 5 ms
      flags: RST or FIN ACK | SYN ACK
    ");
}

#[test]
fn established_wrong_fields_are_all_named() {
    let expect = "ACK, window: [1, 2], urgent: not 0, ttl: 1..63, tos: 8";
    assert_snapshot!(answered(expect, |_| ()), @r"
    fail
    wrong-field
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK window=1 or 2 urgent=not 0 ttl=1 to 63 tos=8
      saw      ACK seq=1 ack=101 win=60000 after 5 ms
      window: 1 or 2 | 60000
      urgent: not 0 | 0
      ttl: 1 to 63 | 64
      tos: 8 | 0
    ");
}

#[test]
fn established_sets_ranges_and_exclusions_match_at_their_edges() {
    let matching = [
        "[FIN ACK, ACK]",
        "any",
        "ACK, ack: [text.seq, text.end]",
        "ACK, ack: text.seq..text.end",
        "ACK, ack: text.end..text.end",
        "ACK, ack: not text.seq",
        "ACK, ack: any",
        "ACK, window: 60000..60000",
        "ACK, ttl: not 63",
    ];
    for expect in matching {
        assert_eq!(answered(expect, |_| ()), "pass", "{expect}");
    }
    let other = ["ACK, ack: text.seq..text.end - 1", "ACK, ack: not text.end", "ACK, window: 1..59999"];
    for expect in other {
        assert_ne!(answered(expect, |_| ()), "pass", "{expect}");
    }
}

#[test]
fn established_psh_and_ecn_bits_count_only_where_named() {
    let with = |words: &'static str| move |it: &mut Segment| it.flags = flags(words);
    assert_eq!(answered("ACK", with("PSH ACK")), "pass");
    assert_snapshot!(answered("PSH ACK", with("ACK")), @r"
    fail
    wrong-segment
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected PSH ACK
      saw      ACK seq=1 ack=101 win=60000 after 5 ms
      flags: PSH ACK | ACK
    ");
    assert_snapshot!(answered("ACK", with("URG ACK")), @r"
    fail
    wrong-field
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected no URG: nothing was sent as urgent
      saw      URG
      flags: ACK | ACK URG
    wrong-segment
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK
      saw      ACK URG seq=1 ack=101 win=60000 urg=0 after 5 ms
      flags: ACK | ACK URG
    ");
}

#[test]
fn established_options_are_looked_at_one_by_one() {
    let with = |options: Vec<TcpOption>| move |it: &mut Segment| it.options = options;
    let block = |left, right| SackBlock { left: SeqNum(left), right: SeqNum(right) };
    let sack = || vec![TcpOption::Sack(vec![block(1201, 1301), block(1401, 1501)])];
    assert_snapshot!(answered("ACK, options: [sack]", |_| ()), @r"
    fail
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK, sack
      saw      ACK seq=1 ack=101 win=60000 after 5 ms
      option sack: present | absent
    ");
    assert_snapshot!(answered("ACK, options: [no sack]", with(sack())), @r"
    fail
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected no SACK: our SYN did not permit it
      saw      a SACK option
      option sack: absent | present
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK, no sack
      saw      ACK seq=1 ack=101 win=60000 sack=[201-301,401-501] after 5 ms
      option sack: absent | 201..301, 401..501
    ");
    assert_snapshot!(answered("ACK, options: [sack text.end + 100..text.end + 201]", with(sack())), @r"
    fail
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected no SACK: our SYN did not permit it
      saw      a SACK option
      option sack: absent | present
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK, sack text.end + 100..text.end + 201
      saw      ACK seq=1 ack=101 win=60000 sack=[201-301,401-501] after 5 ms
      option sack: 201..302 | 201..301, 401..501
    ");
    assert_snapshot!(answered("ACK, options: [mss 536..1000]", with(vec![TcpOption::MaximumSegmentSize(1460)])), @r"
    fail
    mss-off-syn
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected mss on SYN segments only
      saw      mss without SYN
      option mss: absent | present
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK, mss 536 to 1000
      saw      ACK seq=1 ack=101 win=60000 mss=1460 after 5 ms
      option mss: 536 to 1000 | 1460
    ");
    assert_snapshot!(answered("ACK, options: [timestamps 1..9 any]", with(vec![TcpOption::Timestamps { value: 10, echo: 3 }])), @r"
    fail
    wrong-option
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK, timestamps 1 to 9 any
      saw      ACK seq=1 ack=101 win=60000 ts=10/3 after 5 ms
      option timestamps, value: 1 to 9 | 10
    timestamps-unasked
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected no timestamps: they were not agreed
      saw      timestamps
      option timestamps: absent | present
    ");
}
