//! The known word that somebody may have meant who wrote another one.

/// The largest edit distance of a near miss (design.md section 3).
const DISTANCE: usize = 2;

/// The known word that differs in case only, else the nearest within two edits; of several the first.
pub(crate) fn near_miss<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Option<&'k str> {
    let mut words = known.clone().into_iter();
    words
        .find(|known| known.eq_ignore_ascii_case(word))
        .or_else(|| nearest(word, known, |_, _| true))
}

/// The other word that differs in case only, else the nearest within two edits that are less than half of it: short names
/// such as `A_URL` and `B_URL` are alike by design. Of several the first in alphabetical order.
pub(crate) fn near_name<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    let in_other_case = |known: &&&str| known.eq_ignore_ascii_case(word) && **known != word;
    if let Some(same) = known.iter().find(in_other_case) {
        return Some(*same);
    }
    nearest(word, known, |distance, known| {
        distance > 0 && distance * 2 < known.len()
    })
}

fn nearest<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
    is_near: impl Fn(usize, &str) -> bool,
) -> Option<&'k str> {
    let with_distance = |known: &'k str| (strsim::damerau_levenshtein(word, known), known);
    known
        .into_iter()
        .map(with_distance)
        .filter(|(distance, known)| *distance <= DISTANCE && is_near(*distance, known))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_edits_are_near_and_three_are_not() {
        let known = ["requires", "provides"];
        assert_eq!(near_miss("requiers", known), Some("requires"));
        assert_eq!(near_miss("requi", known), None);
        assert_eq!(near_miss("REQUIRES", known), Some("requires"));
    }

    #[test]
    fn a_near_name_is_another_one_and_mostly_the_same() {
        for (word, known, expected) in [
            ("API_URL", &["API_URI", "API_URL"][..], Some("API_URI")),
            ("API_URL", &["API_URL"], None),
            ("DB", &["DC"], None),
            ("A_URL", &["C_URL", "B_URL"], Some("B_URL")),
            ("API_URL", &["APIURI", "API_URK"], Some("API_URK")),
            ("ABC", &["ABCDE", "AB"], Some("ABCDE")),
            ("api_url", &["API_URL", "api_uri"], Some("API_URL")),
            ("API", &["API", "api"], Some("api")),
        ] {
            assert_eq!(near_name(word, known.iter().copied()), expected, "{word}");
        }
    }
}
