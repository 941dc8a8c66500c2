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
mod shard;
mod slow;
mod status;
mod tap;
mod verdicts;
mod virtual_time;

pub use board::{Board, Witness};
pub(crate) use doubt::TOO_LATE;
pub use driver::{Driver, Sink};
pub use job::{Finished, Job, Surroundings};
pub use libtest::{Printing, arguments, trials};
pub use places::{Place, Places};
pub use plan::{Fate, Plan, PlanFor, Planned};
pub(crate) use plan::{fnv, give_ports};
pub(crate) use pool::processors;
pub use pool::{MakeStack, run_all};
pub use select::Selection;
pub use shard::{NoShard, Shard};
pub use slow::slow_trials;
pub use status::Status;
pub use tap::tap;
pub use verdicts::{Baseline, Book, Verdicts};
pub(crate) use verdicts::{Weighed, Word, gate};
pub use virtual_time::run_job;
