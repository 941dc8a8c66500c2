//! The case language: YAML to typed cases with their places, expansion into trials, checks.

mod expr;
mod fixtures;
pub use fixtures::Fixtures;
mod expr_parse;
mod id;
mod model;
mod outline;
mod read;
mod show;
mod table;
mod text;
mod types;
mod words;

pub use expr::{Expr, LabelField, Name, Operator, Variable};
pub use expr_parse::{Typed, parse_expression};
pub use id::{Family, NotATrialId, TrialId};
pub use model::*;
pub use text::{TextFault, TextFaultKind};
pub use types::Type;
pub use words::Word;
