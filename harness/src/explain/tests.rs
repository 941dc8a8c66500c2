use super::*;
use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use tcpspec_core::ledger::Ledger;

/// Two cases of our own, and two ledgers that speak of them.
fn known() -> Known {
    let text = "about: x

cases:
  refused:
    title: A segment with ACK draws a RST
    requirements: [ev-closed-ack, MUST-13]
    effect: Peers of a dead process learn of it only by waiting.
    faults: [closed-port-silent]
    given: CLOSED
    steps:
      - {send: ACK, ack: 7}
      - {expect: RST, seq: 7}
  closing:
    title: The target's FIN is acknowledged
    requirements: [MUST-13]
    effect: A close that nobody sees.
    given: ESTABLISHED
    steps:
      - app: close
      - {expect: FIN ACK}
    then: FIN-WAIT-1
";
    let suite = Suite::read(vec![("cases/area/file.yaml".to_owned(), text)]);
    let ledger = |text: &str| Ledger::read("ledger.yaml", text).expect("a ledger");
    Known {
        catalogue: Catalogue::embedded(),
        suite: suite.unwrap_or_else(|problems| panic!("{problems:?}")),
        faults: FaultCatalogue::embedded().expect("the built-in faults are in order"),
        ledgers: [
            (
                "Linux",
                ledger(
                    "entries:\n- {case: area/file/refused, finding: time-wait-too-long, reason: It is off., \
                     source: a.c, when: {kernel: '>= 6.5'}}\n",
                ),
            ),
            (
                "smoltcp",
                ledger(
                    "entries:\n- {case: 'area/file/*:v4', finding: wrong-state, reason: &r It forgets., source: &s b.rs}\n\
                     - {case: area/file/closing, finding: time-wait-too-long, reason: *r, source: *s}\n",
                ),
            ),
        ],
    }
}

fn page(id: &str) -> String {
    known().explain(id).unwrap_or_else(|stop| panic!("{}", stop.message))
}

/// A requirement with its section, a case with its steps, a trial with only what concerns it, a finding with
/// its meaning, a fault with its findings; all with what stacks do.
#[test]
fn each_kind_of_id_has_a_page_of_its_own() {
    let pages = [
        ("requirement", "MUST-13"),
        ("case", "area/file/refused"),
        ("trial", "area/file/closing:v6"),
        ("finding", "time-wait-too-long"),
        ("fault", "closed-port-silent"),
    ];
    for (kind, id) in pages {
        assert_snapshot!(kind, page(id));
    }
}

#[test]
fn unknown_id_is_a_mistake_that_names_the_nearest_of_any_kind() {
    let message = |id: &str| {
        let stop = known().explain(id).expect_err("a mistake");
        (stop.code, stop.message)
    };
    let meant = |id: &str, near: &str| {
        assert_eq!(message(id), (exit::USAGE, format!("nothing is called `{id}`; did you mean `{near}`?")));
    };
    meant("must13", "MUST-13");
    meant("area/file/refusd", "area/file/refused");
    meant("area/file/closing:v5", "area/file/closing:v4");
    meant("wrong-sate", "wrong-state");
    meant("closed-port-silnet", "closed-port-silent");
    assert_eq!(
        message("closing:v").1,
        "nothing is called `closing:v`; `tcpspec --list closing:v` lists the trials that contain it"
    );
    assert_eq!(
        message("xyzzyxyzzyxyzzy").1,
        "nothing is called `xyzzyxyzzyxyzzy`: no requirement, case, trial, finding or fault"
    );
}

#[test]
fn everything_that_has_an_id_is_explained() {
    let known = Known::read(None).unwrap_or_else(|stop| panic!("{}", stop.message));
    let codes = FindingCode::ALL.iter().map(|code| code.code());
    let cases = known.suite.cases().map(RawCase::id);
    let last = known.suite.trials().last().map(|trial| trial.id.to_string());
    let ids: Vec<&str> = cases.chain(codes).chain(known.faults.names()).chain(last.as_deref()).collect();
    for id in ids {
        let page = known.explain(id).unwrap_or_else(|stop| panic!("{}", stop.message));
        assert!(page.starts_with(&format!("{id}  (")), "{page}");
    }
    for requirement in known.catalogue.iter().step_by(20) {
        assert!(known.explain(&requirement.id).is_ok_and(|page| page.contains(&requirement.citation())));
    }
}
