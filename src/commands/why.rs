//! `reconf why`: where the values of a service come from, and why they come from nowhere else.

use crate::{
    cli::WhyArgs,
    edge::clock,
    model::escape::escape_line,
    node::Node,
    operations::inspect::{Why, why},
    report::{Ended, begin_answer},
};

/// `reconf why`.
pub(super) fn run(node: &Node, args: &WhyArgs) -> Ended {
    let mut session = node.session();
    let Why {
        reports,
        warnings,
        unmet,
    } = why(
        node,
        &mut session,
        &args.id,
        &args.variables,
        args.show_values,
    )?;
    begin_answer(&node.out, node.settings.is_registry_of_this_machine());
    node.out.warnings(&warnings);
    let now = clock::now();
    for report in &reports {
        if node.out.is_json() {
            node.out.object(report);
            continue;
        }
        for line in report.lines(now, node.out.is_verbose()) {
            node.out.text(&format!("{}\n", escape_line(&line)));
        }
    }
    unmet.map_or(Ok(None), Err)
}
