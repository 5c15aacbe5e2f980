//! Aligned columns for people.

use crate::model::escape::escape_line;

/// The longest cell that others of its column are padded to: longer ones stick out, so that one odd name does not fill every
/// line with blanks.
const MOST_PADDED: usize = 100;

/// What a column keeps however narrow a terminal is.
const LEAST_SHOWN: usize = 8;

/// The rows with every column but the last padded to its widest cell, two blanks between columns, no trailing blanks. Cells
/// are cut so that a line fits into `width` characters, if that is given.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], width: Option<usize>) -> Vec<String> {
    let rows: Vec<&[String]> = rows.iter().map(<[String; N]>::as_slice).collect();
    aligned(&rows, width)
}

/// As [`table`], with as many columns as the first row has.
pub(crate) fn aligned(rows: &[&[String]], width: Option<usize>) -> Vec<String> {
    let escaped = |row: &&[String]| {
        row.iter()
            .map(|cell| escape_line(cell).into_owned())
            .collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(escaped).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| length(cell))
            .max()
    };
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| widest(column).unwrap_or(0))
        .collect();
    match width {
        Some(width) => shrink(&mut widths, width),
        None => widths
            .iter_mut()
            .for_each(|width| *width = (*width).min(MOST_PADDED)),
    }
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, most) in row.iter().zip(&widths) {
            let shown = width.map_or_else(|| cell.clone(), |_| cut(cell, *most));
            let padding = most.saturating_sub(length(&shown)) + 2;
            line.push_str(&shown);
            line.push_str(&" ".repeat(padding));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Takes from the widest column until all fit into `width`, with two blanks between them.
fn shrink(widths: &mut [usize], width: usize) {
    for column in widths.iter_mut() {
        *column = width.max(LEAST_SHOWN).min(*column);
    }
    let room = width.saturating_sub(2 * widths.len().saturating_sub(1));
    loop {
        let excess = widths.iter().sum::<usize>().saturating_sub(room);
        let mut order: Vec<usize> = (0..widths.len()).collect();
        order.sort_by_key(|column| widths[*column]);
        let Some(widest) = order
            .pop()
            .filter(|column| excess > 0 && widths[*column] > LEAST_SHOWN)
        else {
            return;
        };
        let second = order.pop().map_or(0, |column| widths[column]);
        // Two equally wide columns lose a character in turn.
        let next = second
            .min(widths[widest] - 1)
            .max(widths[widest].saturating_sub(excess));
        widths[widest] = next.max(LEAST_SHOWN);
    }
}

fn cut(cell: &str, most: usize) -> String {
    if length(cell) <= most {
        return cell.to_owned();
    }
    let kept: String = cell.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: &[[&str; N]]) -> Vec<[String; N]> {
        rows.iter().map(|row| row.map(str::to_owned)).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = rows(&[["a", "bb", "c"], ["aaa", "b", ""]]);
        assert_eq!(table(&rows, None), ["a    bb  c", "aaa  b"]);
    }

    #[test]
    fn a_cell_longer_than_any_format_width_sticks_out_and_pads_no_other() {
        let long = "n".repeat(70_000);
        let lines = table(&rows(&[[&long, "x"], ["b", "y"]]), None);
        assert_eq!(lines[0], format!("{long}  x"));
        assert_eq!(lines[1].len(), MOST_PADDED + 3);
    }

    #[test]
    fn a_terminal_gets_cells_that_fit() {
        let long = "n".repeat(70_000);
        for (width, expected) in [
            (20, ["nnnnnnnn…  nnnnnnnn…", "b          y"]),
            (
                31,
                ["nnnnnnnnnnnnnn…  nnnnnnnnnnnnn…", "b                y"],
            ),
            // Too narrow for both: each keeps what can be recognised.
            (3, ["nnnnnnn…  nnnnnnn…", "b         y"]),
        ] {
            let lines = table(&rows(&[[&long, &long], ["b", "y"]]), Some(width));
            assert_eq!(lines, expected, "{width}");
        }
        let short = rows(&[["NAME", "VALUE"], ["A", &long]]);
        assert_eq!(table(&short, Some(14)), ["NAME  VALUE", "A     nnnnnnn…"]);
    }

    #[test]
    fn a_cell_is_one_line_without_controls() {
        let lines = table(&rows(&[["a\nb\u{1b}[2J", "\u{202e}x"]]), None);
        assert_eq!(lines, [r"a\nb\u001b[2J  \u202ex"]);
    }
}
