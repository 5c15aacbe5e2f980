//! A picture as an SVG element: federations below each other, boxes in columns, arrows behind them.

use super::{
    layout::{self, BOX_HEIGHT, BOX_WIDTH, Layout, Point},
    picture::{Arrow, BoxKind, FederationPicture, Picture, PictureBox},
    text::{shortened, xml},
};

/// The room around the boxes of a federation, with its title above.
const MARGIN: f64 = 22.0;
const TITLE: f64 = 34.0;
/// The room between two federations.
const GAP: f64 = 24.0;

/// How many characters fit into a box.
const LABEL: usize = 22;
const SUBTITLE: usize = 28;

/// Heads of arrows, and the pattern that says "faulty" without a colour.
const DEFINITIONS: &str = r#"<defs>
<marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
<marker id="cross" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="13" markerHeight="13" markerUnits="userSpaceOnUse" orient="auto"><path d="M1 1L9 9M9 1L1 9"/></marker>
</defs>
"#;

/// Draws a picture; boxes are numbered over all federations.
pub(super) fn svg(picture: &Picture) -> String {
    let layouts: Vec<Layout> = picture.federations.iter().map(laid_out).collect();
    let width = layouts
        .iter()
        .map(|layout| layout.width)
        .fold(0.0, f64::max)
        + 2.0 * MARGIN;
    let height: f64 = layouts
        .iter()
        .map(|layout| frame_height(layout) + GAP)
        .sum();
    let mut drawn = format!(
        "<svg id=\"picture\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {:.0}\" role=\"img\" aria-label=\"{}\">\n{DEFINITIONS}",
        height.max(1.0),
        xml(&picture.source),
    );
    let (mut top, mut first) = (0.0, 0);
    for (federation, layout) in picture.federations.iter().zip(&layouts) {
        drawn += &frame(federation, layout, top, first);
        top += frame_height(layout) + GAP;
        first += federation.boxes.len();
    }
    drawn + "</svg>\n"
}

fn laid_out(federation: &FederationPicture) -> Layout {
    let arrows = federation.arrows.iter().map(|arrow| (arrow.from, arrow.to));
    layout::layout(federation.boxes.len(), &arrows.collect::<Vec<_>>())
}

fn frame_height(layout: &Layout) -> f64 {
    layout.height + TITLE + MARGIN
}

fn frame(federation: &FederationPicture, layout: &Layout, top: f64, first: usize) -> String {
    let (width, height) = (layout.width + 2.0 * MARGIN, frame_height(layout));
    let mut drawn = format!(
        "<g class=\"federation\" transform=\"translate(0 {top:.0})\">\n<rect class=\"frame\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"10\"/>\n<text class=\"title\" x=\"{MARGIN}\" y=\"22\">federation {}</text>\n<g transform=\"translate({MARGIN} {TITLE})\">\n",
        xml(&federation.name),
    );
    for (arrow, route) in federation.arrows.iter().zip(&layout.routes) {
        drawn += &line(federation, arrow, route, first);
    }
    for (index, place) in layout.boxes.iter().enumerate() {
        drawn += &shape(federation, index, *place, first);
    }
    drawn + "</g>\n</g>\n"
}

fn line(federation: &FederationPicture, arrow: &Arrow, route: &[Point], first: usize) -> String {
    let class = match (arrow.is_faulty(), arrow.is_optional()) {
        (true, _) => "arrow faulty",
        (false, true) => "arrow optional",
        (false, false) => "arrow",
    };
    let title = arrow.names.iter().map(|needed| {
        let fault = needed.fault.iter().map(|fault| format!(", {fault}"));
        format!("{}{}", needed.name, fault.collect::<String>())
    });
    let title = title.collect::<Vec<_>>().join("; ");
    let ends = [arrow.from, arrow.to].map(|end| &federation.boxes[end].label);
    format!(
        "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" d=\"{}\"><title>{}</title></path>\n",
        first + arrow.from,
        first + arrow.to,
        curve(route),
        xml(&format!("{} needs {title} of {}", ends[0], ends[1])),
    )
}

/// Level lines through columns, and bends between them.
fn curve(route: &[Point]) -> String {
    let mut path = String::new();
    for (index, point) in route.iter().enumerate() {
        let Point { x, y } = point;
        path += &match index.checked_sub(1).map(|before| route[before]) {
            None => format!("M{x:.0} {y:.1}"),
            Some(before) if (before.y - y).abs() < 0.05 => format!("L{x:.0} {y:.1}"),
            // An arrow that closes a circle leads back: its bend is wider.
            Some(before) if before.x > *x => {
                let (right, left) = (before.x + 60.0, x - 60.0);
                format!("C{right:.0} {:.1} {left:.0} {y:.1} {x:.0} {y:.1}", before.y)
            }
            Some(before) => {
                let middle = f64::midpoint(before.x, *x);
                format!(
                    "C{middle:.0} {:.1} {middle:.0} {y:.1} {x:.0} {y:.1}",
                    before.y
                )
            }
        };
    }
    path
}

fn shape(federation: &FederationPicture, index: usize, place: Point, first: usize) -> String {
    let shown = &federation.boxes[index];
    let unmet = unmet_count(federation, index);
    let subtitle = match unmet {
        0 => shown.subtitle(),
        count => format!("{count} unmet, {}", shown.subtitle()),
    };
    let kind = match shown.kind {
        BoxKind::Service => "service",
        BoxKind::Balancer => "balancer",
        BoxKind::Datastore => "datastore",
        BoxKind::Unmet => "unmet",
    };
    let faulty = if unmet > 0 { " faulty" } else { "" };
    let Point { x, y } = place;
    let mut drawn = format!(
        "<g class=\"box {kind}{faulty}\" data-box=\"{}\" tabindex=\"0\" role=\"button\" transform=\"translate({x:.0} {y:.1})\"><title>{}</title>{}",
        first + index,
        xml(&format!("{}: {subtitle}", shown.label)),
        outline(shown),
    );
    drawn += &format!(
        "<text class=\"label\" x=\"12\" y=\"17\">{}</text><text class=\"subtitle\" x=\"12\" y=\"32\">{}</text>",
        xml(&shortened(&shown.label, LABEL)),
        xml(&shortened(&subtitle, SUBTITLE)),
    );
    if unmet > 0 || shown.kind == BoxKind::Unmet {
        let x = BOX_WIDTH - 24.0;
        drawn += &format!(
            "<g class=\"warning\" transform=\"translate({x} 4)\"><path d=\"M8 0L16 14H0z\"/><text x=\"8\" y=\"12\">!</text></g>"
        );
    }
    drawn + "</g>\n"
}

/// How many names the box needs that are at fault.
fn unmet_count(federation: &FederationPicture, index: usize) -> usize {
    let needs = federation.arrows.iter().filter(|arrow| arrow.from == index);
    let names = needs.flat_map(|arrow| &arrow.names);
    names.filter(|needed| needed.fault.is_some()).count()
}

/// The outline of a box: each kind has a form of its own.
fn outline(shown: &PictureBox) -> String {
    let (width, height) = (BOX_WIDTH, BOX_HEIGHT);
    match shown.kind {
        BoxKind::Service if shown.is_public => format!(
            "<rect class=\"outline\" width=\"{width}\" height=\"{height}\" rx=\"6\"/><rect class=\"public\" x=\"3\" y=\"3\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            width - 6.0,
            height - 6.0,
        ),
        BoxKind::Service => {
            format!("<rect class=\"outline\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>")
        }
        BoxKind::Balancer => format!(
            "<path class=\"outline\" d=\"M8 0H{width}L{} {height}H0z\"/>",
            width - 8.0
        ),
        BoxKind::Datastore => format!(
            "<path class=\"outline\" d=\"M0 5C0 -2 {width} -2 {width} 5V{lower}C{width} {below} 0 {below} 0 {lower}z\"/><path class=\"rim\" d=\"M0 5C0 11 {width} 11 {width} 5\"/>",
            lower = height - 5.0,
            below = height + 2.0,
        ),
        BoxKind::Unmet => format!(
            "<path class=\"outline\" d=\"M9 0H{right}L{width} {middle}L{right} {height}H9L0 {middle}z\"/>",
            right = width - 9.0,
            middle = height / 2.0,
        ),
    }
}
