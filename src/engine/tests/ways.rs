//! Every way into every state, walked with a conforming target, and what the states show.

use super::bench::Bench;
use crate::state::State;
use pretty_assertions::assert_eq;

#[test]
fn every_state_each_way_with_a_conforming_target_passes() {
    let ways = ["passive", "active", "simultaneous"];
    let reaches = |state: State, by: &str| match (state, by) {
        (State::Closed | State::Listen, by) => by == "passive",
        (State::SynSent, by) => by == "active",
        (State::SynReceived, by) => by != "active",
        _ => true,
    };
    for state in State::ALL {
        for by in ways.into_iter().filter(|by| reaches(state, by)) {
            let keys = format!("given: {{state: {state}, by: {by}}}\nsteps: []\nthen: {state}");
            let outcome = Bench::of(&keys).peer_goes_on().start().told();
            assert_eq!(outcome, "pass", "{state} by {by}");
        }
    }
}
