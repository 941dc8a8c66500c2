//! Names of trials.

use std::fmt;
use std::str::FromStr;

/// The name of one trial: stable for ever, and safe unquoted in bash and zsh.
///
/// ```text
/// trial  = case ":" family [ ":" row ]
/// case   = word "/" word "/" word               area, file, case
/// family = "v4" | "v6"
/// row    = item { ":" item }                    in the order of the table's columns
/// item   = word "=" value                       a column and its value, or the place of the value
///                                               in its list, counted from 1
///        | value                                the `name:` of a row
/// word   = part { "-" part }                    each part: one or more of a-z 0-9
/// value  = one or more of A-Z a-z 0-9 . _ + -
/// ```
///
/// `close/peer-first/fin-is-acked:v4`, `reset/window/exact-only:v6:state=FIN-WAIT-1:seq=2`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrialId {
    case: String,
    family: Family,
    row: String,
}

/// The family of addresses that a trial uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Not the name of a trial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATrialId {
    /// The part before the family is not `area/file/case`.
    #[error("`{0}` is not area/file/case in lower-case words joined by hyphens")]
    Case(String),
    /// No family behind the case.
    #[error("`{0}` names no family: `:v4` or `:v6` follows the case")]
    Family(String),
    /// A part behind the family that is neither `column=value` nor a row's name.
    #[error("`{0}` is neither column=value nor the name of a row")]
    Row(String),
}

impl TrialId {
    /// The name of the trial of a case with this family and row (empty: the case has no table).
    ///
    /// # Errors
    /// The parts do not keep the grammar.
    pub fn new(case: &str, family: Family, row: &str) -> Result<Self, NotATrialId> {
        if !is_case_id(case) {
            return Err(NotATrialId::Case(case.to_owned()));
        }
        if let Some(item) = row.split(':').find(|item| !row.is_empty() && !is_item(item)) {
            return Err(NotATrialId::Row(item.to_owned()));
        }
        Ok(Self { case: case.to_owned(), family, row: row.to_owned() })
    }

    /// The same of parts that are known to keep it: there are thousands.
    pub(super) fn of_checked(case: &str, family: Family, row: &str) -> Self {
        debug_assert!(Self::new(case, family, row).is_ok(), "{case}:{family}:{row}");
        Self { case: case.to_owned(), family, row: row.to_owned() }
    }

    /// `area/file/case`.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// `state=FIN-WAIT-1:seq=2`; empty where the case has no table.
    #[must_use]
    pub fn row(&self) -> &str {
        &self.row
    }
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    #[must_use]
    pub fn of(address: std::net::IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.case, self.family)?;
        if self.row.is_empty() { Ok(()) } else { write!(f, ":{}", self.row) }
    }
}

impl FromStr for TrialId {
    type Err = NotATrialId;

    fn from_str(text: &str) -> Result<Self, NotATrialId> {
        let no_family = || NotATrialId::Family(text.to_owned());
        let (case, behind) = text.split_once(':').ok_or_else(no_family)?;
        let (family, row) = match behind.split_once(':') {
            Some((_, "")) => return Err(NotATrialId::Row(String::new())),
            Some((family, row)) => (family, row),
            None => (behind, ""),
        };
        let family = Family::ALL.into_iter().find(|known| known.word() == family).ok_or_else(no_family)?;
        Self::new(case, family, row)
    }
}

impl Family {
    /// `v4` or `v6`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V6 => "v6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Lower-case words joined by hyphens.
pub(super) fn is_kebab(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.split('-').all(is_part)
}

/// What may stand as it is in an id.
pub(super) fn is_safe_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-'))
}

fn is_case_id(text: &str) -> bool {
    text.split('/').count() == 3 && text.split('/').all(is_kebab)
}

fn is_item(text: &str) -> bool {
    match text.split_once('=') {
        Some((column, value)) => is_kebab(column) && is_safe_value(value),
        None => is_safe_value(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    #[test]
    fn parts_of_an_id_are_read() {
        let id: TrialId = "reset/window/exact-only:v6:state=FIN-WAIT-1:seq=2".parse().expect("an id");
        assert_eq!(
            id,
            TrialId {
                case: "reset/window/exact-only".into(),
                family: Family::V6,
                row: "state=FIN-WAIT-1:seq=2".into()
            }
        );
        let without_row = TrialId::new("a/b/c", Family::V4, "").expect("an id");
        assert_eq!("a/b/c:v4".parse(), Ok(without_row));
    }

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        let case = |text: &str| Err(NotATrialId::Case(text.into()));
        let family = |text: &str| Err(NotATrialId::Family(text.into()));
        let row = |text: &str| Err(NotATrialId::Row(text.into()));
        let cases: [(&str, Result<TrialId, _>); 11] = [
            ("", family("")),
            ("a/b/c", family("a/b/c")),
            ("a/b/c:v5", family("a/b/c:v5")),
            ("a/b:v4", case("a/b")),
            ("a/b/c/d:v4", case("a/b/c/d")),
            ("a/B/c:v4", case("a/B/c")),
            ("a/b--c/d:v4", case("a/b--c/d")),
            ("a/b/c:v4:", row("")),
            ("a/b/c:v4:seq=1::x=2", row("")),
            ("a/b/c:v4:seq=RCV.NXT + 1", row("seq=RCV.NXT + 1")),
            ("a/b/c:v4:seq=$x", row("seq=$x")),
        ];
        for (text, refused) in cases {
            assert_eq!(text.parse::<TrialId>(), refused, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_id_reads_back_and_is_safe_in_a_shell(
            case in "[a-z0-9]{1,4}(-[a-z]{1,3}){0,2}/[a-z]{1,4}/[a-z]{1,4}",
            family in prop_oneof![Just(Family::V4), Just(Family::V6)],
            row in "([a-z]{1,3}=)?[A-Za-z0-9._+-]{1,5}(:[a-z]{1,3}=[A-Za-z0-9._+-]{1,5}){0,2}",
        ) {
            let id = TrialId::new(&case, family, &row).expect("within the grammar");
            let text = id.to_string();
            prop_assert_eq!(text.parse(), Ok(id));
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "/:=._+-".contains(c)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = text.parse::<TrialId>();
        }
    }
}
