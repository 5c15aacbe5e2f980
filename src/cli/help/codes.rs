//! What exit codes mean (docs/design.md section 7), in the words that most commands share.

/// What an exit code means.
pub(in crate::cli) type Meaning = (u8, &'static str);

/// The command did what it was asked to.
pub(in crate::cli) const DONE: Meaning = (0, "done");
/// Only where `--detailed-exitcode` exists.
pub(in crate::cli) const CHANGED: Meaning =
    (2, "something changed (only with --detailed-exitcode)");
/// The command line is wrong.
pub(in crate::cli) const USAGE: Meaning = (64, "usage error");
/// For commands that read manifests and templates.
pub(in crate::cli) const DATA: Meaning = (65, "bad manifest, template or conf");
/// For commands that take the ids of services.
pub(in crate::cli) const NO_INPUT: Meaning = (66, "no such manifest or conf");
/// For commands that need the registry.
pub(in crate::cli) const UNREACHABLE: Meaning = (69, "registry unreachable");
/// For `render --on-change`.
pub(in crate::cli) const ON_CHANGE: Meaning = (71, "the --on-change command failed");
/// A file, or stdout.
pub(in crate::cli) const CANNOT_WRITE: Meaning = (73, "cannot write");
/// For commands that resolve requirements.
pub(in crate::cli) const UNMET: Meaning = (75, "requirement unmet, or lock held: try again later");
/// For commands that lock services only.
pub(in crate::cli) const LOCKED: Meaning = (75, "lock held: try again later");
/// For commands that use the registry or files of others.
pub(in crate::cli) const NOT_PERMITTED: Meaning =
    (77, "not permitted by registry, file or federation");
/// Of the node.
pub(in crate::cli) const CONFIGURATION: Meaning = (78, "bad configuration");
