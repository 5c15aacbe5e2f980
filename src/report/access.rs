//! The rows of `access --audit`: what was tried or is permitted, and whether that is right.

use serde::Serialize;

use super::output::Row;
use crate::fleet::{Expected, WallFinding};

/// One row of the audit.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct WallRow<'a>(pub(crate) &'a WallFinding);

impl Row<4> for WallRow<'_> {
    fn cells(&self) -> [String; 4] {
        let finding = self.0;
        let result = if finding.ok { "ok" } else { "fault" };
        let ended = if finding.permitted {
            "permitted"
        } else {
            "denied"
        };
        let by = finding
            .role
            .as_ref()
            .map(|role| format!(" by role `{role}`"));
        let why = match (finding.ok, finding.expected) {
            (true, Expected::Either) => ", and not needed by this node",
            (true, _) => "",
            (false, Expected::Denied) => ": beyond the federations of this node",
            (false, _) => ": this node needs it",
        };
        [
            result.to_owned(),
            finding.operation.name().to_owned(),
            finding.keys.clone(),
            format!("{ended}{}{why}", by.unwrap_or_default()),
        ]
    }
}
