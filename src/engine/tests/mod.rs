//! Tests of the engine: cases in the language, a fake clock, and a target that does as it is told.

mod bench;
mod peer;
mod wire;
mod ways;
