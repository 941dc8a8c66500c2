//! Frames in and out of the bench, stamped by the kernel, with nothing lost unnoticed.
//!
//! A [`Link`] moves whole IP packets. [`EthernetLink`] is the real one: a packet socket with a
//! receive ring, an Ethernet header, and answers to ARP and neighbour discovery for the bench's
//! virtual hosts.

mod clock;
mod ethernet;
mod filter;
mod frame;
mod hosts;
mod interface;
mod neighbour;
mod packet_socket;
pub(crate) mod sys;

pub use ethernet::{EthernetLink, LinkOptions};
pub use hosts::{Family, Hosts, MacPolicy};
pub use interface::Interface;
pub use packet_socket::{PacketSocket, RING_BYTES, Ring};
pub use pnet::util::MacAddr;

use nix::errno::Errno;
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;
use tcpspec_core::time::{Span, Time};

/// Whole IP packets to and from the target.
pub trait Link {
    /// Sends one IP packet; the link header is added here.
    ///
    /// # Errors
    /// A packet that the link refuses: longer than its MTU, not IP, no buffer even after waiting.
    /// Nothing is ever dropped silently on this side.
    fn send(&mut self, packet: &[u8]) -> Result<(), LinkError>;

    /// Hands over every IP packet for the bench's hosts that has arrived, oldest first, each with
    /// the moment at which it arrived. Never waits.
    ///
    /// # Errors
    /// An answer to ARP or neighbour discovery that could not be sent.
    fn receive(&mut self, each: &mut dyn FnMut(Time, &[u8])) -> Result<(), LinkError>;

    /// What to poll for readability while waiting; `None` where there is nothing to wait for
    /// (virtual time).
    fn poll_fd(&self) -> Option<BorrowedFd<'_>>;

    /// What has happened on this link since it was opened.
    ///
    /// # Errors
    /// The kernel does not tell, or the interface has gone down.
    fn counters(&mut self) -> Result<Counters, LinkError>;
}

/// What has happened on a link since it was opened. Anything but `received` and `foreign` above
/// zero means that a verdict of that time cannot be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// IP packets handed over.
    pub received: u64,
    /// Frames that the kernel could not store because the receive ring was full.
    pub dropped: u64,
    /// Frames longer than a slot of the ring, not handed over.
    pub truncated: u64,
    /// Packets handed over whose checksum the sender left to hardware: an offload is still on.
    pub unfinished_checksums: u64,
    /// Times that the wall clock, in which frames are stamped, was set.
    pub clock_steps: u64,
    /// Frames for somebody else, skipped.
    pub foreign: u64,
}

/// Why a link cannot be opened or does not carry a packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No interface of that name.
    #[error("there is no interface {name:?} here; there are: {}", present.join(", "))]
    NoInterface {
        /// The name asked for.
        name: String,
        /// The names that exist.
        present: Vec<String>,
    },
    /// The interface does not carry Ethernet frames.
    #[error("interface {name} is not Ethernet (hardware type {kind}), and the bench speaks only Ethernet")]
    NotEthernet {
        /// The interface.
        name: String,
        /// Its ARPHRD_* number.
        kind: u16,
    },
    /// A packet socket needs a right that this process does not have.
    #[error(
        "opening a packet socket was refused ({errno}): it needs CAP_NET_RAW; run as root, or give the \
         binary the right with `setcap cap_net_raw,cap_net_admin+ep`"
    )]
    NotPermitted {
        /// What the kernel said.
        errno: Errno,
    },
    /// The kernel refused a step of opening the link.
    #[error("the packet socket is not usable: {step} failed ({errno})")]
    Setup {
        /// The step, as a phrase.
        step: &'static str,
        /// What the kernel said.
        errno: Errno,
    },
    /// Not even the smallest receive ring was granted.
    #[error("the kernel refused a receive ring of even {octets} octets ({errno}); free some memory")]
    NoRing {
        /// Size of the smallest ring tried.
        octets: usize,
        /// What the kernel said.
        errno: Errno,
    },
    /// The interface is down or was removed.
    #[error("interface {name} is down")]
    Down {
        /// The interface.
        name: String,
    },
    /// Longer than the link carries.
    #[error("a packet of {length} octets does not fit interface {name}, whose MTU is {mtu}")]
    TooLong {
        /// Octets of the packet.
        length: usize,
        /// The interface.
        name: String,
        /// Its MTU in octets.
        mtu: usize,
    },
    /// Neither IPv4 nor IPv6 by its first octet.
    #[error("not an IP packet: {}", first.map_or("it is empty".to_owned(), |octet| format!("it begins with {octet:#04x}")))]
    NotIp {
        /// First octet, if there is one.
        first: Option<u8>,
    },
    /// The kernel had no buffer, and waiting did not help.
    #[error("the kernel had no buffer for a frame on {name} in {attempts} attempts over {}: the interface is congested", Span(*waited))]
    NoBuffer {
        /// The interface.
        name: String,
        /// Attempts made.
        attempts: u32,
        /// Time spent on them.
        waited: Duration,
    },
    /// Nobody has said where packets of that family go.
    #[error("no next hop is known for {family} packets")]
    NoNextHop {
        /// The family.
        family: Family,
    },
    /// Neither ARP nor neighbour discovery found the next hop.
    #[error("{address} did not answer {} within {}: is it switched on, and on the same link as {name}?",
        match Family::of(*address) { Family::V4 => "ARP", Family::V6 => "neighbour discovery" }, Span(*waited))]
    Unresolved {
        /// Address asked for.
        address: IpAddr,
        /// Interface asked on.
        name: String,
        /// Time waited.
        waited: Duration,
    },
    /// Source and destination of a question are of two families.
    #[error("{from} cannot ask for {address}: one is IPv4, the other IPv6")]
    MixedFamilies {
        /// Address asked for.
        address: IpAddr,
        /// Address asking.
        from: IpAddr,
    },
    /// Any other refusal on an open link.
    #[error("{doing} failed on {name} ({errno})")]
    Io {
        /// What was being done, as a phrase.
        doing: &'static str,
        /// The interface.
        name: String,
        /// What the kernel said.
        errno: Errno,
    },
}
