//! What holds for whatever a reader of text says.

use tcpspec_core::yaml::{Diagnostic, Place, render, render_coloured};

/// Refusals say something, point into the text, and can be drawn.
pub(crate) fn judge(problems: &[Diagnostic], file: &str, text: &str) {
    for problem in problems {
        assert!(!problem.message.is_empty());
        is_inside(&problem.place, file, text, problem);
        for place in problem.notes.iter().filter_map(|note| note.place.as_ref()) {
            is_inside(place, file, text, problem);
        }
        let drawn = render(problem, text);
        assert!(drawn.contains(file), "{drawn}");
        drop(render_coloured(problem, text));
    }
}

/// As [`judge`], of something that was refused.
pub(crate) fn refused(problems: &[Diagnostic], file: &str, text: &str) {
    assert!(!problems.is_empty(), "refused without a reason");
    judge(problems, file, text);
}

fn is_inside(place: &Place, file: &str, text: &str, problem: &Diagnostic) {
    assert_eq!(&*place.file, file);
    let line = place.line.checked_sub(1).and_then(|before| text.split('\n').nth(before as usize));
    let Some(line) = line else { panic!("no line {}: {problem:?}", place.line) };
    // One behind the last character is where something is missing.
    let end = line.chars().count() as u32 + 1;
    let last = place.column.checked_add(place.length).expect("a small length");
    assert!((1..=end).contains(&place.column) && last <= end + 1, "no column {last}: {problem:?}");
}
