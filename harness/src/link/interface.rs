//! A network interface of this machine, as far as a link needs to know it.

use super::{LinkError, sys};
use nix::errno::Errno;
use nix::net::if_::if_nameindex;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use pnet::util::MacAddr;
use std::os::fd::AsFd;

/// An Ethernet interface in the network namespace in which it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name, such as `eth0`.
    pub name: String,
    /// Its index, always above zero.
    pub index: u32,
    /// Its own MAC address.
    pub mac: MacAddr,
    /// Longest IP packet it carries, in octets.
    pub mtu: usize,
}

impl Interface {
    /// Looks up the interface called `name` in the namespace of the calling thread.
    ///
    /// # Errors
    /// No such interface (the error lists those that exist), or not an Ethernet one.
    pub fn by_name(name: &str) -> Result<Self, LinkError> {
        let control = socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
            .map_err(|errno| LinkError::Setup { step: "opening a control socket", errno })?;
        let facts = sys::interface_facts(control.as_fd(), name).map_err(|errno| match errno {
            Errno::ENODEV | Errno::EINVAL => {
                LinkError::NoInterface { name: name.to_owned(), present: present() }
            }
            errno => LinkError::Setup { step: "looking up the interface", errno },
        })?;
        if facts.kind != ETHERNET {
            return Err(LinkError::NotEthernet { name: name.to_owned(), kind: facts.kind });
        }
        let [a, b, c, d, e, f] = facts.mac;
        Ok(Self {
            name: name.to_owned(),
            index: facts.index,
            mac: MacAddr::new(a, b, c, d, e, f),
            mtu: facts.mtu,
        })
    }
}

fn present() -> Vec<String> {
    if_nameindex().map_or_else(
        |_| Vec::new(),
        |interfaces| {
            interfaces.iter().map(|interface| interface.name().to_string_lossy().into_owned()).collect()
        },
    )
}

const ETHERNET: u16 = libc::ARPHRD_ETHER;
