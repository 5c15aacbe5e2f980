//! Golden texts: `tests/golden/<case>.txt` holds what was said once and judged right; `UPDATE=1` writes it anew.

use std::{env, fs, path::Path};

use super::diff;

/// Compares `actual` with the golden text of `case` (a path below `tests/golden/`, without `.txt`).
#[track_caller]
pub(crate) fn check(case: &str, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = env::var_os("UPDATE").is_some_and(|value| value == "1");
    if let Err(difference) = compare(&folder.join(format!("{case}.txt")), actual, update) {
        panic!("`{case}` differs from its golden text (UPDATE=1 takes the new one):\n{difference}");
    }
}

/// Compares `actual` with a text that stands in the test: for short ones.
#[track_caller]
pub(crate) fn same(expected: &str, actual: &str) {
    assert!(
        expected == actual,
        "not what is expected:\n{}",
        diff::lines(expected, actual)
    );
}

fn compare(path: &Path, actual: &str, update: bool) -> Result<(), String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual && path.exists() {
        return Ok(());
    }
    if !update {
        return Err(diff::lines(&expected, actual));
    }
    let folder = path.parent().expect("a golden text lies in a folder");
    fs::create_dir_all(folder).expect("the folder of golden texts can be made");
    fs::write(path, actual).expect("a golden text can be written");
    Ok(())
}

/// `text` with every time, RFC 3339 or a Unix time of this century in digits, replaced by `[TIME]`.
pub(crate) fn mask_times(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = masked.ends_with(|c: char| c.is_ascii_alphanumeric());
        let length = if after_word { 0 } else { time_length(rest) };
        if length > 0 {
            masked.push_str("[TIME]");
            rest = &rest[length..];
        } else {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    masked
}

/// `text` with the id of every lease, which is random, replaced by `[LEASE]`.
pub(crate) fn mask_leases(text: &str) -> String {
    let mut parts = text.split(LEASE);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked += LEASE;
        masked += "[LEASE]";
        masked += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    masked
}

/// What stands before the id of a lease in JSON.
const LEASE: &str = "\"lease\":\"";

/// How many bytes at the start of `text` are a time; 0 if none.
fn time_length(text: &str) -> usize {
    let shape: String = text
        .chars()
        .take(20)
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    if !shape.starts_with("0000-00-00T00:00:00") {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unix_time = match digits {
            10 => ("1500000000".."4102444800").contains(&text),
            13 => ("1500000000000".."4102444800000").contains(&text),
            _ => false,
        };
        return if unix_time { digits } else { 0 };
    }
    let fraction = text[19..]
        .bytes()
        .take_while(|b| *b == b'.' || b.is_ascii_digit())
        .count();
    let zone = match text.as_bytes().get(19 + fraction) {
        Some(b'Z') => 1,
        Some(b'+' | b'-') => 6,
        _ => 0,
    };
    (19 + fraction + zone).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_masked_and_other_numbers_stay() {
        assert_eq!(
            mask_times(
                "at 2026-11-24T12:54:34Z, `2026-11-24T12:54:34.123+01:00`, 1795524874 or 1795524874123."
            ),
            "at [TIME], `[TIME]`, [TIME] or [TIME]."
        );
        let others =
            "port 2379, revision 12, 10.0.0.5, 2026-11-24, 9999999999, 179552487, x1795524874 é";
        assert_eq!(mask_times(others), others);
    }

    #[test]
    fn ids_of_leases_are_masked() {
        let text = r#"{"lease":"96feea","revision":4,"lease":null}"#;
        let masked = r#"{"lease":"[LEASE]","revision":4,"lease":null}"#;
        assert_eq!(mask_leases(text), masked);
    }

    #[test]
    fn a_difference_is_an_error_until_it_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some/case.txt");
        assert!(compare(&path, "", false).is_err(), "a missing golden text");
        assert_eq!(
            compare(&path, "new\n", false).unwrap_err(),
            "+new\n(only one of them ends with a newline)\n"
        );
        compare(&path, "new\n", true).unwrap();
        compare(&path, "new\n", false).unwrap();
        assert_eq!(
            compare(&path, "newer\n", false).unwrap_err(),
            "-new\n+newer\n"
        );
    }
}
