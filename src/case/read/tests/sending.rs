use super::*;
use crate::case::model::{ChecksumSpec, Data, Icmp, IcmpName, Nobody, OptionSpec, Send};
use crate::segment::Flags;
use pretty_assertions::assert_eq;

fn sent(text: Text) -> Send {
    match text.kind() {
        StepKind::Send(send) => *send,
        other => panic!("{other:?}"),
    }
}

#[test]
fn send_with_every_field() {
    let text = Text(
        "{send: FIN ACK, as: fin, seq: RCV.NXT + 1, ack: 0xffffffff, window: 1000, urgent: 5, data: 100, \
         data-offset: 4, reserved: 7, checksum: bad, ttl: 1, tos: 0x03, dont-fragment: no, to-port: 81, \
         from-port: 9, to-address: multicast, ip-options: 'raw \"1e 04 00 00\"', fragments: 8, \
         options: [mss 1460]}",
    );
    let int = |value| Some(Expr::Int(value));
    assert_eq!(
        sent(text),
        Send {
            flags: Flags::FIN | Flags::ACK,
            label: Some("fin".into()),
            seq: Some(text.expr("RCV.NXT + 1")),
            ack: int(0xffff_ffff),
            window: int(1000),
            urgent: int(5),
            data: Some(Data::Stream(Expr::Int(100))),
            options: Some(vec![OptionSpec::Mss(Expr::Int(1460))]),
            data_offset: int(4),
            reserved: int(7),
            checksum: Some(ChecksumSpec::Bad),
            ttl: int(1),
            tos: int(3),
            dont_fragment: Some(false),
            to_port: int(81),
            from_port: int(9),
            to_address: Some(Nobody::Multicast),
            ip_options: Some(vec![0x1e, 4, 0, 0]),
            fragments: int(8),
        }
    );
}

#[test]
fn send_leaves_unset_what_it_does_not_name() {
    assert_eq!(sent(Text("{send: SYN}")), Send { flags: Flags::SYN, ..Send::default() });
    assert_eq!(sent(Text("{send: none}")), Send::default());
}

#[test]
fn send_takes_octets_of_the_stream_a_text_or_altered_octets() {
    let data = [
        "{send: ACK, data: $i * 10}",
        "{send: ACK, data: {text: 'GET /'}}",
        "{send: ACK, data: {text: 42}}",
        "{send: ACK, data: {altered: 10}}",
    ]
    .map(|text| sent(Text(text)).data);
    assert_eq!(
        data,
        [
            Some(Data::Stream(Text("{send: ACK, data: $i * 10}").expr("$i * 10"))),
            Some(Data::Text("GET /".into())),
            Some(Data::Text("42".into())),
            Some(Data::Altered(Expr::Int(10))),
        ]
    );
}

#[test]
fn send_carries_every_option() {
    let text = Text(
        "{send: ACK, options: [mss 1460, window-scale 7, sack-permitted, sack 100..200 RCV.NXT + 1..RCV.NXT + 2, \
         timestamps, timestamps TSVAL - 1 0, nop, eol, raw \"fd 00\", raw \"fe04beef\"]}",
    );
    let last = text.place("RCV.NXT + 2");
    let last = parse_expression("RCV.NXT + 2", &last).expect("an expression").expr;
    assert_eq!(
        sent(text).options,
        Some(vec![
            OptionSpec::Mss(Expr::Int(1460)),
            OptionSpec::WindowScale(Expr::Int(7)),
            OptionSpec::SackPermitted,
            OptionSpec::Sack(vec![(Expr::Int(100), Expr::Int(200)), (text.expr("RCV.NXT + 1"), last)]),
            OptionSpec::Timestamps(None),
            OptionSpec::Timestamps(Some((text.expr("TSVAL - 1"), Expr::Int(0)))),
            OptionSpec::Nop,
            OptionSpec::EndOfList,
            OptionSpec::Raw(vec![0xfd, 0x00]),
            OptionSpec::Raw(vec![0xfe, 0x04, 0xbe, 0xef]),
        ])
    );
    assert_eq!(sent(Text("{send: SYN, options: []}")).options, Some(Vec::new()));
}

#[test]
fn send_refuses_what_a_field_cannot_hold() {
    let problems = [
        "{send: SYN, window: 70000}",
        "{send: SYN, urgent: RCV.NXT}",
        "{send: SYN, ttl: 1s}",
        "{send: SYN, data: hello}",
        "{send: SYN, data: {}}",
        "{send: SYN, checksum: worse}",
        "{send: SYN ack}",
        "{send: SYN, options: [msss 1460]}",
        "{send: SYN, options: [sack]}",
        "{send: SYN, options: [raw \"f\"]}",
        "{send: SYN, options: [timestamps 1]}",
        "{send: SYN, options: [nop nop]}",
        "{send: SYN, options: mss 1460}",
        "{send: SYN, seq: '-'}",
        "{send: SYN, as: My Label}",
    ]
    .map(|text| Text(text).problems());
    let problem = |text: &str| vec![text.to_owned()];
    assert_eq!(
        problems,
        [
            problem("s.yaml:1:21: 70000 does not fit: the field has 16 bits, at most 65535"),
            problem("s.yaml:1:21: this is a sequence number, a number is needed"),
            problem("s.yaml:1:18: this is a duration, a number is needed"),
            problem("s.yaml:1:19: `hello` alone is not a value"),
            problem("s.yaml:1:19: expected one of `text` and `altered`"),
            problem("s.yaml:1:23: `worse` alone is not a value"),
            problem("s.yaml:1:8: `ack` is no control bit; did you mean `ACK`?"),
            problem("s.yaml:1:23: `msss` is not an option"),
            problem("s.yaml:1:27: a block `X..Y` is missing here"),
            problem("s.yaml:1:27: these are not octets: pairs of hexadecimal digits such as \"fd 00\""),
            problem("s.yaml:1:35: a value is missing here"),
            problem("s.yaml:1:27: `nop` is too much here"),
            problem("s.yaml:1:22: expected a list, found text"),
            problem("s.yaml:1:20: a value is missing here"),
            problem(
                "s.yaml:1:17: `My Label` is not a name: lower-case words and digits joined by hyphens, a letter first"
            ),
        ]
    );
}

#[test]
fn icmp_quotes_a_segment_and_carries_an_mtu() {
    assert_eq!(
        Text("{icmp: packet-too-big, quote: data, mtu: 600}").kind(),
        StepKind::Icmp(Icmp {
            kind: IcmpName::PacketTooBig,
            mtu: Some(Expr::Int(600)),
            quote: "data".into()
        })
    );
    assert_eq!(
        Text("{icmp: host-unreachable, quote: data}").kind(),
        StepKind::Icmp(Icmp { kind: IcmpName::HostUnreachable, mtu: None, quote: "data".into() })
    );
}

#[test]
fn icmp_refuses_an_mtu_where_there_is_none_and_misses_it_where_it_must_be() {
    let problems = [
        "{icmp: host-unreachable, quote: data, mtu: 600}",
        "{icmp: packet-too-big, quote: data}",
        "{icmp: host-unreachable}",
        "{icmp: unreachable, quote: data}",
    ]
    .map(|text| Text(text).problems());
    let problem = |text: &str| vec![text.to_owned()];
    assert_eq!(
        problems,
        [
            problem("s.yaml:1:44: only `packet-too-big` carries an MTU"),
            problem("s.yaml:1:1: `packet-too-big` needs the next hop's `mtu`"),
            problem("s.yaml:1:1: `quote` is missing here"),
            problem("s.yaml:1:8: `unreachable` is not an ICMP error"),
        ]
    );
}
