//! The driver over a bench in memory: what is the bench's own fault is never the target's.

mod fake;
mod faults;

use super::*;
use fake::{FakeBench, FakeUpper, Fate, Kept, job, reset};
use pretty_assertions::assert_eq;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tcpspec_core::engine::Engine;
use tcpspec_core::segment::Segment;
use tcpspec_core::verdict::Verdict;

/// A stray segment draws a RST.
const STRAY: &str = "[{send: ACK, ack: 7}, {expect: RST, seq: 7}]";

/// Nothing comes for a while.
const QUIET: &str = "[{send: ACK, ack: 7}, {silence: 20ms}]";

/// What the referee says of a RST with the wrong number, before the case does.
const WRONG: FindingCode = FindingCode::MalformedReset;

/// What became of one trial: verdict, first finding, attempts.
type Fared = (Verdict, Option<FindingCode>, u32);

fn fared(finished: &Finished) -> Fared {
    let first = finished.outcome.findings.first().map(|finding| finding.code);
    (finished.outcome.verdict, first, finished.attempts)
}

fn run(bench: &mut FakeBench, jobs: Vec<Job>, most_at_once: usize) -> Result<Vec<Finished>, BenchError> {
    let mut kept = Kept::default();
    Driver::new(bench, most_at_once)?.run(jobs, &mut kept)?;
    Ok(kept.0)
}

/// One trial of `steps` against a target that `answer` plays, and how many hosts it took.
fn run_one(
    steps: &str,
    answer: impl FnMut(&Segment, &mut Fate) -> Option<Segment> + Send + 'static,
) -> (Fared, usize) {
    let mut bench = FakeBench::new(answer);
    let finished = run(&mut bench, vec![job(0, steps)], 9).expect("a run");
    assert_eq!((finished.len(), bench.in_use.len()), (1, 0));
    (fared(&finished[0]), bench.hosts.len())
}

#[test]
fn right_answer_passes_and_wrong_one_fails_at_once() {
    let right = run_one(STRAY, |stray, _| Some(reset(stray, 0)));
    assert_eq!(right, ((Verdict::Pass, None, 1), 1));
    let wrong = run_one(STRAY, |stray, _| Some(reset(stray, 1)));
    assert_eq!(wrong, ((Verdict::Fail, Some(WRONG), 1), 1));
    let silent = run_one("[{send: ACK, ack: 7}, {expect: RST, within: 20ms}]", |_, _| None);
    assert_eq!(silent, ((Verdict::Fail, Some(FindingCode::SilentWhereAnswerRequired), 1), 1));
}

/// Something that goes wrong on the link.
type Mishap = fn(&mut Fate);

/// What goes wrong where the trial cannot be believed, whatever it says, and how it is called.
const MISHAPS: [(Mishap, FindingCode); 4] = [
    (|fate| fate.counters.dropped += 1, FindingCode::BenchLostFrames),
    (|fate| fate.counters.truncated += 1, FindingCode::BenchLostFrames),
    (|fate| fate.counters.unfinished_checksums += 1, FindingCode::UnfinishedChecksums),
    (|fate| fate.counters.clock_steps += 1, FindingCode::ClockStepped),
];

#[test]
fn mishap_of_the_link_once_has_the_trial_run_again_on_a_fresh_host() {
    for (mishap, _) in MISHAPS {
        // Whether the trial would have passed, or failed.
        for off in [0, 1] {
            let mut first = true;
            let fared = run_one(STRAY, move |stray, fate| {
                let off = if std::mem::take(&mut first) {
                    mishap(fate);
                    off
                } else {
                    0
                };
                Some(reset(stray, off))
            });
            assert_eq!(fared, ((Verdict::Pass, None, 2), 2));
        }
    }
}

#[test]
fn mishap_of_the_link_twice_is_an_error_and_never_a_fail() {
    for (mishap, code) in MISHAPS {
        for off in [0, 1] {
            let fared = run_one(STRAY, move |stray, fate| {
                mishap(fate);
                Some(reset(stray, off))
            });
            assert_eq!(fared, ((Verdict::Error, Some(code), 2), 2));
        }
    }
}

#[test]
fn second_attempt_is_believed_where_nothing_went_wrong_in_it() {
    let mut first = true;
    let fared = run_one(STRAY, move |stray, fate| {
        fate.counters.dropped += u64::from(std::mem::take(&mut first));
        Some(reset(stray, 1))
    });
    assert_eq!(fared, ((Verdict::Fail, Some(WRONG), 2), 2));
}

#[test]
fn lost_frames_concern_the_trials_that_ran_meanwhile() {
    let attempts = |most_at_once| {
        let mut sent = 0;
        let mut bench = FakeBench::new(move |_, fate| {
            sent += 1;
            fate.counters.dropped += u64::from(sent == 2);
            None
        });
        let jobs = (0..3).map(|index| job(index, QUIET)).collect();
        let finished = run(&mut bench, jobs, most_at_once).expect("a run");
        finished.iter().map(|finished| (finished.index, finished.attempts)).collect::<Vec<_>>()
    };
    // Nobody knows whose they were: the third begins after the loss.
    let mut side_by_side = attempts(9);
    side_by_side.sort_unstable();
    assert_eq!(side_by_side, [(0, 2), (1, 2), (2, 1)]);
    // One after another it was the second, and it is run again behind the others.
    assert_eq!(attempts(1), [(0, 1), (2, 1), (1, 2)]);
}

#[test]
fn bench_that_is_late_is_not_believed_where_something_is_wrong() {
    let late = |off: u32, times: u32| {
        let mut left = times;
        run_one(STRAY, move |stray, fate| {
            fate.late = Duration::from_millis(if left > 0 { 600 } else { 0 });
            left = left.saturating_sub(1);
            Some(reset(stray, off))
        })
    };
    assert_eq!(late(0, 9), ((Verdict::Pass, None, 1), 1), "what came is right, however late it was read");
    assert_eq!(late(1, 1), ((Verdict::Fail, Some(WRONG), 2), 2));
    assert_eq!(late(1, 9), ((Verdict::Error, Some(FindingCode::BenchLate), 2), 2));
}

#[test]
fn packet_that_cannot_be_sent_is_an_error() {
    let finished = run(&mut FakeBench::without_buffer(), vec![job(0, STRAY)], 9).expect("a run");
    assert_eq!(fared(&finished[0]), (Verdict::Error, Some(FindingCode::BenchLostFrames), 2));
    let saw = &finished[0].outcome.findings[0].saw;
    assert!(saw.starts_with("the kernel had no buffer for a frame on fake0"), "{saw}");
}

#[test]
fn trial_that_never_ends_is_an_error_after_two_attempts() {
    let mut bench = FakeBench::new(|_, _| None);
    let mut kept = Kept::default();
    let mut driver = Driver::new(&mut bench, 9).expect("a driver");
    driver.waiting.push_back((job(0, "[{send: ACK, ack: 7}, {expect: RST, within: 1h}]"), 0));
    for _ in 0..2 {
        driver.start_some(&mut kept).expect("it starts");
        // Its time has passed.
        let keys: Vec<u64> = driver.active.keys().copied().collect();
        for key in keys {
            let active = driver.active.get_mut(&key).expect("it is active");
            active.limit = active.began;
            driver.timers.push(Reverse((active.began, key)));
        }
        driver.fire_timers(crate::clock::monotonic(), &mut kept).expect("it ends");
    }
    assert!(driver.is_idle());
    assert_eq!(fared(&kept.0[0]), (Verdict::Error, Some(FindingCode::TrialOverran), 2));
    let saw = &kept.0[0].outcome.findings[0].saw;
    assert!(saw.ends_with(", longer than all that it waits for"), "{saw}");
}

#[test]
fn trial_that_gets_more_than_there_is_memory_for_is_an_error_and_the_others_go_on() {
    let mut bench = FakeBench::new(|stray, _| Some(reset(stray, 0)));
    let mut kept = Kept::default();
    let mut driver = Driver::new(&mut bench, 9).expect("a driver");
    driver.budget = Budget { all: 3 * Engine::cost_of(40), one: Engine::cost_of(40) };
    let flooded = "[{repeat: 9, steps: [{send: ACK, ack: 7}, {expect: RST, seq: 7}]}]";
    let slow = "[{send: ACK, ack: 7}, {expect: RST, seq: 7}, {wait: 50ms}]";
    driver.run([job(0, slow), job(1, flooded), job(2, slow)], &mut kept).expect("a run");
    assert_eq!(driver.kept, 0);
    let mut fates: Vec<_> = kept.0.iter().map(|finished| (finished.index, fared(finished))).collect();
    fates.sort_by_key(|(index, _)| *index);
    let overran = (Verdict::Error, Some(FindingCode::TrialOverran), 2);
    let passed = (Verdict::Pass, None, 1);
    assert_eq!(fates, [(0, passed), (1, overran), (2, passed)]);
}

#[test]
fn memory_that_is_full_lets_no_trial_begin() {
    let mut bench = FakeBench::new(|stray, _| Some(reset(stray, 0)));
    let mut kept = Kept::default();
    let mut driver = Driver::new(&mut bench, 100).expect("a driver");
    driver.budget = Budget { all: Engine::cost_of(40), one: usize::MAX };
    let slow = "[{send: ACK, ack: 7}, {expect: RST, seq: 7}, {wait: 20ms}]";
    driver.waiting.extend((0..40).map(|index| (job(index, slow), 0)));
    driver.turn(&mut kept).expect("a turn");
    driver.turn(&mut kept).expect("a turn");
    assert_eq!((driver.active.len(), driver.waiting.len()), (STARTS_A_TURN, 40 - STARTS_A_TURN));
    driver.run([], &mut kept).expect("a run");
    assert_eq!((driver.kept, kept.0.len()), (0, 40));
    assert!(kept.0.iter().all(|finished| finished.outcome.verdict == Verdict::Pass));
}

// ---- The application ---------------------------------------------------------------------------

#[test]
fn bench_without_its_application_ends_the_run_with_a_sentence() {
    let gone = BenchError("the upper tester is gone: it was killed by SIGKILL".into());
    let mut bench = FakeBench::new(|stray, _| Some(reset(stray, 0)));
    bench.upper = Some(FakeUpper { gone: true, going: false });
    assert_eq!(run(&mut bench, vec![job(0, QUIET)], 9).map(|_| ()), Err(gone.clone()));
    // Its sockets are closed before its end is seen: the answer is wrong, but not by the target's fault.
    let mut bench = FakeBench::new(|stray, _| Some(reset(stray, 1)));
    bench.upper = Some(FakeUpper { gone: false, going: true });
    let mut kept = Kept::default();
    let ended = Driver::new(&mut bench, 9).and_then(|mut driver| driver.run([job(0, STRAY)], &mut kept));
    assert_eq!((ended, kept.0.len()), (Err(gone), 0));
}

#[test]
fn own_application_of_a_trial_that_dies_unasked_is_an_error_of_that_trial() {
    let mut bench = FakeBench::new(|_, _| None);
    bench.private = Some("/bin/false".into());
    let with_own = Job { private_application: true, ..job(0, "[{send: ACK, ack: 7}, {silence: 10s}]") };
    let began = Instant::now();
    let finished = run(&mut bench, vec![with_own, job(1, QUIET)], 9).expect("a run");
    let fates: Vec<_> = finished.iter().map(|finished| (finished.index, fared(finished))).collect();
    assert!(fates.contains(&(0, (Verdict::Error, Some(FindingCode::UpperTesterBroken), 2))), "{fates:?}");
    assert!(fates.contains(&(1, (Verdict::Pass, None, 1))), "{fates:?}");
    let own = finished.iter().find(|finished| finished.index == 0).expect("it finished");
    assert_eq!(own.outcome.findings[0].saw, "the upper tester is gone: it exited with status 1");
    assert!(began.elapsed() < Duration::from_secs(10), "it is noticed before the trial is through");
}

#[test]
fn application_killed_by_its_case_does_not_keep_the_bench_awake() {
    let mut bench = FakeBench::new(|_, _| None);
    // It never reads a command, and never ends by itself.
    bench.private = Some("/usr/bin/yes".into());
    let killing = job(0, "[{app: kill}, {wait: 200ms}]");
    assert!(killing.private_application);
    let finished = run(&mut bench, vec![killing], 9).expect("a run");
    assert_eq!(fared(&finished[0]), (Verdict::Pass, None, 1));
    assert!(bench.looks() < 50, "{} turns in 200 ms", bench.looks());
}

// ---- Bounds and hosts --------------------------------------------------------------------------

#[test]
fn no_more_run_at_once_than_are_allowed_and_no_host_is_used_twice() {
    for (most_at_once, most_connections, expected) in
        [(3, None, 3), (1, None, 1), (usize::MAX, Some(2), 2), (100, None, 12), (0, None, 1)]
    {
        let mut lost = 0;
        let mut bench = FakeBench::new(move |_, fate| {
            // Some are run again.
            lost += 1;
            fate.counters.dropped += u64::from(lost % 5 == 0);
            None
        });
        bench.most_connections = most_connections;
        let jobs = (0..12).map(|index| job(index, QUIET)).collect();
        let finished = run(&mut bench, jobs, most_at_once).expect("a run");
        let different: std::collections::BTreeSet<_> = bench.hosts.iter().collect();
        let attempts: u32 = finished.iter().map(|finished| finished.attempts).sum();
        assert_eq!((bench.most_in_use, finished.len()), (expected, 12));
        assert_eq!((different.len(), attempts as usize), (bench.hosts.len(), bench.hosts.len()));
    }
}

/// What thousands of trials ask at once would stand before the questions that the first verdict waits for.
#[test]
fn few_trials_run_before_the_first_verdict_unless_it_takes_long() {
    const ALL: usize = FIRST_AT_ONCE + 9;
    /// How many had begun when the first verdict was told.
    struct Counted(Arc<AtomicUsize>, Option<usize>);
    impl Sink for Counted {
        fn finished(&mut self, _: Finished) {
            self.1.get_or_insert(self.0.load(Ordering::Relaxed));
        }
    }
    let begun_within = |patience| {
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        let mut bench = FakeBench::new(move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            None
        });
        let mut driver = Driver::new(&mut bench, usize::MAX).expect("a driver");
        driver.first_verdict_within = patience;
        let mut sink = Counted(begun, None);
        driver.run((0..ALL).map(|index| job(index, QUIET)), &mut sink).expect("a run");
        (sink.1, sink.0.load(Ordering::Relaxed))
    };
    assert_eq!(begun_within(Duration::MAX), (Some(FIRST_AT_ONCE), ALL));
    assert_eq!(begun_within(Duration::ZERO), (Some(ALL), ALL));
}

#[test]
fn verdicts_come_in_the_order_in_which_trials_end() {
    let mut bench = FakeBench::new(|_, _| None);
    let waits = ["90ms", "10ms", "50ms"];
    let jobs = waits.iter().enumerate();
    let jobs = jobs
        .map(|(index, wait)| job(index, &format!("[{{send: ACK, ack: 7}}, {{silence: {wait}}}]")))
        .collect();
    let finished = run(&mut bench, jobs, 9).expect("a run");
    assert_eq!(finished.iter().map(|finished| finished.index).collect::<Vec<_>>(), [1, 2, 0]);
    for (finished, least) in finished.iter().zip([10, 50, 90]) {
        assert!(finished.took >= Duration::from_millis(least), "{:?}", finished.took);
    }
}

#[test]
fn bench_without_a_host_left_ends_the_run_with_a_sentence() {
    let mut bench = FakeBench::new(|_, _| None);
    bench.left = 2;
    let jobs = (0..3).map(|index| job(index, QUIET)).collect();
    let none_left = BenchError("no unused bench address is left for IPv4".into());
    assert_eq!(run(&mut bench, jobs, 9).map(|_| ()), Err(none_left));
}

#[test]
fn segment_for_nobody_is_nobodys() {
    let fared = run_one(QUIET, |stray, _| {
        let mut astray = reset(stray, 0);
        astray.ip.destination = IpAddr::from([198, 18, 9, 9]);
        Some(astray)
    });
    assert_eq!(fared, ((Verdict::Pass, None, 1), 1));
}
