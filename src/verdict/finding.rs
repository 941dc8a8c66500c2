//! Findings: named failure classes with their data. The name is the diagnosis.

use crate::time::Time;
use crate::yaml::Place;
use std::fmt;

macro_rules! finding_codes {
    ($(#[doc = $meaning:literal] $name:ident = $code:literal,)*) => {
        /// A failure class. Its code is what ledgers and reports name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingCode { $(#[doc = $meaning] $name,)* }

        impl FindingCode {
            /// Every class there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kebab-case code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means: one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                // A doc comment starts behind `///`.
                match self { $(Self::$name => $meaning.trim_ascii(),)* }
            }
        }
    };
}

finding_codes! {
    // What the steps of a case find.
    /// Nothing came where an answer is required.
    SilentWhereAnswerRequired = "silent-where-answer-required",
    /// Something came where silence is required.
    AnsweredWhereSilenceRequired = "answered-where-silence-required",
    /// The control bits are those of another segment.
    WrongSegment = "wrong-segment",
    /// A RST where an ACK is required.
    ResetInsteadOfAck = "reset-instead-of-ack",
    /// An ACK where a RST is required.
    AckInsteadOfReset = "ack-instead-of-reset",
    /// SEG.SEQ is not what it must be.
    WrongSequenceNumber = "wrong-sequence-number",
    /// SEG.ACK is not what it must be.
    WrongAcknowledgmentNumber = "wrong-acknowledgment-number",
    /// Segment text differs, in length or content.
    WrongData = "wrong-data",
    /// An option is missing, present, or has another value.
    WrongOption = "wrong-option",
    /// Another field differs.
    WrongField = "wrong-field",
    /// The right answer, too late.
    AnsweredTooLate = "answered-too-late",
    /// The right answer, too early.
    AnsweredTooEarly = "answered-too-early",
    /// Fewer retransmissions than required.
    RetransmissionsMissing = "retransmissions-missing",
    /// The first retransmission came too early.
    RetransmittedTooEarly = "retransmitted-too-early",
    /// The first retransmission came too late.
    RetransmittedTooLate = "retransmitted-too-late",
    /// The intervals do not grow as they must.
    BackoffMissing = "backoff-missing",
    /// TIME-WAIT ended too soon.
    TimeWaitTooShort = "time-wait-too-short",
    /// TIME-WAIT lasted too long.
    TimeWaitTooLong = "time-wait-too-long",
    /// The connection is not in the state required, seen on the wire.
    WrongState = "wrong-state",
    /// The target's own table names another state than the one required.
    StateTableDisagrees = "state-table-disagrees",
    /// The application was given other octets than those sent.
    ApplicationDataDiffers = "application-data-differs",
    /// The application was given nothing, or not all.
    ApplicationStarved = "application-starved",
    /// The application observed another event than the one required.
    ApplicationSawOtherwise = "application-saw-otherwise",
    /// The target refused what the application asked for.
    ApplicationCallFailed = "application-call-failed",
    /// Allowed, but not the alternative that a SHOULD names.
    NotThePreferredAlternative = "not-the-preferred-alternative",
    /// The target no longer answers anybody.
    TargetStoppedAnswering = "target-stopped-answering",

    // What the referee finds, whatever the case is about.
    /// The checksum is wrong.
    BadChecksum = "bad-checksum",
    /// The data offset lies outside the segment or the header.
    BadDataOffset = "bad-data-offset",
    /// An option's length lies.
    BadOptionLength = "bad-option-length",
    /// A reserved bit is set.
    ReservedBitsSet = "reserved-bits-set",
    /// SEG.ACK covers what was never sent.
    AckOfDataNeverSent = "ack-of-data-never-sent",
    /// SEG.ACK went back.
    AckWentBack = "ack-went-back",
    /// The right edge of the window moved left.
    WindowShrunk = "window-shrunk",
    /// Text beyond the window that we offered.
    SentBeyondWindow = "sent-beyond-window",
    /// A segment larger than our MSS allows.
    SentBeyondMss = "sent-beyond-mss",
    /// New sequence numbers after the target's FIN.
    SentAfterFin = "sent-after-fin",
    /// Sequence numbers that leave a gap, or lie before anything sent.
    SequenceOutOfPlace = "sequence-out-of-place",
    /// A RST in another form than section 3.5.2 prescribes.
    MalformedReset = "malformed-reset",
    /// A segment without ACK in a synchronized connection.
    AckMissing = "ack-missing",
    /// The MSS option on a segment without SYN.
    MssOffSyn = "mss-off-syn",
    /// The window scale option on a segment without SYN.
    WindowScaleOffSyn = "window-scale-off-syn",
    /// A window scale in a SYN ACK that was not offered.
    WindowScaleUnasked = "window-scale-unasked",
    /// The timestamps option in a SYN ACK, or later, that was not negotiated.
    TimestampsUnasked = "timestamps-unasked",
    /// No timestamps although negotiated.
    TimestampsMissing = "timestamps-missing",
    /// TSval ran backwards.
    TimestampRanBackwards = "timestamp-ran-backwards",
    /// TSecr echoes a value that we never sent.
    TimestampEchoInvented = "timestamp-echo-invented",
    /// Text differs from what the application wrote.
    PayloadAltered = "payload-altered",
    /// Text that the application never wrote.
    PayloadInvented = "payload-invented",
    /// A retransmission differs from the original.
    RetransmissionAltered = "retransmission-altered",
    /// A SACK block that describes data never sent.
    SackInvented = "sack-invented",

    // What the bench finds about itself.
    /// The bench acted later than its own tolerance.
    BenchLate = "bench-late",
    /// The packet socket dropped or cut frames.
    BenchLostFrames = "bench-lost-frames",
    /// Frames came with checksums that nobody had finished: an offload is on.
    UnfinishedChecksums = "unfinished-checksums",
    /// The machine's clock was set during the trial.
    ClockStepped = "clock-stepped",
    /// The upper tester did not do what it was asked.
    UpperTesterBroken = "upper-tester-broken",
    /// The trial ran longer than everything that it waits for, or more came than is kept.
    TrialOverran = "trial-overran",
    /// The case asks for a value that does not exist at this point.
    CaseUndefined = "case-undefined",
}

impl FindingCode {
    /// The class with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.code() == code)
    }

    /// Whether it is the bench's fault and says nothing about the target.
    #[must_use]
    pub const fn is_of_the_bench(self) -> bool {
        matches!(
            self,
            Self::BenchLate
                | Self::BenchLostFrames
                | Self::UnfinishedChecksums
                | Self::ClockStepped
                | Self::UpperTesterBroken
                | Self::TrialOverran
                | Self::CaseUndefined
        )
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// One thing found wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its class.
    pub code: FindingCode,
    /// The requirement broken, where the finding has one of its own (the referee's always has).
    pub requirement: Option<String>,
    /// What we did, in words.
    pub did: String,
    /// What the requirement demands, in words.
    pub expected: String,
    /// What was seen, in words.
    pub saw: String,
    /// Only the fields that differ.
    pub differences: Vec<FieldDifference>,
    /// The step that found it; `None` for the referee.
    pub place: Option<Place>,
    /// When.
    pub at: Time,
    /// Index into the record of the event that shows it.
    pub event: Option<usize>,
}

/// One field of a segment, required and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// `ack`, `flags`, `option mss`, …
    pub field: String,
    /// Required.
    pub expected: String,
    /// Found.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: BTreeSet<_> = FindingCode::ALL.iter().map(|class| class.code()).collect();
        assert_eq!(codes.len(), FindingCode::ALL.len());
        for class in FindingCode::ALL {
            assert_eq!(FindingCode::from_code(class.code()), Some(*class));
        }
    }

    #[test]
    fn meaning_of_every_class_is_one_sentence() {
        assert_eq!(FindingCode::BadChecksum.meaning(), "The checksum is wrong.");
        for class in FindingCode::ALL {
            let meaning = class.meaning();
            assert!(meaning.ends_with('.') && meaning.starts_with(char::is_alphabetic), "{meaning}");
        }
    }
}
