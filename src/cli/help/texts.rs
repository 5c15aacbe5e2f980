//! What help ends with where no single command is described.

use super::{
    Help,
    codes::{
        CANNOT_WRITE, CHANGED, CONFIGURATION, DATA, DONE, NO_INPUT, NOT_PERMITTED, UNMET,
        UNREACHABLE, USAGE,
    },
};

/// The end of `reconf help options`.
pub(in crate::cli) const OPTIONS: &str = "\
An option wins over its environment variable, and that over config.json;
`reconf config` lists the values in effect.
DURATION is a number with a unit: `500ms`, `5s`, `10m`, `1h30m`.";

/// `reconf`: all codes of all commands.
pub(super) const ROOT: Help = Help {
    examples: &[
        ("reconf apply --all", "render and announce all services"),
        (
            "reconf exec www -- bin/www",
            "run a command of service `www`",
        ),
        ("reconf help render", "describe a command"),
        ("reconf help options", "describe the global options"),
    ],
    durations: false,
    codes: &[
        DONE,
        CHANGED,
        USAGE,
        DATA,
        NO_INPUT,
        UNREACHABLE,
        (
            71,
            "the --on-change command or a reload failed, or no thread or process",
        ),
        CANNOT_WRITE,
        UNMET,
        NOT_PERMITTED,
        CONFIGURATION,
        (125, "exec: reconf failed (126: cannot run, 127: not found)"),
    ],
};

/// `reconf help`.
pub(in crate::cli) const HELP: Help = Help {
    examples: &[
        ("reconf help render", "the same as `reconf render --help`"),
        ("reconf help listen off", "describe a subcommand"),
        ("reconf help options", "describe the global options"),
    ],
    durations: false,
    codes: &[DONE, (64, "no such command")],
};
