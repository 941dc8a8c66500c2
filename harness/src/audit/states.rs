//! The TCP connections of this machine by state.

use super::sockets::{TcpSocket, read_sockets};
use super::{AuditError, CloseWaitHolders, Format};
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use tcpspec_core::state::State;

/// How many connections are in each state, and who holds those in CLOSE-WAIT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatesReport {
    /// All eleven states, in the RFC's order.
    pub states: Vec<StateCount>,
    /// Of all states together.
    pub total: Total,
    /// Who holds what the peer has closed.
    pub close_wait: CloseWaitHolders,
}

/// One state. An IPv4 connection of an IPv6 socket counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// Which.
    #[serde(serialize_with = "name")]
    pub state: State,
    /// Connections over IPv4.
    pub ipv4: usize,
    /// Connections over IPv6.
    pub ipv6: usize,
}

/// The sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Connections over IPv4.
    pub ipv4: usize,
    /// Connections over IPv6.
    pub ipv6: usize,
}

/// Counts the connections of this machine (of this network namespace) and writes what was found.
///
/// # Errors
/// [`AuditError`]; nothing is written then.
pub fn states(format: Format, out: &mut dyn Write) -> Result<(), AuditError> {
    let report = StatesReport::of(&read_sockets()?)?;
    match format {
        Format::Text => report.write_text(out)?,
        Format::Json => {
            serde_json::to_writer(&mut *out, &report).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

impl StatesReport {
    fn of(sockets: &[TcpSocket]) -> Result<Self, AuditError> {
        let count = |wanted: Option<State>, ipv4: bool| {
            let of_family = sockets.iter().filter(|socket| socket.local.is_ipv4() == ipv4);
            of_family.filter(|socket| wanted.is_none_or(|state| socket.state == state)).count()
        };
        let states = State::ALL
            .into_iter()
            .map(|state| StateCount {
                state,
                ipv4: count(Some(state), true),
                ipv6: count(Some(state), false),
            })
            .collect();
        let total = Total { ipv4: count(None, true), ipv6: count(None, false) };
        Ok(Self { states, total, close_wait: CloseWaitHolders::find(sockets)? })
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{:<12} {:>8} {:>8}", "state", "IPv4", "IPv6")?;
        for StateCount { state, ipv4, ipv6 } in &self.states {
            writeln!(out, "{state:<12} {ipv4:>8} {ipv6:>8}")?;
        }
        writeln!(out, "{:<12} {:>8} {:>8}", "total", self.total.ipv4, self.total.ipv6)?;
        self.close_wait.write_text(out)
    }
}

fn name<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn socket(local: &str, state: State) -> TcpSocket {
        TcpSocket { local: local.parse().unwrap(), remote: "0.0.0.0:0".parse().unwrap(), state, inode: 0 }
    }

    #[test]
    fn every_state_has_its_row_and_every_family_its_column() {
        let sockets = [
            socket("192.0.2.1:80", State::Listen),
            socket("192.0.2.1:80", State::CloseWait),
            socket("192.0.2.1:81", State::CloseWait),
            socket("[2001:db8::1]:80", State::TimeWait),
        ];
        let mut out = Vec::new();
        StatesReport::of(&sockets).unwrap().write_text(&mut out).unwrap();
        let want = "\
state            IPv4     IPv6
LISTEN              1        0
SYN-SENT            0        0
SYN-RECEIVED        0        0
ESTABLISHED         0        0
FIN-WAIT-1          0        0
FIN-WAIT-2          0        0
CLOSE-WAIT          2        0
CLOSING             0        0
LAST-ACK            0        0
TIME-WAIT           0        1
CLOSED              0        0
total               3        1

Held in CLOSE-WAIT on this machine (closed by the peer, not by the application):
      2 wait in a listener's queue: no process has accepted
";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
