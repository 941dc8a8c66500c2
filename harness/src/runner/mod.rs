//! From a plan to verdicts: selection, order, the driving thread, libtest.

mod board;
mod doubt;
mod driver;
mod job;
mod libtest;
mod liveness;
mod places;
mod plan;
mod select;
mod status;
mod verdicts;

pub use board::Board;
pub use driver::{Driver, Sink};
pub use job::{Finished, Job, Surroundings};
pub use libtest::{Printing, arguments, trials};
pub use places::{Place, Places};
pub use plan::{Fate, Plan, PlanFor, Planned};
pub use select::Selection;
pub use status::Status;
pub use verdicts::{Book, Verdicts};
