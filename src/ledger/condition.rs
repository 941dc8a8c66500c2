//! Which targets an entry is about.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The target of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// What kind of target, as ledgers name it: `kernel`.
    pub name: &'a str,
    /// Its version: `6.18.44-amd64` is read as 6.18.44.
    pub version: &'a str,
}

/// `kernel: ">= 6.5, < 6.17"`: a target's name, and bounds of its version that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    target: String,
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    comparison: Comparison,
    version: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    Above,
    AtMost,
    Below,
    Is,
}

/// Bounds that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no bound of a version")]
pub struct NoBound(pub String);

impl Condition {
    /// A condition on the target called `target`; `bounds` is `any`, or comparisons with commas
    /// between them.
    ///
    /// # Errors
    /// A bound is no comparison (`>=`, `>`, `<=`, `<`, `=`) with a version.
    pub fn new(target: &str, bounds: &str) -> Result<Self, NoBound> {
        let bounds = match bounds.trim() {
            "any" => Vec::new(),
            bounds => bounds.split(',').map(str::parse).collect::<Result<_, _>>()?,
        };
        Ok(Self { target: target.to_owned(), bounds })
    }

    /// Whether it is true of `target`. Only as many parts of a version are compared as the bound
    /// has: 6.5.3 is within `<= 6.5`.
    #[must_use]
    pub fn holds_for(&self, target: Target<'_>) -> bool {
        let version = numbers(target.version);
        target.name == self.target && self.bounds.iter().all(|bound| bound.holds_for(&version))
    }
}

impl Bound {
    fn holds_for(&self, version: &[u64]) -> bool {
        let parts = version.iter().copied().chain(std::iter::repeat(0)).take(self.version.len());
        let order = parts.cmp(self.version.iter().copied());
        match self.comparison {
            Comparison::AtLeast => order != Ordering::Less,
            Comparison::Above => order == Ordering::Greater,
            Comparison::AtMost => order != Ordering::Greater,
            Comparison::Below => order == Ordering::Less,
            Comparison::Is => order == Ordering::Equal,
        }
    }
}

impl FromStr for Bound {
    type Err = NoBound;

    fn from_str(text: &str) -> Result<Self, NoBound> {
        let text = text.trim();
        let found = COMPARISONS.iter().find_map(|(sign, comparison)| {
            text.strip_prefix(sign).map(|version| (*comparison, version.trim()))
        });
        let read = found.and_then(|(comparison, version)| {
            let version = version.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            Some(Self { comparison, version })
        });
        read.ok_or_else(|| NoBound(text.to_owned()))
    }
}

/// As a ledger writes it, without quotes.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = self.bounds.iter().map(|bound| {
            let sign = COMPARISONS.iter().find(|(_, comparison)| *comparison == bound.comparison);
            let version: Vec<String> = bound.version.iter().map(u64::to_string).collect();
            format!("{} {}", sign.map_or("", |(sign, _)| sign), version.join("."))
        });
        let bounds: Vec<String> = bounds.collect();
        let bounds = if bounds.is_empty() { "any".to_owned() } else { bounds.join(", ") };
        write!(f, "{}: {bounds}", self.target)
    }
}

/// The numbers at the start of a version: 6, 18, 44 of `6.18.44-amd64`.
fn numbers(version: &str) -> Vec<u64> {
    let is_of_number = |character: char| character.is_ascii_digit() || character == '.';
    let end = version.find(|character| !is_of_number(character)).unwrap_or(version.len());
    version[..end].split('.').map_while(|part| part.parse().ok()).collect()
}

/// The longer signs first.
const COMPARISONS: [(&str, Comparison); 5] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Is),
];

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn bounds_compare_as_many_parts_as_they_have() {
        let kernel = Target { name: "kernel", version: "6.18.44-amd64" };
        let bounds = [
            ("any", true),
            (">= 6.5", true),
            (">=6.18.44", true),
            ("= 6.18", true),
            ("<= 6.18", true),
            (">= 6.5, < 6.19", true),
            ("> 6.18", false),
            ("< 6.18", false),
            (">= 6.18.45", false),
            (">= 6.5, < 6.17", false),
            ("= 6.1", false),
            (">= 6.18.44.1", false),
        ];
        let held = bounds.map(|(text, _)| {
            (text, Condition::new("kernel", text).is_ok_and(|condition| condition.holds_for(kernel)))
        });
        assert_eq!(held, bounds);
    }

    #[test]
    fn another_target_or_no_version_is_outside() {
        let condition = Condition::new("kernel", ">= 6.5, < 7").expect("bounds");
        let held = [("smoltcp", "6.6"), ("kernel", ""), ("kernel", "rolling"), ("kernel", "6.5")]
            .map(|(name, version)| condition.holds_for(Target { name, version }));
        assert_eq!(
            (held, condition.to_string()),
            ([false, false, false, true], "kernel: >= 6.5, < 7".into())
        );
    }

    #[test]
    fn what_is_no_bound_is_refused() {
        let refused = ["6.5", ">= six", "~> 6.5", ">=", ">= 6.5,", ""]
            .map(|text| Condition::new("kernel", text).is_err());
        assert_eq!(refused, [true; 6]);
    }
}
