//! The holes of a pattern's text, and what habits from other tools look like in it. Each with the byte where it begins.

use crate::model::name::Name;

/// The holes of a valid pattern's text.
pub(super) fn holes(text: &str) -> Vec<(usize, &str)> {
    let mut holes = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find(['{', '}']) {
        let at = from + found;
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            from = at + 2;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        holes.push((at, rest.get(1..end).unwrap_or_default()));
        from = text.len().min(at + end + 1);
    }
    holes
}

/// The holes of a valid pattern's text that follow a `$`, as a shell writes them.
pub(super) fn shell_holes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let with_dollar = |(at, hole): (usize, _)| Some((text[..at].strip_suffix('$')?.len(), hole));
    holes(text).into_iter().filter_map(with_dollar)
}

/// The names in double braces, as templates write them.
pub(super) fn template_holes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("{{").filter_map(|(at, _)| {
        let (inside, _) = text[at + 2..].split_once("}}")?;
        let name = inside.trim_matches([' ', '{']);
        Name::parse(name).is_ok().then_some((at, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_and_habits_are_found_where_they_begin() {
        for (text, expected, shell, template) in [
            (
                "a{B}{{c}}{D}",
                &[(1, "B"), (9, "D")][..],
                &[][..],
                &[(4, "c")][..],
            ),
            (
                "${A}$${B}",
                &[(1, "A"), (6, "B")],
                &[(0, "A"), (5, "B")],
                &[],
            ),
            ("é{{ A }}", &[], &[], &[(2, "A")]),
            ("{{{A}}}", &[(2, "A")], &[], &[(0, "A")]),
            ("{{a b}}$", &[], &[], &[]),
        ] {
            assert_eq!(holes(text), expected, "{text}");
            assert_eq!(shell_holes(text).collect::<Vec<_>>(), shell, "{text}");
            assert_eq!(template_holes(text).collect::<Vec<_>>(), template, "{text}");
        }
    }
}
