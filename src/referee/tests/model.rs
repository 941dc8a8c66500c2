//! A conformant stack never draws a violation, whatever the bench sends.

use super::stack::{At, Choices, Stack};
use super::*;
use crate::time::Time;
use proptest::collection::vec;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Bench(Stimulus),
    Write(u8),
    Read,
    Close,
    Abort,
    Connect,
    Listen(bool),
    Timer(u8),
}

/// A segment of the bench, its numbers relative to those of the stack.
#[derive(Clone, Debug)]
struct Stimulus {
    flags: u8,
    seq: (u8, i32),
    ack: (u8, i32),
    window: u16,
    text: u8,
    options: u8,
    stamp: u32,
    broken: u8,
}

proptest! {
    #[test]
    fn conformant_stack_is_never_accused(
        choices in choices(),
        irs in any::<u32>(),
        listening in any::<bool>(),
        // Within a millisecond a segment may have been overtaken, and little is held against it.
        apart in prop::sample::select(&[0_u64, 300_000, 1_000_000_000][..]),
        events in vec(event(), 1..80),
    ) {
        let mut now = Time(0);
        let mut stack = Stack::new(choices, listening);
        let mut watch = watch();
        let mut log = Vec::new();
        for event in events {
            match &event {
                Event::Bench(stimulus) => {
                    let segment = stimulus.segment(&stack, irs);
                    log.push(format!("> {}", segment.summary(None)));
                    watch.sent(&segment);
                    let arrived = arrived_at_target(&segment);
                    arrived.iter().for_each(|segment| stack.receive(segment));
                }
                Event::Write(length) => {
                    let text: Vec<u8> = (0..*length).map(|octet| octet.wrapping_mul(37) ^ log.len() as u8).collect();
                    if stack.write(&text) {
                        watch.wrote(&text);
                    }
                }
                Event::Read => stack.read(),
                Event::Close => stack.close(),
                Event::Abort => stack.abort(),
                Event::Connect if stack.at == At::Closed => {
                    watch.opens();
                    stack.connect();
                }
                Event::Connect => {}
                Event::Listen(listening) => stack.listening = *listening,
                Event::Timer(how) => stack.timer(*how),
            }
            for segment in stack.take_output() {
                log.push(format!("  {:?} {}", stack.at, segment.summary(None)));
                now = Time(now.0 + apart);
                let found = judge_at(&mut watch, &segment, now);
                prop_assert!(found.is_empty(), "{found:#?}\n{}", log.join("\n"));
            }
        }
    }

    /// Whatever the target sends, the referee judges it and lives on.
    #[test]
    fn nothing_that_arrives_is_too_strange(
        packets in vec((any::<bool>(), vec(any::<u8>(), 20..80)), 1..20),
    ) {
        let mut watch = watch();
        for (ours, mut octets) in packets {
            let (source, destination) = if ours { (bench(), target()) } else { (target(), bench()) };
            octets[0..2].copy_from_slice(&source.port().to_be_bytes());
            octets[2..4].copy_from_slice(&destination.port().to_be_bytes());
            // Most with a possible data offset and few sequence numbers, so that they get far.
            octets[12] = (octets[12] & 0x7f).max(0x50);
            octets[4..7].fill(0);
            octets[8..11].fill(0);
            let plain = encode_segment(&Segment::between(source, destination));
            let mut packet = plain[..20].to_vec();
            packet.extend(octets);
            let length = u16::try_from(packet.len()).unwrap();
            packet[2..4].copy_from_slice(&length.to_be_bytes());
            let Ok(Packet::Tcp(mut received)) = decode(&packet) else { panic!("no segment") };
            received.segment.checksum = crate::segment::Checksum::Good;
            match ours {
                true => watch.sent(&received.segment),
                false => drop(watch.received(&received, Time(0))),
            }
        }
    }
}

/// What the target reads, if it looks at the segment at all.
fn arrived_at_target(segment: &Segment) -> Option<Segment> {
    let arrived = arrived(segment).segment;
    let sound = arrived.checksum == crate::segment::Checksum::Good && arrived.data_offset.is_none();
    sound.then_some(arrived)
}

fn choices() -> impl Strategy<Value = Choices> {
    let switches = any::<[bool; 7]>();
    let scale = prop_oneof![Just(None), (0_u8..=14).prop_map(Some)];
    let room = prop_oneof![Just(0), 1_u32..100, 1000_u32..200_000];
    (switches, scale, room, any::<u32>()).prop_map(|(switches, scale, room, iss)| {
        let [timestamps, sack, challenges, takes_syn_text, reopens, forgives, resets_with_ack] = switches;
        Choices {
            timestamps,
            scale,
            sack,
            challenges,
            takes_syn_text,
            reopens,
            room,
            forgives,
            resets_with_ack,
            iss,
        }
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => stimulus().prop_map(Event::Bench),
        2 => any::<u8>().prop_map(Event::Write),
        1 => Just(Event::Read),
        1 => Just(Event::Close),
        1 => Just(Event::Abort),
        2 => Just(Event::Connect),
        1 => any::<bool>().prop_map(Event::Listen),
        3 => any::<u8>().prop_map(Event::Timer),
    ]
}

fn stimulus() -> impl Strategy<Value = Stimulus> {
    let flags = prop_oneof![
        6 => Just(ACK.0),
        3 => Just(SYN.0),
        3 => Just((SYN | ACK).0),
        2 => Just((FIN | ACK).0),
        1 => Just(RST.0),
        1 => Just((RST | ACK).0),
        1 => any::<u8>(),
    ];
    let near = || prop_oneof![6 => Just(0), 3 => -3_i32..4, 1 => any::<i32>()];
    let window = prop_oneof![Just(0), Just(1), 2_u16..200, Just(1000), Just(u16::MAX)];
    let broken = prop_oneof![12 => Just(0), 1 => 1_u8..5];
    let numbers = ((0_u8..6, near()), (0_u8..6, near()));
    let rest = (window, prop_oneof![Just(0), 1_u8..60], any::<u8>(), 0_u32..40, broken);
    (flags, numbers, rest).prop_map(|(flags, (seq, ack), (window, text, options, stamp, broken))| Stimulus {
        flags,
        seq,
        ack,
        window,
        text,
        options,
        stamp,
        broken,
    })
}

impl Stimulus {
    fn segment(&self, stack: &Stack, irs: u32) -> Segment {
        let mut segment = Segment::between(bench(), target());
        segment.flags = Flags(self.flags);
        let seq = match self.seq.0 {
            _ if stack.at == At::Closed || stack.at == At::SynSent => SeqNum(irs),
            0..=2 => stack.rcv_nxt,
            3 => stack.irs,
            4 => stack.rcv_nxt + 70_000,
            _ => stack.edge,
        };
        let ack = match self.ack.0 {
            0..=3 => stack.snd_nxt,
            4 => stack.snd_una,
            _ => stack.iss,
        };
        segment.seq = seq + self.seq.1 as u32;
        segment.ack = ack + self.ack.1 as u32;
        segment.window = self.window;
        segment.payload = (0..self.text).collect();
        segment.options = self.options();
        match self.broken {
            1 => segment.checksum = crate::segment::Checksum::Raw(0x1234),
            2 => segment.data_offset = Some(4),
            3 => segment.data_offset = Some(7),
            4 => segment.options.push(TcpOption::Raw(vec![2, 0])),
            _ => {}
        }
        segment
    }

    fn options(&self) -> Vec<TcpOption> {
        let mut options = Vec::new();
        let has = |bit: u8| self.options & (1 << bit) != 0;
        if has(0) || has(1) {
            options.push(stamp(self.stamp, 0));
        }
        if Flags(self.flags).contains(SYN) || has(7) {
            if has(2) {
                options.push(TcpOption::MaximumSegmentSize(u16::from(self.options) * 3));
            }
            if has(3) || has(4) {
                options.push(TcpOption::WindowScale(self.options >> 4));
            }
            if has(5) || has(6) {
                options.push(TcpOption::SackPermitted);
            }
        }
        options
    }
}
