//! Where options stand, timestamps, SACK.

use super::*;

const MSS: TcpOption = TcpOption::MaximumSegmentSize(1460);
const SCALE: TcpOption = TcpOption::WindowScale(7);
const SACK_PERMITTED: TcpOption = TcpOption::SackPermitted;

fn option(
    code: FindingCode,
    requirement: &'static str,
    expected: &str,
    saw: &str,
    field: (&str, &str, &str),
) -> Violation {
    violation(code, requirement, expected, saw, &[field])
}

#[test]
fn options_of_the_opening_off_a_syn_are_found() {
    let cases = [
        (MSS, FindingCode::MssOffSyn, "MUST-65", "mss"),
        (SCALE, FindingCode::WindowScaleOffSyn, "rfc7323-ws-nonsyn-ignored", "window-scale"),
        (SACK_PERMITTED, FindingCode::WrongOption, "rfc2018-perm-syn-only", "sack-permitted"),
    ];
    everywhere(|at| {
        for (stray, code, requirement, name) in &cases {
            for flags in [ACK, FIN | ACK, RST | ACK] {
                let mut watch = at.passive_with(&[MSS, SCALE, SACK_PERMITTED], &[MSS, SCALE, SACK_PERMITTED]);
                let expected = option(
                    *code,
                    requirement,
                    &format!("{name} on SYN segments only"),
                    &format!("{name} without SYN"),
                    (&format!("option {name}"), "absent", "present"),
                );
                spoiled(&mut watch, &at.theirs(flags, 1, 1).option(stray.clone()), expected);
            }
        }
    });
}

#[test]
fn window_scale_above_14_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0).option(TcpOption::WindowScale(14)));
        let mut watch = super::watch();
        let expected = option(
            FindingCode::WrongOption,
            "rfc7323-ws-own-max14",
            "a window shift of 14 at most",
            "15",
            ("option window-scale", "at most 14", "15"),
        );
        spoiled(&mut watch, &at.theirs(SYN, 0, 0).option(TcpOption::WindowScale(15)), expected);
    });
}

#[test]
fn mss_that_no_datagram_of_ipv4_holds_is_found() {
    everywhere(|at| {
        for flags in [SYN, SYN | ACK] {
            let opened = || {
                let mut watch = watch();
                watch.sent(&at.ours(SYN, 0, 0));
                watch
            };
            let syn = |size| at.theirs(flags, 0, 1).option(TcpOption::MaximumSegmentSize(size));
            clean(&mut opened(), &syn(65_495));
            let expected = option(
                FindingCode::WrongOption,
                "MUST-67",
                "an MSS of 65495 at most, as a datagram can hold",
                "65496",
                ("option mss", "at most 65495", "65496"),
            );
            spoiled(&mut opened(), &syn(65_496), expected);
        }
    });
}

#[test]
fn mss_of_a_jumbogram_is_fine() {
    let [bench, target] = ["[2001:db8::7]:4000", "[2001:db8::1]:80"].map(|it| it.parse().unwrap());
    let mut watch = Watch::new(bench, target, 1500);
    let mut syn = Segment::between(target, bench).option(TcpOption::MaximumSegmentSize(65_535));
    syn.flags = SYN;
    clean(&mut watch, &syn);
}

#[test]
fn syn_that_echoes_a_timestamp_is_found() {
    everywhere(|at| {
        clean(&mut watch(), &at.theirs(SYN, 0, 0).option(stamp(900, 0)));
        let expected = option(
            FindingCode::TimestampEchoInvented,
            "rfc7323-ts-syn-tsecr-zero",
            "a TSecr of zero where ACK is off",
            "7",
            ("tsecr", "0", "7"),
        );
        spoiled(&mut watch(), &at.theirs(SYN, 0, 0).option(stamp(900, 7)), expected);
    });
}

#[test]
fn syn_ack_has_scale_and_timestamps_only_where_our_syn_had_them() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0).option(SACK_PERMITTED));
        let scale = option(
            FindingCode::WindowScaleUnasked,
            "rfc7323-ws-only-if-offered",
            "no window scale: our SYN had none",
            "a window scale",
            ("option window-scale", "absent", "present"),
        );
        spoiled(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&[MSS, SCALE]), scale);

        let mut watch = super::watch();
        watch.sent(&at.ours(SYN, 0, 0).option(SCALE));
        spoiled(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&[SCALE, stamp(900, 0)]), unasked());

        // RFC 2018 lets a SYN ACK permit SACK on its own.
        let mut watch = super::watch();
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&[MSS, SACK_PERMITTED]));
    });
}

fn unasked() -> Violation {
    option(
        FindingCode::TimestampsUnasked,
        "rfc7323-ts-synack",
        "no timestamps: they were not agreed",
        "timestamps",
        ("option timestamps", "absent", "present"),
    )
}

#[test]
fn timestamps_not_agreed_are_found_later_too() {
    everywhere(|at| {
        // Ours alone, theirs alone, and neither.
        let mut watch = at.passive_with(&[stamp(1, 0)], &[]);
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(900, 1)), unasked());
        let mut watch = super::watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        watch.sent(&at.ours(SYN | ACK, 0, 1).option(stamp(1, 0)));
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(900, 1)), unasked());
        let mut watch = at.passive();
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(900, 1)), unasked());
    });
}

#[test]
fn timestamps_agreed_and_missing_are_found_except_on_a_reset() {
    everywhere(|at| {
        let agreed = || at.passive_with(&[stamp(1, 0)], &[stamp(900, 1)]);
        for flags in [ACK, FIN | ACK] {
            let missing = option(
                FindingCode::TimestampsMissing,
                "rfc7323-ts-all-segments",
                "timestamps, as agreed by the SYNs",
                "none",
                ("option timestamps", "present", "absent"),
            );
            clean(&mut agreed(), &at.theirs(flags, 1, 1).option(stamp(900, 2)));
            spoiled(&mut agreed(), &at.theirs(flags, 1, 1), missing);
        }
        clean(&mut agreed(), &at.theirs(RST | ACK, 1, 1));
        clean(&mut agreed(), &at.theirs(RST | ACK, 1, 1).option(stamp(900, 2)));
    });
}

#[test]
fn timestamp_value_that_runs_back_is_found() {
    everywhere(|at| {
        let last = u32::MAX;
        let mut watch = at.passive_with(&[stamp(1, 0)], &[stamp(last, 1)]);
        clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(last, 2)));
        clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(4, 2)));
        let back = option(
            FindingCode::TimestampRanBackwards,
            "rfc7323-ts-monotone",
            "TSval at least 4",
            "4294967295",
            ("tsval", "at least 4", "4294967295"),
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(last, 2)), back);
    });
}

#[test]
fn timestamp_echo_is_a_value_that_we_sent() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[stamp(1, 0)], &[stamp(900, 1)]);
        // Old or new: which of them is for cases to judge.
        clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(901, 1)));
        clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(901, 2)));
        let mut dropped = at.ours(ACK, 1, 1).option(stamp(3, 901));
        dropped.checksum = crate::segment::Checksum::Raw(1);
        watch.sent(&dropped);
        let invented = option(
            FindingCode::TimestampEchoInvented,
            "rfc7323-ts-echo",
            "a TSecr that is a TSval of ours",
            "3",
            ("tsecr", "a TSval of ours", "3"),
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(901, 3)), invented);
    });
}

/// RFC 7323 section 3.2 on crossing SYNs of which only one has the option.
#[test]
fn timestamps_after_crossing_syns_are_fine_either_way() {
    everywhere(|at| {
        for (ours, theirs) in [(Some(stamp(1, 0)), None), (None, Some(stamp(900, 0)))] {
            for with_them in [true, false] {
                let mut watch = watch();
                clean(&mut watch, &at.theirs(SYN, 0, 0).options(theirs.as_slice()));
                // A TSval that the target need not have taken notice of.
                watch.sent(&at.ours(RST, 0, 0).option(stamp(7, 0)));
                watch.sent(&at.ours(SYN, 0, 0).options(ours.as_slice()));
                let echo = if ours.is_some() { 1 } else { 0 };
                let later = with_them.then(|| stamp(901, echo));
                clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(later.as_slice()));
                watch.sent(&at.ours(SYN | ACK, 0, 1).options(ours.as_slice()));
                clean(&mut watch, &at.theirs(ACK, 1, 1).options(later.as_slice()));
            }
        }
    });
}

/// A SYN sent again with other options: the target may have taken either.
#[test]
fn options_of_two_different_syns_are_in_doubt() {
    everywhere(|at| {
        for timestamps in [vec![], vec![stamp(900, 1)]] {
            let mut watch = watch();
            watch.sent(&at.ours(SYN, 0, 0).option(stamp(1, 0)));
            watch.sent(&at.ours(SYN, 0, 0));
            clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&timestamps));
            watch.sent(&at.ours(ACK, 1, 1));
            clean(&mut watch, &at.theirs(ACK, 1, 1).options(&timestamps));
        }
    });
}

/// A connection in which SACK is permitted and octets 11 to 20 and 31 to 40 have arrived.
fn with_gaps(at: Numbers) -> Watch {
    let mut watch = at.passive_with(&[SACK_PERMITTED], &[SACK_PERMITTED]);
    watch.sent(&at.ours(ACK, 1, 1).text(b"ab"));
    watch.sent(&at.ours(ACK, 11, 1).text(&[0; 10]));
    watch.sent(&at.ours(FIN | ACK, 31, 1).text(&[0; 10]));
    watch
}

fn sack(at: Numbers, blocks: &[(u32, u32)]) -> TcpOption {
    let block = |(left, right): &(u32, u32)| SackBlock { left: at.irs + *left, right: at.irs + *right };
    TcpOption::Sack(blocks.iter().map(block).collect())
}

#[test]
fn sack_blocks_of_what_we_sent_are_fine() {
    everywhere(|at| {
        for blocks in [
            vec![(11, 21)],
            vec![(31, 41), (11, 21)],
            vec![(31, 42)],
            vec![(12, 15)],
            // Duplicates (RFC 2883): below the ACK, and within the second block.
            vec![(1, 3)],
            vec![(2, 3), (11, 21)],
            vec![(12, 14), (11, 21), (31, 42)],
            // Our FIN, kept apart from the text that it ends.
            vec![(31, 41), (41, 42)],
            // The octet before our first, as a probe has it.
            vec![(0, 1), (11, 21)],
        ] {
            clean(&mut with_gaps(at), &at.theirs(ACK, 1, 3).option(sack(at, &blocks)));
        }
    });
}

#[test]
fn sack_blocks_of_what_we_never_sent_are_found() {
    everywhere(|at| {
        for (blocks, (left, right)) in [
            (vec![(11, 22)], (11, 22)),
            (vec![(10, 21)], (10, 21)),
            (vec![(11, 21), (31, 43)], (31, 43)),
            (vec![(11, 41)], (11, 41)),
            (vec![(21, 11)], (21, 11)),
            (vec![(11, 11)], (11, 11)),
        ] {
            let shown = format!("{}-{}", at.ack(left), at.ack(right));
            let invented = option(
                FindingCode::SackInvented,
                "rfc2018-edges",
                "SACK blocks of what we sent",
                &format!("a block {shown}"),
                ("option sack", "within what we sent", &shown),
            );
            spoiled(&mut with_gaps(at), &at.theirs(ACK, 1, 3).option(sack(at, &blocks)), invented);
        }
    });
}

#[test]
fn sack_block_below_the_ack_is_found_unless_it_is_the_first() {
    everywhere(|at| {
        let shown = format!("{}-{}", at.ack(1), at.ack(3));
        let below = option(
            FindingCode::SackInvented,
            "rfc2018-isolated",
            &format!("SACK blocks above SEG.ACK {}, a first one for a duplicate apart", at.ack(3)),
            &format!("a block {shown}"),
            ("option sack", &format!("above {}", at.ack(3)), &shown),
        );
        let segment = at.theirs(ACK, 1, 3).option(sack(at, &[(11, 21), (1, 3)]));
        spoiled(&mut with_gaps(at), &segment, below);
    });
}

#[test]
fn sack_block_with_the_number_acknowledged_is_found_wherever_it_stands() {
    everywhere(|at| {
        for blocks in [&[(3, 9)][..], &[(1, 9)], &[(31, 41), (3, 9)]] {
            let mut watch = with_gaps(at);
            watch.sent(&at.ours(ACK, 3, 1).text(&[0; 6]));
            let (left, right) = blocks[blocks.len() - 1];
            let shown = format!("{}-{}", at.ack(left), at.ack(right));
            let holding = option(
                FindingCode::SackInvented,
                "rfc2018-isolated",
                &format!("SACK blocks above SEG.ACK {}, a first one for a duplicate apart", at.ack(3)),
                &format!("a block {shown}"),
                ("option sack", &format!("above {}", at.ack(3)), &shown),
            );
            spoiled(&mut watch, &at.theirs(ACK, 1, 3).option(sack(at, blocks)), holding);
        }
    });
}

#[test]
fn sack_blocks_without_a_gap_between_them_are_found() {
    everywhere(|at| {
        for (blocks, other, (left, right)) in [
            // The halves of one, either first; with another for a duplicate in front.
            (&[(11, 15), (15, 21)][..], (11, 15), (15, 21)),
            (&[(15, 21), (11, 15)], (15, 21), (11, 15)),
            (&[(2, 3), (11, 15), (15, 21)], (11, 15), (15, 21)),
            // Overlapping; the first of such might be a duplicate.
            (&[(31, 41), (11, 16), (12, 21)], (11, 16), (12, 21)),
            (&[(31, 41), (11, 21), (12, 15)], (11, 21), (12, 15)),
        ] {
            let shown = format!("{}-{}", at.ack(left), at.ack(right));
            let touching = option(
                FindingCode::SackInvented,
                "rfc2018-isolated",
                "SACK blocks with a gap between them, a first one for a duplicate apart",
                &format!("a block {shown} without one"),
                ("option sack", &format!("apart from {}-{}", at.ack(other.0), at.ack(other.1)), &shown),
            );
            let segment = at.theirs(ACK, 1, 3).option(sack(at, blocks));
            spoiled(&mut with_gaps(at), &segment, touching);
        }
    });
}

#[test]
fn sack_that_we_did_not_permit_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(ACK, 11, 1).text(&[0; 10]));
        let unasked = option(
            FindingCode::WrongOption,
            "rfc2018-no-perm-no-sack",
            "no SACK: our SYN did not permit it",
            "a SACK option",
            ("option sack", "absent", "present"),
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).option(sack(at, &[(11, 21)])), unasked);
    });
}
