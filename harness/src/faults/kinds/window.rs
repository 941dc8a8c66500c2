//! Windows, both ways (RFC 9293 section 3.8.6).

use super::Kind;
use super::words::*;
use crate::faults::connection::Connection;
use crate::faults::rule::Fate;
use tcpspec_core::segment::Segment;

pub(super) const KINDS: &[Kind] = &[
    // The target's own.
    ("window-shrinks", || {
        says(|s, at| {
            let c = &at.conn;
            if c.synchronized() && has(s, F::ACK) && ordinary(s) && acks_new_text(s, c) {
                let shift = if c.asked.scale.is_some() { c.offered.scale.unwrap_or(0).min(14) } else { 0 };
                let left = c.right.distance_from(s.ack).saturating_sub(2000) >> shift;
                s.window = u16::try_from(left).unwrap_or(u16::MAX).min(s.window);
            }
            Fate::Pass
        })
    }),
    ("window-never-opens", || {
        says(|s, at| {
            let memory = &mut at.conn.memory;
            if ordinary(s) {
                memory.flag |= s.window == 0;
                if memory.flag {
                    s.window = 0;
                }
            }
            Fate::Pass
        })
    }),
    ("zero-window-probe-not-answered", || {
        hears(|s, at| {
            drop_if(at.conn.synchronized() && ordinary(s) && !s.is_empty() && at.conn.window() == 0)
        })
    }),
    ("silly-window-update", || {
        says(|s, at| {
            let memory = &mut at.conn.memory;
            if ordinary(s) {
                memory.flag |= s.window == 0;
                if memory.flag {
                    s.window = s.window.min(1);
                }
            }
            Fate::Pass
        })
    }),
    // The peer's.
    ("sends-into-zero-window", || {
        hears(|s, _| {
            if ordinary(s) && has(s, F::ACK) && s.window == 0 {
                s.window = u16::MAX;
            }
            Fate::Pass
        })
    }),
    ("peer-window-ignored", || {
        hears(|s, _| {
            if !has(s, F::RST) {
                s.window = u16::MAX;
            }
            Fate::Pass
        })
    }),
    ("no-zero-window-probe", || says(|s, at| drop_if(is_probe(s, at.conn)))),
    ("zero-window-probe-without-backoff", || {
        says(|s, at| {
            if !is_probe(s, at.conn) {
                return Fate::Pass;
            }
            if at.conn.memory.flag {
                return Fate::Drop;
            }
            at.conn.memory.flag = true;
            for second in 1..=60 {
                at.bench_after(Duration::from_secs(second), s.clone());
            }
            Fate::Pass
        })
        .hears(|s, at| {
            if ordinary(s) && s.window > 0 {
                at.conn.memory.flag = false;
            }
            Fate::Pass
        })
        .if_still(|_, c| c.synchronized() && c.snd_wnd == 0)
    }),
    ("zero-window-ends-connection", || {
        hears(|s, at| {
            if ordinary(s) && has(s, F::ACK) {
                let memory = &mut at.conn.memory;
                memory.time = if s.window == 0 { memory.time.or(Some(at.now)) } else { None };
            }
            Fate::Pass
        })
        .ends(|c, now| {
            let since = c.memory.time.map(|begun| now.since(begun));
            (c.synchronized() && since.is_some_and(|since| since >= Duration::from_secs(10)))
                .then_some(Played::Gone)
        })
    }),
    ("window-update-ignored", || {
        hears(|s, at| {
            let c = &at.conn;
            if c.synchronized() && c.snd_wnd == 0 && s.is_pure_ack() && s.ack == c.snd_una {
                s.window = 0;
            }
            Fate::Pass
        })
    }),
    ("window-never-grows", || {
        hears(|s, at| {
            let c = &at.conn;
            if c.synchronized() && ordinary(s) && c.asked.scale.is_none() && c.snd_wnd < u32::from(s.window) {
                s.window = u16::try_from(c.snd_wnd).unwrap_or(s.window);
            }
            Fate::Pass
        })
    }),
    ("window-taken-for-signed", || {
        hears(|s, _| {
            if s.window > 0x7fff {
                s.window = 0;
            }
            Fate::Pass
        })
    }),
    ("shrunk-window-resets", || {
        hears(|s, at| {
            let c = &at.conn;
            let current = c.synchronized() && s.is_pure_ack() && s.seq == c.rcv_nxt;
            let unscaled = c.asked.scale.is_none() || c.offered.scale.is_none();
            let edge = s.ack + u32::from(s.window);
            if current && unscaled && edge.before(c.snd_una + c.snd_wnd) {
                let reset = c.segment(F::RST | F::ACK, c.snd_nxt, c.rcv_nxt);
                at.bench(reset);
                at.play(Played::Gone);
                return Fate::Drop;
            }
            Fate::Pass
        })
    }),
    ("window-of-old-segment-believed", || {
        hears(|s, at| {
            let c = &at.conn;
            let old_ack = c.synchronized() && s.is_pure_ack() && s.ack.before(c.snd_una);
            if old(s, c) || old_ack {
                let update = Segment { window: s.window, ..at.conn.ack_to_target() };
                let update = Segment { ack: at.conn.snd_una, ..update };
                at.target(update);
            }
            Fate::Pass
        })
    }),
];

/// A question whether the window is still closed: text beyond it, or no text below SND.UNA.
fn is_probe(s: &Segment, c: &Connection) -> bool {
    let asks = text(s) || s.is_pure_ack() && s.seq == c.snd_una - 1;
    c.synchronized() && c.snd_wnd == 0 && ordinary(s) && asks
}
