//! The way into the state that a connection starts from: its path, and what was sent by then.

use super::eval::Undefined;
use super::{Block, BlockKind, Engine};
use crate::case::{App, AppAction, Data, DataPattern, Expect, Expr, Given, Pattern, Send, Step, StepKind};
use crate::segment::Flags;
use crate::state::State;

impl Engine {
    /// The steps from nothing to the state that a connection starts from.
    pub(super) fn way_into(&self, given: &Given, index: usize) -> Result<Vec<Block>, Undefined> {
        let (state, capabilities) = (given.state, &self.config.capabilities);
        let mut opening = self
            .config
            .fixtures
            .path(state, given.by, capabilities)
            .map(<[Step]>::to_vec)
            .ok_or_else(|| Undefined(format!("no way into {state} that this target can go")))?;
        if given.unacked > 0 && !may_have_unacknowledged_octets(state) {
            return Err(Undefined(format!(
                "in {state} all octets are acknowledged: `unacked` means nothing"
            )));
        }
        let closing = opening.split_off(opening.iter().position(closes).unwrap_or(opening.len()));
        let (sent, unacked) = (octets(given, given.sent, true), octets(given, given.unacked, false));
        let block = |(steps, kind): (Vec<Step>, _)| Block {
            steps: steps.into(),
            next: 0,
            connection: Some(index),
            kind,
        };
        let parts = [(opening, BlockKind::Preparing)].into_iter().chain(sent).chain(unacked);
        Ok(parts.chain([(closing, BlockKind::Preparing)]).map(block).collect())
    }
}

/// Where the application may have octets under way, its FIN perhaps behind them.
fn may_have_unacknowledged_octets(state: State) -> bool {
    matches!(state, State::Established | State::CloseWait | State::FinWait1 | State::LastAck)
}

/// Whether nothing can be written any more behind this step.
fn closes(step: &Step) -> bool {
    matches!(&step.kind, StepKind::App(App { action: AppAction::Shutdown | AppAction::Close, .. }))
}

/// The application writes, and segments come until all of it has.
fn octets(given: &Given, octets: u32, acknowledged: bool) -> Vec<(Vec<Step>, BlockKind)> {
    if octets == 0 {
        return Vec::new();
    }
    let step = |text: &str, kind| Step {
        place: given.place.clone(),
        text: text.to_owned(),
        connection: given.connection.clone(),
        requirement: None,
        kind,
    };
    let data = Data::Stream(Expr::Int(i64::from(octets)));
    let app = App { action: AppAction::Send(data), within: None, label: None };
    let text = DataPattern::Stream(Pattern::Range(Expr::Int(1), Expr::Int(i64::from(u16::MAX))));
    let expect = Expect { data: Some(text), ..super::probe::segment(Flags::ACK) };
    let mut arrivals = vec![step("expect: ACK with text", StepKind::Expect(Box::new(expect)))];
    if acknowledged {
        let ack = Send { flags: Flags::ACK, ..Send::default() };
        arrivals.push(step("send: ACK", StepKind::Send(Box::new(ack))));
    }
    let writes = vec![step("app: send", StepKind::App(app))];
    vec![(writes, BlockKind::Preparing), (arrivals, BlockKind::Collecting)]
}
