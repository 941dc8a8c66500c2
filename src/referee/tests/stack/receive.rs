//! What the model does with a segment that arrives: RFC 9293 section 3.10.7.

use super::*;

impl Stack {
    /// A segment arrives.
    pub(in crate::referee::tests) fn receive(&mut self, segment: &Segment) {
        self.clock = self.clock.wrapping_add(1);
        self.duplicate = None;
        match self.at {
            At::Closed if self.listening => self.receive_listening(segment),
            At::Closed => self.reset(segment),
            At::SynSent => self.receive_syn_sent(segment),
            _ => self.receive_other(segment),
        }
    }

    /// RFC 9293 section 3.10.7.2.
    fn receive_listening(&mut self, segment: &Segment) {
        let has = |flags| segment.flags.contains(flags);
        if has(RST) {
            return;
        }
        if has(ACK) {
            return self.reset(segment);
        }
        if has(SYN) {
            self.begin(true);
            self.at = At::SynReceived;
            self.take_syn(segment);
            self.syn();
        }
    }

    /// RFC 9293 section 3.10.7.3.
    fn receive_syn_sent(&mut self, segment: &Segment) {
        let has = |flags| segment.flags.contains(flags);
        let good_ack = has(ACK) && segment.ack == self.snd_nxt;
        if has(ACK) && !good_ack {
            return self.reset(segment);
        }
        if has(RST) {
            if good_ack {
                self.at = At::Closed;
            }
            return;
        }
        if !has(SYN) {
            return;
        }
        self.take_syn(segment);
        if good_ack {
            self.snd_una = segment.ack;
            self.at = At::Established;
            self.last_update = (segment.seq, segment.ack);
            self.ack();
            self.transmit();
        } else {
            self.at = At::SynReceived;
            self.syn();
        }
    }

    /// RFC 9293 section 3.10.7.4.
    fn receive_other(&mut self, segment: &Segment) {
        let has = |flags| segment.flags.contains(flags);
        let stamp = crate::referee::connection::timestamps(segment);
        if self.stamps && !has(RST) {
            match stamp {
                None if !self.choices.forgives => return,
                Some((value, _)) if value.wrapping_sub(self.ts_recent) > u32::MAX / 2 => return self.ack(),
                _ => {}
            }
        }
        let renewed = self.at == At::TimeWait && has(SYN) && !has(ACK) && self.rcv_nxt.before(segment.seq);
        if renewed && self.choices.reopens && self.listening {
            self.at = At::Closed;
            return self.receive_listening(segment);
        }
        if !self.acceptable(segment) {
            if !has(RST) {
                self.note_duplicate(segment);
                self.ack();
            }
            return;
        }
        if has(RST) {
            if self.choices.challenges && segment.seq != self.rcv_nxt {
                return self.ack();
            }
            self.at = At::Closed;
            return;
        }
        if has(SYN) {
            return self.receive_syn_again(segment);
        }
        if !has(ACK) {
            return;
        }
        if let Some((value, _)) = stamp
            && segment.seq.at_or_before(self.last_ack_sent)
            && value.wrapping_sub(self.ts_recent) < u32::MAX / 2
        {
            self.ts_recent = value;
        }
        let new = segment.ack.distance_from(self.snd_una) <= self.snd_nxt.distance_from(self.snd_una);
        if self.at == At::SynReceived {
            if !new || segment.ack == self.snd_una {
                return self.reset(segment);
            }
            self.at = At::Established;
            self.last_update = (segment.seq, segment.ack);
            self.snd_wnd = u32::from(segment.window) << self.shifts.1;
        }
        if self.snd_nxt.before(segment.ack) {
            return self.ack();
        }
        if new {
            self.snd_una = segment.ack;
            self.update_window(segment);
        }
        self.fin_acknowledged();
        self.take_text(segment);
        self.transmit();
    }

    fn receive_syn_again(&mut self, segment: &Segment) {
        if self.at == At::SynReceived && self.passive {
            self.at = At::Closed;
        } else if self.choices.challenges {
            self.ack();
        } else {
            let reset = if segment.flags.contains(ACK) {
                self.bare(RST, segment.ack, SeqNum(0))
            } else {
                self.segment(RST | ACK, self.snd_nxt, &[])
            };
            self.out.push(reset);
            self.at = At::Closed;
        }
    }

    fn fin_acknowledged(&mut self) {
        if !self.fin_sent || self.snd_una != self.snd_nxt {
            return;
        }
        self.at = match self.at {
            At::FinWait1 => At::FinWait2,
            At::Closing => At::TimeWait,
            At::LastAck => At::Closed,
            other => other,
        };
    }

    /// Seventh and eighth: what lies within the window is kept, and taken as far as it is in order.
    fn take_text(&mut self, segment: &Segment) {
        if !matches!(self.at, At::Established | At::FinWait1 | At::FinWait2) || segment.is_empty() {
            return;
        }
        self.note_duplicate(segment);
        let room = offset(self.rcv_nxt, self.edge) as u32;
        for index in 0..segment.payload.len() as u32 {
            if (segment.seq + index).in_window(self.rcv_nxt, room) {
                self.ahead.insert((segment.seq + index).distance_from(self.irs));
            }
        }
        let fin = segment.end() - 1;
        if segment.flags.contains(FIN) && (fin == self.rcv_nxt || fin.in_window(self.rcv_nxt, room)) {
            self.fin_ahead = Some(fin.distance_from(self.irs));
        }
        loop {
            let next = self.rcv_nxt.distance_from(self.irs);
            if self.ahead.remove(&next) {
                self.rcv_nxt += 1;
                self.unread += 1;
            } else if self.fin_ahead == Some(next) {
                self.rcv_nxt += 1;
                self.at = match self.at {
                    At::Established => At::CloseWait,
                    At::FinWait1 => At::Closing,
                    _ => At::TimeWait,
                };
                break;
            } else {
                break;
            }
        }
        self.ack();
    }

    /// Table 6 of section 3.10.7.4.
    fn acceptable(&self, segment: &Segment) -> bool {
        let room = offset(self.rcv_nxt, self.edge) as u32;
        match (segment.len(), room) {
            (0, 0) => segment.seq == self.rcv_nxt,
            (0, _) => segment.seq.in_window(self.rcv_nxt, room),
            (_, 0) => false,
            (_, _) => {
                segment.seq.in_window(self.rcv_nxt, room) || (segment.end() - 1).in_window(self.rcv_nxt, room)
            }
        }
    }

    fn note_duplicate(&mut self, segment: &Segment) {
        let old = segment.seq.before(self.rcv_nxt) && !segment.is_empty();
        self.duplicate = old.then(|| {
            let behind = if self.rcv_nxt.before(segment.end()) { self.rcv_nxt } else { segment.end() };
            (segment.seq, behind)
        });
    }

    fn update_window(&mut self, segment: &Segment) {
        let (wl1, wl2) = self.last_update;
        if wl1.before(segment.seq) || (wl1 == segment.seq && wl2.at_or_before(segment.ack)) {
            self.snd_wnd = u32::from(segment.window) << self.shifts.1;
            self.last_update = (segment.seq, segment.ack);
        }
    }

    fn take_syn(&mut self, syn: &Segment) {
        let text = if self.choices.takes_syn_text { syn.payload.len() as u32 } else { 0 };
        (self.irs, self.rcv_nxt) = (syn.seq, syn.seq + 1 + text);
        self.unread = text;
        self.last_update = (syn.seq, SeqNum(0));
        self.snd_wnd = u32::from(syn.window);
        let (mut scale, mut stamps, mut sacks) = (None, false, false);
        for option in &syn.options {
            match option {
                // Padding, and whatever may stand behind it.
                TcpOption::EndOfList => break,
                TcpOption::WindowScale(shift) => scale = Some((*shift).min(14)),
                TcpOption::SackPermitted => sacks = true,
                TcpOption::MaximumSegmentSize(mss) if *mss > 0 => self.peer_mss = usize::from(*mss),
                TcpOption::Timestamps { value, .. } => (stamps, self.ts_recent) = (true, *value),
                _ => {}
            }
        }
        self.shifts = match (self.choices.scale, scale) {
            (Some(ours), Some(theirs)) => (ours, theirs),
            _ => (0, 0),
        };
        self.stamps = self.choices.timestamps && stamps;
        self.sacks = self.choices.sack && sacks;
        self.edge = self.rcv_nxt;
        self.shifted(0);
    }
}
