//! A segment in one line, for ladder diagrams and messages.

use super::{Checksum, Flags, Segment, TcpOption};
use crate::seq::SeqNum;
use std::fmt;

/// One line about a segment: what differs from an ordinary one, in the words of a case.
/// Made by [`Segment::summary`].
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    segment: &'a Segment,
    /// What counts as 0 in the sender's sequence space, and in its peer's.
    sender: Option<SeqNum>,
    receiver: Option<SeqNum>,
}

impl Segment {
    /// `SYN ACK seq=0 ack=1 win=65535 mss=1460 wscale=7`: the segment in one line. `relative` holds
    /// the initial sequence numbers of its sender and of its receiver, from which its sequence
    /// numbers are then counted; without it they are the numbers in the segment.
    #[must_use]
    pub fn summary(&self, relative: Option<(SeqNum, SeqNum)>) -> Summary<'_> {
        let (sender, receiver) = relative.unzip();
        self.summary_from(sender, receiver)
    }

    /// The same, where perhaps only one side's initial sequence number is known yet: numbers of the
    /// other are those in the segment.
    #[must_use]
    pub fn summary_from(&self, sender: Option<SeqNum>, receiver: Option<SeqNum>) -> Summary<'_> {
        Summary { segment: self, sender, receiver }
    }
}

/// Both ends and the summary, with the sequence numbers that are in the segment.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {} {}", self.source(), self.destination(), self.summary(None))
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segment = self.segment;
        write!(f, "{} seq={}", segment.flags, self.seq(segment.seq))?;
        if segment.flags.contains(Flags::ACK) {
            write!(f, " ack={}", self.ack(segment.ack))?;
        } else if segment.ack != SeqNum(0) {
            // Not significant, so not counted from anything.
            write!(f, " ack=({})", segment.ack)?;
        }
        if !segment.payload.is_empty() {
            write!(f, " len={}", segment.payload.len())?;
        }
        if !segment.flags.contains(Flags::RST) {
            write!(f, " win={}", segment.window)?;
        }
        if segment.flags.contains(Flags::URG) || segment.urgent != 0 {
            write!(f, " urg={}", segment.urgent)?;
        }
        for option in &segment.options {
            self.option(option, f)?;
        }
        if let Some(words) = segment.data_offset {
            write!(f, " data-offset={words}")?;
        }
        if segment.reserved != 0 {
            write!(f, " reserved={:#x}", segment.reserved)?;
        }
        if let Checksum::Raw(value) = segment.checksum {
            write!(f, " bad-checksum={value:#06x}")?;
        }
        Ok(())
    }
}

impl Summary<'_> {
    fn option(&self, option: &TcpOption, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match option {
            // They only place the others.
            TcpOption::EndOfList | TcpOption::Nop => Ok(()),
            TcpOption::MaximumSegmentSize(octets) => write!(f, " mss={octets}"),
            TcpOption::WindowScale(shift) => write!(f, " wscale={shift}"),
            TcpOption::SackPermitted => write!(f, " sack-permitted"),
            TcpOption::Sack(blocks) => {
                let blocks: Vec<_> = blocks
                    .iter()
                    .map(|block| format!("{}-{}", self.ack(block.left), self.ack(block.right)))
                    .collect();
                write!(f, " sack=[{}]", blocks.join(","))
            }
            TcpOption::Timestamps { value, echo } => write!(f, " ts={value}/{echo}"),
            TcpOption::Unknown { kind, data } => {
                write!(f, " option-{kind}=")?;
                hex(data, f)
            }
            TcpOption::Raw(octets) => {
                write!(f, " raw=")?;
                hex(octets, f)
            }
        }
    }

    fn seq(&self, seq: SeqNum) -> Counted {
        Counted { seq, base: self.sender }
    }

    fn ack(&self, ack: SeqNum) -> Counted {
        Counted { seq: ack, base: self.receiver }
    }
}

/// A sequence number, counted from `base` if there is one. What lies before it is negative.
struct Counted {
    seq: SeqNum,
    base: Option<SeqNum>,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            Some(base) if self.seq.before(base) => write!(f, "-{}", base.distance_from(self.seq)),
            Some(base) => self.seq.distance_from(base).fmt(f),
            None => self.seq.fmt(f),
        }
    }
}

fn hex(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}
