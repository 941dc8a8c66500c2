//! The application: carries out commands, keeps those that wait, and answers each exactly once.

use super::options::set_option;
use super::socket::{Answer, Attempt, Connection, Stamps, errno_of, outcome_of, start_listening, timed};
use super::sockets::{Held, Key, Socket, Sockets, Wait, Waiting};
use crate::upper_tester::channel::Outbox;
use crate::upper_tester::monotonic;
use crate::upper_tester::protocol::{FromAgent, MAX_OCTETS, Release, Reply, Request};
use libc::linger;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::socket::{setsockopt, sockopt::Linger};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};

/// The sockets of all trials, the commands that wait, and the replies to be sent.
#[derive(Debug)]
pub(super) struct Application {
    epoll: Epoll,
    sockets: Sockets,
    /// When (nanoseconds), the wait's number: its socket.
    deadlines: BTreeMap<(u64, u64), Key>,
    waits_so_far: u64,
    scratch: Box<[u8]>,
    replies: Outbox,
}

impl Application {
    pub(super) fn new(epoll: Epoll) -> Self {
        Self {
            epoll,
            sockets: Sockets::default(),
            deadlines: BTreeMap::new(),
            waits_so_far: 0,
            scratch: vec![0; 64 << 10].into_boxed_slice(),
            replies: Outbox::default(),
        }
    }

    pub(super) fn epoll(&self) -> &Epoll {
        &self.epoll
    }

    pub(super) fn replies(&mut self) -> &mut Outbox {
        &mut self.replies
    }

    pub(super) fn execute(&mut self, request: Request<'_>) {
        let Request { trial, id, command } = request;
        if let Some(answer) = self.begin(trial, id, command.into_owned()) {
            self.reply(trial, id, answer);
        }
    }

    pub(super) fn release(&mut self, Release { trial, abort }: Release) {
        for held in self.sockets.remove_trial(trial) {
            held.waits.iter().for_each(|wait| self.forget_deadline(wait));
            if abort {
                reset_on_close(&held.socket);
            }
        }
    }

    /// Something happened on a socket: tries again what waits there. A key of a socket that was
    /// closed meanwhile is ignored.
    pub(super) fn progress(&mut self, key: Key) {
        let Some(mut held) = self.sockets.borrow(key) else { return };
        let Held { trial, socket, waits, .. } = &mut *held;
        let mut queues = Queues::default();
        waits.retain_mut(|wait| {
            if queues.behind_another(&wait.what) {
                return true;
            }
            match self.attempt(*trial, socket, &mut wait.what) {
                Attempt::Answer(answer) => {
                    self.finish(*trial, wait, answer);
                    false
                }
                Attempt::NotYet(stamps) => {
                    wait.tried = stamps;
                    queues.join(&wait.what);
                    true
                }
            }
        });
        if !held.waits.is_empty() && !held.watched {
            self.watch(key, &mut held);
        }
        self.sockets.put_back(key, held);
    }

    /// When the next wait ends: nanoseconds of CLOCK_MONOTONIC.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.deadlines.first_key_value().map(|((when, _), _)| *when)
    }

    /// Answers the waits whose time has come, after one last try.
    pub(super) fn expire(&mut self) {
        let now = monotonic();
        while let Some(due) = self.deadlines.first_entry().filter(|due| due.key().0 <= now) {
            let ((_, number), key) = due.remove_entry();
            self.progress(key);
            let Some(held) = self.sockets.get_mut(key) else { continue };
            let Some(at) = held.waits.iter().position(|wait| wait.number == number) else { continue };
            let (trial, wait) = (held.trial, held.waits.remove(at));
            self.reply(trial, wait.id, given_up(wait));
        }
    }

    /// Carries out a command, or lets it wait (None).
    fn begin(&mut self, trial: u64, id: CommandId, command: AppCommand) -> Option<Answer> {
        match command {
            AppCommand::Listen { socket, local, backlog, options } => Some(self.open(trial, socket, || {
                let (listener, answer) = start_listening(local, backlog, &options)?;
                Ok((Socket::Listener(listener), answer))
            })),
            AppCommand::Connect { socket, local, remote, options } => Some(self.open(trial, socket, || {
                let (connection, answer) = Connection::start(local, remote, &options)?;
                Ok((Socket::Connection(connection), answer))
            })),
            AppCommand::Accept { listener, socket, within } => {
                if self.sockets.find(trial, &socket).is_some() {
                    return Some(taken(&socket));
                }
                self.wait(trial, &listener, id, Some(within), Waiting::Accept { name: socket })
            }
            AppCommand::AwaitConnected { socket, within } => {
                self.wait(trial, &socket, id, Some(within), Waiting::Connected)
            }
            AppCommand::Send { data, .. } | AppCommand::SendUrgent { data, .. }
                if data.len() > MAX_OCTETS =>
            {
                Some(too_much(data.len()))
            }
            AppCommand::Send { socket, data } => {
                self.wait(trial, &socket, id, None, Waiting::Send { data, sent: 0, urgent: false })
            }
            AppCommand::SendUrgent { socket, data } => {
                self.wait(trial, &socket, id, None, Waiting::Send { data, sent: 0, urgent: true })
            }
            AppCommand::AwaitUrgent { socket, within } => {
                self.wait(trial, &socket, id, Some(within), Waiting::Urgent)
            }
            AppCommand::Receive { length, .. } if length > MAX_OCTETS => Some(too_much(length)),
            AppCommand::Receive { socket, length, within } => {
                self.wait(trial, &socket, id, Some(within), Waiting::Receive { length, data: Vec::new() })
            }
            AppCommand::AwaitEnd { socket, within } => {
                self.wait(trial, &socket, id, Some(within), Waiting::End)
            }
            AppCommand::Shutdown { socket } => Some(self.on(trial, &socket, |held| match &mut held.socket {
                Socket::Connection(connection) => connection.shutdown(),
                Socket::Listener(_) => not_a_connection(),
            })),
            AppCommand::Set { socket, option } => Some(self.on(trial, &socket, |held| {
                let (result, stamps) = timed(|| set_option(&held.socket, option));
                Answer { outcome: result.err().unwrap_or(AppOutcome::Done), stamps }
            })),
            AppCommand::Close { socket } => Some(self.close(trial, &socket, false)),
            AppCommand::Abort { socket } => Some(self.close(trial, &socket, true)),
            AppCommand::Kill => {
                Some(broken("the bench must kill the process: an application cannot kill itself"))
            }
        }
    }

    /// Makes a socket and keeps it under `name`.
    fn open(
        &mut self,
        trial: u64,
        name: String,
        make: impl FnOnce() -> Result<(Socket, Answer), Answer>,
    ) -> Answer {
        if self.sockets.find(trial, &name).is_some() {
            return taken(&name);
        }
        match make() {
            Ok((socket, answer)) => {
                self.sockets.insert(trial, name, socket);
                answer
            }
            Err(answer) => answer,
        }
    }

    fn on(&mut self, trial: u64, name: &str, act: impl FnOnce(&mut Held) -> Answer) -> Answer {
        let key = self.sockets.find(trial, name);
        match key.and_then(|key| self.sockets.get_mut(key)) {
            Some(held) => act(held),
            None => no_such_socket(name),
        }
    }

    fn close(&mut self, trial: u64, name: &str, abort: bool) -> Answer {
        let key = self.sockets.find(trial, name);
        let Some(held) = key.and_then(|key| self.sockets.remove(key)) else { return no_such_socket(name) };
        let Held { socket, waits, .. } = *held;
        let ((), stamps) = timed(|| {
            if abort {
                reset_on_close(&socket);
            }
            drop(socket);
        });
        for wait in waits {
            self.forget_deadline(&wait);
            self.reply(trial, wait.id, given_up(wait));
        }
        Answer { outcome: AppOutcome::Done, stamps }
    }

    /// Tries a command that may have to wait, behind those of its kind that already do.
    fn wait(
        &mut self,
        trial: u64,
        name: &str,
        id: CommandId,
        within: Option<Duration>,
        what: Waiting,
    ) -> Option<Answer> {
        let Some(key) = self.sockets.find(trial, name) else { return Some(no_such_socket(name)) };
        let held = self.sockets.get_mut(key)?;
        let now = monotonic();
        let deadline =
            within.map(|within| now.saturating_add(u64::try_from(within.as_nanos()).unwrap_or(u64::MAX)));
        self.waits_so_far += 1;
        let number = self.waits_so_far;
        held.waits.push(Wait { number, id, deadline, what, tried: Stamps { began: now, ended: now } });
        self.deadlines.extend(deadline.map(|when| ((when, number), key)));
        self.progress(key);
        None
    }

    fn attempt(&mut self, trial: u64, socket: &mut Socket, what: &mut Waiting) -> Attempt {
        match (socket, what) {
            (Socket::Listener(listener), Waiting::Accept { name }) => self.accept(trial, listener, name),
            (Socket::Connection(connection), Waiting::Connected) => connection.try_connected(),
            (Socket::Connection(connection), Waiting::Send { data, sent, urgent }) => {
                connection.try_send(data, sent, *urgent)
            }
            (Socket::Connection(connection), Waiting::Urgent) => connection.try_urgent(),
            (Socket::Connection(connection), Waiting::Receive { length, data }) => {
                connection.try_receive(*length, data, &mut self.scratch)
            }
            (Socket::Connection(connection), Waiting::End) => connection.try_end(&mut self.scratch),
            (Socket::Listener(_), _) => Attempt::Answer(not_a_connection()),
            (Socket::Connection(_), Waiting::Accept { .. }) => {
                Attempt::Answer(broken("a connection cannot accept"))
            }
        }
    }

    fn accept(&mut self, trial: u64, listener: &TcpListener, name: &mut String) -> Attempt {
        let (result, stamps) = timed(|| listener.accept());
        let outcome = match result {
            Ok(_) if self.sockets.find(trial, name).is_some() => return Attempt::Answer(taken(name)),
            Ok((stream, peer)) => {
                let connection = Connection::accepted(stream);
                self.sockets.insert(trial, std::mem::take(name), Socket::Connection(connection));
                AppOutcome::Accepted(peer)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Attempt::NotYet(stamps),
            Err(error) => outcome_of(errno_of(&error)),
        };
        Attempt::Answer(Answer { outcome, stamps })
    }

    /// Asks the kernel for events of a socket, once and for all. Edge triggered: a command is always
    /// tried before it waits, so that every edge since then is seen, and events that nobody waits
    /// for cost one wake-up each. A socket that is ready already makes an event at once.
    fn watch(&mut self, key: Key, held: &mut Held) {
        let flags = EpollFlags::EPOLLIN
            | EpollFlags::EPOLLOUT
            | EpollFlags::EPOLLPRI
            | EpollFlags::EPOLLRDHUP
            | EpollFlags::EPOLLET;
        match self.epoll.add(&held.socket, EpollEvent::new(flags, key.to_bits())) {
            Ok(()) => held.watched = true,
            // Out of memory or of watches: nothing would ever wake these.
            Err(errno) => {
                for wait in std::mem::take(&mut held.waits) {
                    self.finish(held.trial, &wait, broken(format!("the socket cannot be watched: {errno}")));
                }
            }
        }
    }

    fn finish(&mut self, trial: u64, wait: &Wait, answer: Answer) {
        self.forget_deadline(wait);
        self.reply(trial, wait.id, answer);
    }

    fn forget_deadline(&mut self, wait: &Wait) {
        if let Some(when) = wait.deadline {
            self.deadlines.remove(&(when, wait.number));
        }
    }

    fn reply(&mut self, trial: u64, id: CommandId, Answer { outcome, stamps }: Answer) {
        let Stamps { began, ended } = stamps;
        let report = AppReport { id, outcome, began, ended };
        self.replies.push(&FromAgent::Reply(Reply { trial, report }));
    }
}

/// Who waits on a socket before whom: octets and connections go to the first that asked.
#[derive(Default)]
struct Queues {
    reading: bool,
    writing: bool,
}

impl Queues {
    fn behind_another(&self, what: &Waiting) -> bool {
        match what {
            Waiting::Accept { .. } | Waiting::Receive { .. } => self.reading,
            Waiting::Send { .. } => self.writing,
            Waiting::Connected | Waiting::End | Waiting::Urgent => false,
        }
    }

    fn join(&mut self, what: &Waiting) {
        match what {
            Waiting::Accept { .. } | Waiting::Receive { .. } => self.reading = true,
            Waiting::Send { .. } => self.writing = true,
            Waiting::Connected | Waiting::End | Waiting::Urgent => {}
        }
    }
}

/// The answer to a wait that ended without what it waited for.
fn given_up(wait: Wait) -> Answer {
    let outcome = match wait.what {
        Waiting::Receive { data, .. } if !data.is_empty() => AppOutcome::Data(data),
        _ => AppOutcome::NothingYet,
    };
    Answer { outcome, stamps: wait.tried }
}

/// ABORT (RFC 9293 section 3.9.1): the close that follows sends a RST and keeps nothing.
fn reset_on_close(socket: &Socket) {
    // Fails for no open socket; and a listener, which has nothing to linger for, does not mind.
    let _ = setsockopt(socket, Linger, &linger { l_onoff: 1, l_linger: 0 });
}

fn broken(why: impl Into<String>) -> Answer {
    Answer::now(AppOutcome::Broken(why.into()))
}

fn taken(name: &str) -> Answer {
    broken(format!("there is a socket named {name:?} already"))
}

fn no_such_socket(name: &str) -> Answer {
    broken(format!("there is no socket named {name:?}"))
}

fn not_a_connection() -> Answer {
    broken("a listener can only accept and close")
}

fn too_much(octets: usize) -> Answer {
    broken(format!("{octets} octets in one command: at most {MAX_OCTETS}"))
}
