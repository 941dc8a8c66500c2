//! A trial as it is seen from the middle: its connections, its sockets, who listens.

use super::connection::Connection;
use std::collections::{BTreeMap, BTreeSet};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};
use tcpspec_core::segment::{Endpoint, Flags, Segment};
use tcpspec_core::state::State;
use tcpspec_core::time::Time;

/// All connections of one trial, by the target's end and the bench's.
#[derive(Debug, Default)]
pub(super) struct View {
    connections: BTreeMap<(Endpoint, Endpoint), Connection>,
    /// Listeners that the application has made, by name.
    listeners: BTreeMap<String, u16>,
    /// Ports that ever had one.
    listened: BTreeSet<u16>,
    /// Ports that answered a SYN although no listener was made: services.
    services: BTreeSet<u16>,
    /// The bench's end of the connections that the application holds, by the socket's name.
    sockets: BTreeMap<String, Endpoint>,
    awaited: BTreeMap<CommandId, String>,
}

impl View {
    /// The connection between these ends; a new one is CLOSED, or LISTEN where somebody listens.
    pub(super) fn connection(&mut self, target: Endpoint, bench: Endpoint) -> &mut Connection {
        let listening = self.listens_at(target.port());
        let number = u32::try_from(self.connections.len()).unwrap_or(u32::MAX);
        let connection =
            self.connections.entry((target, bench)).or_insert_with(|| Connection::new(target, bench, number));
        match (connection.state, listening) {
            (State::Closed, true) => connection.state = State::Listen,
            (State::Listen, false) => connection.state = State::Closed,
            _ => {}
        }
        connection
    }

    /// The connection of a socket, if it is known.
    pub(super) fn of_socket(&mut self, socket: &str) -> Option<&mut Connection> {
        let bench = self.sockets.get(socket)?;
        self.connections.values_mut().find(|connection| connection.bench == *bench)
    }

    /// The name of the socket that holds the connection with this end of the bench.
    pub(super) fn socket_of(&self, bench: Endpoint) -> Option<&str> {
        self.sockets.iter().find(|(_, end)| **end == bench).map(|(name, _)| name.as_str())
    }

    /// The listener at this port.
    pub(super) fn listener_at(&self, port: u16) -> Option<&str> {
        self.listeners.iter().find(|(_, at)| **at == port).map(|(name, _)| name.as_str())
    }

    /// Whether there ever was a listener at this port.
    pub(super) fn listened_once(&self, port: u16) -> bool {
        self.listened.contains(&port)
    }

    /// Every connection.
    pub(super) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values()
    }

    /// The target sent this.
    pub(super) fn target_sent(&mut self, now: Time, segment: &Segment) {
        let connection = self.connection(segment.source(), segment.destination());
        connection.target_sent(now, segment);
        if connection.state == State::SynReceived && !connection.active {
            let port = segment.source_port;
            if !self.listeners.values().any(|listener| *listener == port) {
                self.services.insert(port);
            }
        }
        // A service that resets a SYN is none (any more).
        if segment.flags == Flags::RST | Flags::ACK && segment.seq.0 == 0 {
            self.services.remove(&segment.source_port);
        }
    }

    /// The target was given this.
    pub(super) fn target_got(&mut self, now: Time, segment: &Segment) {
        self.connection(segment.destination(), segment.source()).target_got(now, segment);
    }

    /// The application was asked for this.
    pub(super) fn asked(&mut self, id: CommandId, command: &AppCommand) {
        match command {
            AppCommand::Listen { socket, local, .. } => {
                self.listeners.insert(socket.clone(), local.port());
                self.listened.insert(local.port());
            }
            AppCommand::Accept { socket, .. } => {
                self.awaited.insert(id, socket.clone());
            }
            AppCommand::Connect { socket, remote, .. } => {
                self.sockets.insert(socket.clone(), *remote);
            }
            AppCommand::Close { socket } => {
                self.listeners.remove(socket);
            }
            AppCommand::Kill => self.listeners.clear(),
            _ => {}
        }
    }

    /// The application said this.
    pub(super) fn told(&mut self, report: &AppReport) {
        if let (Some(socket), AppOutcome::Accepted(peer)) = (self.awaited.remove(&report.id), &report.outcome)
        {
            self.sockets.insert(socket, *peer);
        }
    }

    fn listens_at(&self, port: u16) -> bool {
        self.services.contains(&port) || self.listeners.values().any(|listener| *listener == port)
    }
}
