//! The protocol between the bench and whoever plays the application on the target.
//!
//! One message is one line of JSON, ended by a single `\n`, over any ordered stream: here the
//! Unix socket pair that the bench hands its child as standard input. Both sides may send at any
//! time; nobody waits for an answer before sending on.
//!
//! The agent speaks first and names the protocol's version:
//!
//! ```text
//! < {"Hello":{"protocol":1}}
//! > {"Request":{"trial":7,"id":1,"command":{"Listen":{"socket":"listener","local":"192.0.2.1:8000","backlog":16,"options":[{"NoDelay":true}]}}}}
//! > {"Request":{"trial":7,"id":2,"command":{"Accept":{"listener":"listener","socket":"main","within":{"secs":5,"nanos":0}}}}}
//! < {"Reply":{"trial":7,"report":{"id":1,"outcome":"Done","began":81000,"ended":83000}}}
//! < {"Reply":{"trial":7,"report":{"id":2,"outcome":{"Accepted":"198.18.0.1:40000"},"began":90000,"ended":91000}}}
//! > {"Request":{"trial":7,"id":3,"command":{"Send":{"socket":"main","data":"68656c6c6f"}}}}
//! < {"Reply":{"trial":7,"report":{"id":3,"outcome":"Done","began":99000,"ended":99500}}}
//! > {"Release":{"trial":7,"abort":true}}
//! ```
//!
//! - `trial` keeps the sockets of different trials apart: each trial has its own names.
//! - Every request is answered by exactly one reply with its `id`, in any order, unless its trial
//!   is released first. A request that waits and whose socket is closed meanwhile is answered
//!   `NothingYet`.
//! - `Release` lets go of every socket of a trial and of everything that waits on them. It is
//!   answered by nothing. With `abort` connections are reset (linger 0), else closed.
//! - A line that is not understood is answered by one `NotUnderstood` with the reason, and
//!   otherwise ignored. So is one of more than [`MAX_LINE`] octets.
//! - Octets are one string of hexadecimal digits; at most [`MAX_OCTETS`] of them in one command.
//! - `began` and `ended` are nanoseconds of the agent's CLOCK_MONOTONIC. On the bench's machine that
//!   is the bench's own clock; of an agent elsewhere only the difference means anything.
//! - When the stream ends the agent exits, and every socket goes with it.
//!
//! The commands and their outcomes are those of [`tcpspec_core::app`]. `Kill` is never sent: the
//! bench kills the process.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use tcpspec_core::app::{AppCommand, AppReport, CommandId};

/// The version that both sides must name.
pub const PROTOCOL: u32 = 1;

/// Most octets that one `Send` or `Receive` can name.
pub const MAX_OCTETS: usize = 16 << 20;

/// Longest line, its newline left out: [`MAX_OCTETS`] as digits, and room for the rest.
pub const MAX_LINE: usize = 2 * MAX_OCTETS + (64 << 10);

/// What the bench says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToAgent<'a> {
    /// One command.
    Request(Request<'a>),
    /// Let go of a trial.
    Release(Release),
}

/// One command to the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a> {
    /// Whose sockets.
    pub trial: u64,
    /// What the report will carry.
    pub id: CommandId,
    /// What to do.
    pub command: Cow<'a, AppCommand>,
}

/// Drop every socket of a trial, and whatever waits on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Which trial.
    pub trial: u64,
    /// Reset the connections instead of closing them.
    pub abort: bool,
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromAgent {
    /// First of all.
    Hello {
        /// See [`PROTOCOL`].
        protocol: u32,
    },
    /// The answer to one request.
    Reply(Reply),
    /// A line could not be read, and why.
    NotUnderstood(String),
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The request's trial.
    pub trial: u64,
    /// What came of it.
    pub report: AppReport,
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use std::net::SocketAddr;
    use std::time::Duration;
    use tcpspec_core::app::{AppOutcome, SocketOption};

    fn id() -> impl Strategy<Value = CommandId> {
        any::<u32>().prop_map(CommandId)
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..40)
    }

    fn option() -> impl Strategy<Value = SocketOption> {
        prop_oneof![
            any::<bool>().prop_map(SocketOption::NoDelay),
            any::<bool>().prop_map(SocketOption::KeepAlive),
            any::<Duration>().prop_map(SocketOption::KeepAliveIdle),
            any::<Duration>().prop_map(SocketOption::KeepAliveInterval),
            any::<u32>().prop_map(SocketOption::KeepAliveCount),
            any::<Duration>().prop_map(SocketOption::UserTimeout),
            any::<u32>().prop_map(SocketOption::ReceiveBuffer),
            any::<u32>().prop_map(SocketOption::SendBuffer),
            any::<u32>().prop_map(SocketOption::MaximumSegment),
            any::<bool>().prop_map(SocketOption::UrgentInline),
            any::<u8>().prop_map(SocketOption::TimeToLive),
            any::<u8>().prop_map(SocketOption::TypeOfService),
            any::<bool>().prop_map(SocketOption::ErrorReports),
        ]
    }

    fn options() -> impl Strategy<Value = Vec<SocketOption>> {
        prop::collection::vec(option(), 0..4)
    }

    /// An IPv6 flow label is no part of an address's text.
    fn address() -> impl Strategy<Value = SocketAddr> {
        (any::<std::net::IpAddr>(), any::<u16>()).prop_map(SocketAddr::from)
    }

    fn command() -> impl Strategy<Value = AppCommand> {
        let name = any::<String>;
        let within = any::<Duration>;
        prop_oneof![
            (name(), address(), any::<u32>(), options()).prop_map(|(socket, local, backlog, options)| {
                AppCommand::Listen { socket, local, backlog, options }
            }),
            (name(), name(), within()).prop_map(|(listener, socket, within)| AppCommand::Accept {
                listener,
                socket,
                within
            }),
            (name(), address(), address(), options()).prop_map(|(socket, local, remote, options)| {
                AppCommand::Connect { socket, local, remote, options }
            }),
            (name(), within()).prop_map(|(socket, within)| AppCommand::AwaitConnected { socket, within }),
            (name(), octets()).prop_map(|(socket, data)| AppCommand::Send { socket, data }),
            (name(), octets()).prop_map(|(socket, data)| AppCommand::SendUrgent { socket, data }),
            (name(), within()).prop_map(|(socket, within)| AppCommand::AwaitUrgent { socket, within }),
            (name(), any::<usize>(), within()).prop_map(|(socket, length, within)| AppCommand::Receive {
                socket,
                length,
                within
            }),
            (name(), within()).prop_map(|(socket, within)| AppCommand::AwaitEnd { socket, within }),
            name().prop_map(|socket| AppCommand::Shutdown { socket }),
            name().prop_map(|socket| AppCommand::Close { socket }),
            name().prop_map(|socket| AppCommand::Abort { socket }),
            (name(), option()).prop_map(|(socket, option)| AppCommand::Set { socket, option }),
            Just(AppCommand::Kill),
        ]
    }

    fn outcome() -> impl Strategy<Value = AppOutcome> {
        prop_oneof![
            Just(AppOutcome::Done),
            address().prop_map(AppOutcome::Accepted),
            address().prop_map(AppOutcome::Connecting),
            octets().prop_map(AppOutcome::Data),
            octets().prop_map(AppOutcome::EndOfStream),
            Just(AppOutcome::Reset),
            Just(AppOutcome::Refused),
            Just(AppOutcome::TimedOut),
            any::<String>().prop_map(AppOutcome::Error),
            Just(AppOutcome::NothingYet),
            any::<String>().prop_map(AppOutcome::Broken),
        ]
    }

    fn to_agent() -> impl Strategy<Value = ToAgent<'static>> {
        prop_oneof![
            4 => (any::<u64>(), id(), command()).prop_map(|(trial, id, command)| {
                ToAgent::Request(Request { trial, id, command: Cow::Owned(command) })
            }),
            1 => (any::<u64>(), any::<bool>())
                .prop_map(|(trial, abort)| ToAgent::Release(Release { trial, abort })),
        ]
    }

    fn from_agent() -> impl Strategy<Value = FromAgent> {
        prop_oneof![
            4 => (any::<u64>(), id(), outcome(), any::<u64>(), any::<u64>()).prop_map(
                |(trial, id, outcome, began, ended)| {
                    FromAgent::Reply(Reply { trial, report: AppReport { id, outcome, began, ended } })
                }
            ),
            1 => any::<u32>().prop_map(|protocol| FromAgent::Hello { protocol }),
            1 => any::<String>().prop_map(FromAgent::NotUnderstood),
        ]
    }

    proptest! {
        #[test]
        fn every_message_reads_back_from_one_line(to in to_agent(), from in from_agent()) {
            let line = serde_json::to_string(&to).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<ToAgent>(&line).unwrap(), to);
            let line = serde_json::to_string(&from).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<FromAgent>(&line).unwrap(), from);
        }

        #[test]
        fn no_line_makes_a_reader_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<ToAgent>(&line);
            let _ = serde_json::from_slice::<FromAgent>(&line);
        }
    }

    /// The lines that the module's documentation shows: what a foreign agent is written from.
    #[test]
    fn the_documented_lines_are_what_is_spoken() {
        let documented: Vec<&str> = include_str!("protocol.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! ").filter(|line| line.starts_with(['<', '>'])))
            .collect();
        let spoken: Vec<String> = documented
            .iter()
            .map(|line| match line.split_at(2) {
                ("< ", said) => {
                    format!(
                        "< {}",
                        serde_json::to_string(&serde_json::from_str::<FromAgent>(said).unwrap()).unwrap()
                    )
                }
                (_, said) => {
                    format!(
                        "> {}",
                        serde_json::to_string(&serde_json::from_str::<ToAgent>(said).unwrap()).unwrap()
                    )
                }
            })
            .collect();
        assert_eq!(documented.len(), 8);
        assert_eq!(spoken, documented);
    }
}
