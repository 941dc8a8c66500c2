//! A conformant trace for each invariant, the same trace spoiled, and the vocabulary for both.

mod header;
mod legal;
mod model;
mod numbers;
mod options;
mod reset;
mod stack;
mod text;
mod window;

use super::{Violation, Watch, requirements};
use crate::requirement::Catalogue;
use crate::segment::{
    Endpoint, Flags, Packet, Received, SackBlock, Segment, TcpOption, decode, encode_segment,
};
use crate::seq::SeqNum;
use crate::time::Time;
use crate::verdict::{FieldDifference, FindingCode};
use pretty_assertions::assert_eq;
use std::sync::atomic::{AtomicU64, Ordering};

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN;
const RST: Flags = Flags::RST;
const PSH: Flags = Flags::PSH;

/// Both ends, and where their sequence numbers begin.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    /// The target's ISS.
    iss: SeqNum,
    /// The bench's.
    irs: SeqNum,
}

/// Where sequence numbers begin: in the middle, and so that each of the two wraps between, on and
/// behind the numbers that the tests use.
const NUMBERS: [(u32, u32); 7] = [
    (1000, 5000),
    (u32::MAX, 5000),
    (1000, u32::MAX),
    (u32::MAX - 1, u32::MAX - 1),
    (u32::MAX - 7, u32::MAX - 60),
    (0, 0),
    (0x7fff_fffe, 0x7fff_fffe),
];

/// Runs a test with every pair of initial sequence numbers.
fn everywhere(test: impl Fn(Numbers)) {
    for (iss, irs) in NUMBERS {
        test(Numbers { iss: SeqNum(iss), irs: SeqNum(irs) });
    }
}

impl Numbers {
    /// A segment of the target: `seq` from its ISS, `ack` from ours; a window of 1,000.
    fn theirs(self, flags: Flags, seq: u32, ack: u32) -> Segment {
        let mut segment = Segment::between(target(), bench()).window(1000);
        (segment.flags, segment.seq) = (flags, self.iss + seq);
        if flags.contains(ACK) {
            segment.ack = self.irs + ack;
        }
        segment
    }

    /// A segment of the bench: `seq` from its ISS, `ack` from the target's.
    fn ours(self, flags: Flags, seq: u32, ack: u32) -> Segment {
        let mut segment = Segment::between(bench(), target());
        (segment.flags, segment.seq) = (flags, self.irs + seq);
        if flags.contains(ACK) {
            segment.ack = self.iss + ack;
        }
        segment
    }

    /// The number `offset` behind the target's ISS, as text.
    fn seq(self, offset: u32) -> String {
        (self.iss + offset).to_string()
    }

    /// The number `offset` behind ours, as text.
    fn ack(self, offset: u32) -> String {
        (self.irs + offset).to_string()
    }

    /// A connection that the target accepted, without options on either side.
    fn passive(self) -> Watch {
        self.passive_with(&[], &[])
    }

    /// The same with these options on our SYN, and these on the target's.
    fn passive_with(self, ours: &[TcpOption], theirs: &[TcpOption]) -> Watch {
        let mut watch = watch();
        watch.sent(&self.ours(SYN, 0, 0).options(ours));
        clean(&mut watch, &self.theirs(SYN | ACK, 0, 1).options(theirs));
        let last = self.ours(ACK, 1, 1);
        watch.sent(&if ours.contains(&stamp(1, 0)) { last.option(stamp(2, 900)) } else { last });
        watch
    }

    /// A connection that the target opened, without options on either side.
    fn active(self) -> Watch {
        let mut watch = watch();
        clean(&mut watch, &self.theirs(SYN, 0, 0));
        watch.sent(&self.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &self.theirs(ACK, 1, 1));
        watch
    }
}

/// Fills in a segment.
trait With: Sized {
    fn window(self, window: u16) -> Self;
    fn text(self, text: &[u8]) -> Self;
    fn options(self, options: &[TcpOption]) -> Self;
    fn option(self, option: TcpOption) -> Self;
}

impl With for Segment {
    fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    fn text(mut self, text: &[u8]) -> Self {
        self.payload = text.to_vec();
        self
    }

    fn options(mut self, options: &[TcpOption]) -> Self {
        self.options.extend_from_slice(options);
        self
    }

    fn option(self, option: TcpOption) -> Self {
        self.options(&[option])
    }
}

fn stamp(value: u32, echo: u32) -> TcpOption {
    TcpOption::Timestamps { value, echo }
}

fn bench() -> Endpoint {
    "198.18.0.7:4000".parse().unwrap()
}

fn target() -> Endpoint {
    "198.18.0.1:80".parse().unwrap()
}

fn watch() -> Watch {
    Watch::new(bench(), target(), 1500)
}

/// As the target's segment arrives: through the codec.
fn arrived(segment: &Segment) -> Received {
    match decode(&encode_segment(segment)) {
        Ok(Packet::Tcp(received)) => received,
        other => panic!("no segment: {other:?}"),
    }
}

/// What the referee finds in a segment of the target.
fn judge(watch: &mut Watch, segment: &Segment) -> Vec<Violation> {
    // So long after the last one that it overtook none.
    static CLOCK: AtomicU64 = AtomicU64::new(0);
    judge_at(watch, segment, Time(CLOCK.fetch_add(1_000_000_000, Ordering::Relaxed)))
}

fn judge_at(watch: &mut Watch, segment: &Segment, at: Time) -> Vec<Violation> {
    watch.received(&arrived(segment), at)
}

/// A segment of the target that a conformant stack sends.
#[track_caller]
fn clean(watch: &mut Watch, segment: &Segment) {
    let found = judge(watch, segment);
    assert_eq!(found, [], "{segment}");
}

/// A segment of the target in which exactly this is wrong.
#[track_caller]
fn spoiled(watch: &mut Watch, segment: &Segment, violation: Violation) {
    let found = judge(watch, segment);
    assert_eq!(found, [violation], "{segment}");
}

/// A violation, its differing fields as `(field, expected, found)`.
fn violation(
    code: FindingCode,
    requirement: &'static str,
    expected: impl Into<String>,
    saw: impl Into<String>,
    differences: &[(&str, &str, &str)],
) -> Violation {
    let differences = differences
        .iter()
        .map(|(field, expected, found)| FieldDifference {
            field: (*field).to_owned(),
            expected: (*expected).to_owned(),
            found: (*found).to_owned(),
        })
        .collect();
    Violation { code, requirement, expected: expected.into(), saw: saw.into(), differences }
}

#[test]
fn every_requirement_named_is_in_the_catalogue() {
    let catalogue = Catalogue::embedded();
    let missing: Vec<_> = requirements().filter(|(_, id)| !catalogue.contains(id)).collect();
    assert_eq!(missing, []);
}

/// Every class of the referee's own in the list of findings is one that it can find.
#[test]
fn every_finding_of_the_referee_can_be_found() {
    let own = FindingCode::ALL.iter().skip_while(|code| **code != FindingCode::BadChecksum);
    let own = own.take_while(|code| **code != FindingCode::BenchLate);
    let missing: Vec<_> = own.filter(|code| requirements().all(|(found, _)| found != **code)).collect();
    assert_eq!(missing, Vec::<&FindingCode>::new());
}
