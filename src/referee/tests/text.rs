//! What the application wrote, and what is sent again.

use super::*;

/// `differs(code, …)`: the octet at `place` of the stream.
fn differs(
    code: FindingCode,
    requirement: &'static str,
    place: usize,
    right: &str,
    wrong: &str,
) -> Violation {
    let expected = format!("at octet {place} of its stream: {right}");
    violation(code, requirement, expected, wrong, &[("data", right, wrong)])
}

#[test]
fn text_other_than_written_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"hello ");
        watch.wrote(b"world");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"hello w"));
        let expected = differs(FindingCode::PayloadAltered, "ev-estab-send", 9, "0x6c", "0x6b");
        spoiled(&mut watch, &at.theirs(ACK, 8, 1).text(b"orkd"), expected);
    });
}

#[test]
fn text_that_nobody_wrote_is_found() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"hello");
        let right = "no octet: the application has written 5";
        let expected = differs(FindingCode::PayloadInvented, "ev-estab-send", 5, right, "0x21");
        spoiled(&mut watch, &at.theirs(ACK, 1, 1).text(b"hello!"), expected);
    });
}

#[test]
fn text_of_an_ordinary_service_is_compared_with_itself_only() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.stream_unknown();
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"whatever"));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"whatever it is"));
        let expected = differs(FindingCode::RetransmissionAltered, "ev-estab-rto", 9, "0x69", "0x61");
        spoiled(&mut watch, &at.theirs(ACK, 6, 1).text(b"ver as it is"), expected);
    });
}

#[test]
fn retransmission_cut_anew_or_coalesced_is_fine_while_its_octets_are() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"0123456789abcdef");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"01234"));
        clean(&mut watch, &at.theirs(ACK, 6, 1).text(b"56789"));
        clean(&mut watch, &at.theirs(ACK, 3, 1).text(b"2345"));
        clean(&mut watch, &at.theirs(FIN | ACK, 1, 1).text(b"0123456789abcdef"));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"0"));
        clean(&mut watch, &at.theirs(FIN | ACK, 17, 1));
        let expected = differs(FindingCode::RetransmissionAltered, "ev-estab-rto", 4, "0x34", "0x35");
        spoiled(&mut watch, &at.theirs(ACK, 4, 1).text(b"35"), expected);
    });
}

/// What was sent counts, not what should have been: one fault, one finding.
#[test]
fn altered_text_sent_again_as_it_was_is_not_found_twice() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"hello");
        let altered = at.theirs(ACK, 1, 1).text(b"jello");
        let expected = differs(FindingCode::PayloadAltered, "ev-estab-send", 0, "0x68", "0x6a");
        spoiled(&mut watch, &altered, expected);
        clean(&mut watch, &altered);
    });
}

#[test]
fn stream_of_an_active_open_may_be_written_before_its_syn() {
    everywhere(|at| {
        let mut watch = watch();
        watch.wrote(b"hello");
        clean(&mut watch, &at.theirs(SYN, 0, 0));
        watch.sent(&at.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"hello"));
    });
}

/// Each connection has a stream of its own.
#[test]
fn stream_begins_anew_with_a_connection_that_the_application_opens() {
    everywhere(|at| {
        let mut watch = at.active();
        watch.wrote(b"first");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"first"));
        clean(&mut watch, &at.theirs(RST, 6, 1));
        watch.opens();
        watch.wrote(b"second");
        let again = Numbers { iss: at.iss + 100_000, irs: at.irs + 5 };
        clean(&mut watch, &again.theirs(SYN, 0, 0));
        watch.sent(&again.ours(SYN | ACK, 0, 1));
        let expected = differs(FindingCode::PayloadAltered, "ev-estab-send", 0, "0x73", "0x66");
        spoiled(&mut watch, &again.theirs(ACK, 1, 1).text(b"first"), expected);
    });
}

#[test]
fn stream_begins_anew_with_a_connection_that_we_open() {
    everywhere(|at| {
        let mut watch = at.passive();
        watch.wrote(b"first");
        clean(&mut watch, &at.theirs(ACK, 1, 1).text(b"first"));
        watch.sent(&at.ours(RST, 1, 0));
        let again = Numbers { iss: at.iss + 100_000, irs: at.irs + 70_000 };
        watch.sent(&again.ours(SYN, 0, 0));
        clean(&mut watch, &again.theirs(SYN | ACK, 0, 1));
        watch.sent(&again.ours(ACK, 1, 1));
        watch.wrote(b"second");
        clean(&mut watch, &again.theirs(ACK, 1, 1).text(b"second"));
    });
}

/// Without a word of what the application opened, its second stream is not known.
#[test]
fn stream_of_an_unannounced_open_is_not_known() {
    everywhere(|at| {
        let mut watch = at.active();
        watch.wrote(b"first");
        watch.sent(&at.ours(RST, 1, 0));
        let again = Numbers { iss: at.iss + 100_000, irs: at.irs + 5 };
        clean(&mut watch, &again.theirs(SYN, 0, 0));
        watch.sent(&again.ours(SYN | ACK, 0, 1));
        clean(&mut watch, &again.theirs(ACK, 1, 1).text(b"second"));
    });
}
