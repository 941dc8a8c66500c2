//! A bench in memory: a target that a closure plays, counters and an application that do as told.

use crate::link::{Counters, Family, Link, LinkError};
use crate::run::Inputs;
use crate::runner::{Finished, Job, Sink};
use crate::target::{Bench, BenchError, Host};
use crate::upper_tester::{Flushed, ProcessUpperTester, UpperTester, UpperTesterError};
use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use tcpspec_core::app::{AppCommand, AppReport, CommandId};
use tcpspec_core::engine::TableEntry;
use tcpspec_core::segment::{Flags, Packet, Segment, decode, encode_segment};
use tcpspec_core::time::Time;

/// What the target does with one segment of ours.
pub(super) type Answer = Box<dyn FnMut(&Segment, &mut Fate) -> Option<Segment> + Send>;

/// What befalls the link while it carries an answer.
#[derive(Default)]
pub(super) struct Fate {
    /// What the counters say from then on.
    pub(super) counters: Counters,
    /// The bench sleeps for so long before it reads.
    pub(super) late: Duration,
}

/// A bench whose target is `answer`.
pub(super) struct FakeBench {
    link: FakeLink,
    pub(super) upper: Option<FakeUpper>,
    /// The program that is a trial's own application.
    pub(super) private: Option<PathBuf>,
    pub(super) most_connections: Option<u32>,
    /// Every host given out, in order; those in use; and the most that ever were.
    pub(super) hosts: Vec<IpAddr>,
    pub(super) in_use: BTreeSet<IpAddr>,
    pub(super) most_in_use: usize,
    /// Hosts that are left to give out.
    pub(super) left: u32,
}

impl FakeBench {
    pub(super) fn new(answer: impl FnMut(&Segment, &mut Fate) -> Option<Segment> + Send + 'static) -> Self {
        let answer = Box::new(answer);
        Self {
            link: FakeLink {
                answer,
                fate: Fate::default(),
                arrived: VecDeque::new(),
                refuse: false,
                looks: 0,
            },
            upper: None,
            private: None,
            most_connections: None,
            hosts: Vec::new(),
            in_use: BTreeSet::new(),
            most_in_use: 0,
            left: 1000,
        }
    }

    /// A bench whose link takes no packet.
    pub(super) fn without_buffer() -> Self {
        let mut bench = Self::new(|_, _| None);
        bench.link.refuse = true;
        bench
    }

    /// How often the driver has looked for packets.
    pub(super) fn looks(&self) -> u32 {
        self.link.looks
    }
}

/// The RST that a closed port answers (RFC 9293 section 3.10.7.1), its number off by `off`.
pub(super) fn reset(stray: &Segment, off: u32) -> Segment {
    Segment {
        seq: stray.ack + off,
        flags: Flags::RST,
        window: 0,
        ..Segment::between(stray.destination(), stray.source())
    }
}

struct FakeLink {
    answer: Answer,
    fate: Fate,
    arrived: VecDeque<(Time, Vec<u8>)>,
    refuse: bool,
    looks: u32,
}

impl Link for FakeLink {
    fn send(&mut self, packet: &[u8]) -> Result<(), LinkError> {
        if self.refuse {
            let waited = Duration::from_millis(5);
            return Err(LinkError::NoBuffer { name: "fake0".into(), attempts: 3, waited });
        }
        let Ok(Packet::Tcp(sent)) = decode(packet) else { panic!("not a segment: {packet:?}") };
        // The clean-up behind a trial is nobody's business here.
        if sent.segment.flags == Flags::RST {
            return Ok(());
        }
        if let Some(answer) = (self.answer)(&sent.segment, &mut self.fate) {
            self.arrived.push_back((crate::clock::monotonic(), encode_segment(&answer)));
        }
        Ok(())
    }

    fn receive(&mut self, each: &mut dyn FnMut(Time, &[u8])) -> Result<(), LinkError> {
        self.looks += 1;
        if !self.arrived.is_empty() {
            std::thread::sleep(self.fate.late);
        }
        self.arrived.drain(..).for_each(|(stamp, packet)| each(stamp, &packet));
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn counters(&mut self) -> Result<Counters, LinkError> {
        Ok(self.fate.counters)
    }
}

/// An application that never answers, and may go.
#[derive(Default)]
pub(super) struct FakeUpper {
    /// `receive` fails: its end has been seen.
    pub(super) gone: bool,
    /// `check` fails: it is on its way.
    pub(super) going: bool,
}

impl FakeUpper {
    fn there(is_gone: bool) -> Result<(), UpperTesterError> {
        let gone = || UpperTesterError::Gone("it was killed by SIGKILL".into());
        if is_gone { Err(gone()) } else { Ok(()) }
    }
}

impl UpperTester for FakeUpper {
    fn submit(&mut self, _: u64, _: CommandId, _: &AppCommand) -> Result<(), UpperTesterError> {
        Ok(())
    }

    fn release(&mut self, _: u64) {}

    fn flush(&mut self) -> Result<Flushed, UpperTesterError> {
        Ok(Flushed::All)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn receive(&mut self, _: &mut dyn FnMut(u64, AppReport)) -> Result<(), UpperTesterError> {
        Self::there(self.gone)
    }

    fn check(&mut self) -> Result<(), UpperTesterError> {
        Self::there(self.gone || self.going)
    }
}

impl Bench for FakeBench {
    fn link(&mut self) -> &mut dyn Link {
        &mut self.link
    }

    fn upper_tester(&mut self) -> Option<&mut dyn UpperTester> {
        self.upper.as_mut().map(|upper| upper as &mut dyn UpperTester)
    }

    fn private_upper_tester(&mut self) -> Result<ProcessUpperTester, BenchError> {
        let program = self.private.as_ref().ok_or_else(|| BenchError("no program".into()))?;
        ProcessUpperTester::spawn(program).map_err(BenchError::of)
    }

    fn fresh_host(&mut self, _: Family, _: u32) -> Option<Host> {
        self.left = self.left.checked_sub(1)?;
        let address = IpAddr::from(Ipv4Addr::from(0xc612_0000 + self.hosts.len() as u32));
        self.hosts.push(address);
        self.in_use.insert(address);
        self.most_in_use = self.most_in_use.max(self.in_use.len());
        Some(Host { address, first_port: None })
    }

    fn give_back(&mut self, address: IpAddr, _: bool) {
        assert!(self.in_use.remove(&address), "{address} was not in use");
    }

    fn target_address(&self, family: Family) -> Option<IpAddr> {
        (family == Family::V4).then(|| IpAddr::from([192, 0, 2, 1]))
    }

    fn has_table(&self) -> bool {
        false
    }

    fn look_up(&mut self, _: SocketAddr, _: Option<SocketAddr>) -> Result<TableEntry, BenchError> {
        Err(BenchError("there is no table".into()))
    }

    fn most_connections(&self) -> Option<u32> {
        self.most_connections
    }
}

/// Keeps everything.
#[derive(Default)]
pub(super) struct Kept(pub(super) Vec<Finished>);

impl Sink for Kept {
    fn finished(&mut self, finished: Finished) {
        self.0.push(finished);
    }
}

/// A trial with these steps, from a closed port.
pub(super) fn job(index: usize, steps: &str) -> Job {
    let text = format!(
        "about: x\n\ncases:\n  one:\n    title: t\n    requirements: [ev-closed-ack]\n    effect: e\n    \
         families: [v4]\n    given: CLOSED\n    steps: {steps}\n"
    );
    let suite = tcpspec_core::case::Suite::read(vec![("cases/area/file.yaml".to_owned(), text)]);
    static INPUTS: OnceLock<Inputs> = OnceLock::new();
    let inputs = INPUTS.get_or_init(|| Inputs::read_for_kernel().expect("what is built in is well"));
    let suite = suite.unwrap_or_else(|problems| panic!("{problems:?}"));
    let plan = inputs.plan_of(suite.into(), 7).unwrap_or_else(|stop| panic!("{}", stop.message));
    Job { index, ..plan.trials[0].job.clone() }
}
