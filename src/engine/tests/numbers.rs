//! Sequence numbers at the end of their space, and what the variables of the target are worth.

use super::bench::Bench;
use super::peer::WINDOW;
use super::wire::flags;
use crate::app::AppOutcome;
use crate::case::{Expr, Name, Variable};
use crate::segment::{Segment, TcpOption};
use crate::seq::SeqNum;
use crate::state::State;
use crate::yaml::Place;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;

impl Bench {
    /// What a variable is worth on `main`.
    fn variable(&self, variable: Variable) -> Option<u32> {
        let name = Name::Variable { connection: None, variable };
        self.engine.number(0, &Expr::Name(name, Place::start_of("".into()))).ok()
    }
}

const EDGES: [u32; 5] = [0, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

#[test]
fn every_state_with_numbers_that_wrap_passes() {
    for (irs, iss) in EDGES.into_iter().flat_map(|irs| EDGES.map(|iss| (irs, iss))) {
        for state in State::ALL {
            let keys = format!("given: {{state: {state}, irs: {irs}}}\nsteps: []\nthen: {state}");
            let mut bench = Bench::of(&keys).peer_goes_on();
            bench.peer.iss = SeqNum(iss);
            assert_eq!(bench.start().told(), "pass", "{state} from {irs} and {iss}");
        }
    }
}

#[test]
fn every_state_over_ipv6_passes() {
    for state in State::ALL {
        let keys = format!("given: {state}\nsteps: []\nthen: {state}");
        let bench = Bench::with(&keys, |config| {
            config.bench = "2001:db8::1".parse().expect("an address");
            config.target = "2001:db8::2".parse().expect("an address");
        });
        assert_eq!(bench.peer_goes_on().start().told(), "pass", "{state}");
    }
}

#[test]
fn established_text_across_the_wrap_in_both_directions_passes() {
    let keys = "given: {state: ESTABLISHED, irs: 0xfffffff0}
acks: all
steps:
  - {send: ACK, data: 100, as: text}
  - {expect: ACK, seq: SND.NXT, ack: text.seq..text.end, data: none}
  - app: receive 100
  - app: send 100
  - {expect: ACK, seq: ISS + 1, ack: RCV.NXT, data: 100, as: answer}
  - {expect: {all-of: [{expect: ACK, seq: answer.end, data: 10}, {expect: ACK, seq: answer.end + 10, data: 1}]}}
  - probe: alive
then: ESTABLISHED";
    let keys =
        keys.replace("  - {expect: {all-of", "  - app: send 10\n  - app: send 1\n  - {expect: {all-of");
    let mut bench = Bench::of(&keys).peer_goes_on();
    bench.peer.iss = SeqNum(0xffff_ffd0);
    assert_eq!(bench.start().told(), "pass");
}

#[test]
fn established_differences_are_shown_relative_across_the_wrap() {
    let keys = "given: {state: ESTABLISHED, irs: 0xfffffff0}
steps:
  - {send: ACK, data: 100, as: text}
  - {expect: ACK, seq: SND.NXT, ack: text.end}";
    let mut bench = Bench::of(keys);
    bench.peer.iss = SeqNum(0xffff_ffff);
    let mut bench = bench.start();
    let answer = Segment { ack: SeqNum(4), ..bench.target("ACK") };
    bench.arrives(1, &answer);
    assert_snapshot!(bench.told(), @r"
    fail
    wrong-acknowledgment-number
      did      sent ACK seq=1 ack=1 len=100 win=65535
      expected ACK seq=SND.NXT ack=text.end
      saw      ACK seq=1 ack=20 win=60000 after 1 ms
      ack: 101 (85) = text.end | 20 (4)
    ");
}

#[test]
fn listen_before_any_syn_only_our_own_numbers_are_known() {
    let bench = Bench::of("given: {state: LISTEN, irs: 1000, window: 500}\nsteps:\n  - wait: 1s").start();
    use Variable::{Irs, Iss, RcvMss, RcvNxt, RcvWnd, SndMss, SndNxt, SndUna, SndWnd, TsRecent, TsVal};
    let all = [Irs, RcvNxt, SndMss, SndWnd, Iss, SndNxt, SndUna, RcvWnd, RcvMss, TsVal, TsRecent];
    let values = all.map(|variable| bench.variable(variable));
    let known = [Some(1000), Some(1000), Some(1460), Some(500)];
    assert_eq!(values[..4], known);
    assert_eq!(values[4..], [None; 7]);
}

#[test]
fn established_with_options_variables_are_what_was_negotiated() {
    let keys =
        "given: {state: ESTABLISHED, irs: 1000, mss: 600, window-scale: 3, timestamps: yes, window: 100}
steps:
  - wait: 1s";
    let mut bench = Bench::of(keys).start();
    // The peer's scale is 0; make it 2.
    let theirs = bench.engine.connections[0].theirs.as_mut().expect("a SYN was taken");
    theirs.window_scale = Some(2);
    use Variable::{RcvMss, RcvWnd, SndMss, SndWnd, TsVal};
    let values = [SndMss, SndWnd, RcvMss, TsVal].map(|variable| bench.variable(variable));
    assert_eq!(values, [Some(600), Some(800), Some(1460), Some(1)]);
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    bench.engine.take_front(0, None);
    assert_eq!(bench.variable(RcvWnd), Some(u32::from(WINDOW) << 2));
}

#[test]
fn established_a_window_of_our_own_is_what_we_offer_from_then_on() {
    let keys = "given: {state: ESTABLISHED, window-scale: 2}
steps:
  - {send: ACK, window: 10}
  - {send: ACK, checksum: bad, window: 77}
  - {send: ACK, seq: RCV.NXT, data: 5, window: SND.WND / 4}";
    let mut bench = Bench::of(keys).start();
    let windows = [bench.sent(), bench.sent(), bench.sent()].map(|segment| segment.window);
    assert_eq!(windows, [10, 77, 10]);
}

#[test]
fn established_timestamps_and_scale_are_on_what_we_send() {
    let keys = "given: {state: ESTABLISHED, window-scale: 3, sack: yes, timestamps: yes}
steps:
  - {send: ACK, as: one}
  - wait: 5ms
  - {send: ACK, as: two}
  - {send: RST}
  - {send: ACK, options: []}
  - {send: ACK, options: [nop, timestamps TSVAL + 1 TS.RECENT - 1]}";
    let mut bench = Bench::of(keys).start();
    bench.pass_time(10);
    let all: Vec<_> = (0..5).map(|_| bench.sent().options).collect();
    let stamps = |options: &[TcpOption]| match options {
        [TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps { value, echo }] => (*value, *echo),
        other => panic!("{other:?}"),
    };
    let (one, two) = (stamps(&all[0]), stamps(&all[1]));
    assert_eq!((two.0.wrapping_sub(one.0), one.1, two.1), (5, 1, 1));
    assert_eq!(all[2..4], [vec![], vec![]]);
    let altered = TcpOption::Timestamps { value: 2, echo: two.0 - 1 };
    assert_eq!(all[4][1], altered);
}

#[test]
fn syn_sent_our_syn_ack_offers_only_what_the_target_offered() {
    let keys = "given: {state: SYN-SENT, window-scale: 3, sack: yes, timestamps: yes}
steps:
  - {send: SYN ACK}";
    let mut bench = Bench::of(keys).start();
    assert_eq!(bench.sent().options, [TcpOption::MaximumSegmentSize(1460)]);
}

#[test]
fn established_a_reset_far_ahead_moves_no_number() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: RST, seq: RCV.NXT + 70000}
  - {send: ACK, seq: RCV.NXT - 1, data: 1}
  - {expect: ACK}
  - {send: ACK, data: 1, as: next}
  - wait: 1s";
    let mut bench = Bench::of(keys).start();
    let answer = Segment { ack: SeqNum(50_000), ..bench.target("ACK") };
    bench.arrives(1, &answer);
    let sent = [bench.sent(), bench.sent(), bench.sent()].map(|segment| segment.seq.0);
    assert_eq!(sent, [71_001, 1000, 1001]);
}

const REOPENED: &str = "given: {state: TIME-WAIT, irs: 1000}
acks: all
steps:
  - {send: SYN, seq: RCV.NXT + 1000, as: syn}
  - {expect: SYN ACK, ack: syn.end}
  - send: ACK
  - {send: ACK, data: 10, as: text}
  - {expect: ACK, seq: SND.NXT, ack: text.end}
  - app: send 20
  - {expect: ACK, seq: ISS + 1, data: 20}
  - probe: alive";

#[test]
fn time_wait_reopened_all_numbers_begin_anew() {
    for iss in [5_000, 7_000, 5_000 + 0x8000_0000, 0xffff_ffff] {
        let mut bench = Bench::of(REOPENED).start();
        let syn = bench.sent();
        let options = vec![TcpOption::MaximumSegmentSize(1000)];
        let syn_ack = Segment { seq: SeqNum(iss), ack: syn.end(), options, ..bench.target("SYN ACK") };
        bench.arrives(1, &syn_ack);
        let (ack, text) = (bench.sent(), bench.sent());
        assert_eq!((ack.seq, ack.ack, text.ack), (syn.seq + 1, SeqNum(iss) + 1, SeqNum(iss) + 1));
        let answer = bench.target("ACK");
        bench.arrives(1, &answer);
        let text = bench.text("ACK", 20);
        bench.arrives(1, &text);
        bench.application(AppOutcome::Done);
        let acknowledgment = bench.sent();
        assert_eq!(acknowledgment.ack, text.end(), "acks: all");
        let question = bench.sent();
        assert_eq!((question.seq, question.ack), (syn.seq + 10, text.end()), "the probe");
        let answer = bench.target("ACK");
        bench.arrives(1, &answer);
        assert_eq!(bench.told(), "pass", "{iss}");
    }
}

#[test]
fn established_a_syn_ack_out_of_nothing_begins_nothing_anew() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: ACK, data: 10, as: text}
  - {expect: any, as: answer}
  - {send: ACK, as: now}
  - wait: 10ms";
    let mut bench = Bench::of(keys).start();
    let answer = Segment { seq: SeqNum(77), ..bench.target("SYN ACK") };
    bench.arrives(1, &answer);
    bench.pass_time(1);
    let now = {
        bench.sent();
        bench.sent()
    };
    assert_eq!((now.seq.0, now.ack.0), (1001, 5001));
}

#[test]
fn closed_an_application_that_connects_again_has_new_numbers() {
    [900_000, 0x9000_0000, 4_999].into_iter().for_each(connects_again);
}

fn connects_again(iss: u32) {
    let keys = "given: {state: SYN-SENT, irs: 1000}
steps:
  - {send: RST ACK, ack: SND.NXT}
  - app: expect refused
  - app: connect
  - {expect: SYN, as: second}
  - {send: SYN ACK, ack: second.end, as: ours}
  - {expect: ACK, seq: ISS + 1, ack: ours.end}
  - send: ACK";
    let mut bench = Bench::of(keys).start();
    bench.sent();
    bench.application(AppOutcome::Refused);
    let local = bench.connection("main").target;
    bench.application(AppOutcome::Connecting(local));
    let syn = Segment { seq: SeqNum(iss), flags: flags("SYN"), ack: SeqNum(0), ..bench.target("none") };
    bench.arrives(1, &syn);
    let ours = bench.sent();
    assert_eq!((ours.seq.0, ours.ack.0), (1000, iss + 1));
    let ack = bench.target("ACK");
    bench.arrives(1, &ack);
    let last = bench.sent();
    assert_eq!((last.seq.0, last.ack.0), (1001, iss + 1));
    assert_eq!(bench.told(), "pass");
}
