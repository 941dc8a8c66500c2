//! Commands and observations of the application, as a person would say them.

use crate::app::{AppCommand, AppOutcome};
use crate::case::{AppAction, DataPattern, Expect, OptionPattern, Pattern};
use crate::segment::Packet;

/// "had the application …"
pub(super) fn asked(command: &AppCommand) -> String {
    match command {
        AppCommand::Listen { local, .. } => format!("listen at {local}"),
        AppCommand::Accept { .. } => "accept".into(),
        AppCommand::Connect { remote, .. } => format!("connect to {remote}"),
        AppCommand::AwaitConnected { .. } => "wait for its connection".into(),
        AppCommand::Send { data, .. } => format!("send {} octets", data.len()),
        AppCommand::Receive { length, .. } => format!("receive {length} octets"),
        AppCommand::AwaitEnd { .. } => "wait for the end of its connection".into(),
        AppCommand::Shutdown { .. } => "shut down its side".into(),
        AppCommand::Close { .. } => "close".into(),
        AppCommand::Abort { .. } => "abort".into(),
        AppCommand::Set { option, .. } => format!("set {option:?}"),
        AppCommand::Kill => "killed".into(),
    }
}

/// "expected …"
pub(super) fn must_observe(action: &AppAction) -> String {
    match action {
        AppAction::Accept => "the application to accept our connection".into(),
        AppAction::Connect => "the application to begin a connection".into(),
        AppAction::ExpectConnected => "the application to see its connection open".into(),
        AppAction::ExpectEof => "the application to see the end of the stream".into(),
        AppAction::ExpectReset => "the application to see a reset".into(),
        AppAction::ExpectRefused => "the application to see its connection refused".into(),
        AppAction::ExpectTimeout => "the application to see a timeout".into(),
        AppAction::ExpectNothing => "the application to see neither data nor an end".into(),
        AppAction::ExpectNoConnection => "the application to see no connection".into(),
        AppAction::Receive(_) => "the application to receive our octets".into(),
        AppAction::Listen
        | AppAction::Send(_)
        | AppAction::Shutdown
        | AppAction::Close
        | AppAction::CloseListener
        | AppAction::Abort
        | AppAction::Kill
        | AppAction::Set(_) => "the application's call to work".into(),
    }
}

/// "saw …"
pub(super) fn observed(outcome: &AppOutcome) -> String {
    match outcome {
        AppOutcome::Done => "the call worked".into(),
        AppOutcome::Accepted(peer) => format!("a connection from {peer}"),
        AppOutcome::Connecting(local) => format!("a connection under way from {local}"),
        AppOutcome::Data(octets) => format!("{} octets of data", octets.len()),
        AppOutcome::EndOfStream(_) => "the end of the stream".into(),
        AppOutcome::Reset => "a reset".into(),
        AppOutcome::Refused => "its connection refused".into(),
        AppOutcome::TimedOut => "a timeout".into(),
        AppOutcome::Error(name) => format!("the error {name}"),
        AppOutcome::NothingYet => "nothing within the wait".into(),
        AppOutcome::Broken(why) => format!("the upper tester failed: {why}"),
    }
}

/// What an `expect` demands, as the case says it.
pub(super) fn awaited(expect: &Expect) -> String {
    let flags: Vec<_> = expect.flags.iter().map(ToString::to_string).collect();
    let mut text = if flags.is_empty() { "any segment".to_owned() } else { flags.join(" or ") };
    let fields = [
        ("seq", &expect.seq),
        ("ack", &expect.ack),
        ("window", &expect.window),
        ("urgent", &expect.urgent),
        ("ttl", &expect.ttl),
        ("tos", &expect.tos),
    ];
    for (field, pattern) in fields {
        if let Some(pattern) = pattern {
            text.push_str(&format!(" {field}={}", pattern_text(pattern)));
        }
    }
    match &expect.data {
        None => {}
        Some(DataPattern::None) => text.push_str(" without text"),
        Some(DataPattern::Text(octets)) => text.push_str(&format!(" with {octets:?}")),
        Some(DataPattern::Stream(pattern)) => {
            text.push_str(&format!(" with {} octets of the stream", pattern_text(pattern)));
        }
    }
    for option in &expect.options {
        text.push_str(&match option {
            OptionPattern::Absent(name) => format!(", no {name}"),
            present => format!(", {}", present.name()),
        });
    }
    text
}

fn pattern_text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any => "any".into(),
        Pattern::Is(expr) => expr.to_string(),
        Pattern::In(exprs) => {
            let texts: Vec<_> = exprs.iter().map(ToString::to_string).collect();
            format!("[{}]", texts.join(", "))
        }
        Pattern::Range(low, high) => format!("{low}..{high}"),
        Pattern::Not(expr) => format!("not {expr}"),
    }
}

/// A packet that is no segment.
pub(super) fn other(packet: &Packet) -> String {
    match packet {
        Packet::Tcp(received) => received.segment.to_string(),
        Packet::Icmp(error) => format!("an ICMP error from {}: {:?}", error.source, error.kind),
        Packet::Fragment(_) => "an IP fragment".into(),
        Packet::Other { source, protocol, .. } => format!("a packet of IP protocol {protocol} from {source}"),
    }
}
