use super::*;
use crate::case::model::{
    DataPattern, Expect, ExpectAll, Growth, Measure, OptionName, OptionPattern, Pattern, Quantity,
    Retransmissions,
};
use crate::segment::Flags;
use pretty_assertions::assert_eq;
use std::time::Duration;

/// Matches any segment.
fn anything() -> Expect {
    Expect {
        flags: Vec::new(),
        label: None,
        seq: None,
        ack: None,
        window: None,
        urgent: None,
        ttl: None,
        tos: None,
        data: None,
        options: Vec::new(),
        within: None,
        not_before: None,
        after: None,
        strict: false,
        again: false,
        drain: false,
    }
}

fn expected(text: Text) -> Expect {
    match text.kind() {
        StepKind::Expect(expect) => *expect,
        other => panic!("{other:?}"),
    }
}

#[test]
fn expect_with_every_field() {
    let text = Text(
        "{expect: [ACK, FIN ACK], as: reply, seq: any, ack: fin.seq + 1, window: 1..1000, urgent: not 0, ttl: 64, \
         tos: [0, 2], data: none, options: [no timestamps], within: 2 * MSL, not-before: 200ms, after: fin, \
         strict: yes, again: true, drain: yes}",
    );
    assert_eq!(
        expected(text),
        Expect {
            flags: vec![Flags::ACK, Flags::FIN | Flags::ACK],
            label: Some("reply".into()),
            seq: Some(Pattern::Any),
            ack: Some(Pattern::Is(text.expr("fin.seq + 1"))),
            window: Some(Pattern::Range(Expr::Int(1), Expr::Int(1000))),
            urgent: Some(Pattern::Not(Expr::Int(0))),
            ttl: Some(Pattern::Is(Expr::Int(64))),
            tos: Some(Pattern::In(vec![Expr::Int(0), Expr::Int(2)])),
            data: Some(DataPattern::None),
            options: vec![OptionPattern::Absent(OptionName::Timestamps)],
            within: Some(text.expr("2 * MSL")),
            not_before: Some(Expr::Duration(Duration::from_millis(200))),
            after: Some("fin".into()),
            strict: true,
            again: true,
            drain: true,
        }
    );
}

#[test]
fn expect_any_matches_every_segment() {
    assert_eq!(expected(Text("{expect: any}")), anything());
    assert_eq!(expected(Text("{expect: none}")), Expect { flags: vec![Flags::NONE], ..anything() });
}

#[test]
fn expect_compares_data_by_length_with_the_stream_or_as_text() {
    let data = ["100", "1..1460", "any", "[100, 200]", "{text: abc}", "not 0"]
        .map(|data| expected(Text(format!("{{expect: ACK, data: {data}}}").leak())).data);
    let stream = |pattern| Some(DataPattern::Stream(pattern));
    assert_eq!(
        data,
        [
            stream(Pattern::Is(Expr::Int(100))),
            stream(Pattern::Range(Expr::Int(1), Expr::Int(1460))),
            stream(Pattern::Any),
            stream(Pattern::In(vec![Expr::Int(100), Expr::Int(200)])),
            Some(DataPattern::Text("abc".into())),
            stream(Pattern::Not(Expr::Int(0))),
        ]
    );
}

#[test]
fn expect_looks_for_every_option() {
    let text = Text(
        "{expect: SYN ACK, options: [mss, mss 536..1460, window-scale any, window-scale, sack-permitted, sack, \
         sack 1..2 3..4, timestamps, timestamps any syn.tsval, timestamps not 0 1..2, no mss, no sack]}",
    );
    let range = |from, to| Pattern::Range(Expr::Int(from), Expr::Int(to));
    let block = |from, to| (Expr::Int(from), Expr::Int(to));
    assert_eq!(
        expected(text).options,
        [
            OptionPattern::Mss(Pattern::Any),
            OptionPattern::Mss(range(536, 1460)),
            OptionPattern::WindowScale(Pattern::Any),
            OptionPattern::WindowScale(Pattern::Any),
            OptionPattern::SackPermitted,
            OptionPattern::Sack(Vec::new()),
            OptionPattern::Sack(vec![block(1, 2), block(3, 4)]),
            OptionPattern::Timestamps(Pattern::Any, Pattern::Any),
            OptionPattern::Timestamps(Pattern::Any, Pattern::Is(text.expr("syn.tsval"))),
            OptionPattern::Timestamps(Pattern::Not(Expr::Int(0)), range(1, 2)),
            OptionPattern::Absent(OptionName::Mss),
            OptionPattern::Absent(OptionName::Sack),
        ]
    );
}

#[test]
fn all_of_holds_each_segment() {
    let text = Text("{expect: {all-of: [{expect: ACK, as: a}, {expect: FIN ACK, within: 1s}]}}");
    assert_eq!(
        text.kind(),
        StepKind::ExpectAll(ExpectAll {
            segments: vec![
                Expect { flags: vec![Flags::ACK], label: Some("a".into()), ..anything() },
                Expect {
                    flags: vec![Flags::FIN | Flags::ACK],
                    within: Some(Expr::Duration(Duration::from_secs(1))),
                    ..anything()
                },
            ]
        })
    );
}

#[test]
fn expect_refuses_what_it_cannot_judge() {
    let problems = [
        "{expect: ACK, within: 1}",
        "{expect: ACK, within: fin.time - syn.time}",
        "{expect: ACK, seq: []}",
        "{expect: ACK, seq: 1..}",
        "{expect: ACK, options: [no nop]}",
        "{expect: ACK, again: maybe}",
        "{expect: []}",
        "{expect: {all-of: [{expect: ACK}]}}",
        "{expect: {all-of: [{expect: ACK}, {expect: RST}]}, within: 1s}",
        "{expect: {any-of: []}}",
        "{expect: ACK, withn: 1s, sqe: 1}",
    ]
    .map(|text| Text(text).problems());
    let problem = |text: &str| vec![text.to_owned()];
    assert_eq!(
        problems,
        [
            problem("s.yaml:1:23: this is a number, a duration is needed"),
            problem("s.yaml:1:23: this must be known before the run: no variable and no label"),
            problem("s.yaml:1:20: an empty list matches nothing"),
            problem("s.yaml:1:23: a value is missing here"),
            problem("s.yaml:1:28: `nop` is not an option"),
            problem("s.yaml:1:22: expected yes or no, found text"),
            problem("s.yaml:1:10: an empty list matches nothing"),
            problem("s.yaml:1:19: `all-of` needs two segments at least"),
            problem("s.yaml:1:52: `within` belongs to each segment of `all-of`"),
            problem("s.yaml:1:11: `any-of` is not a key of this map"),
            vec![
                "s.yaml:1:15: `withn` is not a key of this map".to_owned(),
                "s.yaml:1:26: `sqe` is not a key of this map".to_owned()
            ],
        ]
    );
}

#[test]
fn retransmissions_describe_a_series() {
    let text = Text(
        "{retransmissions: {of: fin, at-least: 4, first: RTO.MIN..3s, growth: 2 within 25% from 2, within: 16s}}",
    );
    assert_eq!(
        text.kind(),
        StepKind::Retransmissions(Retransmissions {
            of: "fin".into(),
            at_least: 4,
            first: Some((text.expr("RTO.MIN"), Expr::Duration(Duration::from_secs(3)))),
            growth: Some(Growth { factor: 2.0, within: 0.25, from: 2 }),
            within: Expr::Duration(Duration::from_secs(16)),
        })
    );
    let short = Text("{retransmissions: {of: fin, at-least: 1, within: 3s, growth: 1.5 within 10%}}");
    let StepKind::Retransmissions(series) = short.kind() else { panic!("a series") };
    assert_eq!((series.first, series.growth), (None, Some(Growth { factor: 1.5, within: 0.1, from: 1 })));
}

#[test]
fn retransmissions_refuse_a_series_without_an_end() {
    let problems = [
        "{retransmissions: {of: fin, at-least: 0}}",
        "{retransmissions: {of: fin, at-least: 4, within: 3s, growth: 2}}",
        "{retransmissions: {of: fin, at-least: 4, within: 3s, first: 1s}}",
    ]
    .map(|text| Text(text).problems());
    assert_eq!(
        problems,
        [
            vec![
                "s.yaml:1:39: expected a number from 1 to 100".to_owned(),
                "s.yaml:1:19: `within` is missing here".to_owned()
            ],
            vec!["s.yaml:1:62: expected a factor with its tolerance".to_owned()],
            vec!["s.yaml:1:63: `..` and the other end is missing here".to_owned()],
        ]
    );
}

#[test]
fn measure_has_a_value_and_a_tolerance() {
    let text = Text("{measure: time-wait, is: 2*MSL, tolerance: 5%}");
    let measure = Measure { quantity: Quantity::TimeWait, is: text.expr("2*MSL"), tolerance: 0.05 };
    assert_eq!(text.kind(), StepKind::Measure(measure));
}

#[test]
fn silence_and_wait_take_a_duration() {
    assert_eq!(Text("{silence: 1s}").kind(), StepKind::Silence(Expr::Duration(Duration::from_secs(1))));
    let text = Text("{wait: DELAYED-ACK + 100ms}");
    assert_eq!(text.kind(), StepKind::Wait(text.expr("DELAYED-ACK + 100ms")));
}
