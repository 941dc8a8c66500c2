//! Everything of `tcpspec` that touches the world; the language and the judge are in
//! [`tcpspec_core`].

pub mod audit;
pub mod upper_tester;
