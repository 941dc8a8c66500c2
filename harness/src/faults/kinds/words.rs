//! The words in which rules speak of segments.

use crate::faults::connection::Connection;
use crate::faults::rule::{At, Fate};
use std::net::{IpAddr, Ipv4Addr};
use tcpspec_core::segment::{Flags, Segment};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::state::State;

pub(super) use crate::faults::middle::{Middle, hears, says, wishing};
pub(super) use crate::faults::rule::Played;
pub(super) use std::time::Duration;
pub(super) use tcpspec_core::segment::Flags as F;

/// Whether the segment has this control bit.
pub(super) fn has(s: &Segment, flag: Flags) -> bool {
    s.flags.contains(flag)
}

/// Whether it has text.
pub(super) fn text(s: &Segment) -> bool {
    !s.payload.is_empty()
}

/// Neither SYN nor RST: what an open connection exchanges.
pub(super) fn ordinary(s: &Segment) -> bool {
    !s.flags.intersects(F::SYN | F::RST)
}

/// Drops what fits, and lets the rest go on.
pub(super) fn drop_if(fits: bool) -> Fate {
    if fits { Fate::Drop } else { Fate::Pass }
}

/// Whether numbers were exchanged both ways, the handshake done or not.
pub(super) fn is_open(c: &Connection) -> bool {
    c.synchronized() || c.state == State::SynReceived
}

/// Whether many hosts have the address: multicast, or the broadcast address.
pub(super) fn for_many(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

// What the target says.

/// It acknowledges text, and no FIN.
pub(super) fn acks_text(s: &Segment, c: &Connection) -> bool {
    has(s, F::ACK)
        && ordinary(s)
        && (c.irs + 1).before(s.ack)
        && c.peer_fin.is_none_or(|fin| s.ack.before(fin))
}

/// An ACK alone that acknowledges text for the first time.
pub(super) fn acks_new_text(s: &Segment, c: &Connection) -> bool {
    s.is_pure_ack() && acks_text(s, c) && c.acked.before(s.ack)
}

/// It acknowledges the peer's FIN.
pub(super) fn acks_fin(s: &Segment, c: &Connection) -> bool {
    has(s, F::ACK) && ordinary(s) && c.peer_fin == Some(s.ack)
}

/// It occupies sequence space, none of it for the first time.
pub(super) fn repeats(s: &Segment, c: &Connection) -> bool {
    // In SYN-SENT a SYN ACK is the answer to the peer's own SYN, not the target's SYN again.
    let answers_syn = c.state == State::SynSent && has(s, F::ACK);
    let known = !matches!(c.state, State::Closed | State::Listen) && !answers_syn;
    known && !s.is_empty() && !has(s, F::RST) && s.end().at_or_before(c.snd_nxt)
}

/// It occupies sequence space for the first time.
pub(super) fn is_new(s: &Segment, c: &Connection) -> bool {
    !s.is_empty() && !has(s, F::RST) && !repeats(s, c)
}

/// The target still waits for an acknowledgment of the segment.
pub(super) fn unacknowledged(s: &Segment, c: &Connection) -> bool {
    !matches!(c.state, State::Closed | State::Listen | State::TimeWait) && c.snd_una.before(s.end())
}

// What the target hears.

/// All of it was received before.
pub(super) fn old(s: &Segment, c: &Connection) -> bool {
    is_open(c) && ordinary(s) && !s.is_empty() && s.end().at_or_before(c.rcv_nxt)
}

/// It brings text that is not yet received.
pub(super) fn new_text(s: &Segment, c: &Connection) -> bool {
    text(s) && ordinary(s) && c.rcv_nxt.before(s.end())
}

/// It lies behind the window.
pub(super) fn beyond_window(s: &Segment, c: &Connection) -> bool {
    is_open(c) && ordinary(s) && c.right.at_or_before(s.seq)
}

/// It lies in the window, behind numbers that are missing.
pub(super) fn beyond_gap(s: &Segment, c: &Connection) -> bool {
    is_open(c) && ordinary(s) && !s.is_empty() && c.rcv_nxt.before(s.seq) && c.takes(s)
}

/// It acknowledges what was never sent.
pub(super) fn future_ack(s: &Segment, c: &Connection) -> bool {
    c.synchronized() && ordinary(s) && has(s, F::ACK) && c.snd_nxt.before(s.ack)
}

/// A SYN on a connection that exists and is not about to vanish, and not the one that began it.
pub(super) fn stray_syn(s: &Segment, c: &Connection) -> bool {
    let again = c.state == State::SynReceived && s.seq == c.irs;
    is_open(c) && !again && c.state != State::TimeWait && has(s, F::SYN) && !has(s, F::RST)
}

/// A RST on a connection that exists.
pub(super) fn rst(s: &Segment, c: &Connection) -> bool {
    is_open(c) && has(s, F::RST)
}

/// A RST in the window, but not at its left edge.
pub(super) fn rst_beside(s: &Segment, c: &Connection) -> bool {
    rst(s, c) && s.seq != c.rcv_nxt && c.takes(s)
}

// What is done.

/// Answers as a host does that knows no such connection, and forgets it.
pub(super) fn reset_and_forget(s: &Segment, at: &mut At<'_>) -> Fate {
    at.reset(s);
    if is_open(at.conn) {
        at.play(Played::Gone);
    }
    Fate::Drop
}

/// The same where it fits; what does not goes on.
pub(super) fn reset_if(s: &Segment, at: &mut At<'_>, fits: fn(&Segment, &Connection) -> bool) -> Fate {
    if fits(s, at.conn) { reset_and_forget(s, at) } else { Fate::Pass }
}

/// Makes it text, or a FIN, of the sender at RCV.NXT.
pub(super) fn move_to_rcv_nxt(s: &mut Segment, c: &Connection) -> Fate {
    s.seq = c.rcv_nxt;
    Fate::Pass
}

/// The same segment with a right acknowledgment.
pub(super) fn acknowledge_all(s: &mut Segment, c: &Connection) -> Fate {
    s.flags |= F::ACK;
    s.ack = c.snd_nxt;
    Fate::Pass
}

/// The target's numbers as the bench shall see them: all of them moved by `memory.value`, which is
/// chosen with the SYN that begins a connection. For [`Middle::says`].
pub(super) fn renumber(s: &mut Segment, c: &mut Connection, iss: impl FnOnce(&Connection) -> Option<SeqNum>) {
    let unused = matches!(c.state, State::Closed | State::Listen | State::TimeWait);
    if has(s, F::SYN) && unused {
        c.memory.value = iss(c).map_or(0, |iss| iss.distance_from(s.seq));
    } else if matches!(c.state, State::Closed | State::Listen) {
        return;
    }
    s.seq += c.memory.value;
}

/// The other direction. For [`Middle::hears`].
pub(super) fn renumber_back(s: &mut Segment, c: &Connection) -> Fate {
    if has(s, F::ACK) && !matches!(c.state, State::Closed | State::Listen) {
        s.ack = s.ack - c.memory.value;
    }
    Fate::Pass
}
