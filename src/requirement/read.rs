//! One row of a catalogue file -> a requirement; one whole file -> its rows.

use super::{Event, EventKind, Level, Observable, Outcome, Overlay, Reply, Requirement};
use crate::yaml::{self, Diagnostic, Fields, Node, Problems, Value, nearest};

/// What a list of a catalogue file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// `requirements:`
    Requirements,
    /// `rows:` of state and event.
    Events,
}

/// All rows of a catalogue file, read strictly; what is wrong goes to `problems`.
pub(super) fn file(name: &str, text: &str, problems: &mut Problems) -> Vec<Requirement> {
    problems.note(yaml::parse(name, text)).and_then(|root| rows_of(&root, problems)).unwrap_or_default()
}

fn rows_of(root: &Node, problems: &mut Problems) -> Option<Vec<Requirement>> {
    let fields = Fields::read(root, &["rfc", "meta", "requirements", "rows"], problems)?;
    if let Some(meta) = fields.optional("meta") {
        let known = ["source", "notation", "fields", "counts", "setup", "remarks"];
        Fields::read(meta, &known, problems);
    }
    let rfc = problems.note(fields.optional_as("rfc", rfc_number))?;
    let mut read = Vec::new();
    for (name, kind) in [("requirements", Rows::Requirements), ("rows", Rows::Events)] {
        let Some(list) = fields.optional(name) else { continue };
        for row in problems.note(list.as_list())? {
            read.extend(problems.note(requirement(row, kind, rfc)));
        }
    }
    Some(read)
}

/// One row; `rfc` is what its file says about all rows.
pub(super) fn requirement(row: &Node, kind: Rows, rfc: Option<u16>) -> Result<Requirement, Diagnostic> {
    match kind {
        Rows::Requirements => plain_row(row, rfc),
        Rows::Events => event_row(row, rfc),
    }
}

fn plain_row(row: &Node, file_rfc: Option<u16>) -> Result<Requirement, Diagnostic> {
    let fields = row.as_map(&[
        "id",
        "rfc",
        "level",
        "section",
        "summary",
        "observable",
        "how",
        "note",
        "slow",
        "derived",
        "not-testable",
    ])?;
    Ok(Requirement {
        id: identifier(&fields)?,
        level: fields.required_as("level", level)?,
        rfc: rfc_of(&fields, file_rfc)?,
        section: fields.required_as("section", scalar)?,
        summary: fields.required_as("summary", text)?,
        observable: fields.required_as("observable", observable)?,
        slow: flag(&fields, "slow")?,
        derived: flag(&fields, "derived")?,
        how: fields.optional_as("how", text)?,
        note: fields.optional_as("note", text)?,
        not_testable: fields.optional_as("not-testable", sentence)?,
        event: None,
        place: row.place.clone(),
    })
}

fn event_row(row: &Node, file_rfc: Option<u16>) -> Result<Requirement, Diagnostic> {
    let fields = row.as_map(&[
        "id",
        "level",
        "state",
        "states",
        "kind",
        "event",
        "stimulus",
        "reply",
        "next_state",
        "effect",
        "section",
        "rfc5961",
        "tolerance",
        "observable",
        "slow",
        "note",
        "not-testable",
    ])?;
    let event = Event {
        states: states(&fields)?,
        kind: fields.required_as("kind", |node| one_of(node, &EVENT_KINDS))?,
        event: fields.required_as("event", text)?,
        stimulus: fields.required_as("stimulus", text)?,
        outcome: outcome(&fields)?,
        rfc5961: fields.required_as("rfc5961", overlay)?,
        tolerance: fields.optional_as("tolerance", text)?,
    };
    Ok(Requirement {
        id: identifier(&fields)?,
        // Section 3.10 is written in imperatives: a row is a MUST unless it says otherwise.
        level: fields.optional_as("level", level)?.unwrap_or(Level::Must),
        rfc: rfc_of(&fields, file_rfc)?,
        section: fields.required_as("section", scalar)?,
        summary: event.sentence(),
        observable: fields.required_as("observable", observable)?,
        slow: flag(&fields, "slow")?,
        derived: false,
        how: None,
        note: fields.optional_as("note", text)?,
        not_testable: fields.optional_as("not-testable", sentence)?,
        event: Some(Box::new(event)),
        place: row.place.clone(),
    })
}

fn states(fields: &Fields<'_>) -> Result<Vec<String>, Diagnostic> {
    let state = fields.required("state")?;
    match (state.as_text()?, fields.optional("states")) {
        ("MULTIPLE", Some(list)) => list.as_list()?.iter().map(known_state).collect(),
        ("MULTIPLE", None) => Err(state.problem("`states` is missing: which ones?")),
        (_, Some(list)) => Err(list.problem("`states` needs `state: MULTIPLE`")),
        (_, None) => Ok(vec![known_state(state)?]),
    }
}

fn known_state(node: &Node) -> Result<String, Diagnostic> {
    let name = node.as_text()?;
    if STATES.contains(&name) {
        return Ok(name.to_owned());
    }
    let hint = nearest(name, STATES).map(|state| format!("did you mean `{state}`?"));
    Err(node.problem(format!("`{name}` is no state of RFC 9293")).with_hint(hint))
}

fn outcome(fields: &Fields<'_>) -> Result<Outcome, Diagnostic> {
    Ok(Outcome {
        reply: fields.required_as("reply", reply)?,
        next_state: fields.required_as("next_state", text)?,
        effect: fields.required_as("effect", text)?,
    })
}

fn reply(node: &Node) -> Result<Option<Reply>, Diagnostic> {
    if node.raw() == "none" {
        return Ok(None);
    }
    let fields = node
        .as_map(&["flags", "seq", "ack", "wnd", "len", "up"])
        .map_err(|problem| problem.with_hint("write `none`, or {flags: …, seq: …}".to_owned()))?;
    Ok(Some(Reply {
        flags: fields.required_as("flags", text)?,
        seq: fields.required_as("seq", scalar)?,
        ack: fields.optional_as("ack", scalar)?,
        wnd: fields.optional_as("wnd", scalar)?,
        len: fields.optional_as("len", scalar)?,
        up: fields.optional_as("up", scalar)?,
    }))
}

fn overlay(node: &Node) -> Result<Overlay, Diagnostic> {
    match &node.value {
        Value::Map(_) => Ok(Overlay::Instead(outcome(&node.as_map(&["reply", "next_state", "effect"])?)?)),
        _ => Ok(match node.as_text()? {
            "no change" => Overlay::NoChange,
            remark => Overlay::Remark(remark.to_owned()),
        }),
    }
}

fn identifier(fields: &Fields<'_>) -> Result<String, Diagnostic> {
    let node = fields.required("id")?;
    let id = node.as_text()?;
    let is_word =
        id.chars().all(|character| character.is_ascii_alphanumeric() || character == '-' || character == '_');
    if is_word { Ok(id.to_owned()) } else { Err(node.problem("an id is made of letters, digits and `-`")) }
}

fn rfc_of(fields: &Fields<'_>, file_rfc: Option<u16>) -> Result<u16, Diagnostic> {
    match (fields.optional_as("rfc", rfc_number)?, file_rfc) {
        (Some(rfc), _) | (None, Some(rfc)) => Ok(rfc),
        (None, None) => fields.required_as("rfc", rfc_number).map_err(|problem| {
            problem.with_hint("give it here, or at the top for the whole file".to_owned())
        }),
    }
}

pub(super) fn rfc_number(node: &Node) -> Result<u16, Diagnostic> {
    node.as_number(1..=u16::MAX)
}

fn level(node: &Node) -> Result<Level, Diagnostic> {
    let word = node.as_text()?;
    word.parse().map_err(|_| {
        let hint = format!("possible here: {}", Level::WORDS.join(", "));
        node.problem(format!("`{word}` is no level")).with_hint(hint)
    })
}

fn observable(node: &Node) -> Result<Observable, Diagnostic> {
    one_of(node, &OBSERVABLES)
}

fn one_of<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Diagnostic> {
    let word = node.as_text()?;
    let found = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        node.problem(format!("`{word}` is not possible here")).with_hint(yaml::did_you_mean(word, &names))
    })
}

pub(super) fn flag(fields: &Fields<'_>, name: &str) -> Result<bool, Diagnostic> {
    Ok(fields.optional_as(name, Node::as_bool)?.unwrap_or(false))
}

pub(super) fn text(node: &Node) -> Result<String, Diagnostic> {
    node.as_text().map(str::to_owned)
}

/// Text that is not empty.
fn sentence(node: &Node) -> Result<String, Diagnostic> {
    match node.as_text()?.trim() {
        "" => Err(node.problem("this is empty: a sentence says why")),
        words => Ok(words.to_owned()),
    }
}

pub(super) fn scalar(node: &Node) -> Result<String, Diagnostic> {
    node.as_scalar().map(str::to_owned)
}

const OBSERVABLES: [(&str, Observable); 4] = [
    ("wire", Observable::Wire),
    ("wire+control", Observable::WireAndControl),
    ("api", Observable::Api),
    ("internal", Observable::Internal),
];

const EVENT_KINDS: [(&str, EventKind); 3] =
    [("segment", EventKind::Segment), ("call", EventKind::Call), ("timeout", EventKind::Timeout)];

const STATES: [&str; 11] = [
    "CLOSED",
    "LISTEN",
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
];
