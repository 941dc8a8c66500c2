//! `app:` steps: what the application on the target is asked, and what it must observe.

use super::connection::Connection;
use super::eval::Undefined;
use super::labels::Labelled;
use super::passing::Acts;
use super::{Acted, Engine, Progress, Waiting, words};
use crate::app::{AppCommand, AppOutcome, AppReport, CommandId};
use crate::case::{App, AppAction, Data};
use crate::segment::Endpoint;
use crate::time::{Span, Time};
use crate::verdict::{EventKind, FindingCode};
use std::time::Duration;

/// A command under way.
pub(super) struct Call {
    id: CommandId,
    index: usize,
    action: AppAction,
    label: Option<String>,
    within: Duration,
    /// When the upper tester itself must be at fault.
    pub(super) give_up: Time,
    report: Option<AppReport>,
}

/// How long an upper tester may take to answer beyond what it was told to wait.
const UPPER_TESTER_PATIENCE: Duration = Duration::from_secs(10);

/// Length of the queue of a listener whose case names none: more than any case opens.
const BACKLOG: u32 = 128;

impl Call {
    pub(super) fn new(engine: &mut Engine, now: Time, index: usize, app: &App) -> Result<Self, Undefined> {
        let within = match &app.within {
            Some(span) => engine.span(index, span)?,
            None => engine.default_within(),
        };
        let mut call = Self {
            id: CommandId(0),
            index,
            action: app.action.clone(),
            label: app.label.clone(),
            within,
            give_up: now + within + UPPER_TESTER_PATIENCE,
            report: None,
        };
        match engine.command_for(index, &app.action, within)? {
            Some(command) => call.id = engine.command(now, index, command),
            // Nothing to ask: the listener that connections share is there already.
            None => {
                let stamp = now.0;
                call.report =
                    Some(AppReport { id: call.id, outcome: AppOutcome::Done, began: stamp, ended: stamp });
            }
        }
        Ok(call)
    }
}

impl Engine {
    fn listener_of(&self, index: usize) -> String {
        if self.script.same_target_port {
            "listener".into()
        } else {
            format!("{}/listener", self.connections[index].name)
        }
    }

    fn command_for(
        &mut self,
        index: usize,
        action: &AppAction,
        within: Duration,
    ) -> Result<Option<AppCommand>, Undefined> {
        let listener = self.listener_of(index);
        let connection = &self.connections[index];
        let socket = connection.name.clone();
        let command = match action {
            AppAction::Listen => {
                let (local, given) = (connection.target, &connection.given);
                let (backlog, options) = (given.backlog.unwrap_or(BACKLOG), given.socket_options.clone());
                if !self.listeners.insert(listener.clone()) {
                    return Ok(None);
                }
                AppCommand::Listen { socket: listener, local, backlog, options }
            }
            AppAction::Accept | AppAction::ExpectNoConnection => {
                AppCommand::Accept { listener, socket, within }
            }
            AppAction::Connect => {
                let (local, remote) = (connection.target, connection.bench);
                let options = connection.given.socket_options.clone();
                let connection = &mut self.connections[index];
                if connection.iss.is_some() {
                    connection.watch.opens();
                }
                AppCommand::Connect { socket, local, remote, options }
            }
            AppAction::ConnectToNobody(nobody) => {
                let (local, port) = (connection.target, connection.bench.port());
                let address = super::build::address_of(*nobody, local.is_ipv6())
                    .ok_or_else(|| Undefined("IPv6 has no broadcast".into()))?;
                let remote = Endpoint::new(address, port);
                AppCommand::Connect { socket, local, remote, options: Vec::new() }
            }
            AppAction::ExpectConnected => AppCommand::AwaitConnected { socket, within },
            AppAction::ExpectRefused | AppAction::ExpectTimeout if connection.syn_sent_by_target_only() => {
                AppCommand::AwaitConnected { socket, within }
            }
            AppAction::Send(data) | AppAction::SendUrgent(data) => {
                let data = self.written_octets(index, data)?;
                let connection = &mut self.connections[index];
                match action {
                    AppAction::SendUrgent(_) => connection.watch.wrote_urgent(&data),
                    _ => connection.watch.wrote(&data),
                }
                connection.written.extend_from_slice(&data);
                match action {
                    AppAction::SendUrgent(_) => AppCommand::SendUrgent { socket, data },
                    _ => AppCommand::Send { socket, data },
                }
            }
            AppAction::Receive(data) => {
                let length = self.octets(index, data, self.connections[index].read)?.len();
                AppCommand::Receive { socket, length, within }
            }
            AppAction::ExpectUrgent | AppAction::ExpectNoUrgent => AppCommand::AwaitUrgent { socket, within },
            AppAction::Shutdown => AppCommand::Shutdown { socket },
            AppAction::Close => AppCommand::Close { socket },
            AppAction::CloseListener => {
                self.listeners.remove(&listener);
                AppCommand::Close { socket: listener }
            }
            AppAction::Abort => AppCommand::Abort { socket },
            AppAction::Kill => AppCommand::Kill,
            AppAction::Set(option) => AppCommand::Set { socket, option: *option },
            AppAction::ExpectEof
            | AppAction::ExpectReset
            | AppAction::ExpectRefused
            | AppAction::ExpectTimeout
            | AppAction::ExpectError
            | AppAction::ExpectNothing => AppCommand::AwaitEnd { socket, within },
        };
        Ok(Some(command))
    }

    /// The octets that `app: send` writes: those of its stream that come next.
    fn written_octets(&self, index: usize, data: &Data) -> Result<Vec<u8>, Undefined> {
        let connection = &self.connections[index];
        let offset = u32::try_from(connection.written.len()).unwrap_or(u32::MAX);
        match data {
            Data::Text(text) => Ok(text.as_bytes().to_vec()),
            Data::Stream(length) | Data::Altered(length) => {
                let length = self.field(index, length, 31)? as usize;
                Ok(connection.from_target.octets(offset, length))
            }
        }
    }

    pub(super) fn application_reported(&mut self, now: Time, report: AppReport) {
        let index = match &self.waiting {
            Waiting::Application(call) if call.id == report.id => call.index,
            // A report that came after its step had ended: on the record, and nothing more.
            _ => usize::MAX,
        };
        self.note(Time(report.ended).max(self.started), index, EventKind::Answered(report.outcome.clone()));
        if let Waiting::Application(call) = &mut self.waiting
            && call.id == report.id
        {
            call.report = Some(report);
        } else if let AppOutcome::Broken(why) = report.outcome {
            self.fault(now, FindingCode::UpperTesterBroken, "an upper tester that does as asked".into(), why);
        }
    }

    pub(super) fn await_application(&mut self, now: Time, call: &mut Call) -> Result<Progress, Undefined> {
        let Some(report) = call.report.take() else {
            if now >= call.give_up {
                let waited = Span(call.within + UPPER_TESTER_PATIENCE);
                let saw = format!("no report for {waited}");
                let expected = "a report of the upper tester".into();
                self.fault(now, FindingCode::UpperTesterBroken, expected, saw);
                return Ok(Progress::Done);
            }
            return Ok(Progress::Blocked);
        };
        let ended = Time(report.ended);
        if call.action.acts() {
            self.acted = Acted { before: Time(report.began), after: ended };
            self.acts = Some(Acts::and(self.acts, Time(report.began)));
            self.connections[call.index].inbox.scope.asked(false);
        }
        if let Some(label) = call.label.take() {
            let labelled =
                Labelled { segment: None, connection: call.index, before: Time(report.began), after: ended };
            self.labels.insert(label, labelled);
        }
        self.judge_report(now, call, report.outcome)?;
        Ok(Progress::Done)
    }

    fn judge_report(&mut self, now: Time, call: &Call, outcome: AppOutcome) -> Result<(), Undefined> {
        let index = call.index;
        if let AppOutcome::Broken(why) = outcome {
            self.fault(now, FindingCode::UpperTesterBroken, "an upper tester that does as asked".into(), why);
            return Ok(());
        }
        if let AppAction::Receive(data) = &call.action {
            return self.judge_received(now, call, data, outcome);
        }
        let right = match (&call.action, &outcome) {
            (AppAction::Accept, AppOutcome::Accepted(peer)) => *peer == self.connections[index].bench,
            (AppAction::Connect, AppOutcome::Connecting(_))
            | (AppAction::ExpectConnected, AppOutcome::Done)
            | (AppAction::ExpectEof, AppOutcome::EndOfStream(_))
            | (AppAction::ExpectReset, AppOutcome::Reset)
            | (AppAction::ExpectRefused, AppOutcome::Refused)
            | (AppAction::ExpectTimeout, AppOutcome::TimedOut)
            | (AppAction::ExpectError, AppOutcome::Error(_))
            | (AppAction::ExpectUrgent, AppOutcome::Done)
            | (
                AppAction::ExpectNothing | AppAction::ExpectNoConnection | AppAction::ExpectNoUrgent,
                AppOutcome::NothingYet,
            ) => true,
            // Whatever error: it is none of a connection.
            (AppAction::ConnectToNobody(_), outcome) => !matches!(outcome, AppOutcome::Connecting(_)),
            (action, AppOutcome::Done) => action.is_plain_call(),
            _ => false,
        };
        if right {
            return Ok(());
        }
        let code = if call.action.is_plain_call() || call.action == AppAction::Connect {
            FindingCode::ApplicationCallFailed
        } else {
            FindingCode::ApplicationSawOtherwise
        };
        // A call takes as long as it takes; an observation has its time.
        let expected = match call.action.is_plain_call() {
            true => words::must_observe(&call.action),
            false => format!("{} within {}", words::must_observe(&call.action), Span(call.within)),
        };
        let finding = self.finding(now, code, expected, words::observed(&outcome));
        self.fail(finding);
        Ok(())
    }

    /// The application was given what we sent: these octets, no others, in this order.
    fn judge_received(
        &mut self,
        now: Time,
        call: &Call,
        data: &Data,
        outcome: AppOutcome,
    ) -> Result<(), Undefined> {
        let index = call.index;
        let sent = self.octets(index, data, self.connections[index].read)?;
        let got = match &outcome {
            AppOutcome::Data(octets) | AppOutcome::EndOfStream(octets) => octets.as_slice(),
            _ => &[],
        };
        let same = sent.iter().zip(got).take_while(|(a, b)| a == b).count();
        if same < got.len() {
            let expected =
                format!("the application to receive our {} as we sent them", words::octets(sent.len()));
            let saw = format!("{}, other than ours from octet {same} on", words::octets(got.len()));
            let finding = self.finding(now, FindingCode::ApplicationDataDiffers, expected, saw);
            self.fail(finding);
        } else if got.len() < sent.len() {
            let within = Span(call.within);
            let expected =
                format!("the application to receive {} within {within}", words::octets(sent.len()));
            let saw = match &outcome {
                AppOutcome::Data(octets) => format!("only {}", words::octets(octets.len())),
                AppOutcome::EndOfStream(octets) if !octets.is_empty() => {
                    format!("the end of the stream after {}", words::octets(octets.len()))
                }
                outcome => words::observed(outcome),
            };
            let finding = self.finding(now, FindingCode::ApplicationStarved, expected, saw);
            self.fail(finding);
        }
        let connection = &mut self.connections[index];
        connection.read = connection.read.wrapping_add(u32::try_from(got.len()).unwrap_or(0));
        connection.application_read = true;
        Ok(())
    }
}

impl AppAction {
    /// Whether it does something, from which a case counts time; an observation does not.
    fn acts(&self) -> bool {
        self.is_plain_call() || matches!(self, Self::Connect)
    }

    /// A call that simply works.
    fn is_plain_call(&self) -> bool {
        matches!(
            self,
            Self::Listen
                | Self::Send(_)
                | Self::SendUrgent(_)
                | Self::Shutdown
                | Self::Close
                | Self::CloseListener
                | Self::Abort
                | Self::Kill
                | Self::Set(_)
        )
    }
}

impl Connection {
    /// An active open that is not through: how it ends is the outcome of `connect`.
    fn syn_sent_by_target_only(&self) -> bool {
        self.iss.is_none() || self.rcv_nxt == self.irs
    }
}
