//! A small TCP that is conformant by construction: RFC 9293 section 3.10 line by line, with the
//! choices that it and its extensions leave as switches. Slow and plain on purpose.

mod receive;

use super::*;
use std::collections::BTreeSet;

/// What the standard leaves to an implementation.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) timestamps: bool,
    pub(super) scale: Option<u8>,
    pub(super) sack: bool,
    /// Challenge ACKs (RFC 5961), or the rules of RFC 793.
    pub(super) challenges: bool,
    /// Text on a SYN is taken with it.
    pub(super) takes_syn_text: bool,
    /// A SYN in TIME-WAIT may begin anew (MAY-2).
    pub(super) reopens: bool,
    /// Octets of room for what the application has not read.
    pub(super) room: u32,
    /// Segments without the timestamps agreed on are taken all the same.
    pub(super) forgives: bool,
    /// Resets of its own accord have ACK set.
    pub(super) resets_with_ack: bool,
    pub(super) iss: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Closed,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

pub(super) struct Stack {
    choices: Choices,
    pub(super) listening: bool,
    pub(super) at: At,
    passive: bool,
    pub(super) iss: SeqNum,
    pub(super) snd_una: SeqNum,
    pub(super) snd_nxt: SeqNum,
    snd_wnd: u32,
    /// SND.WL1 and SND.WL2.
    last_update: (SeqNum, SeqNum),
    pub(super) irs: SeqNum,
    pub(super) rcv_nxt: SeqNum,
    /// The right edge of the receive window.
    pub(super) edge: SeqNum,
    /// Octets taken that the application has not read.
    unread: u32,
    /// Numbers beyond RCV.NXT that have arrived, from IRS; and where a FIN stands.
    ahead: BTreeSet<u32>,
    fin_ahead: Option<u32>,
    /// Everything written on this connection.
    written: Vec<u8>,
    closing: bool,
    fin_sent: bool,
    /// Window shifts, ours and the peer's.
    shifts: (u8, u8),
    stamps: bool,
    sacks: bool,
    peer_mss: usize,
    clock: u32,
    ts_recent: u32,
    last_ack_sent: SeqNum,
    duplicate: Option<(SeqNum, SeqNum)>,
    /// What was sent with text or FIN, for retransmission as it was.
    queue: Vec<Segment>,
    out: Vec<Segment>,
    connections: u32,
}

impl Stack {
    pub(super) fn new(choices: Choices, listening: bool) -> Self {
        let zero = SeqNum(0);
        Self {
            choices,
            listening,
            at: At::Closed,
            passive: false,
            iss: zero,
            snd_una: zero,
            snd_nxt: zero,
            snd_wnd: 0,
            last_update: (zero, zero),
            irs: zero,
            rcv_nxt: zero,
            edge: zero,
            unread: 0,
            ahead: BTreeSet::new(),
            fin_ahead: None,
            written: Vec::new(),
            closing: false,
            fin_sent: false,
            shifts: (0, 0),
            stamps: false,
            sacks: false,
            peer_mss: 536,
            clock: u32::MAX - 20,
            ts_recent: 0,
            last_ack_sent: zero,
            duplicate: None,
            queue: Vec::new(),
            out: Vec::new(),
            connections: 0,
        }
    }

    /// Everything that it has sent since the last call.
    pub(super) fn take_output(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.out)
    }

    /// The application opens.
    pub(super) fn connect(&mut self) {
        self.begin(false);
        self.at = At::SynSent;
        self.stamps = self.choices.timestamps;
        self.syn();
    }

    /// The application writes; false if it cannot.
    pub(super) fn write(&mut self, octets: &[u8]) -> bool {
        let open = matches!(self.at, At::SynSent | At::SynReceived | At::Established | At::CloseWait);
        // Whoever listens has nothing to write to before the connection is there.
        if !open || self.closing || (self.passive && self.at == At::SynReceived) {
            return false;
        }
        self.written.extend_from_slice(octets);
        self.transmit();
        true
    }

    pub(super) fn read(&mut self) {
        self.unread = 0;
        if self.synchronized() {
            self.ack();
        }
    }

    pub(super) fn close(&mut self) {
        match self.at {
            At::SynSent => self.at = At::Closed,
            At::Closed => {}
            _ => {
                self.closing = true;
                self.transmit();
            }
        }
    }

    pub(super) fn abort(&mut self) {
        if self.synchronized() && self.at != At::TimeWait || self.at == At::SynReceived {
            let flags = if self.choices.resets_with_ack { RST | ACK } else { RST };
            let reset = self.segment(flags, self.snd_nxt, &[]);
            self.out.push(reset);
        }
        self.at = At::Closed;
    }

    /// A timer of any kind goes off; `how` chooses among the forms that are allowed.
    pub(super) fn timer(&mut self, how: u8) {
        match self.at {
            At::Closed => {}
            At::SynSent | At::SynReceived => match how % 8 {
                0 => self.at = At::Closed,
                _ => self.syn(),
            },
            At::TimeWait => self.at = At::Closed,
            _ if self.snd_una != self.snd_nxt => self.retransmit(how),
            _ if self.unsent() > 0 => self.probe(how),
            _ => self.keep_alive(how),
        }
    }

    fn retransmit(&mut self, how: u8) {
        self.queue.retain(|segment| self.snd_una.before(segment.end()));
        let verbatim = self.queue.first().filter(|_| how.is_multiple_of(2) && !self.stamps).cloned();
        let again = verbatim.unwrap_or_else(|| {
            let start = offset(self.iss + 1, self.snd_una);
            let sent = offset(self.iss + 1, self.snd_nxt).min(self.written.len());
            let end = sent.min(start + self.most_text().min(usize::from(how) + 1));
            let fin = self.fin_sent && end == self.written.len();
            let text = self.written[start.min(end)..end].to_vec();
            self.segment(if fin { FIN | ACK } else { ACK }, self.snd_una, &text)
        });
        self.out.push(again);
    }

    /// RFC 9293 section 3.8.6.1: a new octet, an old one, or nothing.
    fn probe(&mut self, how: u8) {
        let place = offset(self.iss + 1, self.snd_nxt);
        match how % 3 {
            0 if place < self.written.len() => {
                let octet = [self.written[place]];
                self.send(ACK, &octet);
            }
            1 => {
                let probe = self.segment(ACK, self.snd_una - 1, b"?");
                self.out.push(probe);
            }
            _ => {
                let probe = self.segment(ACK, self.snd_una - 1, &[]);
                self.out.push(probe);
            }
        }
    }

    fn keep_alive(&mut self, how: u8) {
        let garbage: &[u8] = if how.is_multiple_of(2) { b"?" } else { &[] };
        let probe = self.segment(ACK, self.snd_nxt - 1, garbage);
        self.out.push(probe);
    }

    fn begin(&mut self, passive: bool) {
        self.connections += 1;
        let iss = SeqNum(self.choices.iss) + self.connections.wrapping_mul(70_001);
        let fresh = Self::new(self.choices.clone(), self.listening);
        let (connections, clock, out) = (self.connections, self.clock, std::mem::take(&mut self.out));
        *self = Self { connections, clock, out, passive, iss, snd_una: iss, snd_nxt: iss + 1, ..fresh };
    }

    /// SYN, or SYN ACK.
    fn syn(&mut self) {
        let answer = self.at == At::SynReceived;
        let mut syn = self.segment(if answer { SYN | ACK } else { SYN }, self.iss, &[]);
        if answer {
            syn.window = self.shifted(0);
        }
        let scaled = !answer || self.shifts != (0, 0);
        syn.options.push(TcpOption::MaximumSegmentSize(1460));
        syn.options.extend(self.choices.scale.filter(|_| scaled).map(TcpOption::WindowScale));
        syn.options.extend(self.choices.sack.then_some(TcpOption::SackPermitted));
        self.out.push(syn);
    }

    fn ack(&mut self) {
        let ack = self.segment(ACK, self.snd_nxt, &[]);
        self.out.push(ack);
    }

    /// Sends what the window and the MSS allow.
    fn transmit(&mut self) {
        if !matches!(self.at, At::Established | At::CloseWait) {
            return;
        }
        while self.unsent() > 0 {
            let window_left = (self.snd_una + self.snd_wnd).distance_from(self.snd_nxt);
            if window_left > u32::MAX / 2 || window_left == 0 {
                return;
            }
            let start = offset(self.iss + 1, self.snd_nxt);
            let length = self.unsent().min(window_left as usize).min(self.most_text());
            let text = self.written[start..start + length].to_vec();
            self.send(ACK | PSH, &text);
        }
        if self.closing && !self.fin_sent {
            self.fin_sent = true;
            self.send(FIN | ACK, &[]);
            self.at = if self.at == At::CloseWait { At::LastAck } else { At::FinWait1 };
        }
    }

    fn send(&mut self, flags: Flags, text: &[u8]) {
        let segment = self.segment(flags, self.snd_nxt, text);
        self.snd_nxt = segment.end();
        self.queue.push(segment.clone());
        self.out.push(segment);
    }

    /// RFC 9293 section 3.5.2.
    fn reset(&mut self, cause: &Segment) {
        if cause.flags.contains(RST) {
            return;
        }
        let reset = match cause.flags.contains(ACK) {
            true => self.bare(RST, cause.ack, SeqNum(0)),
            false => self.bare(RST | ACK, SeqNum(0), cause.end()),
        };
        self.out.push(reset);
    }

    fn bare(&self, flags: Flags, seq: SeqNum, ack: SeqNum) -> Segment {
        let mut segment = Segment::between(target(), bench());
        (segment.flags, segment.seq, segment.ack) = (flags, seq, ack);
        segment
    }

    fn segment(&mut self, flags: Flags, seq: SeqNum, text: &[u8]) -> Segment {
        self.clock = self.clock.wrapping_add(1);
        let with_ack = flags.contains(ACK);
        let mut segment = self.bare(flags, seq, if with_ack { self.rcv_nxt } else { SeqNum(0) });
        segment.payload = text.to_vec();
        if with_ack && !flags.contains(SYN) {
            segment.window = self.shifted(self.shifts.0);
            self.last_ack_sent = self.rcv_nxt;
        }
        if self.stamps && !(flags.contains(RST) && self.clock.is_multiple_of(2)) {
            segment.options.extend([TcpOption::Nop, TcpOption::Nop]);
            segment.options.push(stamp(self.clock, if with_ack { self.ts_recent } else { 0 }));
        }
        if flags == ACK && text.is_empty() && self.sacks {
            segment.options.extend(self.sack_option());
        }
        segment
    }

    /// SEG.WND: the edge never moves left, and is rounded down.
    fn shifted(&mut self, shift: u8) -> u16 {
        let free = self.choices.room.saturating_sub(self.unread).min(65_535 << self.shifts.0);
        self.edge = self.edge.later(self.rcv_nxt + free).later(self.rcv_nxt);
        u16::try_from(self.edge.distance_from(self.rcv_nxt) >> shift).unwrap_or(u16::MAX)
    }

    fn sack_option(&mut self) -> Option<TcpOption> {
        let mut blocks = Vec::new();
        if let Some((left, right)) = self.duplicate.take() {
            blocks.push(SackBlock { left, right });
        }
        let mut islands: Vec<SackBlock> = Vec::new();
        for number in self.ahead.iter().chain(self.fin_ahead.iter()) {
            let left = self.irs + *number;
            if left.before(self.rcv_nxt) {
                continue;
            }
            match islands.iter_mut().find(|island| island.right == left) {
                Some(island) => island.right += 1,
                None => islands.push(SackBlock { left, right: left + 1 }),
            }
        }
        blocks.extend(islands);
        blocks.truncate(if self.stamps { 3 } else { 4 });
        (!blocks.is_empty()).then_some(TcpOption::Sack(blocks))
    }

    /// Octets written and not yet sent.
    fn unsent(&self) -> usize {
        self.written.len().saturating_sub(offset(self.iss + 1, self.snd_nxt))
    }

    fn most_text(&self) -> usize {
        self.peer_mss.min(1460).saturating_sub(if self.stamps { 12 } else { 0 }).max(1)
    }

    fn synchronized(&self) -> bool {
        !matches!(self.at, At::Closed | At::SynSent | At::SynReceived)
    }
}

fn offset(base: SeqNum, number: SeqNum) -> usize {
    number.distance_from(base) as usize
}
