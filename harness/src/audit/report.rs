//! What a CLOSE-WAIT audit found, for people and for machines.

use super::close_wait::{CloseWaitAudit, Connection, End};
use super::sockets::read_sockets;
use super::{AuditError, CloseWaitHolders, Format, Kept};
use crate::plural::plural;
use serde::Serialize;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;
use tcpspec_core::time::Span;

/// What became of every connection, and who holds what the server did not close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseWaitReport {
    /// What was asked.
    pub audit: CloseWaitAudit,
    /// The server's address.
    pub address: SocketAddr,
    /// In the order in which they were opened.
    pub connections: Vec<Connection>,
    /// The sockets in CLOSE-WAIT on the target's port, where the target is this machine.
    pub close_wait: Option<CloseWaitHolders>,
}

/// Audits a server and writes what was found.
///
/// # Errors
/// [`AuditError`]; nothing is written then.
pub fn close_wait(audit: &CloseWaitAudit, format: Format, out: &mut dyn Write) -> Result<Kept, AuditError> {
    let report = CloseWaitReport::of(audit)?;
    match format {
        Format::Text => report.write_text(out)?,
        Format::Json => report.write_json(out)?,
    }
    Ok(report.kept())
}

impl CloseWaitReport {
    /// Audits a server.
    ///
    /// # Errors
    /// [`AuditError`] if not one connection could be opened, or this machine's tables cannot be read.
    pub fn of(audit: &CloseWaitAudit) -> Result<Self, AuditError> {
        let measured = audit.run()?;
        let (address, connections) = (measured.address, measured.connections.clone());
        // To an address of its own, a machine speaks from that address.
        let is_here = |local: SocketAddr| local.ip() == address.ip() || address.ip().is_loopback();
        let close_wait = if connections.iter().filter_map(|one| one.local).any(is_here) {
            let sockets = read_sockets()?;
            let on_port = sockets.iter().filter(|socket| socket.local.port() == address.port());
            Some(CloseWaitHolders::find(on_port)?)
        } else {
            None
        };
        Ok(Self { audit: audit.clone(), address, connections, close_wait })
    }

    /// Whether the server closed every connection that could be opened, in time.
    #[must_use]
    pub fn kept(&self) -> Kept {
        if self.count(|end| matches!(end, End::StillOpen(_))) == 0 { Kept::Yes } else { Kept::No }
    }

    fn count(&self, which: impl Fn(&End) -> bool) -> usize {
        self.connections.iter().filter(|connection| which(&connection.end)).count()
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { audit, address, connections, close_wait } = self;
        write!(out, "close-wait audit of {}", audit.target)?;
        if audit.target != address.to_string() {
            write!(out, " ({address})")?;
        }
        let (count, within) = (plural(connections.len(), "connection"), Span(audit.within));
        writeln!(out, "\n{count}, each to be closed by the server within {within} of our FIN\n")?;
        writeln!(
            out,
            "{:>4} {:>11} {:>16}  {:<10} {:>13} {:>10}",
            "#", "local port", "connected after", "outcome", "ended after", "received"
        )?;
        for (index, connection) in connections.iter().enumerate() {
            write_row(out, index + 1, connection)?;
        }
        if let Some(holders) = close_wait {
            holders.write_text(out)?;
        }
        writeln!(out, "\n{}", self.verdict())
    }

    /// The last line: what it comes to.
    fn verdict(&self) -> String {
        let failed = self.count(|end| matches!(end, End::Failed(_)));
        let (open, opened) =
            (self.count(|end| matches!(end, End::StillOpen(_))), self.connections.len() - failed);
        let within = Span(self.audit.within);
        let mut verdict = match open {
            0 => {
                let slowest = self.connections.iter().filter_map(|one| one.end.after()).max();
                let slowest = rounded(slowest.unwrap_or_default());
                format!("kept: the server ended {}, the slowest {slowest} after our FIN", all(opened))
            }
            _ => format!(
                "not kept: the server left {open} of {} half-closed for {within} and more",
                plural(opened, "connection")
            ),
        };
        if failed > 0 {
            verdict += &format!("\nnot judged: {} that failed", plural(failed, "connection"));
        }
        verdict
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let json = Json {
            target: &self.audit.target,
            address: self.address,
            within_seconds: self.audit.within.as_secs_f64(),
            kept: self.kept() == Kept::Yes,
            connections: self.connections.iter().map(JsonConnection::of).collect(),
            close_wait: self.close_wait.as_ref(),
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)
    }
}

impl End {
    fn word(&self) -> &'static str {
        match self {
            Self::Closed(_) => "closed",
            Self::Reset(_) => "reset",
            Self::StillOpen(_) => "still-open",
            Self::Failed(_) => "failed",
        }
    }

    /// How long after our FIN, where there was one.
    fn after(&self) -> Option<Duration> {
        match self {
            Self::Closed(after) | Self::Reset(after) | Self::StillOpen(after) => Some(*after),
            Self::Failed(_) => None,
        }
    }
}

fn write_row(out: &mut dyn Write, number: usize, connection: &Connection) -> io::Result<()> {
    let Connection { local, connected_after, end, received } = connection;
    let port = local.map_or_else(|| "-".to_owned(), |local| local.port().to_string());
    let span = |span: Option<Duration>| span.map_or_else(|| "-".to_owned(), rounded);
    let connected = span(*connected_after);
    write!(out, "{number:>4} {port:>11} {connected:>16}  {:<10}", end.word())?;
    match end {
        End::Failed(why) => writeln!(out, "  {why}"),
        _ => writeln!(out, " {:>13} {received:>8} B", span(end.after())),
    }
}

/// A measured span, with as many digits as mean something here.
fn rounded(span: Duration) -> String {
    match span.as_secs_f64() {
        seconds @ 1.0.. => format!("{seconds:.1} s"),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

fn all(count: usize) -> String {
    if count == 1 { "the connection".to_owned() } else { format!("all {count} connections") }
}

#[derive(Serialize)]
struct Json<'a> {
    target: &'a str,
    address: SocketAddr,
    within_seconds: f64,
    kept: bool,
    connections: Vec<JsonConnection<'a>>,
    /// Null where the target is another machine.
    close_wait: Option<&'a CloseWaitHolders>,
}

#[derive(Serialize)]
struct JsonConnection<'a> {
    local_port: Option<u16>,
    connected_after_seconds: Option<f64>,
    outcome: &'static str,
    after_seconds: Option<f64>,
    received_octets: u64,
    error: Option<&'a str>,
}

impl<'a> JsonConnection<'a> {
    fn of(connection: &'a Connection) -> Self {
        let Connection { local, connected_after, end, received } = connection;
        Self {
            local_port: local.map(|local| local.port()),
            connected_after_seconds: connected_after.map(|after| after.as_secs_f64()),
            outcome: end.word(),
            after_seconds: end.after().map(|after| after.as_secs_f64()),
            received_octets: *received,
            error: match end {
                End::Failed(why) => Some(why),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Holder;
    use pretty_assertions::assert_eq;

    fn connection(port: u16, end: End, received: u64) -> Connection {
        Connection {
            local: Some(SocketAddr::from(([192, 0, 2, 1], port))),
            connected_after: Some(Duration::from_micros(1234)),
            end,
            received,
        }
    }

    fn report(connections: Vec<Connection>) -> CloseWaitReport {
        CloseWaitReport {
            audit: CloseWaitAudit {
                target: "server.example:80".to_owned(),
                connections: connections.len(),
                within: Duration::from_secs(5),
            },
            address: "192.0.2.9:80".parse().unwrap(),
            connections,
            close_wait: None,
        }
    }

    fn text(report: &CloseWaitReport) -> String {
        let mut out = Vec::new();
        report.write_text(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_server_that_leaves_connections_half_closed_is_shown_with_every_connection() {
        let failed = End::Failed("Connection timed out".to_owned());
        let mut report = report(vec![
            connection(40_000, End::Closed(Duration::from_micros(345)), 0),
            connection(40_001, End::Reset(Duration::from_millis(12)), 17),
            connection(40_002, End::StillOpen(Duration::from_millis(5001)), 12_345_678),
            Connection { local: None, connected_after: None, end: failed, received: 0 },
        ]);
        report.close_wait = Some(CloseWaitHolders {
            holders: vec![Holder {
                port: 80,
                pid: 4321,
                process: "leaky-server".to_owned(),
                sockets: 1,
                open_files: 12,
                file_limit: Some(1024),
            }],
            not_accepted: 0,
            not_visible: 0,
        });
        let want = "\
close-wait audit of server.example:80 (192.0.2.9:80)
4 connections, each to be closed by the server within 5 s of our FIN

   #  local port  connected after  outcome      ended after   received
   1       40000           1.2 ms  closed            0.3 ms        0 B
   2       40001           1.2 ms  reset            12.0 ms       17 B
   3       40002           1.2 ms  still-open         5.0 s 12345678 B
   4           -                -  failed      Connection timed out

Held in CLOSE-WAIT on this machine (closed by the peer, not by the application):

   port       pid  process           sockets  open files
     80      4321  leaky-server            1  12 of 1024

not kept: the server left 1 of 3 connections half-closed for 5 s and more
not judged: 1 connection that failed
";
        assert_eq!(text(&report), want);
        assert_eq!(report.kept(), Kept::No);
        assert!(want.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_server_that_ends_every_connection_has_kept_it() {
        let closed = |millis| connection(40_000, End::Closed(Duration::from_millis(millis)), 0);
        let report = report(vec![closed(20), closed(4999), closed(1)]);
        assert_eq!(report.kept(), Kept::Yes);
        assert_eq!(
            report.verdict(),
            "kept: the server ended all 3 connections, the slowest 5.0 s after our FIN"
        );
    }
}
