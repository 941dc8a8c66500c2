//! The words of the language: each fixed name beside what it means, for reading, for hints and for
//! showing.

use super::expr::{LabelField, Variable};
use super::model::{IcmpName, Nobody, Opening, OptionName, OptionPattern, Probe, Quantity};
use std::fmt;

/// A fixed set of words.
pub trait Word: Copy + PartialEq + Sized + 'static {
    /// What such a word is, for a sentence: `a variable`.
    const KIND: &'static str;
    /// Each word with its meaning, in the order of the reference.
    const WORDS: &'static [(&'static str, Self)];

    /// The word for this meaning.
    #[must_use]
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| word)
    }

    /// The meaning of a word.
    #[must_use]
    fn from_word(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
    }

    /// All words.
    fn words() -> impl Iterator<Item = &'static str> {
        Self::WORDS.iter().map(|(word, _)| *word)
    }
}

impl Word for Variable {
    const KIND: &'static str = "a variable";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("SND.UNA", Self::SndUna),
        ("SND.NXT", Self::SndNxt),
        ("SND.WND", Self::SndWnd),
        ("ISS", Self::Iss),
        ("RCV.NXT", Self::RcvNxt),
        ("RCV.WND", Self::RcvWnd),
        ("IRS", Self::Irs),
        ("RCV.MSS", Self::RcvMss),
        ("SND.MSS", Self::SndMss),
        ("TSVAL", Self::TsVal),
        ("TS.RECENT", Self::TsRecent),
    ];
}

impl Word for LabelField {
    const KIND: &'static str = "a field of a segment";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("seq", Self::Seq),
        ("ack", Self::Ack),
        ("len", Self::Len),
        ("end", Self::End),
        ("window", Self::Window),
        ("time", Self::Time),
        ("tsval", Self::TsVal),
        ("tsecr", Self::TsEcr),
    ];
}

impl Word for OptionName {
    const KIND: &'static str = "an option";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("mss", Self::Mss),
        ("window-scale", Self::WindowScale),
        ("sack-permitted", Self::SackPermitted),
        ("sack", Self::Sack),
        ("timestamps", Self::Timestamps),
    ];
}

impl Word for IcmpName {
    const KIND: &'static str = "an ICMP error";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("network-unreachable", Self::NetworkUnreachable),
        ("host-unreachable", Self::HostUnreachable),
        ("protocol-unreachable", Self::ProtocolUnreachable),
        ("port-unreachable", Self::PortUnreachable),
        ("packet-too-big", Self::PacketTooBig),
        ("source-route-failed", Self::SourceRouteFailed),
        ("time-exceeded", Self::TimeExceeded),
        ("parameter-problem", Self::ParameterProblem),
        ("source-quench", Self::SourceQuench),
    ];
}

impl Word for Opening {
    const KIND: &'static str = "a way into a state";
    const WORDS: &'static [(&'static str, Self)] =
        &[("passive", Self::Passive), ("active", Self::Active), ("simultaneous", Self::Simultaneous)];
}

impl Word for Probe {
    const KIND: &'static str = "a probe";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("alive", Self::Alive),
        ("closed", Self::Closed),
        ("listening", Self::Listening),
        ("time-wait", Self::TimeWait),
        ("gone", Self::Gone),
    ];
}

impl Word for Quantity {
    const KIND: &'static str = "a quantity with a procedure";
    const WORDS: &'static [(&'static str, Self)] = &[("time-wait", Self::TimeWait)];
}

impl OptionPattern {
    /// The option that it is about.
    #[must_use]
    pub const fn name(&self) -> OptionName {
        match self {
            Self::Mss(_) => OptionName::Mss,
            Self::WindowScale(_) => OptionName::WindowScale,
            Self::SackPermitted => OptionName::SackPermitted,
            Self::Sack(_) => OptionName::Sack,
            Self::Timestamps(..) => OptionName::Timestamps,
            Self::Absent(name) => *name,
        }
    }
}

macro_rules! shown_as_its_word {
    ($($name:ty),+ $(,)?) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    )+};
}

shown_as_its_word!(Variable, LabelField, OptionName, IcmpName, Opening, Probe, Quantity);

impl Word for Nobody {
    const KIND: &'static str = "an address of nobody";
    const WORDS: &'static [(&'static str, Self)] =
        &[("multicast", Self::Multicast), ("broadcast", Self::Broadcast)];
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn assert_words_and_meanings_are_distinct<T: Word + fmt::Debug>() {
        for (word, meaning) in T::WORDS {
            assert_eq!((T::from_word(word), meaning.word()), (Some(*meaning), *word));
        }
    }

    #[test]
    fn every_word_reads_back() {
        assert_words_and_meanings_are_distinct::<Variable>();
        assert_words_and_meanings_are_distinct::<LabelField>();
        assert_words_and_meanings_are_distinct::<OptionName>();
        assert_words_and_meanings_are_distinct::<IcmpName>();
        assert_words_and_meanings_are_distinct::<Opening>();
        assert_words_and_meanings_are_distinct::<Probe>();
        assert_words_and_meanings_are_distinct::<Quantity>();
    }
}
