//! Steps: one verb a map, its keys beside it.

use super::action::action;
use super::expect::{EXPECT_KEYS, expect_step};
use super::given::members;
use super::keys::Keys;
use super::scalar::{acks, constant, name, text, word};
use super::send::{ICMP_KEYS, SEND_KEYS, icmp, send};
use super::series::{MEASURE_KEYS, measure, retransmissions};
use crate::case::model::{App, Step, StepKind};
use crate::case::types::Type;
use crate::case::words::Word;
use crate::state::State;
use crate::yaml::{Diagnostic, Key, Node, Place, Problems, Value, nearest};
use std::sync::Arc;

/// Reads steps and collects what is wrong with them.
pub(in crate::case) struct StepReader<'p> {
    /// Where problems go.
    pub(in crate::case) problems: &'p mut Problems,
    /// The connections that there are.
    pub(in crate::case) connections: Vec<String>,
    /// The connection of a step without `on:`; `None`: every step must say.
    pub(in crate::case) connection: Option<String>,
}

/// What every step may say.
pub(super) struct Common;

impl Common {
    /// The keys of every step.
    pub(super) const KEYS: &'static [&'static str] = &["on", "requirement"];
}

impl StepReader<'_> {
    /// A list of steps. `None`: it is no list.
    pub(in crate::case) fn steps(&mut self, node: &Node) -> Option<Arc<[Step]>> {
        let elements = self.problems.note(node.as_list())?;
        Some(elements.iter().flat_map(|element| self.element(element)).collect())
    }

    /// An element of such a list: the steps that it stands for, none where something is wrong with it.
    pub(in crate::case) fn element(&mut self, node: &Node) -> Vec<Step> {
        self.step(node).map(|step| self.each_member(step)).unwrap_or_default()
    }

    /// A step on a group is one step on each of its members.
    fn each_member(&mut self, step: Step) -> Vec<Step> {
        let members = members(&step.connection, &self.connections);
        if members.is_empty() || self.connections.contains(&step.connection) {
            return vec![step];
        }
        match &step.kind {
            // Its own steps have been spread over the members already.
            StepKind::Repeat { .. } => {
                members.into_iter().take(1).map(|connection| Step { connection, ..step.clone() }).collect()
            }
            _ => members.into_iter().map(|connection| Step { connection, ..step.clone() }).collect(),
        }
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let (verb, key) = self.problems.note(verb_of(node))?;
        let allowed: Vec<&str> =
            [verb.word()].iter().chain(verb.keys()).chain(Common::KEYS).copied().collect();
        let mut keys = Keys::of(node, &allowed, self.problems)?;
        // A pause, a loop and the bench's own acknowledging concern no connection in particular.
        let of_none = matches!(verb, Verb::Wait | Verb::Acks | Verb::Repeat) && keys.node("on").is_none();
        let connection = match self.connections.first().filter(|_| of_none && self.connection.is_none()) {
            Some(any) => Some(any.clone()),
            None => connection(&mut keys, &self.connections, self.connection.as_deref()),
        };
        let requirement = keys.optional("requirement", |node| node.as_scalar().map(str::to_owned));
        let kind = match verb {
            Verb::Repeat => {
                let times = keys.required("repeat", |node| constant(node, Type::Int));
                let body = keys.required("steps", Ok);
                let inner = if of_none { self.connection.clone() } else { connection.clone() };
                let steps = self.on(inner.as_deref()).steps(body?)?;
                StepKind::Repeat { times: times?, steps }
            }
            Verb::OneOf if connection.as_ref().is_some_and(|name| !self.connections.contains(name)) => {
                let problem = Diagnostic::new(&key.place, "`one-of` cannot act on a group of connections");
                keys.problems().push(problem.with_hint("name the connection: `on: many-0`".to_owned()));
                return None;
            }
            Verb::OneOf => {
                let entries = keys.required("one-of", Node::as_entries);
                let prefer = keys.node("prefer");
                StepKind::OneOf(self.on(connection.as_deref()).one_of(key, entries?, prefer))
            }
            _ => leaf(verb, &mut keys)?,
        };
        let text = brief(verb, node);
        Some(Step { place: key.place.clone(), text, connection: connection?, requirement, kind })
    }

    /// For steps inside a step on this connection: theirs, unless they say otherwise.
    pub(super) fn on(&mut self, connection: Option<&str>) -> StepReader<'_> {
        let connection = connection.map(str::to_owned).or_else(|| self.connection.clone());
        StepReader { problems: self.problems, connections: self.connections.clone(), connection }
    }
}

/// The verb of a step and where it stands.
fn verb_of(node: &Node) -> Result<(Verb, &Key), Diagnostic> {
    let entries = node.as_entries().map_err(|problem| {
        problem.with_hint("a step is a map with a verb: `send: SYN`, `{silence: 1s}`".to_owned())
    })?;
    let mut verbs = entries.iter().filter_map(|(key, _)| Some((Verb::from_word(&key.name)?, key)));
    match (verbs.next(), verbs.next()) {
        (Some(verb), None) => Ok(verb),
        (Some((_, first)), Some((_, second))) => {
            let message =
                format!("`{}` and `{}` are two verbs: make them two steps", first.name, second.name);
            Err(Diagnostic::new(&second.place, message).with_note_at(&first.place, "the first verb"))
        }
        (None, _) => Err(no_verb(node, entries)),
    }
}

fn no_verb(node: &Node, entries: &[(Key, Node)]) -> Diagnostic {
    let near = |(key, _): &'_ (Key, Node)| Some((nearest(&key.name, Verb::words())?, key.clone()));
    match entries.iter().find_map(near) {
        Some((verb, key)) => Diagnostic::new(&key.place, format!("`{}` is no verb", key.name))
            .with_hint(format!("did you mean `{verb}`?")),
        None => {
            let verbs: Vec<&str> = Verb::words().collect();
            node.problem("this step has no verb").with_hint(format!("verbs: {}", verbs.join(", ")))
        }
    }
}

/// The connection of a step: named by `on:`, or the only one.
fn connection(keys: &mut Keys<'_, '_>, all: &[String], only: Option<&str>) -> Option<String> {
    if keys.node("on").is_some() {
        return keys.optional("on", |node| connection_named(node.as_scalar()?, &node.place, all));
    }
    if only.is_none() {
        let problem = keys
            .map()
            .problem("this step does not say on which connection it acts")
            .with_hint(format!("add `on:` with one of {}", all.join(", ")));
        keys.problems().push(problem);
    }
    only.map(str::to_owned)
}

/// One of the connections of `given`.
pub(super) fn connection_named(text: &str, place: &Place, all: &[String]) -> Result<String, Diagnostic> {
    if all.iter().any(|name| name == text) || !members(text, all).is_empty() {
        return Ok(text.to_owned());
    }
    let known: Vec<&str> = all.iter().map(String::as_str).collect();
    let hint = crate::yaml::did_you_mean(text, &known);
    Err(Diagnostic::new(place, format!("there is no connection `{text}`")).with_hint(hint))
}

/// A step without steps inside.
fn leaf(verb: Verb, keys: &mut Keys<'_, '_>) -> Option<StepKind> {
    Some(match verb {
        Verb::Send => StepKind::Send(Box::new(send(keys)?)),
        Verb::Expect => expect_step(keys)?,
        Verb::Silence => StepKind::Silence(keys.required("silence", |node| constant(node, Type::Duration))?),
        Verb::Wait => StepKind::Wait(keys.required("wait", |node| constant(node, Type::Duration))?),
        Verb::App => StepKind::App(App {
            action: keys.required("app", |node| text(node, action))?,
            within: keys.optional("within", |node| constant(node, Type::Duration)),
            label: keys.optional("as", name),
        }),
        Verb::Icmp => StepKind::Icmp(icmp(keys)?),
        Verb::Retransmissions => StepKind::Retransmissions(retransmissions(keys)?),
        Verb::Measure => StepKind::Measure(measure(keys)?),
        Verb::Probe => StepKind::Probe(keys.required("probe", word)?),
        Verb::State => StepKind::State(keys.required("state", state)?),
        Verb::Acks => StepKind::Acks(keys.required("acks", acks)?),
        Verb::Repeat | Verb::OneOf => return None,
    })
}

/// One of the eleven states.
pub(super) fn state(node: &Node) -> Result<State, Diagnostic> {
    state_from(node.as_scalar()?, &node.place)
}

/// One of the eleven states, by its name.
pub(in crate::case) fn state_from(text: &str, place: &Place) -> Result<State, Diagnostic> {
    text.parse().map_err(|fault: crate::state::NotAState| {
        let nearest = nearest(text, State::ALL.map(State::name));
        Diagnostic::new(place, fault.to_string())
            .with_hint(nearest.map(|name| format!("did you mean `{name}`?")))
    })
}

/// The step in short, as people read it in ladders and messages.
fn brief(verb: Verb, node: &Node) -> String {
    let entries = node.as_entries().unwrap_or_default();
    let value = entries.iter().find(|(key, _)| key.name == verb.word()).map(|(_, value)| value);
    let detail = match (value.map(|node| &node.value), value) {
        (Some(Value::Map(entries)), _) if verb == Verb::Retransmissions => {
            let of = entries.iter().find(|(key, _)| key.name == "of").map_or("", |(_, label)| label.raw());
            format!("of {of}")
        }
        (Some(Value::Map(entries)), _) => {
            let names: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
            names.join(", ")
        }
        (Some(Value::List(elements)), _) => {
            let elements: Vec<&str> = elements.iter().map(Node::raw).collect();
            elements.join(" or ")
        }
        (_, Some(node)) => node.raw().to_owned(),
        (_, None) => String::new(),
    };
    format!("{}: {detail}", verb.word())
}

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Send,
    Expect,
    Silence,
    OneOf,
    App,
    Icmp,
    Retransmissions,
    Measure,
    Probe,
    State,
    Wait,
    Repeat,
    Acks,
}

impl Verb {
    /// The keys that may stand beside it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Send => SEND_KEYS,
            Self::Expect => EXPECT_KEYS,
            Self::OneOf => &["prefer"],
            Self::App => &["as", "within"],
            Self::Icmp => ICMP_KEYS,
            Self::Measure => MEASURE_KEYS,
            Self::Repeat => &["steps"],
            Self::Silence | Self::Retransmissions | Self::Probe | Self::State | Self::Wait | Self::Acks => {
                &[]
            }
        }
    }
}

/// The keys of a step with each verb.
pub(in crate::case) fn step_keys() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    Verb::WORDS
        .iter()
        .map(|(word, verb)| (*word, [*word].iter().chain(verb.keys()).chain(Common::KEYS).copied().collect()))
}

impl Word for Verb {
    const KIND: &'static str = "a verb";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("send", Self::Send),
        ("expect", Self::Expect),
        ("silence", Self::Silence),
        ("one-of", Self::OneOf),
        ("app", Self::App),
        ("icmp", Self::Icmp),
        ("retransmissions", Self::Retransmissions),
        ("measure", Self::Measure),
        ("probe", Self::Probe),
        ("state", Self::State),
        ("wait", Self::Wait),
        ("repeat", Self::Repeat),
        ("acks", Self::Acks),
    ];
}
