//! A share of a run, where several machines run one suite.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The `index`th of `of` shares, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Its share of these trials. Shares have no trial in common, leave none out, and differ by one trial at
    /// most; the rows of a case, which take the same time, are spread over all of them.
    #[must_use]
    pub fn share(self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        ids.iter().skip(self.index - 1).step_by(self.of).cloned().collect()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// It is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share: the first of four is `1/4`, the last `4/4`")]
pub struct NoShard(String);

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        let no_shard = || NoShard(text.to_owned());
        let (index, of) = text.split_once('/').ok_or_else(no_shard)?;
        match (index.parse(), of.parse()) {
            (Ok(index), Ok(of)) if (1..=of).contains(&index) => Ok(Self { index, of }),
            _ => Err(no_shard()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn shares_are_the_whole_without_a_trial_twice() {
        for (count, of) in [(0, 1), (1, 1), (1, 3), (7, 3), (100, 7)] {
            let all: BTreeSet<_> = (0..count).map(|number| format!("case:v4:n={number}")).collect();
            let shares: Vec<_> = (1..=of).map(|index| Shard { index, of }.share(&all)).collect();
            let sizes: Vec<_> = shares.iter().map(BTreeSet::len).collect();
            assert_eq!(sizes.iter().sum::<usize>(), count, "none twice");
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            assert_eq!(shares.into_iter().flatten().collect::<BTreeSet<_>>(), all, "none left out");
        }
    }

    #[test]
    fn share_is_read_as_written_and_nothing_else() {
        assert_eq!("3/8".parse(), Ok(Shard { index: 3, of: 8 }));
        assert_eq!(Shard { index: 3, of: 8 }.to_string(), "3/8");
        for wrong in ["", "3", "/", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "one/3", "1/ 3"] {
            assert_eq!(wrong.parse::<Shard>(), Err(NoShard(wrong.into())));
        }
    }
}
