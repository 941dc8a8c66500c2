//! Checksum, data offset, the shape of options, reserved bits, ECN.

use super::*;
use crate::segment::Checksum;
use pretty_assertions::assert_eq;

#[test]
fn checksum_wrong_is_found_and_nothing_else_is_read() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"as before");
        let mut broken = at.theirs(ACK, 700, 900).text(b"nonsense");
        broken.checksum = Checksum::Raw(0);
        let right = arrived(&broken).checksum_expected;
        let expected = violation(
            FindingCode::BadChecksum,
            "MUST-2",
            "the checksum of pseudo-header, header and text",
            "another one",
            &[("checksum", &format!("{right:#06x}"), "0x0000")],
        );
        spoiled(&mut watch, &broken, expected);
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"as before"));
    });
}

#[test]
fn data_offset_outside_the_segment_is_found() {
    everywhere(|at| {
        for (words, length) in [(4, 23), (0, 23), (6, 23)] {
            let mut watch = at.passive();
            let mut broken = at.theirs(ACK, 1, 1).text(b"abc");
            broken.data_offset = Some(words);
            let expected = violation(
                FindingCode::BadDataOffset,
                "ev-estab-send",
                "a data offset from 5 to 5",
                format!("data offset {words} does not fit a segment of {length} octets"),
                &[("data-offset", "5..5", &words.to_string())],
            );
            spoiled(&mut watch, &broken, expected);
        }
    });
}

#[test]
fn option_lengths_that_lie_are_found() {
    let cases = [
        (TcpOption::Raw(vec![30, 1, 0, 0]), "option 30 has length 1, at octet 0 of the options"),
        (
            TcpOption::Raw(vec![30, 9, 0, 0]),
            "option 30 has length 9 with 4 octets left, at octet 0 of the options",
        ),
        (
            TcpOption::Unknown { kind: 8, data: vec![0; 2] },
            "option 8 has length 4, which its kind never has, at octet 0 of the options",
        ),
    ];
    everywhere(|at| {
        for (option, saw) in &cases {
            let mut watch = at.passive();
            let expected = violation(
                FindingCode::BadOptionLength,
                "MUST-68",
                "options whose lengths are right and end within the header",
                *saw,
                &[],
            );
            spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(option.clone()), expected);
        }
    });
}

#[test]
fn padding_behind_the_end_of_options_is_zero() {
    everywhere(|at| {
        let mut watch = at.passive();
        let end = TcpOption::EndOfList;
        clean(&mut watch, &at.theirs(ACK, 1, 1).options(&[TcpOption::Nop, end.clone()]));
        let expected = violation(
            FindingCode::WrongField,
            "MUST-69",
            "zeros behind the end of the options",
            "padding is not zero, at octet 1 of the options",
            &[],
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).options(&[end, TcpOption::Raw(vec![1, 0, 0])]), expected);
    });
}

/// Agreed timestamps that stand behind a lying length may be there.
#[test]
fn option_length_that_lies_is_not_also_a_missing_option() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[stamp(1, 0)], &[stamp(900, 1)]);
        let broken = at.theirs(ACK, 1, 1).option(TcpOption::Raw(vec![30, 1, 0, 0]));
        let codes: Vec<_> = judge(&mut watch, &broken).into_iter().map(|found| found.code).collect();
        assert_eq!(codes, [FindingCode::BadOptionLength]);
    });
}

#[test]
fn reserved_bits_set_are_found_on_every_kind_of_segment() {
    everywhere(|at| {
        for (flags, seq) in [(ACK, 1), (FIN | ACK, 1), (RST | ACK, 1), (SYN | ACK, 0)] {
            for reserved in [0x1, 0x2, 0xf] {
                let mut watch = at.passive();
                let mut broken = at.theirs(flags, seq, 1);
                broken.reserved = reserved;
                let found = format!("{reserved:#x}");
                let expected = violation(
                    FindingCode::ReservedBitsSet,
                    "ev-estab-reserved-bits",
                    "reserved bits that are zero",
                    &found,
                    &[("reserved", "0x0", &found)],
                );
                spoiled(&mut watch, &broken, expected);
            }
        }
    });
}

/// RFC 9768: AE, ECE and CWR on the SYN; any of them in the answer.
#[test]
fn reserved_bit_of_accurate_ecn_is_fine_where_both_sides_use_it() {
    everywhere(|at| {
        let mut watch = watch();
        let mut syn = at.theirs(SYN | Flags::ECE | Flags::CWR, 0, 0);
        syn.reserved = 0x1;
        clean(&mut watch, &syn);
        watch.sent(&at.ours(SYN | ACK | Flags::CWR, 0, 1));
        let mut ack = at.theirs(ACK | Flags::ECE, 1, 1);
        ack.reserved = 0x1;
        clean(&mut watch, &ack);
        ack.reserved = 0x3;
        let expected = violation(
            FindingCode::ReservedBitsSet,
            "ev-estab-reserved-bits",
            "reserved bits that are zero",
            "0x2",
            &[("reserved", "0x1", "0x3")],
        );
        spoiled(&mut watch, &ack, expected);
    });
}

#[test]
fn ecn_bits_need_ecn_on_both_syns() {
    let without = |flags: Flags, requirement, expected: &str| {
        violation(
            FindingCode::WrongField,
            requirement,
            "neither ECE nor CWR: ECN was not negotiated",
            "ECE",
            &[("flags", expected, &flags.to_string())],
        )
    };
    everywhere(|at| {
        let mut watch = at.passive();
        let flags = ACK | Flags::ECE;
        spoiled(&mut watch, &at.theirs(flags, 1, 1), without(flags, "rfc3168-rcv-unnegotiated", "ACK"));

        let mut watch = super::watch();
        watch.sent(&at.ours(SYN, 0, 0));
        let flags = SYN | ACK | Flags::ECE;
        let expected = without(flags, "rfc3168-synack-only-if-offered", "SYN ACK");
        spoiled(&mut watch, &at.theirs(flags, 0, 1), expected);

        let mut watch = super::watch();
        watch.sent(&at.ours(SYN | Flags::ECE | Flags::CWR, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        let flags = ACK | Flags::ECE;
        spoiled(&mut watch, &at.theirs(flags, 1, 1), without(flags, "rfc3168-rcv-unnegotiated", "ACK"));

        let mut watch = super::watch();
        watch.wrote(b"x");
        watch.sent(&at.ours(SYN | Flags::ECE | Flags::CWR, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK | Flags::ECE, 0, 1));
        watch.sent(&at.ours(ACK, 1, 1));
        clean(&mut watch, &at.theirs(ACK | Flags::ECE, 1, 1));
        clean(&mut watch, &at.theirs(ACK | Flags::CWR, 1, 1).text(b"x"));
    });
}

#[test]
fn ecn_capable_packets_need_ecn_on_both_syns() {
    let marked = |mut segment: Segment, codepoint: u8| {
        segment.ip.tos = 0b1011_1000 | codepoint;
        segment
    };
    everywhere(|at| {
        for codepoint in 1..=3 {
            let expected = violation(
                FindingCode::WrongField,
                "rfc3168-ect-needs-negotiation",
                "a packet that is not ECN-capable: ECN was not negotiated",
                "one",
                &[("tos", "184", &(184 + codepoint).to_string())],
            );
            // Neither asked for it; or the target did not take it; or its own SYN does not ask.
            spoiled(&mut at.passive(), &marked(at.theirs(ACK, 1, 1), codepoint), expected.clone());
            let mut refused = watch();
            refused.sent(&at.ours(SYN | Flags::ECE | Flags::CWR, 0, 0));
            clean(&mut refused, &at.theirs(SYN | ACK, 0, 1));
            spoiled(&mut refused, &marked(at.theirs(ACK, 1, 1), codepoint), expected.clone());
            spoiled(&mut watch(), &marked(at.theirs(SYN, 0, 0), codepoint), expected);

            let mut agreed = watch();
            agreed.sent(&at.ours(SYN | Flags::ECE | Flags::CWR, 0, 0));
            clean(&mut agreed, &marked(at.theirs(SYN | ACK | Flags::ECE, 0, 1), codepoint));
            clean(&mut agreed, &marked(at.theirs(ACK, 1, 1), codepoint));
        }
        clean(&mut at.passive(), &marked(at.theirs(ACK, 1, 1), 0));
    });
}

#[test]
fn urg_is_found_where_nothing_was_sent_as_urgent() {
    let urgent = ACK | Flags::URG;
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"ab");
        let expected = violation(
            FindingCode::WrongField,
            "ev-estab-send-urgent",
            "no URG: nothing was sent as urgent",
            "URG",
            &[("flags", "ACK", "ACK URG")],
        );
        spoiled(&mut watch, &at.theirs(urgent, 1, 1).text(b"ab"), expected);

        let mut watch = at.passive();
        watch.wrote_urgent(b"ab");
        clean(&mut watch, &at.theirs(urgent, 1, 1).text(b"ab"));
        // An ordinary service sends what it likes.
        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(urgent, 1, 1).text(b"ab"));
    });
}

#[test]
fn segments_of_other_four_tuples_are_not_judged() {
    everywhere(|at| {
        let mut watch = at.passive();
        let mut other = at.theirs(ACK, 500, 500);
        other.source_port += 1;
        clean(&mut watch, &other);
    });
}
