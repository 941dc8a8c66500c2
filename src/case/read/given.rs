//! `given:` and `then:`.

use super::action::socket_option;
use super::keys::Keys;
use super::scalar::{check_name, constant, text, word};
use super::step::{connection_named, state};
use crate::case::model::{Given, Opening, Then};
use crate::case::types::Type;
use crate::state::State;
use crate::yaml::{Diagnostic, Key, Node, Problems, Value};

/// The connection of a case that names none.
pub(in crate::case) const MAIN: &str = "main";

/// The connections that a case starts with: `STATE`, `{state: STATE, …}`, `{a: …, b: …}`.
pub(in crate::case) fn given(node: &Node, problems: &mut Problems) -> Vec<Given> {
    let several = match &node.value {
        Value::Map(entries) if !entries.iter().any(|(key, _)| key.name == "state") => entries,
        _ => return one(MAIN, node, problems).into_iter().collect(),
    };
    if several.is_empty() {
        problems.push(node.problem("`given` is empty"));
    }
    several.iter().flat_map(|(key, node)| named(key, node, problems)).collect()
}

/// The members of a group (`{many: {state: …, count: 50}}`): `many-0`, `many-1`, … Empty: there is
/// no such group.
pub(in crate::case) fn members(group: &str, all: &[String]) -> Vec<String> {
    let is_member = |name: &&String| {
        let number = name.strip_prefix(group).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    all.iter().filter(is_member).cloned().collect()
}

/// The states that the connections of `given` must end in.
pub(in crate::case) fn then(node: &Node, given: &[Given], problems: &mut Problems) -> Vec<Then> {
    let all: Vec<String> = given.iter().map(|given| given.connection.clone()).collect();
    let end = |connection: &str, node: &Node, problems: &mut Problems| {
        let state = problems.note(state(node))?;
        Some(Then { connection: connection.to_owned(), state, place: node.place.clone() })
    };
    match (&node.value, given) {
        (Value::Map(entries), _) => {
            let named = |(key, node): &(Key, Node)| {
                let Some(name) = problems.note(connection_named(&key.name, &key.place, &all)) else {
                    return Vec::new();
                };
                let names = if all.contains(&name) { vec![name] } else { members(&name, &all) };
                names.iter().filter_map(|name| end(name, node, problems)).collect()
            };
            entries.iter().flat_map(named).collect()
        }
        (_, [only]) => end(&only.connection, node, problems).into_iter().collect(),
        (_, []) => Vec::new(),
        (_, [first, ..]) => {
            let hint = format!("write `{{{}: {}}}`", first.connection, node.raw());
            let problem = node.problem("with several connections `then` names each of them");
            problems.push(problem.with_hint(hint));
            Vec::new()
        }
    }
}

/// One connection, or with `count:` so many of a kind.
fn named(key: &Key, node: &Node, problems: &mut Problems) -> Vec<Given> {
    if let Err(message) = check_name(&key.name) {
        let problem = Diagnostic::new(&key.place, message);
        problems.push(problem.with_hint("with `state:` this is one connection and its options".to_owned()));
    }
    let entries = node.as_entries().unwrap_or_default();
    let count = entries.iter().find(|(key, _)| key.name == COUNT);
    let count = count.and_then(|(_, node)| problems.note(node.as_number(1..=MOST_OF_A_KIND)));
    let Some(given) = one(&key.name, node, problems) else { return Vec::new() };
    match count {
        None => vec![given],
        Some(count) => (0..count)
            .map(|number| Given { connection: format!("{}-{number}", key.name), ..given.clone() })
            .collect(),
    }
}

fn one(connection: &str, node: &Node, problems: &mut Problems) -> Option<Given> {
    if !matches!(node.value, Value::Map(_)) {
        let state = problems.note(state(node))?;
        return Some(plain(connection, state, node));
    }
    let mut keys = Keys::of(node, GIVEN_KEYS, problems)?;
    if connection == MAIN && keys.node(COUNT).is_some() {
        let problem = node.problem("only a named connection can be there several times");
        keys.problems().push(problem.with_hint("write `{many: {state: …, count: 50}}`".to_owned()));
    }
    let state = keys.required("state", state);
    let given = Given {
        by: keys.optional("by", word::<Opening>),
        irs: keys.optional("irs", |node| constant(node, Type::Seq)),
        mss: keys.optional("mss", mss),
        window_scale: keys.optional("window-scale", |node| node.as_number(0..=255_u8)),
        sack: keys.switch("sack"),
        timestamps: keys.switch("timestamps"),
        window: keys.optional("window", |node| node.as_number(0..=u16::MAX)),
        sent: keys.optional("sent", octets).unwrap_or(0),
        unacked: keys.optional("unacked", octets).unwrap_or(0),
        backlog: keys.optional("backlog", |node| node.as_number(0..=65_535_u32)),
        socket_options: keys.list("set", |node| text(node, socket_option)).unwrap_or_default(),
        ..plain(connection, State::Closed, node)
    };
    check_reachable(&given, state?, &mut keys);
    Some(Given { state: state?, ..given })
}

fn plain(connection: &str, state: State, node: &Node) -> Given {
    Given {
        connection: connection.to_owned(),
        state,
        by: None,
        irs: None,
        mss: None,
        window_scale: None,
        sack: false,
        timestamps: false,
        window: None,
        sent: 0,
        unacked: 0,
        backlog: None,
        socket_options: Vec::new(),
        place: node.place.clone(),
    }
}

/// What the state itself forbids.
fn check_reachable(given: &Given, state: State, keys: &mut Keys<'_, '_>) {
    let at = |keys: &Keys<'_, '_>, name: &str| keys.node(name).unwrap_or(keys.map()).clone();
    if let Some(by) = given.by.filter(|by| !by.reaches(state)) {
        let problem = at(keys, "by").problem(format!("{state} cannot be reached by {}", by.open()));
        keys.problems().push(problem);
    }
    for (name, octets) in [("sent", given.sent), ("unacked", given.unacked)] {
        if octets > 0 && !state.is_synchronized() {
            let problem = at(keys, name).problem(format!("in {state} the application cannot have sent data"));
            keys.problems().push(problem);
        }
    }
}

impl Opening {
    /// As part of a sentence: `a passive open`.
    #[must_use]
    pub const fn open(self) -> &'static str {
        match self {
            Self::Passive => "a passive open",
            Self::Active => "an active open",
            Self::Simultaneous => "a simultaneous open",
        }
    }

    /// Whether it leads into `state` (RFC 9293 section 3.3.2, figure 5).
    #[must_use]
    pub const fn reaches(self, state: State) -> bool {
        match state {
            State::Closed | State::Listen => matches!(self, Self::Passive),
            State::SynSent => matches!(self, Self::Active),
            State::SynReceived => matches!(self, Self::Passive | Self::Simultaneous),
            State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => true,
        }
    }
}

/// `none`, or a value of the option.
fn mss(node: &Node) -> Result<Option<u16>, Diagnostic> {
    if node.raw() == "none" {
        return Ok(None);
    }
    node.as_number(0..=u16::MAX).map(Some)
}

fn octets(node: &Node) -> Result<u32, Diagnostic> {
    node.as_number(0..=1_000_000_u32)
}

pub(in crate::case) const GIVEN_KEYS: &[&str] = &[
    "state",
    COUNT,
    "by",
    "irs",
    "mss",
    "window-scale",
    "sack",
    "timestamps",
    "window",
    "sent",
    "unacked",
    "backlog",
    "set",
];

/// How many of a kind: `many: {state: CLOSE-WAIT, count: 50}`.
const COUNT: &str = "count";
/// Each has a port of its own on the bench, and labels and states to keep.
const MOST_OF_A_KIND: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_allows_three_ways_into_established_and_one_into_syn_sent() {
        let ways =
            |state| [Opening::Passive, Opening::Active, Opening::Simultaneous].map(|by| by.reaches(state));
        assert_eq!(ways(State::Established), [true; 3]);
        assert_eq!(ways(State::SynSent), [false, true, false]);
        assert_eq!(ways(State::SynReceived), [true, false, true]);
    }
}
