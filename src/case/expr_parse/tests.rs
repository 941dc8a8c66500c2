use super::*;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

fn place_of_whole(text: &str) -> Place {
    let length = u32::try_from(text.chars().count()).expect("a short text");
    Place { file: "a.yaml".into(), line: 3, column: 10, length }
}

fn parse(text: &str) -> Result<Typed, TextFault> {
    parse_expression(text, &place_of_whole(text))
}

/// The expression with every operation in parentheses.
fn structure(text: &str) -> String {
    fn show(expr: &Expr) -> String {
        match expr {
            Expr::Negated(inner) => format!("(-{})", show(inner)),
            Expr::Binary(operator, a, b) => format!("({}{}{})", show(a), operator.symbol(), show(b)),
            other => other.to_string(),
        }
    }
    parse(text).map_or_else(|fault| format!("{fault:?}"), |typed| show(&typed.expr))
}

fn fault(text: &str) -> (Range<usize>, String) {
    let fault = parse(text).expect_err("a fault");
    (fault.range, fault.kind.to_string())
}

#[test]
fn operators_bind_as_usual() {
    let structures =
        ["1 + 2 * 3 - 4", "(1 + 2) * 3", "10 - 3 - 2", "-2 * 3", "8 / 2 % 3", "1 - -1", "1+2"].map(structure);
    assert_eq!(
        structures,
        ["((1+(2*3))-4)", "((1+2)*3)", "((10-3)-2)", "((-2)*3)", "((8/2)%3)", "(1-(-1))", "(1+2)"]
    );
}

#[test]
fn names_are_variables_fields_and_values_of_the_profile() {
    let place = |column, length| Place { column, length, ..place_of_whole("") };
    let variable = |connection: Option<&str>, variable| Name::Variable {
        connection: connection.map(str::to_owned),
        variable,
    };
    let field = |label: &str, field| Name::Label { label: label.into(), field };
    let found: Vec<_> = ["RCV.NXT", "b.SND.UNA", "fin.seq", "target-fin.end", "DELAYED-ACK", "$i"]
        .map(|text| parse(text).map(|typed| (typed.expr, typed.kind, typed.constant)))
        .into();
    assert_eq!(
        found,
        [
            Ok((Expr::Name(variable(None, Variable::RcvNxt), place(10, 7)), Type::Seq, false)),
            Ok((Expr::Name(variable(Some("b"), Variable::SndUna), place(10, 9)), Type::Seq, false)),
            Ok((Expr::Name(field("fin", LabelField::Seq), place(10, 7)), Type::Seq, false)),
            Ok((Expr::Name(field("target-fin", LabelField::End), place(10, 14)), Type::Seq, false)),
            Ok((Expr::Name(Name::Profile("DELAYED-ACK".into()), place(10, 11)), Type::Duration, true)),
            Ok((Expr::Name(Name::LoopIndex, place(10, 2)), Type::Int, true)),
        ]
    );
}

#[test]
fn every_variable_and_field_is_read() {
    for name in Variable::words() {
        let typed = parse(name).expect(name);
        assert_eq!(typed.expr.to_string(), name);
    }
    for name in LabelField::words() {
        let typed = parse(&format!("x-1.{name}")).expect(name);
        assert_eq!(typed.expr.to_string(), format!("x-1.{name}"));
    }
}

#[test]
fn a_name_keeps_its_place_in_the_file() {
    let typed = parse("1 + (fin.seq)").expect("an expression");
    let Expr::Binary(_, _, right) = typed.expr else { panic!("a sum") };
    let Expr::Name(_, place) = *right else { panic!("a name") };
    assert_eq!(place, Place { file: "a.yaml".into(), line: 3, column: 15, length: 7 });
}

#[test]
fn numbers_and_durations_have_their_forms() {
    let values = ["100", "0x7fff_ffff", "1_000", "1s", "200ms", "1s500ms", "2m", "0.2s", "1.5ms", "1h"]
        .map(|text| parse(text).map(|typed| typed.expr));
    let millis = |millis| Ok(Expr::Duration(Duration::from_millis(millis)));
    assert_eq!(
        values,
        [
            Ok(Expr::Int(100)),
            Ok(Expr::Int(0x7fff_ffff)),
            Ok(Expr::Int(1000)),
            millis(1000),
            millis(200),
            millis(1500),
            millis(120_000),
            millis(200),
            Ok(Expr::Duration(Duration::from_micros(1500))),
            millis(3_600_000),
        ]
    );
}

#[test]
fn types_follow_from_the_operands() {
    let kinds = [
        "RCV.NXT + RCV.WND - 1",
        "SND.NXT - SND.UNA",
        "fin.time - syn.time",
        "fin.time + 1s",
        "2 * MSL",
        "MSL / 2",
        "1 + RCV.NXT",
        "RCV.NXT % 2",
        "$i * 100",
    ]
    .map(|text| parse(text).map(|typed| (typed.kind, typed.constant)));
    assert_eq!(
        kinds,
        [
            Ok((Type::Seq, false)),
            Ok((Type::Int, false)),
            Ok((Type::Duration, false)),
            Ok((Type::Time, false)),
            Ok((Type::Duration, true)),
            Ok((Type::Duration, true)),
            Ok((Type::Seq, false)),
            Ok((Type::Int, false)),
            Ok((Type::Int, true)),
        ]
    );
}

#[test]
fn faults_say_what_is_wrong_and_where() {
    let cases = [
        ("", 0..0, "a value is missing here"),
        ("1 +", 3..3, "a value is missing here"),
        ("(1 + 2", 6..6, "`)` is missing here"),
        ("1 2", 2..3, "`2` is too much here"),
        ("fin.seq-1", 0..9, "a minus between two values needs a blank on both sides"),
        ("RCV.NXT-1", 0..9, "a minus between two values needs a blank on both sides"),
        ("1.5", 0..3, "`1.5` is not a whole number"),
        ("fin.seq -1", 8..10, "a minus between two values needs a blank on both sides"),
        ("(1)- 1", 3..4, "a minus between two values needs a blank on both sides"),
        ("RCV.NXT + RCV.WMD", 10..17, "`RCV.WMD` is neither a variable nor a value of the profile"),
        ("rcv.nxt", 0..7, "`rcv.nxt` is neither a variable nor a value of the profile"),
        ("fin.seqq", 4..8, "a segment has no field `seqq`"),
        ("fin", 0..3, "`fin` alone is not a value"),
        ("$seq + 1", 0..4, "`$seq` is not in the table of this case"),
        ("1sec", 0..4, "`sec` is not a unit of time"),
        ("2MSL", 0..4, "`MSL` is not a unit of time"),
        ("0xzz", 0..4, "`0xzz` is not a number"),
        ("99999999999999999999", 0..20, "`99999999999999999999` is too large"),
        ("99999999999d", 0..12, "`99999999999d` is too large"),
        ("1 + 1s", 0..6, "a number + a duration means nothing"),
        ("RCV.NXT * 2", 0..11, "a sequence number * a number means nothing"),
        ("fin.time + syn.time", 0..19, "a point in time + a point in time means nothing"),
        ("-1s", 1..3, "a duration cannot be negated"),
        ("SND.NXT / 0", 10..11, "this divides by zero"),
        ("é", 0..2, "a value is missing here"),
    ];
    for (text, range, message) in cases {
        assert_eq!(fault(text), (range, message.to_owned()), "{text}");
    }
}

#[test]
fn hints_name_what_is_near() {
    let hints = ["RCV.NTX", "fin.sequence", "fin.sqe", "fin", "1sec", "b.RCV.NTX", "DELAYED_ACK"]
        .map(|text| parse(text).expect_err("a fault").kind.hint());
    let hint = |text: &str| Some(text.to_owned());
    assert_eq!(
        hints,
        [
            hint("did you mean `RCV.NXT`?"),
            None,
            hint("did you mean `seq`?"),
            hint("name a field of it: `fin.seq`"),
            hint("units: ns, us, ms, s, m, h, d"),
            hint("did you mean `RCV.NXT`?"),
            hint("did you mean `DELAYED-ACK`?"),
        ]
    );
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}1{}", "(".repeat(30), ")".repeat(30));
    assert_eq!(fault(&deep), (20..21, "more than 20 parentheses are open here".into()));
    assert_eq!(fault(&"- ".repeat(40)).1, "more than 20 parentheses are open here");
    let long = "1+".repeat(300);
    assert_eq!(fault(&long), (0..600, "this is longer than 500 characters".into()));
}

fn any_expr() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0_i64..1000).prop_map(|value| value.to_string()),
        Just("RCV.NXT".to_owned()),
        Just("b.ISS".to_owned()),
        Just("target-fin.seq".to_owned()),
        Just("$i".to_owned()),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), "[-+*/%]").prop_map(|(a, b, op)| format!("{a} {op} ({b})")),
            (inner.clone(), inner.clone(), "[-+*/%]").prop_map(|(a, b, op)| format!("({a}) {op} {b}")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_shown_reads_back_the_same(text in any_expr()) {
        if let Ok(typed) = parse(&text) {
            let shown = typed.expr.to_string();
            let again = parse(&shown).expect("reads back");
            prop_assert_eq!(again.expr.to_string(), shown);
            prop_assert_eq!(structure(&again.expr.to_string()), structure(&text));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_text_of_its_own_characters_is_read_or_refused(text in "[-+*/%().$a-cRCV.NXT0-9sm ]{0,60}") {
        if let Err(fault) = parse(&text) {
            prop_assert!(text.get(fault.range).is_some());
        }
    }
}
