//! The form of resets.

use super::*;
use pretty_assertions::assert_eq;

/// RFC 9293 section 3.10.7.1, each kind of segment to a port on which nothing listens.
#[test]
fn reset_of_each_kind_of_segment_to_a_closed_port_is_fine() {
    everywhere(|at| {
        let without_ack = [
            (SYN, &b""[..], 1),
            (SYN, b"abc", 4),
            (SYN | FIN, b"", 2),
            (FIN, b"", 1),
            (PSH, b"abcd", 4),
            (Flags::NONE, b"", 0),
            (FIN | PSH | Flags::URG, b"", 1),
        ];
        for (flags, text, length) in without_ack {
            let mut watch = watch();
            watch.sent(&at.ours(flags, 0, 0).text(text));
            clean(&mut watch, &no_ack_reset(at, length));
        }
        for (flags, text) in [(ACK, &b""[..]), (ACK | PSH, b"abc"), (SYN | ACK, b""), (FIN | ACK, b"")] {
            let mut watch = watch();
            watch.sent(&at.ours(flags, 0, 77).text(text));
            clean(&mut watch, &at.theirs(RST, 77, 0));
            // Widespread, and harmless.
            clean(&mut watch, &at.theirs(RST | ACK, 77, 0));
        }
    });
}

/// `<SEQ=0><ACK=…><CTL=RST,ACK>`
fn no_ack_reset(at: Numbers, ack: u32) -> Segment {
    let mut reset = at.theirs(RST | ACK, 0, ack);
    reset.seq = SeqNum(0);
    reset
}

#[test]
fn reset_may_answer_any_segment_not_only_the_last() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(ACK, 0, 77));
        watch.sent(&at.ours(SYN, 500, 0));
        watch.sent(&at.ours(ACK, 9, 88));
        clean(&mut watch, &at.theirs(RST, 77, 0));
        clean(&mut watch, &no_ack_reset(at, 501));
        clean(&mut watch, &at.theirs(RST, 88, 0));
    });
}

#[test]
fn reset_of_a_segment_with_ack_takes_another_number_is_found() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(ACK, 0, 77));
        let segment = at.theirs(RST, 78, 0);
        let expected = violation(
            FindingCode::MalformedReset,
            "ev-closed-ack",
            format!("SEG.SEQ {}, the SEG.ACK of the segment that it answers", at.seq(77)),
            format!("RST seq={}", at.seq(78)),
            &[("seq", &at.seq(77), &at.seq(78))],
        );
        spoiled(&mut watch, &segment, expected);
    });
}

#[test]
fn reset_of_a_segment_without_ack_in_another_form_is_found() {
    everywhere(|at| {
        let right = at.ack(1);
        let expected = |saw: String, differences: &[(&str, &str, &str)]| {
            let expected =
                format!("RST ACK with SEG.SEQ 0 and SEG.ACK {right}, the end of the segment that it answers");
            violation(FindingCode::MalformedReset, "ev-closed-syn", expected, saw, differences)
        };
        let syn = at.ours(SYN, 0, 0);

        let mut watch = super::watch();
        watch.sent(&syn);
        let saw = format!("RST ACK seq=0 ack={}", at.ack(2));
        spoiled(&mut watch, &no_ack_reset(at, 2), expected(saw, &[("ack", &right, &at.ack(2))]));

        let mut watch = super::watch();
        watch.sent(&syn);
        let mut no_ack = no_ack_reset(at, 1);
        no_ack.flags = RST;
        let saw = match no_ack.ack {
            SeqNum(0) => "RST seq=0".to_owned(),
            ack => format!("RST seq=0 ack=({ack})"),
        };
        spoiled(&mut watch, &no_ack, expected(saw, &[("flags", "RST ACK", "RST")]));

        let mut watch = super::watch();
        watch.sent(&syn);
        let mut wrong_seq = no_ack_reset(at, 1);
        wrong_seq.seq = SeqNum(7);
        let saw = format!("RST ACK seq=7 ack={right}");
        spoiled(&mut watch, &wrong_seq, expected(saw, &[("seq", "0", "7")]));
    });
}

#[test]
fn reset_of_nothing_is_found() {
    everywhere(|at| {
        // What must be thrown away, and what must never be answered by a reset.
        let mut bad_checksum = at.ours(ACK, 0, 77);
        bad_checksum.checksum = crate::segment::Checksum::Raw(1);
        for unanswerable in [bad_checksum, at.ours(RST, 0, 0), at.ours(RST | ACK, 0, 77)] {
            let mut watch = watch();
            watch.sent(&unanswerable);
            let expected = violation(
                FindingCode::MalformedReset,
                "ev-estab-abort",
                "no RST: there is no connection, and nothing to answer",
                format!("RST seq={}", at.seq(77)),
                &[],
            );
            spoiled(&mut watch, &at.theirs(RST, 77, 0), expected);
        }
    });
}

#[test]
fn reset_with_syn_or_fin_is_found() {
    everywhere(|at| {
        for (flags, right) in [(RST | SYN, "RST"), (RST | FIN | ACK, "RST ACK")] {
            let mut watch = at.passive();
            let expected = violation(
                FindingCode::MalformedReset,
                "ev-estab-abort",
                "a RST with neither SYN nor FIN",
                flags.to_string(),
                &[("flags", right, &flags.to_string())],
            );
            spoiled(&mut watch, &at.theirs(flags, 1, 1), expected);
        }
    });
}

#[test]
fn reset_of_its_own_accord_has_one_of_the_connections_numbers() {
    everywhere(|at| {
        let opened = || {
            let mut watch = at.passive();
            watch.wrote(b"01234");
            watch.sent(&at.ours(ACK, 1, 1).text(b"abc"));
            clean(&mut watch, &at.theirs(ACK, 1, 4).text(b"01234"));
            watch
        };
        for abort in [
            at.theirs(RST, 6, 0),
            at.theirs(RST | ACK, 6, 4),
            at.theirs(RST | ACK | PSH, 6, 4),
            // With urgent text still to be sent.
            at.theirs(RST | ACK | Flags::URG, 6, 4),
            at.theirs(RST, 3, 0),
            // Before it took notice of our text.
            at.theirs(RST | ACK, 6, 1),
        ] {
            clean(&mut opened(), &abort);
        }
        let expected = |segment: &Segment| {
            violation(
                FindingCode::MalformedReset,
                "ev-closed-ack",
                format!(
                    "SEG.SEQ {}, the SEG.ACK of the segment that it answers, or one of its own: {}..{}",
                    at.seq(1),
                    at.seq(1),
                    at.seq(6)
                ),
                segment.summary(None).to_string(),
                &[("seq", &at.seq(1), &at.seq(7))],
            )
        };
        let ahead = at.theirs(RST, 7, 0);
        spoiled(&mut opened(), &ahead, expected(&ahead));
    });
}

#[test]
fn reset_of_its_own_accord_acknowledges_nothing_that_was_never_sent() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"01234");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        let codes: Vec<_> =
            judge(&mut watch, &at.theirs(RST | ACK, 6, 2)).into_iter().map(|found| found.code).collect();
        assert_eq!(codes, [FindingCode::MalformedReset]);
    });
}

#[test]
fn reset_of_a_connection_that_only_we_broke_names_its_numbers() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        let segment = at.theirs(RST, 9, 0);
        let own = format!("{}..{}", at.seq(1), at.seq(1));
        let expected = violation(
            FindingCode::MalformedReset,
            "ev-estab-abort",
            format!("a RST with one of its own sequence numbers, {own}"),
            format!("RST seq={}", at.seq(9)),
            &[("seq", &own, &at.seq(9))],
        );
        spoiled(&mut watch, &segment, expected);
    });
}
