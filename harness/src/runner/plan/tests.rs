use super::*;
use crate::inputs::Inputs;
use pretty_assertions::assert_eq;

fn inputs() -> Inputs {
    Inputs::read_for_kernel().expect("what is built in is well")
}

/// The plan of a suite with these cases.
fn plan_of(cases: &str) -> Plan {
    let text = format!("about: x\n\ncases:\n{cases}");
    let suite = Suite::read(vec![("cases/area/file.yaml".to_owned(), text)]);
    let suite = suite.unwrap_or_else(|problems| panic!("{problems:?}"));
    inputs().plan_of(suite.into(), 7).unwrap_or_else(|stop| panic!("{}", stop.message))
}

fn case(name: &str, more: &str) -> String {
    format!(
        "  {name}:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    families: [v4]\n{more}"
    )
}

/// What follows from a seed.
fn chosen(plan: &Plan) -> Vec<(&str, u16, u16, u64)> {
    let mut all: Vec<_> = plan
        .trials
        .iter()
        .map(|trial| (trial.id.as_str(), trial.job.target_port, trial.job.bench_port(), trial.job.seed))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn trials_are_sorted_by_what_they_must_wait_for() {
    let plan = inputs().plan(1).expect("a plan");
    assert!(plan.trials.is_sorted_by_key(|trial| trial.expected));
    assert!(plan.trials.iter().enumerate().all(|(place, trial)| trial.job.index == place));
    // Those that a pool of 64 takes first end within a moment: nothing slow stands before the first line.
    assert!(plan.trials[63].expected < Duration::from_millis(500), "{:?}", plan.trials[63].expected);
    assert!(plan.trials.last().expect("a trial").expected >= Duration::from_secs(60));
}

#[test]
fn same_seed_chooses_the_same_and_another_one_otherwise() {
    let [one, again, other] = [7, 7, 8].map(|seed| inputs().plan(seed).expect("a plan"));
    assert_eq!(chosen(&one), chosen(&again));
    let (one, other) = (chosen(&one), chosen(&other));
    assert!(
        one.iter().zip(&other).all(|(one, other)| one.0 == other.0 && one.1 != other.1 && one.3 != other.3)
    );
}

#[test]
fn no_two_trials_share_a_port() {
    let plan = inputs().plan(0xffff_ffff).expect("a plan");
    let mut taken = std::collections::BTreeSet::new();
    for job in plan.trials.iter().map(|trial| &trial.job) {
        let own = if job.script.same_target_port { 1 } else { job.connections };
        for port in job.target_port..job.target_port + u16::try_from(own).expect("few") {
            assert!(taken.insert(port), "{port} is taken twice");
        }
    }
    let profile =
        Profile::read(tcpspec_core::profile::LINUX.0, tcpspec_core::profile::LINUX.1).expect("well");
    assert!(taken.iter().all(|port| profile.ports.target.contains(port)));
}

#[test]
fn fate_of_a_trial_follows_from_what_it_needs_and_how_long_it_takes() {
    let steps = "    given: CLOSED\n    steps: [{send: ACK, ack: 7}, {expect: RST}]\n";
    let plan = plan_of(
        &[
            case("ordinary", steps),
            case("slow", &format!("    slow: true\n{steps}")),
            case("impossible", &format!("    needs: [daytime, echo]\n{steps}")),
            case("slow-and-impossible", &format!("    slow: true\n    needs: [echo]\n{steps}")),
        ]
        .concat(),
    );
    let fates: Vec<_> = plan.trials.iter().map(|trial| (trial.id.as_str(), trial.fate.clone())).collect();
    assert_eq!(
        fates,
        [
            ("area/file/ordinary:v4", Fate::Run),
            ("area/file/slow:v4", Fate::Slow),
            ("area/file/impossible:v4", Fate::Skip("linux lacks: echo, daytime".into())),
            ("area/file/slow-and-impossible:v4", Fate::Skip("linux lacks: echo".into())),
        ]
    );
    let again = |index| plan.card(index).again;
    assert_eq!(
        [again(0), again(1)],
        [
            "tcpspec --seed 7 --exact area/file/ordinary:v4",
            "tcpspec --seed 7 --include-ignored --exact area/file/slow:v4",
        ]
    );
}

#[test]
fn card_shows_the_requirements_of_its_own_row_first() {
    let text = "    for: {state: [FIN-WAIT-1, CLOSE-WAIT]}\n    given: $state\n    steps: []\n";
    let text = case("table", text).replace(
        "[ev-closed-ack]",
        "[ev-finwait1-rst-outside, rfc5961-rst-outside, ev-closewait-rst-outside]",
    );
    let plan = plan_of(&text);
    let ids = |row: &str| -> Vec<String> {
        let index = plan.trials.iter().position(|trial| trial.id.ends_with(row)).expect("a row");
        plan.card(index).requirements.into_iter().map(|line| line.id).collect()
    };
    assert_eq!(
        ids("state=FIN-WAIT-1"),
        ["ev-finwait1-rst-outside", "rfc5961-rst-outside", "ev-closewait-rst-outside"]
    );
    assert_eq!(
        ids("state=CLOSE-WAIT"),
        ["rfc5961-rst-outside", "ev-closewait-rst-outside", "ev-finwait1-rst-outside"]
    );
    let card = plan.card(0);
    assert_eq!(
        (card.title.as_str(), card.effect.as_str(), card.place.as_str()),
        ("t", "e", "cases/area/file.yaml:4")
    );
}

#[test]
fn parts_hold_every_case_once_and_are_of_some_size() {
    let suite = Suite::embedded().expect("right cases");
    let cases: Vec<_> = suite.cases().collect();
    let parts: Vec<_> = parts(&cases).collect();
    let ids = |cases: &[&RawCase]| cases.iter().map(|case| case.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&parts.concat()), ids(&cases));
    let trials = |part: &&[&RawCase]| part.iter().map(|case| case.trial_count()).sum::<usize>();
    let sizes: Vec<_> = parts.iter().map(trials).collect();
    assert_eq!(sizes.iter().sum::<usize>(), suite.trials().count());
    let (_, but_the_last) = sizes.split_last().expect("parts");
    assert!(parts.len() > 10 && but_the_last.iter().all(|size| *size >= PART), "{sizes:?}");
}
