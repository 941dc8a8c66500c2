use super::*;
use crate::app::SocketOption;
use crate::case::model::{App, AppAction, Data, Nobody};
use pretty_assertions::assert_eq;
use std::time::Duration;

fn app(action: AppAction) -> StepKind {
    StepKind::App(App { action, within: None, label: None })
}

fn kind(action: &str) -> StepKind {
    Text(format!("{{app: {action}}}").leak()).kind()
}

#[test]
fn every_action_is_read() {
    let actions = [
        ("listen", AppAction::Listen),
        ("accept", AppAction::Accept),
        ("connect", AppAction::Connect),
        ("send 100", AppAction::Send(Data::Stream(Expr::Int(100)))),
        (
            "send 2*50",
            AppAction::Send(Data::Stream(
                parse_expression("2*50", &Text("x").place("x")).expect("a product").expr,
            )),
        ),
        (r#"send "a \"b\"\r\n""#, AppAction::Send(Data::Text("a \"b\"\r\n".into()))),
        ("receive 100", AppAction::Receive(Data::Stream(Expr::Int(100)))),
        (r#"receive "abc""#, AppAction::Receive(Data::Text("abc".into()))),
        ("send urgent 3", AppAction::SendUrgent(Data::Stream(Expr::Int(3)))),
        ("send urgent \"a\"", AppAction::SendUrgent(Data::Text("a".into()))),
        ("connect to multicast", AppAction::ConnectToNobody(Nobody::Multicast)),
        ("connect to broadcast", AppAction::ConnectToNobody(Nobody::Broadcast)),
        ("shutdown", AppAction::Shutdown),
        ("close", AppAction::Close),
        ("close listener", AppAction::CloseListener),
        ("abort", AppAction::Abort),
        ("kill", AppAction::Kill),
        ("expect connected", AppAction::ExpectConnected),
        ("expect eof", AppAction::ExpectEof),
        ("expect reset", AppAction::ExpectReset),
        ("expect refused", AppAction::ExpectRefused),
        ("expect timeout", AppAction::ExpectTimeout),
        ("expect error", AppAction::ExpectError),
        ("expect urgent", AppAction::ExpectUrgent),
        ("expect no-urgent", AppAction::ExpectNoUrgent),
        ("expect nothing", AppAction::ExpectNothing),
        ("expect no-connection", AppAction::ExpectNoConnection),
    ];
    for (text, action) in actions {
        assert_eq!(kind(text), app(action), "{text}");
    }
}

#[test]
fn every_socket_option_can_be_set() {
    let options = [
        ("nodelay on", SocketOption::NoDelay(true)),
        ("keep-alive off", SocketOption::KeepAlive(false)),
        ("keep-alive-idle 2h", SocketOption::KeepAliveIdle(Duration::from_secs(7200))),
        ("keep-alive-interval 1s", SocketOption::KeepAliveInterval(Duration::from_secs(1))),
        ("keep-alive-count 3", SocketOption::KeepAliveCount(3)),
        ("user-timeout 1500ms", SocketOption::UserTimeout(Duration::from_millis(1500))),
        ("receive-buffer 4096", SocketOption::ReceiveBuffer(4096)),
        ("send-buffer 4096", SocketOption::SendBuffer(4096)),
        ("maximum-segment 536", SocketOption::MaximumSegment(536)),
        ("urgent-inline on", SocketOption::UrgentInline(true)),
        ("ttl 33", SocketOption::TimeToLive(33)),
        ("tos 0", SocketOption::TypeOfService(0)),
        ("tos 255", SocketOption::TypeOfService(255)),
        ("error-reports off", SocketOption::ErrorReports(false)),
    ];
    for (text, option) in options {
        assert_eq!(kind(&format!("set {text}")), app(AppAction::Set(option)), "{text}");
    }
}

#[test]
fn an_action_has_its_own_wait_and_label() {
    assert_eq!(
        Text("{app: expect eof, within: 3s, as: end}").kind(),
        StepKind::App(App {
            action: AppAction::ExpectEof,
            within: Some(Expr::Duration(Duration::from_secs(3))),
            label: Some("end".into()),
        })
    );
}

#[test]
fn broken_actions_say_what_is_wrong_with_them() {
    let problems = [
        "lsten",
        "close listner",
        "send",
        "send 'x'",
        r#"send "x"#,
        r#"send "\x""#,
        "expect",
        "expect rest",
        "set nodelay",
        "set nodelay yes",
        "set keep-alive-idle 10",
        "set keep-alive-idle 1500ms",
        "set keep-alive-count 200",
        "set speed 9",
        "set ttl 0",
        "set tos 256",
        "connect to nobody",
        "receive 1s",
    ]
    .map(|action| {
        let text = Text(format!("{{app: {action}}}").leak());
        text.problems().join("; ").trim_start_matches("s.yaml:1:").to_owned()
    });
    assert_eq!(
        problems,
        [
            "7: `lsten` is not an action of the application",
            "13: `listner` is too much here",
            "11: a value is missing here",
            "12: a value is missing here",
            "14: the closing quote is missing here",
            "13: `\\x` means nothing here",
            "13: something that an application observes is missing here",
            "14: `rest` is not something that an application observes",
            "18: on or off is missing here",
            "19: `yes` is not on or off",
            "27: this is a number, a duration is needed",
            "27: this option counts whole seconds, at least one",
            "28: expected a number from 1 to 127",
            "11: `speed` is not an option of a socket",
            "15: expected a number from 1 to 255",
            "15: expected a number from 0 to 255",
            "18: `nobody` is not an address of nobody",
            "15: this is a duration, a number is needed",
        ]
    );
}
