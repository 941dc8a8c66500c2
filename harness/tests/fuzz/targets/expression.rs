//! Expressions: what is read and shown reads the same again, and names stand where they are said to.

use tcpspec_core::case::{Expr, TextFaultKind, parse_expression};
use tcpspec_core::yaml::Place;

pub(crate) fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let place = place_of(text);
    let typed = match parse_expression(text, &place) {
        Ok(typed) => typed,
        Err(fault) => {
            assert!(text.get(fault.range.clone()).is_some(), "{fault:?} is not in the text");
            drop((fault.kind.to_string(), fault.kind.hint()));
            return;
        }
    };
    assert!(text.get(typed.range.clone()).is_some(), "{typed:?} is not in the text");
    for (name, at) in typed.expr.names() {
        let written: String = text.chars().skip(at.column as usize - 1).take(at.length as usize).collect();
        assert_eq!(written, name.to_string());
    }
    let shown = typed.expr.to_string();
    match parse_expression(&shown, &place_of(&shown)) {
        Ok(again) => {
            assert_eq!((again.kind, again.constant), (typed.kind, typed.constant));
            assert_eq!(without_places(again.expr), without_places(typed.expr), "{shown}");
        }
        // It has blanks, and whole numbers in decimal.
        Err(fault) => assert_eq!(fault.kind, TextFaultKind::TooLong, "{shown}"),
    }
}

fn place_of(text: &str) -> Place {
    Place { file: "fuzz".into(), line: 1, column: 1, length: text.chars().count() as u32 }
}

fn without_places(expr: Expr) -> Expr {
    match expr {
        Expr::Name(name, _) => Expr::Name(name, Place::start_of("fuzz".into())),
        Expr::Negated(inner) => Expr::Negated(Box::new(without_places(*inner))),
        Expr::Binary(operator, left, right) => {
            Expr::Binary(operator, Box::new(without_places(*left)), Box::new(without_places(*right)))
        }
        plain => plain,
    }
}
