//! What the bench sends.

use crate::case::expr::Expr;
use crate::segment::Flags;

/// A segment to send. A field left `None` gets its right value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Send {
    /// Control bits.
    pub flags: Flags,
    /// Label.
    pub label: Option<String>,
    /// SEG.SEQ; RCV.NXT otherwise (IRS on the first SYN).
    pub seq: Option<Expr>,
    /// SEG.ACK; SND.NXT otherwise, or 0 without ACK.
    pub ack: Option<Expr>,
    /// The window field, unscaled; as `given` otherwise.
    pub window: Option<Expr>,
    /// The urgent pointer.
    pub urgent: Option<Expr>,
    /// Segment text.
    pub data: Option<Data>,
    /// The whole option list; as negotiated otherwise.
    pub options: Option<Vec<OptionSpec>>,
    /// Data offset in words.
    pub data_offset: Option<Expr>,
    /// The reserved bits.
    pub reserved: Option<Expr>,
    /// The checksum field.
    pub checksum: Option<ChecksumSpec>,
    /// TTL or hop limit.
    pub ttl: Option<Expr>,
    /// The DSCP/ECN octet.
    pub tos: Option<Expr>,
    /// Don't Fragment.
    pub dont_fragment: Option<bool>,
    /// Another destination port: that of nobody.
    pub to_port: Option<Expr>,
    /// Another source port.
    pub from_port: Option<Expr>,
    /// Another destination address: that of nobody in particular.
    pub to_address: Option<Nobody>,
    /// Octets of IPv4 options, or of an IPv6 destination options header behind its two fixed octets.
    pub ip_options: Option<Vec<u8>>,
    /// Cut into IP fragments with so many octets of the segment in each.
    pub fragments: Option<Expr>,
}

/// Text to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// So many octets of the trial's seeded stream, those that belong at SEG.SEQ.
    Stream(Expr),
    /// These octets.
    Text(String),
    /// So many octets that differ from the stream's in every place.
    Altered(Expr),
}

/// Options in a `send`.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionSpec {
    /// `mss 1460`
    Mss(Expr),
    /// `window-scale 7`
    WindowScale(Expr),
    /// `sack-permitted`
    SackPermitted,
    /// `sack [a-b, c-d]`, written `sack a..b c..d`.
    Sack(Vec<(Expr, Expr)>),
    /// `timestamps V E`; without values: the clock and the last echo.
    Timestamps(Option<(Expr, Expr)>),
    /// `nop`
    Nop,
    /// `eol`
    EndOfList,
    /// `raw "fd 00"`: any octets.
    Raw(Vec<u8>),
}

/// The checksum field of a `send`.
#[derive(Clone, Debug, PartialEq)]
pub enum ChecksumSpec {
    /// `good`
    Good,
    /// `bad`: the right one with one bit turned.
    Bad,
    /// A value.
    Value(Expr),
}

/// An ICMP error.
#[derive(Clone, Debug, PartialEq)]
pub struct Icmp {
    /// Which, independent of the family.
    pub kind: IcmpName,
    /// The next hop's MTU, for `packet-too-big`.
    pub mtu: Option<Expr>,
    /// The label of the quoted segment of the target.
    pub quote: String,
}

/// ICMP errors by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IcmpName {
    /// Network unreachable (v4 code 0), no route (v6 code 0).
    NetworkUnreachable,
    /// Host unreachable (v4 code 1), address unreachable (v6 code 3).
    HostUnreachable,
    /// Protocol unreachable (v4 code 2), next header unrecognized (v6 parameter problem 1).
    ProtocolUnreachable,
    /// Port unreachable.
    PortUnreachable,
    /// Fragmentation needed, packet too big.
    PacketTooBig,
    /// Source route failed (v4 only).
    SourceRouteFailed,
    /// Time exceeded in transit.
    TimeExceeded,
    /// Parameter problem.
    ParameterProblem,
    /// Source quench (v4 only; RFC 6633).
    SourceQuench,
}

/// Addresses that can be no peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nobody {
    /// 224.0.0.1, ff02::1.
    Multicast,
    /// 255.255.255.255: v4 only.
    Broadcast,
}
