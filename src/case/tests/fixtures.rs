use super::STATES;
use crate::case::{Capability, Fixtures, Opening, PathName, Step};
use crate::state::State;
use pretty_assertions::assert_eq;
use std::collections::BTreeSet;

fn fixtures() -> Fixtures {
    Fixtures::read("states.yaml", STATES).expect("fixtures")
}

fn texts(steps: Option<&[Step]>) -> Option<Vec<String>> {
    steps.map(|steps| steps.iter().map(|step| step.text.clone()).collect())
}

const PASSIVE: [Capability; 2] = [Capability::Listen, Capability::Accept];

#[test]
fn path_begins_with_that_of_the_state_it_comes_from() {
    let available = BTreeSet::from([Capability::Listen, Capability::Accept, Capability::Shutdown]);
    assert_eq!(
        texts(fixtures().path(State::TimeWait, None, &available)),
        Some(
            [
                "app: listen",
                "send: SYN",
                "expect: SYN ACK",
                "send: ACK",
                "app: accept",
                "app: shutdown",
                "expect: FIN ACK",
                "send: FIN ACK",
                "expect: ACK"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
}

#[test]
fn first_path_that_the_target_can_go_is_taken() {
    let first = |available: &[Capability], by| {
        let fixtures = fixtures();
        let steps = fixtures.path(State::Established, by, &available.iter().copied().collect());
        texts(steps).map(|steps| steps[0].clone())
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(first(&PASSIVE, None), text("app: listen"));
    assert_eq!(first(&[Capability::Connect], None), text("app: connect"));
    assert_eq!(first(&[Capability::Echo], None), text("send: SYN"));
    assert_eq!(
        first(&[Capability::Listen, Capability::Accept, Capability::Connect], None),
        text("app: listen")
    );
    assert_eq!(first(&PASSIVE, Some(Opening::Active)), None);
    assert_eq!(first(&[], None), None);
}

#[test]
fn passive_path_stands_in_behind_another_opening() {
    let first = |state, by, available: &[Capability]| {
        let fixtures = fixtures();
        let steps = fixtures.path(state, by, &available.iter().copied().collect());
        texts(steps).map(|steps| (steps[0].clone(), steps.last().cloned().unwrap_or_default()))
    };
    let ends = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    let active = [Capability::Connect, Capability::Shutdown];
    assert_eq!(
        first(State::FinWait1, Some(Opening::Active), &active),
        ends("app: connect", "expect: FIN ACK")
    );
    assert_eq!(first(State::Listen, Some(Opening::Active), &active), None);
    let echo = [Capability::Echo, Capability::HoldOpen];
    assert_eq!(first(State::CloseWait, None, &echo), ends("send: SYN", "expect: ACK"));
    assert_eq!(first(State::CloseWait, None, &echo[..1]), None);
}

#[test]
fn what_is_missing_is_the_shortest_list() {
    let missing = |state, by, available: &[Capability]| {
        fixtures().missing(state, by, &available.iter().copied().collect())
    };
    let set = |capabilities: &[Capability]| Some(capabilities.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(missing(State::FinWait1, None, &PASSIVE), set(&[Capability::Shutdown]));
    // A service is opened passively, too.
    assert_eq!(missing(State::Established, Some(Opening::Passive), &[]), set(&[Capability::Echo]));
    assert_eq!(missing(State::Established, None, &[Capability::Echo]), None);
    assert_eq!(missing(State::LastAck, None, &[]), None);
    assert_eq!(
        (fixtures().has_path(State::Established, None), fixtures().has_path(State::LastAck, None)),
        (true, false)
    );
}

#[test]
fn paths_and_probes_are_found_by_state_and_name() {
    let fixtures = fixtures();
    let closed = &fixtures.paths[&(State::Closed, PathName::Service("closed".into()))];
    assert_eq!((closed.from, &closed.needs, closed.steps.len()), (None, &[Capability::Closed].into(), 0));
    let fin_wait_1 = &fixtures.paths[&(State::FinWait1, PathName::Opening(Opening::Passive))];
    assert_eq!((fin_wait_1.from, fin_wait_1.steps.len()), (Some(State::Established), 2));
    assert_eq!(fixtures.probes.keys().copied().collect::<Vec<_>>(), [State::Established]);
}

#[test]
fn every_state_has_a_way_in_the_fixtures_of_this_project() {
    let fixtures = Fixtures::embedded().expect("fixtures");
    let all: BTreeSet<Capability> = Capability::all().collect();
    let without: Vec<State> =
        State::ALL.into_iter().filter(|state| fixtures.path(*state, None, &all).is_none()).collect();
    assert_eq!(without, []);
}

#[test]
fn broken_fixtures_say_why() {
    let problems = |text: &str| {
        let problems = Fixtures::read("s.yaml", text).expect_err(text);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let cases = [
        ("", "s.yaml:1:1: expected a map, found nothing"),
        ("{}", "s.yaml:1:1: `states` is missing here"),
        ("states: {ESTABLISHD: {}}", "s.yaml:1:10: `ESTABLISHD` is not a state of RFC 9293"),
        ("states: {LISTEN: {pasive: []}}", "s.yaml:1:19: `pasive` is neither a way to open nor a service"),
        ("states: {LISTEN: {active: []}}", "s.yaml:1:19: LISTEN cannot be reached by an active open"),
        (
            "states: {LISTEN: {passive: {steps: [], form: CLOSED}}}",
            "s.yaml:1:40: `form` is not a key of this map",
        ),
        ("states: {LISTEN: {passive: {needs: [x], steps: []}}}", "s.yaml:1:37: `x` is not a capability"),
        (
            "states: {LISTEN: {passive: {from: CLOSED, steps: []}}}",
            "s.yaml:1:19: `from` leads to no path `passive`, or in a circle",
        ),
        (
            "states: {LISTEN: {passive: {from: CLOSED, steps: []}}, CLOSED: {passive: {from: LISTEN, steps: []}}}",
            "s.yaml:1:19: `from` leads to no path `passive`, or in a circle",
        ),
        (
            "states: {LISTEN: {passive: [{expect: ACK, ack: syn.end}]}}",
            "s.yaml:1:48: nothing is labelled `syn`",
        ),
        ("states: {LISTEN: {passive: [{send: ACK, on: b}]}}", "s.yaml:1:45: there is no connection `b`"),
    ];
    for (text, problem) in cases {
        assert_eq!(problems(text)[0], problem, "{text}");
    }
}
