//! What the commands did for one service: the JSON lines that the cookbook reads, and the lines for people.

use serde::Serialize;

use super::teller::Outcome;
use crate::model::{
    environment::{Source, Variable},
    id::Id,
    key::Key,
    key::Kind,
    name::Name,
};

/// What `render` did.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the report")]
pub struct Rendered {
    /// The service.
    pub service: Id,
    /// Where its conf is.
    pub path: String,
    /// Whether something is to be applied, or would be.
    pub changed: bool,
    /// Whether the registry did not answer, or values are older than its last word.
    pub degraded: bool,
    /// Whether what was written is not yet applied.
    pub pending: bool,
    /// Whether anything was written.
    #[serde(skip)]
    pub dry: bool,
    /// The files whose mode or owner alone were wrong.
    pub mended: Vec<String>,
    /// The variables, by name; those that are gone too.
    pub variables: Vec<Changed>,
    /// What should worry a person.
    pub warnings: Vec<String>,
}

/// A variable of a conf.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// Where its value comes from; nothing for one that is gone.
    pub from: Option<Source>,
    /// The name that it was resolved from.
    pub reference: Option<String>,
    /// Who provides it, as `service@node`.
    pub provider: Option<String>,
    /// Whether its value differs from the one that is in use.
    pub changed: bool,
    /// Its value, if values were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Changed {
    /// A variable with its value's origin.
    pub fn new(name: &str, variable: &Variable, changed: bool, show_value: bool) -> Self {
        let joined = |parts: Vec<&str>| (!parts.is_empty()).then(|| parts.join(","));
        Self {
            name: name.to_owned(),
            from: Some(variable.source),
            reference: joined(variable.references.iter().map(Name::as_str).collect()),
            provider: joined(variable.providers.iter().map(String::as_str).collect()),
            changed,
            value: show_value.then(|| variable.value.clone()),
        }
    }

    /// A variable that the conf in use has and the new one has not.
    pub fn gone(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            from: None,
            reference: None,
            provider: None,
            changed: true,
            value: None,
        }
    }
}

impl Outcome for Rendered {
    fn line(&self) -> Option<String> {
        let Self { service, path, .. } = self;
        let what = match (self.changed, self.dry) {
            (true, false) => "wrote",
            (true, true) => "would write",
            (false, _) => "unchanged",
        };
        let names: Vec<&str> = self
            .variables
            .iter()
            .filter(|v| v.changed)
            .map(|v| v.name.as_str())
            .collect();
        let mut line = format!("{service}: {what} {path}");
        if !names.is_empty() {
            line.push_str(&format!(" ({})", names.join(", ")));
        }
        if self.pending {
            line.push_str("; not yet applied");
        }
        Some(line)
    }

    fn details(&self) -> Vec<String> {
        let origin = |v: &Changed| {
            let from = v.from.map_or("gone", Source::name);
            let reference = v.reference.as_ref().map(|r| format!(" {r}"));
            let provider = v.provider.as_ref().map(|p| format!(" of {p}"));
            let (reference, provider) =
                (reference.unwrap_or_default(), provider.unwrap_or_default());
            format!("  {} from {from}{reference}{provider}", v.name)
        };
        self.variables.iter().map(origin).collect()
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What `applied` did.
#[derive(Clone, Debug, Serialize)]
pub struct Applied {
    /// The service.
    pub service: Id,
    /// Whether the conf was pending.
    pub changed: bool,
    /// What should worry a person.
    pub warnings: Vec<String>,
}

impl Outcome for Applied {
    fn line(&self) -> Option<String> {
        let what = if self.changed {
            "applied"
        } else {
            "was applied already"
        };
        Some(format!("{}: {what}", self.service))
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What `announce` did.
#[derive(Clone, Debug, Serialize)]
pub struct Announced {
    /// The service.
    pub service: Id,
    /// Whether the registry was changed, or would be.
    pub changed: bool,
    /// Whether it was withdrawn by hand and left so.
    pub held: bool,
    /// What is announced.
    pub announcements: Vec<Announcement>,
    /// The keys of what was taken back.
    pub withdrawn: Vec<String>,
    /// What should worry a person.
    pub warnings: Vec<String>,
    /// Whether anything was written.
    #[serde(skip)]
    pub dry: bool,
}

/// One announcement of a service.
#[derive(Clone, Debug, Serialize)]
pub struct Announcement {
    /// What is provided.
    pub name: Name,
    /// The registry's key.
    pub key: String,
    /// Whether the registry did not say so before.
    pub changed: bool,
}

impl Announced {
    /// Nothing done yet.
    pub fn new(service: &Id) -> Self {
        Self {
            service: service.clone(),
            changed: false,
            held: false,
            announcements: Vec::new(),
            withdrawn: Vec::new(),
            warnings: Vec::new(),
            dry: false,
        }
    }

    /// Notes what is announced, and whether that is new.
    pub fn announces(&mut self, key: &Key, changed: bool) {
        self.changed |= changed;
        self.announcements.push(Announcement {
            name: key.name.clone(),
            key: key.path(Kind::Provides),
            changed,
        });
    }

    /// Notes what is taken back.
    pub fn withdraws(&mut self, key: &Key) {
        self.changed = true;
        self.withdrawn.push(key.path(Kind::Provides));
    }
}

impl Outcome for Announced {
    fn line(&self) -> Option<String> {
        let service = &self.service;
        if self.held {
            return Some(format!(
                "{service}: held, because it was withdrawn by hand; `reconf announce {service}` announces it again"
            ));
        }
        let would = if self.dry { "would have " } else { "" };
        let names = |changed: bool| {
            let some = self.announcements.iter().filter(|a| a.changed == changed);
            some.map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        for (verb, names) in [
            (format!("{would}announced"), names(true)),
            ("already announced".to_owned(), names(false)),
            (format!("{would}withdrawn"), self.withdrawn.join(", ")),
        ] {
            if !names.is_empty() {
                parts.push(format!("{verb} {names}"));
            }
        }
        if parts.is_empty() {
            parts.push("provides nothing".to_owned());
        }
        Some(format!("{service}: {}", parts.join("; ")))
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What `withdraw` did.
#[derive(Clone, Debug, Serialize)]
pub struct Withdrawn {
    /// The service.
    pub service: Id,
    /// Whether the registry was changed.
    pub changed: bool,
    /// The keys of what was taken back.
    pub withdrawn: Vec<String>,
    /// Whether it stays so until `announce ID`.
    pub held: bool,
    /// What should worry a person.
    pub warnings: Vec<String>,
}

impl Withdrawn {
    /// Nothing done yet.
    pub fn new(service: &Id, held: bool) -> Self {
        Self {
            service: service.clone(),
            changed: false,
            withdrawn: Vec::new(),
            held,
            warnings: Vec::new(),
        }
    }
}

impl Outcome for Withdrawn {
    fn line(&self) -> Option<String> {
        let what = if self.withdrawn.is_empty() {
            "nothing to withdraw".to_owned()
        } else {
            format!("withdrawn {}", self.withdrawn.join(", "))
        };
        Some(format!("{}: {what}", self.service))
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
