//! What the checks found: lines for people, JSON for programs, and the code to exit with.

use crate::cli::exit;
use crate::plural::plural;
use serde::Serialize;
use std::fmt::Write;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// As it must be.
    Ok(String),
    /// Verdicts are possible, but some may be lost.
    Warn { says: String, mend: String },
    /// This machine, or the profile, keeps the bench from judging.
    Bench { says: String, mend: String },
    /// The target does not answer as it must before it can be judged.
    Target { says: String, mend: String },
    /// It could not be looked at, for this reason.
    Skipped(String),
}

/// What all checks found, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// The target, as the command line names it.
    pub(super) target: String,
    lines: Vec<Line>,
    bench_fails: bool,
    target_fails: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Line {
    check: &'static str,
    mark: Mark,
    says: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
    /// The check for want of which it was not made.
    #[serde(skip)]
    lacking: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Mark {
    Ok,
    Warn,
    NotOk,
    Skipped,
}

impl Report {
    /// Nothing looked at yet.
    pub(super) fn of(target: &str) -> Self {
        Self { target: target.to_owned(), ..Self::default() }
    }

    /// Makes a check, unless one that it `needs` was not well.
    pub(super) fn check(
        &mut self,
        check: &'static str,
        needs: &[&'static str],
        look: impl FnOnce() -> Found,
    ) {
        match self.lacks(needs) {
            Some(lacking) => self.skip(check, lacking),
            None => self.add(check, look()),
        }
    }

    /// A check that cannot be made for want of another.
    pub(super) fn skip(&mut self, check: &'static str, lacking: &'static str) {
        // What that one lacked, if it was not made either.
        let first = self.lines.iter().find(|line| line.check == lacking).and_then(|line| line.lacking);
        let lacking = first.unwrap_or(lacking);
        self.add(check, Found::Skipped(format!("skipped: needs {lacking}")));
        if let Some(line) = self.lines.last_mut() {
            line.lacking = Some(lacking);
        }
    }

    /// The first of these checks that was not well.
    pub(super) fn lacks(&self, needs: &[&'static str]) -> Option<&'static str> {
        let is_missing = |line: &&Line| matches!(line.mark, Mark::NotOk | Mark::Skipped);
        self.lines.iter().filter(is_missing).map(|line| line.check).find(|check| needs.contains(check))
    }

    /// What a check found.
    pub(super) fn add(&mut self, check: &'static str, found: Found) {
        let (mark, says, mend) = match found {
            Found::Ok(says) => (Mark::Ok, says, None),
            Found::Warn { says, mend } => (Mark::Warn, says, Some(mend)),
            Found::Bench { says, mend } => {
                self.bench_fails = true;
                (Mark::NotOk, says, Some(mend))
            }
            Found::Target { says, mend } => {
                self.target_fails = true;
                (Mark::NotOk, says, Some(mend))
            }
            Found::Skipped(says) => (Mark::Skipped, says, None),
        };
        self.lines.push(Line { check, mark, says, mend, lacking: None });
    }

    /// The code to exit with: what is wrong with the bench outweighs what is wrong with the target.
    pub(super) fn code(&self) -> u8 {
        match (self.bench_fails, self.target_fails) {
            (true, _) => exit::BENCH_UNABLE,
            (false, true) => exit::UNREACHABLE,
            (false, false) => exit::GREEN,
        }
    }

    /// A line for each check, what mends it below, and a sentence at the end.
    pub(super) fn text(&self, is_coloured: bool) -> String {
        let width = self.lines.iter().map(|line| line.check.len()).max().unwrap_or_default();
        let mut text = String::new();
        for Line { check, mark, says, mend, .. } in &self.lines {
            let word = mark.word(is_coloured);
            let _ = writeln!(text, "{word}  {check:width$}  {says}");
            if let Some(mend) = mend {
                let _ = writeln!(text, "        mend: {mend}");
            }
        }
        let _ = writeln!(text, "\n{}", self.sentence());
        text
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'r> {
            target: &'r str,
            checks: &'r [Line],
            sentence: String,
            exit_code: u8,
        }
        let whole = Whole {
            target: &self.target,
            checks: &self.lines,
            sentence: self.sentence(),
            exit_code: self.code(),
        };
        serde_json::to_string(&whole).expect("strings and numbers can be written as JSON") + "\n"
    }

    fn sentence(&self) -> String {
        let target = &self.target;
        let count = |mark| self.lines.iter().filter(|line| line.mark == mark).count();
        let warnings = match count(Mark::Warn) {
            0 => String::new(),
            many => format!(", with {}", plural(many, "warning")),
        };
        let wrong = plural(count(Mark::NotOk), "check");
        match self.code() {
            exit::GREEN => format!("The bench can judge {target} here and now{warnings}."),
            exit::UNREACHABLE => {
                format!(
                    "The bench is ready, but {target} does not answer as it must: {wrong} not ok{warnings}."
                )
            }
            _ => format!("The bench cannot judge {target} here and now: {wrong} not ok{warnings}."),
        }
    }
}

impl Mark {
    fn word(self, is_coloured: bool) -> String {
        let (word, colour) = match self {
            Self::Ok => ("ok    ", 32),
            Self::Warn => ("warn  ", 33),
            Self::NotOk => ("not ok", 31),
            Self::Skipped => ("--    ", 2),
        };
        if is_coloured { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn warn() -> Found {
        Found::Warn { says: "small".into(), mend: "make it larger".into() }
    }

    fn bench() -> Found {
        Found::Bench { says: "down".into(), mend: "ip link set eth1 up".into() }
    }

    fn target() -> Found {
        Found::Target { says: "silent".into(), mend: "switch it on".into() }
    }

    fn ok() -> Found {
        Found::Ok("root".into())
    }

    fn report(found: impl IntoIterator<Item = Found>) -> Report {
        let mut report = Report::of("dut.yaml");
        found.into_iter().for_each(|found| report.add("one", found));
        report
    }

    #[test]
    fn code_names_the_bench_before_the_target_and_no_warning() {
        let codes = [
            report([ok(), warn()]),
            report([bench(), warn()]),
            report([target(), ok()]),
            report([target(), bench()]),
            report([Found::Skipped("it is none".into())]),
        ]
        .map(|report| report.code());
        assert_eq!(codes, [0, 6, 7, 6, 0]);
    }

    #[test]
    fn check_that_needs_another_is_made_only_if_that_was_well() {
        let mut report = Report::of("dut.yaml");
        report.check("rights", &[], ok);
        report.check("buffer", &["rights"], warn);
        report.check("interface", &["rights", "buffer"], bench);
        report.check("next hop", &["interface", "rights"], || panic!("it has no interface"));
        report.check("echo", &["next hop"], || panic!("it has no next hop"));
        report.check("clock", &[], ok);
        insta::assert_snapshot!(report.text(false), @r"
        ok      rights     root
        warn    buffer     small
                mend: make it larger
        not ok  interface  down
                mend: ip link set eth1 up
        --      next hop   skipped: needs interface
        --      echo       skipped: needs interface
        ok      clock      root

        The bench cannot judge dut.yaml here and now: 1 check not ok, with 1 warning.
        ");
    }

    #[test]
    fn last_sentence_says_what_the_code_says() {
        let sentences =
            [report([ok()]), report([warn(), warn()]), report([target()])].map(|report| report.sentence());
        assert_eq!(
            sentences,
            [
                "The bench can judge dut.yaml here and now.",
                "The bench can judge dut.yaml here and now, with 2 warnings.",
                "The bench is ready, but dut.yaml does not answer as it must: 1 check not ok.",
            ]
        );
    }

    #[test]
    fn colours_are_round_the_words_alone() {
        let text = report([ok(), bench()]).text(true);
        assert!(
            text.starts_with("\x1b[32mok    \x1b[0m  one  root\n\x1b[31mnot ok\x1b[0m  one  down\n"),
            "{text}"
        );
    }

    #[test]
    fn json_has_every_check_the_sentence_and_the_code() {
        insta::assert_snapshot!(report([ok(), target()]).json(), @r#"{"target":"dut.yaml","checks":[{"check":"one","mark":"ok","says":"root"},{"check":"one","mark":"not-ok","says":"silent","mend":"switch it on"}],"sentence":"The bench is ready, but dut.yaml does not answer as it must: 1 check not ok.","exit_code":7}"#);
    }
}
