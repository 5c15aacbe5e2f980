//! Positions inside JSON strings: from a byte of the value to the byte of the text that wrote it.

/// The byte of `text` that wrote the byte `decoded` of a string's value; `start` is the string's opening quote.
pub(crate) fn source_offset(text: &str, start: usize, decoded: usize) -> usize {
    let mut at = start + 1;
    let mut passed = 0;
    while passed < decoded {
        let Some((written, value)) = text.get(at..).and_then(character) else {
            break;
        };
        at += written;
        passed += value;
    }
    at
}

/// How many bytes the first character takes in the text, and how many in the value.
fn character(rest: &str) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    if !rest.starts_with("\\u") {
        return Some((2, 1));
    }
    let code = u32::from_str_radix(rest.get(2..6)?, 16).ok()?;
    // Half of a surrogate pair is no character: the two escapes of a pair make one character of four bytes.
    Some(char::from_u32(code).map_or((12, 4), |c| (6, c.len_utf8())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_counted_as_they_are_written() {
        let text = r#"x"é\n\u00e9\ud83d\ude00{""#;
        let decoded = "é\né😀".len();
        assert_eq!(source_offset(text, 1, decoded), text.find('{').unwrap());
        assert_eq!(source_offset(text, 1, 0), 2);
    }
}
