//! TCP options in the text of a case: `mss 1460`, `sack a..b`, `no timestamps`.

use super::pattern::{blocks, pattern, typed};
use crate::case::model::{OptionName, OptionPattern, OptionSpec, Pattern};
use crate::case::text::{Input, Parsed, cut, fixed_word, here, keyword, quoted, rest};
use crate::case::text_fault::TextFaultKind;
use crate::case::types::Type;
use crate::case::words::Word;

/// One option of a `send`.
pub(super) fn option_spec(input: &mut Input<'_>) -> Parsed<OptionSpec> {
    Ok(match fixed_word(input)? {
        SpecWord::Mss => OptionSpec::Mss(typed(input, Type::Int)?.expr),
        SpecWord::WindowScale => OptionSpec::WindowScale(typed(input, Type::Int)?.expr),
        SpecWord::SackPermitted => OptionSpec::SackPermitted,
        SpecWord::Sack => {
            let blocks = blocks(input)?;
            if blocks.is_empty() {
                return cut(TextFaultKind::Missing("a block `X..Y`"), here(input));
            }
            OptionSpec::Sack(blocks)
        }
        SpecWord::Timestamps if rest(input).is_empty() => OptionSpec::Timestamps(None),
        SpecWord::Timestamps => {
            let value = typed(input, Type::Seq)?.expr;
            OptionSpec::Timestamps(Some((value, typed(input, Type::Seq)?.expr)))
        }
        SpecWord::Nop => OptionSpec::Nop,
        SpecWord::EndOfList => OptionSpec::EndOfList,
        SpecWord::Raw => OptionSpec::Raw(octets(input)?),
    })
}

/// One condition on the options of an expected segment.
pub(super) fn option_pattern(input: &mut Input<'_>) -> Parsed<OptionPattern> {
    let or_any = |input: &mut Input<'_>, wanted| match rest(input) {
        "" => Ok(Pattern::Any),
        _ => pattern(input, wanted),
    };
    if keyword(input, "no") {
        return fixed_word(input).map(OptionPattern::Absent);
    }
    Ok(match fixed_word::<OptionName>(input)? {
        OptionName::Mss => OptionPattern::Mss(or_any(input, Type::Int)?),
        OptionName::WindowScale => OptionPattern::WindowScale(or_any(input, Type::Int)?),
        OptionName::SackPermitted => OptionPattern::SackPermitted,
        OptionName::Sack => OptionPattern::Sack(blocks(input)?),
        OptionName::Timestamps if rest(input).is_empty() => {
            OptionPattern::Timestamps(Pattern::Any, Pattern::Any)
        }
        OptionName::Timestamps => {
            let value = pattern(input, Type::Seq)?;
            OptionPattern::Timestamps(value, pattern(input, Type::Seq)?)
        }
    })
}

/// The options that can be written into a segment.
#[derive(Clone, Copy, PartialEq)]
enum SpecWord {
    Mss,
    WindowScale,
    SackPermitted,
    Sack,
    Timestamps,
    Nop,
    EndOfList,
    Raw,
}

impl Word for SpecWord {
    const KIND: &'static str = "an option";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("mss", Self::Mss),
        ("window-scale", Self::WindowScale),
        ("sack-permitted", Self::SackPermitted),
        ("sack", Self::Sack),
        ("timestamps", Self::Timestamps),
        ("nop", Self::Nop),
        ("eol", Self::EndOfList),
        ("raw", Self::Raw),
    ];
}

/// `"fd 00"`: pairs of hexadecimal digits.
fn octets(input: &mut Input<'_>) -> Parsed<Vec<u8>> {
    let (text, range) = quoted(input)?;
    let digits: Vec<u32> = text.chars().filter(|c| *c != ' ').map_while(|c| c.to_digit(16)).collect();
    let whole = digits.len() == text.chars().filter(|c| *c != ' ').count();
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !whole {
        return cut(TextFaultKind::NotOctets, range);
    }
    Ok(digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect())
}
