//! Makes text from outside safe to print: no control character reaches a terminal or a log as it is.

use std::borrow::Cow;

/// Whether a terminal, a pager or a log viewer may act on this character instead of showing it: C0, C1, and what changes
/// the direction of text or breaks a line.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with every control character but line feed as JSON writes it in a string, so that JSON stays JSON.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    escape_all(text, |c| c != '\n' && is_control(c))
}

/// The text as one line: line feeds are escaped as well.
pub(crate) fn escape_line(text: &str) -> Cow<'_, str> {
    escape_all(text, is_control)
}

fn escape_all(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_unsafe(c) => escaped.push(c),
            '\n' => escaped.push_str(r"\n"),
            '\r' => escaped.push_str(r"\r"),
            '\t' => escaped.push_str(r"\t"),
            c => escaped.push_str(&format!(r"\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_and_all_else_stays() {
        let cases = [
            ("plain é 日本 \u{1f600}", "plain é 日本 \u{1f600}"),
            ("a\u{1b}[31mred\0", r"a\u001b[31mred\u0000"),
            ("\r\t\u{7f}\u{85}\u{9b}", r"\r\t\u007f\u0085\u009b"),
            (
                "\u{202e}gpj\u{2066}\u{200f}\u{61c}",
                r"\u202egpj\u2066\u200f\u061c",
            ),
            ("\u{2028}\u{2029}", r"\u2028\u2029"),
            (r"C:\new", r"C:\new"),
        ];
        for (text, escaped) in cases {
            assert_eq!(escape(text), escaped);
            assert_eq!(escape_line(text), escaped);
        }
    }

    #[test]
    fn only_a_whole_text_keeps_its_lines() {
        assert_eq!(escape("a\nb"), "a\nb");
        assert_eq!(escape_line("a\nb"), r"a\nb");
    }

    #[test]
    fn json_stays_the_same_json() {
        let every: String = (0..=0x2100).filter_map(char::from_u32).collect();
        let json = serde_json::to_string(&every).unwrap();
        let escaped = escape(&json);
        assert!(!escaped.chars().any(is_control));
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), every);
    }
}
