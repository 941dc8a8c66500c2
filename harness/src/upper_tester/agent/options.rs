//! The options that a case can set, as the kernel takes them.

use super::socket::outcome_of;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage, getsockname, setsockopt, sockopt};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;
use tcpspec_core::app::{AppOutcome, SocketOption};

/// Sets an option; a value that the interface cannot express is the bench's fault.
pub(super) fn set_option(fd: &impl AsFd, option: SocketOption) -> Result<(), AppOutcome> {
    match option {
        SocketOption::NoDelay(on) => setsockopt(fd, sockopt::TcpNoDelay, &on),
        SocketOption::KeepAlive(on) => setsockopt(fd, sockopt::KeepAlive, &on),
        SocketOption::KeepAliveIdle(idle) => setsockopt(fd, sockopt::TcpKeepIdle, &whole_seconds(idle)?),
        SocketOption::KeepAliveInterval(interval) => {
            setsockopt(fd, sockopt::TcpKeepInterval, &whole_seconds(interval)?)
        }
        SocketOption::KeepAliveCount(count) => setsockopt(fd, sockopt::TcpKeepCount, &count),
        SocketOption::UserTimeout(timeout) => {
            setsockopt(fd, sockopt::TcpUserTimeout, &whole_milliseconds(timeout)?)
        }
        SocketOption::ReceiveBuffer(octets) => setsockopt(fd, sockopt::RcvBuf, &(octets as usize)),
        SocketOption::SendBuffer(octets) => setsockopt(fd, sockopt::SndBuf, &(octets as usize)),
        SocketOption::MaximumSegment(octets) => setsockopt(fd, sockopt::TcpMaxSeg, &octets),
        SocketOption::UrgentInline(on) => setsockopt(fd, sockopt::OobInline, &on),
        SocketOption::TimeToLive(hops) => is_ipv6(fd).and_then(|v6| match v6 {
            true => setsockopt(fd, sockopt::Ipv6Ttl, &i32::from(hops)),
            false => setsockopt(fd, sockopt::Ipv4Ttl, &i32::from(hops)),
        }),
        SocketOption::TypeOfService(octet) => is_ipv6(fd).and_then(|v6| match v6 {
            true => setsockopt(fd, sockopt::Ipv6TClass, &i32::from(octet)),
            false => setsockopt(fd, sockopt::Ipv4Tos, &i32::from(octet)),
        }),
        SocketOption::ErrorReports(on) => is_ipv6(fd).and_then(|v6| match v6 {
            true => setsockopt(fd, sockopt::Ipv6RecvErr, &on),
            false => setsockopt(fd, sockopt::Ipv4RecvErr, &on),
        }),
    }
    .map_err(outcome_of)
}

fn is_ipv6(fd: &impl AsFd) -> Result<bool, Errno> {
    let own: SockaddrStorage = getsockname(fd.as_fd().as_raw_fd())?;
    Ok(own.family() == Some(AddressFamily::Inet6))
}

fn whole_seconds(span: Duration) -> Result<u32, AppOutcome> {
    match u32::try_from(span.as_secs()) {
        Ok(seconds) if span.subsec_nanos() == 0 => Ok(seconds),
        _ => Err(AppOutcome::Broken(format!("{span:?} is not a whole number of seconds"))),
    }
}

fn whole_milliseconds(span: Duration) -> Result<u32, AppOutcome> {
    match u32::try_from(span.as_millis()) {
        Ok(millis) if span.subsec_nanos().is_multiple_of(1_000_000) => Ok(millis),
        _ => Err(AppOutcome::Broken(format!("{span:?} is not a whole number of milliseconds"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::getsockopt;
    use pretty_assertions::assert_eq;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn every_option_reaches_the_kernel() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        for option in [
            SocketOption::NoDelay(true),
            SocketOption::KeepAlive(true),
            SocketOption::KeepAliveIdle(Duration::from_secs(11)),
            SocketOption::KeepAliveInterval(Duration::from_secs(12)),
            SocketOption::KeepAliveCount(13),
            SocketOption::UserTimeout(Duration::from_millis(1400)),
            SocketOption::ReceiveBuffer(15_000),
            SocketOption::SendBuffer(16_000),
            SocketOption::MaximumSegment(170),
            SocketOption::UrgentInline(true),
            SocketOption::TimeToLive(33),
            SocketOption::TypeOfService(0xb8),
            SocketOption::ErrorReports(true),
        ] {
            assert_eq!((option, set_option(&socket, option)), (option, Ok(())));
        }
        assert!(getsockopt(&socket, sockopt::TcpNoDelay).unwrap());
        assert!(getsockopt(&socket, sockopt::KeepAlive).unwrap());
        assert_eq!(getsockopt(&socket, sockopt::TcpKeepIdle).unwrap(), 11);
        assert_eq!(getsockopt(&socket, sockopt::TcpKeepInterval).unwrap(), 12);
        assert_eq!(getsockopt(&socket, sockopt::TcpKeepCount).unwrap(), 13);
        assert_eq!(getsockopt(&socket, sockopt::TcpUserTimeout).unwrap(), 1400);
        // socket(7): the kernel doubles buffers, for its own bookkeeping.
        assert_eq!(getsockopt(&socket, sockopt::RcvBuf).unwrap(), 30_000);
        assert_eq!(getsockopt(&socket, sockopt::SndBuf).unwrap(), 32_000);
        assert!(getsockopt(&socket, sockopt::OobInline).unwrap());
        assert_eq!(getsockopt(&socket, sockopt::Ipv4Ttl).unwrap(), 33);
        assert_eq!(getsockopt(&socket, sockopt::Ipv4Tos).unwrap(), 0xb8);
        assert!(getsockopt(&socket, sockopt::Ipv4RecvErr).unwrap());
    }

    #[test]
    fn a_maximum_segment_set_before_listening_is_offered() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        set_option(&listener, SocketOption::MaximumSegment(536)).unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let effective = getsockopt(&socket, sockopt::TcpMaxSeg).unwrap();
        assert!((500..=536).contains(&effective), "{effective}");
    }

    #[test]
    fn a_value_that_the_kernel_cannot_express_is_not_rounded() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let seconds = SocketOption::KeepAliveIdle(Duration::from_millis(1500));
        let millis = SocketOption::UserTimeout(Duration::from_micros(1500));
        assert_eq!(
            [seconds, millis].map(|option| set_option(&listener, option)),
            [
                Err(AppOutcome::Broken("1.5s is not a whole number of seconds".to_owned())),
                Err(AppOutcome::Broken("1.5ms is not a whole number of milliseconds".to_owned())),
            ]
        );
    }
}
