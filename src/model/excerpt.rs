//! Excerpts of a JSON text with a caret below the position of a problem, and without its values.

use std::ops::Range;

use super::{
    escape::{escape_line, is_control},
    json_values::JsonLine,
    problem::{Problem, Problems},
    redaction::Redaction,
    secret,
};

/// The longest part of a line that an excerpt shows, in characters.
const WIDTH: usize = 100;

/// A line as the excerpt shows it: masked, cut, and without control characters.
struct ShownLine {
    text: String,
    /// The column of the caret, in characters from 0.
    caret: Option<usize>,
}

impl Problems {
    /// Position, source lines with a caret, and hint of every problem, with secrets masked; each line ends in a newline.
    ///
    /// Omits the message of a single problem, which `Display` has.
    pub(crate) fn excerpts(&self) -> String {
        let blocks: Vec<String> = self.list.iter().map(|p| self.block(p)).collect();
        blocks.join("\n")
    }

    fn block(&self, problem: &Problem) -> String {
        let Problem { line, column, .. } = problem;
        let position = format!("{}:{line}:{column}", escape_line(&self.path));
        let position = match &self.list[..] {
            [_] => position,
            _ => format!("{position}: {}", escape_line(&problem.message)),
        };
        let mut block = if self.syntax && self.redaction == Redaction::All {
            // A missing quote makes keys and values indistinguishable, so nothing is shown.
            format!("  --> {position}\n")
        } else {
            self.excerpt(problem, &position)
        };
        if let Some(hint) = &problem.hint {
            block.push_str(&format!("hint: {}\n", escape_line(hint)));
        }
        block
    }

    /// `--> position`, the problem's lines with their numbers, and the caret.
    fn excerpt(&self, problem: &Problem, position: &str) -> String {
        let mut numbers: Vec<usize> = problem.also.into_iter().collect();
        numbers.retain(|number| *number != problem.line);
        numbers.push(problem.line);
        numbers.sort_unstable();
        let widest = numbers.iter().max().map_or(0, |n| n.to_string().len());
        let gutter = widest.max(2);
        let mut block = format!("{:gutter$}--> {position}\n{:gutter$} |\n", "", "");
        let mut before = None;
        for number in numbers {
            if before.is_some_and(|before| before + 1 < number) {
                block.push_str("...\n");
            }
            before = Some(number);
            let caret = (number == problem.line).then(|| problem.column - 1);
            let line = self.text.lines().nth(number - 1).unwrap_or_default();
            let ShownLine { text, caret } = self.show(line, caret);
            block.push_str(format!("{number:>gutter$} | {text}").trim_end());
            block.push('\n');
            if let Some(caret) = caret {
                block.push_str(&format!("{:gutter$} | {:caret$}^\n", "", ""));
            }
        }
        block
    }

    /// Hides values, then cuts the line to the part around the caret.
    fn show(&self, line: &str, caret: Option<usize>) -> ShownLine {
        let byte = |caret| {
            line.char_indices()
                .nth(caret)
                .map_or(line.len(), |(at, _)| at)
        };
        let at = caret.map(byte);
        let values = JsonLine {
            text: line,
            valid: at.filter(|_| self.syntax).unwrap_or(line.len()),
            pattern: at.filter(|_| self.redaction == Redaction::AllButHoles),
        };
        let (text, caret) = mask(line, &values.values(), caret);
        cut(&text, caret)
    }
}

/// Cuts a line to the part around the caret, and shows it without control characters.
fn cut(line: &str, caret: Option<usize>) -> ShownLine {
    let plain = |c: char| if is_control(c) { ' ' } else { c };
    let characters: Vec<char> = line.chars().map(plain).collect();
    let caret = caret.map(|caret| caret.min(characters.len()));
    if characters.len() <= WIDTH {
        let text = characters.into_iter().collect();
        return ShownLine { text, caret };
    }
    let latest = characters.len() - WIDTH;
    let start = caret.unwrap_or(0).saturating_sub(WIDTH / 2).min(latest);
    let end = start + WIDTH;
    let left = if start > 0 { "…" } else { "" };
    let right = if end < characters.len() { "…" } else { "" };
    let middle: String = characters[start..end].iter().collect();
    ShownLine {
        text: format!("{left}{middle}{right}"),
        caret: caret.map(|caret| caret - start + left.chars().count()),
    }
}

/// Masks parts of the line and moves the caret accordingly; a caret inside one of them moves to its start.
fn mask(line: &str, parts: &[Range<usize>], caret: Option<usize>) -> (String, Option<usize>) {
    let moved = caret.map(|caret| {
        let mut shifted = caret;
        for part in parts.iter().rev() {
            let start = line[..part.start].chars().count();
            let length = line[part.clone()].chars().count();
            if caret >= start + length {
                shifted = shifted + 3 - length;
            } else if caret >= start {
                shifted = start;
            }
        }
        shifted
    });
    (secret::mask(line, parts), moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line below which the caret is, and the character above it.
    fn shown(line: &str, caret: usize) -> (String, Option<char>) {
        let problems = Problems {
            path: String::new(),
            what: String::new(),
            text: line.to_owned(),
            redaction: Redaction::AllButHoles,
            syntax: false,
            list: Vec::new(),
        };
        let ShownLine { text, caret } = problems.show(line, Some(caret));
        let above = caret.and_then(|caret| text.chars().nth(caret));
        (text, above)
    }

    #[test]
    fn the_caret_follows_its_character_through_masking_and_cutting() {
        let line = format!(
            "{{\"{}\": [true, 1], \"a\": \"u:secret@h/{{X}}\", \"{}\": null}}",
            "é".repeat(300),
            "y".repeat(300)
        );
        let column = |c| line.chars().position(|found| found == c).unwrap();
        let (text, above) = shown(&line, column('X') - 1);
        assert_eq!(above, Some('{'));
        assert!(text.contains("\"a\": \"***{X}\""), "{text}");
        assert_eq!(text.chars().count(), WIDTH + 2);
        assert_eq!(shown(&line, column('é')).1, Some('é'));
        assert_eq!(shown(&line, line.chars().count() - 1).1, Some('}'));
    }

    #[test]
    fn a_caret_inside_a_value_does_not_show_it() {
        let (text, above) = shown("\"a\":\t\"sec\u{202e}ret\", \"b\": 12", 9);
        assert_eq!(text, "\"a\": \"***\", \"b\": ***");
        assert_eq!(above, Some('*'));
        // A position behind the end, as of a cut-off text, is the end.
        assert_eq!(shown("{", 70_000), ("{".to_owned(), None));
    }
}
