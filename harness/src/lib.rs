//! Everything of `tcpspec` that touches the world: links, targets, the upper tester, the runner,
//! reports. The language and the judge are in [`tcpspec_core`].

pub mod audit;
pub mod baseline;
pub mod check;
pub mod cli;
pub mod clock;
pub mod coverage;
pub mod doctor;
pub mod evidence;
pub mod explain;
pub mod export;
pub mod faults;
mod inputs;
pub mod link;
pub mod measure;
mod plural;
pub mod prove;
pub mod report;
pub mod run;
pub mod runner;
pub mod schema;
pub mod target;
pub mod upper_tester;
