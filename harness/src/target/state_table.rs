//! The target's own table of TCP sockets, over sock_diag: a witness that disturbs nothing.

use super::netlink::serialize;
use crate::link::Family;
use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer, Parseable, parse_i32,
};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr as NetlinkAddr};
use nix::errno::Errno;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tcpspec_core::state::State;

/// A window onto the TCP sockets of one network namespace.
pub struct StateTable {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

/// What the table says about one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketState {
    /// Its state.
    pub state: State,
    /// Time until its timer fires (retransmission, keep-alive, probe, the end of TIME-WAIT), if one
    /// runs.
    pub expires: Option<Duration>,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketEntry {
    /// The target's address and port.
    pub local: SocketAddr,
    /// The peer's; unspecified with port 0 for a listener.
    pub remote: SocketAddr,
    /// Its state.
    pub state: State,
    /// Time until its timer fires, if one runs.
    pub expires: Option<Duration>,
    /// Inode of the socket; 0 where no process has it (SYN-RECEIVED, TIME-WAIT).
    pub inode: u32,
    /// User who owns it.
    pub uid: u32,
    /// Octets not yet read by the application; for a listener connections not yet accepted.
    pub receive_queue: u32,
    /// Octets not yet acknowledged by the peer; for a listener the length of its queue.
    pub send_queue: u32,
}

impl StateTable {
    /// Opens the table of the network namespace in which the calling thread is; it stays with that
    /// namespace wherever it is moved.
    ///
    /// # Errors
    /// The kernel has no sock_diag.
    pub fn open() -> Result<Self, StateTableError> {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG).map_err(|error| StateTableError::new(&error))?;
        socket.bind_auto().map_err(|error| StateTableError::new(&error))?;
        socket.connect(&NetlinkAddr::new(0, 0)).map_err(|error| StateTableError::new(&error))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER) })
    }

    /// The state of the connection between exactly these two, or `None` if there is none. A
    /// listener that would take such a connection is not one.
    ///
    /// # Errors
    /// The kernel does not answer, or the two are of different families.
    pub fn lookup(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Option<SocketState>, StateTableError> {
        let entry = self.find(local, remote)?;
        // For want of a connection the kernel falls through to the listener.
        let exact = entry
            .filter(|entry| entry.state != State::Listen && (entry.local, entry.remote) == (local, remote));
        Ok(exact.map(|entry| SocketState { state: entry.state, expires: entry.expires }))
    }

    /// The listener that takes connections to `local`, be it bound to that address or to all.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn listening(&mut self, local: SocketAddr) -> Result<Option<SocketEntry>, StateTableError> {
        let nobody = match local.ip() {
            IpAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            IpAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let entry = self.find(local, nobody)?;
        Ok(entry.filter(|entry| entry.state == State::Listen && entry.local.port() == local.port()))
    }

    /// Every TCP socket of one family. A listener for both families is an IPv6 one.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn dump(&mut self, family: Family) -> Result<Vec<SocketEntry>, StateTableError> {
        let id = match family {
            Family::V4 => SocketId::new_v4(),
            Family::V6 => SocketId::new_v6(),
        };
        self.ask(id, NLM_F_REQUEST | NLM_F_DUMP)?;
        let mut entries = Vec::new();
        while self.read_datagram(|entry| entries.push(entry))? == More::Follows {}
        Ok(entries)
    }

    fn find(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Option<SocketEntry>, StateTableError> {
        if local.is_ipv4() != remote.is_ipv4() {
            return Err(StateTableError::MixedFamilies { local, remote });
        }
        let id = SocketId {
            source_port: local.port(),
            destination_port: remote.port(),
            source_address: local.ip(),
            destination_address: remote.ip(),
            interface_id: 0,
            // Any socket will do: INET_DIAG_NOCOOKIE.
            cookie: [0xff; 8],
        };
        self.ask(id, NLM_F_REQUEST)?;
        let mut found = None;
        match self.read_datagram(|entry| found = Some(entry)) {
            Err(StateTableError::Kernel(Errno::ENOENT)) => Ok(None),
            Err(error) => Err(error),
            Ok(_) => Ok(found),
        }
    }

    fn ask(&mut self, socket_id: SocketId, flags: u16) -> Result<(), StateTableError> {
        self.sequence = self.sequence.wrapping_add(1);
        let family = if socket_id.source_address.is_ipv4() { AF_INET } else { AF_INET6 };
        let request = SockDiagMessage::InetRequest(InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            // Bit 12 is NEW-SYN-RECV, Linux's embryonic SYN-RECEIVED, which the type does not name.
            states: StateFlags::from_bits_retain(u32::MAX),
            socket_id,
        });
        let request = serialize(request, flags, self.sequence);
        self.socket.send(&request, 0).map_err(|error| StateTableError::new(&error)).map(drop)
    }

    /// Reads one datagram that answers the last question, and says whether more will come.
    fn read_datagram(&mut self, mut each: impl FnMut(SocketEntry)) -> Result<More, StateTableError> {
        loop {
            self.buffer.clear();
            self.socket.recv(&mut self.buffer, 0).map_err(|error| StateTableError::new(&error))?;
            let mut rest = &self.buffer[..];
            let mut more = More::Follows;
            let mut ours = false;
            while !rest.is_empty() {
                let message = NetlinkBuffer::new_checked(rest).map_err(|_| StateTableError::Garbled)?;
                let length = message.length() as usize;
                // Answers to a question given up earlier are passed over.
                if message.sequence_number() == self.sequence {
                    ours = true;
                    match message.message_type() {
                        NLMSG_DONE => more = More::Nothing,
                        NLMSG_ERROR => return Err(refusal(message.payload())),
                        _ => each(entry(message.payload())?),
                    }
                }
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            }
            if ours {
                return Ok(more);
            }
        }
    }
}

impl fmt::Debug for StateTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateTable").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// The socket table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateTableError {
    /// The kernel refuses.
    #[error("the target's socket table cannot be read ({0}): the kernel needs CONFIG_INET_TCP_DIAG")]
    Kernel(Errno),
    /// The answer is not what the kernel's headers say.
    #[error("the kernel's answer about a socket cannot be understood")]
    Garbled,
    /// The two ends of one connection cannot be of two families.
    #[error("there is no connection between {local} and {remote}: one is IPv4, the other IPv6")]
    MixedFamilies {
        /// The target's end.
        local: SocketAddr,
        /// The other end.
        remote: SocketAddr,
    },
}

impl StateTableError {
    fn new(error: &io::Error) -> Self {
        Self::Kernel(Errno::from_raw(error.raw_os_error().unwrap_or_default()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Follows,
    Nothing,
}

/// Reads a `struct inet_diag_msg`.
fn entry(payload: &[u8]) -> Result<SocketEntry, StateTableError> {
    let header = InetResponseHeader::parse(payload).map_err(|_| StateTableError::Garbled)?;
    let id = header.socket_id;
    Ok(SocketEntry {
        // An IPv6 socket that serves IPv4 peers shows them as ::ffff:a.b.c.d.
        local: SocketAddr::new(id.source_address.to_canonical(), id.source_port),
        remote: SocketAddr::new(id.destination_address.to_canonical(), id.destination_port),
        state: state(header.state).ok_or(StateTableError::Garbled)?,
        // Read here, because the header's own `timer` leaves out how long TIME-WAIT still lasts.
        expires: payload.get(EXPIRES).zip(header.timer).and_then(|(octets, _)| {
            let milliseconds = u32::from_ne_bytes(octets.try_into().ok()?);
            Some(Duration::from_millis(milliseconds.into()))
        }),
        inode: header.inode,
        uid: header.uid,
        receive_queue: header.recv_queue,
        send_queue: header.send_queue,
    })
}

fn refusal(payload: &[u8]) -> StateTableError {
    let code = payload.get(..4).and_then(|octets| parse_i32(octets).ok());
    code.map_or(StateTableError::Garbled, |code| {
        StateTableError::Kernel(Errno::from_raw(code.saturating_neg()))
    })
}

/// The kernel's numbers (net/tcp_states.h). FIN-WAIT-2 without an owner lives on in the same short
/// form as TIME-WAIT, but is shown under its own number.
fn state(number: u8) -> Option<State> {
    Some(match number {
        1 => State::Established,
        2 => State::SynSent,
        // 12 is NEW-SYN-RECV: a SYN answered, for which no full socket exists yet.
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        7 => State::Closed,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => return None,
    })
}

/// Where `idiag_expires` lies in a `struct inet_diag_msg`.
const EXPIRES: std::ops::Range<usize> = 52..56;
/// The kernel fills datagrams of at most this size.
const BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    /// TIME-WAIT between 192.0.2.1:80 and 198.18.0.1:4000, 59,321 ms to go.
    fn message() -> Vec<u8> {
        let mut octets = vec![AF_INET, 6, 3, 0];
        octets.extend(80_u16.to_be_bytes());
        octets.extend(4000_u16.to_be_bytes());
        octets.extend([192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        octets.extend([198, 18, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        octets.extend([0; 12]);
        for number in [59_321_u32, 7, 9, 1000, 42] {
            octets.extend(number.to_ne_bytes());
        }
        octets
    }

    #[test]
    fn time_wait_tells_how_long_it_still_lasts() {
        assert_eq!(
            entry(&message()),
            Ok(SocketEntry {
                local: SocketAddr::from(([192, 0, 2, 1], 80)),
                remote: SocketAddr::from(([198, 18, 0, 1], 4000)),
                state: State::TimeWait,
                expires: Some(Duration::from_millis(59_321)),
                inode: 42,
                uid: 1000,
                receive_queue: 7,
                send_queue: 9,
            })
        );
    }

    #[test]
    fn socket_without_a_timer_expires_never() {
        let mut octets = message();
        octets[2] = 0;
        assert_eq!(entry(&octets).map(|entry| entry.expires), Ok(None));
    }

    #[test]
    fn short_or_unknown_answers_are_garbled() {
        let mut unknown = message();
        unknown[1] = 77;
        let whole = message();
        let errors = [&unknown[..], &whole[..71], &[]].map(entry);
        assert_eq!(
            errors,
            [Err(StateTableError::Garbled), Err(StateTableError::Garbled), Err(StateTableError::Garbled)]
        );
    }

    #[test]
    fn every_state_has_its_standard_name() {
        let names: Vec<String> = (1..=12).filter_map(state).map(|state| state.to_string()).collect();
        assert_eq!(
            names,
            [
                "ESTABLISHED",
                "SYN-SENT",
                "SYN-RECEIVED",
                "FIN-WAIT-1",
                "FIN-WAIT-2",
                "TIME-WAIT",
                "CLOSED",
                "CLOSE-WAIT",
                "LAST-ACK",
                "LISTEN",
                "CLOSING",
                "SYN-RECEIVED",
            ]
        );
    }
}
