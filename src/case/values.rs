//! The expressions inside steps, wherever they stand.

use super::expr::{Expr, Name};
use super::model::{
    AppAction, ChecksumSpec, Data, DataPattern, Expect, OptionPattern, OptionSpec, Pattern, Send, StepKind,
};
use crate::yaml::Place;

impl Expr {
    /// Every name in it, with its place.
    #[must_use]
    pub fn names(&self) -> Vec<(&Name, &Place)> {
        match self {
            Self::Int(_) | Self::Duration(_) => Vec::new(),
            Self::Name(name, place) => vec![(name, place)],
            Self::Negated(inner) => inner.names(),
            Self::Binary(_, left, right) => [left.names(), right.names()].concat(),
        }
    }
}

/// The expressions of a step, those of steps inside it apart.
pub(super) fn values(kind: &StepKind) -> Vec<&Expr> {
    match kind {
        StepKind::Send(send) => of_send(send),
        StepKind::Expect(expect) => of_expect(expect),
        StepKind::ExpectAll(all) => all.segments.iter().flat_map(of_expect).collect(),
        StepKind::Silence(span) | StepKind::Wait(span) => vec![span],
        StepKind::App(app) => {
            let data = match &app.action {
                AppAction::Send(data) | AppAction::Receive(data) => of_data(data),
                _ => None,
            };
            app.within.iter().chain(data).collect()
        }
        StepKind::Icmp(icmp) => icmp.mtu.iter().collect(),
        StepKind::Retransmissions(series) => {
            let first = series.first.iter().flat_map(|(from, to)| [from, to]);
            first.chain([&series.within]).collect()
        }
        StepKind::Measure(measure) => vec![&measure.is],
        StepKind::Repeat { times, .. } => vec![times],
        StepKind::OneOf(_) | StepKind::Probe(_) | StepKind::State(_) | StepKind::Acks(_) => Vec::new(),
    }
}

fn of_send(send: &Send) -> Vec<&Expr> {
    let fields = [
        &send.seq,
        &send.ack,
        &send.window,
        &send.urgent,
        &send.data_offset,
        &send.reserved,
        &send.ttl,
        &send.tos,
        &send.to_port,
        &send.from_port,
        &send.fragments,
    ];
    let checksum = match &send.checksum {
        Some(ChecksumSpec::Value(value)) => Some(value),
        Some(ChecksumSpec::Good | ChecksumSpec::Bad) | None => None,
    };
    let options = send.options.iter().flatten().flat_map(of_option);
    let data = send.data.as_ref().and_then(of_data);
    fields.into_iter().flatten().chain(checksum).chain(data).chain(options).collect()
}

fn of_expect(expect: &Expect) -> Vec<&Expr> {
    let fields = [&expect.seq, &expect.ack, &expect.window, &expect.urgent, &expect.ttl, &expect.tos];
    let data = match &expect.data {
        Some(DataPattern::Stream(length)) => Some(length),
        Some(DataPattern::None | DataPattern::Text(_)) | None => None,
    };
    let patterns = fields.into_iter().flatten().chain(data).flat_map(of_pattern);
    let options = expect.options.iter().flat_map(of_option_pattern);
    patterns.chain(options).chain(&expect.within).chain(&expect.not_before).collect()
}

fn of_data(data: &Data) -> Option<&Expr> {
    match data {
        Data::Stream(length) | Data::Altered(length) => Some(length),
        Data::Text(_) => None,
    }
}

fn of_option(option: &OptionSpec) -> Vec<&Expr> {
    match option {
        OptionSpec::Mss(value) | OptionSpec::WindowScale(value) => vec![value],
        OptionSpec::Sack(blocks) => of_blocks(blocks),
        OptionSpec::Timestamps(Some((value, echo))) => vec![value, echo],
        OptionSpec::Timestamps(None)
        | OptionSpec::SackPermitted
        | OptionSpec::Nop
        | OptionSpec::EndOfList
        | OptionSpec::Raw(_) => Vec::new(),
    }
}

fn of_option_pattern(option: &OptionPattern) -> Vec<&Expr> {
    match option {
        OptionPattern::Mss(value) | OptionPattern::WindowScale(value) => of_pattern(value),
        OptionPattern::Sack(blocks) => of_blocks(blocks),
        OptionPattern::Timestamps(value, echo) => [of_pattern(value), of_pattern(echo)].concat(),
        OptionPattern::SackPermitted | OptionPattern::Absent(_) => Vec::new(),
    }
}

fn of_pattern(pattern: &Pattern) -> Vec<&Expr> {
    match pattern {
        Pattern::Any => Vec::new(),
        Pattern::Is(value) | Pattern::Not(value) => vec![value],
        Pattern::In(values) => values.iter().collect(),
        Pattern::Range(from, to) => vec![from, to],
    }
}

fn of_blocks(blocks: &[(Expr, Expr)]) -> Vec<&Expr> {
    blocks.iter().flat_map(|(left, right)| [left, right]).collect()
}
