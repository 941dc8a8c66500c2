//! Commands and observations of the application, as a person would say them.

use crate::app::{AppCommand, AppOutcome, SocketOption};
use crate::case::{AppAction, DataPattern, Expect, OptionPattern, Pattern};
use crate::segment::{IcmpKind, Packet, SackBlock, TcpOption};
use crate::seq::SeqNum;
use crate::time::Span;

/// "had the application …"
pub(super) fn asked(command: &AppCommand) -> String {
    match command {
        AppCommand::Listen { local, .. } => format!("listen at {local}"),
        AppCommand::Accept { .. } => "accept".into(),
        AppCommand::Connect { remote, .. } => format!("connect to {remote}"),
        AppCommand::AwaitConnected { .. } => "wait for its connection".into(),
        AppCommand::Send { data, .. } => format!("send {}", octets(data.len())),
        AppCommand::SendUrgent { data, .. } => format!("send {} as urgent", octets(data.len())),
        AppCommand::AwaitUrgent { .. } => "wait for urgent data".into(),
        AppCommand::Receive { length, .. } => format!("receive {}", octets(*length)),
        AppCommand::AwaitEnd { .. } => "wait for the end of its connection".into(),
        AppCommand::Shutdown { .. } => "shut down its side".into(),
        AppCommand::Close { .. } => "close".into(),
        AppCommand::Abort { .. } => "abort".into(),
        AppCommand::Set { option, .. } => format!("set {}", socket_option(option)),
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
        AppAction::ConnectToNobody(_) => "the application's open to be an error".into(),
        AppAction::ExpectError => "the application to be told of an error".into(),
        AppAction::ExpectUrgent => "the application to see urgent data".into(),
        AppAction::ExpectNoUrgent => "the application to see no urgent data".into(),
        AppAction::ExpectNothing => "the application to see neither text nor an end".into(),
        AppAction::ExpectNoConnection => "the application to see no connection".into(),
        AppAction::Receive(_) => "the application to receive our octets".into(),
        AppAction::Listen
        | AppAction::Send(_)
        | AppAction::SendUrgent(_)
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
        AppOutcome::Data(data) => format!("{} of text", octets(data.len())),
        AppOutcome::EndOfStream(_) => "the end of the stream".into(),
        AppOutcome::Reset => "a reset".into(),
        AppOutcome::Refused => "its connection refused".into(),
        AppOutcome::TimedOut => "a timeout".into(),
        AppOutcome::Error(name) => format!("the error {name}"),
        AppOutcome::NothingYet => "nothing within the wait".into(),
        AppOutcome::Broken(why) => format!("the upper tester failed: {why}"),
    }
}

/// What an `expect` demands, in the words of the case.
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
            text += &format!(" {field}={}", condition(pattern));
        }
    }
    match &expect.data {
        None => {}
        Some(DataPattern::None) => text += " without text",
        Some(DataPattern::Text(octets)) => text += &format!(" with the text {octets:?}"),
        Some(DataPattern::Stream(pattern)) => text += &format!(" with {} octets of text", condition(pattern)),
    }
    expect.options.iter().for_each(|option| text += &format!(", {}", option_condition(option)));
    text
}

fn condition(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any => "any".into(),
        Pattern::Is(expr) => expr.to_string(),
        Pattern::In(exprs) => exprs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        Pattern::Range(low, high) => format!("{low} to {high}"),
        Pattern::Not(expr) => format!("not {expr}"),
    }
}

fn option_condition(option: &OptionPattern) -> String {
    let with = |pattern: &Pattern| match pattern {
        Pattern::Any => String::new(),
        pattern => format!(" {}", condition(pattern)),
    };
    match option {
        OptionPattern::Absent(name) => format!("no {name}"),
        OptionPattern::SackPermitted => "sack-permitted".into(),
        OptionPattern::Mss(pattern) => format!("mss{}", with(pattern)),
        OptionPattern::WindowScale(pattern) => format!("window-scale{}", with(pattern)),
        OptionPattern::Timestamps(Pattern::Any, Pattern::Any) => "timestamps".into(),
        OptionPattern::Timestamps(value, echo) => {
            format!("timestamps {} {}", condition(value), condition(echo))
        }
        OptionPattern::Sack(blocks) => {
            let blocks = blocks.iter().map(|(left, right)| format!(" {left}..{right}"));
            format!("sack{}", blocks.collect::<String>())
        }
    }
}

/// An option that was seen; `irs` is what its SACK blocks are counted from.
pub(super) fn seen_option(option: &TcpOption, irs: SeqNum) -> String {
    match option {
        TcpOption::MaximumSegmentSize(octets) => octets.to_string(),
        TcpOption::WindowScale(shift) => shift.to_string(),
        TcpOption::Timestamps { value, echo } => format!("{value} {echo}"),
        TcpOption::Sack(blocks) => {
            let block = |block: &SackBlock| (block.left.0, block.right.0);
            sack_blocks(&blocks.iter().map(block).collect::<Vec<_>>(), irs)
        }
        _ => "present".into(),
    }
}

/// Blocks of a SACK option, counted from `irs`.
pub(super) fn sack_blocks(blocks: &[(u32, u32)], irs: SeqNum) -> String {
    let number = |value: u32| i64::from(value.wrapping_sub(irs.0) as i32);
    let block = |(left, right): &(u32, u32)| format!("{}..{}", number(*left), number(*right));
    blocks.iter().map(block).collect::<Vec<_>>().join(", ")
}

/// A packet that is no segment.
pub(super) fn other(packet: &Packet) -> String {
    match packet {
        Packet::Tcp(received) => received.segment.to_string(),
        Packet::Icmp(error) => format!("{} from {}", icmp(error.kind), error.source),
        Packet::Fragment(_) => "an IP fragment".into(),
        Packet::Other { source, protocol, .. } => format!("a packet of IP protocol {protocol} from {source}"),
    }
}

/// An ICMP error.
pub(super) fn icmp(kind: IcmpKind) -> String {
    match kind {
        IcmpKind::DestinationUnreachable { code } => format!("ICMP destination unreachable, code {code}"),
        IcmpKind::PacketTooBig { mtu } => format!("ICMP packet too big, MTU {mtu}"),
        IcmpKind::TimeExceeded { code } => format!("ICMP time exceeded, code {code}"),
        IcmpKind::ParameterProblem { code, .. } => format!("ICMP parameter problem, code {code}"),
        IcmpKind::SourceQuench => "ICMP source quench".into(),
    }
}

/// `1 octet`, `10 octets`.
pub(super) fn octets(count: usize) -> String {
    format!("{count} octet{}", if count == 1 { "" } else { "s" })
}

/// An option of a socket, in the words of the case.
fn socket_option(option: &SocketOption) -> String {
    let switch = |on: &bool| if *on { "on" } else { "off" };
    match option {
        SocketOption::NoDelay(on) => format!("nodelay {}", switch(on)),
        SocketOption::KeepAlive(on) => format!("keep-alive {}", switch(on)),
        SocketOption::KeepAliveIdle(span) => format!("keep-alive-idle to {}", Span(*span)),
        SocketOption::KeepAliveInterval(span) => format!("keep-alive-interval to {}", Span(*span)),
        SocketOption::KeepAliveCount(count) => format!("keep-alive-count to {count}"),
        SocketOption::UserTimeout(span) => format!("user-timeout to {}", Span(*span)),
        SocketOption::ReceiveBuffer(octets) => format!("receive-buffer to {octets}"),
        SocketOption::SendBuffer(octets) => format!("send-buffer to {octets}"),
        SocketOption::MaximumSegment(octets) => format!("maximum-segment to {octets}"),
        SocketOption::UrgentInline(on) => format!("urgent-inline {}", switch(on)),
        SocketOption::TimeToLive(hops) => format!("ttl to {hops}"),
        SocketOption::TypeOfService(octet) => format!("tos to {octet:#04x}"),
        SocketOption::ErrorReports(on) => format!("error-reports {}", switch(on)),
    }
}
