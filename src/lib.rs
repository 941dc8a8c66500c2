//! The language and the judge of `tcpspec`: segments, cases, the engine, the referee, verdicts.
//!
//! Pure: no socket, no clock, no file, no print. Everything that touches the world is in the
//! `tcpspec` package (`harness/`).

pub mod app;
pub mod case;
pub mod coverage;
pub mod engine;
pub mod fault;
pub mod ledger;
pub mod profile;
pub mod referee;
pub mod requirement;
pub mod segment;
pub mod seq;
pub mod state;
pub mod time;
pub mod verdict;
pub mod yaml;
