//! Names of files, which every place in them carries.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

/// The name of a file as its reader gave it, kept for as long as the program runs: a place is copied for
/// each key and each value of a case, on several threads at once, and must cost nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(&'static str);

impl From<&str> for FileName {
    fn from(name: &str) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        Self(names.get(name).copied().unwrap_or_else(|| {
            let name = Box::leak(Box::from(name));
            names.insert(name);
            name
        }))
    }
}

impl Deref for FileName {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// As the text that it is.
impl fmt::Debug for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Every name once.
static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
