//! How strongly something is required (RFC 2119), and which of it decides a run.

use std::fmt;
use std::str::FromStr;

/// The key word of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// MUST.
    Must,
    /// MUST NOT.
    MustNot,
    /// SHOULD.
    Should,
    /// SHOULD NOT.
    ShouldNot,
    /// RECOMMENDED: the same as SHOULD.
    Recommended,
    /// MAY.
    May,
}

/// How much of the standard decides a run: `--level must|should|may`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Threshold {
    /// Also which way a MAY goes.
    May,
    /// Also the SHOULDs.
    Should,
    /// Only the MUSTs.
    #[default]
    Must,
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of {words}", words = .1.join(", "))]
pub struct UnknownLevel(pub String, pub &'static [&'static str]);

impl Level {
    /// All levels, the strongest first.
    pub const ALL: [Self; 6] =
        [Self::Must, Self::MustNot, Self::Should, Self::ShouldNot, Self::Recommended, Self::May];

    /// The key words, in the order of [`Level::ALL`].
    pub const WORDS: &'static [&'static str] =
        &["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "MAY"];

    /// Whether a violation makes a run red that is judged by `threshold`.
    #[must_use]
    pub fn gates(self, threshold: Threshold) -> bool {
        self.strength() >= threshold
    }

    /// The strictest threshold that still counts it.
    #[must_use]
    pub fn strength(self) -> Threshold {
        match self {
            Self::Must | Self::MustNot => Threshold::Must,
            Self::Should | Self::ShouldNot | Self::Recommended => Threshold::Should,
            Self::May => Threshold::May,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Recommended => "RECOMMENDED",
            Self::May => "MAY",
        })
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        let found = Self::ALL.into_iter().find(|level| level.to_string() == word);
        found.ok_or_else(|| UnknownLevel(word.to_owned(), Self::WORDS))
    }
}

impl Threshold {
    /// The words of the command line.
    pub const WORDS: &'static [&'static str] = &["must", "should", "may"];
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        })
    }
}

impl FromStr for Threshold {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        let found = [Self::Must, Self::Should, Self::May].into_iter().find(|level| level.to_string() == word);
        found.ok_or_else(|| UnknownLevel(word.to_owned(), Self::WORDS))
    }
}
