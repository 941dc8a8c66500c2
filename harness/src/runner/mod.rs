//! From a plan to verdicts: selection, order, the driving thread, libtest.

mod board;
mod doubt;
mod driver;
mod job;
mod libtest;
mod places;
mod plan;
mod pool;
mod questions;
mod sandwich;
mod select;
mod slow;
mod status;
mod verdicts;
mod virtual_time;

pub use board::Board;
pub use driver::{Driver, Sink};
pub use job::{Finished, Job, Surroundings};
pub use libtest::{Printing, arguments, trials};
pub use places::{Place, Places};
pub(crate) use plan::give_ports;
pub use plan::{Fate, Plan, PlanFor, Planned};
pub(crate) use pool::processors;
pub use pool::{MakeStack, run_all};
pub use select::Selection;
pub use slow::slow_trials;
pub use status::Status;
pub use verdicts::{Baseline, Book, Verdicts};
pub use virtual_time::run_job;
