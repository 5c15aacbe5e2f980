//! The lines in which two texts differ.

use std::fmt::Write as _;

/// A diff of lines: `-` is only in `expected`, `+` only in `actual`; every common line is shown as well.
pub(crate) fn lines(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let common = common_suffixes(&old, &new);
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (mark, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', old[i - 1])
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        writeln!(text, "{mark}{line}").expect("a String takes every text");
    }
    if expected.ends_with('\n') != actual.ends_with('\n') {
        text.push_str("(only one of them ends with a newline)\n");
    }
    text
}

/// For every pair of suffixes: the length of their longest common subsequence.
fn common_suffixes(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = if old[i] == new[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_went_and_came_are_marked() {
        assert_eq!(
            lines("a\nb\nc\nd\n", "a\nc\nx\nd\n"),
            " a\n-b\n c\n+x\n d\n"
        );
    }

    #[test]
    fn a_missing_final_newline_is_reported() {
        assert!(lines("a\n", "a").contains("newline"));
    }
}
