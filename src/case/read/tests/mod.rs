//! Each verb read into its whole typed value.

mod application;
mod expecting;
mod given;
mod sending;
mod structure;

use super::*;
use crate::case::expr::Expr;
use crate::case::model::{Step, StepKind};
use crate::case::parse_expression;
use crate::yaml::{Diagnostic, Place, Problems, parse};

/// A step as a case writes it, on one line.
#[derive(Clone, Copy)]
struct Text(&'static str);

impl Text {
    fn read(self) -> Result<Step, Vec<Diagnostic>> {
        let node = parse("s.yaml", self.0).expect("YAML");
        let mut list = node.clone();
        list.value = crate::yaml::Value::List(vec![node]);
        let mut problems = Problems::default();
        let connections = vec![MAIN.to_owned(), "b".to_owned()];
        let mut reader = StepReader { problems: &mut problems, connections, connection: Some(MAIN.into()) };
        let steps = reader.steps(&list);
        problems.finish(steps).map(|steps| steps.expect("a list")[0].clone())
    }

    fn step(self) -> Step {
        self.read().unwrap_or_else(|problems| panic!("{}: {problems:?}", self.0))
    }

    fn kind(self) -> StepKind {
        self.step().kind
    }

    /// Messages with their places.
    fn problems(self) -> Vec<String> {
        let problems = self.read().expect_err(self.0);
        problems.iter().map(ToString::to_string).collect()
    }

    /// Where `part` stands in the step.
    fn place(self, part: &str) -> Place {
        let before = self.0.find(part).unwrap_or_else(|| panic!("`{part}` in {}", self.0));
        let number = |text: &str| u32::try_from(text.chars().count()).expect("a short text");
        let column = number(&self.0[..before]) + 1;
        Place { file: "s.yaml".into(), line: 1, column, length: number(part) }
    }

    /// The expression `part`, its names placed where they stand in the step.
    fn expr(self, part: &str) -> Expr {
        parse_expression(part, &self.place(part)).expect(part).expr
    }
}
