//! `send:` and `icmp:` what leaves, field by field.

use super::bench::Bench;
use super::wire::flags;
use crate::segment::{
    Checksum, Flags, IcmpKind, Packet, Received, SackBlock, Segment, SegmentFault, TcpOption, decode,
};
use crate::seq::SeqNum;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use std::net::IpAddr;

/// The segment that this step sends in ESTABLISHED, with IRS 1000 and ISS 5000.
fn sent(step: &str) -> Segment {
    bench(step).sent()
}

fn bench(step: &str) -> Bench {
    Bench::of(&format!("given: {{state: ESTABLISHED, irs: 1000}}\nsteps:\n  - {{{step}}}\n  - wait: 1s"))
        .start()
}

/// What is sent unless the step says otherwise.
fn plain() -> Segment {
    let bench = bench("send: ACK");
    let between = Segment::between(bench.connection("main").bench, bench.connection("main").target);
    Segment { seq: SeqNum(1001), ack: SeqNum(5001), flags: Flags::ACK, ..between }
}

#[test]
fn established_a_plain_ack_has_current_numbers() {
    assert_eq!(sent("send: ACK"), plain());
    assert_eq!(sent("send: none"), Segment { ack: SeqNum(0), flags: Flags::NONE, ..plain() });
    assert_eq!(sent("send: RST"), Segment { ack: SeqNum(0), flags: Flags::RST, ..plain() });
    let all = "FIN SYN RST PSH ACK URG ECE CWR";
    let options = vec![TcpOption::MaximumSegmentSize(1460)];
    let no_options = Segment { flags: flags(all), options: Vec::new(), ..plain() };
    assert_eq!(sent(&format!("send: {all}")), no_options);
    assert_eq!(sent("send: SYN").options, options);
}

#[test]
fn established_every_field_is_sent_as_the_case_says() {
    let sack = vec![
        SackBlock { left: SeqNum(1), right: SeqNum(5) },
        SackBlock { left: SeqNum(7), right: SeqNum(9) },
    ];
    let cases = [
        ("seq: 0xffffffff", Segment { seq: SeqNum(u32::MAX), ..plain() }),
        ("seq: RCV.NXT - 1002", Segment { seq: SeqNum(u32::MAX), ..plain() }),
        ("ack: SND.NXT + 1", Segment { ack: SeqNum(5002), ..plain() }),
        ("window: 0", Segment { window: 0, ..plain() }),
        ("window: 65535", Segment { window: 65535, ..plain() }),
        ("urgent: 5", Segment { urgent: 5, ..plain() }),
        ("reserved: 15", Segment { reserved: 15, ..plain() }),
        ("ttl: 1", with_ip(|it| it.ip.ttl = 1)),
        ("ttl: 255", with_ip(|it| it.ip.ttl = 255)),
        ("tos: 0xb9", with_ip(|it| it.ip.tos = 0xb9)),
        ("dont-fragment: no", with_ip(|it| it.ip.dont_fragment = false)),
        ("to-port: 7", Segment { destination_port: 7, ..plain() }),
        ("from-port: 0", Segment { source_port: 0, ..plain() }),
        ("data: {text: abc}", Segment { payload: b"abc".to_vec(), ..plain() }),
        (
            "options: [nop, nop, sack-permitted]",
            Segment { options: vec![TcpOption::Nop, TcpOption::Nop, TcpOption::SackPermitted], ..plain() },
        ),
        (
            "options: [mss 0, eol]",
            Segment { options: vec![TcpOption::MaximumSegmentSize(0), TcpOption::EndOfList], ..plain() },
        ),
        (
            "options: [window-scale 255, nop]",
            Segment { options: vec![TcpOption::WindowScale(255), TcpOption::Nop], ..plain() },
        ),
        (
            "options: [nop, nop, sack 1..5 7..9]",
            Segment { options: vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Sack(sack)], ..plain() },
        ),
        (
            "options: [nop, nop, timestamps 1 2]",
            Segment {
                options: vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps { value: 1, echo: 2 }],
                ..plain()
            },
        ),
        (
            r#"options: [raw "fd 04 01 02"]"#,
            Segment { options: vec![TcpOption::Unknown { kind: 0xfd, data: vec![1, 2] }], ..plain() },
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(sent(&format!("send: ACK, {keys}")), expected, "{keys}");
    }
}

fn with_ip(change: impl FnOnce(&mut Segment)) -> Segment {
    let mut segment = plain();
    change(&mut segment);
    segment
}

#[test]
fn established_checksums_are_good_bad_or_as_given() {
    let good = sent("send: ACK, data: 3");
    assert_eq!(good.checksum, Checksum::Good);
    let Checksum::Raw(bad) = sent("send: ACK, data: 3, checksum: bad").checksum else { panic!("it is good") };
    let right = bad ^ 0x0100;
    assert_eq!(sent(&format!("send: ACK, data: 3, checksum: {right}")), good);
    let given = sent("send: ACK, data: 3, checksum: 0x1234").checksum;
    assert_eq!(given, Checksum::Raw(0x1234));
}

#[test]
fn established_a_data_offset_is_written_as_given() {
    let mut bench = bench("send: ACK, data: 8, data-offset: 4");
    let Packet::Tcp(Received { segment, faults, .. }) = bench.sent_packet() else { panic!("no segment") };
    assert_eq!(
        (segment.data_offset, faults),
        (Some(4), vec![SegmentFault::DataOffset { words: 4, length: 28 }])
    );
}

#[test]
fn established_text_is_that_of_its_place_in_the_stream() {
    let keys = "given: {state: ESTABLISHED, irs: 0xfffffff0}
steps:
  - {send: ACK, data: 100}
  - {send: ACK, seq: RCV.NXT + 10, data: 20}
  - {send: ACK, seq: RCV.NXT - 1, data: 2}
  - {send: ACK, data: {altered: 100}}
  - {send: SYN, seq: IRS, data: 5}
  - {send: ACK, data: 65535}";
    let mut bench = Bench::of(keys).start();
    let all: Vec<Vec<u8>> = (0..6).map(|_| bench.sent().payload).collect();
    let [whole, later, before, altered, on_syn, most] = all.as_slice() else { panic!("six segments") };
    assert_eq!(later[..], whole[10..30]);
    assert_eq!(before[1], whole[0]);
    assert!(altered.iter().zip(whole).all(|(a, b)| a != b));
    assert_eq!(on_syn[..], whole[..5], "the first octet has the number behind the SYN");
    assert_eq!(most.len(), 65_535 - 40, "as much as a packet holds");
}

#[test]
fn established_a_label_keeps_all_fields_and_the_moment() {
    let keys = "given: {state: ESTABLISHED, irs: 1000}
steps:
  - {send: FIN PSH ACK, data: 10, window: 99, options: [timestamps 7 8], as: fin}
  - {send: ACK, seq: fin.seq, ack: fin.ack, window: fin.len, urgent: fin.window}
  - {send: ACK, seq: fin.end, ack: fin.tsval}
  - {send: ACK, seq: fin.tsecr}";
    let mut bench = Bench::of(keys).start();
    let all = bench.all_sent();
    assert_eq!(
        all[1..],
        [
            "ACK seq=1001 ack=5001 win=11 urg=99",
            "ACK seq=1012 ack=7 win=65535",
            "ACK seq=8 ack=5001 win=65535"
        ]
    );
}

#[test]
fn established_fragments_together_are_the_segment() {
    let mut bench = bench("send: ACK, data: 100, fragments: 64");
    let parts = [bench.sent_packet(), bench.sent_packet()];
    let offsets = parts.map(|packet| match packet {
        Packet::Fragment(part) => (part.offset, part.more),
        other => panic!("{other:?}"),
    });
    assert_eq!(offsets, [(0, true), (64, false)]);
    for size in [0, 65_535] {
        let step = format!("send: ACK, data: 100, fragments: {size}");
        assert_eq!(self::bench(&step).all_packets().len(), if size == 0 { 2 } else { 1 });
    }
}

#[test]
fn values_that_do_not_fit_or_do_not_exist_are_errors_of_the_case() {
    let established = [
        "send: ACK, window: RCV.WND * 2",
        "send: ACK, window: 1 - 2",
        "send: ACK, ttl: RCV.WND",
        "send: ACK, data: RCV.MSS * RCV.MSS",
        "send: ACK, seq: 1 / (1 - 1)",
        "send: ACK, seq: TSVAL",
        "send: ACK, seq: 9223372036854775807 + 1",
        "send: ACK, data-offset: 17 - 1",
        "send: ACK, checksum: 65535 + 1",
        "send: ACK, options: [window-scale 300]",
        "send: ACK, from-port: 70000 - 1",
    ];
    let mut texts: Vec<String> = established.map(|step| why_undefined("ESTABLISHED", step)).into();
    for (state, step) in [
        ("LISTEN", "send: ACK"),
        ("LISTEN", "send: SYN, seq: ISS"),
        ("LISTEN", "send: SYN, window: RCV.WND"),
        ("LISTEN", "send: SYN, options: [mss RCV.MSS]"),
        ("ESTABLISHED", "expect: any, seq: TS.RECENT"),
    ] {
        texts.push(why_undefined(state, step));
    }
    assert_snapshot!(texts.join("\n"), @r"
    send: ACK, window: RCV.WND * 2: error case-undefined: `RCV.WND * 2` is 120000, more than a field of 16 bits holds
    send: ACK, window: 1 - 2: error case-undefined: `1 - 2` is 4294967295, more than a field of 16 bits holds
    send: ACK, ttl: RCV.WND: error case-undefined: `RCV.WND` is 60000, more than a field of 8 bits holds
    send: ACK, data: RCV.MSS * RCV.MSS: error case-undefined: `RCV.MSS * RCV.MSS` is 2131600, more than a field of 16 bits holds
    send: ACK, seq: 1 / (1 - 1): error case-undefined: `1 / (1 - 1)` has no value
    send: ACK, seq: TSVAL: error case-undefined: TSVAL has no value where timestamps were not agreed
    send: ACK, seq: 9223372036854775807 + 1: error case-undefined: `9223372036854775807 + 1` has no value
    send: ACK, data-offset: 17 - 1: error case-undefined: `17 - 1` is 16, more than a field of 4 bits holds
    send: ACK, checksum: 65535 + 1: error case-undefined: `65535 + 1` is 65536, more than a field of 16 bits holds
    send: ACK, options: [window-scale 300]: error case-undefined: `300` is 300, more than a field of 8 bits holds
    send: ACK, from-port: 70000 - 1: error case-undefined: `70000 - 1` is 69999, more than a field of 16 bits holds
    send: ACK: error case-undefined: an ACK needs `ack:` before the target's SYN was seen
    send: SYN, seq: ISS: error case-undefined: ISS has no value before the target's SYN
    send: SYN, window: RCV.WND: error case-undefined: RCV.WND has no value before the target's SYN
    send: SYN, options: [mss RCV.MSS]: error case-undefined: RCV.MSS has no value before the target's SYN
    expect: any, seq: TS.RECENT: error case-undefined: TS.RECENT has no value where timestamps were not agreed
    ");
}

fn why_undefined(state: &str, step: &str) -> String {
    let mut bench =
        Bench::of(&format!("given: {{state: {state}, irs: 1000}}\nsteps:\n  - {{{step}}}")).start();
    if step.starts_with("expect") {
        let ack = bench.target("ACK");
        bench.arrives(1, &ack);
    }
    let outcome = bench.into_outcome();
    let [finding] = outcome.findings.as_slice() else { panic!("{step}: {:?}", outcome.findings) };
    format!("{step}: {} {}: {}", outcome.verdict, finding.code, finding.saw)
}

#[test]
fn established_icmp_quotes_the_segment_in_both_families() {
    let names = [
        "network-unreachable",
        "host-unreachable",
        "protocol-unreachable",
        "port-unreachable",
        "source-route-failed",
        "time-exceeded",
        "parameter-problem",
        "source-quench",
    ];
    let v4 = names.map(|name| icmp(name, ["198.18.0.1", "198.19.0.1"]));
    let unreachable = |code| Ok(IcmpKind::DestinationUnreachable { code });
    let problem = |code, pointer| Ok(IcmpKind::ParameterProblem { code, pointer });
    let exceeded = || Ok(IcmpKind::TimeExceeded { code: 0 });
    assert_eq!(
        v4,
        [
            unreachable(0),
            unreachable(1),
            unreachable(2),
            unreachable(3),
            unreachable(5),
            exceeded(),
            problem(0, 8),
            Ok(IcmpKind::SourceQuench)
        ]
    );
    let v6 = names.map(|name| icmp(name, ["2001:db8::1", "2001:db8::2"]));
    let none = |name: &str| Err(format!("error case-undefined: {name} has no form in IPv6"));
    assert_eq!(
        v6,
        [
            unreachable(0),
            unreachable(3),
            problem(1, 6),
            unreachable(4),
            none("source-route-failed"),
            exceeded(),
            problem(0, 8),
            none("source-quench")
        ]
    );
    assert_eq!(
        icmp("packet-too-big, mtu: 600", ["198.18.0.1", "198.19.0.1"]),
        Ok(IcmpKind::PacketTooBig { mtu: 600 })
    );
}

/// The kind of the error that left.
fn icmp(name: &str, addresses: [&str; 2]) -> Result<IcmpKind, String> {
    let [ours, theirs] = addresses.map(|address| address.parse::<IpAddr>().expect("an address"));
    let keys = format!(
        "given: ESTABLISHED\nsteps:\n  - app: send 100\n  - {{expect: ACK, data: 100, as: text}}\n  - {{icmp: {name}, quote: text}}"
    );
    let mut bench = Bench::with(&keys, |config| (config.bench, config.target) = (ours, theirs)).start();
    let text = bench.text("ACK", 100);
    bench.arrives(1, &text);
    bench.application(crate::app::AppOutcome::Done);
    let Some(packet) = bench.all_packets().pop() else {
        let outcome = bench.into_outcome();
        let finding = &outcome.findings[0];
        return Err(format!("{} {}: {}", outcome.verdict, finding.code, finding.saw));
    };
    let Ok(Packet::Icmp(error)) = decode(&packet) else { panic!("no ICMP error") };
    assert_eq!((error.source, error.destination), (ours, theirs));
    assert_eq!(error.quoted(), Some((text.source(), text.destination(), text.seq)));
    Ok(error.kind)
}

#[test]
fn listen_to_all_goes_to_the_address_of_all_hosts() {
    let to = |state: &str, step: &str| {
        let mut bench = Bench::of(&format!("given: {state}\nsteps:\n  - {step}\n  - silence: 1s")).start();
        bench.sent().ip.destination.to_string()
    };
    assert_eq!(to("CLOSED", "{send: SYN, to-address: multicast}"), "224.0.0.1");
    assert_eq!(to("CLOSED", "{send: SYN, to-address: broadcast}"), "255.255.255.255");
}
