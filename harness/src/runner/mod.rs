//! From a plan to verdicts: selection, order, the driving thread, libtest.

mod board;
mod driver;
mod job;
mod select;
mod status;

pub use board::Board;
pub use driver::{Driver, Sink};
pub use job::{Finished, Job, Surroundings};
pub use select::Selection;
pub use status::Status;
