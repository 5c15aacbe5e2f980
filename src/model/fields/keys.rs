//! Sections, and keys that they do not have.

use crate::model::{document_reader::DocumentReader, json::JsonObject, suggest};

impl DocumentReader<'_> {
    /// The object at a key of the top, with unknown keys reported; `None` if the key is missing or `null`.
    pub(in crate::model) fn section<'o>(
        &mut self,
        top: &'o JsonObject,
        key: &str,
        known: &[&str],
    ) -> Option<&'o JsonObject> {
        let object = self.object(key, top.get_non_null(key)?)?;
        self.reject_unknown_keys(key, object, known);
        Some(object)
    }

    /// Reports keys that are a near miss of a known one; all others may belong to another program.
    pub(in crate::model) fn reject_near_misses(&mut self, object: &JsonObject, known: &[&str]) {
        for member in &object.members {
            let key = &member.key[..];
            if known.contains(&key) || key.starts_with("x-") {
                continue;
            }
            // Every key of two letters is a near miss of `id`, so only a missing `id` makes one suspicious.
            let candidates = known.iter().copied();
            let candidates = candidates.filter(|k| *k != "id" || object.get("id").is_none());
            if let Some(meant) = suggest::near_miss(key, candidates) {
                self.report(member.start, format!("unknown key `{key}`"))
                    .hint(format!(
                        "did you mean `{meant}`? custom keys can be named `x-{key}`"
                    ));
            }
        }
    }

    /// As [`Self::reject_unknown_keys`], but `x-…` keys may hold what people note down, and the caller reports `others`.
    pub(in crate::model) fn reject_unknown_keys_but(
        &mut self,
        others: &[&str],
        within: &str,
        object: &JsonObject,
        known: &[&str],
    ) {
        let is_other = |key: &str| key.starts_with("x-") || others.contains(&key);
        self.reject_keys(within, object, known, is_other);
    }

    /// Reports every key that is not known; `within` names the object, empty for the top.
    pub(in crate::model) fn reject_unknown_keys(
        &mut self,
        within: &str,
        object: &JsonObject,
        known: &[&str],
    ) {
        self.reject_keys(within, object, known, |_| false);
    }

    fn reject_keys(
        &mut self,
        within: &str,
        object: &JsonObject,
        known: &[&str],
        is_other: impl Fn(&str) -> bool,
    ) {
        for member in &object.members {
            let key = &member.key[..];
            if known.contains(&key) || is_other(key) {
                continue;
            }
            let label = match within {
                "" => key.to_owned(),
                within => format!("{within}.{key}"),
            };
            let mut problem = self.report(member.start, format!("unknown key `{label}`"));
            match suggest::near_miss(key, known.iter().copied()) {
                Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                None => problem.hint(format!("known keys: {}", known.join(", "))),
            };
        }
    }
}
