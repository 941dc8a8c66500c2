//! Conversations as text, and what becomes of them on their way.
//!
//! `> ACK 1001 5001 +100` is a segment of the bench: control bits, SEG.SEQ, SEG.ACK where ACK is set,
//! octets of text. `<` is one of the target's, `app` the application, `wait` lets time pass.

use super::super::{Conduit, Delivery};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId, SocketOption};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::segment::{
    Checksum, Flags, IcmpError, IcmpKind, Packet, SackBlock, Segment, TcpOption, decode, encode_fragments,
    encode_icmp, encode_segment,
};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// What comes of each line: the line itself, and what was delivered until the next one.
pub(super) fn play(mut conduit: Conduit, script: &str) -> Vec<(String, Vec<String>)> {
    let mut now = Time(1_000_000_000);
    let mut next_id = 0;
    let mut lines = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut told = Vec::new();
        if let Some(span) = line.strip_prefix("wait ") {
            let until = now + humantime::parse_duration(span).expect("a span");
            while let Some((at, delivery)) = conduit.take_due(until) {
                told.push(format!("{} {}", at.since(now).as_millis(), show(&delivery)));
            }
            now = until;
        } else if line == "table" {
            let entry = TableEntry { state: Some(State::Established), expires: None };
            let seen = conduit.table(now, entry).state.map_or("none".into(), |state| state.to_string());
            told.push(format!("table {seen}"));
        } else if let Some(word) = line.strip_prefix("app ") {
            let id = CommandId(next_id);
            next_id += 1;
            let (command, outcome) = application(word);
            let asked = conduit.pass(now, Delivery::ToApplication(id, command));
            told.extend(asked.iter().map(show));
            let report = AppReport { id, outcome, began: 0, ended: 0 };
            told.extend(conduit.pass(now, Delivery::FromApplication(report)).iter().map(show));
        } else {
            for delivery in packets(line) {
                told.extend(conduit.pass(now, delivery).iter().map(show));
            }
            now += Duration::from_millis(1);
        }
        lines.push((line.to_owned(), told));
    }
    lines
}

/// What is told otherwise than on a straight way, line by line; of many lines the first.
pub(super) fn differences(conduit: Conduit, script: &str) -> String {
    let straight = play(Conduit::default(), script);
    let told = play(conduit, script);
    let differing = straight.into_iter().zip(told).filter(|(straight, told)| straight != told);
    let lines: Vec<_> =
        differing.map(|(_, (line, told))| format!("    {line}  =>  {}\n", of(&told))).collect();
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("    and {more} more\n"),
    };
    lines.into_iter().take(SHOWN).chain([more]).collect()
}

fn of(told: &[String]) -> String {
    match told {
        [] => "lost".into(),
        [first @ .., last] if first.len() > SHOWN => format!("{}; … {} …; {last}", first[0], first.len() - 1),
        _ => told.join("; "),
    }
}

/// An address of many hosts.
const MANY: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1));

/// Lines of a scene that are shown.
const SHOWN: usize = 5;

fn end(bench: bool) -> SocketAddr {
    if bench { ([198, 18, 0, 1], 40000).into() } else { ([198, 18, 255, 1], 7000).into() }
}

fn packets(line: &str) -> Vec<Delivery> {
    let (direction, words) = line.split_at(1);
    let to_target = direction == ">";
    if let Some(words) = words.trim().strip_prefix("icmp ") {
        let words: Vec<_> = words.split(' ').collect();
        let quoted =
            Segment { flags: Flags::ACK, seq: number(words[1]), ..Segment::between(end(false), end(true)) };
        let kind = match words[0] {
            "host-unreachable" => IcmpKind::DestinationUnreachable { code: 1 },
            "port-unreachable" => IcmpKind::DestinationUnreachable { code: 3 },
            "time-exceeded" => IcmpKind::TimeExceeded { code: 0 },
            "source-quench" => IcmpKind::SourceQuench,
            _ => IcmpKind::PacketTooBig { mtu: 600 },
        };
        let octets = encode_icmp(&IcmpError::about(&quoted, end(true).ip(), kind)).expect("IPv4 has it");
        return vec![Delivery::ToTarget(octets)];
    }
    let (segment, cut) = segment(words.trim(), to_target);
    let octets = match cut {
        Some(size) => encode_fragments(&segment, size),
        None => vec![encode_segment(&segment)],
    };
    octets
        .into_iter()
        .map(|octets| if to_target { Delivery::ToTarget(octets) } else { Delivery::ToBench(octets) })
        .collect()
}

fn segment(words: &str, to_target: bool) -> (Segment, Option<usize>) {
    let mut segment = Segment { window: 1000, ..Segment::between(end(to_target), end(!to_target)) };
    let mut cut = None;
    let mut numbers = Vec::new();
    for word in words.split(' ') {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let count = || value.parse::<u32>().unwrap_or(0);
        let pair = || {
            value.split_once('/').map_or((0, 0), |(a, b)| (a.parse().unwrap_or(0), b.parse().unwrap_or(0)))
        };
        match key {
            "none" => {}
            "many" => segment.ip.destination = MANY,
            "port" if to_target => segment.source_port = count() as u16,
            "port" => segment.destination_port = count() as u16,
            "urgent" => segment.urgent = count() as u16,
            "win" => segment.window = count() as u16,
            "ttl" => segment.ip.ttl = count() as u8,
            "tos" => segment.ip.tos = count() as u8,
            "offset" => segment.data_offset = Some(count() as u8),
            "cut" => cut = Some(count() as usize),
            "bad" => segment.checksum = Checksum::Raw(0x4321),
            "mss" => segment.options.push(TcpOption::MaximumSegmentSize(count() as u16)),
            "scale" => segment.options.push(TcpOption::WindowScale(count() as u8)),
            "sackok" => segment.options.push(TcpOption::SackPermitted),
            "nop" => segment.options.push(TcpOption::Nop),
            "unknown" => segment.options.push(TcpOption::Unknown { kind: 253, data: vec![1, 2] }),
            "illegal" => segment.options.push(TcpOption::Raw(vec![2, 0])),
            "ts" => {
                let (value, echo) = pair();
                segment.options.extend([
                    TcpOption::Nop,
                    TcpOption::Nop,
                    TcpOption::Timestamps { value, echo },
                ]);
            }
            "sack" => {
                let (left, right) = pair();
                let block = SackBlock { left: SeqNum(left), right: SeqNum(right) };
                segment.options.extend([TcpOption::Nop, TcpOption::Nop, TcpOption::Sack(vec![block])]);
            }
            _ if key.starts_with('+') => {
                segment.payload = (b'a'..=b'z').cycle().take(key[1..].parse().unwrap_or(0)).collect();
            }
            "other" => segment.payload.iter_mut().for_each(|octet| *octet = octet.to_ascii_uppercase()),
            _ if key.starts_with(|first: char| first.is_ascii_digit()) => numbers.push(number(key)),
            flag => segment.flags |= flag.parse().expect("a control bit"),
        }
    }
    segment.seq = numbers.first().copied().unwrap_or_default();
    segment.ack = numbers.get(1).copied().unwrap_or_default();
    (segment, cut)
}

fn number(word: &str) -> SeqNum {
    let number = word.strip_prefix("0x").map_or_else(|| word.parse(), |hex| u32::from_str_radix(hex, 16));
    SeqNum(number.expect("a number"))
}

fn application(word: &str) -> (AppCommand, AppOutcome) {
    let socket = || "main".to_owned();
    let within = Duration::from_secs(1);
    let end_of = |outcome| (AppCommand::AwaitEnd { socket: socket(), within }, outcome);
    match word {
        "listen" => {
            let options = vec![
                SocketOption::NoDelay(true),
                SocketOption::KeepAlive(true),
                SocketOption::UserTimeout(Duration::from_secs(5)),
                SocketOption::TimeToLive(9),
                SocketOption::TypeOfService(16),
                SocketOption::ErrorReports(true),
            ];
            (
                AppCommand::Listen { socket: "listener".into(), local: end(false), backlog: 1, options },
                AppOutcome::Done,
            )
        }
        "accept" => {
            let accept = AppCommand::Accept { listener: "listener".into(), socket: socket(), within };
            (accept, AppOutcome::Accepted(end(true)))
        }
        "connect" => {
            let connect = AppCommand::Connect {
                socket: socket(),
                local: end(false),
                remote: end(true),
                options: vec![],
            };
            (connect, AppOutcome::Connecting(end(false)))
        }
        "connect to many" => {
            let remote = (MANY, 7000).into();
            let (socket, local, options) = (socket(), end(false), vec![]);
            (AppCommand::Connect { socket, local, remote, options }, AppOutcome::Error("ENETUNREACH".into()))
        }
        "timeout" => end_of(AppOutcome::TimedOut),
        "refused" => (AppCommand::AwaitConnected { socket: socket(), within }, AppOutcome::Refused),
        "connecting" => (AppCommand::AwaitConnected { socket: socket(), within }, AppOutcome::NothingYet),
        "urgent" => (AppCommand::AwaitUrgent { socket: socket(), within }, AppOutcome::Done),
        "shutdown" => (AppCommand::Shutdown { socket: socket() }, AppOutcome::Done),
        "close" => (AppCommand::Close { socket: socket() }, AppOutcome::Done),
        "close listener" => (AppCommand::Close { socket: "listener".into() }, AppOutcome::Done),
        "abort" => (AppCommand::Abort { socket: socket() }, AppOutcome::Done),
        "end" => end_of(AppOutcome::EndOfStream(Vec::new())),
        "reset" => end_of(AppOutcome::Reset),
        "unreachable" => end_of(AppOutcome::Error("EHOSTUNREACH".into())),
        "nothing" => end_of(AppOutcome::NothingYet),
        text => {
            let data = text.as_bytes().to_vec();
            (AppCommand::Receive { socket: socket(), length: data.len(), within }, AppOutcome::Data(data))
        }
    }
}

/// In the same notation.
pub(super) fn show(delivery: &Delivery) -> String {
    match delivery {
        Delivery::ToTarget(octets) => format!("> {}", show_packet(octets, true)),
        Delivery::ToBench(octets) => format!("< {}", show_packet(octets, false)),
        Delivery::ToApplication(
            _,
            AppCommand::Listen { options, .. } | AppCommand::Connect { options, .. },
        ) => {
            format!("app {options:?}")
        }
        Delivery::ToApplication(_, command) => {
            let text = format!("{command:?}");
            format!("app {}", text.split(' ').next().unwrap_or_default())
        }
        Delivery::FromApplication(report) => match &report.outcome {
            AppOutcome::Data(octets) => format!("saw {:?}", String::from_utf8_lossy(octets)),
            outcome => format!("saw {outcome:?}"),
        },
    }
}

fn show_packet(octets: &[u8], to_target: bool) -> String {
    let segment = match decode(octets) {
        Ok(Packet::Tcp(received)) => received.segment,
        Ok(Packet::Icmp(error)) => {
            return format!("icmp {:?} {:?}", error.kind, error.quoted().map(|(.., seq)| seq));
        }
        Ok(Packet::Fragment(part)) => return format!("fragment {}", part.offset),
        other => return format!("{other:?}"),
    };
    let plain = Segment::between(end(to_target), end(!to_target));
    let mut text = format!("{} {}", segment.flags, segment.seq);
    let mut add = |word: String| {
        let _ = write!(text, " {word}");
    };
    if segment.ack != SeqNum(0) || segment.flags.contains(Flags::ACK) {
        add(segment.ack.to_string());
    }
    if !segment.payload.is_empty() {
        let first: String = segment.payload.iter().take(5).map(|octet| *octet as char).collect();
        add(format!("+{} {first}", segment.payload.len()));
    }
    if segment.window != 1000 {
        add(format!("win={}", segment.window));
    }
    if !segment.options.is_empty() {
        add(format!("{:?}", segment.options));
    }
    if segment.checksum != Checksum::Good {
        add("bad".into());
    }
    if segment.ip != plain.ip {
        add(format!("from {} ttl={} tos={}", segment.ip.source, segment.ip.ttl, segment.ip.tos));
    }
    if segment.source_port != plain.source_port {
        add(format!("port={}", segment.source_port));
    }
    if (segment.data_offset, segment.reserved, segment.urgent) != (None, 0, 0) {
        add(format!(
            "offset={:?} reserved={} urgent={}",
            segment.data_offset, segment.reserved, segment.urgent
        ));
    }
    text
}
