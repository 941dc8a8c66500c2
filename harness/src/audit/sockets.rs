//! The kernel's table of TCP sockets: `/proc/net/tcp` and `/proc/net/tcp6` (proc(5)).

use super::{AuditError, unmapped};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tcpspec_core::state::State;

/// One socket of this machine (of this network namespace).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TcpSocket {
    /// Our end. An IPv4 connection of an IPv6 socket has IPv4 addresses here.
    pub(super) local: SocketAddr,
    /// The peer's end; all zero for a listener.
    pub(super) remote: SocketAddr,
    /// Its state.
    pub(super) state: State,
    /// Names the socket in `/proc/PID/fd`. 0: no process has a descriptor of it.
    pub(super) inode: u64,
}

/// A line that is not a socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} is not understood: {text:?}")]
pub struct BadLine {
    /// From 1; the heading is the first.
    pub number: usize,
    /// Its beginning.
    pub text: String,
}

/// All TCP sockets in the calling thread's network namespace.
///
/// # Errors
/// [`AuditError::Machine`] where the table cannot be read, [`AuditError::Table`] where it has
/// another form than Linux gives it.
pub(super) fn read_sockets() -> Result<Vec<TcpSocket>, AuditError> {
    let mut all = Vec::new();
    // Not /proc/net, which is about the process's first thread.
    for path in ["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"] {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            // A kernel without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound && path.ends_with('6') => continue,
            Err(error) => return Err(AuditError::Machine { what: path.to_owned(), error }),
        };
        all.extend(parse_sockets(&text).map_err(|line| AuditError::Table { path, line })?);
    }
    Ok(all)
}

/// Reads the text of either table.
///
/// # Errors
/// The first line that is not understood.
fn parse_sockets(text: &str) -> Result<Vec<TcpSocket>, BadLine> {
    let lines = text.lines().enumerate().skip(1);
    lines
        .map(|(index, line)| {
            parse_line(line)
                .ok_or_else(|| BadLine { number: index + 1, text: line.chars().take(100).collect() })
        })
        .collect()
}

/// `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …`
fn parse_line(line: &str) -> Option<TcpSocket> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = parse_address(fields.next()?)?;
    let remote = parse_address(fields.next()?)?;
    let state = parse_state(fields.next()?)?;
    let inode = fields.nth(5)?.parse().ok()?;
    Some(TcpSocket { local: unmapped(local), remote: unmapped(remote), state, inode })
}

/// `0100007F:1F90`: the address as 32-bit words in the byte order of the machine, the port as a number.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| hexadecimal(ip.get(at..at + 8)?).map(u32::to_ne_bytes);
    let ip = match ip.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(words.concat()).ok()?))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::try_from(hexadecimal(port)?).ok()?))
}

/// The kernel's numbers: include/net/tcp_states.h.
fn parse_state(text: &str) -> Option<State> {
    Some(match hexadecimal(text)? {
        1 => State::Established,
        2 => State::SynSent,
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

/// Digits only: `from_str_radix` would take a sign as well.
fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    const HEADING: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";

    fn parse(lines: &[&str]) -> Result<Vec<TcpSocket>, BadLine> {
        parse_sockets(&format!("{HEADING}\n{}\n", lines.join("\n")))
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn sockets_of_both_families_are_read() {
        let lines = [
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 57005 1 0000000000000000 100 0 0 10 0",
            "   1: 0100007F:1F90 0100007F:9C40 08 00000000:00000001 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1",
            " 123: 0100007F:9C40 0100007F:1F90 06 00000000:00000000 03:00000D3B 00000000     0        0 0 3 0000000000000000",
            "   0: 00000000000000000000000001000000:0050 B80D0120000000000000000001000000:9C40 01 00000000:00000000 00:00000000 00000000    33        0 48879 1",
            "   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:9C40 08 00000000:00000000 00:00000000 00000000    33        0 48880 1",
        ];
        let socket = |local, remote, state, inode| TcpSocket {
            local: address(local),
            remote: address(remote),
            state,
            inode,
        };
        assert_eq!(
            parse(&lines),
            Ok(vec![
                socket("127.0.0.1:8080", "0.0.0.0:0", State::Listen, 57_005),
                socket("127.0.0.1:8080", "127.0.0.1:40000", State::CloseWait, 0),
                socket("127.0.0.1:40000", "127.0.0.1:8080", State::TimeWait, 0),
                socket("[::1]:80", "[2001:db8::1]:40000", State::Established, 48_879),
                socket("127.0.0.1:8080", "127.0.0.1:40000", State::CloseWait, 48_880),
            ])
        );
    }

    #[test]
    fn the_eleven_states_have_the_numbers_of_the_kernel() {
        let read: Vec<_> = (1..=11).map(|number| parse_state(&format!("{number:02X}"))).collect();
        let mut states: Vec<_> = read.into_iter().map(Option::unwrap).collect();
        states.sort_unstable();
        let mut all = State::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(states, all);
        assert_eq!(["00", "0D", "FF", "", "+1"].map(parse_state), [None; 5]);
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let good = "0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 7";
        for bad in [
            "",
            "garbage",
            "0: 0100007F:1F90",
            "0: 0100007F 00000000:0000 0A 0:0 00:0 0 0 0 7",
            "0: 0100007:1F90 00000000:0000 0A 0:0 00:0 0 0 0 7",
            "0: 0100007F:11F90 00000000:0000 0A 0:0 00:0 0 0 0 7",
            "0: 0100007F:1F90 00000000:0000 0D 0:0 00:0 0 0 0 7",
            "0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 -7",
            "0: 0100007é:1F90 00000000:0000 0A 0:0 00:0 0 0 0 7",
        ] {
            assert_eq!(parse(&[good, bad]), Err(BadLine { number: 3, text: bad.to_owned() }));
        }
        assert_eq!(parse_sockets(""), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), field in "[0-9A-Fa-f:é ]{0,60}") {
            let _ = parse(&[&text, &field]);
            let _ = parse_line(&format!("0: {field} {field} 0A {text}"));
        }
    }

    #[test]
    fn the_table_of_this_machine_shows_a_listener_of_this_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let shown: Vec<_> =
            read_sockets().unwrap().into_iter().filter(|socket| socket.local == local).collect();
        let inode = shown.first().map_or(0, |socket| socket.inode);
        assert_eq!(shown, [TcpSocket { local, remote: address("0.0.0.0:0"), state: State::Listen, inode }]);
        assert!(inode > 0);
    }
}
