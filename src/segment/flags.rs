//! The eight control bits (RFC 9293 section 3.1).

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};
use std::str::FromStr;

/// A set of control bits, as the octet in the header has them. The bit that lies next to CWR is
/// reserved in RFC 9293: see [`Segment::reserved`](super::Segment::reserved).
///
/// Reads and prints the words of a case: `SYN ACK`, or `none`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// No control bit.
    pub const NONE: Self = Self(0);
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push function.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer field is significant.
    pub const URG: Self = Self(0x20);
    /// ECN-Echo (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x80);

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no bit is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// `self`, and the bits of `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `self` without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What decides how a segment is processed (RFC 9293 section 3.10.7): the set without PSH, ECE
    /// and CWR.
    #[must_use]
    pub const fn significant(self) -> Self {
        self.without(Self::PSH.union(Self::ECE).union(Self::CWR))
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, rhs: Self) -> Self {
        self.union(rhs)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, rhs: Self) {
        *self = self.union(rhs);
    }
}

impl BitAnd for Flags {
    type Output = Self;
    fn bitand(self, rhs: Self) -> Self {
        Self(self.0 & rhs.0)
    }
}

impl Sub for Flags {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        self.without(rhs)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.pad(NO_FLAG);
        }
        let words: Vec<_> =
            WORDS.iter().filter(|(_, flag)| self.contains(*flag)).map(|(word, _)| *word).collect();
        f.pad(&words.join(" "))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

/// Why a text names no set of control bits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagsError {
    /// A word that is no control bit.
    #[error("`{word}` is no control bit; {}", suggestion(nearest.as_deref()))]
    Unknown {
        /// The word.
        word: String,
        /// What was probably meant, if anything is near.
        nearest: Option<String>,
    },
    /// `none` next to other words.
    #[error("`none` stands alone or not at all")]
    NoneAmongOthers,
    /// A control bit that stands there twice.
    #[error("`{0}` stands there twice")]
    Repeated(&'static str),
    /// No word at all.
    #[error("no control bit is named; a segment without any is written `none`")]
    Empty,
}

impl FromStr for Flags {
    type Err = FlagsError;

    /// Words in upper case with white space between them, in any order; or `none`.
    fn from_str(text: &str) -> Result<Self, FlagsError> {
        if text.trim() == NO_FLAG {
            return Ok(Self::NONE);
        }
        let mut flags = Self::NONE;
        for word in text.split_whitespace() {
            let (name, flag) = find(word).ok_or_else(|| match word {
                NO_FLAG => FlagsError::NoneAmongOthers,
                _ => FlagsError::Unknown { word: word.to_owned(), nearest: nearest(word) },
            })?;
            if flags.contains(flag) {
                return Err(FlagsError::Repeated(name));
            }
            flags |= flag;
        }
        if flags.is_empty() { Err(FlagsError::Empty) } else { Ok(flags) }
    }
}

fn find(word: &str) -> Option<(&'static str, Flags)> {
    WORDS.into_iter().find(|(name, _)| *name == word)
}

/// The same words with spaces for `SYN-ACK` and `syn|ack`; otherwise the word that shares most
/// letters, place by place, and at least two.
fn nearest(word: &str) -> Option<String> {
    let word = word.to_ascii_uppercase();
    let parts: Vec<_> = word.split(|c: char| !c.is_ascii_alphabetic()).collect();
    if parts.iter().all(|part| find(part).is_some()) {
        return Some(parts.join(" "));
    }
    let shared = |name: &str| name.bytes().zip(word.bytes()).filter(|(a, b)| a == b).count();
    // Of equals, `max_by_key` takes the last: reversed, so that the more usual word wins.
    let (name, _) = WORDS.iter().rev().max_by_key(|(name, _)| shared(name))?;
    (shared(name) >= 2).then(|| (*name).to_owned())
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(words) => format!("did you mean `{words}`?"),
        None => {
            let names: Vec<_> = WORDS.iter().map(|(name, _)| *name).collect();
            format!("there are {}, or `{NO_FLAG}`", names.join(", "))
        }
    }
}

const NO_FLAG: &str = "none";

/// In the order in which people say them: `SYN ACK`, `FIN ACK`, `RST ACK`, `PSH ACK`.
const WORDS: [(&str, Flags); 8] = [
    ("SYN", Flags::SYN),
    ("FIN", Flags::FIN),
    ("RST", Flags::RST),
    ("PSH", Flags::PSH),
    ("ACK", Flags::ACK),
    ("URG", Flags::URG),
    ("ECE", Flags::ECE),
    ("CWR", Flags::CWR),
];

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_set_reads_back_from_what_it_prints() {
        for bits in 0..=u8::MAX {
            assert_eq!(Flags(bits).to_string().parse(), Ok(Flags(bits)));
        }
    }

    #[test]
    fn printed_words_stand_in_speaking_order() {
        assert_eq!((Flags::ACK | Flags::SYN).to_string(), "SYN ACK");
        assert_eq!(Flags(0xff).to_string(), "SYN FIN RST PSH ACK URG ECE CWR");
        assert_eq!(Flags::NONE.to_string(), "none");
        assert_eq!(format!("{:?}", Flags::RST), "Flags(RST)");
    }

    #[test]
    fn bits_lie_where_the_header_has_them() {
        let in_header_order = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        for (bit, word) in in_header_order.into_iter().enumerate() {
            assert_eq!(word.parse(), Ok(Flags(1 << bit)));
        }
    }

    #[test]
    fn significant_leaves_out_push_and_congestion_bits() {
        assert_eq!(Flags(0xff).significant(), Flags::SYN | Flags::FIN | Flags::RST | Flags::ACK | Flags::URG);
        assert_eq!(Flags(0xff) - Flags(0xf0), Flags(0x0f));
        assert!(Flags(0x12).contains(Flags::SYN | Flags::ACK));
        assert!(!Flags::SYN.contains(Flags::SYN | Flags::ACK));
        assert!(Flags::SYN.intersects(Flags::SYN | Flags::ACK));
    }

    #[test]
    fn misspelt_word_names_the_nearest() {
        let message = |text: &str| text.parse::<Flags>().map_err(|error| error.to_string());
        assert_eq!(message("SYN ack"), Err("`ack` is no control bit; did you mean `ACK`?".into()));
        assert_eq!(message("SIN"), Err("`SIN` is no control bit; did you mean `SYN`?".into()));
        assert_eq!(message("FIN-ACK"), Err("`FIN-ACK` is no control bit; did you mean `FIN ACK`?".into()));
        assert_eq!(
            message("banana"),
            Err("`banana` is no control bit; there are SYN, FIN, RST, PSH, ACK, URG, ECE, CWR, or `none`"
                .into())
        );
    }

    #[test]
    fn repeated_or_missing_words_are_refused() {
        assert_eq!("SYN SYN".parse::<Flags>(), Err(FlagsError::Repeated("SYN")));
        assert_eq!(" ".parse::<Flags>(), Err(FlagsError::Empty));
        assert_eq!("none ACK".parse::<Flags>(), Err(FlagsError::NoneAmongOthers));
    }
}
