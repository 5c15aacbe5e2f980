//! Failures and outcomes as text, JSON and exit codes. Known to `commands` and `lib` only.

mod causes;
mod code;
mod failure;
mod journal;
mod outcome;
mod resolving;
mod table;
mod teller;
mod told;

pub use code::Code;
pub use failure::Failure;
pub use journal::Journal;
pub use outcome::{Applied, Changed, Rendered};
pub use resolving::{unmet, unread, warnings};
pub use table::table;
pub use teller::{Outcome, Teller};
pub use told::{Announced, Withdrawn};
