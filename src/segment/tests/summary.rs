//! One line about a segment.

use super::{between, mss};
use crate::segment::{Checksum, Flags, SackBlock, Segment, TcpOption};
use crate::seq::SeqNum;
use pretty_assertions::assert_eq;

const ISS: SeqNum = SeqNum(u32::MAX - 10);
const IRS: SeqNum = SeqNum(5000);

fn segment() -> Segment {
    between("198.18.0.1:1025", "198.18.0.2:80")
}

fn relative(segment: &Segment) -> String {
    segment.summary(Some((ISS, IRS))).to_string()
}

#[test]
fn handshake_counts_from_zero() {
    let syn_ack = Segment {
        flags: Flags::SYN | Flags::ACK,
        seq: ISS,
        ack: IRS + 1,
        options: vec![mss(1460), TcpOption::Nop, TcpOption::WindowScale(7), TcpOption::SackPermitted],
        ..segment()
    };
    assert_eq!(relative(&syn_ack), "SYN ACK seq=0 ack=1 win=65535 mss=1460 wscale=7 sack-permitted");
    assert_eq!(
        syn_ack.summary(None).to_string(),
        "SYN ACK seq=4294967285 ack=5001 win=65535 mss=1460 wscale=7 sack-permitted"
    );
}

#[test]
fn numbers_wrap_and_go_below_zero() {
    let fin = Segment {
        flags: Flags::FIN | Flags::ACK,
        seq: ISS + 101,
        ack: IRS + 1,
        window: 500,
        payload: vec![0; 20],
        ..segment()
    };
    assert_eq!(relative(&fin), "FIN ACK seq=101 ack=1 len=20 win=500");
    let before = Segment { flags: Flags::ACK, seq: ISS - 1, ack: IRS - 2, ..segment() };
    assert_eq!(relative(&before), "ACK seq=-1 ack=-2 win=65535");
}

#[test]
fn numbers_of_a_side_that_has_no_initial_number_are_those_in_the_segment() {
    let ack = Segment { flags: Flags::ACK, seq: ISS + 1, ack: IRS + 1, ..segment() };
    assert_eq!(ack.summary_from(Some(ISS), None).to_string(), "ACK seq=1 ack=5001 win=65535");
    assert_eq!(ack.summary_from(None, Some(IRS)).to_string(), "ACK seq=4294967286 ack=1 win=65535");
    assert_eq!(ack.summary_from(None, None).to_string(), ack.summary(None).to_string());
}

#[test]
fn sack_counts_in_the_peers_numbers() {
    let block = |left, right| SackBlock { left: IRS + left, right: IRS + right };
    let ack = Segment {
        flags: Flags::ACK,
        seq: ISS + 1,
        ack: IRS + 1,
        options: vec![
            TcpOption::Timestamps { value: 7, echo: 8 },
            TcpOption::Sack(vec![block(101, 201), block(301, 401)]),
        ],
        ..segment()
    };
    assert_eq!(relative(&ack), "ACK seq=1 ack=1 win=65535 ts=7/8 sack=[101-201,301-401]");
}

#[test]
fn what_is_out_of_the_ordinary_is_shown() {
    let odd = Segment {
        flags: Flags::NONE,
        ack: SeqNum(9),
        urgent: 3,
        data_offset: Some(4),
        reserved: 8,
        checksum: Checksum::Raw(0x1f),
        options: vec![
            TcpOption::Unknown { kind: 253, data: vec![0xf9, 0x89] },
            TcpOption::Raw(vec![2, 0]),
            TcpOption::EndOfList,
        ],
        ..segment()
    };
    assert_eq!(
        odd.to_string(),
        "198.18.0.1:1025 > 198.18.0.2:80 none seq=0 ack=(9) win=65535 urg=3 option-253=f989 raw=0200 \
         data-offset=4 reserved=0x8 bad-checksum=0x001f"
    );
    let rst = Segment { flags: Flags::RST, window: 0, ..segment() };
    assert_eq!(rst.summary(None).to_string(), "RST seq=0");
    let urgent = Segment { flags: Flags::URG | Flags::ACK, ..segment() };
    assert_eq!(urgent.summary(None).to_string(), "ACK URG seq=0 ack=0 win=65535 urg=0");
}
