//! The envdir format: a directory with one file per variable, as daemontools' envdir and runit's chpst read it.

use std::collections::BTreeMap;

use super::conf::Pairs;
use crate::model::environment::Environment;

/// File name -> bytes. A line feed is written as NUL. Each file ends in a newline, since an empty file would unset the
/// variable instead of setting it to an empty value.
pub(super) fn write(environment: &Environment) -> BTreeMap<String, Vec<u8>> {
    let file = |value: &str| -> Vec<u8> {
        let bytes = value.bytes().map(|b| if b == b'\n' { 0 } else { b });
        bytes.chain(*b"\n").collect()
    };
    environment
        .iter()
        .map(|(name, variable)| (name.to_string(), file(&variable.value)))
        .collect()
}

/// Reads as envdir does: the first line without spaces and tabs at its end, NUL as line feed; an empty file unsets.
pub(super) fn parse(directory: &BTreeMap<String, Vec<u8>>) -> Pairs {
    directory
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .map(|(name, bytes)| (name.clone(), first_line(bytes)))
        .collect()
}

fn first_line(bytes: &[u8]) -> Vec<u8> {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let kept = line
        .iter()
        .rposition(|b| !matches!(b, b' ' | b'\t'))
        .map_or(0, |last| last + 1);
    let value = line[..kept].iter();
    value.map(|&b| if b == 0 { b'\n' } else { b }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_counts_and_an_empty_file_unsets() {
        assert_eq!(first_line(b"a \0b \t\nc"), b"a \nb");
        let directory = BTreeMap::from([("A".to_owned(), vec![]), ("B".to_owned(), vec![b'\n'])]);
        assert_eq!(parse(&directory), [("B".to_owned(), vec![])]);
    }
}
