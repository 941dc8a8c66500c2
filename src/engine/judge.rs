//! From findings to the verdict.

use super::eval::Undefined;
use super::{BlockKind, Connection, Engine};
use crate::requirement::Level;
use crate::segment::Flags;
use crate::seq::SeqNum;
use crate::time::Time;
use crate::verdict::{EventKind, Finding, FindingCode, Outcome, Verdict};

/// What the violation of a requirement of this level means.
pub(super) fn verdict_of(level: Level) -> Verdict {
    match level {
        Level::Must | Level::MustNot => Verdict::Fail,
        Level::Should | Level::ShouldNot | Level::Recommended => Verdict::Deviation,
        Level::May => Verdict::Info,
    }
}

impl Engine {
    /// A finding of the step under way, not yet filed.
    pub(super) fn finding(&self, at: Time, code: FindingCode, expected: String, saw: String) -> Finding {
        let step = self.current.as_ref().map(|(step, _)| step);
        Finding {
            code,
            requirement: step.and_then(|step| step.requirement.clone()),
            did: self.did(),
            expected,
            saw,
            differences: Vec::new(),
            place: step.map(|step| step.place.clone()),
            at,
            event: None,
        }
    }

    /// Files what a step found, and ends the trial: nothing that follows can be relied upon.
    pub(super) fn fail(&mut self, mut finding: Finding) {
        let verdict = if finding.code.is_of_the_bench() {
            Verdict::Error
        } else if self.is_preparing() {
            Verdict::Inconclusive
        } else {
            if let Some(state) = self.probed_state() {
                finding.code = FindingCode::WrongState;
                finding.expected = format!("{state}, where the question draws {}", finding.expected);
                if let Some(table) = self.table_finding.take() {
                    finding.saw = format!("{}; in the target's own table {}", finding.saw, table.saw);
                }
            }
            let own = finding.requirement.as_ref().and_then(|id| self.config.catalogue.get(id));
            verdict_of(own.map_or(self.config.level, |requirement| requirement.level))
        };
        self.findings.push((verdict, finding));
        self.ended = true;
    }

    /// A finding about the bench itself.
    pub(super) fn fault(&mut self, now: Time, code: FindingCode, expected: String, saw: String) {
        let finding = self.finding(now, code, expected, saw);
        self.findings.push((Verdict::Error, finding));
        self.ended = true;
    }

    /// The case asks for what does not exist at this point. Where the way into the first state did
    /// not get that far, that is the reason; else the case is wrong.
    pub(super) fn undefined(&mut self, now: Time, Undefined(why): Undefined) {
        self.fault(now, FindingCode::CaseUndefined, "a case that can be carried out".into(), why);
    }

    fn probed_state(&self) -> Option<crate::state::State> {
        self.stack.iter().rev().find_map(|block| match block.kind {
            BlockKind::ProbingState(state) => Some(state),
            _ => None,
        })
    }

    /// Both initial sequence numbers: numbers are shown relative to them.
    pub(super) fn bases(&self, index: usize) -> Option<(SeqNum, SeqNum)> {
        let connection = self.connections.get(index)?;
        connection.iss.map(|iss| (iss, connection.irs))
    }

    /// What we did last, in words.
    pub(super) fn did(&self) -> String {
        for event in self.record.events.iter().rev() {
            let index = self.connections.iter().position(|c| c.name == event.connection).unwrap_or(0);
            let what = match &event.kind {
                EventKind::Sent(segment) => {
                    let bases = self.bases(index).map(|(iss, irs)| (irs, iss));
                    format!("sent {}", segment.summary(bases))
                }
                EventKind::SentIcmp(error) => format!("sent an ICMP error, {:?}", error.kind),
                EventKind::Asked(command) => format!("had the application {}", super::words::asked(command)),
                _ => continue,
            };
            return what;
        }
        "nothing yet".into()
    }

    pub(super) fn judge(mut self) -> Outcome {
        // The worst decides; a fault of the bench above all, for then nothing else can be relied upon.
        let rank = |verdict: Verdict| match verdict {
            Verdict::Error => 6,
            Verdict::Inconclusive => 4,
            Verdict::Fail => 5,
            Verdict::Deviation => 3,
            Verdict::Info => 2,
            Verdict::Pass | Verdict::Skip => 1,
        };
        self.findings.sort_by_key(|(verdict, _)| std::cmp::Reverse(rank(*verdict)));
        let plain = if self.config.level == Level::May { Verdict::Info } else { Verdict::Pass };
        let verdict = self.findings.first().map_or(plain, |(verdict, _)| *verdict);
        let findings = self.findings.into_iter().map(|(_, finding)| finding).collect();
        Outcome { verdict, findings, record: self.record }
    }
}

impl Connection {
    /// A RST that the target must take: exactly at RCV.NXT (RFC 9293 section 3.10.7.4).
    pub(super) fn reset(&self) -> crate::segment::Segment {
        crate::segment::Segment {
            ip: crate::segment::IpFields {
                source: self.bench.ip(),
                destination: self.target.ip(),
                ttl: 64,
                tos: 0,
                dont_fragment: true,
                identification: 0,
            },
            source_port: self.bench.port(),
            destination_port: self.target.port(),
            seq: self.rcv_nxt,
            ack: SeqNum(0),
            data_offset: None,
            reserved: 0,
            flags: Flags::RST,
            window: 0,
            checksum: crate::segment::Checksum::Good,
            urgent: 0,
            options: Vec::new(),
            payload: Vec::new(),
        }
    }
}
