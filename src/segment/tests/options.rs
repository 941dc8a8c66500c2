//! Options: each form, and each way to be wrong.

use super::{bytes, mss};
use crate::segment::TcpOption::{EndOfList, Nop, Raw, Sack, SackPermitted, Timestamps, Unknown, WindowScale};
use crate::segment::{OptionFault, OptionFaultKind, SackBlock, TcpOption, decode_options, encode_options};
use crate::seq::SeqNum;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

fn fault(offset: usize, what: OptionFaultKind) -> Vec<OptionFault> {
    vec![OptionFault { offset, what }]
}

#[track_caller]
fn reads_and_writes(octets: &str, options: Vec<TcpOption>, faults: Vec<OptionFault>) {
    let octets = bytes(octets);
    assert_eq!(decode_options(&octets), (options.clone(), faults));
    assert_eq!(encode_options(&options), octets);
}

#[test]
fn every_kind_has_its_form() {
    let block = |left, right| SackBlock { left: SeqNum(left), right: SeqNum(right) };
    reads_and_writes("", vec![], vec![]);
    reads_and_writes("020405b4", vec![mss(1460)], vec![]);
    reads_and_writes("01 0303ff", vec![Nop, WindowScale(255)], vec![]);
    reads_and_writes("0101 0402", vec![Nop, Nop, SackPermitted], vec![]);
    reads_and_writes(
        "0101 080a 00000001 fffffffe",
        vec![Nop, Nop, Timestamps { value: 1, echo: 0xffff_fffe }],
        vec![],
    );
    reads_and_writes(
        "0101 0512 00000001 00000002 fffffffe 00000003",
        vec![Nop, Nop, Sack(vec![block(1, 2), block(0xffff_fffe, 3)])],
        vec![],
    );
    reads_and_writes("0101 0502", vec![Nop, Nop, Sack(vec![])], vec![]);
    reads_and_writes("fd04 f989", vec![Unknown { kind: 253, data: vec![0xf9, 0x89] }], vec![]);
    reads_and_writes("1e02 2202", [30, 34].map(|kind| Unknown { kind, data: vec![] }).into(), vec![]);
}

#[test]
fn zeros_that_the_encoder_adds_are_not_listed() {
    reads_and_writes("030307 00", vec![WindowScale(7)], vec![]);
    reads_and_writes("0402 0000", vec![SackPermitted], vec![]);
    reads_and_writes("01 000000", vec![Nop], vec![]);
}

#[test]
fn more_padding_than_needed_is_listed() {
    reads_and_writes("020405b4 00000000", vec![mss(1460), EndOfList], vec![]);
    reads_and_writes("00000000", vec![EndOfList], vec![]);
    reads_and_writes("030307 00 00000000", vec![WindowScale(7), EndOfList, Raw(vec![0; 4])], vec![]);
}

#[test]
fn octets_that_are_no_whole_words_are_padded_behind_what_was_read() {
    let octets = bytes("030307 00 00");
    let options = vec![WindowScale(7), EndOfList, Raw(vec![0])];
    assert_eq!(decode_options(&octets), (options.clone(), vec![]));
    assert_eq!(encode_options(&options), bytes("030307 00 00000000"));
}

#[test]
fn padding_that_is_not_zero_is_a_fault() {
    reads_and_writes(
        "030307 00 0001 0000",
        vec![WindowScale(7), EndOfList, Raw(vec![0, 1, 0, 0])],
        fault(5, OptionFaultKind::NonZeroPadding),
    );
}

#[test]
fn nothing_is_an_option_behind_the_end_of_list() {
    reads_and_writes(
        "00 0204 05b4 000000",
        vec![EndOfList, Raw(bytes("020405b4000000"))],
        fault(1, OptionFaultKind::NonZeroPadding),
    );
}

#[test]
fn impossible_length_leaves_the_rest_unread() {
    let rest = |octets: &str| vec![mss(536), Raw(bytes(octets))];
    for (octets, what) in [
        ("0200 05b4", OptionFaultKind::LengthTooSmall { kind: 2, length: 0 }),
        ("0301 0101", OptionFaultKind::LengthTooSmall { kind: 3, length: 1 }),
        ("fd00 0000", OptionFaultKind::LengthTooSmall { kind: 253, length: 0 }),
        ("0205 05b4", OptionFaultKind::LengthBeyondHeader { kind: 2, length: 5, left: 4 }),
        ("08ff 0000", OptionFaultKind::LengthBeyondHeader { kind: 8, length: 255, left: 4 }),
    ] {
        reads_and_writes(&format!("02040218 {octets}"), rest(octets), fault(4, what));
    }
    reads_and_writes(
        "010101 02",
        vec![Nop, Nop, Nop, Raw(vec![2])],
        fault(3, OptionFaultKind::NoLength { kind: 2 }),
    );
}

#[test]
fn length_that_a_kind_never_has_is_a_fault_and_reading_goes_on() {
    let cases =
        [("02030501", 2, 3), ("03020101", 3, 2), ("04040000", 4, 4), ("050400ff", 5, 4), ("08040000", 8, 4)];
    for (octets, kind, length) in cases {
        let (options, faults) = decode_options(&bytes(&format!("{octets} 030309 00")));
        let data = bytes(octets)[2..usize::from(length)].to_vec();
        assert_eq!(options.first(), Some(&Unknown { kind, data }));
        assert_eq!(options.last(), Some(&WindowScale(9)));
        assert_eq!(faults, fault(0, OptionFaultKind::WrongLengthFor { kind, length }));
    }
}

#[test]
fn faults_are_told_in_words() {
    let message = |octets: &str| decode_options(&bytes(octets)).1[0].to_string();
    assert_eq!(message("01 fd00 00"), "option 253 has length 0, at octet 1 of the options");
    assert_eq!(message("020605b4"), "option 2 has length 6 with 4 octets left, at octet 0 of the options");
    assert_eq!(
        message("03020000"),
        "option 3 has length 2, which its kind never has, at octet 0 of the options"
    );
    assert_eq!(message("0000 0001"), "padding is not zero, at octet 3 of the options");
    assert_eq!(message("010101 05"), "option 5 has no length, at octet 3 of the options");
}

#[test]
fn data_beyond_what_a_length_can_say_is_written_with_the_largest() {
    let octets = encode_options(&[Unknown { kind: 253, data: vec![7; 300] }]);
    assert_eq!((octets.len(), &octets[..3]), (304, [253, 255, 7].as_slice()));
}

proptest! {
    #[test]
    fn any_octets_encode_to_themselves_again(
        octets in proptest::collection::vec(prop_oneof![0..11_u8, any::<u8>()], 0..64)
    ) {
        let (options, _) = decode_options(&octets);
        let mut padded = octets.clone();
        padded.resize(octets.len().next_multiple_of(4), 0);
        prop_assert_eq!(encode_options(&options), padded);
    }
}
