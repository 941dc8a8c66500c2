//! What arrives: decoding, the referee, and the queue from which steps take their segments.

use super::inbox::{Arrival, Inbox, Scope};
use super::{Engine, words};
use crate::case::Acks;
use crate::referee::{Violation, Watch};
use crate::segment::{Endpoint, Flags, Packet, Received, Segment, decode};
use crate::seq::SeqNum;
use crate::time::Time;
use crate::verdict::{EventKind, Finding, FindingCode, Sender};

/// A four-tuple beside the connections: a case sent from or to another port.
pub(super) struct Aside {
    pub(super) bench: Endpoint,
    pub(super) target: Endpoint,
    /// The connection whose steps await the answer.
    pub(super) connection: usize,
    pub(super) watch: Watch,
    /// What came since we last sent something there.
    pub(super) seen: Vec<(SeqNum, u32, Flags)>,
}

/// A target that breaks a rule once often breaks it with every segment: so many tell it.
const MOST_ALIKE: usize = 5;
/// More than this is a flood, of which nothing more is kept.
const MOST_PACKETS: usize = 20_000;
/// The same, of their octets.
const MOST_OCTETS: usize = 32 << 20;
/// Events that are kept of a flood.
const MOST_TOLD: usize = 1_000;
/// What a packet takes beside its octets, which are kept twice: for the step and for the record.
const PACKET_OVERHEAD: usize = 800;

impl Aside {
    /// Whether exactly this came before; from now on it did.
    fn came_before(&mut self, segment: &Segment) -> bool {
        let this = (segment.seq, segment.len(), segment.flags);
        let before = !segment.is_empty() && self.seen.contains(&this);
        if !before {
            self.seen.push(this);
        }
        before
    }
}

impl Engine {
    /// About how much memory a packet of so many octets takes that has arrived, in octets.
    #[must_use]
    pub const fn cost_of(octets: usize) -> usize {
        PACKET_OVERHEAD + 2 * octets
    }

    /// About how much memory everything takes that has arrived, in octets.
    #[must_use]
    pub const fn kept(&self) -> usize {
        let copies = if self.config.keep_packets { 3 } else { 2 };
        self.arrived.0 * PACKET_OVERHEAD + copies * self.arrived.1
    }

    /// Keeps the beginning of a flood, and what findings point to.
    pub(super) fn forget_flood(&mut self, now: Time) {
        let pointed_to = self.findings.iter().filter_map(|(_, finding)| finding.event).max();
        let kept = pointed_to.map_or(0, |event| event + 1).max(MOST_TOLD);
        if let Some(forgotten) = self.record.events.len().checked_sub(kept).filter(|count| *count > 0) {
            self.record.events.truncate(kept);
            self.record.events.shrink_to_fit();
            self.record.packets.retain(|packet| packet.event < kept);
            self.record.packets.shrink_to_fit();
            self.note(now, usize::MAX, EventKind::Note(format!("{forgotten} more events are not kept")));
        }
        self.connections.iter_mut().for_each(|connection| connection.inbox = Inbox::new());
    }

    pub(super) fn packet(&mut self, now: Time, stamp: Time, octets: &[u8]) {
        self.arrived.0 += 1;
        self.arrived.1 += octets.len();
        if self.arrived.0 > MOST_PACKETS || self.arrived.1 > MOST_OCTETS {
            let expected = format!("at most {MOST_PACKETS} packets and {} MiB in a trial", MOST_OCTETS >> 20);
            let saw = format!("{} packets, {} octets", self.arrived.0, self.arrived.1);
            self.fault(now, FindingCode::TrialOverran, expected, saw);
            return self.forget_flood(now);
        }
        self.keep(stamp, Sender::Target, octets);
        match decode(octets) {
            Ok(Packet::Tcp(received)) => self.segment(now, stamp, received),
            Ok(other) => {
                self.note(stamp, usize::MAX, EventKind::ReceivedOther(words::other(&other)));
                if !matches!(other, Packet::Icmp(_)) {
                    self.missed();
                }
            }
            Err(error) => {
                self.note(stamp, usize::MAX, EventKind::ReceivedOther(format!("unreadable: {error}")));
                self.missed();
            }
        }
    }

    /// It may have been a segment of any connection.
    fn missed(&mut self) {
        self.connections.iter_mut().for_each(|connection| connection.watch.missed());
        self.asides.iter_mut().for_each(|aside| aside.watch.missed());
    }

    fn segment(&mut self, now: Time, stamp: Time, received: Received) {
        let (source, destination) = (received.segment.source(), received.segment.destination());
        let own = self.connections.iter().position(|c| c.bench == destination && c.target == source);
        let aside = self.asides.iter().position(|a| a.bench == destination && a.target == source);
        let (index, violations) = match (own, aside) {
            (Some(index), _) => (index, self.connections[index].watch.received(&received, stamp)),
            (None, Some(aside)) => {
                let aside = &mut self.asides[aside];
                (aside.connection, aside.watch.received(&received, stamp))
            }
            (None, None) => {
                let text =
                    format!("a segment of no connection of this trial: {}", received.segment.summary(None));
                self.note(stamp, usize::MAX, EventKind::ReceivedOther(text));
                return;
            }
        };
        let event = self.note(
            stamp,
            index,
            EventKind::Received { segment: Box::new(received.segment.clone()), passed_over: None },
        );
        for violation in violations {
            self.violation(stamp, event, violation);
        }
        let again = match (own, aside) {
            (None, Some(aside)) => self.asides[aside].came_before(&received.segment),
            _ => false,
        };
        let connection = &mut self.connections[index];
        if own.is_some() {
            let segment = &received.segment;
            connection.alive = !segment.flags.contains(Flags::RST);
            let control = segment.flags & (Flags::SYN | Flags::FIN);
            connection.history.push((stamp, segment.seq, segment.len(), control));
        }
        let arrival = Arrival { stamp, received, event, aside: own.is_none(), again };
        connection.inbox.push(arrival);
        if own.is_some() {
            self.acknowledge_unasked(now, index);
        }
    }

    /// `acks: all` and `acks: every N`; not on the way into the first state, which says itself what
    /// is acknowledged.
    fn acknowledge_unasked(&mut self, now: Time, index: usize) {
        let connection = &mut self.connections[index];
        let Some(arrival) = connection.inbox.last() else { return };
        let segment = &arrival.received.segment;
        if segment.is_empty() || segment.flags.contains(Flags::SYN) || connection.iss.is_none() {
            return;
        }
        let (seq, end, fin) = (segment.seq, segment.end(), segment.flags.contains(Flags::FIN));
        let arrived = connection.arrived();
        let gap_before = arrived.has_gap();
        arrived.add(seq, end);
        let gap = gap_before || arrived.has_gap();
        connection.arrivals_to_acknowledge += 1;
        let due = match self.acks {
            Acks::None => false,
            Acks::All => true,
            // RFC 5681 section 4.2: a gap, and what fills one, are acknowledged at once.
            Acks::Every(n) => connection.arrivals_to_acknowledge >= n || gap || fin,
        };
        if due && !self.is_preparing() {
            let connection = &mut self.connections[index];
            connection.arrivals_to_acknowledge = 0;
            let end = connection.arrived().edge();
            self.send_ack(now, index, end);
        }
    }

    /// Looks at the next segment of a connection.
    pub(super) fn front(&self, index: usize) -> Option<&Arrival> {
        self.connections[index].inbox.front()
    }

    /// Takes the next segment out of the queue: the variables include it from here on.
    pub(super) fn take_front(&mut self, index: usize, passed_over: Option<&'static str>) -> Option<Arrival> {
        let connection = &mut self.connections[index];
        let arrival = connection.inbox.pop_front()?;
        if !arrival.aside {
            connection.take(&arrival.received.segment);
        }
        if let Some(EventKind::Received { passed_over: why, .. }) =
            self.record.events.get_mut(arrival.event).map(|event| &mut event.kind)
        {
            *why = passed_over;
        }
        Some(arrival)
    }

    /// Puts aside everything that has come so far: a question asked now is answered later.
    pub(super) fn clear_inbox(&mut self, index: usize) {
        self.connections[index].inbox.scope = Scope::ALL;
        while self.take_front(index, Some("before the question")).is_some() {}
        self.connections[index].inbox.scope = Scope::OWN;
        self.acts = None;
    }

    /// A step has looked at what came on this connection.
    pub(super) fn looked_at(&mut self, index: usize) {
        self.acts = None;
        self.connections[index].inbox.scope.looked();
    }

    fn violation(&mut self, at: Time, event: usize, violation: Violation) {
        let alike = self.findings.iter().filter(|(_, finding)| finding.code == violation.code).count();
        if alike >= MOST_ALIKE {
            return;
        }
        let level = self.config.catalogue.get(violation.requirement).map(|requirement| requirement.level);
        let verdict = super::judge::verdict_of(level.unwrap_or(self.config.level));
        let finding = Finding {
            code: violation.code,
            requirement: Some(violation.requirement.to_owned()),
            did: self.did(),
            expected: violation.expected,
            saw: violation.saw,
            differences: violation.differences,
            place: self.current.as_ref().map(|(step, _)| step.place.clone()),
            at,
            event: Some(event),
        };
        self.findings.push((verdict, finding));
    }

    /// Behind the last octet of the target's that arrived in order.
    pub(super) fn end_of(&self, index: usize) -> SeqNum {
        self.connections[index].snd_nxt
    }
}
