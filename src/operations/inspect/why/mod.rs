//! Where the values of a service come from: `reconf why`.

use std::time::SystemTime;

mod candidates;

use super::{
    balanced::Statistics, conf_use::ServiceConf, running::RunningUnit, shown::ShownValues,
};
use crate::{
    edge::{clock, registry::Session},
    model::{
        environment::Source,
        id::Id,
        json,
        last_known::LastKnown,
        manifest::{Manifest, Requirement},
        name::Name,
    },
    node::{
        Node,
        last_known::{self, Learn},
        manifests,
    },
    operations::inputs::{self, Inputs, Unresolved},
    report::{self, Code, Failure, SetBy, WhyReport, no_such_variables},
    resolve::{ResolveInput, TraceOutcome, trace},
};

/// What there is to say of the variables of a service.
pub(crate) struct Why {
    /// A report for each of them.
    pub(crate) reports: Vec<WhyReport>,
    /// What `render` would warn of.
    pub(crate) warnings: Vec<String>,
    /// The failure of those that are unmet.
    pub(crate) unmet: Option<Failure>,
}

/// What the reports of a service have in common.
struct Subject<'a> {
    node: &'a Node,
    manifest: &'a Manifest,
    input: ResolveInput<'a>,
    /// What was last known before the registry was read.
    seen: LastKnown,
    /// The manifest's text.
    text: String,
    conf: Option<ServiceConf>,
    running: Option<RunningUnit>,
    /// What HAProxy says, where anything is balanced.
    statistics: Option<Statistics>,
    show_values: bool,
    now: SystemTime,
}

/// Explains variables of a service; all of them, if none is named.
pub(crate) fn why(
    node: &Node,
    session: &mut Session,
    id: &Id,
    variables: &[Name],
    show_values: bool,
) -> Result<Why, Failure> {
    let manifests = manifests::load(node, std::slice::from_ref(id));
    // As they are before the registry is read: what has expired since is known here alone.
    let mut seen = last_known::load(node, &manifests, &mut Vec::new())?;
    let reads = inputs::read_set(node, &manifests)?;
    let inputs = Inputs::read(node, session, manifests, reads, Learn::Forget)?;
    let manifest = inputs.manifest(id)?;
    no_such_variables(manifest, variables).map_or(Ok(()), Err)?;
    let resolved = inputs.resolve(node, manifest);
    let seen = seen.remove(&manifest.federation).unwrap_or_default();
    let subject = Subject::new(node, &inputs, manifest, seen, show_values)?;
    let is_asked = |name: &Name| variables.is_empty() || variables.contains(name);
    let reports = subject.reports(is_asked);
    let mut why = Why {
        reports,
        warnings: Vec::new(),
        unmet: None,
    };
    match resolved {
        Ok(mut resolution) => {
            resolution
                .expired
                .retain(|reference| is_asked(&reference.variable));
            resolution
                .line_breaks
                .retain(|reference| is_asked(&reference.variable));
            let error = inputs.read_error(manifest).map(|error| &error.failure);
            let last_read = inputs.last_read.as_deref();
            why.warnings = report::warnings(error, last_read, id, &resolution, &[]);
        }
        Err(Unresolved::Unmet(mut missing)) => {
            missing.retain(|reference| is_asked(&reference.variable));
            if !missing.is_empty() {
                let unmet = Unresolved::Unmet(missing);
                why.unmet = Some(inputs.explain(node, session, manifest, unmet));
            }
        }
        Err(Unresolved::Refused(failure)) => return Err(failure),
    }
    Ok(why)
}

impl<'a> Subject<'a> {
    fn new(
        node: &'a Node,
        inputs: &'a Inputs,
        manifest: &'a Manifest,
        seen: LastKnown,
        show_values: bool,
    ) -> Result<Self, Failure> {
        let id = &manifest.id;
        let is_balanced = !inputs.local_ports.served.is_empty();
        let conf = manifest.has_conf.then(|| ServiceConf::read(node, id));
        let text = node.assumed.read(&node.paths.manifest(id), Code::Data)?;
        Ok(Self {
            node,
            manifest,
            input: inputs.of(node, manifest),
            seen,
            text: text.unwrap_or_default(),
            conf: conf.transpose()?,
            running: RunningUnit::find(node, id),
            statistics: is_balanced.then(|| Statistics::ask(node)).transpose()?,
            show_values,
            now: clock::now(),
        })
    }

    /// The reports of those variables that are asked for, by name.
    fn reports(&self, is_asked: impl Fn(&Name) -> bool) -> Vec<WhyReport> {
        let fixed = self.manifest.environment.iter();
        let fixed = fixed.filter(|(name, _)| is_asked(name));
        let fixed = fixed.map(|(name, value)| self.fixed(name, value));
        let required = self.manifest.requires.iter();
        let required = required.filter(|(name, _)| is_asked(name));
        let required = required.map(|(name, requirement)| self.required(name, requirement));
        let mut reports: Vec<WhyReport> = fixed.chain(required).collect();
        reports.sort_by(|one, other| one.variable.cmp(&other.variable));
        reports
    }

    /// A variable of `environment`. Nobody says which of those are secrets.
    fn fixed(&self, variable: &Name, value: &str) -> WhyReport {
        let shown = ShownValues::hiding(self.show_values);
        let mut report = WhyReport {
            value: Some(shown.value(value)),
            from: Some(Source::Environment),
            ..self.report(variable, SetBy::Environment, "environment")
        };
        self.add_uses(&mut report, Some(value), &shown);
        report
    }

    fn required(&self, variable: &Name, requirement: &Requirement) -> WhyReport {
        let trace = trace(&self.input, requirement, &self.seen);
        let shown = ShownValues::new(
            self.show_values,
            &self.input,
            requirement,
            &trace,
            &self.seen,
        );
        let value = match &trace.outcome {
            TraceOutcome::Value(variable) => Some(variable),
            TraceOutcome::LeftOut | TraceOutcome::Unmet => None,
        };
        let mut report = WhyReport {
            value: value.map(|variable| shown.value(&variable.value)),
            from: value.map(|variable| variable.source),
            references: trace
                .names
                .iter()
                .map(|of_name| of_name.name.clone())
                .collect(),
            pattern: self.show_values.then(|| requirement.pattern.to_string()),
            ..self.report(variable, SetBy::Requires, "requires")
        };
        if trace.outcome == TraceOutcome::Unmet {
            report.unmet.clone_from(&trace.missing);
        }
        self.add_candidates(&mut report, requirement, &trace);
        self.add_uses(
            &mut report,
            value.map(|variable| variable.value.as_str()),
            &shown,
        );
        report
    }

    /// Adds what the conf has of the variable, and the unit that runs the service.
    fn add_uses(&self, report: &mut WhyReport, value: Option<&str>, shown: &ShownValues) {
        let variable = &report.variable;
        let conf = self.conf.as_ref();
        let conf = conf.map(|conf| conf.compare(variable, value, |other| shown.value(other)));
        let running = self.running.as_ref();
        let running = running.map(|unit| unit.compare(variable, value, |other| shown.value(other)));
        (report.conf, report.running) = (conf, running);
    }

    fn report(&self, variable: &Name, rule: SetBy, section: &str) -> WhyReport {
        WhyReport {
            service: self.manifest.id.clone(),
            variable: variable.clone(),
            value: None,
            from: None,
            rule,
            references: Vec::new(),
            pattern: None,
            file: self
                .node
                .paths
                .manifest(&self.manifest.id)
                .display()
                .to_string(),
            line: json::line_of(&self.text, &[section, variable.as_str()]),
            unmet: Vec::new(),
            taken: Vec::new(),
            not_taken: Vec::new(),
            balanced: Vec::new(),
            conf: None,
            running: None,
        }
    }
}
