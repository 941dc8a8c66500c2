//! A fault that can be made, again and again.

use super::{Conduit, Fault};
use std::fmt;
use std::sync::Arc;

/// Makes the fault of a name, for a trial of a seed; `None`: there is no such fault.
pub type Make = fn(&str, u64) -> Option<Box<dyn Fault>>;

/// A fault by its name: every attempt of a trial meets it afresh.
#[derive(Clone)]
pub struct Recipe {
    name: Arc<str>,
    make: Make,
}

impl Recipe {
    /// The fault of that name, as `make` makes it; `None`: it makes no such fault.
    #[must_use]
    pub fn new(name: &str, make: Make) -> Option<Self> {
        make(name, 0)?;
        Some(Self { name: name.into(), make })
    }

    /// A way that leads through it, for a trial of that seed.
    #[must_use]
    pub fn conduit(&self, seed: u64) -> Conduit {
        Conduit::through((self.make)(&self.name, seed).expect("it was made before"))
    }
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipe({})", self.name)
    }
}
