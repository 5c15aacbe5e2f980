//! Where items stand: in their order, and as level with their neighbours as the room allows.

use super::{
    BOX_HEIGHT, BOX_WIDTH, COLUMN_GAP, LANE, Layout, Point, ROW_GAP, as_f64,
    order::{LayoutItem, OrderedColumns},
};

/// How often the columns are levelled with their neighbours.
const PASSES: usize = 12;

/// Gives every item its place.
pub(super) fn place(columns: &OrderedColumns) -> Layout {
    let mut middles = vec![0.0; columns.items.len()];
    for column in &columns.columns {
        let wanted: Vec<f64> = column.iter().map(|_| 0.0).collect();
        set(
            &mut middles,
            column,
            &level(&wanted, &heights(columns, column)),
        );
    }
    for pass in 0..PASSES {
        let mut ranks: Vec<usize> = (0..columns.columns.len()).collect();
        if pass % 2 == 1 {
            ranks.reverse();
        }
        for rank in ranks {
            let column = &columns.columns[rank];
            let wanted: Vec<f64> = column
                .iter()
                .map(|item| wanted(columns, &middles, *item))
                .collect();
            set(
                &mut middles,
                column,
                &level(&wanted, &heights(columns, column)),
            );
        }
    }
    finish(columns, &middles)
}

fn set(middles: &mut [f64], column: &[usize], places: &[f64]) {
    for (item, place) in column.iter().zip(places) {
        middles[*item] = *place;
    }
}

fn height(item: LayoutItem) -> f64 {
    match item {
        LayoutItem::Box(_) => BOX_HEIGHT + ROW_GAP,
        LayoutItem::Lane { .. } => LANE,
    }
}

fn heights(columns: &OrderedColumns, column: &[usize]) -> Vec<f64> {
    column
        .iter()
        .map(|item| height(columns.items[*item]))
        .collect()
}

/// The mean of the neighbours' places on both sides; without any, the middle of the picture.
fn wanted(columns: &OrderedColumns, middles: &[f64], item: usize) -> f64 {
    let neighbours = columns.higher[item].iter().chain(&columns.lower[item]);
    let (mut sum, mut count) = (0.0, 0);
    for neighbour in neighbours {
        sum += middles[*neighbour];
        count += 1;
    }
    if count == 0 { 0.0 } else { sum / as_f64(count) }
}

/// The places nearest to the wanted ones at which items of these heights, in this order, do not overlap. Items that want
/// the same room form a block, which stands where its items want to be on average.
fn level(wanted: &[f64], heights: &[f64]) -> Vec<f64> {
    // Without the heights above it, each item only has to be no higher than the one before.
    let (mut offset, mut offsets) = (0.0, Vec::new());
    for height in heights {
        offsets.push(offset + height / 2.0);
        offset += height;
    }
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        blocks.push((wanted - offset, 1));
        while let [.., (before, some), (last, more)] = blocks[..]
            && before > last
        {
            blocks.truncate(blocks.len() - 2);
            let sum = before * as_f64(some) + last * as_f64(more);
            blocks.push((sum / as_f64(some + more), some + more));
        }
    }
    let starts = blocks
        .iter()
        .flat_map(|(start, count)| std::iter::repeat_n(*start, *count));
    starts
        .zip(&offsets)
        .map(|(start, offset)| start + offset)
        .collect()
}

fn finish(columns: &OrderedColumns, middles: &[f64]) -> Layout {
    let last = columns.columns.len().saturating_sub(1);
    let x = |rank: usize| as_f64(last - rank) * (BOX_WIDTH + COLUMN_GAP);
    let mut ranks = vec![0; columns.items.len()];
    for (rank, column) in columns.columns.iter().enumerate() {
        for item in column {
            ranks[*item] = rank;
        }
    }
    let top = |item: usize| middles[item] - height(columns.items[item]) / 2.0;
    let first = (0..middles.len()).map(top).fold(f64::INFINITY, f64::min);
    let ends = (0..middles.len()).map(|item| top(item) + height(columns.items[item]));
    let end = ends.fold(f64::NEG_INFINITY, f64::max);
    let point = |item: usize, right: bool| Point {
        x: x(ranks[item]) + if right { BOX_WIDTH } else { 0.0 },
        y: middles[item] - first,
    };
    let route = |route: &Vec<usize>| {
        let inner = route.iter().skip(1).take(route.len().saturating_sub(2));
        let lanes = inner.flat_map(|item| [point(*item, false), point(*item, true)]);
        let start = route.first().map(|item| point(*item, true));
        let end = route.last().map(|item| point(*item, false));
        start.into_iter().chain(lanes).chain(end).collect()
    };
    let is_box = |item: &usize| matches!(columns.items[*item], LayoutItem::Box(_));
    let boxes = (0..middles.len()).filter(is_box);
    Layout {
        boxes: boxes
            .map(|item| Point {
                y: top(item) - first + ROW_GAP / 2.0,
                ..point(item, false)
            })
            .collect(),
        routes: columns.routes.iter().map(route).collect(),
        width: x(0) + BOX_WIDTH,
        height: (end - first).max(0.0),
    }
}
