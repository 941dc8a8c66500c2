//! The referee of one four-tuple.

use super::connection::Connection;
use super::ours::Ours;
use super::{
    Violation, ecn, header, numbers, options, payload, reset, rules, sack, size, timestamps, urgent, window,
};
use crate::segment::{Endpoint, Flags, Received, Segment};
use crate::time::Time;

/// The referee of one four-tuple: every connection that the target has there, one after another.
///
/// To be told of everything in the order of the link.
#[derive(Debug)]
pub struct Watch {
    bench: Endpoint,
    target: Endpoint,
    link_mtu: u16,
    ours: Ours,
    /// The latest last.
    connections: Vec<Connection>,
    stream: Stream,
    /// The application has sent something as urgent, on any connection.
    urgent: bool,
    opening: Opening,
}

/// What the application has written, on all connections, one after the other.
#[derive(Debug)]
enum Stream {
    Known(Vec<u8>),
    Unknown,
}

/// Whether the next active open was announced, and where its stream begins.
#[derive(Debug)]
enum Opening {
    /// None was seen yet, so the first one needs no announcement.
    First,
    Announced {
        stream_start: usize,
    },
    Unannounced,
}

/// What a check looks at.
pub(super) struct Sight<'a> {
    /// The segment that arrived; never a reset.
    pub(super) segment: &'a Segment,
    /// Whether all of its options could be read.
    pub(super) options_readable: bool,
    /// The connection that it belongs to.
    pub(super) connection: &'a Connection,
    /// What we have sent.
    pub(super) ours: &'a Ours,
    /// What the application has written on this connection, if that is known.
    pub(super) stream: Option<&'a [u8]>,
    /// Whether the application can have sent something as urgent.
    pub(super) may_be_urgent: bool,
    /// Octets of the largest packet on the link.
    pub(super) link_mtu: u16,
}

impl Watch {
    /// A referee for segments between `bench` and `target` over a link that carries packets of
    /// `link_mtu` octets, IP header included (`u16::MAX` where that is not known).
    #[must_use]
    pub fn new(bench: Endpoint, target: Endpoint, link_mtu: u16) -> Self {
        Self {
            bench,
            target,
            link_mtu,
            ours: Ours::default(),
            connections: Vec::new(),
            stream: Stream::Known(Vec::new()),
            urgent: false,
            opening: Opening::First,
        }
    }

    /// A segment of ours left. What the target must act on as if it had never come (a wrong
    /// checksum, a data offset that lies) gives it a right to nothing; a wrong number in an otherwise
    /// sound segment does.
    pub fn sent(&mut self, segment: &Segment) {
        if segment.source() == self.bench && segment.destination() == self.target {
            self.ours.sent(segment);
        }
    }

    /// The application is asked to open a connection from this target to this bench: a SYN may come
    /// with an initial sequence number of its own, and what is written from now on belongs to it.
    /// Not needed for the first one.
    pub fn opens(&mut self) {
        let stream_start = match &self.stream {
            Stream::Known(octets) => octets.len(),
            Stream::Unknown => 0,
        };
        self.opening = Opening::Announced { stream_start };
    }

    /// The application is asked to write these octets: they may be sent from now on.
    pub fn wrote(&mut self, octets: &[u8]) {
        if let Stream::Known(stream) = &mut self.stream {
            stream.extend_from_slice(octets);
        }
    }

    /// The same as urgent data: URG may be set from now on.
    pub fn wrote_urgent(&mut self, octets: &[u8]) {
        self.urgent = true;
        self.wrote(octets);
    }

    /// What the application writes is not known (an ordinary service): text is from now on only
    /// compared with its own retransmissions.
    pub fn stream_unknown(&mut self) {
        self.stream = Stream::Unknown;
    }

    /// A packet of the target could not be taken for a segment (an IP fragment, say): whatever it
    /// was, the next gap in the sequence numbers is no fault.
    pub fn missed(&mut self) {
        for connection in &mut self.connections {
            connection.missed = true;
        }
    }

    /// A segment of the target arrived at this moment: what no conformant stack would have sent in its
    /// place.
    pub fn received(&mut self, received: &Received, at: Time) -> Vec<Violation> {
        let segment = &received.segment;
        let mut found = Vec::new();
        self.connections.iter_mut().for_each(|connection| connection.begin_at(at));
        if segment.source() != self.target || segment.destination() != self.bench {
            return found;
        }
        // A segment that every receiver has to throw away says nothing more.
        if !header::check(received, &mut found) {
            return found;
        }
        let options_readable = found.is_empty();
        options::check_places(segment, &mut found);
        if segment.flags.contains(Flags::RST) {
            let accurate_ecn = self.connections.iter().any(Connection::accurate_ecn);
            ecn::check_reserved(segment.reserved, accurate_ecn, &mut found);
            reset::check(segment, &self.ours, &self.connections, &mut found);
            self.connections.iter_mut().for_each(Connection::reset);
        } else if segment.flags.contains(Flags::SYN) {
            let place = self.connection_of_syn(segment, &mut found);
            found.extend(self.judge(place, segment, options_readable));
            self.connections[place].take(segment, &self.ours, at);
        } else {
            found.extend(self.received_other(segment, options_readable, at));
        }
        found
    }

    /// A segment that is neither SYN nor RST. It belongs to the latest connection that it is in
    /// keeping with: an older one may come to light again (RFC 9293 section 3.6.1, MAY-2: back to
    /// TIME-WAIT), and several may be half open at once (SYN cookies).
    fn received_other(&mut self, segment: &Segment, options_readable: bool, at: Time) -> Vec<Violation> {
        let Some(latest) = self.connections.len().checked_sub(1) else {
            let flags = segment.flags;
            let violation =
                rules::SEQUENCE.broken("a SYN or a RST: there is no connection", flags.to_string());
            return vec![violation.field("flags", "SYN, SYN ACK, RST or RST ACK", flags)];
        };
        let mut first_found = Vec::new();
        for place in (0..=latest).rev() {
            let found = self.judge(place, segment, options_readable);
            if found.is_empty() {
                self.connections[place].take(segment, &self.ours, at);
                return found;
            }
            if place == latest {
                first_found = found;
            }
        }
        self.connections[latest].take(segment, &self.ours, at);
        first_found
    }

    fn judge(&mut self, place: usize, segment: &Segment, options_readable: bool) -> Vec<Violation> {
        self.connections[place].prepare(segment, &self.ours);
        let connection = &self.connections[place];
        let stream = match (&self.stream, connection.stream_start) {
            (Stream::Known(octets), Some(start)) => Some(&octets[start.min(octets.len())..]),
            _ => None,
        };
        let (ours, link_mtu) = (&self.ours, self.link_mtu);
        let may_be_urgent = self.urgent || matches!(self.stream, Stream::Unknown);
        let sight = Sight { segment, options_readable, connection, ours, stream, may_be_urgent, link_mtu };
        let mut found = Vec::new();
        for check in CHECKS {
            check(&sight, &mut found);
        }
        found
    }

    /// Where the connection stands that a SYN of the target belongs to; a new one if need be.
    fn connection_of_syn(&mut self, syn: &Segment, found: &mut Vec<Violation>) -> usize {
        let with_ack = syn.flags.contains(Flags::ACK);
        let same_iss = |connection: &&Connection| connection.iss == syn.seq;
        let in_keeping = self.connections.iter().rposition(|connection| {
            same_iss(&connection) && (!with_ack || connection.may_acknowledge(syn.ack, &self.ours))
        });
        if let Some(place) = in_keeping.filter(|place| !self.may_be_anew(with_ack, *place)) {
            return place;
        }
        let explained = in_keeping.is_some() || !with_ack || self.ours.syn_acknowledged_by(syn.ack).is_some();
        if !explained && let Some(place) = self.connections.iter().rposition(|it| same_iss(&it)) {
            return place;
        }
        self.begin(syn, found);
        self.connections.len() - 1
    }

    /// Whether a SYN with the ISS of a connection may begin another: the same ISS may be chosen
    /// again, by a counter or as a SYN cookie.
    fn may_be_anew(&self, with_ack: bool, place: usize) -> bool {
        let connection = &self.connections[place];
        match with_ack {
            true => {
                !connection.active && self.ours.has_unanswered_syn() && connection.may_have_ended(&self.ours)
            }
            false => matches!(self.opening, Opening::Announced { .. }),
        }
    }

    fn begin(&mut self, syn: &Segment, found: &mut Vec<Violation>) {
        let first = self.connections.is_empty();
        let (explained, stream_start) = if syn.flags.contains(Flags::ACK) {
            // Whoever listens writes only once the connection is there.
            let start = match (&self.stream, first) {
                (Stream::Known(octets), false) => octets.len(),
                _ => 0,
            };
            (self.ours.take_unanswered_syn() || first, Some(start))
        } else {
            self.active_open()
        };
        if let Some(before) = self.connections.last().filter(|_| !explained) {
            found.push(numbers::other_iss(syn, before));
        }
        self.connections.push(Connection::begun_by(syn, &self.ours, stream_start.filter(|_| explained)));
        if self.connections.len() > MOST_CONNECTIONS {
            self.connections.remove(0);
        }
    }

    /// Whether a SYN with a new ISS is explained, and where its stream begins if that is known.
    fn active_open(&mut self) -> (bool, Option<usize>) {
        match std::mem::replace(&mut self.opening, Opening::Unannounced) {
            Opening::Announced { stream_start } => (true, Some(stream_start)),
            Opening::First if self.connections.is_empty() => (true, Some(0)),
            Opening::First | Opening::Unannounced => {
                let ended = self.connections.iter().any(|connection| connection.may_have_ended(&self.ours));
                // An application that is not ours opens when it likes.
                let not_ours = matches!(self.stream, Stream::Unknown);
                (ended || not_ours || self.connections.is_empty(), None)
            }
        }
    }
}

/// What is checked of every segment but resets, in the order in which it is reported.
const CHECKS: &[fn(&Sight, &mut Vec<Violation>)] = &[
    ecn::check,
    numbers::check,
    window::check_offered,
    window::check_kept,
    size::check,
    payload::check,
    urgent::check,
    options::check_offers,
    timestamps::check,
    sack::check,
];

/// Connections that are remembered. More than one matters only where an old one comes back.
const MOST_CONNECTIONS: usize = 4;
