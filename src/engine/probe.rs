//! `probe:` questions on the wire, as steps of the language.

use super::connection::Connection;
use crate::case::{
    Data, Expect, Expr, LabelField, Name, Operator, Pattern, Probe, Send, Step, StepKind, Variable,
};
use crate::segment::Flags;
use crate::yaml::Place;
use std::sync::Arc;

/// The steps that put the question.
pub(super) fn steps(probe: Probe, connection: &Connection, place: &Place) -> Arc<[Step]> {
    let known = connection.iss.is_some();
    let stranger = connection.bench.port() ^ 0x4000;
    let step = |text: &str, kind| Step {
        place: place.clone(),
        text: text.to_owned(),
        connection: connection.name.clone(),
        requirement: None,
        kind,
    };
    let send = |text: &str, spec: Send| step(text, StepKind::Send(Box::new(spec)));
    let expect = |text: &str, spec: Expect| step(text, StepKind::Expect(Box::new(spec)));
    let current = |flags| Expect {
        seq: is(variable(Variable::SndNxt)),
        ack: is(variable(Variable::RcvNxt)),
        ..segment(flags)
    };
    let label = || Some(String::from("the-question"));
    let from_stranger = |spec: Send| Send { from_port: Some(Expr::Int(i64::from(stranger))), ..spec };
    let steps = match probe {
        // An old octet, not a pure ACK: stacks limit the rate at which they answer those
        // (RFC 5961 section 7).
        Probe::Alive => vec![
            send(
                "ask: an old octet",
                Send {
                    flags: Flags::ACK,
                    seq: Some(offset(variable(Variable::RcvNxt), -1)),
                    // Acknowledges nothing new: the question must not move the state it asks for.
                    ack: Some(variable(Variable::SndUna)),
                    data: Some(Data::Stream(Expr::Int(1))),
                    ..Send::default()
                },
            ),
            expect("expect: ACK with current numbers", current(Flags::ACK)),
        ],
        Probe::Gone => vec![
            send(
                "ask: an ACK",
                Send {
                    flags: Flags::ACK,
                    ack: (!known).then_some(Expr::Int(1)),
                    label: label(),
                    ..Send::default()
                },
            ),
            expect(
                "expect: RST with its ACK as sequence number",
                Expect { seq: is(field(LabelField::Ack)), ..segment(Flags::RST) },
            ),
        ],
        Probe::Closed => vec![
            send(
                "ask: a SYN from another port",
                from_stranger(Send { flags: Flags::SYN, label: label(), ..Send::default() }),
            ),
            expect(
                "expect: RST ACK",
                Expect {
                    seq: is(Expr::Int(0)),
                    ack: is(offset(field(LabelField::Seq), 1)),
                    ..segment(Flags::RST | Flags::ACK)
                },
            ),
        ],
        Probe::Listening => vec![
            send(
                "ask: a SYN from another port",
                from_stranger(Send { flags: Flags::SYN, label: label(), ..Send::default() }),
            ),
            expect(
                "expect: SYN ACK",
                Expect { ack: is(offset(field(LabelField::Seq), 1)), ..segment(Flags::SYN | Flags::ACK) },
            ),
            send(
                "withdraw: RST",
                from_stranger(Send {
                    flags: Flags::RST,
                    seq: Some(offset(field(LabelField::Seq), 1)),
                    ..Send::default()
                }),
            ),
        ],
        // A SYN with a lower number, without timestamps, cannot open a new connection
        // (RFC 9293 section 3.10.7.4, MAY-2; RFC 6191), and does not count as an old segment of the peer's.
        Probe::TimeWait => vec![
            send(
                "ask: a SYN with a lower number",
                Send {
                    flags: Flags::SYN,
                    seq: Some(offset(variable(Variable::RcvNxt), -100_000)),
                    options: Some(Vec::new()),
                    ..Send::default()
                },
            ),
            expect("expect: ACK with current numbers", current(Flags::ACK)),
        ],
    };
    steps.into()
}

/// Any segment with these control bits.
pub(super) fn segment(flags: Flags) -> Expect {
    Expect {
        flags: vec![flags],
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

fn is(expr: Expr) -> Option<Pattern> {
    Some(Pattern::Is(expr))
}

fn variable(variable: Variable) -> Expr {
    Expr::Name(Name::Variable { connection: None, variable }, Place::start_of("".into()))
}

fn field(field: LabelField) -> Expr {
    Expr::Name(Name::Label { label: "the-question".into(), field }, Place::start_of("".into()))
}

fn offset(expr: Expr, by: i64) -> Expr {
    let operator = if by < 0 { Operator::Subtract } else { Operator::Add };
    Expr::Binary(operator, Box::new(expr), Box::new(Expr::Int(by.abs())))
}
