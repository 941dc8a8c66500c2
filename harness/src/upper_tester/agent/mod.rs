//! The process that plays the application: `tcpspec upper-tester`, started by the bench with the
//! control socket as standard input.
//!
//! One thread, one epoll set, no blocking call. Requests are read as many as there are, and their
//! replies leave in one write.

mod application;
mod options;
mod socket;
mod sockets;

use super::channel::{Filled, Flushed, Inbox, Line};
use super::monotonic;
use super::protocol::{FromAgent, PROTOCOL, ToAgent};
use application::Application;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::getppid;
use sockets::Key;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// Runs the agent until the bench is gone. For the hidden subcommand `tcpspec upper-tester`.
///
/// Exit codes: 0 when the bench closed the control socket or ended, 2 when it was not a bench that
/// started this, 6 when the system refused something.
#[must_use]
pub fn run() -> ExitCode {
    let result = start();
    if let Err(error) = &result {
        eprintln!("tcpspec upper-tester: {error}");
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(AgentError::NotFromBench) => ExitCode::from(2),
        Err(_) => ExitCode::from(6),
    }
}

/// Why the agent could not serve.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Started by hand.
    #[error("is started by the bench, with the control socket as its standard input")]
    NotFromBench,
    /// A system call failed.
    #[error("{call} failed: {errno}")]
    System {
        /// Which.
        call: &'static str,
        /// How.
        errno: Errno,
    },
    /// The control socket failed.
    #[error("the control socket failed: {0}")]
    Control(#[from] io::Error),
}

fn start() -> Result<(), AgentError> {
    // First of all: the bench may be killed at any moment, and a child that outlives it would keep
    // the namespace alive.
    set_pdeathsig(Signal::SIGKILL).map_err(system("prctl"))?;
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let bench = getsockopt(&control, PeerCredentials).map_err(|_| AgentError::NotFromBench)?;
    if bench.pid() != getppid().as_raw() {
        // It died before the line above could take effect.
        return Ok(());
    }
    // A thousand trials hold some thousands of sockets. Where that is refused, the trial that finds
    // no descriptor says so.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(system("getrlimit"))?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(system("setrlimit"))?;
    serve(&control)
}

/// Serves the bench behind `control` until it closes its end. Sockets still held are closed then.
///
/// # Errors
/// [`AgentError`] when epoll or the control socket fails.
pub fn serve(control: &UnixStream) -> Result<(), AgentError> {
    control.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(system("epoll_create"))?;
    let mut interest = EpollFlags::EPOLLIN;
    epoll.add(control, EpollEvent::new(interest, CONTROL)).map_err(system("epoll_ctl"))?;
    let mut application = Application::new(epoll);
    let mut inbox = Inbox::new();
    let mut events = [EpollEvent::empty(); 256];
    application.replies().push(&FromAgent::Hello { protocol: PROTOCOL });
    loop {
        let Some(flushed) = flush(&mut application, control)? else { return Ok(()) };
        let wanted = interest_in_control(flushed, application.replies().len());
        if wanted != interest {
            interest = wanted;
            let event = &mut EpollEvent::new(interest, CONTROL);
            application.epoll().modify(control, event).map_err(system("epoll_ctl"))?;
        }
        let count = match application.epoll().wait(&mut events, until(application.next_deadline())) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(AgentError::System { call: "epoll_wait", errno }),
        };
        let mut asked = false;
        for event in &events[..count] {
            match event.data() {
                CONTROL => asked = event.events().intersects(!EpollFlags::EPOLLOUT),
                bits => application.progress(Key::from_bits(bits)),
            }
        }
        if asked && obey(&mut application, &mut inbox, control)? == Filled::End {
            return Ok(());
        }
        application.expire();
    }
}

/// Sends the replies that there are. None: the bench is gone.
fn flush(application: &mut Application, control: &UnixStream) -> io::Result<Option<Flushed>> {
    match application.replies().flush(control) {
        Ok(flushed) => Ok(Some(flushed)),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(error),
    }
}

/// A bench that does not read its replies is not heard until it does.
fn interest_in_control(flushed: Flushed, unsent: usize) -> EpollFlags {
    let reading = if unsent < MOST_UNSENT { EpollFlags::EPOLLIN } else { EpollFlags::empty() };
    match flushed {
        Flushed::All => reading,
        Flushed::Partly => reading | EpollFlags::EPOLLOUT,
    }
}

/// One read of the control socket, and all the requests that are complete with it.
fn obey(application: &mut Application, inbox: &mut Inbox, control: &UnixStream) -> io::Result<Filled> {
    let filled = inbox.fill(control)?;
    while let Some(line) = inbox.next_line() {
        match understand(line) {
            Ok(ToAgent::Request(request)) => application.execute(request),
            Ok(ToAgent::Release(release)) => application.release(release),
            Err(why) => application.replies().push(&FromAgent::NotUnderstood(why)),
        }
    }
    Ok(filled)
}

fn understand(line: Line<'_>) -> Result<ToAgent<'_>, String> {
    match line {
        Line::Whole(line) => serde_json::from_slice(line).map_err(|error| error.to_string()),
        Line::TooLong => Err("the line is too long".to_owned()),
    }
}

/// Whole milliseconds, never too few: a wait must not be given up early.
fn until(deadline: Option<u64>) -> EpollTimeout {
    let Some(deadline) = deadline else { return EpollTimeout::NONE };
    let millis = deadline.saturating_sub(monotonic()).div_ceil(1_000_000);
    EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
}

fn system(call: &'static str) -> impl Fn(Errno) -> AgentError {
    move |errno| AgentError::System { call, errno }
}

/// The epoll key of the control socket; no [`Key`] has these bits.
const CONTROL: u64 = u64::MAX;

/// Octets of replies that wait for the bench before requests wait for it too.
const MOST_UNSENT: usize = 4 << 20;
