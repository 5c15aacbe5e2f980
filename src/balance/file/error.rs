//! Why a rendered file is not used.

use std::fmt;

/// A template cannot be filled, or its file does not say what the view says; nothing was replaced (65).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CandidateError {
    /// The template does not parse, or names what does not exist.
    #[error("template `{template}`{}: {message}", place(*line, *column))]
    Template {
        template: String,
        line: Option<usize>,
        column: Option<usize>,
        message: String,
    },
    /// Its file is not what the view says.
    #[error("template `{template}` does not render what this node balances")]
    Differs {
        template: String,
        problems: Vec<FileProblem>,
    },
}

fn place(line: Option<usize>, column: Option<usize>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!(", line {line}, column {column}"),
        (Some(line), None) => format!(", line {line}"),
        _ => String::new(),
    }
}

/// One difference between a rendered file and its view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileProblem {
    /// The first line is another one.
    NoHeader,
    /// The last line does not end: HAProxy takes such a file as cut off.
    NoFinalNewline,
    /// Two sections have one name.
    SectionTwice { section: String },
    /// A pool or frontend of the view has no section.
    NoSection { section: String },
    /// Two binds are the same address and port, which HAProxy shares between them in silence.
    BindTwice {
        bind: String,
        sections: (String, String),
    },
    /// A bind of the view is not in its section.
    NoBind { bind: String, section: String },
    /// A server of the view is not in its section.
    NoServer { server: String, section: String },
    /// A server is in its section twice.
    ServerTwice { server: String, section: String },
    /// A server that is not in the view is in a section of it.
    UnknownServer { server: String, section: String },
    /// A server has another address, port or `backup` than in the view.
    ServerDiffers { server: String, section: String },
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => write!(f, "its first line is not `{}`", super::HEADER),
            Self::NoFinalNewline => f.write_str("its last line does not end"),
            Self::SectionTwice { section } => write!(f, "section `{section}` is there twice"),
            Self::NoSection { section } => write!(f, "section `{section}` is missing"),
            Self::BindTwice { bind, sections } => {
                let (first, second) = sections;
                write!(f, "`{bind}` is bound twice: in `{first}` and in `{second}`")
            }
            Self::NoBind { bind, section } => write!(f, "`{section}` does not bind `{bind}`"),
            Self::NoServer { server, section } => {
                write!(f, "server `{server}` is missing in `{section}`")
            }
            Self::ServerTwice { server, section } => {
                write!(f, "server `{server}` is in `{section}` twice")
            }
            Self::UnknownServer { server, section } => {
                write!(f, "server `{server}` of `{section}` is not in the view")
            }
            Self::ServerDiffers { server, section } => write!(
                f,
                "server `{server}` of `{section}` has another address, port or `backup` than in the view"
            ),
        }
    }
}
