//! What a run leaves behind (`--out DIR`): one stream of events, and readers of it.
//!
//! [`Recorder`] writes `run.jsonl`, whose lines are [`event::Event`]s, and a capture for each trial that
//! asks for one. Everything else reads that stream: [`reports`] are made of it when the run is over, [`merge`]
//! makes one of several, and [`compare`] and [`html`] set several side by side.

mod annotations;
pub(crate) mod capture;
mod clock;
pub mod compare;
pub mod event;
mod folder;
pub mod html;
mod interrupt;
pub mod junit;
mod markdown;
pub mod merge;
pub mod pcapng;
pub mod read;
mod recorder;
pub(crate) mod reports;
pub(crate) mod story;
#[cfg(test)]
pub(crate) mod tests;
mod trial;

pub use capture::Captures;
pub(crate) use clock::RecordClock;
pub use folder::{Folder, FolderError};
pub(crate) use interrupt::{Interruptions, as_before};
pub use read::{Events, ReadError, Stream, read};
pub(crate) use recorder::{End, Recorder, Run};
