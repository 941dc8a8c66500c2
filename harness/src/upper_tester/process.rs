//! The upper tester as a child process on this machine.

use super::channel::{Filled, Flushed, Inbox, Line, Outbox};
use super::protocol::{FromAgent, PROTOCOL, Release, Reply, Request, ToAgent};
use super::{UpperTester, UpperTesterError, monotonic};
use nix::sys::signal::Signal;
use std::borrow::Cow;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use tcpspec_core::app::{AppCommand, AppOutcome, AppReport, CommandId};

/// A child process, `PROGRAM upper-tester`, that plays the application with real sockets.
///
/// It lives in the network namespace of the thread that called [`Self::spawn`], and dies with this
/// value, with the bench, or with [`Self::kill`]: whichever comes first.
#[derive(Debug)]
pub struct ProcessUpperTester {
    child: Child,
    _parent: ParentThread,
    control: UnixStream,
    outbox: Outbox,
    inbox: Inbox,
    end: Option<End>,
    /// Answers to [`AppCommand::Kill`], which the agent cannot give itself.
    killed: Vec<Reply>,
}

/// How it ended.
#[derive(Clone, Debug)]
enum End {
    /// We killed it, so that its silence is no fault.
    Wanted,
    /// Why it is not there any more.
    Unasked(String),
}

impl ProcessUpperTester {
    /// Starts `program upper-tester` in the calling thread's network namespace.
    ///
    /// # Errors
    /// [`UpperTesterError::NotStarted`].
    pub fn spawn(program: &Path) -> Result<Self, UpperTesterError> {
        let not_started = |error: io::Error| UpperTesterError::NotStarted {
            program: program.display().to_string(),
            why: error.to_string(),
        };
        let (control, theirs) = UnixStream::pair().map_err(not_started)?;
        control.set_nonblocking(true).map_err(not_started)?;
        let mut command = Command::new(program);
        command
            .arg("upper-tester")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            // Ctrl-C at the terminal is for the bench, which ends its children in order.
            .process_group(0);
        let (child, parent) = ParentThread::spawn(command).map_err(not_started)?;
        Ok(Self {
            child,
            _parent: parent,
            control,
            outbox: Outbox::default(),
            inbox: Inbox::new(),
            end: None,
            killed: Vec::new(),
        })
    }

    /// The child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the application (SIGKILL) with all that it holds, and waits until the kernel has
    /// closed its sockets. Harmless when it is gone already.
    pub fn kill(&mut self) {
        self.reap();
        self.end.get_or_insert(End::Wanted);
    }

    /// Kills and reaps. Its files are closed before the kernel lets a process be reaped.
    fn reap(&mut self) -> String {
        // An error means that it has exited, or was reaped before: the wait knows how it ended.
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) => describe(status),
            Err(error) => format!("how it ended is unknown: {error}"),
        }
    }

    fn check_there(&self) -> Result<(), UpperTesterError> {
        match &self.end {
            None => Ok(()),
            Some(End::Wanted) => Err(UpperTesterError::Gone("the bench killed it".to_owned())),
            Some(End::Unasked(why)) => Err(UpperTesterError::Gone(why.clone())),
        }
    }

    /// Whether the process has begun to end: the kernel marks it before it closes a single file.
    fn is_ending(&self) -> bool {
        // proc(5): state and flags are the first and the seventh field behind the name in parentheses.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = fields.next();
        let flags: Option<u32> = fields.nth(5).and_then(|flags| flags.parse().ok());
        matches!(state, None | Some("Z" | "X")) || flags.is_some_and(|flags| flags & EXITING != 0)
    }

    /// Notes that the other side of the control socket is closed.
    fn lost(&mut self) -> UpperTesterError {
        let why = self.reap();
        self.end = Some(End::Unasked(why.clone()));
        UpperTesterError::Gone(why)
    }

    fn send(&mut self) -> Result<Flushed, UpperTesterError> {
        self.outbox.flush(&self.control).map_err(|_closed| self.lost())
    }

    /// Reads once and hands out the lines that are complete.
    fn read(&mut self, each: &mut dyn FnMut(u64, AppReport)) -> Result<Filled, UpperTesterError> {
        let filled = self.inbox.fill(&self.control).unwrap_or(Filled::End);
        while let Some(line) = self.inbox.next_line() {
            match understand(line)? {
                FromAgent::Reply(Reply { trial, report }) => each(trial, report),
                FromAgent::Hello { protocol: PROTOCOL } => {}
                FromAgent::Hello { protocol } => {
                    let why = format!("it speaks version {protocol}, the bench {PROTOCOL}");
                    return Err(UpperTesterError::Protocol(why));
                }
                FromAgent::NotUnderstood(why) => {
                    return Err(UpperTesterError::Protocol(format!("it did not understand us: {why}")));
                }
            }
        }
        Ok(filled)
    }
}

impl UpperTester for ProcessUpperTester {
    /// As the trait says; and [`AppCommand::Kill`] ends the whole process at once, with the sockets
    /// of every trial: a trial that kills needs an upper tester of its own.
    fn submit(&mut self, trial: u64, id: CommandId, command: &AppCommand) -> Result<(), UpperTesterError> {
        self.check_there()?;
        if *command == AppCommand::Kill {
            let began = monotonic();
            self.kill();
            let report = AppReport { id, outcome: AppOutcome::Done, began, ended: monotonic() };
            self.killed.push(Reply { trial, report });
            return Ok(());
        }
        self.outbox.push(&ToAgent::Request(Request { trial, id, command: Cow::Borrowed(command) }));
        Ok(())
    }

    fn release(&mut self, trial: u64) {
        if self.end.is_none() {
            self.outbox.push(&ToAgent::Release(Release { trial, abort: true }));
        }
    }

    fn flush(&mut self) -> Result<Flushed, UpperTesterError> {
        match self.end {
            Some(End::Wanted) => Ok(Flushed::All),
            Some(End::Unasked(_)) => self.check_there().map(|()| Flushed::All),
            None => self.send(),
        }
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.end.is_none().then(|| self.control.as_fd())
    }

    fn receive(&mut self, each: &mut dyn FnMut(u64, AppReport)) -> Result<(), UpperTesterError> {
        for Reply { trial, report } in self.killed.drain(..) {
            each(trial, report);
        }
        match self.end {
            Some(End::Wanted) => return Ok(()),
            Some(End::Unasked(_)) => return self.check_there(),
            None => {}
        }
        loop {
            match self.read(each)? {
                Filled::Some => {}
                Filled::Empty => break,
                Filled::End => return Err(self.lost()),
            }
        }
        if self.outbox.len() > 0 {
            let (Flushed::All | Flushed::Partly) = self.send()?;
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), UpperTesterError> {
        match self.end {
            None if self.is_ending() => Err(self.lost()),
            None | Some(End::Wanted) => Ok(()),
            Some(End::Unasked(_)) => self.check_there(),
        }
    }
}

/// PF_EXITING of the kernel's include/linux/sched.h.
const EXITING: u32 = 4;

impl Drop for ProcessUpperTester {
    fn drop(&mut self) {
        self.kill();
    }
}

fn understand(line: Line<'_>) -> Result<FromAgent, UpperTesterError> {
    match line {
        Line::Whole(line) => serde_json::from_slice(line).map_err(|error| {
            let shown: String = String::from_utf8_lossy(line).chars().take(120).collect();
            UpperTesterError::Protocol(format!("{error} in {shown:?}"))
        }),
        Line::TooLong => Err(UpperTesterError::Protocol("a line without an end".to_owned())),
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(signal) => format!("it was killed by {signal}"),
            Err(_) => format!("it was killed by signal {signal}"),
        },
        (None, None) => "it stopped".to_owned(),
    }
}

/// The thread that is the child's parent, and does nothing else.
///
/// The child asks for a signal at its parent's death, and Linux sends that when the parent
/// *thread* ends. A caller that only visited the target's namespace would take the child with it.
/// A new thread is in the namespace of the one that made it.
#[derive(Debug)]
struct ParentThread {
    stay: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ParentThread {
    fn spawn(mut command: Command) -> io::Result<(Child, Self)> {
        let (stay, stayed) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new().name("upper-tester".to_owned()).spawn(move || {
            let child = command.spawn();
            // It holds our copy of the child's end, which would hide that the child is gone.
            drop(command);
            if tell.send(child).is_ok() {
                // Ends when the sender is dropped.
                let _ = stayed.recv();
            }
        })?;
        let parent = Self { stay: Some(stay), thread: Some(thread) };
        let child = told.recv().map_err(|_| io::Error::other("the thread that starts it ended"))??;
        Ok((child, parent))
    }
}

impl Drop for ParentThread {
    fn drop(&mut self) {
        self.stay = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
