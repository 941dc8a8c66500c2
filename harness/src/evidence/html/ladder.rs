//! A trial's ladder as SVG: the bench on the left, the target on the right, time downwards.

use super::markup::Html;
use crate::evidence::event::{Finding, Rung, RungKind, Story};
use crate::report::{shown, wrap};
use std::fmt::Write;

/// Where things stand, in units of which a letter is seven wide.
const WIDTH: usize = 1060;
const BENCH: usize = 110;
const TARGET: usize = 720;
const STEPS: usize = 736;
const LINE: usize = 15;
const MIDDLE: usize = (BENCH + TARGET) / 2;

/// Letters between the two ends, and in the column of the steps.
const LETTERS: usize = 80;
const STEP_LETTERS: usize = 46;

pub(super) fn ladder(html: &mut Html, story: &Story, findings: &[Finding]) {
    if story.ladder.is_empty() {
        return;
    }
    let mark = findings.first().and_then(|finding| finding.rung);
    let shown = shown(story.ladder.len(), mark);
    let several = {
        let mut names: Vec<_> = story.ladder.iter().filter_map(|rung| rung.connection.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        names.len() > 1
    };
    let mut drawing = Drawing { body: Html::default(), y: 2 * LINE };
    let mut left_out = 0;
    for (place, rung) in story.ladder.iter().enumerate() {
        if !shown(place) {
            left_out += 1;
            continue;
        }
        drawing.left_out(std::mem::take(&mut left_out));
        let found: Vec<_> = findings.iter().filter(|finding| finding.rung == Some(place)).collect();
        drawing.rung(rung, several, &found);
    }
    let Drawing { body, y } = drawing;
    let height = y + LINE;
    html.raw(&format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"ladder diagram\" xmlns=\"http://www.w3.org/2000/svg\">\n"
    ));
    for (x, name) in [(BENCH, "bench"), (TARGET, "target")] {
        let bottom = height - LINE / 2;
        html.raw(&format!("<text x=\"{x}\" y=\"12\" text-anchor=\"middle\">{name}</text>\n"));
        html.raw(&format!("<path class=\"life\" d=\"M{x} 18V{bottom}\"/>\n"));
    }
    html.raw(&body.into_text()).raw("</svg>\n");
}

struct Drawing {
    body: Html,
    /// The line to be written next.
    y: usize,
}

impl Drawing {
    fn rung(&mut self, rung: &Rung, several: bool, found: &[&Finding]) {
        let class = if found.is_empty() { "" } else { " class=\"broken\"" };
        let _ = self.body.raw(&format!("<g{class}>\n"));
        let top = self.y;
        self.text(0, top, "start", &format!("+{:.6}", rung.at_ns as f64 / 1e9));
        let name = rung.connection.as_deref().filter(|_| several).map(|name| format!("{name}: "));
        let note = rung.note.as_deref().map(|note| format!(" ({note})"));
        let label = format!("{}{}{}", name.unwrap_or_default(), rung.label, note.unwrap_or_default());
        let (x, anchor) = match rung.kind {
            RungKind::Sent | RungKind::Received | RungKind::Nothing => (MIDDLE, "middle"),
            RungKind::AtTarget => (TARGET - 10, "end"),
            RungKind::Remark => (BENCH + 10, "start"),
        };
        for line in wrap(&label, LETTERS) {
            self.text(x, self.y, anchor, &line);
            self.y += LINE;
        }
        if let Some(step) = &rung.step {
            let file = step.place.rsplit('/').next().unwrap_or_default();
            let text = format!("{file}  {}", step.text);
            for (row, line) in wrap(&text, STEP_LETTERS).iter().enumerate() {
                self.text(STEPS, top + row * LINE, "start", line);
                self.y = self.y.max(top + (row + 1) * LINE);
            }
        }
        let y = self.y - LINE / 2;
        let (left, right) = (BENCH + 2, TARGET - 2);
        let path = match rung.kind {
            RungKind::Sent => format!("M{left} {y}H{right}m-8 -4l8 4l-8 4"),
            RungKind::Received => format!("M{right} {y}H{left}m8 -4l-8 4l8 4"),
            RungKind::Nothing => format!("M{left} {y}H{right}"),
            RungKind::AtTarget => format!("M{} {y}h6v-4h-6z", TARGET - 3),
            RungKind::Remark => String::new(),
        };
        let class = if rung.kind == RungKind::Nothing { "nothing" } else { "arrow" };
        if !path.is_empty() {
            self.body.raw(&format!("<path class=\"{class}\" d=\"{path}\"/>\n"));
            self.y += LINE / 2;
        }
        for finding in found {
            for (row, line) in wrap(&finding.expected, LETTERS - 11).iter().enumerate() {
                let lead = if row == 0 { "✗ expected " } else { "           " };
                self.text(BENCH + 10, self.y + LINE / 2, "start", &format!("{lead}{line}"));
                self.y += LINE;
            }
        }
        self.body.raw("</g>\n");
        self.y += LINE / 2;
    }

    fn left_out(&mut self, count: usize) {
        if count > 0 {
            self.text(MIDDLE, self.y, "middle", &format!("… {count} events are left out …"));
            self.y += LINE + LINE / 2;
        }
    }

    fn text(&mut self, x: usize, y: usize, anchor: &str, text: &str) {
        let mut attributes = String::new();
        let _ = write!(attributes, " x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"");
        self.body.element("text", &attributes, text).raw("\n");
    }
}
