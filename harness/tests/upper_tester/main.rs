//! The upper tester as the bench uses it: a real process, real sockets, on loopback.

mod bench;
mod cost;
mod data;
mod ends;
mod opening;
mod process;
mod protocol;
mod urgent;
