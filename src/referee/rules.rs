//! What the referee can find, and the requirement that each finding rests on.

use crate::verdict::{FieldDifference, FindingCode};
use std::fmt::Display;

/// A segment that no conformant stack would have sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its class.
    pub code: FindingCode,
    /// The requirement broken: an id of the catalogue.
    pub requirement: &'static str,
    /// What the requirement demands, in words.
    pub expected: String,
    /// What was seen, in words.
    pub saw: String,
    /// The fields that differ. Sequence numbers are those of the segment.
    pub differences: Vec<FieldDifference>,
}

/// Every class that the referee can find, with the id of the requirement that it then names.
pub fn requirements() -> impl Iterator<Item = (FindingCode, &'static str)> {
    ALL.iter().map(|rule| (rule.code, rule.requirement))
}

/// An invariant.
pub(super) struct Rule {
    code: FindingCode,
    requirement: &'static str,
}

impl Rule {
    /// The finding that it is broken.
    pub(super) fn broken(&self, expected: impl Into<String>, saw: impl Into<String>) -> Violation {
        let (code, requirement) = (self.code, self.requirement);
        Violation { code, requirement, expected: expected.into(), saw: saw.into(), differences: Vec::new() }
    }
}

impl Violation {
    /// Names a field that differs.
    pub(super) fn field(mut self, field: &str, expected: impl Display, found: impl Display) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        self.differences.push(FieldDifference { field: field.to_owned(), expected, found });
        self
    }
}

macro_rules! rules {
    ($($name:ident = $code:ident, $requirement:literal;)*) => {
        $(pub(super) const $name: Rule =
            Rule { code: FindingCode::$code, requirement: $requirement };)*

        const ALL: &[Rule] = &[$($name,)*];
    };
}

rules! {
    CHECKSUM = BadChecksum, "MUST-2";
    DATA_OFFSET = BadDataOffset, "ev-estab-send";
    OPTION_LENGTH = BadOptionLength, "MUST-68";
    PADDING = WrongField, "MUST-69";
    RESERVED_BITS = ReservedBitsSet, "ev-estab-reserved-bits";
    ECN_SYN_ACK_UNASKED = WrongField, "rfc3168-synack-only-if-offered";
    ECN_UNASKED = WrongField, "rfc3168-rcv-unnegotiated";
    ECT_UNASKED = WrongField, "rfc3168-ect-needs-negotiation";
    URGENT_UNASKED = WrongField, "ev-estab-send-urgent";

    ACK_MISSING = AckMissing, "ev-estab-send";
    SYN_ACK_OF_NOTHING = AckOfDataNeverSent, "ev-listen-syn";
    ACK_OF_NOTHING = AckOfDataNeverSent, "ev-estab-data-inorder";
    ACK_WENT_BACK = AckWentBack, "ev-estab-send";
    SEQUENCE = SequenceOutOfPlace, "ev-estab-send";
    OTHER_ISS_OF_SYN = SequenceOutOfPlace, "ev-synsent-rto";
    OTHER_ISS_OF_SYN_ACK = SequenceOutOfPlace, "ev-synrcvd-rto";
    AFTER_FIN = SentAfterFin, "ev-estab-close";

    WINDOW_SHRUNK = WindowShrunk, "SHLD-14";
    BEYOND_WINDOW = SentBeyondWindow, "rfc5681-limit";
    BEYOND_MSS = SentBeyondMss, "MUST-16";
    BEYOND_DEFAULT_MSS = SentBeyondMss, "MUST-15";

    RESET_OF_ACK = MalformedReset, "ev-closed-ack";
    RESET_OF_NO_ACK = MalformedReset, "ev-closed-syn";
    RESET_OF_CONNECTION = MalformedReset, "ev-estab-abort";

    MSS_OFF_SYN = MssOffSyn, "MUST-65";
    MSS_BEYOND_DATAGRAM = WrongOption, "MUST-67";
    SCALE_OFF_SYN = WindowScaleOffSyn, "rfc7323-ws-nonsyn-ignored";
    SCALE_UNASKED = WindowScaleUnasked, "rfc7323-ws-only-if-offered";
    SCALE_ABOVE_14 = WrongOption, "rfc7323-ws-own-max14";
    SACK_PERMITTED_OFF_SYN = WrongOption, "rfc2018-perm-syn-only";

    TIMESTAMPS_UNASKED = TimestampsUnasked, "rfc7323-ts-synack";
    TIMESTAMPS_MISSING = TimestampsMissing, "rfc7323-ts-all-segments";
    TIMESTAMP_WENT_BACK = TimestampRanBackwards, "rfc7323-ts-monotone";
    ECHO_INVENTED = TimestampEchoInvented, "rfc7323-ts-echo";
    ECHO_ON_SYN = TimestampEchoInvented, "rfc7323-ts-syn-tsecr-zero";

    SACK_UNASKED = WrongOption, "rfc2018-no-perm-no-sack";
    SACK_OF_NOTHING = SackInvented, "rfc2018-edges";
    SACK_BELOW_ACK = SackInvented, "rfc2018-isolated";
    SACK_BLOCKS_TOUCH = SackInvented, "rfc2018-isolated";

    PAYLOAD_ALTERED = PayloadAltered, "ev-estab-send";
    PAYLOAD_INVENTED = PayloadInvented, "ev-estab-send";
    RETRANSMISSION_ALTERED = RetransmissionAltered, "ev-estab-rto";
}
