//! Lines of JSON over a non-blocking socket: what arrived but is not read yet, what is written but
//! not sent yet. Neither side ever blocks on the other, so that two full buffers cannot lock them.

use super::protocol::MAX_LINE;
use nix::sys::socket::{MsgFlags, send};
use serde::Serialize;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// How far a [`Outbox::flush`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flushed {
    /// Nothing is left.
    All,
    /// The socket is full: flush again when it is writable.
    Partly,
}

/// Messages on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    pub(super) fn push(&mut self, message: &impl Serialize) {
        serde_json::to_writer(&mut self.bytes, message)
            .expect("messages hold no map and no failing value, and a Vec takes everything");
        self.bytes.push(b'\n');
    }

    /// Octets not sent yet.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(super) fn flush(&mut self, socket: &UnixStream) -> io::Result<Flushed> {
        while self.sent < self.bytes.len() {
            // An agent that is gone is an error of this call, not a signal that ends the bench.
            let rest = &self.bytes[self.sent..];
            match send(socket.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL).map_err(io::Error::from) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.forget_sent();
                    return Ok(Flushed::Partly);
                }
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(Flushed::All)
    }

    /// Moves the rest to the front, once that is worth a copy.
    fn forget_sent(&mut self) {
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// What one [`Inbox::fill`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Some octets; there may be more.
    Some,
    /// Nothing now.
    Empty,
    /// The other side is gone.
    End,
}

/// One line that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its newline.
    Whole(&'a [u8]),
    /// Longer than [`MAX_LINE`]; its octets are gone.
    TooLong,
}

/// Octets that arrived, cut into lines.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// `bytes[start..end]` has arrived and is not read yet; up to `searched` it has no newline.
    start: usize,
    searched: usize,
    end: usize,
    /// Inside a line that is too long.
    discarding: bool,
}

impl Inbox {
    const CHUNK: usize = 64 << 10;

    pub(super) fn new() -> Self {
        Self { bytes: vec![0; Self::CHUNK], start: 0, searched: 0, end: 0, discarding: false }
    }

    /// One read.
    pub(super) fn fill(&mut self, mut socket: &UnixStream) -> io::Result<Filled> {
        self.make_room();
        loop {
            return match socket.read(&mut self.bytes[self.end..]) {
                Ok(0) => Ok(Filled::End),
                Ok(count) => {
                    self.end += count;
                    Ok(Filled::Some)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Filled::Empty),
                // A peer that was killed with unread data on its side.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Filled::End),
                Err(error) => Err(error),
            };
        }
    }

    /// The next line that is complete.
    pub(super) fn next_line(&mut self) -> Option<Line<'_>> {
        let unsearched = &self.bytes[self.searched..self.end];
        let Some(length) = unsearched.iter().position(|&octet| octet == b'\n') else {
            self.searched = self.end;
            if self.end - self.start > MAX_LINE {
                self.discarding = true;
            }
            if self.discarding {
                (self.start, self.searched, self.end) = (0, 0, 0);
            }
            return None;
        };
        let line = self.start..self.searched + length;
        self.start = line.end + 1;
        self.searched = self.start;
        if std::mem::take(&mut self.discarding) || line.len() > MAX_LINE {
            return Some(Line::TooLong);
        }
        Some(Line::Whole(&self.bytes[line]))
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.searched, self.end) = (0, 0, 0);
        }
        if self.bytes.len() - self.end >= Self::CHUNK / 2 {
            return;
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.searched -= self.start;
        self.start = 0;
        if self.bytes.len() - self.end < Self::CHUNK / 2 {
            self.bytes.resize(2 * self.bytes.len(), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::io::Write;

    fn pair() -> (UnixStream, UnixStream) {
        let (one, other) = UnixStream::pair().expect("a socket pair");
        one.set_nonblocking(true).expect("non-blocking");
        other.set_nonblocking(true).expect("non-blocking");
        (one, other)
    }

    /// Lines as owned values, so that a test can compare them all at once.
    fn lines(inbox: &mut Inbox) -> Vec<Option<Vec<u8>>> {
        let mut all = Vec::new();
        while let Some(line) = inbox.next_line() {
            all.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong => None,
            });
        }
        all
    }

    #[test]
    fn lines_cut_anywhere_come_whole_and_in_order() {
        let (mut writer, reader) = pair();
        let mut inbox = Inbox::new();
        let mut seen = Vec::new();
        for piece in ["a", "b\nc", "d\n", "\n", "e\nf\ng"] {
            writer.write_all(piece.as_bytes()).unwrap();
            assert_eq!(inbox.fill(&reader).unwrap(), Filled::Some);
            seen.extend(lines(&mut inbox));
        }
        let want = ["ab", "cd", "", "e", "f"].map(|line| Some(line.as_bytes().to_vec()));
        assert_eq!(seen, want);
        assert_eq!(inbox.fill(&reader).unwrap(), Filled::Empty);
        drop(writer);
        assert_eq!(inbox.fill(&reader).unwrap(), Filled::End);
    }

    /// Moves everything from an outbox through a socket into an inbox, one reader on each side.
    fn carry(outbox: &mut Outbox, inbox: &mut Inbox) -> (usize, Vec<Option<Vec<u8>>>) {
        let (writer, reader) = pair();
        let (mut rounds, mut seen) = (0, Vec::new());
        loop {
            let flushed = outbox.flush(&writer).unwrap();
            while inbox.fill(&reader).unwrap() == Filled::Some {
                seen.extend(lines(inbox));
            }
            if flushed == Flushed::All {
                return (rounds, seen);
            }
            rounds += 1;
        }
    }

    #[test]
    fn more_than_the_socket_holds_is_kept_and_sent_later() {
        let mut outbox = Outbox::default();
        let message = "x".repeat(1000);
        for _ in 0..2000 {
            outbox.push(&message);
        }
        assert_eq!(outbox.len(), 2000 * 1003);
        let (rounds, seen) = carry(&mut outbox, &mut Inbox::new());
        assert!(rounds > 1, "the socket took it all at once: nothing was tested");
        assert_eq!(seen, vec![Some(format!("\"{message}\"").into_bytes()); 2000]);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn a_line_too_long_is_dropped_and_the_next_one_read() {
        let mut outbox = Outbox::default();
        outbox.push(&"y".repeat(MAX_LINE + 1));
        outbox.push(&"next");
        let (_, seen) = carry(&mut outbox, &mut Inbox::new());
        assert_eq!(seen, [None, Some(b"\"next\"".to_vec())]);
    }
}
