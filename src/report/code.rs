//! Exit codes: sysexits.h where it has one (design.md section 7).

/// Why a command ends with something else than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Something changed, and the caller asked for this code.
    Changed,
    /// The command line is wrong.
    Usage,
    /// A manifest, template or conf is bad.
    Data,
    /// There is no such manifest or conf.
    NoInput,
    /// The registry does not answer.
    Unreachable,
    /// The `--on-change` command failed.
    OnChange,
    /// The system gave no thread, process or signal handler (`EX_OSERR`).
    System,
    /// A file cannot be written.
    CannotWrite,
    /// A requirement is unmet: somebody may provide it later.
    Unmet,
    /// A lock timed out, or others were quicker: it may be otherwise later.
    TryAgain,
    /// Something is at fault that this node can go on with.
    AtFault,
    /// Registry, file or federation do not permit it.
    NotPermitted,
    /// The node's configuration is bad.
    Configuration,
}

impl Code {
    /// The number that the process ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Changed => 2,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unreachable => 69,
            Self::OnChange | Self::System => 71,
            Self::CannotWrite => 73,
            Self::Unmet | Self::TryAgain | Self::AtFault => 75,
            Self::NotPermitted => 77,
            Self::Configuration => 78,
        }
    }

    /// Whether another answer of the registry may end this failure.
    pub(crate) const fn depends_on_registry(self) -> bool {
        matches!(self, Self::Unmet | Self::Unreachable)
    }
}
