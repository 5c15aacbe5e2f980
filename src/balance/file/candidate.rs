//! From view and template to a candidate.

use std::path::Path;

use super::{Candidate, CandidateError, Certificate, maps, parse, readback, shape, template};
use crate::balance::view::View;

/// Renders a file and parses it back. `output` is where it will be: its maps stand beside it.
///
/// # Errors
/// [`CandidateError`] if the template cannot be filled, or its file does not say what the view says.
pub(crate) fn render(
    template_name: &str,
    template_text: &str,
    mut view: View,
    output: &Path,
    certificates: &[Certificate],
) -> Result<Candidate, CandidateError> {
    let maps = maps::name_maps(&mut view, output);
    shape::PLACEHOLDER.clone_into(&mut view.shape);
    let text = template::fill(template_name, template_text, &view)?;
    let pools = view.pools.iter().map(|pool| pool.name.as_str()).collect();
    let shape = shape::of(&text, &pools, certificates);
    view.shape = shape;
    let text = text.replace(shape::PLACEHOLDER, &view.shape);
    let parsed = parse::parse(&text);
    readback::check(template_name, &text, &parsed, &view)?;
    Ok(Candidate {
        bytes: text.into_bytes(),
        shape: view.shape.clone(),
        maps,
        parsed,
        view,
    })
}
