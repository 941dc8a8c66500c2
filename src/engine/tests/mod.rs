//! Tests of the engine: cases in the language, a fake clock, and a target that does as it is told.

mod acks;
mod anything;
mod application;
mod bench;
mod choices;
mod connections;
mod expect;
mod given;
mod kept;
mod limits;
mod numbers;
mod passing;
mod peer;
mod send;
mod series;
mod states;
mod time_wait;
mod timing;
mod ways;
mod wire;
