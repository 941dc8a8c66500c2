//! The ladder diagram: everything that happened in a trial, the bench on the left, the target on
//! the right.

use std::collections::BTreeMap;
use std::fmt::Write;
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::Flags;
use tcpspec_core::seq::SeqNum;
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{Event, EventKind, Finding, Record};

/// Columns between the two ends.
const WIDTH: usize = 66;

/// More lines than this are cut in the middle: the beginning and the end tell the story.
const MOST_LINES: usize = 60;

/// Draws a record. The event that a finding points to is marked, with what was expected.
#[must_use]
pub fn ladder(record: &Record, finding: Option<&Finding>) -> String {
    let mut events: Vec<(usize, &Event)> = record.events.iter().enumerate().collect();
    // In the order in which things happened, not in that in which the bench learned of them.
    events.sort_by_key(|(_, event)| event.at);
    let start = events.first().map_or(Time::default(), |(_, event)| event.at);
    let names: std::collections::BTreeSet<_> =
        events.iter().map(|(_, event)| event.connection.as_str()).filter(|name| !name.is_empty()).collect();
    let several = names.len() > 1;
    let bases = initial_numbers(record);
    let mut lines = vec![format!("  {:>10}  {:<WIDTH$}  step", "time", heading())];
    for (index, event) in events {
        let mut body = describe(event, bases.get(event.connection.as_str()).copied());
        if several && !event.connection.is_empty() {
            body = format!("{body} [{}]", event.connection);
        }
        let place = event.origin.as_ref().map_or(String::new(), |origin| {
            let file = origin.place.file.rsplit('/').next().unwrap_or_default();
            format!("{file}:{}", origin.place.line)
        });
        let time = format!("+{:.6}", event.at.since(start).as_secs_f64());
        let mut line = format!("  {time:>10}  {body:<WIDTH$}  {place}");
        if let Some(finding) = finding.filter(|finding| finding.event == Some(index)) {
            let _ = write!(line, "\n  {:>10}  ✗ expected {}", "", finding.expected);
        }
        lines.push(line.trim_end().to_owned());
    }
    if lines.len() > MOST_LINES {
        let cut = lines.len() - MOST_LINES;
        lines.splice(
            MOST_LINES / 3..MOST_LINES / 3 + cut,
            [format!("  {:>10}  … {cut} lines like these are left out …", "")],
        );
    }
    lines.join("\n")
}

fn heading() -> String {
    format!("bench{:>width$}", "target", width = WIDTH - 5)
}

fn describe(event: &Event, bases: Option<(SeqNum, SeqNum)>) -> String {
    match &event.kind {
        EventKind::Sent(segment) => arrow_right(&segment.summary(bases).to_string()),
        EventKind::SentIcmp(error) => arrow_right(&format!("ICMP {:?}", error.kind)),
        EventKind::Received { segment, passed_over } => {
            let numbers = bases.map(|(ours, theirs)| (theirs, ours));
            let mut text = segment.summary(numbers).to_string();
            if let Some(why) = passed_over {
                let _ = write!(text, " ({why})");
            }
            arrow_left(&text)
        }
        EventKind::ReceivedOther(text) => arrow_left(text),
        EventKind::Asked(command) => right(&format!("application: {}", asked(command))),
        EventKind::Answered(outcome) => right(&format!("application: {}", answered(outcome))),
        EventKind::Table { state, expires } => {
            let state = state.map_or("no such socket".to_owned(), |state| state.to_string());
            let left = expires.map_or(String::new(), |left| format!(", {} left", Span(left)));
            right(&format!("socket table: {state}{left}"))
        }
        EventKind::Nothing => format!("{:┄^WIDTH$}", " nothing "),
        EventKind::Note(text) => format!("({text})"),
    }
}

fn arrow_right(text: &str) -> String {
    let dashes = WIDTH.saturating_sub(text.chars().count() + 3).max(2);
    format!("{text} {}▶", "─".repeat(dashes))
}

fn arrow_left(text: &str) -> String {
    let dashes = WIDTH.saturating_sub(text.chars().count() + 3).max(2);
    format!("◀{} {text}", "─".repeat(dashes))
}

fn right(text: &str) -> String {
    format!("{text:>WIDTH$}")
}

fn asked(command: &AppCommand) -> String {
    match command {
        AppCommand::Listen { local, backlog, .. } => {
            format!("listen on port {}, backlog {backlog}", local.port())
        }
        AppCommand::Accept { .. } => "accept".into(),
        AppCommand::Connect { remote, .. } => format!("connect to port {}", remote.port()),
        AppCommand::AwaitConnected { .. } => "await the connection".into(),
        AppCommand::Send { data, .. } => format!("send {} octets", data.len()),
        AppCommand::Receive { length, .. } => format!("receive {length} octets"),
        AppCommand::AwaitEnd { .. } => "await what comes".into(),
        AppCommand::Shutdown { .. } => "shutdown".into(),
        AppCommand::Close { .. } => "close".into(),
        AppCommand::Abort { .. } => "abort".into(),
        AppCommand::Set { option, .. } => format!("set {option:?}"),
        AppCommand::Kill => "killed".into(),
    }
}

fn answered(outcome: &AppOutcome) -> String {
    match outcome {
        AppOutcome::Done => "done".into(),
        AppOutcome::Accepted(peer) => format!("accepted port {}", peer.port()),
        AppOutcome::Connecting(_) => "connecting".into(),
        AppOutcome::Data(octets) => format!("got {} octets", octets.len()),
        AppOutcome::EndOfStream(_) => "end of stream".into(),
        AppOutcome::Reset => "connection reset".into(),
        AppOutcome::Refused => "connection refused".into(),
        AppOutcome::TimedOut => "timed out".into(),
        AppOutcome::Error(name) => name.clone(),
        AppOutcome::NothingYet => "nothing yet".into(),
        AppOutcome::Broken(why) => format!("broken: {why}"),
    }
}

/// The initial sequence numbers of each connection, ours and the target's, from its first SYNs.
fn initial_numbers(record: &Record) -> BTreeMap<&str, (SeqNum, SeqNum)> {
    let mut ours = BTreeMap::new();
    let mut theirs = BTreeMap::new();
    for event in &record.events {
        match &event.kind {
            EventKind::Sent(segment) if segment.flags.contains(Flags::SYN) => {
                ours.entry(event.connection.as_str()).or_insert(segment.seq);
            }
            EventKind::Received { segment, .. } if segment.flags.contains(Flags::SYN) => {
                theirs.entry(event.connection.as_str()).or_insert(segment.seq);
            }
            _ => {}
        }
    }
    theirs.into_iter().filter_map(|(name, iss)| Some((name, (*ours.get(name)?, iss)))).collect()
}
