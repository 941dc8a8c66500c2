//! Any case against any target: no panic, always an end, and never later than the longest wait.

use super::bench::{Bench, config, script};
use super::peer::Habits;
use crate::app::{AppOutcome, AppReport};
use crate::case::Script;
use crate::engine::{Engine, Input, TableEntry};
use crate::segment::{Flags, Segment, TcpOption, encode_segment};
use crate::state::State;
use crate::verdict::{Outcome, Verdict};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use std::time::Duration;

/// Beyond the longest wait: a last look for late answers, and an upper tester that never reports.
const SLACK: Duration = Duration::from_secs(20);

/// One step, on connection `main` or on one of two.
fn step() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("RCV.NXT"),
        Just("SND.NXT"),
        Just("SND.UNA - 1"),
        Just("IRS"),
        Just("ISS + 1"),
        Just("RCV.NXT + RCV.WND"),
        Just("0"),
        Just("0xffffffff"),
        Just("RCV.NXT - 0x7fffffff"),
        Just("TSVAL"),
    ];
    let flags = prop_oneof![
        Just("ACK"),
        Just("SYN"),
        Just("FIN ACK"),
        Just("RST"),
        Just("RST ACK"),
        Just("SYN ACK"),
        Just("none"),
        Just("PSH URG ACK")
    ];
    let span = prop_oneof![Just("0s"), Just("1ms"), Just("300ms"), Just("2s"), Just("MSL"), Just("40s")];
    let send = (flags.clone(), number.clone(), number.clone(), 0..200_u32, any::<bool>(), 0..6_u32).prop_map(
        |(flags, seq, ack, data, labelled, oddity)| {
            let oddity = [
                "",
                ", checksum: bad",
                ", data-offset: 2",
                ", from-port: 50000",
                ", to-port: 9",
                ", fragments: 8",
            ][oddity as usize];
            let label = if labelled { ", as: sent" } else { "" };
            format!("send: {flags}, seq: {seq}, ack: {ack}, data: {data}{oddity}{label}")
        },
    );
    let expect = (flags, number.clone(), number, span.clone(), 0..5_u32).prop_map(
        |(flags, seq, ack, within, oddity)| {
            let oddity =
                ["", ", again: yes", ", strict: yes", ", drain: yes", ", data: 1..1000"][oddity as usize];
            format!("expect: {flags}, seq: {seq}, ack: [{ack}, RCV.NXT], within: {within}{oddity}")
        },
    );
    let app = prop_oneof![
        Just("listen"),
        Just("accept"),
        Just("connect"),
        Just("send 100"),
        Just("receive 10"),
        Just("shutdown"),
        Just("close"),
        Just("close listener"),
        Just("abort"),
        Just("kill"),
        Just("set nodelay on"),
        Just("expect connected"),
        Just("expect eof"),
        Just("expect reset"),
        Just("expect refused"),
        Just("expect nothing"),
        Just("expect no-connection"),
    ];
    let probe =
        prop_oneof![Just("alive"), Just("gone"), Just("closed"), Just("listening"), Just("time-wait")];
    let state = proptest::sample::select(State::ALL.to_vec());
    prop_oneof![
        4 => send,
        4 => expect,
        3 => app.prop_map(|action| format!("app: {action}")),
        1 => probe.prop_map(|probe| format!("probe: {probe}")),
        1 => state.prop_map(|state| format!("state: {state}")),
        1 => span.clone().prop_map(|span| format!("silence: {span}")),
        1 => span.clone().prop_map(|span| format!("wait: {span}")),
        1 => prop_oneof![Just("none"), Just("all"), Just("every 2")].prop_map(|acks| format!("acks: {acks}")),
        1 => span.clone().prop_map(|span| format!(
            "one-of: {{ack: [{{expect: ACK, within: {span}}}, {{wait: 3s}}], reset: [{{expect: [RST, RST ACK]}}, {{send: SYN}}], silent: [{{silence: {span}}}, {{wait: 5s}}]}}"
        )),
        1 => span.prop_map(|span| format!(
            "expect: {{all-of: [{{expect: ACK, within: {span}}}, {{expect: any}}]}}"
        )),
        1 => Just("repeat: 3, steps: [{send: ACK, seq: RCV.NXT + $i}, {wait: 10ms}]".to_owned()),
    ]
}

/// A whole case, as far as the reader lets it through.
fn any_script() -> impl Strategy<Value = Script> {
    let state = || proptest::sample::select(State::ALL.to_vec());
    let given = (state(), any::<bool>(), 0..3_u32, proptest::option::of(any::<u32>())).prop_map(
        |(state, stamps, sent, irs)| {
            let sent = if state.is_synchronized() { sent * 700 } else { 0 };
            let irs = irs.map_or(String::new(), |irs| format!(", irs: {irs}"));
            format!("{{state: {state}, timestamps: {stamps}, sent: {sent}{irs}}}")
        },
    );
    let steps = proptest::collection::vec((step(), any::<bool>()), 0..8);
    (given, state(), steps, state(), any::<bool>(), any::<bool>()).prop_map(|(a, b, steps, then, strict, shared)| {
        let on = |first: bool| if first { "a" } else { "b" };
        let steps: Vec<_> =
            steps.iter().map(|(step, first)| format!("  - {{on: {}, {step}}}", on(*first))).collect();
        let steps = if steps.is_empty() { "steps: []".to_owned() } else { format!("steps:\n{}", steps.join("\n")) };
        script(&format!(
            "given: {{a: {a}, b: {b}}}\n{steps}\nthen: {{a: {then}}}\nstrict: {strict}\nsame-target-port: {shared}"
        ))
    })
}

/// How the target behaves, beside what it is told.
#[derive(Clone, Debug)]
struct Behaviour {
    mute: bool,
    twice: bool,
    late: u64,
    time_wait: u64,
    altering: usize,
    table: bool,
    /// Everything that the target is asked, and what arrives, comes from this.
    noise: Vec<u8>,
}

const ALTERING: [fn(&mut Segment); 6] = [
    |_| (),
    |segment| segment.ack += 1,
    |segment| segment.seq += 1_000_000_000,
    |segment| segment.flags |= Flags::RST,
    |segment| segment.window = 0,
    |segment| segment.options.push(TcpOption::Raw(vec![2, 0])),
];

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let late = prop_oneof![4 => Just(0), 1 => 0..2000_u64];
    (
        0..8_u32,
        any::<bool>(),
        late,
        0..100_u64,
        0..12_usize,
        any::<bool>(),
        proptest::collection::vec(any::<u8>(), 0..200),
    )
        .prop_map(|(mute, twice, late, time_wait, altering, table, noise)| Behaviour {
            mute: mute == 0,
            twice,
            late,
            time_wait,
            altering: altering.saturating_sub(12),
            table,
            noise,
        })
}

fn run(script: Script, behaviour: &Behaviour) -> (Outcome, Duration) {
    let mut config = config();
    config.table = behaviour.table;
    let mut bench = Bench::running(Engine::new(config, script)).peer_goes_on();
    bench.peer.habits = Habits {
        mute: behaviour.mute,
        twice: behaviour.twice,
        late: Duration::from_millis(behaviour.late),
        time_wait: Duration::from_secs(behaviour.time_wait),
        mute_in_time_wait: behaviour.late % 2 == 1,
        drops_syns_in_time_wait: behaviour.late % 3 == 1,
        alter: ALTERING[behaviour.altering],
    };
    let begun = bench.now;
    let mut bench = bench.start();
    bench.run_to_the_end();
    let took = bench.now.since(begun);
    (bench.into_outcome(), took)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_case_against_any_target_ends_in_time(script in any_script(), behaviour in behaviour()) {
        let config = config();
        let profile = |name: &str| config.timers.variable(name);
        let longest = script.longest_wait(&profile, &config.tolerance);
        let again = script.clone();
        let (outcome, took) = run(script, &behaviour);
        prop_assert!(took <= longest + SLACK, "it took {took:?}, and waits for {longest:?} at most");
        prop_assert!(outcome.verdict == Verdict::Pass || !outcome.findings.is_empty());
        // The same again is the same again.
        prop_assert_eq!(run(again, &behaviour), (outcome, took));
    }

    #[test]
    fn any_input_in_any_order_ends_nothing_in_a_panic(script in any_script(), behaviour in behaviour()) {
        let mut bench = Bench::running(Engine::new(config(), script)).peer_goes_on().start();
        for chunk in behaviour.noise.chunks(4) {
            inject(&mut bench, chunk);
        }
        bench.run_to_the_end();
    }
}

/// Something that nobody asked for: a segment, a report, an answer of the table, a moment.
fn inject(bench: &mut Bench, octets: &[u8]) {
    let [what, more @ ..] = octets else { return };
    let number = more.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
    let name = if what & 0x40 == 0 { "a" } else { "b" };
    let now = bench.now;
    match what % 8 {
        0 => bench.now += Duration::from_millis(u64::from(number % 5000)),
        1 => drop(bench.engine.step(now, Input::Timer)),
        2 => drop(bench.engine.step(now, Input::Table(TableEntry { state: None, expires: None }))),
        3 => {
            let outcome = if number % 2 == 0 { AppOutcome::Done } else { AppOutcome::Reset };
            let report = AppReport {
                id: crate::app::CommandId(number % 30),
                outcome,
                began: u64::from(number) << 40,
                ended: u64::from(number),
            };
            drop(bench.engine.step(now, Input::App(report)));
        }
        4 => bench.packet(now, octets),
        5 => bench.engine.was_late(Duration::from_millis(u64::from(number % 100))),
        _ if bench.engine.has_ended() || bench.engine.connections.len() < 2 => {}
        _ => {
            let base = bench.target_of(name, "ACK");
            let segment = Segment {
                flags: Flags((number >> 16) as u8),
                seq: base.seq + (number & 0xff) - 0x80,
                ack: base.ack + (number >> 8 & 0xff) - 0x80,
                payload: vec![0; (number % 70) as usize],
                ..base
            };
            let stamp = now - Duration::from_millis(u64::from(number % 50));
            bench.packet(stamp, &encode_segment(&segment));
        }
    }
}

#[test]
fn a_measure_of_a_target_that_is_as_slow_as_it_may_be_ends_in_time() {
    let keys = "given: TIME-WAIT\nsteps:\n  - {measure: time-wait, is: 60s, tolerance: 5%}";
    let script = script(keys);
    let longest = script.longest_wait(&|_| None, &config().tolerance);
    let mut bench = Bench::running(Engine::new(config(), script)).peer_goes_on();
    bench.peer.habits.late = Duration::from_millis(1005);
    bench.peer.habits.time_wait = Duration::from_secs(61);
    let begun = bench.now;
    let mut bench = bench.start();
    bench.run_to_the_end();
    let took = bench.now.since(begun);
    assert_eq!(bench.told(), "pass");
    assert!(took <= longest && took > longest / 2, "{took:?} of {longest:?}");
}

#[test]
fn several_connections_of_a_slow_target_end_in_time() {
    let names: Vec<String> = (0..20).map(|number| format!("c{number}: LAST-ACK")).collect();
    let script = script(&format!("given: {{{}}}\nsteps: []", names.join(", ")));
    let longest = script.longest_wait(&|_| None, &config().tolerance);
    let mut bench = Bench::running(Engine::new(config(), script)).peer_goes_on();
    bench.peer.habits.late = Duration::from_millis(1000);
    let begun = bench.now;
    let mut bench = bench.start();
    bench.run_to_the_end();
    let took = bench.now.since(begun);
    assert_eq!(bench.told(), "pass");
    assert!(took <= longest && took > Duration::from_secs(60), "{took:?} of {longest:?}");
}
