use super::*;
use crate::app::SocketOption;
use crate::case::model::{Given, Opening, Then};
use crate::state::State;
use pretty_assertions::assert_eq;

fn read(text: &'static str) -> Result<Vec<Given>, Vec<String>> {
    let node = parse("s.yaml", text).expect("YAML");
    let mut problems = Problems::default();
    let given = given(&node, &mut problems);
    problems.finish(given).map_err(|all| all.iter().map(ToString::to_string).collect())
}

fn plain(connection: &str, state: State, place: Place) -> Given {
    Given {
        connection: connection.into(),
        state,
        by: None,
        irs: None,
        mss: None,
        window_scale: None,
        sack: false,
        timestamps: false,
        window: None,
        sent: 0,
        unacked: 0,
        backlog: None,
        socket_options: Vec::new(),
        place,
    }
}

#[test]
fn given_is_a_state() {
    let text = Text("FIN-WAIT-1");
    assert_eq!(read(text.0), Ok(vec![plain("main", State::FinWait1, text.place(text.0))]));
}

#[test]
fn given_has_every_option() {
    let text = Text(
        "{state: ESTABLISHED, by: active, irs: 0xfffffff0, mss: 536, window-scale: 3, sack: yes, timestamps: true, \
         window: 1000, sent: 100, unacked: 3, backlog: 5, set: [nodelay on]}",
    );
    let place = read(text.0).expect("given")[0].place.clone();
    assert_eq!(
        read(text.0),
        Ok(vec![Given {
            by: Some(Opening::Active),
            irs: Some(Expr::Int(0xffff_fff0)),
            mss: Some(Some(536)),
            window_scale: Some(3),
            sack: true,
            timestamps: true,
            window: Some(1000),
            sent: 100,
            unacked: 3,
            backlog: Some(5),
            socket_options: vec![SocketOption::NoDelay(true)],
            ..plain("main", State::Established, place)
        }])
    );
    let no_mss = read("{state: LISTEN, mss: none}").expect("given");
    assert_eq!(no_mss[0].mss, Some(None));
}

#[test]
fn given_names_several_connections() {
    let text = Text("{a: ESTABLISHED, b: {state: LISTEN, by: passive}}");
    let found = read(text.0).expect("given");
    let inner = found[1].place.clone();
    assert_eq!(
        found,
        [
            plain("a", State::Established, text.place("ESTABLISHED")),
            Given { by: Some(Opening::Passive), ..plain("b", State::Listen, inner) },
        ]
    );
}

#[test]
fn given_refuses_what_cannot_be() {
    let problems = [
        "ESTABLISHD",
        "{}",
        "{state: SYN-SENT, by: passive}",
        "{state: LISTEN, by: active}",
        "{state: LISTEN, unacked: 5}",
        "{state: LISTEN, mss: big}",
        "{state: LISTEN, window-scale: 300}",
        "{state: ESTABLISHED, irs: RCV.NXT}",
        "{stat: ESTABLISHED, by: active}",
    ]
    .map(|text| read(text).expect_err(text));
    let problem = |text: &str| vec![text.to_owned()];
    assert_eq!(
        problems,
        [
            problem("s.yaml:1:1: `ESTABLISHD` is not a state of RFC 9293"),
            problem("s.yaml:1:1: `given` is empty"),
            problem("s.yaml:1:23: SYN-SENT cannot be reached by a passive open"),
            problem("s.yaml:1:21: LISTEN cannot be reached by an active open"),
            problem("s.yaml:1:26: in LISTEN the application cannot have sent data"),
            problem("s.yaml:1:22: expected a whole number, found text"),
            problem("s.yaml:1:31: expected a number from 0 to 255"),
            problem("s.yaml:1:27: this must be known before the run: no variable and no label"),
            vec!["s.yaml:1:25: `active` is not a state of RFC 9293".to_owned(),],
        ]
    );
}

#[test]
fn then_is_a_state_or_one_for_each_connection() {
    let given = read("{a: ESTABLISHED, b: LISTEN}").expect("given");
    let end = |given: &[Given], text: &'static str| {
        let mut problems = Problems::default();
        let then = then(&parse("s.yaml", text).expect("YAML"), given, &mut problems);
        problems.finish(then).map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let text = Text("{b: CLOSED}");
    let closed = Then { connection: "b".into(), state: State::Closed, place: text.place("CLOSED") };
    assert_eq!(end(&given, text.0), Ok(vec![closed]));
    let problem = |text: &str| Err(vec![text.to_owned()]);
    assert_eq!(
        end(&given, "CLOSED"),
        problem("s.yaml:1:1: with several connections `then` names each of them")
    );
    assert_eq!(end(&given, "{c: CLOSED}"), problem("s.yaml:1:2: there is no connection `c`"));
    let alone = &given[..1];
    let text = Text("CLOSED");
    let closed = Then { connection: "a".into(), state: State::Closed, place: text.place("CLOSED") };
    assert_eq!(end(alone, text.0), Ok(vec![closed]));
}
