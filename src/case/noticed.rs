//! What of a script the application on the target notices, for targets whose application is an
//! ordinary service that acts on what it notices: it may answer text, and it closes when we have.

use super::capability::Capability;
use super::expr::{Expr, Name, Operator, Variable};
use super::model::{ChecksumSpec, Data, Script, Send, Step, StepKind};
use crate::segment::Flags;
use crate::state::State;
use std::collections::BTreeSet;

impl Script {
    /// Whether text of ours may reach the application while the target's side is open: an echo
    /// service sends it back, a web server complains.
    #[must_use]
    pub fn speaks(&self) -> bool {
        let speaks = |segment| has_text(segment) && !acknowledges_too_much(segment);
        self.noticed().any(|(state, _, segment)| is_open(state) && speaks(segment))
    }

    /// Whether it tells the target a path MTU.
    #[must_use]
    pub fn tells_path_mtu(&self) -> bool {
        let mut steps = Vec::new();
        in_order(&self.steps, &mut steps);
        steps.into_iter().any(|step| matches!(&step.kind, StepKind::Icmp(icmp) if icmp.mtu.is_some()))
    }

    /// What whoever plays the application must do about what it notices.
    pub(super) fn needs_of_the_noticed(&self) -> BTreeSet<Capability> {
        let needs = self.noticed().filter_map(|(state, rest, segment)| {
            if is_open(state)
                && segment.flags.contains(Flags::FIN)
                && !acknowledges_too_much(segment)
                && !goes_on_with_a_fin(rest)
            {
                // An ordinary service closes when it sees the end of our stream, and its FIN may
                // ride on the acknowledgment of ours (RFC 9293 section 3.6, figure 12).
                Some(Capability::HoldOpen)
            } else if matches!(state, State::FinWait1 | State::FinWait2) && has_text(segment) {
                // Who has not shut down one side but closed reads no more, and a RST is what is due
                // (RFC 1122 section 4.2.2.13), whatever else is wrong with the segment.
                Some(Capability::Shutdown)
            } else {
                None
            }
        });
        needs.collect()
    }

    /// The segments that the target takes, each with the state that its connection began in (or one
    /// of those behind its FIN, once that has come) and the steps behind it.
    fn noticed(&self) -> impl Iterator<Item = (State, Vec<&Step>, &Send)> {
        let mut steps = Vec::new();
        in_order(&self.steps, &mut steps);
        (0..steps.len()).filter_map(move |at| {
            let StepKind::Send(segment) = &steps[at].kind else { return None };
            let given = self.given.iter().find(|given| given.connection == steps[at].connection)?;
            let of_connection = |step: &&&Step| step.connection == given.connection;
            let has_closed = steps[..at].iter().filter(of_connection).any(|step| awaits_fin(step));
            let state = if has_closed && is_open(given.state) { State::FinWait1 } else { given.state };
            let rest = steps[at + 1..].iter().filter(of_connection).copied();
            may_be_taken(segment).then(|| (state, rest.collect(), &**segment))
        })
    }
}

/// All steps, those inside others in their place.
fn in_order<'s>(steps: &'s [Step], all: &mut Vec<&'s Step>) {
    for step in steps {
        match &step.kind {
            StepKind::Repeat { steps, .. } => in_order(steps, all),
            StepKind::OneOf(one_of) => {
                one_of.alternatives.iter().for_each(|(_, steps)| in_order(steps, all));
            }
            _ => all.push(step),
        }
    }
}

/// The target's application has not closed, as far as the state in which the connection began tells.
fn is_open(state: State) -> bool {
    matches!(state, State::Listen | State::SynSent | State::SynReceived | State::Established)
}

fn has_text(segment: &Send) -> bool {
    match &segment.data {
        None | Some(Data::Stream(Expr::Int(0)) | Data::Altered(Expr::Int(0))) => false,
        Some(Data::Text(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// The next thing demanded of the target, if there is any, is its FIN; or it may be, and is the last.
fn goes_on_with_a_fin(rest: Vec<&Step>) -> bool {
    let is_demand = |step: &&Step| !matches!(step.kind, StepKind::Send(_) | StepKind::Wait(_));
    let mut demands = rest.into_iter().filter(is_demand);
    let Some(next) = demands.next() else { return true };
    awaits_fin(next) || demands.next().is_none() && admits_fin(next)
}

fn awaits_fin(step: &Step) -> bool {
    let StepKind::Expect(expect) = &step.kind else { return false };
    !expect.flags.is_empty() && expect.flags.iter().all(|flags| flags.contains(Flags::FIN))
}

fn admits_fin(step: &Step) -> bool {
    let StepKind::Expect(expect) = &step.kind else { return false };
    expect.flags.iter().any(|flags| flags.contains(Flags::FIN))
}

/// Whether the target may take what the segment carries (RFC 9293 section 3.10.7.4, first to fourth
/// check). Where that is not known before the run, it may.
fn may_be_taken(segment: &Send) -> bool {
    let flags = segment.flags;
    let is_whole = segment.data_offset.is_none()
        && !matches!(segment.checksum, Some(ChecksumSpec::Bad | ChecksumSpec::Value(_)))
        && segment.to_port.is_none()
        && segment.from_port.is_none();
    let is_plain = flags.contains(Flags::ACK) && !flags.intersects(Flags::SYN | Flags::RST);
    let length = match &segment.data {
        None => Some(0),
        Some(Data::Text(text)) => i64::try_from(text.len()).ok(),
        Some(Data::Stream(length) | Data::Altered(length)) => match length {
            Expr::Int(length) => Some(*length),
            _ => None,
        },
    };
    let length = length.map(|length| length + i64::from(flags.contains(Flags::FIN)));
    let from = segment.seq.as_ref().map_or(Some(0), |seq| distance(seq, Variable::RcvNxt));
    let in_window = match (from, length) {
        (Some(from), Some(length)) => from + length > 0 && from < WINDOW,
        (Some(from), None) => from < WINDOW,
        (None, _) => true,
    };
    is_whole && is_plain && in_window
}

/// Its acknowledgment keeps it from being taken (fifth check).
fn acknowledges_too_much(segment: &Send) -> bool {
    let beyond = segment.ack.as_ref().and_then(|ack| distance(ack, Variable::SndNxt));
    beyond.is_some_and(|beyond| beyond > 0)
}

/// How far an expression lies behind a variable; `None` where that is not known before the run.
fn distance(expr: &Expr, from: Variable) -> Option<i64> {
    match expr {
        Expr::Name(Name::Variable { connection: None, variable }, _) if *variable == from => Some(0),
        Expr::Binary(Operator::Add, left, right) => Some(distance(left, from)? + offset(right)?),
        Expr::Binary(Operator::Subtract, left, right) => Some(distance(left, from)? - offset(right)?),
        _ => None,
    }
}

/// What is added to a number.
fn offset(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Int(number) => Some(*number),
        Expr::Name(Name::Variable { connection: None, variable: Variable::RcvWnd }, _) => Some(WINDOW),
        _ => None,
    }
}

/// Stands for RCV.WND: more than any number that a case adds to it.
const WINDOW: i64 = 1 << 40;

#[cfg(test)]
mod tests {
    use crate::case::{Capability, CaseFile, Script};
    use pretty_assertions::assert_eq;
    use std::collections::BTreeSet;

    fn script(given: &str, steps: &str) -> Script {
        let text = format!("about: x\n\ncases:\n  one:\n    given: {given}\n    steps: {steps}\n");
        let file = CaseFile::read("cases/area/file.yaml", text).expect("a file");
        file.cases()[0].script(0).expect("a script")
    }

    fn needs(given: &str, steps: &str) -> Vec<Capability> {
        script(given, steps).capabilities().into_iter().collect()
    }

    #[test]
    fn our_fin_ends_an_ordinary_service_unless_its_fin_is_what_is_awaited() {
        let fin_then = |step: &str| needs("ESTABLISHED", &format!("[{{send: FIN ACK}}, {step}]"));
        let hold_open = vec![Capability::HoldOpen];
        assert_eq!(
            [
                fin_then("{expect: ACK}"),
                fin_then("{silence: 1s}"),
                fin_then("{expect: [ACK, FIN ACK]}, {silence: 1s}"),
                fin_then("{wait: 1s}, {repeat: 2, steps: [{expect: ACK}]}"),
                fin_then("{expect: [ACK, FIN ACK]}"),
                fin_then("{expect: FIN ACK}"),
                fin_then("{send: ACK}, {expect: FIN ACK}, {expect: ACK}"),
            ],
            [hold_open.clone(), hold_open.clone(), hold_open.clone(), hold_open, vec![], vec![], vec![]]
        );
    }

    #[test]
    fn our_fin_is_noticed_only_where_it_is_taken_and_the_target_has_not_closed() {
        let answered = |given: &str, fin: &str| needs(given, &format!("[{{{fin}}}, {{expect: ACK}}]"));
        let noticed = [
            ("ESTABLISHED", "send: FIN ACK, seq: RCV.NXT + 100"),
            ("ESTABLISHED", "send: FIN ACK, seq: RCV.NXT + RCV.WND - 1"),
            ("ESTABLISHED", "send: FIN ACK, seq: RCV.NXT - 10, data: 10"),
            ("SYN-RECEIVED", "send: FIN ACK"),
        ];
        let unnoticed = [
            ("ESTABLISHED", "send: FIN"),
            ("ESTABLISHED", "send: RST FIN ACK"),
            ("ESTABLISHED", "send: FIN ACK, checksum: bad"),
            ("ESTABLISHED", "send: FIN ACK, seq: RCV.NXT + RCV.WND"),
            ("ESTABLISHED", "send: FIN ACK, seq: RCV.NXT - 1"),
            ("ESTABLISHED", "send: FIN ACK, ack: SND.NXT + 1"),
            ("FIN-WAIT-2", "send: FIN ACK"),
            ("TIME-WAIT", "send: FIN ACK"),
            ("SYN-RECEIVED", "expect: FIN ACK}, {send: FIN ACK"),
        ];
        assert_eq!(noticed.map(|(given, fin)| answered(given, fin)), [const { [Capability::HoldOpen] }; 4]);
        assert_eq!(unnoticed.map(|(given, fin)| answered(given, fin)), [const { vec![] }; 9]);
    }

    #[test]
    fn text_after_the_target_has_closed_needs_an_application_that_still_reads() {
        let sent = |given: &str, text: &str| needs(given, &format!("[{{{text}}}]"));
        assert_eq!(sent("FIN-WAIT-2", "send: ACK, data: 10"), [Capability::Shutdown]);
        assert_eq!(sent("FIN-WAIT-1", "send: ACK, data: {text: abc}"), [Capability::Shutdown]);
        assert_eq!(sent("FIN-WAIT-2", "send: ACK, data: 10, ack: SND.NXT + 1"), [Capability::Shutdown]);
        assert_eq!(sent("FIN-WAIT-2", "send: ACK, data: 100, seq: RCV.NXT - 100"), []);
        assert_eq!(sent("FIN-WAIT-2", "send: ACK, data: 0"), []);
        assert_eq!(sent("CLOSING", "send: ACK, data: 10"), []);
    }

    #[test]
    fn a_script_speaks_where_its_text_is_taken() {
        let speaks = |given: &str, step: &str| script(given, &format!("[{{{step}}}]")).speaks();
        let heard = [
            speaks("ESTABLISHED", "send: ACK, data: 1"),
            speaks("LISTEN", "send: ACK, ack: 1, data: 1"),
            speaks("ESTABLISHED", "send: ACK, data: 1, seq: RCV.NXT + 7"),
            speaks("ESTABLISHED", "repeat: 2, steps: [{send: ACK, data: 5}]"),
        ];
        let unheard = [
            speaks("ESTABLISHED", "send: ACK"),
            speaks("ESTABLISHED", "send: ACK, data: 1, seq: RCV.NXT - 1"),
            speaks("ESTABLISHED", "send: ACK, data: 1, ack: SND.NXT + 1"),
            speaks("ESTABLISHED", "send: RST, data: 1"),
            speaks("ESTABLISHED", "send: ACK, data: 1, to-port: 9"),
            speaks("CLOSED", "send: ACK, ack: 1, data: 1"),
        ];
        assert_eq!((heard, unheard), ([true; 4], [false; 6]));
    }

    #[test]
    fn each_connection_is_looked_at_by_itself() {
        let steps = "[{send: FIN ACK, on: a}, {expect: ACK, on: b}, {expect: FIN ACK, on: a}]";
        let script = script("{a: ESTABLISHED, b: ESTABLISHED}", steps);
        assert_eq!(script.capabilities(), BTreeSet::new());
    }
}
