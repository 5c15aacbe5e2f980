//! Places boxes in columns, each left of what it needs, and leads arrows around the boxes between them.

mod order;
mod place;
mod rank;

use order::OrderedColumns;

/// The size of a box, and the room around it.
pub(super) const BOX_WIDTH: f64 = 176.0;
pub(super) const BOX_HEIGHT: f64 = 40.0;
const COLUMN_GAP: f64 = 72.0;
const ROW_GAP: f64 = 14.0;
/// The room that an arrow needs which passes a column.
const LANE: f64 = 5.0;

/// The ratio of width and height of a page, landscape.
const PAGE: f64 = 1.414;

/// Fewer boxes than these stay in one column where they need nothing of each other.
const LEAST_ROWS: usize = 9;

/// A point of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// The upper left corner of each box.
    pub(super) boxes: Vec<Point>,
    /// For each arrow, the points from the right side of the box that needs to the left side of the one that is needed.
    /// Between columns a line goes from one point to the next; within a column it is level.
    pub(super) routes: Vec<Vec<Point>>,
    /// The size of the picture.
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Lays out boxes, of which each arrow leads from one that needs to one that is needed.
pub(super) fn layout(count: usize, arrows: &[(usize, usize)]) -> Layout {
    let ranks = rank::ranks(count, arrows, rows(count));
    let mut columns = OrderedColumns::new(&ranks, arrows);
    columns.reduce_crossings();
    place::place(&columns)
}

/// How many boxes a column may have, so that the picture has the form of a page.
fn rows(count: usize) -> usize {
    let mut rows = LEAST_ROWS;
    let is_too_wide = |rows: usize| {
        let columns = count.div_ceil(rows);
        as_f64(columns) * (BOX_WIDTH + COLUMN_GAP) > PAGE * as_f64(rows) * (BOX_HEIGHT + ROW_GAP)
    };
    while is_too_wide(rows) {
        rows += 1;
    }
    rows
}

#[expect(clippy::cast_precision_loss, reason = "no picture has so many boxes")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
