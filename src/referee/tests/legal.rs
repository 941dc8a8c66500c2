//! Unusual traces of conformant stacks, none of which may draw a finding.

use super::*;

#[test]
fn whole_life_of_a_connection() {
    everywhere(|at| {
        let offers = [TcpOption::MaximumSegmentSize(1460), TcpOption::WindowScale(3), stamp(1, 0)];
        let theirs = [TcpOption::MaximumSegmentSize(1460), TcpOption::WindowScale(7), stamp(900, 1)];
        let mut watch = at.passive_with(&offers, &theirs);
        let stamped = |flags, seq, ack, echo| at.theirs(flags, seq, ack).option(stamp(905, echo));
        watch.wrote(b"answer");
        watch.sent(&at.ours(ACK | PSH, 1, 1).text(b"question").option(stamp(3, 900)));
        clean(&mut watch, &stamped(ACK, 1, 9, 3));
        clean(&mut watch, &stamped(ACK | PSH, 1, 9, 3).text(b"answer"));
        watch.sent(&at.ours(FIN | ACK, 9, 7).option(stamp(4, 905)));
        clean(&mut watch, &stamped(FIN | ACK, 7, 10, 4));
        watch.sent(&at.ours(ACK, 10, 8).option(stamp(5, 905)));
    });
}

/// RFC 9293 section 3.8.4: at SND.NXT-1, without or with an octet of garbage; also where nothing
/// was sent yet, and where the last number is a FIN's.
#[test]
fn keep_alive_probe() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 0, 1).text(b"?"));
        watch.wrote(b"0123");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123"));
        watch.sent(&at.ours(ACK, 1, 5));
        clean(&mut watch, &at.theirs(ACK, 4, 1));
        clean(&mut watch, &at.theirs(ACK, 4, 1).text(b"?"));
        clean(&mut watch, &at.theirs(FIN | ACK, 5, 1));
        watch.sent(&at.ours(ACK, 1, 6));
        clean(&mut watch, &at.theirs(ACK, 5, 1).text(b"?"));
        // The garbage has not become text.
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"0123"));
    });
}

/// RFC 9293 section 3.8.6.1, in all the forms that are seen: a new octet, the same again, then with
/// more behind it; an old octet; nothing at SND.UNA-1.
#[test]
fn zero_window_probe() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"0123456789");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        watch.sent(&at.ours(ACK, 1, 6).window(0));
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"5"));
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"5"));
        clean(&mut watch, &at.theirs(ACK, 5, 1));
        clean(&mut watch, &at.theirs(ACK, 5, 1).text(b"4"));
        watch.sent(&at.ours(ACK, 1, 6).window(100));
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"56789"));
    });
}

/// RFC 9293 section 3.5, figure 7.
#[test]
fn simultaneous_open() {
    everywhere(|at| {
        let offers = [TcpOption::WindowScale(7), TcpOption::SackPermitted, stamp(900, 0)];
        for ours in [&[TcpOption::WindowScale(2), stamp(1, 0)][..], &[]] {
            let mut watch = watch();
            clean(&mut watch, &at.theirs(SYN, 0, 0).options(&offers));
            watch.sent(&at.ours(SYN, 0, 0).options(ours));
            let echo = if ours.is_empty() { 0 } else { 1 };
            let both = [TcpOption::WindowScale(7), TcpOption::SackPermitted, stamp(901, echo)];
            clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&both));
            clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).options(&both));
            watch.sent(&at.ours(SYN | ACK, 0, 1).options(ours));
            clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(902, echo)).window(1000));
        }
    });
}

/// RFC 9293 section 3.6, figure 13.
#[test]
fn simultaneous_close() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1));
        watch.sent(&at.ours(FIN | ACK, 1, 1));
        clean(&mut watch, &at.theirs(ACK, 2, 2));
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 2));
        watch.sent(&at.ours(ACK, 2, 2));
        watch.sent(&at.ours(FIN | ACK, 1, 2));
        clean(&mut watch, &at.theirs(ACK, 2, 2));
    });
}

/// The segment at the front of the queue, sent again as it was: its ACK and window are of then.
#[test]
fn verbatim_retransmission() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"01234");
        let first = at.theirs(ACK, 1, 1).text(b"01234").window(1000);
        clean(&mut watch, &first);
        watch.sent(&at.ours(ACK, 1, 1).text(b"abc"));
        clean(&mut watch, &at.theirs(ACK, 6, 4).window(2000));
        clean(&mut watch, &first);
        clean(&mut watch, &at.theirs(ACK, 6, 4).window(2000));
    });
}

#[test]
fn syn_ack_retransmitted_behind_a_challenge_ack() {
    everywhere(|at| {
        let scale = TcpOption::WindowScale;
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0).option(scale(0)));
        let syn_ack = at.theirs(SYN | ACK, 0, 1).option(scale(7));
        clean(&mut watch, &syn_ack);
        // Out of its window: answered with the true one, which the SYN ACK cannot say.
        watch.sent(&at.ours(ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
        clean(&mut watch, &syn_ack);
        clean(&mut watch, &syn_ack.window(1001));
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
    });
}

/// Whatever is not acceptable is answered with the current numbers (RFC 9293 section 3.10.7.4).
#[test]
fn challenge_acks() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"01234");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        for unacceptable in [
            at.ours(SYN, 1, 0),
            at.ours(SYN | ACK, 70_000, 1),
            at.ours(RST, 2, 0),
            at.ours(ACK, 1, 500),
            at.ours(ACK, 0x8000_0000, 1).text(b"far off"),
            at.ours(FIN | ACK, 80_000, 1),
        ] {
            watch.sent(&unacceptable);
            clean(&mut watch, &at.theirs(ACK, 6, 1));
        }
    });
}

/// A SYN that is neither at IRS nor acceptable changes nothing, options included.
#[test]
fn options_of_a_challenged_syn_do_not_count() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[stamp(1, 0)], &[stamp(900, 1)]);
        clean(&mut watch, &at.theirs(ACK, 1, 1).option(stamp(901, 2)));
        watch.sent(&at.ours(SYN, 0, 0).option(TcpOption::MaximumSegmentSize(10)));
        let codes: Vec<_> = judge(&mut watch, &at.theirs(ACK, 1, 1)).into_iter().map(|it| it.code).collect();
        pretty_assertions::assert_eq!(codes, [FindingCode::TimestampsMissing]);
    });
}

#[test]
fn time_wait_acknowledges_every_repeated_fin_and_then_resets() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1));
        for _ in 0..3 {
            watch.sent(&at.ours(FIN | ACK, 1, 2));
            clean(&mut watch, &at.theirs(ACK, 2, 2));
        }
        // Gone after 2 MSL.
        watch.sent(&at.ours(FIN | ACK, 1, 2));
        clean(&mut watch, &at.theirs(RST, 2, 0));
    });
}

/// MAY-2: a SYN in TIME-WAIT begins anew; if that was an old duplicate, TIME-WAIT is back.
#[test]
fn time_wait_reopened_and_restored() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1));
        watch.sent(&at.ours(FIN | ACK, 1, 2));
        clean(&mut watch, &at.theirs(ACK, 2, 2));
        let again = Numbers { iss: at.iss + 65_538, irs: at.irs + 1000 };
        watch.sent(&again.ours(SYN, 0, 0));
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1));
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1));
        watch.sent(&again.ours(RST, 1, 0));
        watch.sent(&at.ours(FIN | ACK, 1, 2));
        clean(&mut watch, &at.theirs(ACK, 2, 2));
        watch.sent(&again.ours(SYN, 0, 0));
        let third = Numbers { iss: at.iss + 200_000, ..again };
        clean(&mut watch, &third.theirs(SYN | ACK, 0, 1));
        watch.sent(&third.ours(ACK, 1, 1).text(b"abc"));
        clean(&mut watch, &third.theirs(ACK, 1, 4));
    });
}

/// Stateless SYN ACKs: each SYN draws one with an ISS of its own, and any of them can be taken up.
#[test]
fn syn_cookies() {
    everywhere(|at| {
        let mut watch = watch();
        let other = Numbers { iss: at.iss + 77_777, ..at };
        watch.sent(&at.ours(SYN, 0, 0));
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        clean(&mut watch, &other.theirs(SYN | ACK, 0, 1));
        watch.sent(&at.ours(ACK, 1, 1));
        watch.wrote(b"hello");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"hello"));
    });
}

/// A listener that has forgotten us takes the same SYN anew.
#[test]
fn syn_sent_again_after_the_target_gave_up() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        watch.sent(&at.ours(SYN, 0, 0));
        let again = Numbers { iss: at.iss + 1_000_000, ..at };
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1));
    });
}

/// The same ISS twice, as a stack that counts connections may choose it.
#[test]
fn syn_ack_with_the_same_iss_for_another_syn() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(RST, 1, 0));
        let again = Numbers { irs: at.irs + 500_000, ..at };
        watch.sent(&again.ours(SYN, 0, 0));
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1));
        watch.sent(&again.ours(ACK, 1, 1).text(b"abc"));
        clean(&mut watch, &again.theirs(ACK, 1, 4));
    });
}

/// The same ISS even for the same SYN: what was acknowledged, sent and stamped begins anew.
#[test]
fn syn_ack_with_the_same_iss_for_the_same_syn_after_a_reset() {
    everywhere(|at| {
        let mut watch = at.passive_with(&[stamp(1, 0)], &[stamp(900, 1)]);
        watch.wrote(b"first");
        watch.sent(&at.ours(ACK, 1, 1).text(b"abc").option(stamp(2, 900)));
        clean(&mut watch, &at.theirs(ACK, 1, 4).text(b"first").option(stamp(905, 2)));
        watch.sent(&at.ours(RST, 4, 0));
        watch.sent(&at.ours(SYN, 0, 0).option(stamp(3, 0)));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1).option(stamp(700, 3)));
        watch.sent(&at.ours(ACK, 1, 1).option(stamp(4, 700)));
        watch.wrote(b"second");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"second").option(stamp(701, 4)));
    });
}

#[test]
fn syn_with_the_same_iss_for_another_open() {
    everywhere(|at| {
        let mut watch = at.active();
        watch.wrote(b"first");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"first"));
        watch.sent(&at.ours(RST, 1, 0));
        watch.opens();
        watch.wrote(b"second");
        let again = Numbers { irs: at.irs + 500_000, ..at };
        clean(&mut watch, &again.theirs(SYN, 0, 0));
        watch.sent(&again.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &again.theirs(ACK, 1, 1).text(b"second"));
    });
}

/// RFC 9293 section 3.5, group 2: the connection attempt goes on behind the reset.
#[test]
fn unacceptable_ack_while_connecting() {
    everywhere(|at| {
        let mut watch = watch();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        watch.sent(&at.ours(SYN | ACK, 0, 91_000));
        clean(&mut watch, &at.theirs(RST, 91_000, 0));
        watch.sent(&at.ours(ACK, 0, 0));
        clean(&mut watch, &at.theirs(RST, 0, 0));
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        watch.sent(&at.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1));
    });
}

#[test]
fn unacceptable_ack_in_syn_received() {
    everywhere(|at| {
        let mut watch = watch();
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        watch.sent(&at.ours(ACK, 1, 1001));
        clean(&mut watch, &at.theirs(RST, 1001, 0));
        watch.sent(&at.ours(ACK, 1, 1));
        watch.sent(&at.ours(ACK, 1, 1).text(b"abc"));
        clean(&mut watch, &at.theirs(ACK, 1, 4));
    });
}

/// Which SYN of two a target took shows in what it acknowledges.
#[test]
fn two_syns_with_different_numbers() {
    everywhere(|at| {
        for taken in [0, 40] {
            let mut watch = watch();
            watch.sent(&at.ours(SYN, 0, 0));
            watch.sent(&at.ours(SYN, 40, 0));
            clean(&mut watch, &at.theirs(SYN | ACK, 0, taken + 1));
            watch.sent(&at.ours(ACK, taken + 1, 1).text(b"abc"));
            clean(&mut watch, &at.theirs(ACK, 1, taken + 4));
        }
    });
}

/// Of SYNs that an ACK can be meant for, the one that ends there; an earlier one only if all behind
/// it was sent, and then its options count for nothing.
#[test]
fn syn_in_time_wait_behind_an_old_duplicate() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.sent(&at.ours(FIN | ACK, 1, 1).text(b"0123456789"));
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 12));
        watch.sent(&at.ours(ACK, 12, 2));
        let again = Numbers { iss: at.iss + 65_538, irs: at.irs + 12 };
        let scale = TcpOption::WindowScale;
        watch.sent(&again.ours(SYN, 0, 0).options(&[scale(2), stamp(1, 0)]));
        watch.sent(&at.ours(SYN, 0, 0));
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1).options(&[scale(7), stamp(900, 1)]));
        watch.sent(&at.ours(ACK, 1, 65_539).option(stamp(2, 900)));
        clean(&mut watch, &again.theirs(ACK, 1, 1).option(stamp(901, 2)));
    });
}

/// Text on a SYN, either taken with it or left for later.
#[test]
fn text_on_syns() {
    everywhere(|at| {
        for taken in [1, 4] {
            let mut watch = watch();
            watch.sent(&at.ours(SYN, 0, 0).text(b"abc"));
            clean(&mut watch, &at.theirs(SYN | ACK, 0, taken));
            watch.sent(&at.ours(ACK, 1, 1).text(b"abc"));
            clean(&mut watch, &at.theirs(ACK, 1, 4));
        }
        let mut watch = watch();
        watch.wrote(b"hello");
        clean(&mut watch, &at.theirs(SYN, 0, 0).text(b"hel"));
        watch.sent(&at.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"hello"));
    });
}

/// More room than it last told: the application may have read in the meantime.
#[test]
fn text_beyond_the_offered_window_may_be_taken() {
    everywhere(|at| {
        let mut watch = at.passive();
        clean(&mut watch, &at.theirs(ACK, 1, 1).window(1000));
        watch.sent(&at.ours(ACK, 1, 1).text(&[0; 1400]));
        watch.sent(&at.ours(ACK, 1401, 1).text(&[0; 1400]));
        clean(&mut watch, &at.theirs(ACK, 1, 2801).window(9000));
    });
}

/// SND.WL1: an earlier SEG.SEQ moves SND.UNA alone, and leaves SND.WND as it is.
#[test]
fn window_of_a_later_segment_goes_on_behind_an_earlier_one() {
    everywhere(|at| {
        let mut watch = watch();
        watch.wrote(b"0123456789");
        watch.sent(&at.ours(SYN, 0, 0).window(0));
        clean(&mut watch, &at.theirs(SYN | ACK, 0, 1));
        watch.sent(&at.ours(ACK, 100, 1).window(4));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0123"));
        watch.sent(&at.ours(ACK, 1, 5).window(0));
        clean(&mut watch, &at.theirs(ACK, 5, 1).text(b"4567"));
    });
}

/// A lost view of the target's packets excuses one gap.
#[test]
fn packet_that_could_not_be_read() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"0123456789abcdef");
        watch.missed();
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"56789"));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        let codes: Vec<_> =
            judge(&mut watch, &at.theirs(ACK, 13, 1).text(b"cdef")).into_iter().map(|it| it.code).collect();
        pretty_assertions::assert_eq!(codes, [FindingCode::SequenceOutOfPlace]);
    });
}

/// A connection that timed out unseen, opened again by the application.
#[test]
fn application_opens_again() {
    everywhere(|at| {
        let mut watch = watch();
        watch.opens();
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        watch.opens();
        let again = Numbers { iss: at.iss + 1_000_000, ..at };
        clean(&mut watch, &again.theirs(SYN, 0, 0));
        clean(&mut watch, &again.theirs(SYN, 0, 0));
    });
}
