//! The first contact with a target: does a port answer a SYN?

use super::device_bench::DeviceError;
use crate::link::{Link, LinkError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tcpspec_core::profile::Services;
use tcpspec_core::segment::{Endpoint, Flags, Packet, Segment, TcpOption, decode, encode_segment};
use tcpspec_core::seq::SeqNum;
use tcpspec_core::time::Time;

/// What a SYN drew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A SYN ACK, so long after it by the kernel's stamp.
    Open(Duration),
    /// A RST, so long after it.
    Refused(Duration),
    /// Nothing, however often it was sent.
    Nothing,
}

/// How often a SYN is sent, and how long each is waited for.
pub(crate) const ATTEMPTS: u16 = 3;
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Opens and resets one connection with every service, one after another.
///
/// # Errors
/// The first that does not answer, or refuses.
pub(super) fn greet(
    link: &mut dyn Link,
    bench: Endpoint,
    target: IpAddr,
    services: &Services,
) -> Result<(), DeviceError> {
    for (number, (service, port)) in (0..).zip(served(services)) {
        let bench = Endpoint::new(bench.ip(), bench.port() + number * ATTEMPTS);
        match knock(link, bench, Endpoint::new(target, port), ATTEMPTS)? {
            Answer::Open(_) => {}
            Answer::Refused(_) => return Err(DeviceError::Refused { target, service, port }),
            Answer::Nothing => {
                let waited = PATIENCE * u32::from(ATTEMPTS);
                return Err(DeviceError::Silent { target, service, port, waited });
            }
        }
    }
    Ok(())
}

/// The services that a device has, with their ports.
pub(crate) fn served(services: &Services) -> impl Iterator<Item = (&'static str, u16)> {
    let named = [
        ("echo", services.echo),
        ("discard", services.discard),
        ("daytime", services.daytime),
        ("http", services.http),
    ];
    named.into_iter().filter_map(|(name, port)| Some((name, port?)))
}

/// Ports of the bench that [`greet`] uses at most, and a closed port besides.
pub(super) const PORTS: u32 = 5 * ATTEMPTS as u32;

/// Sends up to `attempts` SYNs to `target`, each from a port of its own, from that of `bench` on, and
/// resets the connection that one of them opens.
///
/// # Errors
/// A packet does not leave.
pub(crate) fn knock(
    link: &mut dyn Link,
    bench: Endpoint,
    target: Endpoint,
    attempts: u16,
) -> Result<Answer, LinkError> {
    for attempt in 0..attempts {
        let bench = Endpoint::new(bench.ip(), bench.port() + attempt);
        let seq = SeqNum(u32::from(bench.port()) << 16 | u32::from(target.port()));
        let mss = if bench.is_ipv6() { 1440 } else { 1460 };
        let syn = Segment {
            flags: Flags::SYN,
            seq,
            options: vec![TcpOption::MaximumSegmentSize(mss)],
            ..Segment::between(bench, target)
        };
        let sent = crate::clock::monotonic();
        link.send(&encode_segment(&syn))?;
        let Some((stamp, answer)) = await_answer(link, bench, target)? else { continue };
        let after = stamp.since(sent);
        if answer.flags.contains(Flags::RST) {
            return Ok(Answer::Refused(after));
        }
        if answer.flags.contains(Flags::SYN | Flags::ACK) {
            let rst = Segment { flags: Flags::RST, seq: answer.ack, ..Segment::between(bench, target) };
            link.send(&encode_segment(&rst))?;
            return Ok(Answer::Open(after));
        }
    }
    Ok(Answer::Nothing)
}

fn await_answer(
    link: &mut dyn Link,
    bench: Endpoint,
    target: Endpoint,
) -> Result<Option<(Time, Segment)>, LinkError> {
    let start = Instant::now();
    let mut found = None;
    while found.is_none() && start.elapsed() < PATIENCE {
        if let Some(descriptor) = link.poll_fd() {
            let rest = PATIENCE.saturating_sub(start.elapsed()).as_millis() + 1;
            let timeout = PollTimeout::try_from(rest).unwrap_or(PollTimeout::MAX);
            // Interrupted: the loop looks again.
            let _ = poll(&mut [PollFd::new(descriptor, PollFlags::POLLIN)], timeout);
        }
        link.receive(&mut |stamp, octets| {
            if let Ok(Packet::Tcp(received)) = decode(octets)
                && (received.segment.source(), received.segment.destination()) == (target, bench)
            {
                found.get_or_insert((stamp, received.segment));
            }
        })?;
    }
    Ok(found)
}
