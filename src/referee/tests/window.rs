//! Windows and sizes.

use super::*;
use pretty_assertions::assert_eq;

fn shrunk(edge: u32, saw: u32, at: Numbers, least: u16, window: u16) -> Violation {
    violation(
        FindingCode::WindowShrunk,
        "SHLD-14",
        format!("a right edge at {} or beyond, as it offered before", at.ack(edge)),
        format!("a right edge at {}", at.ack(saw)),
        &[("window", &format!("at least {least}"), &window.to_string())],
    )
}

#[test]
fn right_edge_that_moves_left_is_found_once() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(ACK, 1, 1).text(&[0; 100]));
        clean(&mut watch, &at.theirs(ACK, 1, 1));
        // Text taken without making room: the edge stays.
        clean(&mut watch, &at.theirs(ACK, 1, 101).window(900));
        let expected = shrunk(1001, 1000, at, 900, 899);
        spoiled(&mut watch, &at.theirs(ACK, 1, 101).window(899), expected);
        clean(&mut watch, &at.theirs(ACK, 1, 101).window(899));
    });
}

#[test]
fn right_edge_is_rounded_down_by_the_scale_and_no_further() {
    let scale = TcpOption::WindowScale;
    everywhere(|at| {
        let mut watch = at.passive_with(&[scale(0)], &[scale(7)]);
        watch.sent(&at.ours(ACK, 1, 1).text(&[0; 300]));
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
        // 1 + 128,000 offered; 128,000 - 200 rounds down to 998 * 128 = 127,744.
        clean(&mut watch, &at.theirs(ACK, 1, 201).window(998));
        clean(&mut watch, &at.theirs(ACK, 1, 301).window(997));
        let expected = shrunk(128_001, 301 + 996 * 128, at, 997, 996);
        spoiled(&mut watch, &at.theirs(ACK, 1, 301).window(996), expected);
    });
}

/// The SYN ACK of a target with 64,240 octets of room says so unscaled; 501 * 128 is less.
#[test]
fn right_edge_of_an_unscaled_syn_ack_is_rounded_down_later() {
    let scale = TcpOption::WindowScale;
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0).option(scale(2)));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).option(scale(7)).window(64_240));
        watch.sent(&at.ours(ACK, 1, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(501));
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).window(500), shrunk(64_241, 64_001, at, 501, 500));
    });
}

#[test]
fn scale_of_one_side_alone_scales_nothing() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0).option(TcpOption::WindowScale(7)));
        watch.sent(&at.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).window(999), shrunk(1001, 1000, at, 1000, 999));
    });
}

/// Nothing can have been overtaken by the SYN of its own connection.
#[test]
fn right_edge_that_moves_left_right_behind_the_syn_ack_is_found() {
    everywhere(|at| {
        for between in [0, 30, 2000] {
            let microseconds = |count: u64| Time((1 << 62) + count * 1000);
            let mut watch = watch();
            let found = judge_at(&mut watch, &at.theirs(SYN, 0, 0).window(64_800), microseconds(0));
            assert_eq!(found, []);
            watch.sent(&at.ours(SYN, 0, 0));
            let syn_ack = at.theirs(SYN | ACK, 0, 1).window(64_800);
            assert_eq!(judge_at(&mut watch, &syn_ack, microseconds(between)), []);
            let ack = at.theirs(ACK, 1, 1).window(64);
            let found = judge_at(&mut watch, &ack, microseconds(between + 50));
            assert_eq!(found, [shrunk(64_801, 65, at, 64_800, 64)], "{between}");
        }
    });
}

#[test]
fn window_of_a_reset_or_behind_our_fin_means_nothing() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
        watch.sent(&at.ours(FIN | ACK, 1, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 2).window(0));
        clean(&mut watch, &at.theirs(RST | ACK, 1, 2).window(0));
    });
}

fn beyond(edge: u32, end: u32, at: Numbers) -> Violation {
    let (edge, end) = (at.seq(edge), at.seq(end));
    violation(
        FindingCode::SentBeyondWindow,
        "rfc5681-limit",
        format!("text up to {edge}, the right edge of the window offered to it"),
        format!("text up to {end}"),
        &[("seq + len", &format!("at most {edge}"), &end)],
    )
}

/// A connection with a window of `window` octets from the start.
fn small(at: Numbers, window: u16) -> Watch {
    let mut watch = watch();
    watch.stream_unknown();
    watch.sent(&at.ours(SYN, 0, 0).window(window));
    clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
    watch.sent(&at.ours(ACK, 1, 1).window(window));
    watch
}

#[test]
fn text_beyond_the_window_is_found() {
    everywhere(|at| {
        let mut watch = small(at, 10);
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123456789"));
        let mut watch = small(at, 10);
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123456789-"), beyond(11, 12, at));
    });
}

#[test]
fn text_beyond_the_window_is_measured_with_our_scale() {
    let scale = TcpOption::WindowScale;
    everywhere(|at| {
        let mut watch = watch();
        watch.stream_unknown();
        watch.sent(&at.ours(SYN, 0, 0).window(10).option(scale(3)));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).option(scale(0)));
        watch.sent(&at.ours(ACK, 1, 1).window(10));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 80]));
        // Our window of then still counts, although it is taken back here.
        watch.sent(&at.ours(ACK, 1, 81).window(1));
        spoiled(&mut watch, &at.theirs(ACK, 81, 1).text(&[0; 9]), beyond(89, 90, at));
    });
}

/// RFC 7323 section 2.3: a shift above 14 counts as 14.
#[test]
fn text_beyond_the_window_is_measured_with_a_shift_of_14_at_most() {
    let scale = TcpOption::WindowScale;
    everywhere(|at| {
        let mut watch = Watch::new(bench(), target(), u16::MAX);
        watch.stream_unknown();
        watch.sent(
            &at.ours(SYN, 0, 0).window(0).options(&[scale(255), TcpOption::MaximumSegmentSize(20_000)]),
        );
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).option(scale(0)));
        watch.sent(&at.ours(ACK, 1, 1).window(1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 1 << 14]));
        spoiled(&mut watch, &at.theirs(ACK, 2, 1).text(&[0; (1 << 14) + 1]), beyond(16_385, 16_387, at));
    });
}

#[test]
fn window_that_is_taken_back_may_still_be_used() {
    everywhere(|at| {
        let mut watch = small(at, 10);
        watch.sent(&at.ours(ACK, 1, 1).window(2));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123456789"));
    });
}

/// An ACK of more than had been seen of the target counts once that has been seen: it may have
/// been sent already.
#[test]
fn window_with_an_ack_ahead_counts_when_it_is_caught_up_with() {
    everywhere(|at| {
        let mut watch = small(at, 10);
        watch.sent(&at.ours(ACK, 1, 11).window(5));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        spoiled(&mut watch, &at.theirs(ACK, 6, 1).text(b"56789-"), beyond(11, 12, at));

        let mut watch = small(at, 10);
        watch.sent(&at.ours(ACK, 1, 11).window(5));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123456789"));
        clean(&mut watch, &at.theirs(ACK, 11, 1).text(b"abcde"));
        spoiled(&mut watch, &at.theirs(ACK, 16, 1).text(b"fg"), beyond(16, 18, at));
    });
}

#[test]
fn closed_window_is_probed_with_one_octet_and_no_more() {
    everywhere(|at| {
        let mut watch = small(at, 0);
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0"));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0"));
        spoiled(&mut watch, &at.theirs(ACK, 2, 1).text(b"1"), beyond(1, 3, at));

        let mut watch = small(at, 0);
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).text(b"01"), beyond(1, 3, at));
        // A FIN needs no room.
        clean(&mut small(at, 0), &at.theirs(FIN | ACK, 1, 1));
        clean(&mut small(at, 5), &at.theirs(FIN | ACK, 1, 1).text(b"01234"));
    });
}

fn beyond_mss(requirement: &'static str, expected: &str, most: usize, length: usize) -> Violation {
    violation(
        FindingCode::SentBeyondMss,
        requirement,
        expected,
        format!("{length} octets"),
        &[("len", &format!("at most {most}"), &length.to_string())],
    )
}

#[test]
fn segment_above_our_mss_less_its_options_is_found() {
    let mss = TcpOption::MaximumSegmentSize;
    everywhere(|at| {
        let mut watch = at.passive_with(&[mss(100), stamp(1, 0)], &[stamp(900, 1)]);
        watch.stream_unknown();
        let stamps = [TcpOption::Nop, TcpOption::Nop, stamp(901, 2)];
        clean(&mut watch, &at.theirs(ACK, 1, 1).options(&stamps).text(&[7; 88]));
        let expected = "at most 88 octets of text: an MSS of 100 we announced, less 12 of options";
        let segment = at.theirs(ACK, 1, 1).options(&stamps).text(&[7; 89]);
        spoiled(&mut watch, &segment, beyond_mss("MUST-16", expected, 88, 89));
    });
}

#[test]
fn mss_that_leaves_no_room_allows_one_octet() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[TcpOption::MaximumSegmentSize(1)], &[]);
        watch.stream_unknown();
        let nops = vec![TcpOption::Nop; 4];
        clean(&mut watch, &at.theirs(ACK, 1, 1).options(&nops).text(b"0"));
        let expected = "at most 1 octets of text: an MSS of 1 we announced, less 4 of options";
        let segment = at.theirs(ACK, 2, 1).options(&nops).text(b"01");
        spoiled(&mut watch, &segment, beyond_mss("MUST-16", expected, 1, 2));
    });
}

#[test]
fn default_mss_holds_where_we_announce_none() {
    let expected = |mss| {
        format!(
            "at most {mss} octets of text: an MSS of {mss} is the default, as we announced none, less 0 of options"
        )
    };
    everywhere(|at| {
        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 536]));
        let segment = at.theirs(ACK, 537, 1).text(&[0; 537]);
        spoiled(&mut watch, &segment, beyond_mss("MUST-15", &expected(536), 536, 537));

        let six = |mut segment: Segment| {
            let ends = ["2001:db8::1", "2001:db8::7"].map(|address| address.parse().unwrap());
            let from_target = segment.ip.source == target().ip();
            (segment.ip.source, segment.ip.destination) =
                if from_target { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
            segment
        };
        let mut watch =
            Watch::new("[2001:db8::7]:4000".parse().unwrap(), "[2001:db8::1]:80".parse().unwrap(), 1500);
        watch.stream_unknown();
        watch.sent(&six(at.ours(SYN, 0, 0)));
        clean(&mut watch, &six(at.theirs(SYN | ACK, 0, 1)));
        watch.sent(&six(at.ours(ACK, 1, 1)));
        clean(&mut watch, &six(at.theirs(ACK, 1, 1).text(&[0; 1220])));
        let segment = six(at.theirs(ACK, 1221, 1).text(&[0; 1221]));
        spoiled(&mut watch, &segment, beyond_mss("MUST-15", &expected(1220), 1220, 1221));
    });
}

#[test]
fn link_bounds_a_larger_mss() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[TcpOption::MaximumSegmentSize(9000)], &[]);
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 1460]));
        let expected = "at most 1460 octets of text: an MSS of 1460 the link carries, less 0 of options";
        let segment = at.theirs(ACK, 1461, 1).text(&[0; 1461]);
        spoiled(&mut watch, &segment, beyond_mss("MUST-16", expected, 1460, 1461));
    });
}

/// SYNs with different MSS, or one that stands behind the end of the options: either may count.
#[test]
fn mss_in_doubt_binds_nobody() {
    let mss = TcpOption::MaximumSegmentSize;
    everywhere(|at| {
        let behind_end = [TcpOption::EndOfList, TcpOption::Raw(vec![2, 4, 0, 100, 0, 0, 0])];
        for offers in [vec![mss(100).clone(), mss(200)], behind_end.to_vec(), vec![mss(0)]] {
            let mut watch = watch();
            watch.stream_unknown();
            watch.sent(&at.ours(SYN, 0, 0).options(&offers));
            clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
            watch.sent(&at.ours(ACK, 1, 1));
            clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 1460]));
        }
        let mut watch = watch();
        watch.stream_unknown();
        watch.sent(&at.ours(SYN, 0, 0).option(mss(100)));
        watch.sent(&at.ours(SYN, 0, 0).option(mss(200)));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        watch.sent(&at.ours(ACK, 1, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(&[0; 188]));
    });
}
