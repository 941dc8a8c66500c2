//! The first contact with a device: does each of its ordinary services answer a SYN?

use super::device_bench::DeviceError;
use crate::link::{EthernetLink, Link};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tcpspec_core::profile::Services;
use tcpspec_core::segment::{Endpoint, Flags, Packet, Segment, TcpOption, decode, encode_segment};
use tcpspec_core::seq::SeqNum;

/// A SYN that came back.
enum Answer {
    Open,
    Refused,
    Nothing,
}

/// How often a SYN is sent, and how long each is waited for.
const ATTEMPTS: u16 = 3;
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens and resets one connection with every service, one after another.
///
/// # Errors
/// The first that does not answer, or refuses.
pub(super) fn greet(
    link: &mut EthernetLink,
    bench: Endpoint,
    target: IpAddr,
    services: &Services,
) -> Result<(), DeviceError> {
    let named = [
        ("echo", services.echo),
        ("discard", services.discard),
        ("daytime", services.daytime),
        ("http", services.http),
    ];
    let served = named.into_iter().filter_map(|(name, port)| Some((name, port?)));
    for (number, (service, port)) in (0..).zip(served) {
        let bench = Endpoint::new(bench.ip(), bench.port() + number * ATTEMPTS);
        match knock(link, bench, Endpoint::new(target, port))? {
            Answer::Open => {}
            Answer::Refused => return Err(DeviceError::Refused { target, service, port }),
            Answer::Nothing => {
                let waited = PATIENCE * u32::from(ATTEMPTS);
                return Err(DeviceError::Silent { target, service, port, waited });
            }
        }
    }
    Ok(())
}

/// Ports of the bench that [`greet`] uses at most.
pub(super) const PORTS: u32 = 4 * ATTEMPTS as u32;

fn knock(link: &mut EthernetLink, bench: Endpoint, target: Endpoint) -> Result<Answer, DeviceError> {
    for attempt in 0..ATTEMPTS {
        let bench = Endpoint::new(bench.ip(), bench.port() + attempt);
        let seq = SeqNum(u32::from(bench.port()) << 16 | u32::from(target.port()));
        let mss = if bench.is_ipv6() { 1440 } else { 1460 };
        let syn = Segment {
            flags: Flags::SYN,
            seq,
            options: vec![TcpOption::MaximumSegmentSize(mss)],
            ..Segment::between(bench, target)
        };
        link.send(&encode_segment(&syn))?;
        let Some(answer) = await_answer(link, bench, target)? else { continue };
        if answer.flags.contains(Flags::RST) {
            return Ok(Answer::Refused);
        }
        if answer.flags.contains(Flags::SYN | Flags::ACK) {
            let rst = Segment { flags: Flags::RST, seq: answer.ack, ..Segment::between(bench, target) };
            link.send(&encode_segment(&rst))?;
            return Ok(Answer::Open);
        }
    }
    Ok(Answer::Nothing)
}

fn await_answer(
    link: &mut EthernetLink,
    bench: Endpoint,
    target: Endpoint,
) -> Result<Option<Segment>, DeviceError> {
    let start = Instant::now();
    let mut found = None;
    while found.is_none() && start.elapsed() < PATIENCE {
        if let Some(descriptor) = link.poll_fd() {
            let rest = PATIENCE.saturating_sub(start.elapsed()).as_millis() + 1;
            let timeout = PollTimeout::try_from(rest).unwrap_or(PollTimeout::MAX);
            // Interrupted: the loop looks again.
            let _ = poll(&mut [PollFd::new(descriptor, PollFlags::POLLIN)], timeout);
        }
        link.receive(&mut |_, octets| {
            if let Ok(Packet::Tcp(received)) = decode(octets)
                && (received.segment.source(), received.segment.destination()) == (target, bench)
            {
                found.get_or_insert(received.segment);
            }
        })?;
    }
    Ok(found)
}
