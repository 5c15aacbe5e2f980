//! What a run of `balance` may be asked for.

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BalanceOptions {
    /// Write nothing, and leave HAProxy alone.
    pub dry_run: bool,
    /// What to show besides the report, or instead of it; all but a diff write nothing.
    pub show: Show,
    /// Forget the expired announcements.
    pub drop_expired: bool,
    /// Reload although nothing changed.
    pub reload: bool,
}

/// What a run shows besides its report, or instead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Show {
    /// Nothing.
    #[default]
    Nothing,
    /// The lines of HAProxy's file that change.
    Diff,
    /// HAProxy's file.
    File,
    /// What the template sees.
    View,
}
