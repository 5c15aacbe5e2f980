//! Texts that are nearly right, each with a canary in every value: no message may show one.

use proptest::test_runner::RngSeed;

use super::seed;

/// What every value of an original consists of: a part of it that is left, or cut in two, still has a whole one.
const CANARY: &str = "zq7V";

/// What parsers, terminals and shells give a meaning.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"'",
    b"\\",
    b"\\\"",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"\x1b[2J",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc2\x85",
    b"\xe2\x80\xae",
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"-",
    b"1e999",
    b"99999999999999999999",
    b"-1",
    b"0.5",
    b"{A}",
    b"{A|url}",
    b"{{",
    b"}}",
    b"${A}",
    b"{PORT}",
    b"@",
    b"://",
    b"#",
    b"//",
    b"=",
    b"export ",
    b"$(id)",
    b"`id`",
    b"{{#each variables}}",
    b"{{/each}}",
    b"{{env.",
    b"\"version\": 2,",
    b"\"id\": 1,",
    b"\"x\": [{\"y\": null}],",
];

/// Draws mutants, the same for the same seed.
pub(crate) struct Mutants {
    state: u64,
}

impl Mutants {
    /// Prints the seed, which a failure shows.
    pub(crate) fn new() -> Self {
        let RngSeed::Fixed(state) = seed::config().rng_seed else {
            panic!("the configuration fixes its seed");
        };
        Self { state }
    }

    /// A number below `limit`, which is not 0 (splitmix64).
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).unwrap();
        usize::try_from((mixed ^ (mixed >> 31)) % limit).unwrap()
    }

    /// A mutant of the text in which `$` stands for a value.
    pub(crate) fn of(&mut self, original: &str) -> Vec<u8> {
        let mut text = original.replace('$', &CANARY.repeat(3)).into_bytes();
        for _ in 0..=self.below(3) {
            self.mutate(&mut text);
        }
        text
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let short = (at + 1 + self.below(8)).min(text.len());
        let long = at + self.below(text.len() - at + 1);
        match self.below(10) {
            0 | 1 => drop(text.drain(at..short)),
            2 => drop(text.drain(at..long)),
            3 => {
                let copied = text[at..long].to_vec();
                let to = self.below(text.len() + 1);
                text.splice(to..to, copied);
            }
            4 => text.truncate(at),
            5 if at < text.len() => text[at] = u8::try_from(self.below(256)).unwrap(),
            6 => {
                let many = [b"[".repeat(5000), b"9".repeat(400), b"x".repeat(70_000)];
                let piece = &many[self.below(many.len())];
                text.splice(at..at, piece.iter().copied());
            }
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                text.splice(at..at, piece.iter().copied());
            }
        }
    }
}

/// Whether a message shows a part of a value of this mutant. A mutant in which the canary became a key, a reference or an
/// id has it where messages name what they are about, and shows nothing.
pub(crate) fn shows_a_value(mutant: &[u8], message: &str) -> bool {
    message.contains(CANARY) && !is_a_name(&String::from_utf8_lossy(mutant))
}

/// Whether the canary is in a key, between braces, in an id or in a name of a registry key or of a variable.
fn is_a_name(text: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text[from..].find(CANARY).map(|at| from + at) {
        let (before, after) = (&text[..at], &text[at + CANARY.len()..]);
        let end = after
            .find('"')
            .map_or("", |quote| after[quote + 1..].trim_start());
        let start = before.rfind('"').map_or(before, |quote| &before[..quote]);
        let label = start.trim_end().trim_end_matches(':').trim_end();
        let labels = [
            "\"id\"",
            "\"federation\"",
            "\"node\"",
            "\"region\"",
            "\"service\"",
        ];
        let in_string = &before[start.len()..];
        let is_variable = !before.ends_with(['\'', '"'])
            && after
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric())
                .starts_with('=');
        if end.starts_with(':')
            || in_string.contains('{')
            || is_endpoint(before)
            || labels.iter().any(|known| label.ends_with(known))
            || is_variable
        {
            return true;
        }
        from = at + CANARY.len();
    }
    false
}

/// Whether the text ends in the list of endpoints, which are named where they have no password in them.
fn is_endpoint(before: &str) -> bool {
    let list = before.rfind("\"endpoints\"");
    list.is_some_and(|list| !before[list..].contains(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_is_another_and_a_seed_draws_the_same() {
        let draw = |state| {
            let mut mutants = Mutants { state };
            (0..50)
                .map(|_| mutants.of(r#"{"id": "api", "A": "$"}"#))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut drawn = draw(1);
        drawn.sort();
        drawn.dedup();
        assert!(drawn.len() > 45, "{}", drawn.len());
    }

    #[test]
    fn a_canary_is_found_unless_it_is_a_name() {
        let shown = format!("error: {CANARY}");
        for (mutant, shows) in [
            (r#"{"A": "zq7Vzq7V"}"#, true),
            (r#"{"zq7V": 1}"#, false),
            (r#"{"A": "{zq7V}"}"#, false),
            (r#"{"id": "zq7V"}"#, false),
            (r#"{"endpoints": ["a", "ht/zq7Vtps://b"]}"#, false),
            (r#"{"endpoints": ["a"], "user": "zq7V"}"#, true),
            ("export zq7V='x'", false),
            ("export A='zq7V'", true),
        ] {
            assert_eq!(shows_a_value(mutant.as_bytes(), &shown), shows, "{mutant}");
        }
        assert!(!shows_a_value(b"zq7V", "error: all is well hidden"));
    }
}
