//! Sequence and acknowledgment numbers.

use super::*;
use pretty_assertions::assert_eq;

#[test]
fn ack_covers_what_we_sent_and_no_more() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(ACK, 1, 1).text(b"0123456789"));
        clean(&mut watch, &at.theirs(ACK, 1, 11));
        watch.sent(&at.ours(FIN | ACK, 11, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 12));
        spoiled(&mut watch, &at.theirs(ACK, 1, 13), never_sent(at, 12, 13));
        // The fault is not carried over to the segments behind it.
        clean(&mut watch, &at.theirs(ACK, 1, 12));
    });
}

fn never_sent(at: Numbers, end: u32, ack: u32) -> Violation {
    let (end, ack) = (at.ack(end), at.ack(ack));
    violation(
        FindingCode::AckOfDataNeverSent,
        "ev-estab-data-inorder",
        format!("SEG.ACK at most {end}, where what we sent ends or has a gap"),
        format!("SEG.ACK {ack}"),
        &[("ack", &format!("at most {end}"), &ack)],
    )
}

#[test]
fn ack_does_not_jump_a_gap_in_what_we_sent() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(ACK, 1, 1).text(b"01234"));
        watch.sent(&at.ours(ACK, 11, 1).text(b"56789"));
        clean(&mut watch, &at.theirs(ACK, 1, 6));
        spoiled(&mut watch, &at.theirs(ACK, 1, 16), never_sent(at, 6, 16));
        watch.sent(&at.ours(ACK, 6, 1).text(b"-----"));
        clean(&mut watch, &at.theirs(ACK, 1, 16));
    });
}

#[test]
fn ack_of_what_must_be_thrown_away_is_found() {
    everywhere(|at| {
        let mut bad_checksum = at.ours(ACK, 1, 1).text(b"01234");
        bad_checksum.checksum = crate::segment::Checksum::Raw(1);
        let mut bad_offset = at.ours(ACK, 1, 1).text(b"01234");
        bad_offset.data_offset = Some(4);
        let reset = at.ours(RST | ACK, 1, 1).text(b"01234");
        for dropped in [bad_checksum, bad_offset, reset] {
            let mut watch = at.passive();
            watch.sent(&dropped);
            spoiled(&mut watch, &at.theirs(ACK, 1, 6), never_sent(at, 1, 6));
        }
    });
}

/// A data offset larger than needed, but possible: the beginning of the text is options.
#[test]
fn ack_counts_text_as_the_target_reads_it() {
    everywhere(|at| {
        let mut watch = at.passive();
        let mut shifted = at.ours(ACK, 1, 1).text(&[1, 1, 1, 1, 9, 9]);
        shifted.data_offset = Some(6);
        watch.sent(&shifted);
        clean(&mut watch, &at.theirs(ACK, 1, 3));
        spoiled(&mut watch, &at.theirs(ACK, 1, 7), never_sent(at, 3, 7));
    });
}

#[test]
fn ack_of_a_syn_is_of_one_that_we_sent() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0));
        let wrong = at.ack(2);
        let expected = violation(
            FindingCode::AckOfDataNeverSent,
            "ev-listen-syn",
            "an acknowledgment of a SYN of ours",
            format!("SEG.ACK {wrong}"),
            &[("ack", "SEQ + 1 of a SYN of ours", &wrong)],
        );
        spoiled(&mut watch, &at.theirs(SYN | ACK, 0, 2), expected);
    });
}

#[test]
fn ack_before_any_syn_of_ours_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        let wrong = at.ack(1);
        let expected = violation(
            FindingCode::AckOfDataNeverSent,
            "ev-estab-data-inorder",
            "an acknowledgment of a SYN of ours",
            format!("SEG.ACK {wrong}"),
            &[("ack", "SEQ + 1 of a SYN of ours", &wrong)],
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1), expected);
    });
}

#[test]
fn ack_that_goes_back_is_found() {
    everywhere(|at| {
        for back in [6, 1, 0] {
            let (least, saw) = (at.ack(11), at.ack(back));
            let expected = violation(
                FindingCode::AckWentBack,
                "ev-estab-send",
                format!("SEG.ACK at least {least}, which it acknowledged before"),
                format!("SEG.ACK {saw}"),
                &[("ack", &format!("at least {least}"), &saw)],
            );
            let mut watch = at.passive();
            watch.sent(&at.ours(ACK, 1, 1).text(b"0123456789"));
            clean(&mut watch, &at.theirs(ACK, 1, 11));
            spoiled(&mut watch, &at.theirs(ACK, 1, back), expected);
        }
    });
}

#[test]
fn ack_is_set_in_every_segment_of_a_connection() {
    everywhere(|at| {
        for (flags, with_ack) in [(Flags::NONE, "ACK"), (FIN, "FIN ACK"), (PSH, "PSH ACK")] {
            let mut watch = at.passive();
            let expected = violation(
                FindingCode::AckMissing,
                "ev-estab-send",
                "ACK set, as in every segment of a connection",
                "no ACK",
                &[("flags", with_ack, &flags.to_string())],
            );
            spoiled(&mut watch, &at.theirs(flags, 1, 0), expected);
        }
    });
}

fn out_of_place(at: Numbers, end: u32, seq: SeqNum) -> Violation {
    let end_shown = at.seq(end);
    violation(
        FindingCode::SequenceOutOfPlace,
        "ev-estab-send",
        format!("SEG.SEQ at most {end_shown}, where nothing has been left out"),
        format!("SEG.SEQ {seq}"),
        &[("seq", &format!("{}..{end_shown}", at.seq(1)), &seq.to_string())],
    )
}

#[test]
fn gap_in_the_targets_text_is_found_once() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        spoiled(&mut watch, &at.theirs(ACK, 7, 1).text(b"6789"), out_of_place(at, 6, at.iss + 7));
        clean(&mut watch, &at.theirs(ACK, 11, 1).text(b"more"));
        // What fills the gap was never seen, so that any text is right there.
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"5"));
    });
}

#[test]
fn empty_segment_ahead_of_what_was_sent_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        spoiled(&mut watch, &at.theirs(ACK, 2, 1), out_of_place(at, 1, at.iss + 2));
    });
}

#[test]
fn segment_before_iss_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        let mut before = at.theirs(ACK, 0, 1);
        before.seq = at.iss - 1;
        spoiled(&mut watch, &before, out_of_place(at, 1, at.iss - 1));
    });
}

#[test]
fn text_in_the_place_of_the_syn_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.stream_unknown();
        let expected = violation(
            FindingCode::SequenceOutOfPlace,
            "ev-estab-send",
            "text that begins behind the SYN",
            format!("SEG.SEQ {}, that of the SYN", at.iss),
            &[("seq", &at.seq(1), &at.seq(0))],
        );
        spoiled(&mut watch, &at.theirs(ACK, 0, 1).text(b"ab"), expected);
    });
}

#[test]
fn segment_without_any_connection_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(ACK, 1, 1));
        let expected = violation(
            FindingCode::SequenceOutOfPlace,
            "ev-estab-send",
            "a SYN or a RST: there is no connection",
            "ACK",
            &[("flags", "SYN, SYN ACK, RST or RST ACK", "ACK")],
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1), expected);
    });
}

#[test]
fn new_text_after_the_fin_is_found() {
    everywhere(|at| {
        for (flags, seq, text, end) in [
            (ACK, 7, &b"x"[..], 8),
            (ACK, 6, b"xy", 8),
            (ACK, 8, b"x", 9),
            (FIN | ACK, 7, b"", 8),
            (FIN | ACK, 1, b"012345", 8),
        ] {
            let mut watch = at.passive();
            watch.stream_unknown();
            clean(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"01234"));
            let end_shown = at.seq(end);
            let expected = violation(
                FindingCode::SentAfterFin,
                "ev-estab-close",
                format!("nothing new: its FIN was number {}", at.seq(6)),
                format!("sequence numbers up to {}", at.seq(end - 1)),
                &[("seq + len", &format!("at most {}", at.seq(7)), &end_shown)],
            );
            spoiled(&mut watch, &at.theirs(flags, seq, 1).text(text), expected);
        }
    });
}

#[test]
fn fin_that_moves_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        let over_text = violation(
            FindingCode::RetransmissionAltered,
            "ev-estab-rto",
            format!("its FIN behind all text, at {}", at.seq(6)),
            "its FIN where there was text before",
            &[("fin", &at.seq(6), &at.seq(4))],
        );
        spoiled(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"012"), over_text);

        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"01234"));
        let back = violation(
            FindingCode::RetransmissionAltered,
            "ev-estab-rto",
            "its FIN where it was before",
            "its FIN elsewhere",
            &[("fin", &at.seq(6), &at.seq(4))],
        );
        spoiled(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"012"), back);

        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"01234"));
        let text = violation(
            FindingCode::RetransmissionAltered,
            "ev-estab-rto",
            "its FIN where it was before",
            "text in its place",
            &[("flags", "FIN", "ACK")],
        );
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234x"), text);
    });
}

#[test]
fn syn_ack_retransmitted_with_another_iss_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        let expected = other_iss(at, "ev-synrcvd-rto");
        spoiled(&mut watch, &at.theirs(SYN | ACK, 9, 1), expected);
    });
}

#[test]
fn syn_retransmitted_with_another_iss_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        spoiled(&mut watch, &at.theirs(SYN, 9, 0), other_iss(at, "ev-synsent-rto"));
    });
}

fn other_iss(at: Numbers, requirement: &'static str) -> Violation {
    violation(
        FindingCode::SequenceOutOfPlace,
        requirement,
        "the same initial sequence number in every retransmission",
        "another one",
        &[("seq", &at.seq(0), &at.seq(9))],
    )
}

/// IP does not keep the order of packets: what is as old as a moment may be an overtaken segment.
#[test]
fn acknowledgment_that_another_has_overtaken_is_no_step_back() {
    let scale = TcpOption::WindowScale;
    let timestamps = |value| TcpOption::Timestamps { value, echo: 7 };
    let microseconds = |count: u64| Time((1 << 62) + count * 1000);
    everywhere(|at| {
        let ack =
            |ack: u32, window: u16, tsval| at.theirs(ACK, 1, ack).window(window).option(timestamps(tsval));
        let mut watch = at.passive_with(&[scale(0), timestamps(7)], &[scale(0), timestamps(100)]);
        watch.sent(&at.ours(ACK, 1, 1).option(timestamps(7)).text(&[0; 300]));
        let went_back = |found: Vec<Violation>| found.iter().map(|it| it.code).collect::<Vec<_>>();
        let mut at_once =
            |segment: &Segment, time| went_back(judge_at(&mut watch, segment, microseconds(time)));
        assert_eq!(at_once(&ack(101, 900, 101), 0), []);
        assert_eq!(at_once(&ack(301, 700, 103), 5000), []);
        // Sent before the last one, and behind the one before that.
        assert_eq!(at_once(&ack(201, 800, 102), 5001), []);
        assert_eq!(at_once(&ack(301, 700, 103), 5002), []);
        // Older than what was told long ago, or too late to have been overtaken.
        assert_eq!(at_once(&ack(100, 901, 103), 5003), [FindingCode::AckWentBack]);
        assert_eq!(at_once(&ack(301, 700, 103), 9000), []);
        assert_eq!(at_once(&ack(201, 800, 103), 10_500), [FindingCode::AckWentBack]);
    });
}
