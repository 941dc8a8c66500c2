//! Text in lines of a given width.

/// Cuts `text` into lines of at most `width` characters, between words where it can. At least one
/// line comes, be it empty.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let gap = usize::from(used > 0);
        if used > 0 && used + gap + length > width {
            lines.push(String::new());
            used = 0;
        }
        for (place, character) in word.chars().enumerate() {
            if used >= width {
                lines.push(String::new());
                used = 0;
            }
            let Some(line) = lines.last_mut() else { break };
            if place == 0 && used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push(character);
            used += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn words_fill_lines_and_a_word_longer_than_a_line_is_cut() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 6), ["one", "two", "three"]);
        assert_eq!(wrap("a option-254=00112233", 8), ["a", "option-2", "54=00112", "233"]);
        assert_eq!(wrap("öäü öä", 3), ["öäü", "öä"]);
        assert_eq!((wrap("", 9), wrap("ab", 0)), (vec![String::new()], vec!["a".into(), "b".into()]));
    }
}
