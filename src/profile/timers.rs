//! A target's timers, and the names that case expressions have for them.

use std::time::Duration;

/// Timers of a target. What a profile does not state is the RFC's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Maximum segment lifetime: half of what TIME-WAIT lasts.
    pub msl: Duration,
    /// Lower bound of the retransmission timeout.
    pub rto_min: Duration,
    /// Retransmission timeout before a round trip was measured.
    pub rto_initial: Duration,
    /// Upper bound of the retransmission timeout.
    pub rto_max: Duration,
    /// The longest that an acknowledgment is held back.
    pub delayed_ack: Duration,
    /// When it gives data up.
    pub r2: Duration,
    /// When it gives a SYN up.
    pub r2_syn: Duration,
    /// Idle time before the first keep-alive.
    pub keep_alive: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            msl: Duration::from_secs(120),             // RFC 9293 section 3.4.2
            rto_min: Duration::from_secs(1),           // RFC 6298 section 2.4
            rto_initial: Duration::from_secs(1),       // RFC 6298 section 2.1
            rto_max: Duration::from_secs(60),          // RFC 6298 section 2.5: at least
            delayed_ack: Duration::from_millis(500),   // RFC 9293 section 3.8.6.3: less than
            r2: Duration::from_secs(100),              // RFC 9293 section 3.8.3: at least
            r2_syn: Duration::from_secs(180),          // RFC 9293 section 3.8.3: at least
            keep_alive: Duration::from_secs(2 * 3600), // RFC 9293 section 3.8.4: at least
        }
    }
}

/// A timer's key in a profile, its name in case expressions, and its field.
pub(super) struct Timer {
    pub(super) key: &'static str,
    pub(super) variable: &'static str,
    pub(super) field: fn(&mut Timers) -> &mut Duration,
}

pub(super) const TIMERS: [Timer; 8] = [
    Timer { key: "msl", variable: "MSL", field: |timers| &mut timers.msl },
    Timer { key: "rto-min", variable: "RTO.MIN", field: |timers| &mut timers.rto_min },
    Timer { key: "rto-initial", variable: "RTO.INITIAL", field: |timers| &mut timers.rto_initial },
    Timer { key: "rto-max", variable: "RTO.MAX", field: |timers| &mut timers.rto_max },
    Timer { key: "delayed-ack", variable: "DELAYED-ACK", field: |timers| &mut timers.delayed_ack },
    Timer { key: "r2", variable: "R2", field: |timers| &mut timers.r2 },
    Timer { key: "r2-syn", variable: "R2.SYN", field: |timers| &mut timers.r2_syn },
    Timer { key: "keep-alive", variable: "KEEP-ALIVE", field: |timers| &mut timers.keep_alive },
];

impl Timers {
    /// The names that case expressions have for them.
    pub const VARIABLES: [&str; TIMERS.len()] = {
        let mut names = [""; TIMERS.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = TIMERS[at].variable;
            at += 1;
        }
        names
    };

    /// The timer of this name.
    #[must_use]
    pub fn variable(mut self, name: &str) -> Option<Duration> {
        let timer = TIMERS.iter().find(|timer| timer.variable == name)?;
        Some(*(timer.field)(&mut self))
    }
}
