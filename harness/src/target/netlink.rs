//! Interfaces, addresses, routes and neighbours of a namespace, over rtnetlink.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags,
    LinkInfo, LinkMessage, Stats64,
};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use pnet::util::MacAddr;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A socket to the kernel's network configuration, in the namespace in which it was opened.
pub(super) struct RouteSocket {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

/// One end of a veth pair that is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewEnd<'a> {
    pub(super) name: &'a str,
    pub(super) mac: MacAddr,
}

impl RouteSocket {
    /// Opens a socket in the namespace of the calling thread.
    pub(super) fn open() -> Result<Self, NetlinkError> {
        let refused = |error: io::Error| NetlinkError::new("opening a netlink socket", &error);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(refused)?;
        socket.bind_auto().map_err(refused)?;
        socket.connect(&SocketAddr::new(0, 0)).map_err(refused)?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Makes a veth pair with the `near` end here and the `far` end in another namespace.
    pub(super) fn create_veth(
        &mut self,
        near: NewEnd<'_>,
        far: NewEnd<'_>,
        far_namespace: BorrowedFd<'_>,
        mtu: u32,
    ) -> Result<(), NetlinkError> {
        let mut peer = LinkMessage::default();
        peer.attributes = end(far, mtu);
        peer.attributes.push(LinkAttribute::NetNsFd(far_namespace.as_raw_fd()));
        let mut message = LinkMessage::default();
        message.attributes = end(near, mtu);
        message.attributes.push(LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]));
        self.create("making a veth pair", RouteNetlinkMessage::NewLink(message)).map_err(|error| match error
            .errno
        {
            Errno::EOPNOTSUPP => {
                NetlinkError { doing: "making a veth pair (is the kernel module veth there?)", ..error }
            }
            _ => error,
        })
    }

    /// Gives the interface no IPv6 address of its own making: no link-local address, and so no router
    /// solicitation.
    pub(super) fn disable_address_generation(&mut self, index: u32) -> Result<(), NetlinkError> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
        message.attributes.push(LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![mode])]));
        self.change("switching IPv6 address generation off", RouteNetlinkMessage::SetLink(message))
    }

    /// Switches an interface on.
    pub(super) fn set_up(&mut self, index: u32) -> Result<(), NetlinkError> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        self.change("switching an interface on", RouteNetlinkMessage::SetLink(message))
    }

    /// Gives an interface an address, usable at once (no duplicate address detection).
    pub(super) fn add_address(
        &mut self,
        index: u32,
        address: IpAddr,
        prefix: u8,
    ) -> Result<(), NetlinkError> {
        let mut message = AddressMessage::default();
        message.header.family = family(address);
        message.header.prefix_len = prefix;
        message.header.index = index;
        message.attributes.push(AddressAttribute::Address(address));
        message.attributes.push(AddressAttribute::Local(address));
        if address.is_ipv6() {
            message.header.flags = AddressHeaderFlags::Nodad;
            message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        }
        self.create("adding an address", RouteNetlinkMessage::NewAddress(message))
    }

    /// Records for ever which MAC address a neighbour has, so that nobody ever asks.
    pub(super) fn add_neighbour(
        &mut self,
        index: u32,
        address: IpAddr,
        mac: MacAddr,
    ) -> Result<(), NetlinkError> {
        let mut message = NeighbourMessage::default();
        message.header.family = family(address);
        message.header.ifindex = index;
        message.header.state = NeighbourState::Permanent;
        message.header.kind = RouteType::Unicast;
        message.attributes.push(NeighbourAttribute::Destination(address.into()));
        message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.octets().to_vec()));
        self.create("adding a neighbour", RouteNetlinkMessage::NewNeighbour(message))
    }

    /// Sends everything that has no better route to `gateway`.
    pub(super) fn add_default_route(&mut self, index: u32, gateway: IpAddr) -> Result<(), NetlinkError> {
        let mut message = RouteMessage::default();
        message.header.address_family = family(gateway);
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Static;
        message.header.kind = RouteType::Unicast;
        message.attributes.push(RouteAttribute::Gateway(gateway.into()));
        message.attributes.push(RouteAttribute::Oif(index));
        self.create("adding the default route", RouteNetlinkMessage::NewRoute(message))
    }

    /// The counters of an interface.
    pub(super) fn statistics(&mut self, index: u32) -> Result<Stats64, NetlinkError> {
        const DOING: &str = "reading an interface's counters";
        let mut message = LinkMessage::default();
        message.header.index = index;
        let answer = self.exchange(DOING, RouteNetlinkMessage::GetLink(message), NLM_F_REQUEST)?;
        let statistics = match answer {
            Some(RouteNetlinkMessage::NewLink(link)) => {
                link.attributes.into_iter().find_map(|attribute| match attribute {
                    LinkAttribute::Stats64(statistics) => Some(statistics),
                    _ => None,
                })
            }
            _ => None,
        };
        statistics.ok_or(NetlinkError { doing: DOING, errno: Errno::ENODATA })
    }

    fn create(&mut self, doing: &'static str, message: RouteNetlinkMessage) -> Result<(), NetlinkError> {
        self.exchange(doing, message, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).map(drop)
    }

    fn change(&mut self, doing: &'static str, message: RouteNetlinkMessage) -> Result<(), NetlinkError> {
        self.exchange(doing, message, NLM_F_REQUEST | NLM_F_ACK).map(drop)
    }

    /// One request and its answer; `None` for a bare acknowledgment.
    fn exchange(
        &mut self,
        doing: &'static str,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<Option<RouteNetlinkMessage>, NetlinkError> {
        let failed = |error: io::Error| NetlinkError::new(doing, &error);
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&serialize(message, flags, self.sequence), 0).map_err(failed)?;
        loop {
            self.buffer.clear();
            self.socket.recv(&mut self.buffer, 0).map_err(failed)?;
            let Ok(answer) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&self.buffer) else {
                return Err(NetlinkError { doing, errno: Errno::EBADMSG });
            };
            // An answer to a question given up earlier.
            if answer.header.sequence_number != self.sequence {
                continue;
            }
            return match answer.payload {
                NetlinkPayload::InnerMessage(inner) => Ok(Some(inner)),
                NetlinkPayload::Error(error) if error.code.is_some() => {
                    Err(NetlinkError::new(doing, &error.to_io()))
                }
                _ => Ok(None),
            };
        }
    }
}

/// The kernel refused a request about the network configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing} was refused by the kernel ({errno})")]
pub struct NetlinkError {
    /// What was asked, as a phrase.
    pub doing: &'static str,
    /// What the kernel said.
    pub errno: Errno,
}

impl NetlinkError {
    pub(super) fn new(doing: &'static str, error: &io::Error) -> Self {
        Self { doing, errno: Errno::from_raw(error.raw_os_error().unwrap_or_default()) }
    }
}

/// A netlink message as octets.
pub(super) fn serialize<I>(message: I, flags: u16, sequence: u32) -> Vec<u8>
where
    I: NetlinkSerializable + Into<NetlinkPayload<I>>,
{
    let mut message = NetlinkMessage::from(message);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    message.finalize();
    let mut octets = vec![0; message.buffer_len()];
    message.serialize(&mut octets);
    octets
}

fn end(end: NewEnd<'_>, mtu: u32) -> Vec<LinkAttribute> {
    vec![
        LinkAttribute::IfName(end.name.to_owned()),
        LinkAttribute::Address(end.mac.octets().to_vec()),
        LinkAttribute::Mtu(mtu),
        // One queue: packets keep their order.
        LinkAttribute::NumTxQueues(1),
        LinkAttribute::NumRxQueues(1),
    ]
}

fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

/// Room for the longest answer, the description of an interface (some 2 kB).
const BUFFER: usize = 32 << 10;
