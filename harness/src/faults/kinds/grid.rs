//! What becomes of segments and calls that should change nothing (RFC 9293 section 3.10).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::Fate;
use tcpspec_core::app::AppCommand;
use tcpspec_core::segment::Segment;
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    // An answer where none is due.
    ("ack-of-nothing-new-answered", || {
        hears(|s, at| {
            if says_nothing_new(s, at.conn) {
                at.ack();
            }
            Fate::Pass
        })
    }),
    ("ack-of-syn-answered", || {
        hears(|s, at| {
            if ends_handshake(s, at.conn) {
                at.ack();
            }
            Fate::Pass
        })
    }),
    ("out-of-place-segment-resets", || hears(|s, at| reset_if(s, at, out_of_place))),
    ("ack-of-nothing-new-resets", || hears(|s, at| reset_if(s, at, says_nothing_new))),
    ("syn-with-fin-reset", || {
        hears(|s, at| {
            reset_if(s, at, |s, c| {
                let opens_and_ends =
                    s.flags.contains(F::SYN | F::FIN) && !s.flags.intersects(F::ACK | F::RST);
                c.state == State::Listen && opens_and_ends
            })
        })
    }),
    // Silence where an answer is due.
    ("outside-of-window-not-answered", || hears(|s, at| drop_if(outside(s, at.conn)))),
    // What the application asks for.
    ("abort-in-final-state-ignored", || {
        Middle::default().command(|command, at| {
            let ending = matches!(at.conn.state, State::Closing | State::LastAck | State::TimeWait);
            drop_if(ending && matches!(command, AppCommand::Abort { .. }))
        })
    }),
    ("listener-goes-away", || {
        Middle::default().afterwards(|command| match command {
            AppCommand::Listen { socket, .. } => {
                Some((Duration::from_secs(5), AppCommand::Close { socket: socket.clone() }))
            }
            _ => None,
        })
    }),
];

/// An empty segment at RCV.NXT that acknowledges nothing for the first time.
fn says_nothing_new(s: &Segment, c: &Connection) -> bool {
    let empty = ordinary(s) && s.is_empty() && has(s, F::ACK);
    c.synchronized() && empty && s.seq == c.rcv_nxt && s.ack.at_or_before(c.snd_una)
}

/// The third segment, with nothing else.
fn ends_handshake(s: &Segment, c: &Connection) -> bool {
    let empty = ordinary(s) && s.is_empty() && has(s, F::ACK);
    c.state == State::SynReceived && empty && s.seq == c.rcv_nxt && s.ack == c.snd_nxt
}

/// In the window but not at RCV.NXT, or behind the peer's FIN and more than an empty ACK.
fn out_of_place(s: &Segment, c: &Connection) -> bool {
    let behind_fin = c.peer_fin.is_some() && (!s.is_empty() || has(s, F::URG));
    let beside = s.seq != c.rcv_nxt;
    let at_or_behind = c.rcv_nxt.at_or_before(s.seq);
    c.synchronized() && ordinary(s) && at_or_behind && c.takes(s) && (beside || behind_fin)
}

/// Outside of the window, and no reset.
fn outside(s: &Segment, c: &Connection) -> bool {
    is_open(c) && !has(s, F::RST) && !c.takes(s)
}
