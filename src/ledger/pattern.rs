//! Which trials an entry is about.

use std::fmt;

/// A trial's id, a case's id (all of its trials), or a pattern of either in which `*` stands for
/// any text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern as written.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether it names `trial`, or the case that `trial` belongs to. A trial's id is its case's
    /// id, then `:` and its parameters.
    #[must_use]
    pub fn matches(&self, trial: &str) -> bool {
        let ends = trial.match_indices(':').map(|(at, _)| at).chain([trial.len()]);
        ends.into_iter().any(|end| glob(&self.0, &trial[..end]))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one thing only.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` has the pieces between the `*` of `pattern`, in order and without overlap, the
/// first at its start and the last at its end.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn a_pattern_names_trials_and_cases() {
        let trial = "rst/window/exact:v4:state=FIN-WAIT-1:seq=2";
        let patterns = [
            trial,
            "rst/window/exact",
            "rst/window/exact:v4",
            "rst/*",
            "*/exact",
            "rst/*:v4:*seq=2",
            "*window*exact*",
            "rst/window",
            "rst/window/exact:v6",
            "*:v6:*",
            "rst/window/exact:v",
            "*exact*exact",
            "",
        ];
        let matching: Vec<&str> =
            patterns.into_iter().filter(|pattern| Pattern::new(*pattern).matches(trial)).collect();
        assert_eq!(matching, patterns[..7]);
    }
}
