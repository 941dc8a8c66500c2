//! Standard output that nobody reads.

use crate::SILENT;
use crate::program::command;
use pretty_assertions::assert_eq;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

#[test]
fn reader_that_goes_away_ends_the_program_without_a_word() {
    // Four trials of a second each, one after another: it is far from done when nobody reads any more.
    for arguments in [
        &["--test-threads", "1", SILENT][..],
        &["--list"],
        &["coverage"],
        &["explain", "wrong-segment"],
        &["check"],
        &["--help"],
    ] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        reader.read_line(&mut first).expect("a line");
        assert!(!first.is_empty());
        drop(reader);
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        let status = child.wait().expect("it ends");
        assert_eq!(said, "", "{arguments:?}");
        // What fits the pipe was written before anybody went away.
        assert!(status.success() || status.signal() == Some(libc::SIGPIPE), "{arguments:?}: {status}");
        if arguments[0] == "--test-threads" {
            assert_eq!(status.signal(), Some(libc::SIGPIPE));
        }
    }
}
