//! A trial's ladder as SVG: the bench on the left, the target on the right, time downwards.

use super::markup::Html;
use crate::evidence::event::{Finding, Rung, RungKind, Step, Story};
use crate::report::{shown, wrap};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Where things stand, in units of which a letter is seven wide. All but the steps fits a phone.
const WIDTH: usize = 790;
const BENCH: usize = 80;
const TARGET: usize = 464;
const STEPS: usize = 478;
const LINE: usize = 15;
const MIDDLE: usize = (BENCH + TARGET) / 2;

/// Letters between the two ends, and in the column of the steps.
const LETTERS: usize = 52;
const STEP_LETTERS: usize = 44;

pub(super) fn ladder(html: &mut Html, story: &Story, findings: &[Finding]) {
    if story.ladder.is_empty() {
        return;
    }
    let mark = findings.first().and_then(|finding| finding.rung);
    let shown = shown(story.ladder.len(), mark);
    let names: BTreeSet<_> = story.ladder.iter().filter_map(|rung| rung.connection.as_deref()).collect();
    let mut drawing = Drawing { several: names.len() > 1, y: 5 * LINE / 2, ..Drawing::default() };
    let mut left_out = 0;
    for (place, rung) in story.ladder.iter().enumerate() {
        if !shown(place) {
            left_out += 1;
            continue;
        }
        drawing.left_out(std::mem::take(&mut left_out));
        let found: Vec<_> = findings.iter().filter(|finding| finding.rung == Some(place)).collect();
        drawing.rung(rung, &found);
    }
    drawing.finish(html);
}

/// Arrows of one kind are one path: a page of many trials has few elements then.
#[derive(Default)]
struct Drawing<'r> {
    body: Html,
    arrows: String,
    nothing: String,
    /// The line to be written next.
    y: usize,
    /// Whether connections are named.
    several: bool,
    /// The last step written: it is not said twice.
    step: Option<&'r Step>,
    /// Whether what was written last belongs to the way into the first state.
    preparing: bool,
}

impl<'r> Drawing<'r> {
    fn rung(&mut self, rung: &'r Rung, found: &[&Finding]) {
        self.part(rung.step.as_ref());
        if !found.is_empty() {
            self.body.raw("<g class=\"broken\">");
        }
        let top = self.y;
        self.text(0, top, "", &format!("+{:.6}", rung.at_ns as f64 / 1e9));
        let name = rung.connection.as_deref().filter(|_| self.several).map(|name| format!("{name}: "));
        let note = rung.note.as_deref().map(|note| format!(" ({note})"));
        let label = format!("{}{}{}", name.unwrap_or_default(), rung.label, note.unwrap_or_default());
        let (x, class) = match rung.kind {
            RungKind::Sent | RungKind::Received | RungKind::Nothing => (MIDDLE, "m"),
            RungKind::AtTarget => (TARGET - 10, "e"),
            RungKind::Remark => (BENCH + 10, ""),
        };
        for line in wrap(&label, LETTERS) {
            self.text(x, self.y, class, &line);
            self.y += LINE;
        }
        self.arrow(rung.kind, !found.is_empty());
        if let Some(step) = rung.step.as_ref().filter(|step| self.step != Some(step) || !found.is_empty()) {
            self.step = Some(step);
            let file = step.place.rsplit('/').next().unwrap_or_default();
            for (row, line) in wrap(&format!("{file} {}", step.text), STEP_LETTERS).iter().enumerate() {
                self.text(STEPS, top + row * LINE, "s", line);
                self.y = self.y.max(top + (row + 1) * LINE);
            }
        }
        for finding in found {
            self.y += LINE / 3;
            for (row, line) in wrap(&finding.expected, LETTERS - 11).iter().enumerate() {
                let lead = if row == 0 { "✗ expected " } else { "           " };
                self.text(BENCH + 10, self.y + LINE / 2, "", &format!("{lead}{line}"));
                self.y += LINE;
            }
        }
        if !found.is_empty() {
            self.body.raw("</g>");
        }
        self.y += LINE / 2;
        // One line of the file for each: what stands between two elements is a node for the browser, too.
        self.body.raw("\n");
    }

    /// The way into the first state is not what the case is about.
    fn part(&mut self, step: Option<&Step>) {
        let Some(preparing) = step.map(|step| step.preparing) else { return };
        if preparing && !self.preparing {
            self.body.raw("<g class=\"way\">");
        } else if !preparing && self.preparing {
            self.body.raw("</g>");
            self.text(MIDDLE, self.y, "m s", "· · · here the case itself begins · · ·");
            self.y += LINE + LINE / 2;
        }
        self.preparing = preparing;
    }

    fn arrow(&mut self, kind: RungKind, broken: bool) {
        let y = self.y - LINE / 2;
        let (left, right) = (BENCH + 2, TARGET - 2);
        let path = match kind {
            RungKind::Sent => format!("M{left} {y}H{right}m-8-4l8 4l-8 4"),
            RungKind::Received => format!("M{right} {y}H{left}m8-4l-8 4l8 4"),
            RungKind::Nothing => format!("M{left} {y}H{right}"),
            RungKind::AtTarget => format!("M{} {}h6v-6h-6z", TARGET - 3, y - LINE / 2),
            RungKind::Remark => return,
        };
        if kind != RungKind::AtTarget {
            self.y += LINE / 2;
        }
        match (kind, broken) {
            (RungKind::Nothing, true) => path_of(&mut self.body, "nothing", &path),
            (_, true) => path_of(&mut self.body, "arrow", &path),
            (RungKind::Nothing, false) => self.nothing += &path,
            (_, false) => self.arrows += &path,
        }
    }

    fn left_out(&mut self, count: usize) {
        if count > 0 {
            self.text(MIDDLE, self.y, "m", &format!("… {count} events are left out …"));
            self.y += LINE + LINE / 2;
        }
    }

    fn text(&mut self, x: usize, y: usize, class: &str, text: &str) {
        let mut attributes = String::new();
        if !class.is_empty() {
            let _ = write!(attributes, " class=\"{class}\"");
        }
        let _ = write!(attributes, " x=\"{x}\" y=\"{y}\"");
        self.body.element("text", &attributes, text);
    }

    fn finish(mut self, html: &mut Html) {
        if self.preparing {
            self.body.raw("</g>");
        }
        let height = self.y + LINE / 2;
        html.raw(&format!(
            "<div class=\"ladder\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"ladder diagram\" xmlns=\"http://www.w3.org/2000/svg\">"
        ));
        html.raw(&format!("<text class=\"m\" x=\"{BENCH}\" y=\"12\">bench</text>"));
        html.raw(&format!("<text class=\"e\" x=\"{}\" y=\"12\">target</text>", TARGET + 6));
        path_of(html, "life", &format!("M{BENCH} 18V{height}M{TARGET} 18V{height}"));
        for (class, path) in [("arrow", &self.arrows), ("nothing", &self.nothing)] {
            if !path.is_empty() {
                path_of(html, class, path);
            }
        }
        html.raw(&self.body.into_text()).raw("</svg></div>\n");
    }
}

fn path_of(html: &mut Html, class: &str, path: &str) {
    html.raw(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
}
