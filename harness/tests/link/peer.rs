//! A very small TCP peer over a [`Link`], just enough to bring the target into a state.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pnet::packet::Packet;
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet::packet::ipv6::{Ipv6Packet, MutableIpv6Packet};
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpOption, TcpPacket, ipv4_checksum, ipv6_checksum};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tcpspec::link::Link;
use tcpspec::target::KernelTarget;

/// One conversation, from the peer's side.
pub(crate) struct Peer<'a> {
    link: &'a mut dyn Link,
    here: SocketAddr,
    there: SocketAddr,
    snd_nxt: u32,
    rcv_nxt: u32,
    waiting: VecDeque<Segment>,
}

/// What matters of a segment from the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    /// Octets of data.
    pub(crate) length: u32,
    /// Octets of the IP packet.
    pub(crate) packet_length: usize,
}

/// A listener in the target's namespace.
pub(crate) fn listen(target: &KernelTarget, at: SocketAddr) -> TcpListener {
    target.in_target(|| TcpListener::bind(at)).expect("in the target").expect("a listener")
}

/// The SYN that opens a conversation, as an IP packet.
pub(crate) fn syn(here: SocketAddr, there: SocketAddr, seq: u32) -> Vec<u8> {
    packet(here, there, seq, 0, TcpFlags::SYN, &[])
}

impl<'a> Peer<'a> {
    pub(crate) fn new(link: &'a mut dyn Link, here: SocketAddr, there: SocketAddr) -> Self {
        Self { link, here, there, snd_nxt: 1000, rcv_nxt: 0, waiting: VecDeque::new() }
    }

    /// Sends a SYN and waits for the SYN+ACK.
    pub(crate) fn open(&mut self) {
        self.transmit(TcpFlags::SYN, &[]);
        self.snd_nxt += 1;
        let answer = self.next();
        assert_eq!((answer.flags, answer.ack), (TcpFlags::SYN | TcpFlags::ACK, self.snd_nxt));
        self.rcv_nxt = answer.seq.wrapping_add(1);
    }

    pub(crate) fn connect(&mut self) {
        self.open();
        self.acknowledge();
    }

    pub(crate) fn acknowledge(&mut self) {
        self.transmit(TcpFlags::ACK, &[]);
    }

    /// Sends data and waits for its acknowledgment.
    pub(crate) fn send(&mut self, data: &[u8]) {
        self.transmit(TcpFlags::ACK | TcpFlags::PSH, data);
        self.snd_nxt += data.len() as u32;
        assert_eq!(self.next().ack, self.snd_nxt);
    }

    /// Sends a FIN and waits for its acknowledgment.
    pub(crate) fn finish(&mut self) {
        self.transmit(TcpFlags::FIN | TcpFlags::ACK, &[]);
        self.snd_nxt += 1;
        assert_eq!(self.next().ack, self.snd_nxt);
    }

    /// The next segment of this conversation; its checksum must be good.
    pub(crate) fn next(&mut self) -> Segment {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.waiting.is_empty() {
            assert!(Instant::now() < deadline, "no segment from {} within 5 s", self.there);
            let mut polled = [PollFd::new(self.link.poll_fd().expect("a real link"), PollFlags::POLLIN)];
            poll(&mut polled, PollTimeout::from(100_u8)).expect("polled");
            let (here, there, waiting) = (self.here, self.there, &mut self.waiting);
            self.link.receive(&mut |_, packet| waiting.extend(read(packet, there, here))).expect("received");
        }
        let segment = self.waiting.pop_front().expect("one is waiting");
        if segment.seq == self.rcv_nxt {
            let fin = u32::from(segment.flags & TcpFlags::FIN != 0);
            self.rcv_nxt = self.rcv_nxt.wrapping_add(segment.length + fin);
        }
        segment
    }

    fn transmit(&mut self, flags: u8, data: &[u8]) {
        let packet = packet(self.here, self.there, self.snd_nxt, self.rcv_nxt, flags, data);
        self.link.send(&packet).expect("sent");
    }
}

fn packet(here: SocketAddr, there: SocketAddr, seq: u32, ack: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let mss = if here.is_ipv4() { 1460 } else { 1440 };
    let options = if flags & TcpFlags::SYN == 0 { vec![] } else { vec![TcpOption::mss(mss)] };
    let header = 20 + 4 * options.len();
    let mut segment = vec![0; header];
    segment.extend(data);
    let mut tcp = MutableTcpPacket::new(&mut segment).expect("room for a header");
    tcp.set_source(here.port());
    tcp.set_destination(there.port());
    tcp.set_sequence(seq);
    tcp.set_acknowledgement(ack);
    tcp.set_data_offset(header as u8 / 4);
    tcp.set_flags(flags);
    tcp.set_window(65_535);
    tcp.set_options(&options);
    tcp.set_checksum(checksum(&tcp.to_immutable(), here.ip(), there.ip()));
    let mut packet = match (here.ip(), there.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = vec![0; 20];
            let mut ip = MutableIpv4Packet::new(&mut header).expect("room for a header");
            ip.set_version(4);
            ip.set_header_length(5);
            ip.set_total_length(20 + segment.len() as u16);
            ip.set_ttl(64);
            ip.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
            ip.set_source(source);
            ip.set_destination(destination);
            ip.set_checksum(ipv4::checksum(&ip.to_immutable()));
            header
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut header = vec![0; 40];
            let mut ip = MutableIpv6Packet::new(&mut header).expect("room for a header");
            ip.set_version(6);
            ip.set_payload_length(segment.len() as u16);
            ip.set_hop_limit(64);
            ip.set_next_header(IpNextHeaderProtocols::Tcp);
            ip.set_source(source);
            ip.set_destination(destination);
            header
        }
        _ => panic!("one conversation has one family"),
    };
    packet.extend(segment);
    packet
}

/// The segment in a packet from `from` to `to`.
fn read(packet: &[u8], from: SocketAddr, to: SocketAddr) -> Option<Segment> {
    let (source, destination, header) = if packet[0] >> 4 == 4 {
        let ip = Ipv4Packet::new(packet).expect("a whole header");
        assert_eq!(usize::from(ip.get_total_length()), packet.len());
        (ip.get_source().into(), ip.get_destination().into(), usize::from(ip.get_header_length()) * 4)
    } else {
        let ip = Ipv6Packet::new(packet).expect("a whole header");
        assert_eq!(usize::from(ip.get_payload_length()) + 40, packet.len());
        (ip.get_source().into(), ip.get_destination().into(), 40)
    };
    let tcp = TcpPacket::new(&packet[header..])?;
    let ours =
        (SocketAddr::new(source, tcp.get_source()), SocketAddr::new(destination, tcp.get_destination()));
    if ours != (from, to) {
        return None;
    }
    assert_eq!(tcp.get_checksum(), checksum(&tcp, source, destination), "checksum of {tcp:?}");
    Some(Segment {
        seq: tcp.get_sequence(),
        ack: tcp.get_acknowledgement(),
        flags: tcp.get_flags(),
        length: (tcp.packet().len() - usize::from(tcp.get_data_offset()) * 4) as u32,
        packet_length: packet.len(),
    })
}

fn checksum(tcp: &TcpPacket<'_>, source: IpAddr, destination: IpAddr) -> u16 {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4_checksum(tcp, &source, &destination),
        (IpAddr::V6(source), IpAddr::V6(destination)) => ipv6_checksum(tcp, &source, &destination),
        _ => panic!("one conversation has one family"),
    }
}
