//! The templates folder.

use super::Node;
use crate::{
    edge::files,
    model::{format::Format, id::Id, suggest},
};

/// Warns of templates that replace none of the built-in ones.
pub(crate) fn warn_of_unknown(node: &Node) {
    node.out.warnings(&unknown(node));
}

/// The templates that replace none of the built-in ones, a clause each: a misspelt one would be ignored in silence.
pub(crate) fn unknown(node: &Node) -> Vec<String> {
    let folder = node.paths.templates();
    // A folder that cannot be read is reported by whoever reads a template in it.
    let found = files::list_ids(&folder, "hbs").unwrap_or_default();
    let known = Format::WITH_TEMPLATE.map(Format::name);
    let unknown = found.ids.iter().filter(|id| !known.contains(&id.as_str()));
    let clause = |id: &Id| {
        let path = folder.join(format!("{id}.hbs"));
        let help = match suggest::near_miss(id.as_str(), known) {
            Some(near) => format!("did you mean `{near}.hbs`?"),
            None => format!(
                "known: {}",
                known.map(|name| format!("{name}.hbs")).join(", ")
            ),
        };
        format!(
            "`{}` is the template of no format and is ignored; {help}",
            path.display()
        )
    };
    unknown.map(clause).collect()
}
