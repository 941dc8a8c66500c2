//! The application on a simulated target: carries out commands, keeps those that wait, and answers
//! each exactly once (the promises are those of [`AppCommand`]).

use super::stack::{Condition, Failure, Received, SocketId, Stack};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};
use tcpspec_core::case::Family;
use tcpspec_core::time::Time;

/// All sockets of one trial, by the names that its case gives them.
#[derive(Debug, Default)]
pub struct SimulatedApplication {
    sockets: BTreeMap<String, Socket>,
    /// In the order in which they came.
    waits: Vec<Wait>,
    reports: Vec<AppReport>,
    ports_given: u16,
}

#[derive(Clone, Copy, Debug)]
enum Socket {
    Listener(SocketId),
    Connection(Connection),
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    id: SocketId,
    /// The application has been told of the end of the stream.
    end_reported: bool,
}

/// A command that is not answered yet.
#[derive(Debug)]
struct Wait {
    id: CommandId,
    socket: String,
    /// `None`: however long it takes.
    deadline: Option<Time>,
    what: Waiting,
}

#[derive(Debug)]
enum Waiting {
    Accept { name: String },
    Connected,
    Send { data: Vec<u8>, sent: usize },
    Receive { length: usize, data: Vec<u8> },
    End,
}

impl SimulatedApplication {
    /// Carries out a command, or lets it wait. [`Stack::run`] must follow.
    pub fn execute(&mut self, now: Time, id: CommandId, command: AppCommand, stack: &mut dyn Stack) {
        let mut wait = |socket: String, within, what| {
            let deadline = Option::map(within, |within| now + within);
            self.waits.push(Wait { id, socket, deadline, what });
        };
        let outcome = match command {
            AppCommand::Accept { listener, socket, within } => {
                wait(listener, Some(within), Waiting::Accept { name: socket });
                None
            }
            AppCommand::AwaitConnected { socket, within } => {
                wait(socket, Some(within), Waiting::Connected);
                None
            }
            AppCommand::Send { socket, data } => {
                wait(socket, None, Waiting::Send { data, sent: 0 });
                None
            }
            AppCommand::Receive { socket, length, within } => {
                wait(socket, Some(within), Waiting::Receive { length, data: Vec::new() });
                None
            }
            AppCommand::AwaitEnd { socket, within } => {
                wait(socket, Some(within), Waiting::End);
                None
            }
            command => Some(self.call(now, command, stack)),
        };
        if let Some(outcome) = outcome {
            self.report(now, id, outcome);
        }
        self.progress(now, stack);
    }

    /// Something may have happened, or time has passed: tries again what waits, and answers what has
    /// waited long enough. [`Stack::run`] must follow where anything was sent or read.
    pub fn progress(&mut self, now: Time, stack: &mut dyn Stack) {
        let mut queues: Vec<(String, Queue)> = Vec::new();
        for mut wait in std::mem::take(&mut self.waits) {
            let queue = wait.what.queue().map(|queue| (wait.socket.clone(), queue));
            let is_behind = queue.as_ref().is_some_and(|queue| queues.contains(queue));
            let outcome = if is_behind { None } else { self.attempt(&mut wait, stack) };
            match outcome {
                Some(outcome) => self.report(now, wait.id, outcome),
                None if wait.deadline.is_some_and(|deadline| deadline <= now) => {
                    self.report(now, wait.id, given_up(wait.what));
                }
                None => {
                    queues.extend(queue);
                    self.waits.push(wait);
                }
            }
        }
    }

    /// When the next wait ends by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.waits.iter().filter_map(|wait| wait.deadline).min()
    }

    /// Whether a command is not answered yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waits.is_empty()
    }

    /// The answers since the last call, in order.
    pub fn take_reports(&mut self) -> Vec<AppReport> {
        std::mem::take(&mut self.reports)
    }

    /// Commands that are over at once.
    fn call(&mut self, now: Time, command: AppCommand, stack: &mut dyn Stack) -> AppOutcome {
        match command {
            AppCommand::Listen { socket, local, backlog, options } => {
                if self.sockets.contains_key(&socket) {
                    return taken(&socket);
                }
                self.opened(
                    socket,
                    stack.listen(local, backlog, &options),
                    Socket::Listener,
                    AppOutcome::Done,
                )
            }
            AppCommand::Connect { socket, local, remote, options } => {
                if self.sockets.contains_key(&socket) {
                    return taken(&socket);
                }
                let Some(local) = self.complete(local, stack) else {
                    return AppOutcome::Error("EADDRNOTAVAIL".into());
                };
                let connection = |id| Socket::Connection(Connection { id, end_reported: false });
                let id = stack.connect(local, remote, &options);
                self.opened(socket, id, connection, AppOutcome::Connecting(local))
            }
            AppCommand::Shutdown { socket } => match self.sockets.get(&socket) {
                Some(Socket::Connection(connection)) => done(stack.shutdown(connection.id)),
                Some(Socket::Listener(_)) => not_a_connection(),
                None => no_such_socket(&socket),
            },
            AppCommand::Close { socket } => self.close(now, &socket, |socket| stack.close(socket.id())),
            AppCommand::Abort { socket } => self.close(now, &socket, |socket| match socket {
                Socket::Connection(connection) => stack.abort(connection.id),
                Socket::Listener(id) => stack.close(id),
            }),
            AppCommand::Set { socket, option } => match self.sockets.get(&socket) {
                Some(socket) => done(stack.set(socket.id(), option)),
                None => no_such_socket(&socket),
            },
            // As an operating system does for a process that dies: it closes what the process held,
            // in order, not with resets. Nobody is left to answer what waits.
            AppCommand::Kill => {
                self.waits.clear();
                for socket in std::mem::take(&mut self.sockets).into_values() {
                    stack.close(socket.id());
                }
                AppOutcome::Done
            }
            AppCommand::SendUrgent { .. } | AppCommand::AwaitUrgent { .. } => {
                AppOutcome::Broken("no simulated stack has urgent data".into())
            }
            AppCommand::Accept { .. }
            | AppCommand::AwaitConnected { .. }
            | AppCommand::Send { .. }
            | AppCommand::Receive { .. }
            | AppCommand::AwaitEnd { .. } => AppOutcome::Broken("a command that waits".into()),
        }
    }

    fn opened(
        &mut self,
        name: String,
        id: Result<SocketId, Failure>,
        socket: impl FnOnce(SocketId) -> Socket,
        outcome: AppOutcome,
    ) -> AppOutcome {
        match id {
            Ok(id) => {
                self.sockets.insert(name, socket(id));
                outcome
            }
            Err(failure) => outcome_of(failure),
        }
    }

    /// The address and port that a connection goes out from, where the case leaves them open.
    fn complete(&mut self, local: SocketAddr, stack: &dyn Stack) -> Option<SocketAddr> {
        let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
        let address: IpAddr = if local.ip().is_unspecified() { stack.address(family)? } else { local.ip() };
        let port = if local.port() == 0 {
            self.ports_given = (self.ports_given + 1) % EPHEMERAL_PORTS;
            FIRST_EPHEMERAL_PORT + self.ports_given
        } else {
            local.port()
        };
        Some(SocketAddr::new(address, port))
    }

    fn close(&mut self, now: Time, name: &str, end: impl FnOnce(Socket)) -> AppOutcome {
        let Some(socket) = self.sockets.remove(name) else { return no_such_socket(name) };
        end(socket);
        for wait in std::mem::take(&mut self.waits) {
            if wait.socket == name {
                self.report(now, wait.id, given_up(wait.what));
            } else {
                self.waits.push(wait);
            }
        }
        AppOutcome::Done
    }

    /// Tries a command that may have to wait; `None`: it must.
    fn attempt(&mut self, wait: &mut Wait, stack: &mut dyn Stack) -> Option<AppOutcome> {
        let names = &self.sockets;
        match (names.get(&wait.socket).copied(), &mut wait.what) {
            (None, _) => Some(no_such_socket(&wait.socket)),
            (Some(Socket::Listener(id)), Waiting::Accept { name }) => {
                if names.contains_key(name) {
                    return Some(taken(name));
                }
                let (id, peer) = stack.accept(id)?;
                let connection = Socket::Connection(Connection { id, end_reported: false });
                self.sockets.insert(std::mem::take(name), connection);
                Some(AppOutcome::Accepted(peer))
            }
            (Some(Socket::Listener(_)), _) => Some(not_a_connection()),
            (Some(Socket::Connection(_)), Waiting::Accept { .. }) => {
                Some(AppOutcome::Broken("a connection cannot accept".into()))
            }
            (Some(Socket::Connection(connection)), what) => {
                let mut connection = connection;
                let outcome = connection.attempt(what, stack);
                self.sockets.insert(wait.socket.clone(), Socket::Connection(connection));
                outcome
            }
        }
    }

    fn report(&mut self, now: Time, id: CommandId, outcome: AppOutcome) {
        self.reports.push(AppReport { id, outcome, began: now.0, ended: now.0 });
    }
}

impl Socket {
    fn id(self) -> SocketId {
        match self {
            Self::Listener(id) | Self::Connection(Connection { id, .. }) => id,
        }
    }
}

impl Connection {
    fn attempt(&mut self, what: &mut Waiting, stack: &mut dyn Stack) -> Option<AppOutcome> {
        match what {
            Waiting::Connected => match stack.condition(self.id) {
                Condition::Connecting => None,
                Condition::Established => Some(AppOutcome::Done),
                Condition::Failed(failure) => Some(outcome_of(failure)),
            },
            Waiting::Send { data, sent } => loop {
                if *sent == data.len() {
                    return Some(AppOutcome::Done);
                }
                match stack.send(self.id, &data[*sent..]) {
                    Ok(0) => return None,
                    Ok(count) => *sent += count,
                    Err(failure) => return Some(outcome_of(failure)),
                }
            },
            Waiting::Receive { length, data } => loop {
                if data.len() == *length {
                    return Some(AppOutcome::Data(std::mem::take(data)));
                }
                match stack.receive(self.id, *length - data.len()) {
                    Ok(Received::Octets(octets)) => data.extend(octets),
                    Ok(Received::Nothing) => return None,
                    Ok(Received::End) => {
                        self.end_reported = true;
                        return Some(AppOutcome::EndOfStream(std::mem::take(data)));
                    }
                    Err(failure) if data.is_empty() => return Some(outcome_of(failure)),
                    // The failure is told with the next command.
                    Err(_) => return Some(AppOutcome::Data(std::mem::take(data))),
                }
            },
            Waiting::End => match (stack.condition(self.id), stack.peek(self.id, PEEKED)) {
                (Condition::Failed(failure), _) | (_, Err(failure)) => Some(outcome_of(failure)),
                (_, Ok(Received::Octets(octets))) => Some(AppOutcome::Data(octets)),
                (_, Ok(Received::End)) if !self.end_reported => {
                    self.end_reported = true;
                    Some(AppOutcome::EndOfStream(Vec::new()))
                }
                (_, Ok(Received::End | Received::Nothing)) => None,
            },
            Waiting::Accept { .. } => None,
        }
    }
}

/// Who waits on a socket before whom: octets and connections go to the first that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queue {
    Reading,
    Writing,
}

impl Waiting {
    fn queue(&self) -> Option<Queue> {
        match self {
            Self::Accept { .. } | Self::Receive { .. } => Some(Queue::Reading),
            Self::Send { .. } => Some(Queue::Writing),
            Self::Connected | Self::End => None,
        }
    }
}

/// The answer to a wait that ended without what it waited for.
fn given_up(what: Waiting) -> AppOutcome {
    match what {
        Waiting::Receive { data, .. } if !data.is_empty() => AppOutcome::Data(data),
        _ => AppOutcome::NothingYet,
    }
}

fn outcome_of(failure: Failure) -> AppOutcome {
    match failure {
        Failure::Reset => AppOutcome::Reset,
        Failure::Refused => AppOutcome::Refused,
        Failure::TimedOut => AppOutcome::TimedOut,
        Failure::Other(name) => AppOutcome::Error(name),
    }
}

fn done(result: Result<(), Failure>) -> AppOutcome {
    result.map_or_else(outcome_of, |()| AppOutcome::Done)
}

fn taken(name: &str) -> AppOutcome {
    AppOutcome::Broken(format!("there is a socket named {name:?} already"))
}

fn no_such_socket(name: &str) -> AppOutcome {
    AppOutcome::Broken(format!("there is no socket named {name:?}"))
}

fn not_a_connection() -> AppOutcome {
    AppOutcome::Broken("a listener can only accept and close".into())
}

/// The range of RFC 6335 section 6.
const FIRST_EPHEMERAL_PORT: u16 = 49_152;
const EPHEMERAL_PORTS: u16 = 16_384;

/// How much of the data that wait is shown.
const PEEKED: usize = 1024;

#[cfg(test)]
mod tests;
