//! Who holds sockets in CLOSE-WAIT: what one would look for with `lsof`.

use super::AuditError;
use super::sockets::TcpSocket;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write};
use tcpspec_core::state::State;

/// The processes behind the connections that their peer has closed and they have not.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CloseWaitHolders {
    /// Most sockets first.
    pub holders: Vec<Holder>,
    /// Sockets that no process has accepted: they wait in a listener's queue.
    pub not_accepted: usize,
    /// Sockets of processes that this user may not look into, or that are in another container.
    pub not_visible: usize,
}

/// One process and one of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Local port of the connections.
    pub port: u16,
    /// Process id.
    pub pid: u32,
    /// Name of the process: at most 15 octets of it.
    pub process: String,
    /// How many sockets in CLOSE-WAIT.
    pub sockets: usize,
    /// How many files the process has open, these among them.
    pub open_files: usize,
    /// How many it may have open: at that number it can accept no more. None: no limit.
    pub file_limit: Option<u64>,
}

impl CloseWaitHolders {
    /// Looks for the holders of those of `sockets` that are in CLOSE-WAIT. Processes come and go
    /// meanwhile, and what cannot be read is counted, so that this cannot fail but for `/proc` itself.
    pub(super) fn find<'a>(sockets: impl IntoIterator<Item = &'a TcpSocket>) -> Result<Self, AuditError> {
        let (mut ports, mut found) = (HashMap::new(), Self::default());
        for socket in sockets.into_iter().filter(|socket| socket.state == State::CloseWait) {
            match socket.inode {
                0 => found.not_accepted += 1,
                inode => _ = ports.insert(inode, socket.local.port()),
            }
        }
        if ports.is_empty() {
            return Ok(found);
        }
        let processes = fs::read_dir("/proc")
            .map_err(|error| AuditError::Machine { what: "/proc".to_owned(), error })?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        let mut not_seen = ports.clone();
        for pid in processes {
            let inodes = socket_inodes(pid);
            inodes.sockets.iter().for_each(|inode| _ = not_seen.remove(inode));
            found.holders.extend(holders_in(pid, &inodes, &ports));
        }
        found.not_visible = not_seen.len();
        found.holders.sort_by_key(|holder| (usize::MAX - holder.sockets, holder.pid, holder.port));
        Ok(found)
    }

    /// No socket is in CLOSE-WAIT.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// For people. Nothing where nothing is held.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nHeld in CLOSE-WAIT on this machine (closed by the peer, not by the application):")?;
        if !self.holders.is_empty() {
            writeln!(out, "\n{:>7} {:>9}  {:<15} {:>9}  open files", "port", "pid", "process", "sockets")?;
        }
        for Holder { port, pid, process, sockets, open_files, file_limit } in &self.holders {
            write!(out, "{port:>7} {pid:>9}  {process:<15} {sockets:>9}  {open_files}")?;
            match file_limit {
                Some(limit) => writeln!(out, " of {limit}")?,
                None => writeln!(out)?,
            }
        }
        if self.not_accepted > 0 {
            let verb = if self.not_accepted == 1 { "waits" } else { "wait" };
            writeln!(out, "{:>7} {verb} in a listener's queue: no process has accepted", self.not_accepted)?;
        }
        if self.not_visible > 0 {
            writeln!(out, "{:>7} held by processes that this user cannot look into", self.not_visible)?;
        }
        Ok(())
    }
}

/// What a process has open.
struct OpenFiles {
    all: usize,
    sockets: Vec<u64>,
}

/// Nothing where the process is gone or not ours to see.
fn socket_inodes(pid: u32) -> OpenFiles {
    let mut open = OpenFiles { all: 0, sockets: Vec::new() };
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return open };
    for descriptor in descriptors.filter_map(Result::ok) {
        open.all += 1;
        let Ok(link) = fs::read_link(descriptor.path()) else { continue };
        let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
        open.sockets.extend(inode.and_then(|inode| inode.parse::<u64>().ok()));
    }
    open.sockets.sort_unstable();
    // Two descriptors of one socket hold one socket.
    open.sockets.dedup();
    open
}

fn holders_in(pid: u32, open: &OpenFiles, ports: &HashMap<u64, u16>) -> Vec<Holder> {
    let mut counts = BTreeMap::<u16, usize>::new();
    for port in open.sockets.iter().filter_map(|inode| ports.get(inode)) {
        *counts.entry(*port).or_default() += 1;
    }
    if counts.is_empty() {
        return Vec::new();
    }
    let (process, file_limit) = (name_of(pid), file_limit_of(pid));
    counts
        .into_iter()
        .map(|(port, sockets)| Holder {
            port,
            pid,
            process: process.clone(),
            sockets,
            open_files: open.all,
            file_limit,
        })
        .collect()
}

/// A process chooses its own name: what a terminal would obey is escaped.
fn name_of(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    printable(&String::from_utf8_lossy(&name))
}

fn printable(name: &str) -> String {
    name.trim_end_matches('\n').chars().flat_map(char::escape_debug).collect()
}

fn file_limit_of(pid: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    soft_file_limit(&limits)
}

/// `Max open files            1024                 524288               files`
fn soft_file_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::net::{TcpListener, TcpStream};

    fn text(holders: &CloseWaitHolders) -> String {
        let mut out = Vec::new();
        holders.write_text(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_is_aligned_and_says_what_it_cannot_show() {
        let holder = |port, pid, process: &str, sockets, file_limit| Holder {
            port,
            pid,
            process: process.to_owned(),
            sockets,
            open_files: sockets + 8,
            file_limit,
        };
        let holders = CloseWaitHolders {
            holders: vec![
                holder(8080, 4_194_303, "fifteen-octets-", 1016, Some(1024)),
                holder(443, 7, "web", 2, None),
            ],
            not_accepted: 1,
            not_visible: 12,
        };
        let want = "
Held in CLOSE-WAIT on this machine (closed by the peer, not by the application):

   port       pid  process           sockets  open files
   8080   4194303  fifteen-octets-      1016  1024 of 1024
    443         7  web                     2  10
      1 waits in a listener's queue: no process has accepted
     12 held by processes that this user cannot look into
";
        assert_eq!(text(&holders), want);
        assert_eq!(text(&CloseWaitHolders::default()), "");
    }

    #[test]
    fn names_and_limits_are_read_with_care() {
        assert_eq!(printable("\x1b[31mred\n"), "\\u{1b}[31mred");
        let limits = "Limit                     Soft Limit\nMax open files            1024                 524288               files\n";
        assert_eq!(soft_file_limit(limits), Some(1024));
        for other in ["", "Max open files", "Max open files unlimited unlimited files", "garbage\n\n"] {
            assert_eq!(soft_file_limit(other), None);
        }
    }

    #[test]
    fn a_connection_that_this_process_does_not_close_is_found_and_one_not_accepted_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let (peer, other) = (TcpStream::connect(local).unwrap(), TcpStream::connect(local).unwrap());
        let (held, _) = listener.accept().unwrap();
        drop((peer, other));
        let sockets: Vec<_> = super::super::sockets::read_sockets()
            .unwrap()
            .into_iter()
            .filter(|socket| socket.local == local && socket.state == State::CloseWait)
            .collect();
        let found = CloseWaitHolders::find(&sockets).unwrap();
        let [holder] = &found.holders[..] else { panic!("{found:?}") };
        let pid = std::process::id();
        assert_eq!((holder.port, holder.pid, holder.sockets), (local.port(), pid, 1));
        assert!(holder.open_files > 3, "{holder:?}");
        assert_eq!((found.not_accepted, found.not_visible), (1, 0));
        drop(held);
    }
}
