//! The folder that a run leaves its evidence in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

/// The stream of events.
pub(super) const STREAM: &str = "run.jsonl";

/// The report for CI servers.
pub(super) const JUNIT: &str = "junit.xml";

/// The report for people.
pub(super) const REPORT: &str = "report.html";

/// What a pipeline shows.
pub(super) const SUMMARY: &str = "summary.md";

/// Where captures are.
pub(super) const CAPTURES: &str = "pcap";

/// Why a folder cannot be written to.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refuses.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another run is writing there.
    #[error("another run is writing to {}", .0.display())]
    Busy(PathBuf),
    /// The name is taken by something that no run of tcpspec has written.
    #[error(
        "{} is there and not of an earlier run of tcpspec, which would be replaced: name another directory",
        .0.display()
    )]
    Taken(PathBuf),
}

impl FolderError {
    fn of(path: &Path, error: &io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), reason: error.to_string() }
    }
}

/// A folder that this run alone writes to. What an earlier run left there stays until [`Folder::clear`].
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    stream: File,
    /// It was made by this value, and nothing has been written.
    is_fresh: bool,
}

impl Folder {
    /// Makes the folder where there is none, and finds out whether it can be written to.
    ///
    /// # Errors
    /// It cannot, or holds something of the same names that is not of an earlier run.
    pub fn claim(path: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(|error| FolderError::of(path, &error))?;
        let name = path.join(STREAM);
        let existed = name.symlink_metadata().is_ok();
        let mut options = OpenOptions::new();
        let stream = options.read(true).write(true).create(true).truncate(false).open(&name);
        let stream = stream.map_err(|error| FolderError::of(&name, &error))?;
        match stream.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(FolderError::of(&name, &error)),
        }
        let folder = Self { path: path.to_owned(), stream, is_fresh: !existed };
        if existed {
            if !is_of_a_run(&folder.stream) {
                return Err(FolderError::Taken(name));
            }
        } else if let Some(taken) = [JUNIT, REPORT, SUMMARY, CAPTURES]
            .map(|name| path.join(name))
            .into_iter()
            .find(|path| path.exists())
        {
            return Err(FolderError::Taken(taken));
        }
        Ok(folder)
    }

    /// Takes away what an earlier run left, and nothing else. Gives the file for the stream.
    ///
    /// # Errors
    /// It cannot be taken away.
    pub fn clear(&mut self) -> Result<File, FolderError> {
        let captures = self.path.join(CAPTURES);
        for entry in fs::read_dir(&captures).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "pcapng") {
                fs::remove_file(&path).map_err(|error| FolderError::of(&path, &error))?;
            }
        }
        // It stays where something else is in it.
        let _ = fs::remove_dir(&captures);
        for report in [JUNIT, REPORT, SUMMARY].map(|name| self.path.join(name)) {
            match fs::remove_file(&report) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::of(&report, &error));
                }
                _ => {}
            }
        }
        let name = self.path.join(STREAM);
        let cleared = self.stream.set_len(0).and_then(|()| self.stream.rewind());
        let stream = cleared.and_then(|()| self.stream.try_clone());
        let stream = stream.map_err(|error| FolderError::of(&name, &error))?;
        self.is_fresh = false;
        Ok(stream)
    }

    /// Takes away what an earlier run left, and the folder, unless something else is in it.
    ///
    /// # Errors
    /// It cannot be taken away.
    pub fn remove(mut self) -> Result<(), FolderError> {
        self.clear()?;
        self.is_fresh = true;
        Ok(())
    }

    /// The stream's file.
    #[must_use]
    pub fn stream(&self) -> PathBuf {
        Self::stream_in(&self.path)
    }

    /// The stream's file in the folder that a run has left.
    #[must_use]
    pub fn stream_in(folder: &Path) -> PathBuf {
        folder.join(STREAM)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the run, with the folder that leads to it.
    ///
    /// # Errors
    /// It cannot be written; what there is of it is taken away again.
    pub fn write(
        &self,
        name: &str,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let parent = path.parent().unwrap_or(&self.path);
        let written = fs::create_dir_all(parent).and_then(|()| {
            let mut file = io::BufWriter::new(File::create(&path)?);
            contents(&mut file)?;
            file.flush()
        });
        written.map_err(|error| {
            // Half a file would be taken for a whole one.
            let _ = fs::remove_file(&path);
            FolderError::of(&path, &error)
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A run that never began leaves nothing.
        if self.is_fresh {
            let _ = fs::remove_file(self.stream());
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether the first line is the header of a run, or there is none.
fn is_of_a_run(stream: &File) -> bool {
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line);
    read.is_ok() && (line.is_empty() || line.starts_with(r#"{"type":"header","format":"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::tests::Place;
    use pretty_assertions::assert_eq;

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A folder that nobody holds. What another test has just started may still, until it is another program.
    fn claimed(path: &Path) -> Folder {
        for _ in 0..100 {
            match Folder::claim(path) {
                Err(FolderError::Busy(_)) => std::thread::sleep(std::time::Duration::from_millis(10)),
                other => return other.unwrap(),
            }
        }
        panic!("{} is held for a second", path.display())
    }

    fn refused(path: &Path) -> String {
        Folder::claim(path).unwrap_err().to_string()
    }

    #[test]
    fn earlier_run_is_replaced_whole_and_nothing_else_touched() {
        let place = Place::new();
        let path = place.path().join("a/b");
        let mut folder = Folder::claim(&path).unwrap();
        folder.clear().unwrap().write_all(b"{\"type\":\"header\",\"format\":1}\n").unwrap();
        folder.write("junit.xml", |out| out.write_all(b"<old/>")).unwrap();
        folder.write("pcap/old.pcapng", |out| out.write_all(b"old")).unwrap();
        drop(folder);
        fs::write(path.join("notes.txt"), "mine").unwrap();
        assert_eq!(names(&path), ["junit.xml", "notes.txt", "pcap", "run.jsonl"]);

        let mut folder = claimed(&path);
        assert_eq!(names(&path).len(), 4, "nothing is gone before the run begins");
        folder.clear().unwrap();
        assert_eq!(names(&path), ["notes.txt", "run.jsonl"]);
        assert_eq!(fs::read_to_string(path.join(STREAM)).unwrap(), "");
    }

    #[test]
    fn run_that_never_begins_leaves_no_trace() {
        let place = Place::new();
        let path = place.path().join("out");
        drop(Folder::claim(&path).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_of_a_run_is_not_replaced() {
        let place = Place::new();
        for (name, is_folder) in [("run.jsonl", false), ("junit.xml", false), ("pcap", true)] {
            let path = place.path().join(name.replace('.', "-"));
            fs::create_dir(&path).unwrap();
            if is_folder {
                fs::create_dir(path.join(name)).unwrap();
            } else {
                fs::write(path.join(name), "mine\n").unwrap();
            }
            let expected = format!(
                "{} is there and not of an earlier run of tcpspec, which would be replaced: name another directory",
                path.join(name).display()
            );
            assert_eq!(refused(&path), expected);
            assert_eq!(names(&path), [name]);
        }
    }

    #[test]
    fn two_runs_do_not_write_to_one_folder() {
        let place = Place::new();
        let _first = Folder::claim(place.path()).unwrap();
        assert_eq!(refused(place.path()), format!("another run is writing to {}", place.path().display()));
    }

    #[test]
    fn folder_that_cannot_be_made_is_named_with_the_reason() {
        let place = Place::new();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        let path = file.join("out");
        assert_eq!(refused(&path), format!("cannot write {}: Not a directory (os error 20)", path.display()));
    }
}
