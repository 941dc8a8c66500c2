//! A trial and its outcome as an event.

use super::clock::RecordClock;
use super::event::{
    Difference, Finding, LedgerEntry, Requirement, Rung, RungKind, Segment, Step, Story, Trial, Verdict,
};
use crate::report::{Told, marked, rungs};
use crate::runner::{Finished, Plan, Verdicts, Weighed, Word};
use std::collections::BTreeMap;
use std::time::Duration;
use tcpspec_core::case::TrialId;
use tcpspec_core::segment::{self, Checksum, encode_options};
use tcpspec_core::verdict::{EventKind, FieldDifference, Outcome, Record};
use tcpspec_core::yaml::Place;

/// What is known of a trial before it runs.
fn card(plan: &Plan, index: usize) -> Trial {
    let card = plan.card(index);
    let id: Option<TrialId> = card.id.parse().ok();
    let items = id.as_ref().map(|id| id.row().split(':')).into_iter().flatten();
    let row: BTreeMap<_, _> = items
        .filter(|item| !item.is_empty())
        .map(|item| item.split_once('=').unwrap_or(("name", item)))
        .map(|(column, value)| (column.to_owned(), value.to_owned()))
        .collect();
    let requirements = card.requirements.into_iter();
    Trial {
        case: id.as_ref().map(|id| id.case().to_owned()).unwrap_or_default(),
        family: id.as_ref().map(|id| id.family().to_string()).unwrap_or_default(),
        row,
        title: card.title,
        requirements: requirements
            .map(|line| Requirement { id: line.id, level: line.level, section: line.section })
            .collect(),
        verdict: Verdict::Skip,
        red: false,
        findings: Vec::new(),
        reason: None,
        ledger: Vec::new(),
        took_us: 0,
        attempts: 0,
        late_us: 0,
        offset_us: None,
        capture: None,
        story: None,
        id: card.id,
    }
}

/// A trial that was not run: `verdict` says in which sense.
pub(super) fn without_outcome(plan: &Plan, index: usize, verdict: Verdict, reason: String) -> Trial {
    Trial { verdict, red: verdict == Verdict::Error, reason: Some(reason), ..card(plan, index) }
}

/// A trial that was.
pub(super) fn with_outcome(
    plan: &Plan,
    verdicts: &Verdicts,
    finished: &Finished,
    clock: RecordClock,
) -> Trial {
    let outcome = &finished.outcome;
    let card = card(plan, finished.index);
    let Weighed { word, entries, red, .. } = verdicts.weigh(&card.id, outcome);
    let verdict = said(word);
    let first = outcome.record.events.iter().map(|event| event.at).min();
    let ledger = entries.into_iter().map(|entry| LedgerEntry {
        finding: entry.finding.clone(),
        reason: entry.reason.clone(),
        source: entry.source.clone(),
        expires: entry.expires.map(|date| date.to_string()),
        place: line_of(&entry.place),
    });
    Trial {
        verdict,
        red,
        findings: findings(outcome),
        ledger: ledger.collect(),
        took_us: microseconds(finished.took),
        attempts: finished.attempts,
        late_us: microseconds(finished.latest),
        offset_us: first.and_then(|first| clock.since_the_start(first)).map(microseconds),
        story: (verdict != Verdict::Pass).then(|| Box::new(story(plan, finished))),
        ..card
    }
}

fn said(word: Word) -> Verdict {
    match word {
        Word::Pass => Verdict::Pass,
        Word::Info => Verdict::Info,
        Word::Deviation => Verdict::Deviation,
        Word::Expected => Verdict::Expected,
        Word::Skip => Verdict::Skip,
        Word::Fail => Verdict::Fail,
        Word::Inconclusive => Verdict::Inconclusive,
        Word::Error => Verdict::Error,
    }
}

fn microseconds(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn line_of(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

fn findings(outcome: &Outcome) -> Vec<Finding> {
    let order: Vec<_> = rungs(&outcome.record).iter().map(|rung| rung.index).collect();
    let rung = |event: usize| order.iter().position(|index| *index == event);
    let difference = |it: &FieldDifference| Difference {
        field: it.field.clone(),
        expected: it.expected.clone(),
        found: it.found.clone(),
    };
    let finding = |it: &tcpspec_core::verdict::Finding| Finding {
        code: it.code.code().into(),
        meaning: it.code.meaning().into(),
        requirement: it.requirement.clone(),
        did: it.did.clone(),
        expected: it.expected.clone(),
        saw: it.saw.clone(),
        differences: it.differences.iter().map(difference).collect(),
        step: it.place.as_ref().map(|place| format!("{}:{}", line_of(place), place.column)),
        rung: marked(&outcome.record, it).and_then(rung),
    };
    outcome.findings.iter().map(finding).collect()
}

fn story(plan: &Plan, finished: &Finished) -> Story {
    let card = plan.card(finished.index);
    let ladder = ladder(&finished.outcome.record);
    Story { effect: card.effect, place: card.place, again: card.again, ladder }
}

fn ladder(record: &Record) -> Vec<Rung> {
    let rungs = rungs(record);
    let start = rungs.first().map(|rung| rung.event.at).unwrap_or_default();
    let rung = |rung: &crate::report::LadderRung<'_>| {
        let event = rung.event;
        let (segment, passed_over) = match &event.kind {
            EventKind::Sent(segment) => (Some(segment), None),
            EventKind::Received { segment, passed_over } => (Some(segment), *passed_over),
            _ => (None, None),
        };
        Rung {
            at_ns: u64::try_from(event.at.since(start).as_nanos()).unwrap_or(u64::MAX),
            kind: match rung.told {
                Told::Sent(_) => RungKind::Sent,
                Told::Received(_) => RungKind::Received,
                Told::AtTarget(_) => RungKind::AtTarget,
                Told::Nothing => RungKind::Nothing,
                Told::Note(_) => RungKind::Remark,
            },
            connection: Some(event.connection.clone()).filter(|name| !name.is_empty()),
            label: rung.told.text(),
            segment: segment.map(|segment| Box::new(fields(segment))),
            note: passed_over.map(str::to_owned),
            step: event.origin.as_ref().map(|origin| Step {
                place: line_of(&origin.place),
                text: origin.text.clone(),
                preparing: origin.preparing,
            }),
        }
    };
    rungs.iter().map(rung).collect()
}

fn fields(segment: &segment::Segment) -> Segment {
    let options = encode_options(&segment.options);
    Segment {
        source: segment.source().to_string(),
        destination: segment.destination().to_string(),
        flags: segment.flags.to_string(),
        seq: segment.seq.0,
        ack: segment.ack.0,
        window: segment.window,
        urgent: segment.urgent,
        options: options.iter().map(|octet| format!("{octet:02x}")).collect(),
        length: segment.payload.len(),
        wrong_checksum: match segment.checksum {
            Checksum::Good => None,
            Checksum::Raw(found) => Some(found),
        },
        odd_data_offset: segment.data_offset,
        ttl: segment.ip.ttl,
        tos: segment.ip.tos,
    }
}
