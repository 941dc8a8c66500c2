//! `then:` and `state:` the target's own table, then a question on the wire.

use super::{Action, BlockKind, Engine, Progress, TableEntry, Waiting};
use crate::state::State;
use crate::time::Time;
use crate::verdict::{EventKind, FindingCode};
use std::time::Duration;

/// Asking the table until it names the state, for a while: the last segment, or the application's
/// last call, may still be under way inside a busy target.
pub(super) struct TableCheck {
    index: usize,
    state: State,
    begun: Time,
    /// When to ask again; `None` while an answer is awaited.
    again: Option<Time>,
    answer: Option<TableEntry>,
}

/// For how long the table may name another state.
const PATIENCE: Duration = Duration::from_secs(1);

impl TableCheck {
    pub(super) fn wake(&self) -> Option<Time> {
        // An answer follows every question at once; should it not, the trial must still end.
        Some(self.again.unwrap_or(self.begun + Duration::from_secs(30)))
    }
}

impl Engine {
    pub(super) fn check_state(&mut self, now: Time, index: usize, state: State) {
        if !self.config.table {
            return self.ask_on_the_wire(now, index, state);
        }
        self.look_up(index, state);
        self.waiting = Waiting::Table(TableCheck { index, state, begun: now, again: None, answer: None });
    }

    fn look_up(&mut self, index: usize, state: State) {
        let connection = &self.connections[index];
        let remote = (state != State::Listen).then_some(connection.bench);
        self.actions.push(Action::Lookup { local: connection.target, remote });
    }

    pub(super) fn table_answered(&mut self, entry: TableEntry) {
        if let Waiting::Table(check) = &mut self.waiting {
            check.answer = Some(entry);
        }
    }

    pub(super) fn await_table(&mut self, now: Time, check: &mut TableCheck) -> Progress {
        if let Some(entry) = check.answer.take() {
            let wanted = (check.state != State::Closed).then_some(check.state);
            let waited = now.since(check.begun);
            if entry.state == wanted {
                let TableEntry { state, expires } = entry;
                self.note(now, check.index, EventKind::Table { state, expires });
                self.ask_on_the_wire(now, check.index, check.state);
                return Progress::Done;
            }
            if waited >= PATIENCE {
                let TableEntry { state, expires } = entry;
                let event = self.note(now, check.index, EventKind::Table { state, expires });
                let found = state.map_or("no such socket".to_owned(), |state| state.to_string());
                let mut finding = self.finding(
                    now,
                    FindingCode::StateTableDisagrees,
                    format!("{} in the target's own table", check.state),
                    format!("{found}, for {}", crate::time::Span(waited)),
                );
                finding.event = Some(event);
                // The wire decides: it is asked all the same, and the table's word filed behind its.
                self.table_finding = Some(finding);
                self.ask_on_the_wire(now, check.index, check.state);
                return Progress::Done;
            }
            // 1, 2, 4 … ms: most answers are right at once, the others soon after.
            check.again = Some(now + waited.clamp(Duration::from_millis(1), Duration::from_millis(100)));
        }
        if check.again.is_some_and(|again| now >= again) {
            check.again = None;
            self.look_up(check.index, check.state);
        } else if now >= check.begun + Duration::from_secs(30) {
            self.fault(
                now,
                FindingCode::UpperTesterBroken,
                "an answer of the target's socket table".into(),
                "none for 30 s".into(),
            );
            return Progress::Done;
        }
        Progress::Blocked
    }

    /// The steps that show this state on the wire, where there are any.
    fn ask_on_the_wire(&mut self, now: Time, index: usize, state: State) {
        self.clear_inbox(index);
        if let Some(steps) = self.config.fixtures.probes.get(&state) {
            let steps = std::sync::Arc::clone(steps);
            self.push(steps, Some(index), BlockKind::ProbingState(state));
        } else {
            if !self.config.table {
                self.note(now, index, EventKind::Note(format!("nothing on this target shows {state}")));
            }
            self.answered_on_the_wire(now, index, state);
        }
    }

    /// The questions on the wire, if there were any, are through and have found nothing. The FINs
    /// that were seen may still speak against the state; else the table has the last word.
    pub(super) fn answered_on_the_wire(&mut self, now: Time, index: usize, state: State) {
        let table = self.table_finding.take();
        if let Some(saw) = self.connections[index].speaks_against(state) {
            let saw = match &table {
                Some(table) => format!("{saw}; in the target's own table {}", table.saw),
                None => saw.to_owned(),
            };
            let finding = self.finding(now, FindingCode::WrongState, state.to_string(), saw);
            self.fail(finding);
        } else if let Some(finding) = table {
            self.fail(finding);
        }
    }
}
