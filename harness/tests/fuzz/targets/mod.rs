//! What is asked of the readers of foreign octets, whatever they are given. Fuzzing (`harness/fuzz`) and
//! the replay of the corpora call the same functions; each panics where something does not hold.

pub(crate) mod case;
pub(crate) mod catalogue;
pub(crate) mod engine;
pub(crate) mod expression;
pub(crate) mod fixtures;
pub(crate) mod ledger;
pub(crate) mod neighbour;
pub(crate) mod options;
pub(crate) mod packet;
pub(crate) mod profile;
pub(crate) mod protocol;
mod text;
