//! Why a provision starts, as its command is told: variables of its environment.

use std::collections::{BTreeMap, BTreeSet};

use super::Reason;
use crate::model::id::Id;

/// The longest value of a variable. The order to the supervisor, which has all of them, has to fit into a pipe.
const LONGEST: usize = 24 * 1024;

/// A variable of the command's environment; without a value, it is taken away.
pub(crate) type CauseVariable = (&'static str, Option<String>);

/// Why a provision starts.
#[derive(Clone, Debug)]
pub(crate) struct ProvisionCause {
    reasons: BTreeSet<Reason>,
    services: Vec<String>,
    variables: Vec<String>,
}

impl ProvisionCause {
    /// A provision for these reasons, and for these services with the variables that differ.
    pub(crate) fn new(reasons: BTreeSet<Reason>, differing: &BTreeMap<Id, Vec<String>>) -> Self {
        let named = |(id, names): (&Id, &Vec<String>)| {
            let names = names.iter();
            names.map(|name| format!("{id}:{name}")).collect::<Vec<_>>()
        };
        Self {
            reasons,
            services: differing.keys().map(Id::to_string).collect(),
            variables: differing.iter().flat_map(named).collect(),
        }
    }

    /// The reasons by name.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &'static str> {
        self.reasons.iter().map(|reason| reason.name())
    }

    /// What the command's environment says of it. What is too long for that is taken away rather than cut: the command then
    /// has to expect anything.
    pub(crate) fn environment(&self) -> [CauseVariable; 3] {
        let fits = |value: &String| value.len() <= LONGEST;
        let reasons: Vec<&str> = self.reasons().collect();
        let services = Some(self.services.join(" ")).filter(fits);
        let variables = Some(self.variables.join(" ")).filter(fits);
        [
            ("RECONF_PROVISION_REASON", Some(reasons.join(" "))),
            ("RECONF_PROVISION_SERVICES", services),
            ("RECONF_PROVISION_VARIABLES", variables),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(reasons: &[Reason], differing: &[(&str, &[&str])]) -> [Option<String>; 3] {
        let differing = differing.iter().map(|(id, names)| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            (Id::parse(id).unwrap(), names)
        });
        let cause = ProvisionCause::new(reasons.iter().copied().collect(), &differing.collect());
        cause.environment().map(|(_, value)| value)
    }

    #[test]
    fn a_command_is_told_reasons_services_and_variables() {
        use Reason::{Change, Kick, Stale};
        for (reasons, differing, expected) in [
            (&[Kick][..], &[][..], ["kick", "", ""]),
            (
                &[Stale, Change],
                &[("www", &["DB", "KEY"][..]), ("api", &["DB"])],
                ["change stale", "api www", "api:DB www:DB www:KEY"],
            ),
        ] {
            let given = environment(reasons, differing);
            assert_eq!(given, expected.map(|text| Some(text.to_owned())));
        }
    }

    #[test]
    fn a_list_that_is_too_long_is_taken_away_whole() {
        let names = vec!["NAME"; 5_000];
        let [reason, services, variables] = environment(&[Reason::Start], &[("www", &names)]);
        assert_eq!(reason.as_deref(), Some("start"));
        assert_eq!(services.as_deref(), Some("www"));
        assert_eq!(variables, None);
    }
}
