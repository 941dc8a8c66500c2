//! `send:` and `icmp:`.

use super::keys::Keys;
use super::option::option_spec;
use super::scalar::{field, flags, name, text, value, word};
use crate::case::model::{ChecksumSpec, Data, Icmp, IcmpName, Nobody, OptionSpec, Send};
use crate::case::types::Type;
use crate::yaml::{Diagnostic, Node};

/// The keys that may stand beside `send:`.
pub(super) const SEND_KEYS: &[&str] = &[
    "as",
    "seq",
    "ack",
    "window",
    "urgent",
    "data",
    "options",
    "data-offset",
    "reserved",
    "checksum",
    "ttl",
    "tos",
    "dont-fragment",
    "to-port",
    "from-port",
    "to-address",
    "ip-options",
    "fragments",
];

/// The keys that may stand beside `icmp:`.
pub(super) const ICMP_KEYS: &[&str] = &["quote", "mtu"];

/// The segment of a `send` step.
pub(super) fn send(keys: &mut Keys<'_, '_>) -> Option<Send> {
    let sent = Send {
        flags: keys.required("send", flags)?,
        label: keys.optional("as", name),
        seq: keys.optional("seq", |node| value(node, Type::Seq)),
        ack: keys.optional("ack", |node| value(node, Type::Seq)),
        window: keys.optional("window", |node| field(node, 16)),
        urgent: keys.optional("urgent", |node| field(node, 16)),
        data: keys.optional("data", data),
        options: keys.list("options", |node| text(node, option_spec)),
        data_offset: keys.optional("data-offset", |node| field(node, 4)),
        reserved: keys.optional("reserved", |node| field(node, 4)),
        checksum: keys.optional("checksum", checksum),
        ttl: keys.optional("ttl", |node| field(node, 8)),
        tos: keys.optional("tos", |node| field(node, 8)),
        dont_fragment: keys.optional("dont-fragment", Node::as_bool),
        to_port: keys.optional("to-port", |node| field(node, 16)),
        from_port: keys.optional("from-port", |node| field(node, 16)),
        to_address: keys.optional("to-address", word::<Nobody>),
        ip_options: keys.optional("ip-options", ip_options),
        fragments: keys.optional("fragments", |node| field(node, 16)),
    };
    Some(sent)
}

/// The error of an `icmp` step.
pub(super) fn icmp(keys: &mut Keys<'_, '_>) -> Option<Icmp> {
    let kind = keys.required("icmp", word::<IcmpName>);
    let quote = keys.required("quote", name);
    let mtu = keys.optional("mtu", |node| match kind {
        Some(IcmpName::PacketTooBig) | None => field(node, 32),
        Some(_) => Err(node.problem("only `packet-too-big` carries an MTU")),
    });
    if kind == Some(IcmpName::PacketTooBig) && keys.node("mtu").is_none() {
        let missing = keys.map().problem("`packet-too-big` needs the next hop's `mtu`");
        keys.problems().push(missing);
    }
    Some(Icmp { kind: kind?, mtu, quote: quote? })
}

/// `100`, `{text: abc}`, `{altered: 10}`.
fn data(node: &Node) -> Result<Data, Diagnostic> {
    let Ok(entries) = node.as_entries() else {
        return field(node, 16).map(Data::Stream).map_err(|problem| as_text(node, problem));
    };
    let fields = node.as_map(&["text", "altered"])?;
    match (entries.len(), fields.optional("text"), fields.optional("altered")) {
        (1, Some(text), _) => Ok(Data::Text(text.as_scalar()?.to_owned())),
        (1, _, Some(length)) => field(length, 16).map(Data::Altered),
        _ => Err(node.problem("expected one of `text` and `altered`")),
    }
}

/// `data: abc` was meant as text.
fn as_text(node: &Node, problem: Diagnostic) -> Diagnostic {
    let text = node.raw();
    if text.is_empty() || text.contains(['.', '$', '+', '*', '(']) {
        return problem;
    }
    problem.with_hint(format!("for these very octets write `data: {{text: '{text}'}}`"))
}

/// `raw "1e 04 00 00"`: so many octets that the header behind them still ends on its boundary.
fn ip_options(node: &Node) -> Result<Vec<u8>, Diagnostic> {
    match text(node, option_spec)? {
        OptionSpec::Raw(octets) if octets.len() <= MOST_IP_OPTIONS => Ok(octets),
        OptionSpec::Raw(_) => Err(node.problem(format!("at most {MOST_IP_OPTIONS} octets of IP options"))),
        _ => Err(node.problem("IP options are octets").with_hint("write `raw \"1e 04 00 00\"`".to_owned())),
    }
}

/// What an IPv4 header has room for.
const MOST_IP_OPTIONS: usize = 40;

/// `good`, `bad`, or a value.
fn checksum(node: &Node) -> Result<ChecksumSpec, Diagnostic> {
    match node.raw() {
        "good" => Ok(ChecksumSpec::Good),
        "bad" => Ok(ChecksumSpec::Bad),
        _ => field(node, 16)
            .map(ChecksumSpec::Value)
            .map_err(|problem| problem.with_hint("write `good`, `bad`, or a value".to_owned())),
    }
}
