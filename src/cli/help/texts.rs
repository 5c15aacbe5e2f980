//! Examples and exit codes (docs/design.md section 7) of each command.

use super::Help;

/// The end of `reconf help options`.
pub(in crate::cli) const OPTIONS: &str = "\
An option wins over its environment variable, and that over config.json;
`reconf config` lists the values in effect.
DURATION is a number with a unit: `500ms`, `5s`, `10m`, `1h30m`.";

/// What an exit code means.
type Meaning = (u8, &'static str);

const DONE: Meaning = (0, "done");
const CHANGED: Meaning = (2, "something changed (only with --detailed-exitcode)");
const USAGE: Meaning = (64, "usage error");
const DATA: Meaning = (65, "bad manifest, template or conf");
const NO_INPUT: Meaning = (66, "no such manifest or conf");
const UNREACHABLE: Meaning = (69, "registry unreachable");
const ON_CHANGE: Meaning = (71, "the --on-change command failed");
const CANNOT_WRITE: Meaning = (73, "cannot write");
const UNMET: Meaning = (75, "requirement unmet, or lock held: try again later");
const LOCKED: Meaning = (75, "lock held: try again later");
const NOT_PERMITTED: Meaning = (77, "not permitted by registry, file or federation");
const CONFIGURATION: Meaning = (78, "bad configuration");

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
            "the --on-change command failed, or no thread or process",
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

/// `reconf render`.
pub(in crate::cli) const RENDER: Help = Help {
    examples: &[
        ("reconf render www", "write the conf of `www`"),
        (
            "reconf render --all --dry-run --diff",
            "preview all services",
        ),
        (
            "reconf render www --on-change 'systemctl restart www'",
            "apply it",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        CHANGED,
        USAGE,
        DATA,
        NO_INPUT,
        UNREACHABLE,
        ON_CHANGE,
        CANNOT_WRITE,
        UNMET,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf applied`.
pub(in crate::cli) const APPLIED: Help = Help {
    examples: &[
        ("reconf applied www", "`www` runs with the conf on disk"),
        ("reconf applied --all", "all services of this node do"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (66, "no such conf"),
        CANNOT_WRITE,
        LOCKED,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf announce`.
pub(in crate::cli) const ANNOUNCE: Help = Help {
    examples: &[
        ("reconf announce api", "publish what `api` provides"),
        (
            "reconf announce api --ttl 30s",
            "for 30s, unless kept alive",
        ),
        ("reconf announce --all --dry-run", "preview all services"),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        (65, "bad manifest"),
        (66, "no such manifest"),
        UNREACHABLE,
        CANNOT_WRITE,
        (75, "lock held, or concurrent changes: try again later"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf withdraw`.
pub(in crate::cli) const WITHDRAW: Help = Help {
    examples: &[
        ("reconf withdraw api", "withdraw it on this node"),
        (
            "reconf withdraw api --wait 10m",
            "and wait for its consumers",
        ),
        (
            "reconf withdraw --all --node api01",
            "clear a node that is gone",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        (65, "bad manifest"),
        (66, "no such manifest or announcement"),
        UNREACHABLE,
        CANNOT_WRITE,
        (
            75,
            "still in use after --wait, or lock held: try again later",
        ),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf apply`.
pub(in crate::cli) const APPLY: Help = Help {
    examples: &[
        ("reconf apply www", "render and announce `www`"),
        (
            "reconf apply --all --ttl 1m",
            "all, with announcements that expire",
        ),
    ],
    durations: true,
    codes: &[
        DONE,
        USAGE,
        DATA,
        (66, "no such manifest"),
        UNREACHABLE,
        CANNOT_WRITE,
        UNMET,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf exec`.
pub(in crate::cli) const EXEC: Help = Help {
    examples: &[
        ("reconf exec www", "run the command of the manifest"),
        ("reconf exec www -- env", "run another one"),
        (
            "reconf exec --task www -- bin/migrate",
            "hold the conf meanwhile",
        ),
    ],
    durations: true,
    codes: &[
        (
            125,
            "reconf failed, or usage error; the command did not run",
        ),
        (126, "the command cannot be run"),
        (127, "the command was not found"),
    ],
};

/// `reconf listen`.
pub(in crate::cli) const LISTEN: Help = Help {
    examples: &[
        ("reconf listen -- chef-client --once", "be the listener"),
        (
            "reconf listen off --for 2h --reason 'migration'",
            "hold provisions",
        ),
        ("reconf listen status", "look at it"),
    ],
    durations: true,
    codes: &[
        (0, "done, or stopped by a signal"),
        (64, "usage error, or no command to run"),
        (71, "the system gave no thread or process"),
        CANNOT_WRITE,
        (75, "another listener runs, or kick while it is off"),
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf ls`.
pub(in crate::cli) const LS: Help = Help {
    examples: &[
        ("reconf ls", "list all names, values masked"),
        ("reconf ls API_URL --show-values", "list one name"),
        ("reconf ls --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        UNREACHABLE,
        CANNOT_WRITE,
        NOT_PERMITTED,
        CONFIGURATION,
    ],
};

/// `reconf tasks`.
pub(in crate::cli) const TASKS: Help = Help {
    examples: &[
        ("reconf tasks www", "process ids and command lines"),
        ("reconf tasks www --output json", "for scripts"),
    ],
    durations: false,
    codes: &[
        DONE,
        USAGE,
        (66, "no such service on this node"),
        CANNOT_WRITE,
        CONFIGURATION,
    ],
};

/// `reconf config`.
pub(in crate::cli) const CONFIG: Help = Help {
    examples: &[
        ("reconf config", "a line per setting"),
        (
            "reconf config --node web01",
            "with an option that overrides one",
        ),
    ],
    durations: false,
    codes: &[DONE, USAGE, CANNOT_WRITE, CONFIGURATION],
};
