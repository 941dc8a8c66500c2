//! Whatever comes, in whatever order: no fault panics, and none loses its count.

use super::super::{Conduit, Delivery, fault, names};
use proptest::prelude::*;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::segment::{Checksum, Flags, Segment, TcpOption, encode_segment};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::time::Time;

/// Something that happens on the way.
#[derive(Clone, Debug)]
enum Event {
    Segment {
        to_target: bool,
        flags: u8,
        seq: u32,
        ack: u32,
        window: u16,
        text: usize,
        options: Vec<u8>,
        bad: bool,
    },
    Octets {
        to_target: bool,
        octets: Vec<u8>,
    },
    Command(AppCommand),
    Report(u32, AppOutcome),
    Table,
    Wait(u64),
}

/// Numbers near each other, so that segments fit often enough, and at the wrap.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![(0_u32..40), (0_u32..40).prop_map(|back| 0_u32.wrapping_sub(back)), any::<u32>()]
}

fn event() -> impl Strategy<Value = Event> {
    let window = prop_oneof![Just(0), Just(1), Just(u16::MAX), any::<u16>()];
    let segment = (
        any::<bool>(),
        any::<u8>().prop_map(|flags| if flags & 0x40 == 0 { 0x10 | flags & 3 } else { flags }),
        number(),
        number(),
        window,
        0_usize..20,
        prop::collection::vec(any::<u8>(), 0..40),
        any::<bool>(),
    )
        .prop_map(|(to_target, flags, seq, ack, window, text, options, bad)| Event::Segment {
            to_target,
            flags,
            seq,
            ack,
            window,
            text,
            options,
            bad: bad && text == 7,
        });
    let octets = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..80))
        .prop_map(|(to_target, octets)| Event::Octets { to_target, octets });
    let socket = || String::from("main");
    let within = Duration::from_secs(1);
    let commands = vec![
        AppCommand::Listen { socket: "listener".into(), local: end(true), backlog: 1, options: vec![] },
        AppCommand::Accept { listener: "listener".into(), socket: socket(), within },
        AppCommand::Connect { socket: socket(), local: end(true), remote: end(false), options: vec![] },
        AppCommand::Receive { socket: socket(), length: 5, within },
        AppCommand::AwaitEnd { socket: socket(), within },
        AppCommand::Close { socket: socket() },
        AppCommand::Abort { socket: socket() },
        AppCommand::Kill,
    ];
    let outcomes = vec![
        AppOutcome::Done,
        AppOutcome::Accepted(end(false)),
        AppOutcome::Data(b"hello".to_vec()),
        AppOutcome::Data(Vec::new()),
        AppOutcome::EndOfStream(Vec::new()),
        AppOutcome::Reset,
        AppOutcome::NothingYet,
    ];
    prop_oneof![
        8 => segment,
        1 => octets,
        2 => prop::sample::select(commands).prop_map(Event::Command),
        2 => (0_u32..8, prop::sample::select(outcomes)).prop_map(|(id, outcome)| Event::Report(id, outcome)),
        1 => Just(Event::Table),
        1 => (0_u64..20_000).prop_map(Event::Wait),
    ]
}

fn end(target: bool) -> std::net::SocketAddr {
    if target { ([198, 18, 255, 1], 7000).into() } else { ([198, 18, 0, 1], 40000).into() }
}

fn delivery(event: Event, commands: u32) -> Option<Delivery> {
    let packet =
        |to_target, octets| if to_target { Delivery::ToTarget(octets) } else { Delivery::ToBench(octets) };
    match event {
        Event::Segment { to_target, flags, seq, ack, window, text, options, bad } => {
            let segment = Segment {
                flags: Flags(flags),
                seq: SeqNum(seq),
                ack: SeqNum(ack),
                window,
                payload: vec![b'x'; text],
                options: if options.is_empty() { vec![] } else { vec![TcpOption::Raw(options)] },
                checksum: if bad { Checksum::Raw(1) } else { Checksum::Good },
                ..Segment::between(end(!to_target), end(to_target))
            };
            Some(packet(to_target, encode_segment(&segment)))
        }
        Event::Octets { to_target, octets } => Some(packet(to_target, octets)),
        Event::Command(command) => Some(Delivery::ToApplication(CommandId(commands), command)),
        Event::Report(id, outcome) => {
            Some(Delivery::FromApplication(AppReport { id: CommandId(id), outcome, began: 0, ended: 0 }))
        }
        Event::Table | Event::Wait(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_fault_panics_whatever_comes(events in prop::collection::vec(event(), 0..60), seed: u64) {
        for name in names() {
            let mut conduit = Conduit::through(fault(name, seed).expect("it exists"));
            let mut now = Time(0);
            for (at, event) in events.iter().enumerate() {
                match event {
                    Event::Wait(span) => now += Duration::from_millis(*span),
                    Event::Table => {
                        conduit.table(now, TableEntry { state: None, expires: None });
                    }
                    _ => {}
                }
                if let Some(delivery) = delivery(event.clone(), at as u32) {
                    conduit.pass(now, delivery);
                }
                while conduit.take_due(now).is_some() {}
            }
        }
    }

    /// What is no segment and no ICMP error passes every fault but the one that is about it.
    #[test]
    fn what_is_no_segment_passes(octets in prop::collection::vec(0_u8..0x40, 0..60)) {
        for name in names() {
            let mut conduit = Conduit::through(fault(name, 1).expect("it exists"));
            for packet in [Delivery::ToTarget(octets.clone()), Delivery::ToBench(octets.clone())] {
                prop_assert_eq!(conduit.pass(Time(0), packet.clone()), vec![packet]);
            }
        }
    }
}
