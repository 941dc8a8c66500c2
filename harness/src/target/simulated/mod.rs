//! The simulated target: a stack as a library in this process, on virtual time.
//!
//! Whoever wants their own stack tested implements [`Stack`] for it: packets in, packets out, the next
//! moment at which it has something to do, and the calls of an application. The bench owns the clock;
//! the stack is told what time it is and never asks. `examples/own_stack.rs` does it in under 100 lines.

mod application;
mod smoltcp;
mod stack;

pub use application::SimulatedApplication;
pub use smoltcp::SmoltcpStack;
pub use stack::{Condition, Failure, Received, SocketId, Stack};
