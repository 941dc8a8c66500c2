//! Offloads leave work to hardware that a veth pair does not have: checksums stay unfinished,
//! segments are merged or not yet cut. They are switched off, and looked at again.

use crate::link::sys::ethtool;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use std::os::fd::{AsFd, BorrowedFd};

/// Switches off every offload of the interface called `name`, in the namespace of the calling
/// thread, that would spoil what a raw capture sees.
///
/// # Errors
/// One stays on.
pub(super) fn switch_off(name: &str) -> Result<(), OffloadError> {
    let refused = |errno| OffloadError::Unknown { interface: name.to_owned(), errno };
    let control =
        socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).map_err(refused)?;
    for feature in FEATURES {
        let value = feature.read(control.as_fd(), name).map_err(refused)?;
        if value & feature.mask != 0 {
            // Not all can be switched, and switching one may switch others: what counts is the end.
            let _ = ethtool(control.as_fd(), name, feature.set, value & !feature.mask);
        }
    }
    let mut still_on = Vec::new();
    for feature in FEATURES {
        if feature.read(control.as_fd(), name).map_err(refused)? & feature.mask != 0 {
            still_on.push(feature.name);
        }
    }
    if still_on.is_empty() {
        Ok(())
    } else {
        Err(OffloadError::StillOn { interface: name.to_owned(), features: still_on })
    }
}

/// Looks whether the interface called `name` merges what it receives, which would show segments that
/// nobody sent. Nothing is changed.
///
/// # Errors
/// It does, or does not tell.
pub(crate) fn check_receiving(name: &str) -> Result<(), OffloadError> {
    let refused = |errno| OffloadError::Unknown { interface: name.to_owned(), errno };
    let control =
        socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).map_err(refused)?;
    let mut on = Vec::new();
    for feature in FEATURES.iter().filter(|feature| feature.merges) {
        if feature.read(control.as_fd(), name).map_err(refused)? & feature.mask != 0 {
            on.push(feature.name);
        }
    }
    if on.is_empty() {
        Ok(())
    } else {
        Err(OffloadError::Merges { interface: name.to_owned(), features: on })
    }
}

/// What to do about checksums that the target's interface was to finish and did not.
pub(crate) fn unfinished_checksums(frames: u64) -> String {
    format!(
        "{frames} frames came with a checksum that the target's stack left to its interface, and that \
         a virtual link never finishes: switch that off on the target's side, `ethtool -K INTERFACE tx off`"
    )
}

/// An interface keeps doing what spoils raw capture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffloadError {
    /// Offloads that cannot be switched off.
    #[error(
        "interface {interface} keeps offloads on that spoil captured segments: {}; switch them off with `ethtool -K`",
        features.join(", ")
    )]
    StillOn {
        /// The interface.
        interface: String,
        /// Names of the features, as `ethtool -k` shows them.
        features: Vec<&'static str>,
    },
    /// Offloads of a real interface, which the bench leaves to its owner to switch off.
    #[error(
        "interface {interface} merges segments as they arrive ({}), so that the bench would not see what was sent; \
         switch that off with `ethtool -K {interface} {} off`",
        features.join(", "), features.join(" off ")
    )]
    Merges {
        /// The interface.
        interface: String,
        /// Names of the features, as `ethtool -k` shows them.
        features: Vec<&'static str>,
    },
    /// The interface does not tell.
    #[error("interface {interface} does not tell whether its offloads are off ({errno})")]
    Unknown {
        /// The interface.
        interface: String,
        /// What the kernel said.
        errno: Errno,
    },
}

/// An offload with the ethtool commands that read and set it (linux/ethtool.h).
#[derive(Clone, Copy, Debug)]
struct Feature {
    name: &'static str,
    get: u32,
    set: u32,
    /// The bits of the value that belong to this feature.
    mask: u32,
    /// It makes one received segment of several.
    merges: bool,
}

impl Feature {
    const fn new(name: &'static str, get: u32, set: u32) -> Self {
        Self { name, get, set, mask: u32::MAX, merges: false }
    }

    const fn merging(self) -> Self {
        Self { merges: true, ..self }
    }

    /// The value of which `mask` is this feature.
    fn read(&self, control: BorrowedFd<'_>, interface: &str) -> Result<u32, Errno> {
        match ethtool(control, interface, self.get, 0) {
            // An interface that does not know the feature does not have it.
            Err(Errno::EOPNOTSUPP) => Ok(0),
            answer => answer,
        }
    }
}

/// Those that build on another come before it.
const FEATURES: [Feature; 7] = [
    Feature::new("tcp-segmentation-offload", 0x1e, 0x1f),
    Feature::new("generic-segmentation-offload", 0x23, 0x24),
    Feature::new("generic-receive-offload", 0x2b, 0x2c).merging(),
    // ETHTOOL_GFLAGS and ETHTOOL_SFLAGS, which have other flags beside.
    Feature { name: "large-receive-offload", get: 0x25, set: 0x26, mask: 1 << 15, merges: true },
    Feature::new("scatter-gather", 0x18, 0x19),
    Feature::new("tx-checksumming", 0x16, 0x17),
    Feature::new("rx-checksumming", 0x14, 0x15),
];
