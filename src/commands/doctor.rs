//! `reconf doctor`: whether this node can do its work.

use crate::{
    cli::Global,
    node::{self, AssumedFiles, Node},
    operations::inspect::doctor,
    report::{Code, Condition, Diagnosis, Ended, Failure, Output, counted},
};

/// `reconf doctor`. A `config.json` that cannot be used is one of the faults.
pub(super) fn run(global: &Global, out: &Output) -> Ended {
    let rows = match Node::load(global, AssumedFiles::default(), out.clone()) {
        Ok(node) => doctor::diagnose(&node),
        Err(failure) if failure.code == Code::Usage || doctor::is_closed(&failure) => {
            return Err(failure);
        }
        Err(failure) => {
            let paths = node::paths_without_settings(global)?;
            doctor::diagnose_without_settings(&paths, &failure)
        }
    };
    out.rows(None, &rows);
    let count = |condition| {
        let rows = rows
            .iter()
            .filter(|row: &&Diagnosis| row.condition == condition);
        rows.count()
    };
    match count(Condition::Fault) {
        0 => Ok(None),
        faults => {
            let faults = counted(faults, "fault");
            let message = format!("this node cannot do all of its work: {faults}");
            Err(Failure::new(Code::Configuration, message))
        }
    }
}
