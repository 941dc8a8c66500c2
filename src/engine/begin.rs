//! The beginning: connections; and the beginning of every step.

use super::application::Call;
use super::arrivals::Aside;
use super::build::Built;
use super::config::Application;
use super::connection::Connection;
use super::eval::Undefined;
use super::expectation::Expectation;
use super::inbox::Scope;
use super::labels::Labelled;
use super::offer::Offer;
use super::passing::Acts;
use super::{Acted, Action, Block, BlockKind, Engine, Waiting, series, stream};
use crate::app::AppCommand;
use crate::case::{Expr, Given, Send, Step, StepKind, Word};
use crate::referee::Watch;
use crate::segment::{Endpoint, Flags, encode_fragments, encode_icmp, encode_segment, with_ip_options};
use crate::seq::SeqNum;
use crate::time::Time;
use crate::verdict::{EventKind, KeptPacket, Sender};
use std::sync::Arc;

impl Engine {
    /// Makes the connections and lines up: the ways into their states, the steps, the states at the end.
    pub(super) fn prepare(&mut self, now: Time) -> Result<(), Undefined> {
        for given in self.script.given.clone() {
            let index = self.connections.len();
            self.add_connection(given.clone(), given.connection.clone())?;
            let way = self.way_into(&given, index)?;
            self.program.extend(way);
        }
        let steps = Arc::clone(&self.script.steps);
        self.program.push_back(Block { steps, next: 0, connection: None, kind: BlockKind::Body });
        let ends: Vec<_> = self.script.then.iter().map(state_step).collect();
        self.program.push_back(Block {
            steps: ends.into(),
            next: 0,
            connection: None,
            kind: BlockKind::Body,
        });
        self.acted = Acted::at(now);
        Ok(())
    }

    /// A connection with ports, initial sequence number and octets of its own.
    pub(super) fn add_connection(&mut self, given: Given, name: String) -> Result<usize, Undefined> {
        let number = u32::try_from(self.connections.len()).unwrap_or(u32::MAX);
        let step = u16::try_from(number).unwrap_or(u16::MAX);
        // An ordinary service has its one port.
        let one_port = self.script.same_target_port || !self.config.agent;
        let target_step = if one_port { 0 } else { step };
        let bench = Endpoint::new(self.config.bench, self.config.bench_port.wrapping_add(step));
        let target = Endpoint::new(self.config.target, self.config.target_port.wrapping_add(target_step));
        let header = if bench.is_ipv6() { 60 } else { 40 };
        let offer = Offer {
            mss: given.mss.unwrap_or(Some(self.config.link_mtu.saturating_sub(header))),
            window_scale: given.window_scale,
            sack: given.sack,
            timestamps: given.timestamps,
        };
        let seeded = stream::mix(self.config.seed ^ u64::from(number).wrapping_mul(0x9e37)) as u32;
        let irs = match &given.irs {
            Some(expr) => self.number(0, expr)?,
            None => seeded,
        };
        let given = Given { connection: name, ..given };
        let mut connection = Connection::new(given, number, bench, target, offer, SeqNum(irs), &self.config);
        if !self.config.agent {
            connection.watch.stream_unknown();
        }
        self.connections.push(connection);
        Ok(self.connections.len() - 1)
    }

    /// Begins a step: acts at once, or sets what is waited for.
    pub(super) fn begin(&mut self, now: Time, step: &Step, index: usize) -> Result<(), Undefined> {
        match &step.kind {
            StepKind::Send(spec) => self.send(now, index, spec)?,
            StepKind::Expect(expect) => {
                let expectation = Expectation::one(self, index, (**expect).clone())?;
                self.waiting = Waiting::Segment(Box::new(expectation));
            }
            StepKind::ExpectAll(all) => {
                let expectation = Expectation::all(self, index, all.segments.clone())?;
                self.waiting = Waiting::Segment(Box::new(expectation));
            }
            StepKind::OneOf(one_of) => {
                let expectation = Expectation::choice(self, index, one_of)?;
                self.waiting = Waiting::Segment(Box::new(expectation));
            }
            StepKind::Silence(span) => {
                self.waiting = Waiting::Silence { span: self.span(index, span)? };
                self.connections[index].inbox.scope = Scope::ALL;
            }
            StepKind::Wait(span) => {
                self.waiting = Waiting::Pause { until: now + self.span(index, span)? };
            }
            StepKind::App(app) => {
                let call = Call::new(self, now, index, app)?;
                self.waiting = Waiting::Application(Box::new(call));
            }
            StepKind::Icmp(spec) => {
                let error = self.build_icmp(index, spec)?;
                let packet = encode_icmp(&error)
                    .map_err(|_| Undefined(format!("{} has no form in IPv6", spec.kind.word())))?;
                self.depart(now, packet);
                self.did = Some(self.note(now, index, EventKind::SentIcmp(error)));
                self.act(now, index, false);
            }
            StepKind::Retransmissions(spec) => {
                self.waiting = Waiting::Series(Box::new(series::Series::new(self, index, spec)?));
            }
            StepKind::Measure(spec) => self.prepare_time_wait(index, spec)?,
            StepKind::Probe(probe) => {
                self.clear_inbox(index);
                let steps = super::probe::steps(*probe, &self.connections[index], &step.place);
                self.push(steps, Some(index), BlockKind::Probing);
            }
            StepKind::State(state) => self.check_state(now, index, *state),
            StepKind::Repeat { times, steps } => {
                let times = self.field(index, times, 32)?;
                if times > 0 && !steps.is_empty() {
                    self.push(Arc::clone(steps), None, BlockKind::Repeat { turn: 0, times });
                }
            }
            StepKind::Acks(acks) => self.acks = *acks,
        }
        Ok(())
    }

    fn send(&mut self, now: Time, index: usize, spec: &Send) -> Result<(), Undefined> {
        let Built { segment, legal } = self.build(index, spec, now)?;
        match &spec.fragments {
            Some(size) => {
                let size = self.field(index, size, 16)? as usize;
                encode_fragments(&segment, size).into_iter().for_each(|packet| self.depart(now, packet));
            }
            None => {
                let packet = encode_segment(&segment);
                let packet = match &spec.ip_options {
                    Some(options) => with_ip_options(&packet, options),
                    None => packet,
                };
                self.depart(now, packet);
            }
        }
        let echoes = self.config.application() == Application::Echo;
        let connection = &mut self.connections[index];
        let (bench, target) = (segment.source(), segment.destination());
        let aside = (bench, target) != (connection.bench, connection.target);
        if !aside {
            connection.watch.sent(&segment);
            if legal {
                connection.note_sent(&segment);
            }
            if legal && echoes {
                connection.will_be_echoed(&segment);
            }
        } else {
            let known = self.asides.iter_mut().find(|aside| (aside.bench, aside.target) == (bench, target));
            let aside = match known {
                Some(aside) => aside,
                None => {
                    let watch = Watch::new(bench, target, self.config.link_mtu);
                    self.asides.push(Aside { bench, target, connection: index, watch, seen: Vec::new() });
                    self.asides.last_mut().expect("just pushed")
                }
            };
            aside.connection = index;
            aside.watch.sent(&segment);
            // A RST draws nothing that was not under way.
            if !segment.flags.contains(Flags::RST) {
                aside.seen.clear();
            }
        }
        if let Some(label) = &spec.label {
            let labelled =
                Labelled { segment: Some(segment.clone()), connection: index, before: now, after: now };
            self.labels.insert(label.clone(), labelled);
            self.departing.push(label.clone());
        }
        self.did = Some(self.note(now, index, EventKind::Sent(Box::new(segment))));
        self.act(now, index, aside);
        Ok(())
    }

    /// A plain acknowledgment that the case did not spell out.
    pub(super) fn send_ack(&mut self, now: Time, index: usize, ack: SeqNum) {
        let spec = Send { flags: Flags::ACK, ack: Some(Expr::Int(i64::from(ack.0))), ..Send::default() };
        // An ACK with a given number is always defined.
        if let Ok(Built { segment, .. }) = self.build(index, &spec, now) {
            let connection = &mut self.connections[index];
            connection.watch.sent(&segment);
            connection.note_sent(&segment);
            self.depart(now, encode_segment(&segment));
            self.note(now, index, EventKind::Sent(Box::new(segment)));
        }
    }

    /// Sends a packet. The next event in the record must be the one that tells of it.
    pub(super) fn depart(&mut self, now: Time, packet: Vec<u8>) {
        self.keep(now, Sender::Bench, &packet);
        self.actions.push(Action::Send(packet));
    }

    /// Keeps a packet of which the next event tells, where that is asked for.
    pub(super) fn keep(&mut self, at: Time, from: Sender, packet: &[u8]) {
        if self.config.keep_packets {
            let (event, octets) = (self.record.events.len(), packet.to_vec());
            self.record.packets.push(KeptPacket { at, from, event, octets });
        }
    }

    fn act(&mut self, now: Time, index: usize, aside: bool) {
        self.connections[index].inbox.scope.asked(aside);
        self.acted = Acted::at(now);
        self.acts = Some(Acts::and(self.acts, now));
        self.departing.push(String::new());
    }

    pub(super) fn command(&mut self, now: Time, index: usize, command: AppCommand) -> crate::app::CommandId {
        let id = self.command_id();
        self.did = Some(self.note(now, index, EventKind::Asked(command.clone())));
        self.actions.push(Action::App { id, command });
        id
    }
}

/// `then:` as a step.
fn state_step(then: &crate::case::Then) -> Step {
    Step {
        place: then.place.clone(),
        text: format!("then: {}", then.state),
        connection: then.connection.clone(),
        requirement: None,
        kind: StepKind::State(then.state),
    }
}
