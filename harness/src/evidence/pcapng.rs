//! Captures in the pcapng format (draft-ietf-opsawg-pcapng): one section, one interface that carries IP
//! packets, nanoseconds, comments.

use std::io::{self, Write};

/// What the section header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The machine: `x86_64`.
    pub hardware: String,
    /// The system: `Linux 6.18.44`.
    pub os: String,
    /// The program that writes.
    pub application: String,
    /// What the file is about.
    pub comment: String,
}

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'p> {
    /// Nanoseconds since 1970.
    pub at: u64,
    /// Whether the bench sent it.
    pub outbound: bool,
    /// From the IP header on.
    pub octets: &'p [u8],
    /// Shown beside it; none where it is empty.
    pub comment: String,
}

/// Writes a whole file.
///
/// # Errors
/// Of the writer.
pub fn write(out: &mut dyn Write, section: &Section, packets: &[Packet<'_>]) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend_from_slice(&MAGIC.to_le_bytes());
    body.extend_from_slice(&1_u16.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    // The length of the section is not told.
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    text_option(&mut body, OPT_COMMENT, &section.comment);
    text_option(&mut body, SHB_HARDWARE, &section.hardware);
    text_option(&mut body, SHB_OS, &section.os);
    text_option(&mut body, SHB_USER_APPLICATION, &section.application);
    option(&mut body, OPT_END, &[]);
    block(out, SECTION_HEADER, &body)?;

    body.clear();
    body.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
    body.extend_from_slice(&[0, 0]);
    // No limit to the length of a packet.
    body.extend_from_slice(&0_u32.to_le_bytes());
    option(&mut body, IF_TIMESTAMP_RESOLUTION, &[NANOSECONDS]);
    option(&mut body, OPT_END, &[]);
    block(out, INTERFACE_DESCRIPTION, &body)?;

    packets.iter().try_for_each(|packet| enhanced_packet(out, packet))
}

fn enhanced_packet(out: &mut dyn Write, packet: &Packet<'_>) -> io::Result<()> {
    let length = u32::try_from(packet.octets.len()).unwrap_or(u32::MAX);
    let mut body = Vec::with_capacity(packet.octets.len() + packet.comment.len() + 64);
    body.extend_from_slice(&0_u32.to_le_bytes());
    body.extend_from_slice(&((packet.at >> 32) as u32).to_le_bytes());
    body.extend_from_slice(&(packet.at as u32).to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(packet.octets);
    pad(&mut body);
    text_option(&mut body, OPT_COMMENT, &packet.comment);
    let direction = if packet.outbound { OUTBOUND } else { INBOUND };
    option(&mut body, EPB_FLAGS, &direction.to_le_bytes());
    option(&mut body, OPT_END, &[]);
    block(out, ENHANCED_PACKET, &body)
}

fn block(out: &mut dyn Write, kind: u32, body: &[u8]) -> io::Result<()> {
    // Type, length, the body, and the length again.
    let length = u32::try_from(body.len() + 12).map_err(|_| io::ErrorKind::FileTooLarge)?.to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(&value[..usize::from(length)]);
    pad(body);
}

fn text_option(body: &mut Vec<u8>, code: u16, text: &str) {
    if !text.is_empty() {
        option(body, code, &text.as_bytes()[..text.floor_char_boundary(MOST_TEXT)]);
    }
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

/// Packets begin with their IP header, whose version tells the family.
const LINKTYPE_RAW: u16 = 101;

const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_HARDWARE: u16 = 2;
const SHB_OS: u16 = 3;
const SHB_USER_APPLICATION: u16 = 4;
const IF_TIMESTAMP_RESOLUTION: u16 = 9;
const EPB_FLAGS: u16 = 2;

/// Ten to the power of minus nine.
const NANOSECONDS: u8 = 9;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// An option has room for so many octets.
const MOST_TEXT: usize = 65_535;

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn blocks_are_those_of_the_format() {
        let section = Section { comment: "ab".into(), ..Section::default() };
        let at = 0x0000_0001_8000_0002;
        let packet = Packet { at, outbound: true, octets: &[0x45, 1, 2, 3, 4], comment: "é".into() };
        let mut file = Vec::new();
        write(&mut file, &section, &[packet]).expect("memory takes everything");
        #[rustfmt::skip]
        let expected: Vec<u8> = [
            // Section header: type, length 40, byte order, version 1.0, no length, a comment, the end.
            &[0x0a, 0x0d, 0x0d, 0x0a, 40, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..], &[0xff; 8],
            &[1, 0, 2, 0, b'a', b'b', 0, 0, 0, 0, 0, 0, 40, 0, 0, 0],
            // Interface: raw IP, any length, nanoseconds.
            &[1, 0, 0, 0, 32, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0],
            &[9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0],
            // Packet: high and low half of the time, five octets of five.
            &[6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0x80, 5, 0, 0, 0, 5, 0, 0, 0],
            &[0x45, 1, 2, 3, 4, 0, 0, 0, 1, 0, 2, 0, 0xc3, 0xa9, 0, 0],
            &[2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0],
        ].concat();
        assert_eq!(file, expected);
    }

    #[test]
    fn text_that_has_no_room_is_cut_between_characters() {
        let mut body = Vec::new();
        text_option(&mut body, OPT_COMMENT, &"é".repeat(40_000));
        assert_eq!((body.len(), &body[..4]), (4 + 65_536, &[1, 0, 0xfe, 0xff][..]));
        assert_eq!(body[4..4 + 65_534], *"é".repeat(32_767).as_bytes());
    }
}
