//! What passes between an engine and its target may lead through a fault.

use super::fake::{FakeBench, FakeUpper, Kept, job, reset};
use super::*;
use crate::faults::{Delivery, Fault, Recipe, Way};
use pretty_assertions::assert_eq;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};
use tcpspec_core::segment::{Packet, decode, encode_segment};
use tcpspec_core::verdict::{EventKind, Verdict};

const DELAY: Duration = Duration::from_millis(200);

/// Answers are late.
struct Slow;

impl Fault for Slow {
    fn to_bench(&mut self, _: Time, packet: &[u8], way: &mut Way) {
        way.later(DELAY, Delivery::ToBench(packet.to_vec()));
    }
}

/// Packets are late on their way to the target.
struct SlowThere;

impl Fault for SlowThere {
    fn to_target(&mut self, _: Time, packet: &[u8], way: &mut Way) {
        way.later(DELAY, Delivery::ToTarget(packet.to_vec()));
    }
}

/// The target never sees a packet: the fault answers for it, the first time.
#[derive(Default)]
struct AnswersOnce(bool);

impl Fault for AnswersOnce {
    fn to_target(&mut self, _: Time, packet: &[u8], way: &mut Way) {
        let Ok(Packet::Tcp(stray)) = decode(packet) else { return };
        if !std::mem::replace(&mut self.0, true) {
            way.bench(encode_segment(&reset(&stray.segment, 0)));
        }
    }
}

/// The application never hears a command, and all is done after a while.
struct SaysDone;

impl Fault for SaysDone {
    fn command(&mut self, now: Time, id: CommandId, _: AppCommand, way: &mut Way) {
        let report = AppReport { id, outcome: AppOutcome::Done, began: now.0, ended: (now + DELAY).0 };
        way.later(DELAY, Delivery::FromApplication(report));
    }
}

/// These faults, by their names.
fn make(name: &str, _seed: u64) -> Option<Box<dyn Fault>> {
    Some(match name {
        "slow" => Box::new(Slow),
        "slow-there" => Box::new(SlowThere),
        "answers-once" => Box::new(AnswersOnce::default()),
        "says-done" => Box::new(SaysDone),
        _ => return None,
    })
}

fn run_under(fault: &str, steps: &str, bench: &mut FakeBench) -> Result<Finished, BenchError> {
    let mut kept = Kept::default();
    Driver::new(bench, 9)?.run([Job { fault: Recipe::new(fault, make), ..job(0, steps) }], &mut kept)?;
    assert_eq!(kept.0.len(), 1);
    Ok(kept.0.remove(0))
}

/// A target that answers as it should.
fn good() -> FakeBench {
    FakeBench::new(|stray, _| Some(reset(stray, 0)))
}

/// How long after the first segment of ours the first of the target's was stamped.
fn answered_after(finished: &Finished) -> Duration {
    let events = &finished.outcome.record.events;
    let at = |wanted: fn(&EventKind) -> bool| {
        events.iter().find(|event| wanted(&event.kind)).expect("it is recorded").at
    };
    at(|kind| matches!(kind, EventKind::Received { .. })).since(at(|kind| matches!(kind, EventKind::Sent(_))))
}

#[test]
fn delayed_answer_arrives_at_its_moment() {
    let mut bench = good();
    let finished = run_under("slow", STRAY, &mut bench).expect("a run");
    assert_eq!(fared(&finished), (Verdict::Pass, None, 1));
    // Its stamp is the moment when it was due, however late this machine was.
    let after = answered_after(&finished);
    assert!(after >= DELAY && after < DELAY + Duration::from_millis(20), "{after:?}");
    assert!(bench.looks() < 50, "{} turns", bench.looks());

    let soon = "[{send: ACK, ack: 7}, {expect: RST, seq: 7, within: 30ms}]";
    let finished = run_under("slow", soon, &mut good()).expect("a run");
    assert_eq!(fared(&finished).1, Some(FindingCode::AnsweredTooLate));
}

#[test]
fn delayed_packet_reaches_the_target_later() {
    let finished = run_under("slow-there", STRAY, &mut good()).expect("a run");
    assert_eq!(fared(&finished), (Verdict::Pass, None, 1));
    assert!(answered_after(&finished) >= DELAY);
}

#[test]
fn fault_may_answer_for_the_target() {
    let mut bench = FakeBench::new(|_, _| panic!("the target hears nothing"));
    let finished = run_under("answers-once", STRAY, &mut bench).expect("a run");
    assert_eq!(fared(&finished), (Verdict::Pass, None, 1));
}

#[test]
fn repeated_trial_meets_the_fault_afresh() {
    let mut bench = FakeBench::new(|_, _| None);
    let mut kept = Kept::default();
    let mut driver = Driver::new(&mut bench, 9).expect("a driver");
    let job = Job { fault: Recipe::new("answers-once", make), ..job(0, STRAY) };
    driver.waiting.extend([(job.clone(), 0), (job, 1)]);
    driver.run([], &mut kept).expect("a run");
    assert_eq!(
        kept.0.iter().map(fared).collect::<Vec<_>>(),
        [(Verdict::Pass, None, 1), (Verdict::Pass, None, 2)]
    );
}

#[test]
fn fault_may_answer_for_the_application() {
    let mut bench = good();
    bench.upper = Some(FakeUpper::default());
    let steps = "[{app: listen}, {send: ACK, ack: 7}, {expect: RST, seq: 7}]";
    let finished = run_under("says-done", steps, &mut bench).expect("a run");
    assert_eq!(fared(&finished), (Verdict::Pass, None, 1));
    assert!(finished.took >= DELAY, "{:?}", finished.took);
}
