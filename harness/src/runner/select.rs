//! Which trials a run is about.

use std::collections::BTreeSet;
use tcpspec_core::yaml::nearest;

/// What the user asked for, as libtest understands it, with several filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A trial is selected if its id contains one of these; all, if there are none.
    pub filters: Vec<String>,
    /// … or, with `exact`, is one of these.
    pub exact: bool,
    /// But not if its id contains (is, with `exact`) one of these.
    pub skip: Vec<String>,
    /// And only if it is one of these, where they are given: a share of the run, what failed in another.
    pub among: Option<BTreeSet<String>>,
}

impl Selection {
    /// Whether a trial is selected.
    #[must_use]
    pub fn selects(&self, id: &str) -> bool {
        let matches = |filter: &String| if self.exact { id == filter } else { id.contains(filter.as_str()) };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
            && self.among.as_ref().is_none_or(|ids| ids.contains(id))
    }

    /// For each filter that selects nothing at all: the filter, and the nearest thing there is.
    #[must_use]
    pub fn misses<'i>(&self, ids: &[&'i str]) -> Vec<(String, Option<&'i str>)> {
        let hits =
            |filter: &str| ids.iter().any(|id| if self.exact { *id == filter } else { id.contains(filter) });
        let missing = self.filters.iter().filter(|filter| !hits(filter));
        missing.map(|filter| (filter.clone(), suggestion(filter, ids))).collect()
    }
}

/// The nearest whole id, or the nearest part of one: an area, a file, a case.
fn suggestion<'i>(filter: &str, ids: &[&'i str]) -> Option<&'i str> {
    if let Some(whole) = nearest(filter, ids.iter().copied()) {
        return Some(whole);
    }
    let parts: BTreeSet<&'i str> = ids
        .iter()
        .flat_map(|id| {
            let case = id.split(':').next().unwrap_or(id);
            let ends = case.match_indices('/').map(|(at, _)| &case[..at]);
            ends.chain([case]).chain(case.split('/')).collect::<Vec<_>>()
        })
        .collect();
    nearest(filter, parts).or_else(|| most_in_common(filter, ids))
}

/// The id that has most words of the filter: `fifty:v4` means `close-wait/many/fifty-stay:v4`.
fn most_in_common<'i>(filter: &str, ids: &[&'i str]) -> Option<&'i str> {
    let words = |text: &'_ str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() > 1)
            .map(str::to_owned)
            .collect()
    };
    let wanted = words(filter);
    let common = |id: &&str| {
        let have = words(id);
        wanted.iter().filter(|word| have.contains(word)).count()
    };
    // The first of those with most: `max_by_key` would give the last.
    ids.iter().rev().copied().max_by_key(common).filter(|id| common(id) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const IDS: [&str; 3] = [
        "closing/active/four-segments:v4",
        "closing/active/four-segments:v6",
        "reset/window/at-rcv-nxt:v4:seq=2",
    ];

    fn selected(selection: &Selection) -> Vec<&'static str> {
        IDS.into_iter().filter(|id| selection.selects(id)).collect()
    }

    #[test]
    fn several_filters_select_what_any_of_them_does() {
        let filters = vec!["v6".to_owned(), "reset".to_owned()];
        let selection = Selection { filters, ..Selection::default() };
        assert_eq!(selected(&selection), [IDS[1], IDS[2]]);
    }

    #[test]
    fn exact_filters_and_skips_name_whole_ids() {
        let selection = Selection {
            filters: vec![IDS[0].into(), "closing".into()],
            exact: true,
            skip: vec![IDS[0].into()],
            ..Selection::default()
        };
        assert_eq!(selected(&selection), Vec::<&str>::new());
        let skip = vec!["closing".into()];
        let selection = Selection { filters: vec![IDS[0].into()], exact: true, skip, among: None };
        assert_eq!(selected(&selection), [IDS[0]]);
    }

    #[test]
    fn filters_and_a_given_set_both_have_to_select() {
        let among = Some([IDS[0], IDS[2]].map(str::to_owned).into());
        let selection = Selection { filters: vec!["closing".into()], among, ..Selection::default() };
        assert_eq!(selected(&selection), [IDS[0]]);
    }

    #[test]
    fn a_misspelt_filter_is_told_its_nearest_neighbour() {
        let filters = vec![
            "closng".into(),
            "closing/active/four-segment:v4".into(),
            "v4".into(),
            "rcv:v4".into(),
            "xx".into(),
        ];
        let selection = Selection { filters, ..Selection::default() };
        assert_eq!(
            selection.misses(&IDS),
            [
                ("closng".into(), Some("closing")),
                ("closing/active/four-segment:v4".into(), Some(IDS[0])),
                ("rcv:v4".into(), Some(IDS[2])),
                ("xx".into(), None),
            ]
        );
    }
}
