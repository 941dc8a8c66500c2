//! Verdicts as KTAP version 1, for runners of kernel tests (the kernel's Documentation/dev-tools/ktap.rst).

use super::libtest::Printing;
use super::plan::Fate;
use super::verdicts::Word;
use std::io::{self, Write};

/// Prints the verdicts of these trials in the order of the plan, each as soon as those before it are known;
/// `true` beside a trial that is run.
///
/// # Errors
/// Of the writer.
pub fn tap(printing: &Printing, selected: &[(usize, bool)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "KTAP version 1\n1..{}", selected.len())?;
    for (number, (index, is_run)) in (1..).zip(selected) {
        let planned = &printing.plan.trials[*index];
        let told = if *is_run { verdict(printing, *index) } else { not_run(printing, *index, &planned.fate) };
        let Told { result, directive, diagnostics } = told;
        for line in diagnostics.lines() {
            writeln!(out, "# {line}")?;
        }
        let directive = match directive.as_str() {
            "" => String::new(),
            directive => format!(" # {}", directive.replace(['\n', '#'], " ")),
        };
        writeln!(out, "{result} {number} - {}{directive}", planned.id)?;
        out.flush()?;
    }
    Ok(())
}

struct Told {
    result: &'static str,
    directive: String,
    diagnostics: String,
}

fn not_run(printing: &Printing, index: usize, fate: &Fate) -> Told {
    let reason = match fate {
        Fate::Skip(reason) => {
            printing.verdicts.skipped(index);
            reason
        }
        Fate::Run | Fate::Slow => "it is slow: --include-ignored runs it",
    };
    Told { result: "ok", directive: format!("SKIP {reason}"), diagnostics: String::new() }
}

fn verdict(printing: &Printing, index: usize) -> Told {
    let Printing { plan, board, verdicts, .. } = printing;
    let finished = match board.take(index) {
        Ok(finished) => finished,
        Err(why) => {
            let said = verdicts.never_ran(plan, index, &why);
            let diagnostics = said.err().unwrap_or_default();
            return Told { result: "not ok", directive: format!("ERROR {why}"), diagnostics };
        }
    };
    let diagnostics = verdicts.judge(plan, &finished).err().unwrap_or_default();
    let weighed = verdicts.weigh(&plan.trials[index].id, &finished.outcome);
    let saw = |word: &str| {
        let first = finished.outcome.findings.first();
        first.map_or(word.to_owned(), |it| format!("{word}: expected {}; saw {}", it.expected, it.saw))
    };
    let directive = match weighed.word {
        Word::Pass | Word::Fail => String::new(),
        Word::Info => "info".into(),
        Word::Deviation => saw("deviation from a SHOULD"),
        Word::Expected => {
            let reasons: Vec<_> = weighed.entries.iter().map(|entry| entry.reason.as_str()).collect();
            format!("XFAIL {}", reasons.join("; "))
        }
        Word::Skip => "SKIP".into(),
        Word::Inconclusive => "inconclusive: the state from which the case starts was not reached".into(),
        Word::Error => {
            let first = finished.outcome.findings.first();
            format!("ERROR {}", first.map_or("the bench failed", |finding| &finding.saw))
        }
    };
    Told { result: if weighed.red { "not ok" } else { "ok" }, directive, diagnostics }
}
