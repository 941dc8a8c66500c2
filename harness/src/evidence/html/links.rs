//! Addresses inside the file, and of the captures beside it.

use std::fmt::Write;
use std::path::{Component, Path};

/// The page of a trial.
pub(super) fn page(run: usize, place: usize) -> String {
    format!("r{run}t{place}")
}

/// Its cell in the matrix: the way back leads there.
pub(super) fn cell(run: usize, place: usize) -> String {
    format!("c{run}t{place}")
}

/// The trials that the filter finds with these words.
pub(super) fn filter(words: &str) -> String {
    format!("#show={}", encoded(words))
}

/// The way from the file to the folder of a run, as an address that ends with `/`, or empty where they are
/// in one folder. `None` where the file's folder is not there.
pub(super) fn folder(file: &Path, run: &Path) -> Option<String> {
    let folder_of = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or(Path::new(".")).canonicalize().ok()
    };
    let (from, to) = (folder_of(file)?, folder_of(run)?);
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| "../".to_owned());
    let down = to.components().skip(shared).map(|it: Component<'_>| it.as_os_str().to_str().map(encoded));
    let down: Vec<_> = down.map(|name| Some(name? + "/")).collect::<Option<_>>()?;
    Some(up.chain(down).collect())
}

/// Text as part of an address (RFC 3986 section 2.1); `/` stays.
pub(super) fn encoded(text: &str) -> String {
    let mut address = String::new();
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(octet));
            }
            _ => {
                let _ = write!(address, "%{octet:02X}");
            }
        }
    }
    address
}
