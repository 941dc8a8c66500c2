//! `count:` many connections of a kind.

use crate::case::{CaseFile, Script};
use crate::state::State;
use crate::yaml::Diagnostic;
use pretty_assertions::assert_eq;

fn script(case: &str) -> Result<Script, Vec<Diagnostic>> {
    let text =
        format!("about: x\n\ncases:\n  x:\n    title: x\n    requirements: [MUST-2]\n    effect: x\n{case}");
    CaseFile::read("cases/area/file.yaml", text)?.cases()[0].script(0)
}

fn names(names: [&str; 3]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn a_group_is_each_of_its_members_in_turn() {
    let script = script(
        "    given: {many: {state: ESTABLISHED, count: 3}}\n    steps:\n      - wait: 1s\n      - on: many\n        \
         send: ACK\n      - on: many-1\n        app: close\n    then: {many: CLOSED}\n",
    )
    .expect("a right case");
    let all = names(["many-0", "many-1", "many-2"]);
    let given: Vec<_> = script.given.iter().map(|given| given.connection.clone()).collect();
    let steps: Vec<_> =
        script.steps.iter().map(|step| format!("{}: {}", step.connection, step.text)).collect();
    let then: Vec<_> = script.then.iter().map(|then| (then.connection.clone(), then.state)).collect();
    assert_eq!(given, all);
    assert_eq!(
        steps,
        [
            "many-0: wait: 1s",
            "many-0: send: ACK",
            "many-1: send: ACK",
            "many-2: send: ACK",
            "many-1: app: close",
        ]
    );
    assert_eq!(then, all.into_iter().map(|name| (name, State::Closed)).collect::<Vec<_>>());
}

#[test]
fn alternatives_on_a_group_are_refused() {
    let found = script(
        "    given: {many: {state: ESTABLISHED, count: 3}}\n    steps:\n      - on: many\n        one-of:\n          \
         a: [{silence: 1s}]\n          b: [{expect: ACK}]\n",
    )
    .expect_err("refused");
    let messages: Vec<_> = found.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["`one-of` cannot act on a group of connections"]);
}

#[test]
fn a_connection_without_a_name_cannot_be_there_several_times() {
    let found = script("    given: {state: ESTABLISHED, count: 3}\n    steps: []\n").expect_err("refused");
    let messages: Vec<_> = found.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["only a named connection can be there several times"]);
}
