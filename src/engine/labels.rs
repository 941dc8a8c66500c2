//! What `as:` binds.

use crate::segment::Segment;
use crate::time::Time;

/// A labelled segment or application call.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    /// The segment; `None` for an application call.
    pub(super) segment: Option<Segment>,
    /// Its connection.
    pub(super) connection: usize,
    /// The earliest moment at which it can have taken effect.
    pub(super) before: Time,
    /// The latest.
    pub(super) after: Time,
}
