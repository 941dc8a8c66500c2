//! Which segments are taken, and which are dropped (RFC 9293 sections 3.10.7.2 and 3.10.7.4).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::Fate;
use tcpspec_core::app::AppCommand;
use tcpspec_core::segment::{Checksum, Segment};
use tcpspec_core::state::State;

pub(super) const KINDS: &[Kind] = &[
    ("accepts-bad-checksum", || {
        hears(|s, _| {
            s.checksum = Checksum::Good;
            Fate::Pass
        })
    }),
    ("old-text-taken-for-new", || {
        hears(|s, at| {
            let taken = old(s, at.conn) && text(s) && !has(s, F::FIN);
            if taken { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("text-beyond-window-taken", || {
        hears(|s, at| {
            let taken = beyond_window(s, at.conn) && text(s) && !has(s, F::FIN);
            if taken { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("text-with-future-ack-taken", || {
        hears(|s, at| {
            let taken = future_ack(s, at.conn) && text(s);
            if taken { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("text-without-ack-taken", || {
        hears(|s, at| {
            let bare = ordinary(s) && text(s) && !s.flags.intersects(F::ACK | F::FIN);
            if is_open(at.conn) && bare { acknowledge_all(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("text-with-old-ack-dropped", || {
        hears(|s, at| {
            let old_ack = has(s, F::ACK) && s.ack.before(at.conn.snd_una);
            drop_if(at.conn.synchronized() && new_text(s, at.conn) && old_ack)
        })
    }),
    ("text-behind-fin-taken", || {
        hears(|s, at| {
            let c = &at.conn;
            if c.peer_fin.is_none() || c.peer_fin != Some(s.seq) || !new_text(s, c) {
                return Fate::Pass;
            }
            let ack = Segment { ack: s.end(), ..c.ack() };
            at.bench(ack);
            Fate::Drop
        })
    }),
    // Resets.
    ("rst-in-window-accepted", || {
        hears(|s, at| if rst_beside(s, at.conn) { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass })
    }),
    ("rst-outside-window-accepted", || {
        hears(|s, at| {
            let outside = rst(s, at.conn) && !at.conn.takes(s);
            if outside { move_to_rcv_nxt(s, at.conn) } else { Fate::Pass }
        })
    }),
    ("ignores-rst", || hears(|s, at| drop_if(at.conn.synchronized() && has(s, F::RST)))),
    ("rst-with-text-ignored", || hears(|s, at| drop_if(rst(s, at.conn) && text(s)))),
    ("rst-with-bad-ack-ignored", || hears(|s, at| drop_if(rst(s, at.conn) && acks_the_future(s, at.conn)))),
    ("rst-closes-listener", || {
        hears(|s, at| {
            let c = &at.conn;
            let passive = c.state == State::Listen || c.state == State::SynReceived && !c.active;
            if passive && has(s, F::RST) {
                at.on_listener(|socket| AppCommand::Close { socket });
            }
            Fate::Pass
        })
    }),
    // What is unusual, and legal.
    ("syn-with-text-dropped", || {
        hears(|s, at| drop_if(at.conn.state == State::Listen && has(s, F::SYN) && text(s)))
    }),
    ("text-of-challenged-syn-taken", || {
        hears(|s, at| {
            let more = text(s) || has(s, F::FIN);
            if !stray_syn(s, at.conn) || !more || !at.conn.takes(s) {
                return Fate::Pass;
            }
            s.flags = s.flags - F::SYN;
            acknowledge_all(s, at.conn)
        })
    }),
    ("urgent-segment-dropped", || hears(|s, at| drop_if(is_open(at.conn) && ordinary(s) && has(s, F::URG)))),
];

fn acks_the_future(s: &Segment, c: &Connection) -> bool {
    has(s, F::ACK) && c.snd_nxt.before(s.ack)
}
