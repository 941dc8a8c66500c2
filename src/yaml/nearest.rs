//! The word that was probably meant.

/// The candidate that `word` was probably meant to be: the nearest one by letters typed wrong,
/// left out, added or swapped, whatever their case and however the words in it are joined. `None`
/// where nothing is near enough (one slip for each three letters).
pub fn nearest<'c, C>(word: &str, candidates: C) -> Option<&'c str>
where
    C: IntoIterator<Item = &'c str>,
{
    let word = folded(word);
    let slips_allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (folded(candidate), candidate))
        // Each character more or less is a slip: what is far too long need not be compared.
        .filter(|(folded, _)| folded.len().abs_diff(word.len()) <= slips_allowed)
        .map(|(folded, candidate)| (distance(&word, &folded), candidate))
        .filter(|(slips, _)| *slips <= slips_allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `X`?", or all that is possible where nothing is near and the choice is small.
pub(crate) fn did_you_mean(word: &str, candidates: &[&str]) -> Option<String> {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => Some(format!("did you mean `{candidate}`?")),
        None if candidates.is_empty() || candidates.len() > 24 => None,
        None => Some(format!("possible here: {}", candidates.join(", "))),
    }
}

fn folded(word: &str) -> Vec<char> {
    let is_joint = |character: &char| matches!(character, '-' | '_' | ' ');
    word.chars().filter(|character| !is_joint(character)).flat_map(char::to_lowercase).collect()
}

/// Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &right) in b.iter().enumerate() {
            let changed = last[j] + usize::from(left != right);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn misspelt_words_find_the_word_meant() {
        let words = ["steps", "given", "then", "requirements", "RCV.NXT", "SND.NXT", "MUST-13", "MUST-31"];
        let found = [
            "step",
            "gievn",
            "requirement",
            "rcv.nxt",
            "RCV.NTX",
            "MUST-113",
            "MUST_31",
            "checksum",
            "x",
            "",
        ]
        .map(|word| nearest(word, words));
        assert_eq!(
            found,
            [
                Some("steps"),
                Some("given"),
                Some("requirements"),
                Some("RCV.NXT"),
                Some("RCV.NXT"),
                Some("MUST-13"),
                Some("MUST-31"),
                None,
                None,
                None
            ]
        );
    }

    #[test]
    fn distances_count_a_swap_as_one_slip() {
        let between = |a: &str, b: &str| distance(&folded(a), &folded(b));
        let distances =
            [between("", "abc"), between("ab", "ba"), between("kitten", "sitting"), between("Ack", "aCK")];
        assert_eq!(distances, [3, 1, 3, 0]);
    }
}
