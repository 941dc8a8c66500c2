use super::*;
use crate::faults::{Fault, Way};
use crate::inputs::Inputs;
use crate::runner::{Fate, Plan};
use crate::target::simulated::{Condition, Failure, Received, SmoltcpStack, SocketId};
use pretty_assertions::assert_eq;
use tcpspec_core::app::SocketOption;
use tcpspec_core::case::Suite;
use tcpspec_core::segment::{Checksum, Flags, Packet, Segment, decode, encode_segment};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::verdict::EventKind;

fn inputs() -> Inputs {
    Inputs::read("smoltcp", None).expect("what is built in is well")
}

/// One trial of a case with these steps, in CLOSED.
fn job(steps: &str) -> Job {
    let text = format!(
        "about: x\n\ncases:\n  one:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    \
         families: [v4]\n    given: CLOSED\n    steps: {steps}\n"
    );
    let suite = Suite::read([("cases/area/file.yaml", text)]).expect("a right case");
    let plan = inputs().plan_of(suite.into(), 7).unwrap_or_else(|stop| panic!("{}", stop.message));
    plan.trials[0].job.clone()
}

/// All trials of the suite that run.
fn jobs(seed: u64) -> Vec<Job> {
    let plan: Plan = inputs().plan(seed).expect("a plan");
    plan.trials.into_iter().filter(|trial| trial.fate != Fate::Slow).map(|trial| trial.job).collect()
}

fn on_smoltcp(job: &Job) -> Finished {
    run_job(job, Box::new(SmoltcpStack::new(job.seed)), Conduit::default())
}

fn fared(finished: &Finished) -> (Verdict, Option<FindingCode>) {
    (finished.outcome.verdict, finished.outcome.findings.first().map(|finding| finding.code))
}

/// A stack without sockets.
struct Odd<A, W> {
    answers: A,
    wakes: W,
    has_address: bool,
}

type Answer = fn(&Segment) -> Vec<Segment>;
type Wake = fn() -> Option<Time>;

fn odd(answers: Answer, wakes: Wake) -> Box<dyn Stack> {
    Box::new(Odd { answers, wakes, has_address: true })
}

impl Stack for Odd<Answer, Wake> {
    fn address(&self, _: Family) -> Option<IpAddr> {
        self.has_address.then(|| Ipv4Addr::new(192, 0, 2, 1).into())
    }

    fn run(&mut self, _: Time, arrived: Option<&[u8]>, out: &mut Vec<Vec<u8>>) {
        let Some(Ok(Packet::Tcp(received))) = arrived.map(decode) else { return };
        out.extend((self.answers)(&received.segment).iter().map(encode_segment));
    }

    fn next_wake(&mut self) -> Option<Time> {
        (self.wakes)()
    }

    fn listen(&mut self, _: SocketAddr, _: u32, _: &[SocketOption]) -> Result<SocketId, Failure> {
        Err(Failure::Reset)
    }

    fn accept(&mut self, _: SocketId) -> Option<(SocketId, SocketAddr)> {
        None
    }

    fn connect(&mut self, _: SocketAddr, _: SocketAddr, _: &[SocketOption]) -> Result<SocketId, Failure> {
        Err(Failure::Reset)
    }

    fn condition(&mut self, _: SocketId) -> Condition {
        Condition::Connecting
    }

    fn send(&mut self, _: SocketId, _: &[u8]) -> Result<usize, Failure> {
        Ok(0)
    }

    fn receive(&mut self, _: SocketId, _: usize) -> Result<Received, Failure> {
        Ok(Received::Nothing)
    }

    fn peek(&mut self, _: SocketId, _: usize) -> Result<Received, Failure> {
        Ok(Received::Nothing)
    }

    fn shutdown(&mut self, _: SocketId) -> Result<(), Failure> {
        Ok(())
    }

    fn close(&mut self, _: SocketId) {}

    fn abort(&mut self, _: SocketId) {}
}

/// The reset that a stray ACK draws.
fn reset(stray: &Segment) -> Vec<Segment> {
    let reset = Segment {
        flags: Flags::RST,
        seq: stray.ack,
        ack: SeqNum(0),
        checksum: Checksum::Good,
        ..Segment::between(stray.destination(), stray.source())
    };
    vec![reset]
}

const STRAY: &str = "[{send: ACK, ack: 7}, {expect: RST, seq: 7}]";
const QUIET: &str = "[{send: ACK, ack: 7}, {expect: RST, seq: 7}, {silence: 1h}]";

#[test]
fn same_seed_gives_the_same_record_and_another_one_another() {
    let [once, again, otherwise] = [1, 1, 2].map(|seed| {
        let outcome = |job: &Job| {
            let finished = on_smoltcp(job);
            assert_eq!((finished.latest, finished.attempts), (Duration::ZERO, 1));
            (finished.took, finished.outcome)
        };
        jobs(seed).iter().step_by(3).map(outcome).collect::<Vec<_>>()
    });
    assert!(once.len() > 130, "{}", once.len());
    assert!(once == again);
    assert!(once.iter().zip(&otherwise).filter(|(one, other)| one.1.record == other.1.record).count() < 15);
}

#[test]
fn packets_have_stamps_of_their_own_and_come_a_link_later() {
    for job in jobs(3) {
        let record = on_smoltcp(&job).outcome.record;
        let arrivals = record.events.iter().filter(|event| matches!(event.kind, EventKind::Received { .. }));
        let stamps: Vec<Time> = arrivals.map(|event| event.at).collect();
        assert!(stamps.is_sorted_by(|one, next| one < next), "{stamps:?}");
    }
    let record = run_job(&job(STRAY), odd(reset, || None), Conduit::default()).outcome.record;
    let at: Vec<Duration> = record.events.iter().map(|event| event.at.since(BEGINNING)).collect();
    assert_eq!(at[..2], [Duration::ZERO, 2 * LINK]);
}

#[test]
fn silence_lasts_as_long_as_demanded_and_takes_no_time() {
    let finished = run_job(&job(QUIET), odd(reset, || None), Conduit::default());
    assert_eq!(fared(&finished), (Verdict::Pass, None));
    assert!(finished.took > Duration::from_secs(3600), "{:?}", finished.took);
}

#[test]
fn stack_that_does_not_answer_fails_and_one_without_an_address_says_nothing() {
    let silent = run_job(&job(STRAY), odd(|_| vec![], || None), Conduit::default());
    assert_eq!(fared(&silent), (Verdict::Fail, Some(FindingCode::SilentWhereAnswerRequired)));
    let nowhere: Odd<Answer, Wake> = Odd { answers: reset, wakes: || None, has_address: false };
    let nowhere = run_job(&job(STRAY), Box::new(nowhere), Conduit::default());
    assert_eq!(fared(&nowhere), (Verdict::Error, Some(FindingCode::UpperTesterBroken)));
}

#[test]
fn stack_that_is_never_content_comes_to_an_end() {
    let wakes: [Wake; 2] = [|| Some(Time(0)), || Some(BEGINNING)];
    for wake in wakes {
        let finished = run_job(&job(QUIET), odd(reset, wake), Conduit::default());
        assert_eq!(fared(&finished), (Verdict::Error, Some(FindingCode::TrialOverran)));
    }
    // One answer draws the next, for ever: the record must not grow for ever with it.
    let flood: Answer = |stray| reset(stray).into_iter().cycle().take(50_000).collect();
    let finished = run_job(&job(QUIET), odd(flood, || None), Conduit::default());
    assert_eq!(finished.outcome.verdict, Verdict::Fail);
    assert!(finished.outcome.record.events.len() < 30_000, "{}", finished.outcome.record.events.len());
}

#[test]
fn stack_that_panics_has_stopped_answering() {
    let finished =
        run_job(&job(STRAY), odd(|_| panic!("on purpose, in a test"), || None), Conduit::default());
    assert_eq!(fared(&finished), (Verdict::Fail, Some(FindingCode::TargetStoppedAnswering)));
    assert_eq!(finished.outcome.findings[0].saw, "the stack panicked: on purpose, in a test");
}

/// Loses what comes from the target, or delays it.
struct OnTheWay {
    delay: Option<Duration>,
}

impl Fault for OnTheWay {
    fn to_bench(&mut self, _now: Time, packet: &[u8], way: &mut Way) {
        if let Some(delay) = self.delay {
            way.later(delay, Delivery::ToBench(packet.to_vec()));
        }
    }
}

#[test]
fn conduit_is_passed_by_everything_between_the_two() {
    let through = |delay| {
        let conduit = Conduit::through(Box::new(OnTheWay { delay }));
        run_job(&job(STRAY), odd(reset, || None), conduit)
    };
    assert_eq!(fared(&through(None)), (Verdict::Fail, Some(FindingCode::SilentWhereAnswerRequired)));
    let late = through(Some(Duration::from_millis(300)));
    assert_eq!(fared(&late), (Verdict::Pass, None));
    assert!(late.took >= Duration::from_millis(300), "{:?}", late.took);
    let too_late = through(Some(Duration::from_millis(1500)));
    assert_eq!(fared(&too_late), (Verdict::Fail, Some(FindingCode::AnsweredTooLate)));
}
