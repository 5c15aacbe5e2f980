//! Which providers fill a pattern. One with several references takes all of them from one provider: a host never goes with
//! the port of another machine.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    candidates::{Candidates, UsableAnnouncement},
    input::ResolveInput,
    lookup::Found,
    observer::{Observer, PassedOver},
};
use crate::model::{
    announcement::Announcement, environment::Source, id::Id, key::Key, manifest::Pick, name::Name,
    spread,
};

/// One set of values for the references of a pattern.
pub(super) type Filling<'a> = BTreeMap<&'a Name, ChosenValue<'a>>;

/// A value that was chosen.
#[derive(Clone, Debug)]
pub(super) struct ChosenValue<'a> {
    pub(super) value: Cow<'a, str>,
    pub(super) source: Source,
    pub(super) announced: Option<Announced<'a>>,
}

/// The announcement of a value.
#[derive(Clone, Debug)]
pub(super) struct Announced<'a> {
    pub(super) key: Key,
    /// The revision of its key.
    pub(super) revision: i64,
    pub(super) announcement: &'a Announcement,
    /// The port of the local balancer that the value names; `None`: the value is the announced one.
    pub(super) local_port: Option<u16>,
}

/// A provider with its announcements of some names.
struct Provider<'a> {
    key: Key,
    filling: Filling<'a>,
}

/// The fillings of a pattern with these references: one for `spread`, for `all` one for each provider.
///
/// # Errors
/// The announced names that no provider has together.
pub(super) fn fillings<'a, O: Observer>(
    input: &ResolveInput<'a>,
    found: &[Found<'a>],
    pick: &Pick,
    observer: &mut O,
) -> Result<Vec<Filling<'a>>, Vec<&'a Name>> {
    let stored: Filling<'a> = found
        .iter()
        .filter_map(|found| Some((found.name, stored(found.stored?))))
        .collect();
    let groups = groups(found);
    let apart = |group: &[&Found<'a>]| group.iter().map(|found| found.name).collect();
    match pick {
        Pick::Spread => {
            let mut filling = stored;
            for group in &groups {
                let providers = providers(group, observer);
                let best = best(input.node, providers, observer).ok_or_else(|| apart(group))?;
                filling.extend(by_local_ports(input, best.filling));
            }
            Ok(vec![filling])
        }
        Pick::All { .. } => match &groups[..] {
            [] => Ok(vec![stored]),
            [group] => {
                let providers = providers(group, observer);
                if providers.is_empty() {
                    return Err(apart(group));
                }
                let with_stored = |provider: Provider<'a>| {
                    let mut filling = stored.clone();
                    filling.extend(provider.filling);
                    filling
                };
                Ok(providers.into_iter().map(with_stored).collect())
            }
            groups => Err(apart(&groups.concat())),
        },
    }
}

/// The values of one provider by this node's local balancer, if it serves all of them: a value of the balancer is any
/// provider's, and goes with no value of a single one.
fn by_local_ports<'a>(input: &ResolveInput<'a>, filling: Filling<'a>) -> Filling<'a> {
    let local = |(name, chosen): (&&'a Name, &ChosenValue<'a>)| {
        let announced = chosen.announced.as_ref()?;
        let federation = &input.manifest.federation;
        let announcement = announced.announcement;
        let (value, port) = input.local_ports.value(federation, name, announcement)?;
        let chosen = ChosenValue {
            value: Cow::Owned(value),
            source: chosen.source,
            announced: Some(Announced {
                local_port: Some(port),
                ..announced.clone()
            }),
        };
        Some((*name, chosen))
    };
    let all: Option<Filling<'a>> = filling.iter().map(local).collect();
    all.unwrap_or(filling)
}

/// The announced names, those together that some service announces together: names of unrelated services, such as two
/// URLs in one list, cannot be a pair.
fn groups<'f, 'a>(found: &'f [Found<'a>]) -> Vec<Vec<&'f Found<'a>>> {
    let mut groups: Vec<(BTreeSet<&Id>, Vec<&Found<'a>>)> = Vec::new();
    for found in found.iter().filter(|found| found.is_announced()) {
        let mut services = found.services();
        let mut members = Vec::new();
        let (related, apart): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(others, _)| !others.is_disjoint(&services));
        for (others, names) in related {
            services.extend(others);
            members.extend(names);
        }
        members.push(found);
        groups = apart;
        groups.push((services, members));
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// The providers that announce all names of a group that no datastore has, in the first region with any, by key.
fn providers<'a, O: Observer>(group: &[&Found<'a>], observer: &mut O) -> Vec<Provider<'a>> {
    let regions = group.iter().map(|found| found.regions.len()).max();
    for region in 0..regions.unwrap_or_default() {
        let providers = in_region(group, region, observer);
        if let Some(provider) = providers.first() {
            if O::ASKS {
                pass_over_later(group, region, &provider.key.region, observer);
            }
            return providers;
        }
    }
    Vec::new()
}

/// Reports the announcements in the regions after that one.
fn pass_over_later<O: Observer>(group: &[&Found<'_>], region: usize, first: &Id, observer: &mut O) {
    for found in group {
        for key in found
            .regions
            .iter()
            .skip(region + 1)
            .flat_map(Candidates::keys)
        {
            let first = first.clone();
            observer.pass_over(found.name, key, PassedOver::LaterRegion { first });
        }
    }
}

fn in_region<'a, O: Observer>(
    group: &[&Found<'a>],
    region: usize,
    observer: &mut O,
) -> Vec<Provider<'a>> {
    let mut providers: BTreeMap<(&Id, &Id), Provider<'a>> = BTreeMap::new();
    for found in group {
        for (key, candidate) in found.regions.get(region).into_iter().flatten() {
            let provider = providers.entry((&key.service, &key.node));
            let provider = provider.or_insert_with(|| Provider {
                key: key.clone(),
                filling: Filling::new(),
            });
            let chosen = announced(found, key, candidate);
            provider.filling.insert(found.name, chosen);
        }
    }
    let is_complete = |provider: &Provider<'a>| {
        let is_complete = lacked(group, provider).next().is_none();
        if O::ASKS && !is_complete {
            let lacks: Vec<Name> = lacked(group, provider).cloned().collect();
            pass_over(provider, observer, || PassedOver::Incomplete {
                lacks: lacks.clone(),
            });
        }
        is_complete
    };
    providers.into_values().filter(is_complete).collect()
}

/// The names of a group that neither the provider nor a datastore has.
fn lacked<'f, 'a>(
    group: &'f [&'f Found<'a>],
    provider: &'f Provider<'a>,
) -> impl Iterator<Item = &'a Name> + 'f {
    let needed = group.iter().filter(|found| found.stored.is_none());
    let names = needed.map(|found| found.name);
    names.filter(|name| !provider.filling.contains_key(name))
}

/// The provider with the highest score for the consumer's node; of equals the first.
fn best<'a, O: Observer>(
    node: &Id,
    mut providers: Vec<Provider<'a>>,
    observer: &mut O,
) -> Option<Provider<'a>> {
    if providers.len() > 1 {
        // `max_by_key` returns the last of equal maxima, so the reversed order makes the first key win.
        providers.reverse();
        let best =
            (0..providers.len()).max_by_key(|at| spread::score(node, &providers[*at].key))?;
        let best = providers.swap_remove(best);
        if O::ASKS {
            for other in &providers {
                let taken = || best.key.provider();
                pass_over(other, observer, || PassedOver::OtherShare {
                    taken: taken(),
                });
            }
        }
        return Some(best);
    }
    providers.pop()
}

/// Reports every announcement of a provider.
fn pass_over<O: Observer>(provider: &Provider<'_>, observer: &mut O, why: impl Fn() -> PassedOver) {
    for (name, chosen) in &provider.filling {
        if let Some(announced) = &chosen.announced {
            observer.pass_over(name, &announced.key, why());
        }
    }
}

fn announced<'a>(
    found: &Found<'a>,
    key: &Key,
    candidate: &UsableAnnouncement<'a>,
) -> ChosenValue<'a> {
    ChosenValue {
        value: Cow::Borrowed(&candidate.announcement.value),
        source: found.source_of(candidate),
        announced: Some(Announced {
            key: key.clone(),
            revision: candidate.revision,
            announcement: candidate.announcement,
            local_port: None,
        }),
    }
}

fn stored(value: &str) -> ChosenValue<'_> {
    ChosenValue {
        value: Cow::Borrowed(value),
        source: Source::Datastores,
        announced: None,
    }
}
