//! Failures and outcomes as text, JSON and exit codes. Known to `commands` and `lib` only.

mod causes;
mod code;
mod failure;
mod outcome;
mod resolving;
mod table;
mod teller;

pub use code::Code;
pub use failure::Failure;
pub use outcome::{Announced, Applied, Changed, Rendered, Withdrawn};
pub use resolving::{unmet, unread, warnings};
pub use table::table;
pub use teller::{Outcome, Teller};
