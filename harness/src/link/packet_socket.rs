//! Whole Ethernet frames through an AF_PACKET socket with a receive ring.

use super::sys::{self, RingMap, RingShape, SlotView};
use super::{Interface, LinkError};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, send, setsockopt, socket, sockopt,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

/// A packet socket with a receive ring and no interface yet. Allocating the ring takes the kernel
/// several milliseconds and needs no interface, so that it can be done beside other preparations.
#[derive(Debug)]
pub struct Ring {
    // Before the socket: the mapping goes first.
    map: RingMap,
    socket: OwnedFd,
}

impl Ring {
    /// Allocates a ring of about `octets` for frames on a link of that `mtu`, in the network namespace
    /// of the calling thread. Where memory is short the ring is smaller: ask [`Ring::octets`].
    ///
    /// # Errors
    /// No right to open packet sockets, or no memory for even the smallest ring.
    pub fn allocate(octets: usize, mtu: usize) -> Result<Self, LinkError> {
        // Protocol 0: nothing is received until the filter stands and an interface is bound, or
        // frames of other interfaces would slip in.
        let socket =
            socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).map_err(|errno| {
                match errno {
                    Errno::EPERM | Errno::EACCES => LinkError::NotPermitted { errno },
                    errno => LinkError::Setup { step: "opening it", errno },
                }
            })?;
        sys::prepare(socket.as_fd()).map_err(|(step, errno)| LinkError::Setup { step, errno })?;
        // Else a frame is stamped when the ring takes it, after having waited in the input queue.
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)
            .map_err(|errno| LinkError::Setup { step: "asking for early stamps", errno })?;

        let slot = (mtu + SLOT_OVERHEAD).next_power_of_two().max(SMALLEST_SLOT);
        let mut slots = (octets / slot).next_power_of_two().max(SMALLEST_RING / slot).max(2);
        loop {
            let shape = RingShape { slots, slot };
            match RingMap::new(socket.as_fd(), shape) {
                Ok(map) => return Ok(Self { map, socket }),
                Err(_) if shape.octets() > SMALLEST_RING && slots > 2 => slots /= 2,
                Err(errno) => return Err(LinkError::NoRing { octets: shape.octets(), errno }),
            }
        }
    }

    /// Size of the ring.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.map.shape().octets()
    }

    /// Frames that fit the ring.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.map.shape().slots
    }
}

/// A packet socket on one interface: receives only what comes in, sends whole frames.
#[derive(Debug)]
pub struct PacketSocket {
    ring: Ring,
    interface: Interface,
    dropped: u64,
}

impl PacketSocket {
    /// Begins to receive on `interface` the frames that `filter` lets through.
    ///
    /// # Errors
    /// The kernel refuses the filter or the interface.
    pub(super) fn bind(
        ring: Ring,
        interface: Interface,
        filter: &[libc::sock_filter],
    ) -> Result<Self, LinkError> {
        let mut bound = Self { ring, interface, dropped: 0 };
        bound.set_filter(filter)?;
        sys::bind(bound.ring.socket.as_fd(), bound.interface.index)
            .map_err(|errno| bound.io("binding", errno))?;
        Ok(bound)
    }

    /// Replaces the filter, at once for all frames that arrive from now on.
    ///
    /// # Errors
    /// The kernel refuses the filter.
    pub(super) fn set_filter(&mut self, filter: &[libc::sock_filter]) -> Result<(), LinkError> {
        sys::attach_filter(self.ring.socket.as_fd(), filter)
            .map_err(|errno| self.io("attaching the filter", errno))
    }

    /// Makes the interface take frames for MAC addresses other than its own.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn take_all_frames(&mut self) -> Result<(), LinkError> {
        sys::take_all_frames(self.ring.socket.as_fd(), self.interface.index)
            .map_err(|errno| self.io("taking frames for all addresses", errno))
    }

    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The receive ring, for its size.
    #[must_use]
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Sends one frame, header included. Where the kernel has no buffer it is tried again, with
    /// growing pauses, for a tenth of a second.
    ///
    /// # Errors
    /// The interface is down, or still no buffer.
    pub(super) fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        // Through the queueing discipline: PACKET_QDISC_BYPASS was no faster on a veth pair, and on a
        // real interface it drops what does not fit at once.
        let socket = self.ring.socket.as_raw_fd();
        let refusal = match patiently(PATIENCE, || send(socket, frame, MsgFlags::MSG_DONTWAIT)) {
            Ok(_) => return Ok(()),
            Err(refusal) => refusal,
        };
        Err(match refusal {
            Refusal { errno: Errno::ENETDOWN | Errno::ENXIO | Errno::ENODEV, .. } => self.down(),
            Refusal { errno, attempts, waited } if is_shortage(errno) => {
                LinkError::NoBuffer { name: self.interface.name.clone(), attempts, waited }
            }
            Refusal { errno, .. } => self.io("sending", errno),
        })
    }

    /// Shows the oldest frame to `see`; `None` where no frame has arrived. Never waits.
    pub(super) fn take<R>(&mut self, see: impl FnOnce(SlotView<'_>) -> R) -> Option<R> {
        self.ring.map.take(see)
    }

    /// Waits until a frame arrives, for up to `timeout`.
    ///
    /// # Errors
    /// The kernel refuses to wait.
    pub(super) fn wait(&mut self, timeout: Duration) -> Result<(), LinkError> {
        // Rounded up: a wait of less than a millisecond must not become a busy loop.
        let milliseconds = timeout.as_micros().div_ceil(1_000);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let mut polled = [PollFd::new(self.ring.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut polled, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(self.io("waiting for a frame", errno)),
        }
    }

    /// Frames dropped since the socket was bound because the ring was full.
    ///
    /// # Errors
    /// The interface has gone down since the last call, or the kernel does not tell.
    pub(super) fn dropped(&mut self) -> Result<u64, LinkError> {
        let socket = self.ring.socket.as_fd();
        self.dropped += sys::dropped_since_last_asked(socket)
            .map_err(|errno| self.io("reading the drop counter", errno))?;
        match getsockopt(&socket, sockopt::SocketError) {
            Ok(0) => Ok(self.dropped),
            Ok(error) if error == libc::ENETDOWN => Err(self.down()),
            Ok(error) => Err(self.io("receiving", Errno::from_raw(error))),
            Err(errno) => Err(self.io("reading the socket's state", errno)),
        }
    }

    fn down(&self) -> LinkError {
        LinkError::Down { name: self.interface.name.clone() }
    }

    fn io(&self, doing: &'static str, errno: Errno) -> LinkError {
        LinkError::Io { doing, name: self.interface.name.clone(), errno }
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.socket.as_fd()
    }
}

/// The last of several attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refusal {
    errno: Errno,
    attempts: u32,
    waited: Duration,
}

/// Repeats `attempt` while the kernel is short of memory for it, for up to `patience`.
fn patiently<T>(patience: Duration, mut attempt: impl FnMut() -> Result<T, Errno>) -> Result<T, Refusal> {
    let start = Instant::now();
    let (mut attempts, mut pause) = (0, FIRST_PAUSE);
    loop {
        attempts += 1;
        let errno = match attempt() {
            Ok(done) => return Ok(done),
            Err(errno) => errno,
        };
        let waited = start.elapsed();
        if errno != Errno::EINTR {
            if !is_shortage(errno) || waited >= patience {
                return Err(Refusal { errno, attempts, waited });
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }
}

/// Whether there may be room again in a moment.
fn is_shortage(errno: Errno) -> bool {
    matches!(errno, Errno::ENOBUFS | Errno::EAGAIN | Errno::ENOMEM)
}

/// Size of the receive ring: with slots for an MTU of 1,500 it holds a burst of 16,384 frames.
pub const RING_BYTES: usize = 32 << 20;
/// What a slot holds beside the IP packet: the ring's own header, the Ethernet header, a VLAN tag.
const SLOT_OVERHEAD: usize = 128;
const SMALLEST_SLOT: usize = 2048;
/// One page on most machines; the kernel grants memory only in whole pages.
const SMALLEST_RING: usize = 64 << 10;
/// Time for which a frame is tried again before the interface counts as congested.
const PATIENCE: Duration = Duration::from_millis(100);
const FIRST_PAUSE: Duration = Duration::from_micros(50);

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn shortage_that_passes_costs_attempts_only() {
        let mut answers = [Err(Errno::ENOBUFS), Err(Errno::EAGAIN), Err(Errno::EINTR), Ok(7)].into_iter();
        assert_eq!(patiently(PATIENCE, || answers.next().expect("four are enough")), Ok(7));
        assert_eq!(answers.next(), None);
    }

    #[test]
    fn shortage_that_stays_is_reported_after_a_bounded_time() {
        let patience = Duration::from_millis(100);
        let refusal = patiently::<()>(patience, || Err(Errno::ENOBUFS)).expect_err("never succeeds");
        assert_eq!(refusal.errno, Errno::ENOBUFS);
        assert!(refusal.attempts > 2 && refusal.waited >= patience, "{refusal:?}");
    }

    #[test]
    fn any_other_refusal_is_reported_at_once() {
        let refusal = patiently::<()>(PATIENCE, || Err(Errno::ENETDOWN)).expect_err("never succeeds");
        assert_eq!((refusal.errno, refusal.attempts), (Errno::ENETDOWN, 1));
    }
}
