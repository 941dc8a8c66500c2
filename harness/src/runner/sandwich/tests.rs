use super::*;
use crate::inputs::Inputs;
use pretty_assertions::assert_eq;
use std::sync::OnceLock;

const fn at(milliseconds: u64) -> Time {
    Time(milliseconds * 1_000_000)
}

fn job(index: usize) -> Job {
    static JOB: OnceLock<Job> = OnceLock::new();
    let any =
        || Inputs::read_for_kernel().and_then(|inputs| inputs.plan(1)).expect("a plan").trials[0].job.clone();
    Job { index, ..JOB.get_or_init(any).clone() }
}

fn finished(index: usize) -> Finished {
    let outcome = Outcome { verdict: Verdict::Pass, findings: Vec::new(), record: Record::default() };
    Finished { index, outcome, took: Duration::ZERO, attempts: 1, latest: Duration::ZERO }
}

fn questions() -> Questions {
    Questions { plain: vec![job(PLAIN)], any: vec![job(ANY)] }
}

/// What a demand is about, and the trials in it.
fn shown(demand: Demand) -> (&'static str, Vec<usize>) {
    let indices = |jobs: &[Job]| jobs.iter().map(|job| job.index).collect();
    match demand {
        Demand::Nothing => ("nothing", vec![]),
        Demand::Ask(jobs) => ("ask", indices(&jobs)),
        Demand::AskAlone(jobs) => ("ask alone", indices(&jobs)),
        Demand::Suspect(begun) => ("suspect", vec![begun.0.index]),
        Demand::GoOn(begun) => ("go on", begun.iter().map(|(job, _)| job.index).collect()),
        Demand::Reset => ("reset", vec![]),
        Demand::Bury => ("bury", vec![]),
    }
}

fn told(sandwich: &mut Sandwich) -> Vec<(usize, Option<FindingCode>)> {
    let believed = sandwich.believed();
    believed
        .iter()
        .map(|told| (told.index, told.outcome.findings.first().map(|finding| finding.code)))
        .collect()
}

const STOPPED: Option<FindingCode> = Some(FindingCode::TargetStoppedAnswering);
const ALONE: (&str, [usize; 2]) = ("ask alone", [PLAIN, ANY]);

/// Lets a round begin at `began`, gives its answers, and gives what follows.
fn round(sandwich: &mut Sandwich, began: Time, plain: Answer, answers: bool) -> (&'static str, Vec<usize>) {
    let (what, asked) = shown(sandwich.demand(began));
    assert!(what.starts_with("ask"), "{what} at {began:?}");
    if answers {
        sandwich.heard(Time(began.0 + 1));
    }
    for index in asked {
        assert_eq!(shown(sandwich.demand(began)), ("nothing", vec![]));
        sandwich.answered(if index == PLAIN { plain.clone() } else { Answer::Nothing });
    }
    shown(sandwich.demand(Time(began.0 + 1_000_000)))
}

fn wrong() -> Answer {
    Answer::Wrong("expected ACK; saw no answer".into())
}

/// After a first conversation that went well.
fn opened(can_reset: bool) -> Sandwich {
    let mut sandwich = Sandwich::new(questions(), can_reset);
    assert!(sandwich.wants_quiet());
    assert_eq!(round(&mut sandwich, at(0), Answer::Nothing, true), ("nothing", vec![]));
    assert!(!sandwich.wants_quiet());
    sandwich
}

#[test]
fn without_questions_every_verdict_is_told_at_once() {
    let mut sandwich = Sandwich::default();
    sandwich.ended(job(1), finished(1), at(5));
    assert_eq!((shown(sandwich.demand(at(6))), sandwich.wants_quiet()), (("nothing", vec![]), false));
    assert_eq!((told(&mut sandwich), sandwich.is_content()), (vec![(1, None)], true));
}

#[test]
fn verdict_is_told_after_a_conversation_that_began_behind_it() {
    let mut sandwich = opened(false);
    sandwich.ended(job(1), finished(1), at(100));
    assert_eq!(shown(sandwich.demand(at(110))), ("ask", vec![PLAIN]));
    sandwich.ended(job(2), finished(2), at(120));
    sandwich.heard(at(130));
    assert_eq!(told(&mut sandwich), []);
    sandwich.answered(Answer::Nothing);
    assert_eq!(shown(sandwich.demand(at(130))), ("nothing", vec![]));
    assert_eq!((told(&mut sandwich), sandwich.is_content()), (vec![(1, None)], false));
    // Ten times as long as a round takes, none is begun.
    assert_eq!(shown(sandwich.demand(at(329))), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(330), Answer::Nothing, true), ("nothing", vec![]));
    assert_eq!((told(&mut sandwich), sandwich.is_content()), (vec![(2, None)], true));
}

#[test]
fn target_that_converses_when_left_alone_lives_and_what_was_put_aside_goes_on() {
    let mut sandwich = opened(false);
    sandwich.ended(job(1), finished(1), at(100));
    assert_eq!(round(&mut sandwich, at(100), wrong(), true), ("nothing", vec![]));
    assert!(sandwich.wants_quiet());
    let (what, asked) = shown(sandwich.demand(at(102)));
    assert_eq!((what, asked.as_slice()), (ALONE.0, &ALONE.1[..]));
    sandwich.put_aside(vec![(job(7), 0)]);
    sandwich.answered(Answer::Nothing);
    sandwich.answered(Answer::Nothing);
    assert_eq!(shown(sandwich.demand(at(103))), ("go on", vec![7]));
    assert_eq!((told(&mut sandwich), sandwich.complaints().len()), (vec![(1, None)], 0));
}

/// The conversation fails beside others, and three times alone.
fn stop(sandwich: &mut Sandwich, answers: bool) -> (&'static str, Vec<usize>) {
    sandwich.ended(job(1), finished(1), at(100));
    assert_eq!(round(sandwich, at(100), wrong(), answers), ("nothing", vec![]));
    sandwich.put_aside(vec![(job(7), 0)]);
    assert_eq!(round(sandwich, at(200), wrong(), answers), ("nothing", vec![]));
    assert_eq!(shown(sandwich.demand(at(300))), ("nothing", vec![]), "a second between two");
    assert_eq!(round(sandwich, at(2000), wrong(), answers), ("nothing", vec![]));
    round(sandwich, at(4000), wrong(), answers)
}

#[test]
fn target_that_answers_nobody_is_buried_with_all_that_was_under_way() {
    let mut sandwich = opened(false);
    assert_eq!(stop(&mut sandwich, false), ("bury", vec![]));
    let buried = sandwich.buried(at(4001));
    let finding = &buried[0].outcome.findings[0];
    assert_eq!(
        (buried[0].outcome.verdict, finding.code, finding.saw.as_str()),
        (
            Verdict::Fail,
            FindingCode::TargetStoppedAnswering,
            "the target no longer answers anybody: nothing came from it for 4.001 s"
        )
    );
    let indices: Vec<_> = buried.iter().map(|buried| buried.index).collect();
    assert_eq!((indices, sandwich.is_content()), (vec![1, 7], true));
}

#[test]
fn target_that_only_answers_is_judged_by_that_from_then_on_and_the_run_is_red() {
    let mut sandwich = opened(false);
    assert_eq!(stop(&mut sandwich, true), ("go on", vec![7]));
    assert_eq!(sandwich.complaints().len(), 1);
    assert_eq!(told(&mut sandwich), [(1, None)]);
    sandwich.ended(job(7), finished(7), at(5000));
    sandwich.heard(at(5001));
    assert_eq!(told(&mut sandwich), [(7, None)]);
}

#[test]
fn target_that_never_conversed_is_judged_by_any_answer_without_a_word() {
    let mut sandwich = Sandwich::new(questions(), true);
    assert_eq!(round(&mut sandwich, at(0), wrong(), true), ("nothing", vec![]));
    sandwich.ended(job(1), finished(1), at(100));
    assert_eq!(told(&mut sandwich), []);
    sandwich.heard(at(101));
    assert_eq!((told(&mut sandwich), sandwich.complaints().len()), (vec![(1, None)], 0));
}

#[test]
fn answer_behind_a_reset_says_nothing_of_what_was_before() {
    let mut sandwich = Sandwich::new(questions(), true);
    assert_eq!(round(&mut sandwich, at(0), wrong(), true), ("nothing", vec![]));
    sandwich.ended(job(1), finished(1), at(100));
    assert_eq!(round(&mut sandwich, at(1100), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(1200), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(3000), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(5000), wrong(), false), ("reset", vec![]));
    assert_eq!(shown(sandwich.was_reset(at(6000), Ok(()))), ("nothing", vec![]));
    sandwich.heard(at(6001));
    assert_eq!(told(&mut sandwich), []);
    assert_eq!(round(&mut sandwich, at(7000), Answer::Nothing, true), ("nothing", vec![]));
    assert_eq!(shown(sandwich.demand(at(7002))), ("suspect", vec![1]));
}

#[test]
fn suspects_of_a_target_that_was_reset_are_run_one_by_one_and_the_culprit_is_named() {
    let mut sandwich = opened(true);
    assert_eq!(stop(&mut sandwich, false), ("reset", vec![]));
    assert_eq!(shown(sandwich.was_reset(at(5000), Ok(()))), ("nothing", vec![]));
    // Still booting, and then there.
    assert_eq!(round(&mut sandwich, at(5001), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(7000), Answer::Nothing, true), ("nothing", vec![]));
    assert_eq!(shown(sandwich.demand(at(7002))), ("suspect", vec![1]));
    sandwich.ended(job(1), finished(1), at(7100));
    assert_eq!(round(&mut sandwich, at(8000), Answer::Nothing, true), ("nothing", vec![]));
    assert_eq!(told(&mut sandwich), [(1, None)]);
    assert_eq!(shown(sandwich.demand(at(8002))), ("suspect", vec![7]));
    // The bench spoils it: once more, and still alone.
    assert!(sandwich.again((job(7), 1)).is_none());
    assert_eq!(shown(sandwich.demand(at(8003))), ("suspect", vec![7]));
    sandwich.ended(job(7), finished(7), at(9000));
    assert_eq!(round(&mut sandwich, at(9500), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(11_000), wrong(), false), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(13_000), wrong(), false), ("reset", vec![]));
    assert_eq!(told(&mut sandwich), [(7, STOPPED)]);
    assert_eq!(shown(sandwich.was_reset(at(14_000), Ok(()))), ("nothing", vec![]));
    assert_eq!(round(&mut sandwich, at(15_000), Answer::Nothing, true), ("nothing", vec![]));
    assert_eq!(shown(sandwich.demand(at(15_002))), ("go on", vec![]));
    assert_eq!((sandwich.complaints(), sandwich.wants_quiet()), (vec![], false));
}

#[test]
fn target_that_stops_under_load_alone_is_told_without_blaming_a_trial() {
    let mut sandwich = opened(true);
    stop(&mut sandwich, false);
    let _ = sandwich.was_reset(at(5000), Ok(()));
    assert_eq!(round(&mut sandwich, at(6000), Answer::Nothing, true), ("nothing", vec![]));
    for suspect in [1, 7] {
        let now = at(10_000 * suspect as u64);
        assert_eq!(shown(sandwich.demand(now)), ("suspect", vec![suspect]));
        sandwich.ended(job(suspect), finished(suspect), now);
        let after = Time(now.0 + 2_000_000_000);
        assert_eq!(round(&mut sandwich, after, Answer::Nothing, true).0, "nothing");
    }
    assert_eq!(shown(sandwich.demand(at(99_000))), ("go on", vec![]));
    assert_eq!((told(&mut sandwich), sandwich.complaints().len()), (vec![(1, None), (7, None)], 1));
}

#[test]
fn reset_that_fails_or_does_not_help_ends_the_run() {
    let mut sandwich = opened(true);
    stop(&mut sandwich, false);
    assert_eq!(shown(sandwich.was_reset(at(5000), Err("no such outlet".into()))), ("bury", vec![]));
    assert_eq!(sandwich.complaints(), ["no such outlet"]);
    let mut sandwich = opened(true);
    stop(&mut sandwich, false);
    let _ = sandwich.was_reset(at(5000), Ok(()));
    assert_eq!(round(&mut sandwich, at(200_000), wrong(), false), ("bury", vec![]));
    assert_eq!(sandwich.buried(at(200_001)).len(), 2);
}

#[test]
fn conversation_that_the_bench_spoilt_is_held_again_a_few_times() {
    let mut sandwich = opened(false);
    sandwich.ended(job(1), finished(1), at(100));
    for time in 1..=MOST_UNCLEAR {
        round(&mut sandwich, at(100 * u64::from(time)), Answer::Unclear, true);
        assert!(!sandwich.wants_quiet());
    }
    round(&mut sandwich, at(1000), Answer::Unclear, true);
    assert!(sandwich.wants_quiet());
}
