//! Values that are shown masked.

/// The text with the password of every URL in it replaced by `***`.
pub fn mask_passwords(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`'))
            .unwrap_or(after.len());
        let authority = &after[..end];
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split(':').next().unwrap_or_default();
                masked.push_str(&format!("{name}:***@{host}"));
            }
            None => masked.push_str(authority),
        }
        rest = &after[end..];
    }
    masked.push_str(rest);
    masked
}
