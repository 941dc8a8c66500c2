//! The ladder diagram: everything that happened in a trial, the bench on the left, the target on
//! the right.

use super::wrap::wrap;
use std::collections::{BTreeMap, BTreeSet};
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::{Flags, IcmpKind};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::time::{Span, Time};
use tcpspec_core::verdict::{Event, EventKind, Finding, Record};

/// Columns between the two ends, and how many there may be where a line needs them.
const WIDTH: usize = 66;
const WIDEST: usize = 84;

/// Columns of the time, and of what stands in front of a line without one.
const TIME: usize = 12;

/// More events than this are cut: the beginning, the end and the neighbours of what went wrong tell
/// the story.
const MOST_EVENTS: usize = 60;

/// Events that are kept around what went wrong.
const NEIGHBOURS: usize = 6;

/// Draws a record. The event that a finding points to is marked, with what was expected. Sequence
/// numbers are counted from the initial ones, where those are known.
#[must_use]
pub fn ladder(record: &Record, finding: Option<&Finding>) -> String {
    let rungs = rungs(record);
    let start = rungs.first().map_or(Time::default(), |rung| rung.event.at);
    let names = Names::of(record);
    let mark = finding.and_then(|finding| Some((marked(record, finding)?, finding)));
    let place = rungs.iter().position(|rung| mark.is_some_and(|(marked, _)| marked == rung.index));
    let shown = shown(rungs.len(), place);
    let width = rungs.iter().map(|rung| rung.told.width()).max().unwrap_or(0).clamp(WIDTH, WIDEST);
    let heading = format!("bench{:>rest$}", "target", rest = width - 5);
    let mut text = format!("{:>TIME$}  {}{heading}  step", "time", names.heading());
    let mut left_out = 0;
    for (place, LadderRung { index, event, told }) in rungs.into_iter().enumerate() {
        if !shown(place) {
            left_out += 1;
            continue;
        }
        push_left_out(&mut text, std::mem::take(&mut left_out));
        let time = format!("+{:.6}", event.at.since(start).as_secs_f64());
        for (row, line) in told.lines(width).into_iter().enumerate() {
            let (time, name, step) = match row {
                0 => (time.as_str(), event.connection.as_str(), step(event)),
                _ => ("", "", String::new()),
            };
            push(&mut text, &format!("{time:>TIME$}  {}{line:<width$}  {step}", names.column(name)));
        }
        if let Some((_, finding)) = mark.filter(|(marked, _)| *marked == index) {
            for (row, line) in wrap(&finding.expected, width).iter().enumerate() {
                let lead = if row == 0 { "✗ expected" } else { "" };
                push(&mut text, &format!("{:TIME$}  {lead:<10} {line}", ""));
            }
        }
    }
    text
}

/// One event of a record.
pub(crate) struct LadderRung<'r> {
    /// Its place in the record.
    pub(crate) index: usize,
    /// The event.
    pub(crate) event: &'r Event,
    /// The same, told.
    pub(crate) told: Told,
}

/// All events in the order in which things happened, not in that in which the bench learned of them.
pub(crate) fn rungs(record: &Record) -> Vec<LadderRung<'_>> {
    let bases = initial_numbers(record);
    let told = |event: &Event| Told::of(event, bases.get(event.connection.as_str()).copied());
    let events = record.events.iter().enumerate();
    let mut rungs: Vec<_> =
        events.map(|(index, event)| LadderRung { index, event, told: told(event) }).collect();
    rungs.sort_by_key(|rung| rung.event.at);
    rungs
}

/// The event that shows what was found: the one that the finding names, or the last of its step.
pub(crate) fn marked(record: &Record, finding: &Finding) -> Option<usize> {
    let of_its_step = |event: &Event| {
        event.origin.as_ref().is_some_and(|origin| finding.place.as_ref() == Some(&origin.place))
    };
    finding.event.or_else(|| record.events.iter().rposition(of_its_step))
}

fn push(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line.trim_end());
}

fn push_left_out(text: &mut String, count: usize) {
    if count > 0 {
        push(text, &format!("{:>TIME$}  … {count} events are left out …", ""));
    }
}

/// Which of so many events are shown: all, or the first, the last, and those around the marked one.
pub(crate) fn shown(count: usize, marked: Option<usize>) -> impl Fn(usize) -> bool {
    let first = MOST_EVENTS / 3;
    let last = count.saturating_sub(MOST_EVENTS - first);
    move |place| {
        let near = marked.is_some_and(|marked| marked.abs_diff(place) <= NEIGHBOURS);
        place < first || place >= last || near
    }
}

/// The column that names the connection, where there is more than one.
struct Names {
    width: usize,
}

impl Names {
    fn of(record: &Record) -> Self {
        let names: BTreeSet<_> = record.events.iter().map(|event| event.connection.as_str()).collect();
        let several = names.iter().filter(|name| !name.is_empty()).count() > 1;
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Self { width: if several { longest.max(4) + 2 } else { 0 } }
    }

    fn column(&self, name: &str) -> String {
        if self.width == 0 { String::new() } else { format!("{name:<width$}", width = self.width) }
    }

    fn heading(&self) -> String {
        self.column("on")
    }
}

/// Where the step under way is written.
fn step(event: &Event) -> String {
    event.origin.as_ref().map_or(String::new(), |origin| {
        let file = origin.place.file.rsplit('/').next().unwrap_or_default();
        format!("{file}:{}", origin.place.line)
    })
}

/// What happened, and at which end.
pub(crate) enum Told {
    /// We sent it.
    Sent(String),
    /// It arrived.
    Received(String),
    /// It happened at the target.
    AtTarget(String),
    Nothing,
    Note(String),
}

/// An arrow has at least its head, two dashes and a space.
const SHORTEST_ARROW: usize = 4;

impl Told {
    fn of(event: &Event, bases: Option<Bases>) -> Self {
        let Bases { ours, theirs } = bases.unwrap_or_default();
        match &event.kind {
            EventKind::Sent(segment) => Self::Sent(segment.summary_from(ours, theirs).to_string()),
            EventKind::SentIcmp(error) => Self::Sent(icmp(error.kind)),
            EventKind::Received { segment, passed_over } => {
                let why = passed_over.map_or(String::new(), |why| format!(" ({why})"));
                Self::Received(format!("{}{why}", segment.summary_from(theirs, ours)))
            }
            EventKind::ReceivedOther(text) => Self::Received(text.clone()),
            EventKind::Asked(command) => Self::AtTarget(format!("application: {}", asked(command))),
            EventKind::Answered(outcome) => Self::AtTarget(format!("application: {}", answered(outcome))),
            EventKind::Table { state, expires } => {
                let state = state.map_or("no such socket".to_owned(), |state| state.to_string());
                let left = expires.map_or(String::new(), |left| format!(", {} left", Span(left)));
                Self::AtTarget(format!("socket table: {state}{left}"))
            }
            EventKind::Nothing => Self::Nothing,
            EventKind::Note(text) => Self::Note(text.clone()),
        }
    }

    /// Without arrows.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Sent(text) | Self::Received(text) | Self::AtTarget(text) | Self::Note(text) => text.clone(),
            Self::Nothing => "nothing".into(),
        }
    }

    /// Columns that it takes in one line.
    fn width(&self) -> usize {
        match self {
            Self::Sent(text) | Self::Received(text) => text.chars().count() + SHORTEST_ARROW,
            Self::AtTarget(text) => text.chars().count(),
            Self::Note(text) => text.chars().count() + 2,
            Self::Nothing => 0,
        }
    }

    /// In as many lines as it takes.
    fn lines(&self, width: usize) -> Vec<String> {
        match self {
            Self::Sent(text) => {
                let mut lines = wrap(text, width - SHORTEST_ARROW);
                if let Some(first) = lines.first_mut() {
                    let dashes = width - first.chars().count() - 2;
                    *first = format!("{first} {}▶", "─".repeat(dashes));
                }
                lines
            }
            Self::Received(text) => {
                let lines = wrap(text, width - SHORTEST_ARROW);
                let arrow = |(row, line): (usize, String)| match row {
                    0 => format!("◀{} {line}", "─".repeat(width - line.chars().count() - 2)),
                    _ => format!("{line:>width$}"),
                };
                lines.into_iter().enumerate().map(arrow).collect()
            }
            Self::AtTarget(text) => {
                wrap(text, width).into_iter().map(|line| format!("{line:>width$}")).collect()
            }
            Self::Nothing => vec![format!("{:┄^width$}", " nothing ")],
            Self::Note(text) => wrap(&format!("({text})"), width),
        }
    }
}

fn icmp(kind: IcmpKind) -> String {
    match kind {
        IcmpKind::DestinationUnreachable { code } => format!("ICMP destination unreachable, code {code}"),
        IcmpKind::PacketTooBig { mtu } => format!("ICMP packet too big, MTU {mtu}"),
        IcmpKind::TimeExceeded { code } => format!("ICMP time exceeded, code {code}"),
        IcmpKind::ParameterProblem { code, pointer } => {
            format!("ICMP parameter problem, code {code}, octet {pointer}")
        }
        IcmpKind::SourceQuench => "ICMP source quench".into(),
    }
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
        AppCommand::SendUrgent { data, .. } => format!("send {} octets as urgent", data.len()),
        AppCommand::AwaitUrgent { .. } => "await urgent data".into(),
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

/// What counts as 0 in our sequence space and in the target's: the initial numbers, where a SYN told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bases {
    ours: Option<SeqNum>,
    theirs: Option<SeqNum>,
}

/// The initial sequence numbers of each connection, from its first SYNs.
fn initial_numbers(record: &Record) -> BTreeMap<&str, Bases> {
    let mut all: BTreeMap<&str, Bases> = BTreeMap::new();
    for event in &record.events {
        let bases = all.entry(event.connection.as_str()).or_default();
        let (side, segment) = match &event.kind {
            EventKind::Sent(segment) => (&mut bases.ours, segment),
            EventKind::Received { segment, .. } => (&mut bases.theirs, segment),
            _ => continue,
        };
        if segment.flags.contains(Flags::SYN) {
            side.get_or_insert(segment.seq);
        }
    }
    all
}
