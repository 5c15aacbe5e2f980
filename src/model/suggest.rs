//! What somebody may have meant who wrote something else.

/// How many letters may be wrong in a near miss (design.md section 3).
const DISTANCE: usize = 2;

/// The known word that is at most two letters away; of several the nearest, ties by their order.
pub(crate) fn near_miss<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let with_distance = |known: &'k str| (strsim::damerau_levenshtein(word, known), known);
    known
        .into_iter()
        .map(with_distance)
        .filter(|(distance, _)| *distance <= DISTANCE)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// As [`near_miss`], but a word that differs in case only is the nearest of all.
pub(crate) fn meant<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Option<&'k str> {
    let mut words = known.clone().into_iter();
    words
        .find(|known| known.eq_ignore_ascii_case(word))
        .or_else(|| near_miss(word, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_are_near_and_three_are_not() {
        let known = ["requires", "provides"];
        assert_eq!(near_miss("requiers", known), Some("requires"));
        assert_eq!(near_miss("requi", known), None);
        assert_eq!(near_miss("REQUIRES", known), None);
        assert_eq!(meant("REQUIRES", known), Some("requires"));
    }
}
