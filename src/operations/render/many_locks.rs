//! Holding the locks of many services: each is an open file.

use crate::{
    edge::open_files::{self, MoreFiles, TooManyFiles},
    report::{Code, Failure},
};

/// Lets this process hold the locks of so many services, until what is returned is dropped.
pub(super) fn allow(services: usize) -> Result<MoreFiles, Failure> {
    open_files::allow(services).map_err(|why| too_many(services, &why))
}

fn too_many(services: usize, why: &TooManyFiles) -> Failure {
    let message = format!("cannot hold the locks of {services} services at once");
    Failure::new(Code::System, message)
        .facts([why.to_string()])
        .note("nothing was written")
        .hint(format!(
            "raise the limit to {} (`ulimit -Hn`, `LimitNOFILE=` of a unit), or name some of the services at a time",
            why.needed
        ))
}
