//! What the FINs that were seen say of the target's state (RFC 9293 section 3.3.2, figure 5).

use super::connection::Connection;
use crate::segment::{Flags, Segment};
use crate::seq::SeqNum;
use crate::state::State;

/// The FINs of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Fins {
    /// The number behind the target's.
    pub(super) theirs: Option<SeqNum>,
    /// The numbers behind ours: several, where some were not to be believed.
    ours: Vec<SeqNum>,
}

impl Fins {
    /// We count from another SYN: a FIN before it ended nothing.
    pub(super) fn begin_anew(&mut self) {
        self.ours.clear();
    }

    /// A legal segment of ours left, while the target expected `rcv_nxt`.
    pub(super) fn sent(&mut self, segment: &Segment, rcv_nxt: SeqNum) {
        let end = segment.end();
        // Text in the place of a FIN that was not acknowledged: an acknowledgment may be for the text.
        let text_end = end - u32::from(segment.flags.contains(Flags::FIN));
        let replaced = |fin: SeqNum| segment.seq.before(fin) && fin.at_or_before(text_end);
        self.ours.retain(|fin| fin.at_or_before(rcv_nxt) || !replaced(*fin));
        if segment.flags.contains(Flags::FIN) && rcv_nxt.before(end) {
            self.ours.push(end);
        }
    }
}

impl Connection {
    /// What speaks against the target being in `state`; `None`: nothing that was seen.
    pub(super) fn speaks_against(&self, state: State) -> Option<&'static str> {
        use State::{
            CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
            SynSent, TimeWait,
        };
        let fin_sent = self.fins.theirs.is_some();
        // A FIN may wait behind text, or for a window.
        let fin_waits = self.snd_wnd == 0 || self.has_text_to_come();
        let fin_acknowledged = self.fins.theirs.is_some_and(|fin| fin.at_or_before(self.snd_una));
        let fin_received = self.fins.ours.contains(&self.rcv_nxt);
        let may_have_sent = !matches!(state, SynSent | SynReceived | Established | CloseWait);
        let must_have_sent = match state {
            FinWait2 | TimeWait => true,
            FinWait1 | Closing | LastAck => !fin_waits,
            _ => false,
        };
        let has_received = matches!(state, CloseWait | Closing | LastAck | TimeWait);
        if matches!(state, Closed | Listen) {
            None
        } else if fin_sent && !may_have_sent {
            Some("its FIN")
        } else if !fin_sent && must_have_sent {
            Some("no FIN of its own")
        } else if !fin_acknowledged && matches!(state, FinWait2 | TimeWait) {
            Some("its FIN, which we have not acknowledged")
        } else if fin_received && !has_received {
            Some("its acknowledgment of our FIN")
        } else if !fin_received && has_received {
            Some("no acknowledgment of our FIN")
        } else {
            None
        }
    }

    /// Whether the application has written what has not come yet.
    pub(super) fn has_text_to_come(&self) -> bool {
        let written = u32::try_from(self.written.len()).unwrap_or(u32::MAX);
        self.iss.is_some_and(|iss| self.looked_at_up_to().before(iss + 1 + written))
    }
}
