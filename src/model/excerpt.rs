//! Excerpts of a text with a caret below the position of a problem. Knows nothing of what the text means.

use super::{
    escape::{escape_line, is_control},
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
    caret: usize,
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
        let mut block = if self.syntax && self.redaction == Redaction::Values {
            // A missing quote makes keys and values indistinguishable, so nothing is shown.
            format!("  --> {position}\n")
        } else {
            excerpt(&self.text, self.redaction, problem, &position)
        };
        if let Some(hint) = &problem.hint {
            block.push_str(&format!("hint: {}\n", escape_line(hint)));
        }
        block
    }
}

/// `--> position`, the problem's lines with their numbers, and the caret.
fn excerpt(source: &str, redaction: Redaction, problem: &Problem, position: &str) -> String {
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
        let column = if number == problem.line {
            problem.column
        } else {
            1
        };
        let line = source.lines().nth(number - 1).unwrap_or_default();
        let ShownLine { text, caret } = show(line, column - 1, redaction);
        block.push_str(format!("{number:>gutter$} | {text}").trim_end());
        block.push('\n');
        if number == problem.line {
            block.push_str(&format!("{:gutter$} | {:caret$}^\n", "", ""));
        }
    }
    block
}

/// Masks secrets, then cuts the line to the part around the caret.
fn show(line: &str, caret: usize, redaction: Redaction) -> ShownLine {
    let (masked, caret) = mask(line, caret, redaction);
    let plain = |c: char| if is_control(c) { ' ' } else { c };
    let characters: Vec<char> = masked.chars().map(plain).collect();
    if characters.len() <= WIDTH {
        let text = characters.into_iter().collect();
        return ShownLine { text, caret };
    }
    let latest = characters.len() - WIDTH;
    let start = caret.saturating_sub(WIDTH / 2).min(latest);
    let end = start + WIDTH;
    let left = if start > 0 { "…" } else { "" };
    let right = if end < characters.len() { "…" } else { "" };
    let middle: String = characters[start..end].iter().collect();
    ShownLine {
        text: format!("{left}{middle}{right}"),
        caret: caret - start + left.chars().count(),
    }
}

/// Masks secrets and moves the caret accordingly; a caret inside a secret moves to its start.
fn mask(line: &str, caret: usize, redaction: Redaction) -> (String, usize) {
    let secrets = match redaction {
        Redaction::Passwords => secret::passwords(line),
        Redaction::Values => secret::json_values(line),
    };
    let mut shifted = caret;
    for part in secrets.iter().rev() {
        let start = line[..part.start].chars().count();
        let length = line[part.clone()].chars().count();
        if caret >= start + length {
            shifted = shifted + 3 - length;
        } else if caret >= start {
            shifted = start;
        }
    }
    (secret::mask(line, &secrets), shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, caret: usize) -> (String, Option<char>) {
        let ShownLine { text, caret } = show(line, caret, Redaction::Passwords);
        let below = text.chars().nth(caret);
        (text, below)
    }

    #[test]
    fn the_caret_follows_its_character_through_masking_and_cutting() {
        let line = format!(
            "{}\"a://u:secret@h/{{X}}\"{}",
            "é".repeat(300),
            "y".repeat(300)
        );
        let caret = line.chars().position(|c| c == '{').unwrap();
        let (text, below) = shown(&line, caret);
        assert_eq!(below, Some('{'));
        assert!(
            text.contains("u:***@h/") && text.chars().count() == WIDTH + 2,
            "{text}"
        );
        assert_eq!(shown(&line, 0).1, Some('é'));
        assert_eq!(shown(&line, line.chars().count() - 1).1, Some('y'));
    }

    #[test]
    fn a_caret_inside_a_password_does_not_show_it() {
        let (text, below) = shown("a://u:sec{ret@h \tb://u:p@h", 9);
        assert_eq!(text, "a://u:***@h  b://u:***@h");
        assert_eq!(below, Some('*'));
    }
}
