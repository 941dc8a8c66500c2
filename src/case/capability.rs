//! What a case needs of the target and of whoever plays its application.

use super::model::{AppAction, Given, Opening, Script, Step, StepKind};
use super::words::Word;
use crate::state::State;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Something that a target or its upper tester may lack; a trial that needs it is then skipped: what
/// the application can do on cue, the ordinary services that stand in for it, and the features that
/// a profile claims ([`FEATURES`](crate::profile::FEATURES)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// The application makes a listening socket on cue.
    Listen,
    /// The application takes connections off its listener on cue.
    Accept,
    /// The application begins connections on cue.
    Connect,
    /// The application sends what the case says.
    Send,
    /// The application reports what it received, and how its connection ended.
    Receive,
    /// The application closes its sending side alone.
    Shutdown,
    /// The application closes a socket.
    Close,
    /// The application aborts a connection.
    Abort,
    /// The application's process can be killed.
    Kill,
    /// Options of the application's sockets can be set.
    SetOption,
    /// The target's side stays open after our FIN.
    HoldOpen,
    /// An echo service: what arrives is sent back.
    Echo,
    /// A discard service: what arrives is read and dropped.
    Discard,
    /// A daytime service: a text, then the end of the stream.
    Daytime,
    /// A web server.
    Http,
    /// A port where nothing listens.
    Closed,
    /// Answers a doubtful RST, SYN or ACK as RFC 5961 says.
    ChallengeAck,
    /// Delayed acknowledgments (RFC 9293 section 3.8.6.3).
    DelayedAck,
    /// Duplicates reported in SACK blocks (RFC 2883).
    Dsack,
    /// Explicit congestion notification (RFC 3168).
    Ecn,
    /// Data on the SYN with a cookie (RFC 7413).
    FastOpen,
    /// Who has called CLOSE cannot read any more (RFC 9293 section 3.6.1, MAY-1).
    HalfDuplexClose,
    /// Keep-alives (RFC 9293 section 3.8.4).
    KeepAlive,
    /// New data on the first duplicate ACKs (RFC 3042).
    LimitedTransmit,
    /// Small segments held back (RFC 9293 section 3.7.4).
    Nagle,
    /// ICMP messages about the path MTU are followed (RFC 1191, RFC 8201).
    PathMtuDiscovery,
    /// Losses found by time (RFC 8985).
    RackTlp,
    /// Selective acknowledgments (RFC 2018).
    Sack,
    /// SYNs answered without state when a queue is full (RFC 4987).
    SynCookies,
    /// A new SYN taken in TIME-WAIT (RFC 9293 section 3.6.1, RFC 6191).
    TimeWaitReuse,
    /// Timestamps (RFC 7323 section 3).
    Timestamps,
    /// Urgent data (RFC 9293 section 3.8.5).
    Urgent,
    /// The User Timeout option (RFC 5482).
    UserTimeout,
    /// Window scaling (RFC 7323 section 2).
    WindowScale,
}

/// Not the name of a capability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a capability")]
pub struct NotACapability(pub String);

impl Script {
    /// What its steps and the states it starts from need, beyond what the way into those states
    /// needs (see [`Fixtures::missing`](super::Fixtures::missing)).
    #[must_use]
    pub fn capabilities(&self) -> BTreeSet<Capability> {
        let mut needs = of_steps(&self.steps);
        needs.extend(self.needs_of_the_noticed());
        self.given.iter().for_each(|given| needs.extend(of_given(given)));
        if self.then.iter().any(|then| then.state == State::CloseWait) {
            needs.insert(Capability::HoldOpen);
        }
        needs
    }
}

/// What these steps need.
pub(super) fn of_steps(steps: &[Step]) -> BTreeSet<Capability> {
    steps.iter().flat_map(|step| of_step(&step.kind)).collect()
}

fn of_step(kind: &StepKind) -> BTreeSet<Capability> {
    match kind {
        StepKind::App(app) => [of_action(&app.action)].into(),
        StepKind::State(State::CloseWait) => [Capability::HoldOpen].into(),
        StepKind::Repeat { steps, .. } => of_steps(steps),
        StepKind::OneOf(one_of) => {
            one_of.alternatives.iter().flat_map(|(_, steps)| of_steps(steps)).collect()
        }
        StepKind::Send(_)
        | StepKind::Expect(_)
        | StepKind::ExpectAll(_)
        | StepKind::Silence(_)
        | StepKind::Icmp(_)
        | StepKind::Retransmissions(_)
        | StepKind::Measure(_)
        | StepKind::Probe(_)
        | StepKind::State(_)
        | StepKind::Wait(_)
        | StepKind::Acks(_) => BTreeSet::new(),
    }
}

const fn of_action(action: &AppAction) -> Capability {
    match action {
        AppAction::Listen => Capability::Listen,
        AppAction::Accept | AppAction::ExpectNoConnection => Capability::Accept,
        AppAction::Connect
        | AppAction::ConnectToNobody(_)
        | AppAction::ExpectConnected
        | AppAction::ExpectRefused => Capability::Connect,
        AppAction::Send(_) => Capability::Send,
        AppAction::SendUrgent(_) | AppAction::ExpectUrgent | AppAction::ExpectNoUrgent => Capability::Urgent,
        AppAction::Receive(_)
        | AppAction::ExpectEof
        | AppAction::ExpectReset
        | AppAction::ExpectTimeout
        | AppAction::ExpectError
        | AppAction::ExpectNothing => Capability::Receive,
        AppAction::Shutdown => Capability::Shutdown,
        AppAction::Close | AppAction::CloseListener => Capability::Close,
        AppAction::Abort => Capability::Abort,
        AppAction::Kill => Capability::Kill,
        AppAction::Set(_) => Capability::SetOption,
    }
}

fn of_given(given: &Given) -> BTreeSet<Capability> {
    let opening = match given.by {
        Some(Opening::Active | Opening::Simultaneous) => Some(Capability::Connect),
        Some(Opening::Passive) | None => None,
    };
    let needed = [
        (given.window_scale.is_some(), Capability::WindowScale),
        (given.sack, Capability::Sack),
        (given.timestamps, Capability::Timestamps),
        (given.sent > 0 || given.unacked > 0, Capability::Send),
        (!given.socket_options.is_empty() || given.backlog.is_some(), Capability::SetOption),
        (given.state == State::CloseWait, Capability::HoldOpen),
    ];
    let needed = needed.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, capability)| capability);
    needed.chain(opening).collect()
}

impl Capability {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(_, capability)| *capability)
    }
}

impl Word for Capability {
    const KIND: &'static str = "a capability";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("listen", Self::Listen),
        ("accept", Self::Accept),
        ("connect", Self::Connect),
        ("send", Self::Send),
        ("receive", Self::Receive),
        ("shutdown", Self::Shutdown),
        ("close", Self::Close),
        ("abort", Self::Abort),
        ("kill", Self::Kill),
        ("set-option", Self::SetOption),
        ("hold-open", Self::HoldOpen),
        ("echo", Self::Echo),
        ("discard", Self::Discard),
        ("daytime", Self::Daytime),
        ("http", Self::Http),
        ("closed", Self::Closed),
        ("challenge-ack", Self::ChallengeAck),
        ("delayed-ack", Self::DelayedAck),
        ("dsack", Self::Dsack),
        ("ecn", Self::Ecn),
        ("fast-open", Self::FastOpen),
        ("half-duplex-close", Self::HalfDuplexClose),
        ("keep-alive", Self::KeepAlive),
        ("limited-transmit", Self::LimitedTransmit),
        ("nagle", Self::Nagle),
        ("path-mtu-discovery", Self::PathMtuDiscovery),
        ("rack-tlp", Self::RackTlp),
        ("sack", Self::Sack),
        ("syn-cookies", Self::SynCookies),
        ("time-wait-reuse", Self::TimeWaitReuse),
        ("timestamps", Self::Timestamps),
        ("urgent", Self::Urgent),
        ("user-timeout", Self::UserTimeout),
        ("window-scale", Self::WindowScale),
    ];
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Capability {
    type Err = NotACapability;

    fn from_str(text: &str) -> Result<Self, NotACapability> {
        Self::from_word(text).ok_or_else(|| NotACapability(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::FEATURES;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_feature_of_a_profile_is_a_capability() {
        let unknown: Vec<_> =
            FEATURES.iter().filter(|(name, _)| name.parse::<Capability>().is_err()).collect();
        assert_eq!(unknown, Vec::<&(&str, &str)>::new());
    }

    #[test]
    fn every_capability_reads_back() {
        assert_eq!(Capability::all().count(), 34);
        for capability in Capability::all() {
            assert_eq!(capability.to_string().parse(), Ok(capability));
        }
    }
}
