//! Text of others in the languages of pictures.

use std::borrow::Cow;

use crate::model::escape::escape_line;

/// Returns text for HTML and SVG, in elements and in attributes.
pub(super) fn xml(text: &str) -> String {
    let text = escape_line(text);
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns text for a string of dot.
pub(super) fn dot(text: &str) -> String {
    escape_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Returns text for a label of mermaid, which reads HTML and Markdown in it: whatever is no plain character becomes its
/// number.
pub(super) fn mermaid(text: &str) -> String {
    let text = escape_line(text);
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() || " .,:@/-()!".contains(character) {
            escaped.push(character);
        } else {
            escaped += &format!("#{};", u32::from(character));
        }
    }
    escaped
}

/// Returns text with its middle left out where it has more characters than fit.
pub(super) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    let (front, back) = (most / 2, most - most / 2 - 1);
    let start: String = text.chars().take(front).collect();
    let end: String = text.chars().skip(count - back).collect();
    Cow::Owned(format!("{start}\u{2026}{end}"))
}

/// Returns a number with its noun.
pub(super) fn counted(count: usize, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\"b'<c>&\\#;\n\u{202e}`x`|{}[]";

    #[test]
    fn nothing_of_others_means_anything_to_a_language() {
        assert_eq!(
            xml(HOSTILE),
            "a&quot;b&#39;&lt;c&gt;&amp;\\#;\\n\\u202e`x`|{}[]"
        );
        assert_eq!(dot(HOSTILE), r#"a\"b'<c>&\\#;\\n\\u202e`x`|{}[]"#);
        assert_eq!(
            mermaid(HOSTILE),
            "a#34;b#39;#60;c#62;#38;#92;#35;#59;#92;n#92;u202e#96;x#96;#124;#123;#125;#91;#93;"
        );
    }

    #[test]
    fn long_texts_lose_their_middle() {
        for (text, expected) in [
            ("", ""),
            ("abcdefghij", "abcdefghij"),
            ("abcdefghijk", "abcde\u{2026}hijk"),
            ("ééééééééééé", "ééééé\u{2026}éééé"),
        ] {
            assert_eq!(shortened(text, 10), expected);
        }
    }
}
