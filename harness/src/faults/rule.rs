//! What the rules of a fault are, and what they may do.

use super::connection::{Connection, reset_for};
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppOutcome};
use tcpspec_core::segment::{IcmpError, Segment};
use tcpspec_core::time::Time;

/// What becomes of what a rule has looked at, and perhaps changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Pass,
    /// It goes on, later.
    Late(Duration),
    /// It is lost.
    Drop,
}

impl Fate {
    /// How much later it goes on.
    pub(super) fn after(self) -> Duration {
        match self {
            Self::Late(after) => after,
            Self::Pass | Self::Drop => Duration::ZERO,
        }
    }
}

/// What a fault does with a segment. The connection is as it was before the segment.
pub(super) type Rule = fn(&mut Segment, &mut At<'_>) -> Fate;
/// What a fault does with an ICMP error of the bench.
pub(super) type IcmpRule = fn(&mut IcmpError, &mut At<'_>) -> Fate;
/// What a fault does with a command to the application.
pub(super) type CommandRule = fn(&mut AppCommand, &mut At<'_>) -> Fate;
/// What a fault makes of what the application observed, told the command that it answers.
pub(super) type ReportRule = fn(&mut AppOutcome, &AppCommand, &mut At<'_>);
/// What the application is made to ask for besides, and how long after.
pub(super) type Afterwards = fn(&AppCommand) -> Option<(Duration, AppCommand)>;

/// What the fault plays in the target's place. What the target itself says is lost from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Played {
    /// The connection is forgotten: what comes is answered as where there is none.
    Gone,
    /// TIME-WAIT, for ever.
    TimeWait,
}

/// Where a rule acts: one connection at one moment, and the means to speak.
pub(super) struct At<'a> {
    pub(super) now: Time,
    pub(super) seed: u64,
    pub(super) conn: &'a mut Connection,
    /// Whether another handshake with the same port of the target is half done.
    pub(super) half_open_elsewhere: bool,
    /// Whether the target's port had a listener that is closed by now.
    pub(super) listened_once: bool,
    /// What the application calls the socket of this connection.
    pub(super) socket: Option<String>,
    /// What it calls the listener at the target's port.
    pub(super) listener: Option<String>,
    /// What the rule adds.
    pub(super) out: &'a mut Vec<Said>,
}

/// What a rule adds.
pub(super) enum Said {
    Bench(Duration, Segment),
    Target(Duration, Segment),
    Command(AppCommand),
    Play(Played),
    Die,
}

impl At<'_> {
    /// A segment to the bench, in the target's name.
    pub(super) fn bench(&mut self, segment: Segment) {
        self.out.push(Said::Bench(Duration::ZERO, segment));
    }

    /// The same, later, unless the fault's [`if_still`](super::middle::Middle::if_still) says that it is
    /// no longer due.
    pub(super) fn bench_after(&mut self, after: Duration, segment: Segment) {
        self.out.push(Said::Bench(after, segment));
    }

    /// A segment to the target, in the bench's name.
    pub(super) fn target(&mut self, segment: Segment) {
        self.out.push(Said::Target(Duration::ZERO, segment));
    }

    /// An ACK with current numbers to the bench.
    pub(super) fn ack(&mut self) {
        let ack = self.conn.ack();
        self.bench(ack);
    }

    /// What a host without this connection answers to `segment`.
    pub(super) fn reset(&mut self, segment: &Segment) {
        self.out.extend(reset_for(segment).map(|reset| Said::Bench(Duration::ZERO, reset)));
    }

    /// From now on the fault speaks for this connection.
    pub(super) fn play(&mut self, played: Played) {
        self.out.push(Said::Play(played));
    }

    /// From now on the target neither hears nor says anything.
    pub(super) fn die(&mut self) {
        self.out.push(Said::Die);
    }

    /// The application is made to act on the socket of this connection.
    pub(super) fn application(&mut self, command: fn(String) -> AppCommand) {
        self.out.extend(self.socket.clone().map(|socket| Said::Command(command(socket))));
    }

    /// The application is made to act on the listener at the target's port.
    pub(super) fn on_listener(&mut self, command: fn(String) -> AppCommand) {
        self.out.extend(self.listener.clone().map(|socket| Said::Command(command(socket))));
    }
}
