//! Reads `run.jsonl`, and refuses what is not whole.

use super::event::{Event, FORMAT, Footer, Header, Trial};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// What was run, and where.
    pub header: Header,
    /// In the order of their verdicts.
    pub trials: Vec<Trial>,
    /// How it ended.
    pub footer: Footer,
}

/// Why a file is not the stream of a whole run. Each begins with the file, and the line where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The system refuses.
    #[error("cannot read {}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It does not begin with a header.
    #[error("{}:1: this is no run of tcpspec: its first line must be a header", file.display())]
    NoHeader {
        /// The file.
        file: PathBuf,
    },
    /// Its header names another version of the format.
    #[error(
        "{}:1: the run is written in format {found}; this tcpspec reads format {FORMAT} (it was written by \
         tcpspec {tcpspec})",
        file.display()
    )]
    OtherFormat {
        /// The file.
        file: PathBuf,
        /// The version that it names.
        found: u32,
        /// What wrote it.
        tcpspec: String,
    },
    /// A line is no event.
    #[error("{}:{line}: this line is no event of a run: {reason}", file.display())]
    NoEvent {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file ends before the run does.
    #[error(
        "{}:{line}: the file ends here without a footer: the run was killed, or its disk was full",
        file.display()
    )]
    CutOff {
        /// The file.
        file: PathBuf,
        /// The last one, from 1.
        line: usize,
    },
}

/// Reads a whole file.
///
/// # Errors
/// [`ReadError`].
pub fn read(path: &Path) -> Result<Stream, ReadError> {
    let mut events = Events::open(path)?;
    let header = events.header.clone();
    let mut trials = Vec::new();
    while let Some(trial) = events.next_trial()? {
        trials.push(trial);
    }
    Ok(Stream { header, trials, footer: events.footer()? })
}

/// The events of a file one by one, for readers that do not want to hold them all.
pub struct Events {
    /// The first line.
    pub header: Header,
    lines: Lines,
    footer: Option<Footer>,
}

impl Events {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let mut lines = Lines::open(path)?;
        let no_header = || ReadError::NoHeader { file: path.to_owned() };
        let first = lines.next()?.ok_or_else(no_header)?;
        // Its other fields may be those of another version.
        let version: Version = serde_json::from_str(&first).map_err(|_| match lines.at_the_end() {
            true if first.starts_with(r#"{"type":"header""#) => lines.cut_off(),
            _ => no_header(),
        })?;
        if version.kind != "header" {
            return Err(no_header());
        }
        if version.format != FORMAT {
            let (file, found) = (path.to_owned(), version.format);
            return Err(ReadError::OtherFormat { file, found, tcpspec: version.tcpspec });
        }
        match lines.event(&first)? {
            Event::Header(header) => Ok(Self { header: *header, lines, footer: None }),
            Event::Trial(_) | Event::Footer(_) => Err(no_header()),
        }
    }

    /// The next trial; none behind the last.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn next_trial(&mut self) -> Result<Option<Trial>, ReadError> {
        if self.footer.is_some() {
            return Ok(None);
        }
        let Some(line) = self.lines.next()? else { return Err(self.lines.cut_off()) };
        match self.lines.event(&line)? {
            Event::Trial(trial) => Ok(Some(*trial)),
            Event::Header(_) => Err(self.lines.no_event("a second header")),
            Event::Footer(footer) => {
                self.footer = Some(footer);
                match self.lines.next()? {
                    None => Ok(None),
                    Some(_) => Err(self.lines.no_event("there is nothing behind the footer")),
                }
            }
        }
    }

    /// The last line; trials that were not read are passed over.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn footer(mut self) -> Result<Footer, ReadError> {
        while self.next_trial()?.is_some() {}
        let cut_off = self.lines.cut_off();
        self.footer.ok_or(cut_off)
    }
}

/// What every version of the first line has.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "type")]
    kind: String,
    format: u32,
    #[serde(default)]
    tcpspec: String,
}

struct Lines {
    file: PathBuf,
    reader: BufReader<File>,
    number: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { file: path.to_owned(), reader: BufReader::new(file), number: 0 })
    }

    fn next(&mut self) -> Result<Option<String>, ReadError> {
        let mut line = Vec::new();
        let length =
            self.reader.read_until(b'\n', &mut line).map_err(|error| unreadable(&self.file, &error))?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        String::from_utf8(line).map(Some).map_err(|_| self.no_event("it is not UTF-8"))
    }

    /// The event in the line just read.
    fn event(&mut self, line: &str) -> Result<Event, ReadError> {
        serde_json::from_str(line).map_err(|error| {
            // The last line of a file that was cut off is half a line.
            if self.at_the_end() && !line.ends_with('\n') {
                self.cut_off()
            } else {
                self.no_event(&without_place(&error))
            }
        })
    }

    fn at_the_end(&mut self) -> bool {
        self.reader.fill_buf().is_ok_and(<[u8]>::is_empty)
    }

    fn no_event(&self, reason: &str) -> ReadError {
        ReadError::NoEvent { file: self.file.clone(), line: self.number, reason: reason.to_owned() }
    }

    fn cut_off(&self) -> ReadError {
        ReadError::CutOff { file: self.file.clone(), line: self.number }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ReadError {
    ReadError::Unreadable { file: path.to_owned(), reason: error.to_string() }
}

/// The parser's own place counts the lines of one line.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
