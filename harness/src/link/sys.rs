//! The system calls for which no safe wrapper exists. All `unsafe` of the project is here.
#![expect(unsafe_code, reason = "packet rings, PACKET_* options, ethtool and SIGPIPE have no safe wrapper")]

use libc::{c_char, c_int, c_uint, ifreq, sockaddr_ll, socklen_t, tpacket_req, tpacket_stats, tpacket2_hdr};
use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::signal::{SigHandler, Signal, signal};
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

/// A receive ring shared with the kernel (TPACKET_V2): a fixed number of slots, one frame each.
#[derive(Debug)]
pub(super) struct RingMap {
    base: NonNull<u8>,
    shape: RingShape,
    next: usize,
}

/// The size of a ring. Both are powers of two, so that slots lie back to back in every block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RingShape {
    pub(super) slots: usize,
    pub(super) slot: usize,
}

/// What the kernel wrote into one slot.
#[derive(Debug)]
pub(super) struct SlotView<'a> {
    /// The frame as far as it fits the slot.
    pub(super) bytes: &'a [u8],
    /// Octets of the frame on the wire; above `bytes.len()` if it was cut.
    pub(super) wire_length: usize,
    /// Wall clock in nanoseconds at which it arrived.
    pub(super) stamp: u64,
    /// The VLAN tag that the kernel took out of the frame.
    pub(super) vlan_tag: Option<u16>,
    /// The sender left the checksum to hardware.
    pub(super) unfinished_checksum: bool,
}

impl RingMap {
    /// Asks for a ring of that shape on an unbound TPACKET_V2 socket and maps it.
    pub(super) fn new(socket: BorrowedFd<'_>, shape: RingShape) -> Result<Self, Errno> {
        let octets = shape.octets();
        let block = octets.min(BLOCK);
        let request = tpacket_req {
            tp_block_size: to_uint(block)?,
            tp_block_nr: to_uint(octets / block)?,
            tp_frame_size: to_uint(shape.slot)?,
            tp_frame_nr: to_uint(shape.slots)?,
        };
        set_option(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        let length = NonZeroUsize::new(octets).ok_or(Errno::EINVAL)?;
        // SAFETY: a new mapping of a length that the kernel has just granted; nothing else knows it.
        let base = unsafe {
            mmap(None, length, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED, socket, 0)?
        };
        Ok(Self { base: base.cast(), shape, next: 0 })
    }

    pub(super) fn shape(&self) -> RingShape {
        self.shape
    }

    /// Shows the oldest frame to `see` and gives its slot back to the kernel; `None` where no frame
    /// has arrived.
    pub(super) fn take<R>(&mut self, see: impl FnOnce(SlotView<'_>) -> R) -> Option<R> {
        // SAFETY: `next` is below `slots`, so the slot lies within the mapping, which lives as long
        // as `self`.
        let slot = unsafe { self.base.add(self.next * self.shape.slot) };
        // SAFETY: the status is the first field of the slot's header and aligned (slots are multiples
        // of 16 from a page boundary). Kernel and user pass a slot to and fro only through it.
        let status = unsafe { AtomicU32::from_ptr(slot.cast::<u32>().as_ptr()) };
        if status.load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // SAFETY: TP_STATUS_USER was read with acquire: header and frame are complete, and the kernel
        // does not touch the slot until the status is given back below.
        let header = unsafe { slot.cast::<tpacket2_hdr>().read() };
        let (start, length) = (usize::from(header.tp_mac), header.tp_snaplen as usize);
        let inside = start.saturating_add(length) <= self.shape.slot;
        // SAFETY: as above, and `start + length` was just seen to stay within the slot.
        let bytes =
            if inside { unsafe { slice::from_raw_parts(slot.add(start).as_ptr(), length) } } else { &[] };
        // Two further bits of the status say nothing new here: LOSING what the drop counter counts, COPY
        // that a frame was cut, which the two lengths tell.
        let tagged = header.tp_status & libc::TP_STATUS_VLAN_VALID != 0;
        let result = see(SlotView {
            bytes,
            wire_length: header.tp_len as usize,
            stamp: u64::from(header.tp_sec) * 1_000_000_000 + u64::from(header.tp_nsec),
            vlan_tag: tagged.then_some(header.tp_vlan_tci),
            unfinished_checksum: header.tp_status & libc::TP_STATUS_CSUMNOTREADY != 0,
        });
        status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.shape.slots;
        Some(result)
    }
}

// SAFETY: the mapping belongs to the process, not to a thread, and is reached through `&mut self` only.
unsafe impl Send for RingMap {}

impl Drop for RingMap {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made, unmapped once; no view of it outlives a call of `take`.
        // Failure would mean that it is not mapped, which leaves nothing to do.
        let _ = unsafe { munmap(self.base.cast::<c_void>(), self.shape.octets()) };
    }
}

impl RingShape {
    pub(super) fn octets(self) -> usize {
        self.slots * self.slot
    }
}

/// Chooses the format of the ring, and leaves out what this machine itself sends. Before the ring.
pub(super) fn prepare(socket: BorrowedFd<'_>) -> Result<(), (&'static str, Errno)> {
    let version = libc::tpacket_versions::TPACKET_V2 as c_int;
    set_option(socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version)
        .map_err(|errno| ("choosing the ring's format", errno))?;
    set_option(socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1_i32)
        .map_err(|errno| ("leaving out outgoing frames (PACKET_IGNORE_OUTGOING, Linux 4.20)", errno))
}

/// Replaces the filter that decides which frames enter the ring.
pub(super) fn attach_filter(socket: BorrowedFd<'_>, program: &[libc::sock_filter]) -> Result<(), Errno> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
    // The kernel copies the program during the call and does not write to it.
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Makes the interface take frames for other MAC addresses, as long as the socket is open.
pub(super) fn take_all_frames(socket: BorrowedFd<'_>, interface: u32) -> Result<(), Errno> {
    let membership = libc::packet_mreq {
        mr_ifindex: to_int(interface)?,
        mr_type: libc::PACKET_MR_PROMISC as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set_option(socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
}

/// Lets frames of every protocol on `interface` into the ring, from now on.
pub(super) fn bind(socket: BorrowedFd<'_>, interface: u32) -> Result<(), Errno> {
    let address = sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: to_int(interface)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: a complete sockaddr_ll and its size; the kernel copies it during the call.
    let result = unsafe {
        libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size_of::<sockaddr_ll>() as socklen_t)
    };
    Errno::result(result).map(drop)
}

/// Lets a write to a pipe or socket that nobody reads any more end this process, as it ends every
/// other program; Rust's runtime has the write fail instead.
pub(crate) fn end_when_unread() {
    // SAFETY: the default action replaces "ignore"; no handler of ours is involved. It cannot fail for
    // a signal that exists.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

/// Frames dropped for want of a slot since the last call.
pub(super) fn dropped_since_last_asked(socket: BorrowedFd<'_>) -> Result<u64, Errno> {
    let mut statistics = tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut length = size_of::<tpacket_stats>() as socklen_t;
    // SAFETY: the kernel writes at most `length` octets into a tpacket_stats, which any bits make up.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut statistics).cast(),
            &raw mut length,
        )
    };
    Errno::result(result).map(|_| u64::from(statistics.tp_drops))
}

/// What the kernel says about an interface.
#[derive(Debug)]
pub(super) struct InterfaceFacts {
    pub(super) index: u32,
    pub(super) kind: u16,
    pub(super) mac: [u8; 6],
    pub(super) mtu: usize,
}

/// Asks for index, hardware type, MAC address and MTU of the interface called `name`.
pub(super) fn interface_facts(socket: BorrowedFd<'_>, name: &str) -> Result<InterfaceFacts, Errno> {
    let ask = |command| {
        let mut request = interface_request(name)?;
        interface_ioctl(socket, command, &mut request).map(|()| request.ifr_ifru)
    };
    let (index, hardware, mtu) =
        (ask(libc::SIOCGIFINDEX)?, ask(libc::SIOCGIFHWADDR)?, ask(libc::SIOCGIFMTU)?);
    // SAFETY: each call succeeded and so filled the member of the union that belongs to it; all are
    // plain numbers.
    let (index, hardware, mtu) = unsafe { (index.ifru_ifindex, hardware.ifru_hwaddr, mtu.ifru_mtu) };
    let mut mac = [0; 6];
    for (octet, raw) in mac.iter_mut().zip(hardware.sa_data) {
        *octet = raw as u8;
    }
    Ok(InterfaceFacts {
        index: u32::try_from(index).map_err(|_| Errno::ENODEV)?,
        kind: hardware.sa_family,
        mac,
        mtu: usize::try_from(mtu).map_err(|_| Errno::ENODEV)?,
    })
}

/// One ethtool command that takes and gives a single number (`ETHTOOL_GTXCSUM`, `ETHTOOL_STSO` …).
pub(crate) fn ethtool(socket: BorrowedFd<'_>, name: &str, command: u32, value: u32) -> Result<u32, Errno> {
    #[repr(C)]
    struct Value {
        command: u32,
        value: u32,
    }
    let mut exchanged = Value { command, value };
    let mut request = interface_request(name)?;
    request.ifr_ifru.ifru_data = (&raw mut exchanged).cast::<c_char>();
    interface_ioctl(socket, libc::SIOCETHTOOL, &mut request)?;
    Ok(exchanged.value)
}

/// A request about the interface called `name`; `EINVAL` where no interface can be called so.
fn interface_request(name: &str) -> Result<ifreq, Errno> {
    // SAFETY: every member of the union is a number, an address or a pointer, for which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    // One octet stays zero: it ends the name.
    if name.is_empty() || name.len() >= request.ifr_name.len() {
        return Err(Errno::EINVAL);
    }
    for (place, octet) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *place = octet as c_char;
    }
    Ok(request)
}

fn interface_ioctl(socket: BorrowedFd<'_>, command: libc::c_ulong, request: &mut ifreq) -> Result<(), Errno> {
    // SAFETY: all callers pass a command that takes an ifreq; where it carries a pointer
    // (SIOCETHTOOL), it points to a live value of the size that the command within it says.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), command as libc::Ioctl, &raw mut *request) };
    Errno::result(result).map(drop)
}

/// Private, because an option may hold a pointer (`sock_fprog`) that the caller must keep good.
fn set_option<T>(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: &T) -> Result<(), Errno> {
    // SAFETY: the kernel reads at most `size_of::<T>()` octets from a live `T`.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const *value).cast(),
            size_of::<T>() as socklen_t,
        )
    };
    Errno::result(result).map(drop)
}

fn to_uint(number: usize) -> Result<c_uint, Errno> {
    c_uint::try_from(number).map_err(|_| Errno::EINVAL)
}

fn to_int(index: u32) -> Result<c_int, Errno> {
    c_int::try_from(index).map_err(|_| Errno::ENODEV)
}

/// The kernel allocates a ring in pieces of this size. Larger ones are taken from memory that a virtual
/// machine often has to fetch from its host first: ten times slower.
const BLOCK: usize = 64 << 10;
