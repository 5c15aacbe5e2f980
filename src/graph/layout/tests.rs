//! What holds of every picture, on random fleets.

use super::{BOX_HEIGHT, BOX_WIDTH, Layout, layout, order::OrderedColumns, rank::ranks, rows};
use crate::harness::seed::Dice;

/// Random arrows between boxes; circles and arrows to the box itself among them where they are wanted.
fn arrows(dice: &mut Dice, count: usize, with_circles: bool) -> Vec<(usize, usize)> {
    let mut arrows = Vec::new();
    for _ in 0..dice.roll(count * 3 + 1) {
        let (from, to) = (dice.roll(count), dice.roll(count));
        let arrow = if with_circles {
            (from, to)
        } else {
            (from.max(to), from.min(to))
        };
        let is_wanted = with_circles || from != to;
        if is_wanted && !arrows.contains(&arrow) {
            arrows.push(arrow);
        }
    }
    arrows
}

#[test]
fn every_box_is_left_of_what_it_needs_and_no_column_is_too_high() {
    let mut dice = Dice::new();
    for _ in 0..300 {
        let count = 1 + dice.roll(60);
        let arrows = arrows(&mut dice, count, false);
        let most = 1 + dice.roll(12);
        let ranks = ranks(count, &arrows, most);
        for (from, to) in &arrows {
            assert!(ranks[*from] > ranks[*to], "{arrows:?}: {ranks:?}");
        }
        for rank in &ranks {
            assert!(ranks.iter().filter(|other| *other == rank).count() <= most);
        }
    }
}

/// Boxes that overlap, and places where a route crosses a box that it does not belong to.
fn faults(layout: &Layout, arrows: &[(usize, usize)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, one) in layout.boxes.iter().enumerate() {
        for (number, other) in layout.boxes.iter().enumerate().skip(index + 1) {
            if (one.x - other.x).abs() < 1.0 && (one.y - other.y).abs() < BOX_HEIGHT {
                faults.push(format!("{index} and {number} overlap"));
            }
        }
    }
    for (route, ends) in layout.routes.iter().zip(arrows) {
        // Within a column a route is level, from the left side to the right side.
        for pair in route
            .windows(2)
            .skip(1)
            .step_by(2)
            .take(route.len().saturating_sub(2) / 2)
        {
            let is_in = |at: &super::Point| {
                (at.x - pair[0].x).abs() < 1.0 && pair[0].y > at.y && pair[0].y < at.y + BOX_HEIGHT
            };
            if layout.boxes.iter().any(is_in) || (pair[1].x - pair[0].x - BOX_WIDTH).abs() > 0.1 {
                faults.push(format!("{ends:?} crosses a box"));
            }
        }
    }
    faults
}

#[test]
fn no_box_overlaps_another_and_no_arrow_crosses_one() {
    let mut dice = Dice::new();
    for round in 0..60 {
        let count = 1 + dice.roll(80);
        let arrows = arrows(&mut dice, count, round % 2 == 0);
        let layout = layout(count, &arrows);
        assert_eq!(layout.boxes.len(), count);
        assert_eq!(faults(&layout, &arrows), [""; 0], "{count} {arrows:?}");
        for (route, (from, to)) in layout.routes.iter().zip(&arrows) {
            let (first, last) = (route[0], route[route.len() - 1]);
            assert!((first.x - layout.boxes[*from].x - BOX_WIDTH).abs() < 0.1);
            assert!((first.y - layout.boxes[*from].y - BOX_HEIGHT / 2.0).abs() < 0.1);
            assert!((last.x - layout.boxes[*to].x).abs() < 0.1);
        }
        for place in &layout.boxes {
            let is_inside = place.x >= 0.0 && place.x + BOX_WIDTH <= layout.width + 0.1;
            assert!(is_inside && place.y >= 0.0 && place.y + BOX_HEIGHT <= layout.height + 0.1);
        }
        assert_eq!(
            layout,
            super::layout(count, &arrows),
            "the same picture each time"
        );
    }
}

#[test]
fn sweeps_leave_fewer_crossings() {
    let mut dice = Dice::new();
    let (mut before, mut after) = (0, 0);
    for _ in 0..20 {
        let arrows = arrows(&mut dice, 60, false);
        let mut columns = OrderedColumns::new(&ranks(60, &arrows, 12), &arrows);
        let crossings = columns.crossings();
        columns.reduce_crossings();
        assert!(columns.crossings() <= crossings);
        before += crossings;
        after += columns.crossings();
    }
    assert!(after * 10 < before * 7, "{after} of {before} crossings");
}

#[test]
fn a_picture_has_the_form_of_a_page() {
    for (count, expected) in [(0, 9), (1, 9), (30, 10), (200, 26), (1_000, 59)] {
        assert_eq!(rows(count), expected, "{count}");
    }
}
