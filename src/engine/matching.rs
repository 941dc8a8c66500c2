//! Whether a segment is the one that a step expects, and if not, in which fields it differs.

use super::Engine;
use super::config::Application;
use super::eval::Undefined;
use super::inbox::Arrival;
use crate::case::{DataPattern, Expect, Expr, OptionName, OptionPattern, Pattern};
use crate::segment::{Flags, Segment, TcpOption};
use crate::seq::SeqNum;
use crate::verdict::{FieldDifference, FindingCode};

/// How numbers of a field are shown: plain, or relative to an initial sequence number.
#[derive(Clone, Copy)]
enum Shown {
    Plain,
    Relative(SeqNum),
}

impl Engine {
    /// Every field in which the arrival is not what is expected; empty: it matches.
    pub(super) fn differences(
        &self,
        index: usize,
        expect: &Expect,
        arrival: &Arrival,
    ) -> Result<Vec<FieldDifference>, Undefined> {
        let segment = &arrival.received.segment;
        let connection = &self.connections[index];
        let mut found = Vec::new();
        if !expect.flags.is_empty() && !expect.flags.iter().any(|flags| same_flags(*flags, segment.flags)) {
            let expected: Vec<_> = expect.flags.iter().map(ToString::to_string).collect();
            found.push(FieldDifference {
                field: "flags".into(),
                expected: expected.join(" or "),
                found: segment.flags.to_string(),
            });
        }
        let iss = connection.iss.unwrap_or(segment.seq);
        let irs = connection.irs;
        let numbers = [
            ("seq", &expect.seq, segment.seq.0, Shown::Relative(iss)),
            ("ack", &expect.ack, segment.ack.0, Shown::Relative(irs)),
            ("window", &expect.window, u32::from(segment.window), Shown::Plain),
            ("urgent", &expect.urgent, u32::from(segment.urgent), Shown::Plain),
            ("ttl", &expect.ttl, u32::from(segment.ip.ttl), Shown::Plain),
            ("tos", &expect.tos, u32::from(segment.ip.tos), Shown::Plain),
        ];
        for (field, pattern, value, shown) in numbers {
            if let Some(pattern) = pattern {
                found.extend(self.compare(index, field, pattern, value, shown)?);
            }
        }
        if let Some(pattern) = &expect.data {
            found.extend(self.compare_data(index, pattern, segment)?);
        }
        for pattern in &expect.options {
            found.extend(self.compare_option(index, pattern, segment)?);
        }
        Ok(found)
    }

    fn compare(
        &self,
        index: usize,
        field: &str,
        pattern: &Pattern,
        value: u32,
        shown: Shown,
    ) -> Result<Option<FieldDifference>, Undefined> {
        let number = |expr: &Expr| self.number(index, expr);
        let show = |value: u32| match shown {
            Shown::Plain => value.to_string(),
            Shown::Relative(base) => format!("{} ({value})", relative(value, base)),
        };
        let with_text = |value: u32, expr: &Expr| match expr {
            Expr::Int(_) => show(value),
            _ => format!("{} = {expr}", show(value)),
        };
        let (matches, expected) = match pattern {
            Pattern::Any => (true, String::new()),
            Pattern::Is(expr) => {
                let wanted = number(expr)?;
                (wanted == value, with_text(wanted, expr))
            }
            Pattern::Not(expr) => {
                let unwanted = number(expr)?;
                (unwanted != value, format!("not {}", with_text(unwanted, expr)))
            }
            Pattern::In(exprs) => {
                let wanted = exprs.iter().map(number).collect::<Result<Vec<_>, _>>()?;
                let texts: Vec<_> =
                    wanted.iter().zip(exprs).map(|(value, expr)| with_text(*value, expr)).collect();
                (wanted.contains(&value), texts.join(" or "))
            }
            Pattern::Range(low, high) => {
                let (from, to) = (number(low)?, number(high)?);
                let inside = value.wrapping_sub(from) <= to.wrapping_sub(from);
                (inside, format!("{} to {}", with_text(from, low), with_text(to, high)))
            }
        };
        Ok((!matches).then(|| FieldDifference { field: field.into(), expected, found: show(value) }))
    }

    fn compare_data(
        &self,
        index: usize,
        pattern: &DataPattern,
        segment: &Segment,
    ) -> Result<Option<FieldDifference>, Undefined> {
        let length = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        let difference =
            |expected: String, found: String| Some(FieldDifference { field: "data".into(), expected, found });
        Ok(match pattern {
            DataPattern::None if segment.payload.is_empty() => None,
            DataPattern::None => difference("none".into(), octets(length)),
            DataPattern::Text(text) if segment.payload == text.as_bytes() => None,
            DataPattern::Text(text) => {
                difference(format!("{text:?}"), format!("{:?}", String::from_utf8_lossy(&segment.payload)))
            }
            DataPattern::Stream(pattern) => {
                if let Some(length) = self.compare(index, "data", pattern, length, Shown::Plain)? {
                    let unit = |text: &str| format!("{text} octets");
                    return Ok(difference(unit(&length.expected), unit(&length.found)));
                }
                self.altered(index, segment)
            }
        })
    }

    /// How the text differs from what the application wrote at that place, where that is known.
    pub(super) fn altered(&self, index: usize, segment: &Segment) -> Option<FieldDifference> {
        if self.config.application() == Application::Unknown {
            return None;
        }
        let connection = &self.connections[index];
        let first = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
        let offset = first.distance_from(connection.iss? + 1) as usize;
        let written = connection.written.get(offset..).unwrap_or_default();
        let same = segment.payload.iter().zip(written).take_while(|(a, b)| a == b).count();
        (same < segment.payload.len()).then(|| FieldDifference {
            field: "data".into(),
            expected: "what the application wrote".into(),
            found: format!("altered from octet {same} of the text on"),
        })
    }

    fn compare_option(
        &self,
        index: usize,
        pattern: &OptionPattern,
        segment: &Segment,
    ) -> Result<Option<FieldDifference>, Undefined> {
        let name = pattern.name();
        let present = segment.options.iter().find(|option| option_name(option) == Some(name));
        let field = format!("option {name}");
        let difference = |expected: &str, found: String| {
            Some(FieldDifference { field: field.clone(), expected: expected.into(), found })
        };
        let Some(option) = present else {
            let wanted = !matches!(pattern, OptionPattern::Absent(_));
            return Ok(if wanted { difference("present", "absent".into()) } else { None });
        };
        match (pattern, option) {
            (OptionPattern::Absent(_), option) => Ok(difference("absent", format!("{option:?}"))),
            (OptionPattern::Mss(pattern), TcpOption::MaximumSegmentSize(value)) => {
                self.compare(index, &field, pattern, u32::from(*value), Shown::Plain)
            }
            (OptionPattern::WindowScale(pattern), TcpOption::WindowScale(value)) => {
                self.compare(index, &field, pattern, u32::from(*value), Shown::Plain)
            }
            (OptionPattern::Timestamps(tsval, tsecr), TcpOption::Timestamps { value, echo }) => {
                let first = self.compare(index, "option timestamps, value", tsval, *value, Shown::Plain)?;
                let second = self.compare(index, "option timestamps, echo", tsecr, *echo, Shown::Plain)?;
                Ok(first.or(second))
            }
            (OptionPattern::Sack(blocks), TcpOption::Sack(seen)) => {
                let wanted = blocks
                    .iter()
                    .map(|(left, right)| Ok((self.number(index, left)?, self.number(index, right)?)))
                    .collect::<Result<Vec<_>, Undefined>>()?;
                let seen: Vec<_> = seen.iter().map(|block| (block.left.0, block.right.0)).collect();
                let text = |blocks: &[(u32, u32)]| {
                    let irs = self.connections[index].irs;
                    let block = |(left, right): &(u32, u32)| {
                        format!("{}-{}", relative(*left, irs), relative(*right, irs))
                    };
                    blocks.iter().map(block).collect::<Vec<_>>().join(", ")
                };
                Ok(if seen.starts_with(&wanted) { None } else { difference(&text(&wanted), text(&seen)) })
            }
            _ => Ok(None),
        }
    }
}

/// The name of the failure, from the first field that differs.
pub(super) fn classify(expect: &Expect, segment: &Segment, differences: &[FieldDifference]) -> FindingCode {
    let Some(first) = differences.first() else { return FindingCode::WrongField };
    match first.field.as_str() {
        "flags" => {
            let wants_reset = expect.flags.iter().all(|flags| flags.contains(Flags::RST));
            let wants_ack = expect.flags.iter().all(|flags| flags.significant() == Flags::ACK);
            if wants_reset && segment.is_pure_ack() {
                FindingCode::AckInsteadOfReset
            } else if wants_ack && segment.flags.contains(Flags::RST) {
                FindingCode::ResetInsteadOfAck
            } else {
                FindingCode::WrongSegment
            }
        }
        "seq" => FindingCode::WrongSequenceNumber,
        "ack" => FindingCode::WrongAcknowledgmentNumber,
        "data" => FindingCode::WrongData,
        field if field.starts_with("option") => FindingCode::WrongOption,
        _ => FindingCode::WrongField,
    }
}

/// PSH and the ECN bits count only where the case names them.
fn same_flags(expected: Flags, found: Flags) -> bool {
    let unnamed = (Flags::PSH | Flags::ECE | Flags::CWR) - expected;
    found - unnamed == expected
}

fn option_name(option: &TcpOption) -> Option<OptionName> {
    match option {
        TcpOption::MaximumSegmentSize(_) => Some(OptionName::Mss),
        TcpOption::WindowScale(_) => Some(OptionName::WindowScale),
        TcpOption::SackPermitted => Some(OptionName::SackPermitted),
        TcpOption::Sack(_) => Some(OptionName::Sack),
        TcpOption::Timestamps { .. } => Some(OptionName::Timestamps),
        _ => None,
    }
}

/// Relative to an initial sequence number, negative where that reads better.
fn relative(value: u32, base: SeqNum) -> i64 {
    i64::from(value.wrapping_sub(base.0) as i32)
}

fn octets(length: u32) -> String {
    format!("{length} octet{}", if length == 1 { "" } else { "s" })
}
