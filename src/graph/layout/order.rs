//! The order of boxes within columns: the one with the fewest crossings that sweeps find.

use std::collections::BTreeMap;

/// How often the columns are sorted by their neighbours, to the left and to the right.
const SWEEPS: usize = 24;

/// A box, or a place where arrows pass a column on their way to a box. Arrows to one box share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LayoutItem {
    Box(usize),
    Lane { to: usize, rank: usize },
}

/// What stands in each column, from the top.
#[derive(Clone, Debug)]
pub(super) struct OrderedColumns {
    /// The items by number.
    pub(super) items: Vec<LayoutItem>,
    /// The numbers of the items in each column, by rank.
    pub(super) columns: Vec<Vec<usize>>,
    /// The neighbours of each item in the column above its rank, and in the one below.
    pub(super) higher: Vec<Vec<usize>>,
    pub(super) lower: Vec<Vec<usize>>,
    /// The items of each arrow, from the box that needs to the one that is needed.
    pub(super) routes: Vec<Vec<usize>>,
}

impl OrderedColumns {
    pub(super) fn new(ranks: &[usize], arrows: &[(usize, usize)]) -> Self {
        let count = ranks.iter().max().map_or(0, |rank| rank + 1);
        let mut columns = Self {
            items: Vec::new(),
            columns: vec![Vec::new(); count],
            higher: Vec::new(),
            lower: Vec::new(),
            routes: Vec::new(),
        };
        let mut numbers = BTreeMap::new();
        for (index, rank) in ranks.iter().enumerate() {
            columns.number(&mut numbers, LayoutItem::Box(index), *rank);
        }
        for (from, to) in arrows {
            let route = columns.route(&mut numbers, ranks, (*from, *to));
            columns.routes.push(route);
        }
        columns
    }

    /// The number of an item, which is added where it is new.
    fn number(
        &mut self,
        numbers: &mut BTreeMap<LayoutItem, usize>,
        item: LayoutItem,
        rank: usize,
    ) -> usize {
        *numbers.entry(item).or_insert_with(|| {
            let number = self.items.len();
            self.items.push(item);
            self.higher.push(Vec::new());
            self.lower.push(Vec::new());
            self.columns[rank].push(number);
            number
        })
    }

    /// The items between two boxes, both included. An arrow against the direction, or to the box itself, has no lanes.
    fn route(
        &mut self,
        numbers: &mut BTreeMap<LayoutItem, usize>,
        ranks: &[usize],
        (from, to): (usize, usize),
    ) -> Vec<usize> {
        let mut route = vec![self.number(numbers, LayoutItem::Box(from), ranks[from])];
        for rank in (ranks[to] + 1..ranks[from]).rev() {
            route.push(self.number(numbers, LayoutItem::Lane { to, rank }, rank));
        }
        route.push(self.number(numbers, LayoutItem::Box(to), ranks[to]));
        if ranks[from] > ranks[to] {
            for pair in route.windows(2) {
                if !self.lower[pair[0]].contains(&pair[1]) {
                    self.lower[pair[0]].push(pair[1]);
                    self.higher[pair[1]].push(pair[0]);
                }
            }
        }
        route
    }

    /// Sorts the columns by the middle of their neighbours, and keeps the best order that was seen.
    pub(super) fn reduce_crossings(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let mut ranks: Vec<usize> = (0..self.columns.len()).collect();
            if sweep % 2 == 1 {
                ranks.reverse();
            }
            for rank in ranks {
                let neighbours = if sweep % 2 == 0 {
                    &self.lower
                } else {
                    &self.higher
                };
                let positions = self.positions();
                let middle =
                    |item: &usize| middle(&neighbours[*item], &positions, positions[*item]);
                let mut column = self.columns[rank].clone();
                column.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
                self.columns[rank] = column;
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// The place of each item in its column, from 0 to 1.
    fn positions(&self) -> Vec<f64> {
        let mut positions = vec![0.0; self.items.len()];
        for column in &self.columns {
            for (place, item) in column.iter().enumerate() {
                positions[*item] = super::as_f64(place) / super::as_f64(column.len());
            }
        }
        positions
    }

    /// How many lines between columns cross each other.
    pub(super) fn crossings(&self) -> usize {
        let mut places = vec![0; self.items.len()];
        for column in &self.columns {
            for (place, item) in column.iter().enumerate() {
                places[*item] = place;
            }
        }
        let of_column = |column: &Vec<usize>| {
            let ends = column.iter().flat_map(|item| {
                let mut ends: Vec<usize> = self.lower[*item].iter().map(|to| places[*to]).collect();
                ends.sort_unstable();
                ends
            });
            inversions(&ends.collect::<Vec<_>>())
        };
        self.columns.iter().map(of_column).sum()
    }
}

/// The mean place of the neighbours; without any, the own one.
fn middle(neighbours: &[usize], positions: &[f64], own: f64) -> f64 {
    if neighbours.is_empty() {
        return own;
    }
    let sum: f64 = neighbours.iter().map(|item| positions[*item]).sum();
    sum / super::as_f64(neighbours.len())
}

/// How many pairs stand in the wrong order.
fn inversions(ends: &[usize]) -> usize {
    // How often each end was seen, as a Fenwick tree.
    let size = ends.iter().max().map_or(0, |end| end + 1);
    let (mut tree, mut found) = (vec![0; size + 1], 0);
    for (seen, end) in ends.iter().enumerate() {
        let mut at = end + 1;
        let mut not_above = 0;
        while at > 0 {
            not_above += tree[at];
            at &= at - 1;
        }
        found += seen - not_above;
        at = end + 1;
        while at <= size {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_the_wrong_order_are_counted() {
        for (ends, expected) in [
            (&[][..], 0),
            (&[0, 1, 2], 0),
            (&[2, 1, 0], 3),
            (&[1, 1, 0, 0], 4),
            (&[0, 2, 1, 2], 1),
        ] {
            assert_eq!(inversions(ends), expected, "{ends:?}");
        }
    }
}
