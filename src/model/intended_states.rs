//! What the states of several services are about to say: the content of `/var/lib/reconf/intents.json`. One call records all
//! its intents in this one file, in place of one file a service (section 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{id::Id, service_state::ServiceState};

/// The states that calls have recorded before they write to the registry, and that are in no other file yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IntendedStates {
    #[serde(default)]
    services: BTreeMap<Id, IntendedState>,
}

/// The state of one service. It counts while the service's own file is what it was: whoever replaces that, a release
/// included that does not know of intents, has the last word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct IntendedState {
    before: ServiceState,
    after: ServiceState,
}

impl IntendedStates {
    /// Whether nothing is intended.
    pub(crate) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// The state of a service whose own file says `file`; without a file, the empty one.
    pub(crate) fn state_of<'a>(&'a self, id: &Id, file: &'a ServiceState) -> &'a ServiceState {
        let intended = self.services.get(id);
        intended
            .filter(|intended| intended.before == *file)
            .map_or(file, |intended| &intended.after)
    }

    /// Records what a state is about to say, whose own file says `file`.
    pub(crate) fn intend(&mut self, id: Id, file: ServiceState, after: ServiceState) {
        if file == after {
            self.services.remove(&id);
        } else {
            let before = file;
            self.services.insert(id, IntendedState { before, after });
        }
    }

    /// Forgets what a service intended: its own file says `file` now. Returns whether that would count as unchanged.
    pub(crate) fn settle(&mut self, id: &Id, file: &ServiceState) -> bool {
        let settled = self.services.remove(id);
        settled.is_some_and(|intended| intended.before == *file)
    }

    /// The services of which something is intended.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &Id> {
        self.services.keys()
    }

    /// Those among them that have a state, although they have no file.
    pub(crate) fn without_files(&self) -> impl Iterator<Item = &Id> {
        let none = ServiceState::default();
        let services = self.services.iter();
        services.filter_map(move |(id, intended)| (intended.before == none).then_some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{announcement::By, sample};

    fn id(name: &str) -> Id {
        Id::parse(name).unwrap()
    }

    /// A state that differs from all with other names.
    fn state(name: &str) -> ServiceState {
        let mut state = ServiceState::default();
        let path = sample::key("f", name).path(crate::model::key::Kind::Provides);
        state.withdrawing.insert(path, By::Hand);
        state
    }

    #[test]
    fn an_intended_state_counts_while_the_file_is_what_it_was() {
        let (old, new, other) = (state("OLD"), state("NEW"), state("OTHER"));
        let none = ServiceState::default();
        let mut intended = IntendedStates::default();
        assert!(intended.is_empty());
        intended.intend(id("api"), old.clone(), new.clone());
        intended.intend(id("www"), none.clone(), new.clone());
        for (service, file, expected) in [
            ("api", &old, &new),
            ("api", &new, &new),
            ("api", &other, &other),
            ("api", &none, &none),
            ("www", &none, &new),
            ("www", &old, &old),
            ("db", &old, &old),
        ] {
            assert_eq!(intended.state_of(&id(service), file), expected, "{service}");
        }
        assert_eq!(intended.ids().collect::<Vec<_>>(), [&id("api"), &id("www")]);
        assert_eq!(intended.without_files().collect::<Vec<_>>(), [&id("www")]);
    }

    #[test]
    fn what_was_taken_back_is_intended_no_more() {
        let (old, new, other) = (state("OLD"), state("NEW"), state("OTHER"));
        let mut intended = IntendedStates::default();
        intended.intend(id("api"), old.clone(), new.clone());
        intended.intend(id("api"), old.clone(), old.clone());
        assert!(intended.is_empty());
        // A file that says again what it said before has to be told from one that was not written yet.
        for (file, expected) in [(&old, true), (&new, false), (&other, false)] {
            intended.intend(id("api"), old.clone(), new.clone());
            assert_eq!(intended.settle(&id("api"), file), expected, "{file:?}");
            assert!(intended.is_empty());
        }
        assert!(!intended.settle(&id("api"), &old));
    }
}
