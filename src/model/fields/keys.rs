//! Keys that are not known: a slip near to a known one, or nothing that is ours.

use crate::model::{findings::Findings, json::Object, suggest};

impl Findings<'_> {
    /// Tells keys that are a near miss of a known one; others may be anybody's.
    pub(in crate::model) fn near_misses(&mut self, object: &Object, known: &[&str]) {
        for member in &object.members {
            let key = &member.key[..];
            if known.contains(&key) || key.starts_with("x-") {
                continue;
            }
            // Every key of two letters is near to `id`: that says nothing unless `id` is missing.
            let candidates = known.iter().copied();
            let candidates = candidates.filter(|k| *k != "id" || object.get("id").is_none());
            if let Some(meant) = suggest::near_miss(key, candidates) {
                self.tell(member.start, format!("unknown key `{key}`"))
                    .hint(format!(
                        "did you mean `{meant}`? a key of your own can be named `x-{key}`"
                    ));
            }
        }
    }

    /// Tells every key that is not known; `within` names the object, empty for the top.
    pub(in crate::model) fn unknown(&mut self, within: &str, object: &Object, known: &[&str]) {
        for member in &object.members {
            let key = &member.key[..];
            if known.contains(&key) {
                continue;
            }
            let label = match within {
                "" => key.to_owned(),
                within => format!("{within}.{key}"),
            };
            let mut told = self.tell(member.start, format!("unknown key `{label}`"));
            match suggest::meant(key, known.iter().copied()) {
                Some(meant) => told.hint(format!("did you mean `{meant}`?")),
                None => told.hint(format!("known here: {}", known.join(", "))),
            };
        }
    }
}
