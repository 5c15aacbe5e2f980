//! What a service's user can write never decides what root runs, reads, changes or waits for.

mod changed_conf;
mod places;
mod trusted;
