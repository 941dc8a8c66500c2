//! What arrives and does not matter, and what seems not to matter and does.

use super::bench::Bench;
use super::peer::WINDOW;
use super::wire::flags;
use crate::app::AppOutcome;
use crate::segment::Segment;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

/// After 100 ms in which something may come, a question.
const WAITED: &str = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - wait: 100ms
  - {send: ACK, seq: RCV.NXT - 1, data: 1}
  - {expect: ACK, seq: SND.NXT, ack: RCV.NXT}";

#[test]
fn established_an_ack_stamped_before_the_question_is_no_answer() {
    let mut bench = Bench::of(WAITED).start();
    let ack = bench.target("ACK");
    bench.arrives(50, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ACK seq=SND.NXT ack=RCV.NXT within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn established_an_ack_stamped_before_the_question_does_not_hide_the_answer() {
    let mut bench = Bench::of(WAITED).start();
    let ack = bench.target("ACK");
    bench.arrives(50, &ack);
    bench.pass_time(60);
    bench.arrives(5, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_ack_stamped_before_and_looked_at_after_the_question_is_no_answer() {
    let mut bench = Bench::of(WAITED).start();
    let ack = bench.target("ACK");
    bench.pass_time(110);
    bench.arrived(bench.ago(20), &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected ACK seq=SND.NXT ack=RCV.NXT within 1 s
      saw      no answer in 2.02 s
    ");
}

#[test]
fn established_a_reset_stamped_before_the_question_is_too_early() {
    let keys = WAITED.replace("expect: ACK, seq: SND.NXT, ack: RCV.NXT", "expect: RST ACK");
    let mut bench = Bench::of(&keys).start();
    let reset = bench.target("RST ACK");
    bench.arrives(50, &reset);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-too-early
      did      sent ACK seq=0 ack=1 len=1 win=65535
      expected RST ACK as an answer
      saw      it came 50 ms before the question
    ");
}

#[test]
fn established_text_under_way_when_we_acknowledged_is_the_next_segment() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 200
  - {expect: ACK, data: 100}
  - send: ACK
  - {expect: ACK, data: 100}";
    let mut bench = Bench::of(keys).start();
    let first = bench.text("ACK", 200);
    let (one, two) = first.payload.split_at(100);
    let second = Segment { payload: two.to_vec(), seq: first.seq + 100, ..first.clone() };
    let first = Segment { payload: one.to_vec(), ..first };
    bench.arrives(1, &first);
    bench.arrives(1, &second);
    bench.pass_time(1);
    bench.application(AppOutcome::Done);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_ack_of_what_came_before_the_last_act_is_no_wrong_answer() {
    let keys = "given: ESTABLISHED
steps:
  - {send: ACK, data: 100}
  - app: abort
  - expect: [RST, RST ACK]";
    let mut bench = Bench::of(keys).start();
    let (ack, reset) = (bench.target("ACK"), bench.target("RST ACK"));
    bench.arrives(1, &ack);
    bench.pass_time(5);
    bench.application(AppOutcome::Done);
    bench.arrives(1, &reset);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_ack_that_a_step_between_asks_for_is_found_behind_the_act() {
    let keys = "given: ESTABLISHED
steps:
  - {send: ACK, data: 100, as: text}
  - app: shutdown
  - {expect: ACK, ack: text.end}
  - expect: FIN ACK";
    let mut bench = Bench::of(keys).start();
    let (ack, fin) = (bench.target("ACK"), bench.target("FIN ACK"));
    bench.arrives(1, &ack);
    bench.pass_time(5);
    bench.application(AppOutcome::Done);
    bench.arrives(1, &fin);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_what_came_before_the_question_breaks_no_silence() {
    let keys = "given: ESTABLISHED
steps:
  - wait: 100ms
  - {send: RST, seq: RCV.NXT - 1}
  - silence: 1s";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(50, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_what_answered_during_a_pause_breaks_the_silence_behind_it() {
    let keys = "given: ESTABLISHED
steps:
  - {send: RST, seq: RCV.NXT - 1}
  - wait: 100ms
  - silence: 1s";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(50, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent RST seq=0
      expected nothing for 1 s
      saw      ACK seq=1 ack=1 win=60000 after 50 ms
    ");
}

#[test]
fn established_a_repetition_is_passed_over() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 100
  - {expect: ACK, data: 100}
  - {send: ACK, data: 10, as: text}
  - {expect: ACK, data: none, ack: text.end}
  - silence: 1s";
    let mut bench = Bench::of(keys).start();
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    bench.arrives(1, &text);
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    bench.arrives(1, &text);
    let probe = Segment { seq: ack.seq - 1, ..ack };
    bench.arrives(1, &probe);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_repetition_counts_where_the_case_is_strict() {
    let keys = "given: ESTABLISHED
strict: yes
steps:
  - app: send 100
  - {expect: ACK, data: 100}
  - silence: 1s";
    let mut bench = Bench::of(keys).start();
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    bench.arrives(1, &text);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      had the application send 100 octets
      expected nothing for 1 s
      saw      ACK seq=1 ack=1 len=100 win=60000 after 1 ms
    ");
}

#[test]
fn strict_case_its_way_into_the_state_is_not_strict() {
    let mut bench = Bench::of("given: FIN-WAIT-1\nstrict: yes\nsteps: []");
    bench.peer.habits.twice = true;
    assert_eq!(bench.start().told(), "pass");
}

#[test]
fn established_a_repetition_is_what_again_awaits() {
    let keys = "given: ESTABLISHED
steps:
  - app: send 100
  - {expect: ACK, data: 100, as: text}
  - {expect: ACK, seq: text.seq, data: 100, again: yes, not-before: 200ms}";
    let mut bench = Bench::of(keys).start();
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.application(AppOutcome::Done);
    bench.arrives(250, &text);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn fin_wait_1_a_repeated_fin_that_acknowledges_ours_is_an_answer() {
    let keys = "given: FIN-WAIT-1
steps:
  - {send: FIN ACK, ack: SND.NXT - 1, as: fin}
  - {expect: [ACK, FIN ACK], ack: fin.end}";
    let mut bench = Bench::of(keys).start();
    let answer = Segment { seq: bench.target("ACK").seq - 1, ..bench.target("FIN ACK") };
    bench.arrives(1, &answer);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_repetition_that_acknowledges_more_does_not_hide_the_answer() {
    let keys = "given: {state: ESTABLISHED, unacked: 3}
steps:
  - {send: ACK, ack: SND.UNA, data: 10, as: text}
  - {expect: ACK, data: none, seq: SND.NXT, ack: text.end}";
    let mut bench = Bench::of(keys).start();
    let written = bench.connection("main").written.clone();
    let ack = bench.target("ACK");
    let again = Segment { seq: ack.seq - 3, payload: written, ..ack.clone() };
    bench.arrives(1, &again);
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_answer_one_below_its_number_is_no_keep_alive() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 10, as: text}
  - {expect: ACK, seq: SND.NXT, ack: text.end}";
    let mut bench = Bench::of(keys).start();
    let answer = Segment { seq: bench.target("ACK").seq - 1, ..bench.target("ACK") };
    bench.arrives(1, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    wrong-sequence-number
      did      sent ACK seq=1 ack=1 len=10 win=65535
      expected ACK seq=SND.NXT ack=text.end
      saw      ACK seq=0 ack=11 win=60000 after 1 ms
      seq: 1 (5001) = SND.NXT | 0 (5000)
    ");
}

const READ: &str = "given: ESTABLISHED
steps:
  - {send: ACK, data: 100, as: text}
  - app: receive 100
  - {expect: ACK, ack: text.end}
  - silence: 1s";

#[test]
fn established_a_window_update_after_the_application_read_is_passed_over() {
    let mut bench = Bench::of(READ).start();
    let octets = bench.sent().payload;
    let ack = bench.target("ACK");
    bench.arrives(1, &Segment { window: WINDOW - 100, ..ack.clone() });
    bench.application(AppOutcome::Data(octets));
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_a_window_that_opens_unread_is_an_answer() {
    let keys = READ.replace("  - app: receive 100\n", "");
    let mut bench = Bench::of(&keys).start();
    let ack = bench.target("ACK");
    bench.arrives(1, &Segment { window: WINDOW - 100, ..ack.clone() });
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected nothing for 1 s
      saw      ACK seq=1 ack=101 win=60000 after 1 ms
    ");
}

#[test]
fn established_a_window_update_that_is_awaited_is_taken() {
    let keys = READ.replace("  - silence: 1s", "  - {expect: ACK, window: 60000}");
    let mut bench = Bench::of(&keys).start();
    let octets = bench.sent().payload;
    let ack = bench.target("ACK");
    bench.arrives(1, &Segment { window: WINDOW - 100, ..ack.clone() });
    bench.application(AppOutcome::Data(octets));
    bench.arrives(1, &ack);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_ack_alone_before_the_fin_is_passed_over() {
    let keys = "given: ESTABLISHED
steps:
  - {send: ACK, data: 100, as: text}
  - app: shutdown
  - {expect: FIN ACK, ack: text.end}";
    let mut bench = Bench::of(keys).start();
    bench.application(AppOutcome::Done);
    let (ack, fin) = (bench.target("ACK"), bench.target("FIN ACK"));
    bench.arrives(1, &ack);
    bench.arrives(1, &fin);
    assert_eq!(bench.told(), "pass");
}

#[test]
fn established_an_ack_alone_and_no_fin_is_said() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: FIN ACK, as: fin}
  - {expect: FIN ACK, ack: fin.end}";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    silent-where-answer-required
      did      sent FIN ACK seq=1 ack=1 win=65535
      expected FIN ACK ack=fin.end within 1 s
      saw      an ACK alone, and nothing more in 2.02 s
    ");
}

#[test]
fn established_an_ack_alone_is_not_silence() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: FIN ACK, as: fin}
  - one-of:
      closed: [{expect: FIN ACK, ack: fin.end}]
      silent: [{silence: 1s}]";
    let mut bench = Bench::of(keys).start();
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    answered-where-silence-required
      did      sent FIN ACK seq=1 ack=1 win=65535
      expected FIN ACK ack=fin.end, or nothing for 1 s
      saw      ACK seq=1 ack=2 win=60000 after 1 ms, and nothing more
    ");
}

#[test]
fn listen_an_ack_where_a_syn_ack_is_required_is_another_segment() {
    let keys =
        "given: LISTEN\nsteps:\n  - {send: SYN, seq: 1000, as: syn}\n  - {expect: SYN ACK, ack: syn.end}";
    let mut bench = Bench::of(keys).start();
    let ack = Segment { ack: bench.sent().end(), flags: flags("ACK"), ..bench.target("none") };
    bench.arrives(1, &ack);
    assert_snapshot!(bench.told(), @r"
    fail
    sequence-out-of-place
      did      sent SYN seq=1000 win=65535 mss=1460
      expected a SYN or a RST: there is no connection
      saw      ACK
      flags: SYN, SYN ACK, RST or RST ACK | ACK
    wrong-segment
      did      sent SYN seq=1000 win=65535 mss=1460
      expected SYN ACK ack=syn.end
      saw      ACK seq=0 ack=1001 win=60000 after 1 ms
      flags: SYN ACK | ACK
    ");
}
