//! The case language: YAML to typed cases with their places, expansion into trials, checks.

mod capability;
mod constant;
mod expr;
mod expr_parse;
mod file;
mod fixtures;
mod flow;
mod id;
mod lint;
mod model;
mod noticed;
mod outline;
mod raw_case;
mod read;
mod script;
mod show;
mod substitution;
mod suite;
mod table;
mod text;
mod text_fault;
mod types;
mod values;
mod waits;
mod words;

pub use capability::{Capability, NotACapability};
pub use expr::{Expr, LabelField, Name, Operator, Variable};
pub use expr_parse::{Typed, parse_expression};
pub use file::CaseFile;
pub use fixtures::{Fixtures, Path, PathName};
pub use id::{Family, NotATrialId, TrialId};
pub use lint::Vocabulary;
pub use model::*;
pub use raw_case::{Gist, RawCase, Scripts};
pub use suite::{Suite, Trial, embedded_files};
pub use text_fault::{TextFault, TextFaultKind};
pub use types::Type;
pub use words::Word;

#[cfg(test)]
mod tests;

/// The keys that each kind of map in a case may have, for those who describe the language to editors: of a case, of
/// a starting point, of a step with each verb.
#[must_use]
pub fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    let case = raw_case::keys_of_a_case();
    [("case", case), ("given", read::GIVEN_KEYS.to_vec())].into_iter().chain(read::step_keys()).collect()
}
