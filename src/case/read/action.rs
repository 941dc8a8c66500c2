//! `app:` actions in the text of a case: `send 100`, `set nodelay on`, `expect eof`.

use super::pattern::typed;
use crate::app::SocketOption;
use crate::case::expr_parse::read_duration;
use crate::case::model::{AppAction, Data};
use crate::case::text::{Input, Parsed, cut, fixed_word, here, keyword, quoted, rest, skip_blanks, word};
use crate::case::text_fault::TextFaultKind;
use crate::case::types::Type;
use crate::case::words::Word;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What the application does, or must observe.
pub(super) fn action(input: &mut Input<'_>) -> Parsed<AppAction> {
    Ok(match fixed_word(input)? {
        Verb::Listen => AppAction::Listen,
        Verb::Accept => AppAction::Accept,
        Verb::Connect if keyword(input, "to") => AppAction::ConnectToNobody(fixed_word(input)?),
        Verb::Connect => AppAction::Connect,
        Verb::Send if keyword(input, "urgent") => AppAction::SendUrgent(stream_or_text(input)?),
        Verb::Send => AppAction::Send(stream_or_text(input)?),
        Verb::Receive => AppAction::Receive(stream_or_text(input)?),
        Verb::Shutdown => AppAction::Shutdown,
        Verb::Close if keyword(input, "listener") => AppAction::CloseListener,
        Verb::Close => AppAction::Close,
        Verb::Abort => AppAction::Abort,
        Verb::Kill => AppAction::Kill,
        Verb::Set => AppAction::Set(socket_option(input)?),
        Verb::Expect => fixed_word::<Observation>(input)?.action(),
    })
}

/// `nodelay on`, `receive-buffer 4096`: the values are literal.
pub(super) fn socket_option(input: &mut Input<'_>) -> Parsed<SocketOption> {
    Ok(match fixed_word(input)? {
        OptionWord::NoDelay => SocketOption::NoDelay(on_or_off(input)?),
        OptionWord::KeepAlive => SocketOption::KeepAlive(on_or_off(input)?),
        OptionWord::KeepAliveIdle => SocketOption::KeepAliveIdle(whole_seconds(input)?),
        OptionWord::KeepAliveInterval => SocketOption::KeepAliveInterval(whole_seconds(input)?),
        OptionWord::KeepAliveCount => SocketOption::KeepAliveCount(number(input, 1..=127)?),
        OptionWord::UserTimeout => SocketOption::UserTimeout(duration(input)?),
        OptionWord::ReceiveBuffer => SocketOption::ReceiveBuffer(number(input, 1..=MAX_BUFFER)?),
        OptionWord::SendBuffer => SocketOption::SendBuffer(number(input, 1..=MAX_BUFFER)?),
        OptionWord::MaximumSegment => SocketOption::MaximumSegment(number(input, 1..=65535)?),
        OptionWord::UrgentInline => SocketOption::UrgentInline(on_or_off(input)?),
        OptionWord::TimeToLive => SocketOption::TimeToLive(octet(input, 1)?),
        OptionWord::TypeOfService => SocketOption::TypeOfService(octet(input, 0)?),
        OptionWord::ErrorReports => SocketOption::ErrorReports(on_or_off(input)?),
    })
}

/// `100` or `"text"`.
fn stream_or_text(input: &mut Input<'_>) -> Parsed<Data> {
    if rest(input).starts_with('"') {
        return quoted(input).map(|(text, _)| Data::Text(text));
    }
    typed(input, Type::Int).map(|length| Data::Stream(length.expr))
}

fn on_or_off(input: &mut Input<'_>) -> Parsed<bool> {
    fixed_word::<Switch>(input).map(|switch| switch == Switch::On)
}

fn duration(input: &mut Input<'_>) -> Parsed<Duration> {
    let (text, range) = word(input);
    if text.is_empty() {
        return cut(TextFaultKind::Missing("a duration"), here(input));
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        let kind = TextFaultKind::WrongType { found: Type::Int, wanted: Type::Duration };
        return cut(kind, range);
    }
    let duration = read_duration(text).or_else(|kind| cut(kind, range))?;
    skip_blanks(input);
    Ok(duration)
}

fn whole_seconds(input: &mut Input<'_>) -> Parsed<Duration> {
    let start = here(input).start;
    let duration = duration(input)?;
    let is_whole = duration.subsec_nanos() == 0 && !duration.is_zero();
    if is_whole { Ok(duration) } else { cut(TextFaultKind::NotWholeSeconds, start..here(input).start) }
}

fn octet(input: &mut Input<'_>, least: u32) -> Parsed<u8> {
    number(input, least..=255).map(|value| u8::try_from(value).expect("at most 255"))
}

fn number(input: &mut Input<'_>, allowed: RangeInclusive<u32>) -> Parsed<u32> {
    let (text, range) = word(input);
    if text.is_empty() {
        return cut(TextFaultKind::Missing("a number"), here(input));
    }
    let out_of_bounds =
        || TextFaultKind::OutOfBounds { least: (*allowed.start()).into(), most: (*allowed.end()).into() };
    let Some(value) = text.parse().ok().filter(|value| allowed.contains(value)) else {
        return cut(out_of_bounds(), range);
    };
    skip_blanks(input);
    Ok(value)
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Listen,
    Accept,
    Connect,
    Send,
    Receive,
    Shutdown,
    Close,
    Abort,
    Kill,
    Set,
    Expect,
}

impl Word for Verb {
    const KIND: &'static str = "an action of the application";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("listen", Self::Listen),
        ("accept", Self::Accept),
        ("connect", Self::Connect),
        ("send", Self::Send),
        ("receive", Self::Receive),
        ("shutdown", Self::Shutdown),
        ("close", Self::Close),
        ("abort", Self::Abort),
        ("kill", Self::Kill),
        ("set", Self::Set),
        ("expect", Self::Expect),
    ];
}

#[derive(Clone, Copy, PartialEq)]
enum Observation {
    Connected,
    Eof,
    Reset,
    Refused,
    Timeout,
    Error,
    Urgent,
    NoUrgent,
    Nothing,
    NoConnection,
}

impl Observation {
    const fn action(self) -> AppAction {
        match self {
            Self::Connected => AppAction::ExpectConnected,
            Self::Eof => AppAction::ExpectEof,
            Self::Reset => AppAction::ExpectReset,
            Self::Refused => AppAction::ExpectRefused,
            Self::Timeout => AppAction::ExpectTimeout,
            Self::Error => AppAction::ExpectError,
            Self::Urgent => AppAction::ExpectUrgent,
            Self::NoUrgent => AppAction::ExpectNoUrgent,
            Self::Nothing => AppAction::ExpectNothing,
            Self::NoConnection => AppAction::ExpectNoConnection,
        }
    }
}

impl Word for Observation {
    const KIND: &'static str = "something that an application observes";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("connected", Self::Connected),
        ("eof", Self::Eof),
        ("reset", Self::Reset),
        ("refused", Self::Refused),
        ("timeout", Self::Timeout),
        ("error", Self::Error),
        ("urgent", Self::Urgent),
        ("no-urgent", Self::NoUrgent),
        ("nothing", Self::Nothing),
        ("no-connection", Self::NoConnection),
    ];
}

#[derive(Clone, Copy, PartialEq)]
enum OptionWord {
    NoDelay,
    KeepAlive,
    KeepAliveIdle,
    KeepAliveInterval,
    KeepAliveCount,
    UserTimeout,
    ReceiveBuffer,
    SendBuffer,
    MaximumSegment,
    UrgentInline,
    TimeToLive,
    TypeOfService,
    ErrorReports,
}

impl Word for OptionWord {
    const KIND: &'static str = "an option of a socket";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("nodelay", Self::NoDelay),
        ("keep-alive", Self::KeepAlive),
        ("keep-alive-idle", Self::KeepAliveIdle),
        ("keep-alive-interval", Self::KeepAliveInterval),
        ("keep-alive-count", Self::KeepAliveCount),
        ("user-timeout", Self::UserTimeout),
        ("receive-buffer", Self::ReceiveBuffer),
        ("send-buffer", Self::SendBuffer),
        ("maximum-segment", Self::MaximumSegment),
        ("urgent-inline", Self::UrgentInline),
        ("ttl", Self::TimeToLive),
        ("tos", Self::TypeOfService),
        ("error-reports", Self::ErrorReports),
    ];
}

#[derive(Clone, Copy, PartialEq)]
enum Switch {
    On,
    Off,
}

impl Word for Switch {
    const KIND: &'static str = "on or off";
    const WORDS: &'static [(&'static str, Self)] = &[("on", Self::On), ("off", Self::Off)];
}

/// The largest buffer that a case may ask for.
const MAX_BUFFER: u32 = 64 << 20;
