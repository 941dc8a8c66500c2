//! TCP options: bytes <-> values (RFC 9293 sections 3.1 and 3.2, RFC 7323, RFC 2018).
//!
//! Encoding writes what it is told, lies included. Decoding loses no octet: what was decoded
//! encodes to the same bytes again, however broken they were.

use crate::seq::SeqNum;

/// One option, or something else that stands among the options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpOption {
    /// End of option list: the octet 0. What follows is padding.
    EndOfList,
    /// No-operation: the octet 1.
    Nop,
    /// The largest segment that the sender can receive, in octets of text.
    MaximumSegmentSize(u16),
    /// Window scale: the shift. Above 14 it is illegal (RFC 7323 section 2.2) and still written.
    WindowScale(u8),
    /// Selective acknowledgments are welcome.
    SackPermitted,
    /// Selective acknowledgment: blocks in their order.
    Sack(Vec<SackBlock>),
    /// Timestamps: TSval and TSecr of RFC 7323.
    Timestamps {
        /// TSval: the sender's clock.
        value: u32,
        /// TSecr: the value that it echoes.
        echo: u32,
    },
    /// A kind that has no variant here, or one of a length that its kind does not have.
    /// Its length octet is right up to 253 octets of data, and 255 beyond that.
    Unknown {
        /// Option kind.
        kind: u8,
        /// Everything behind the length octet.
        data: Vec<u8>,
    },
    /// Octets written as they are. Decoding gives one only for the octets that cannot be read as
    /// options: from an impossible length on, or padding that is not what an encoder adds.
    Raw(Vec<u8>),
}

/// One block of a SACK option (RFC 2018 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SackBlock {
    /// First sequence number of the block.
    pub left: SeqNum,
    /// The sequence number behind its last one.
    pub right: SeqNum,
}

/// Something wrong among the options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at octet {offset} of the options")]
pub struct OptionFault {
    /// Where: octets from the start of the options.
    pub offset: usize,
    /// What.
    pub what: OptionFaultKind,
}

/// What can be wrong among the options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionFaultKind {
    /// The header ends behind the kind of an option that needs a length (RFC 9293 section 3.1, MUST-68).
    #[error("option {kind} has no length")]
    NoLength {
        /// Option kind.
        kind: u8,
    },
    /// A length of 0 or 1, which does not even count kind and length.
    #[error("option {kind} has length {length}")]
    LengthTooSmall {
        /// Option kind.
        kind: u8,
        /// Its length octet.
        length: u8,
    },
    /// A length that leads out of the header.
    #[error("option {kind} has length {length} with {left} octets left")]
    LengthBeyondHeader {
        /// Option kind.
        kind: u8,
        /// Its length octet.
        length: u8,
        /// Octets from the kind to the end of the header.
        left: usize,
    },
    /// A length that an option of this kind never has.
    #[error("option {kind} has length {length}, which its kind never has")]
    WrongLengthFor {
        /// Option kind.
        kind: u8,
        /// Its length octet.
        length: u8,
    },
    /// The padding behind the end of the list is not zero (RFC 9293 section 3.1, MUST-69).
    #[error("padding is not zero")]
    NonZeroPadding,
}

/// The bytes of `options`, padded with zeros (end of list) to a multiple of four. Nothing else is
/// aligned: a `Nop` is written where one stands. More than 40 octets do not fit into a header:
/// [`Segment::data_offset`](super::Segment::data_offset) says what comes of it.
#[must_use]
pub fn encode_options(options: &[TcpOption]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MOST_OCTETS);
    encode_options_into(options, &mut bytes);
    bytes
}

/// Appends to `bytes` what [`encode_options`] returns.
pub(super) fn encode_options_into(options: &[TcpOption], bytes: &mut Vec<u8>) {
    let start = bytes.len();
    for option in options {
        match option {
            TcpOption::EndOfList => bytes.push(kind::END_OF_LIST),
            TcpOption::Nop => bytes.push(kind::NOP),
            TcpOption::MaximumSegmentSize(octets) => {
                bytes.extend([kind::MAXIMUM_SEGMENT_SIZE, 4]);
                bytes.extend(octets.to_be_bytes());
            }
            TcpOption::WindowScale(shift) => bytes.extend([kind::WINDOW_SCALE, 3, *shift]),
            TcpOption::SackPermitted => bytes.extend([kind::SACK_PERMITTED, 2]),
            TcpOption::Sack(blocks) => {
                bytes.extend([kind::SACK, length_octet(8 * blocks.len())]);
                for block in blocks {
                    bytes.extend(block.left.0.to_be_bytes());
                    bytes.extend(block.right.0.to_be_bytes());
                }
            }
            TcpOption::Timestamps { value, echo } => {
                bytes.extend([kind::TIMESTAMPS, 10]);
                bytes.extend(value.to_be_bytes());
                bytes.extend(echo.to_be_bytes());
            }
            TcpOption::Unknown { kind, data } => {
                bytes.extend([*kind, length_octet(data.len())]);
                bytes.extend_from_slice(data);
            }
            TcpOption::Raw(octets) => bytes.extend_from_slice(octets),
        }
    }
    let length = bytes.len() - start;
    bytes.resize(start + length.next_multiple_of(4), 0);
}

/// Reads the options of a header and says what is wrong with them. Reading goes on as long as it
/// can be told where the next option starts.
///
/// [`encode_options`] gives the same bytes again (padded, if their number is no multiple of four).
/// So that padding can be told from options, zeros that the encoder adds by itself are not listed.
#[must_use]
pub fn decode_options(bytes: &[u8]) -> (Vec<TcpOption>, Vec<OptionFault>) {
    let mut options = Vec::new();
    let mut faults = Vec::new();
    let mut offset = 0;
    while let Some((&kind, behind)) = bytes[offset..].split_first() {
        match kind {
            kind::END_OF_LIST => {
                list_padding(offset, &bytes[offset..], &mut options);
                if let Some(zeros) = behind.iter().position(|octet| *octet != 0) {
                    let offset = offset + 1 + zeros;
                    faults.push(OptionFault { offset, what: OptionFaultKind::NonZeroPadding });
                }
                break;
            }
            kind::NOP => {
                options.push(TcpOption::Nop);
                offset += 1;
            }
            _ => match option_data(kind, behind) {
                Ok(data) => {
                    let (option, fault) = read_option(kind, data);
                    options.push(option);
                    faults.extend(fault.map(|what| OptionFault { offset, what }));
                    offset += 2 + data.len();
                }
                Err(what) => {
                    options.push(TcpOption::Raw(bytes[offset..].to_vec()));
                    faults.push(OptionFault { offset, what });
                    break;
                }
            },
        }
    }
    (options, faults)
}

/// The data of an option, if its length can be believed. `behind`: what follows its kind.
fn option_data(kind: u8, behind: &[u8]) -> Result<&[u8], OptionFaultKind> {
    let (&length, behind) = behind.split_first().ok_or(OptionFaultKind::NoLength { kind })?;
    let data = length.checked_sub(2).ok_or(OptionFaultKind::LengthTooSmall { kind, length })?;
    let left = behind.len() + 2;
    behind.get(..usize::from(data)).ok_or(OptionFaultKind::LengthBeyondHeader { kind, length, left })
}

fn read_option(kind: u8, data: &[u8]) -> (TcpOption, Option<OptionFaultKind>) {
    let option = match (kind, data) {
        (kind::MAXIMUM_SEGMENT_SIZE, [high, low]) => {
            TcpOption::MaximumSegmentSize(u16::from_be_bytes([*high, *low]))
        }
        (kind::WINDOW_SCALE, [shift]) => TcpOption::WindowScale(*shift),
        (kind::SACK_PERMITTED, []) => TcpOption::SackPermitted,
        (kind::SACK, blocks) if blocks.len() % 8 == 0 => {
            TcpOption::Sack(blocks.chunks_exact(8).map(read_block).collect())
        }
        (kind::TIMESTAMPS, data) if data.len() == 8 => {
            TcpOption::Timestamps { value: read_u32(&data[..4]), echo: read_u32(&data[4..]) }
        }
        (kind, data) => {
            let length = length_octet(data.len());
            let fault = kind::WITH_VARIANT
                .contains(&kind)
                .then_some(OptionFaultKind::WrongLengthFor { kind, length });
            return (TcpOption::Unknown { kind, data: data.to_vec() }, fault);
        }
    };
    (option, None)
}

fn read_block(octets: &[u8]) -> SackBlock {
    SackBlock { left: SeqNum(read_u32(&octets[..4])), right: SeqNum(read_u32(&octets[4..])) }
}

fn read_u32(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet))
}

/// Lists the octets from the first end of list on, so far as the encoder does not add them by itself.
fn list_padding(offset: usize, padding: &[u8], options: &mut Vec<TcpOption>) {
    if is_added_by_encoder(offset, padding) {
        return;
    }
    options.push(TcpOption::EndOfList);
    let rest = &padding[1..];
    if !is_added_by_encoder(offset + 1, rest) {
        options.push(TcpOption::Raw(rest.to_vec()));
    }
}

fn is_added_by_encoder(offset: usize, rest: &[u8]) -> bool {
    rest.len() == offset.next_multiple_of(4) - offset && rest.iter().all(|octet| *octet == 0)
}

fn length_octet(data: usize) -> u8 {
    u8::try_from(data + 2).unwrap_or(u8::MAX)
}

/// Most octets of options that a data offset can announce.
const MOST_OCTETS: usize = 40;

/// Option kinds (IANA "TCP Option Kind Numbers").
mod kind {
    pub(super) const END_OF_LIST: u8 = 0;
    pub(super) const NOP: u8 = 1;
    pub(super) const MAXIMUM_SEGMENT_SIZE: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK_PERMITTED: u8 = 4;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;

    /// The kinds with a length whose length we know.
    pub(super) const WITH_VARIANT: [u8; 5] =
        [MAXIMUM_SEGMENT_SIZE, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS];
}
