//! Readers of a trial's record: what people see.

mod failure;
mod ladder;
#[cfg(test)]
mod tests;
mod wrap;

pub(crate) use failure::entry;
pub use failure::{RequirementLine, TrialCard, failure_block};
pub use ladder::ladder;
pub(crate) use ladder::{LadderRung, Told, marked, rungs, shown};
pub(crate) use wrap::wrap;
