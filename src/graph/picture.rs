//! What a picture shows, as values. Names only: no value of a variable comes here.

use serde::Serialize;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Where it is from, in words.
    pub source: String,
    /// The federations; no arrow crosses from one to another.
    pub federations: Vec<FederationPicture>,
}

/// The picture of a federation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FederationPicture {
    /// The federation.
    pub name: String,
    /// What is drawn, sorted by kind and label.
    pub boxes: Vec<PictureBox>,
    /// Who needs what of whom, sorted.
    pub arrows: Vec<Arrow>,
}

/// A service, or what stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PictureBox {
    /// What it is.
    pub kind: BoxKind,
    /// Its name.
    pub label: String,
    /// The nodes where it runs or ran; none in the picture of a repository.
    pub nodes: Vec<ServiceNode>,
    /// The names that it provides, sorted.
    pub provides: Vec<String>,
    /// Whether clients outside the fleet may be routed to any of them.
    pub is_public: bool,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BoxKind {
    /// A service.
    Service,
    /// The balancers of nodes, which need names for the services there.
    Balancer,
    /// A name that no service provides: it is taken for a datastore.
    Datastore,
    /// A name that a service needs and that nothing gives it.
    Unmet,
}

/// A service on a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ServiceNode {
    /// The node.
    pub node: String,
    /// Its region, where an announcement says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What there is to say: `announced`, `withdrawn by …`.
    pub state: String,
}

/// What one box needs of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    /// The index of the box that needs.
    pub from: usize,
    /// The index of the box that is needed.
    pub to: usize,
    /// The names that it needs, sorted.
    pub names: Vec<NeededName>,
}

/// A name that is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NeededName {
    /// The name.
    pub name: String,
    /// What is wrong with that, in words: `withdrawn on 2 nodes`; nothing where all is well.
    pub fault: Option<String>,
    /// Whether the service does without.
    pub is_optional: bool,
}

impl Picture {
    /// How many boxes it has.
    pub(crate) fn box_count(&self, kind: BoxKind) -> usize {
        let boxes = self
            .federations
            .iter()
            .flat_map(|federation| &federation.boxes);
        boxes.filter(|drawn| drawn.kind == kind).count()
    }

    /// Every fault, as a line: who needs what, and what is wrong.
    pub(crate) fn faults(&self) -> Vec<String> {
        let federations = self.federations.iter();
        federations.flat_map(FederationPicture::faults).collect()
    }
}

impl FederationPicture {
    fn faults(&self) -> impl Iterator<Item = String> {
        self.arrows.iter().flat_map(move |arrow| {
            let faults = arrow
                .names
                .iter()
                .filter_map(|needed| Some((needed, needed.fault.as_ref()?)));
            faults.map(move |(needed, fault)| {
                let who = &self.boxes[arrow.from].label;
                format!("{} of {who} ({}): {fault}", needed.name, self.name)
            })
        })
    }

    /// Whether anything that the box needs is at fault.
    pub(crate) fn is_faulty(&self, index: usize) -> bool {
        let needs = self.arrows.iter().filter(|arrow| arrow.from == index);
        needs
            .flat_map(|arrow| &arrow.names)
            .any(|needed| needed.fault.is_some())
    }
}

impl Arrow {
    /// Whether any of its names is at fault.
    pub(crate) fn is_faulty(&self) -> bool {
        self.names.iter().any(|needed| needed.fault.is_some())
    }

    /// Whether the service does without all of its names.
    pub(crate) fn is_optional(&self) -> bool {
        self.names.iter().all(|needed| needed.is_optional)
    }
}

impl PictureBox {
    /// The regions of its nodes, sorted.
    pub(crate) fn regions(&self) -> Vec<&str> {
        let regions = self.nodes.iter().filter_map(|node| node.region.as_deref());
        let mut regions: Vec<&str> = regions.collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    /// What stands below its label.
    pub(crate) fn subtitle(&self) -> String {
        match self.kind {
            BoxKind::Datastore => "taken for a datastore".to_owned(),
            BoxKind::Unmet => "unmet".to_owned(),
            BoxKind::Service | BoxKind::Balancer if self.nodes.is_empty() => {
                match &self.provides[..] {
                    [] => "provides nothing".to_owned(),
                    [one] => one.clone(),
                    [first, others @ ..] => format!("{first} and {} more", others.len()),
                }
            }
            BoxKind::Service | BoxKind::Balancer => {
                let mut nodes: Vec<&str> =
                    self.nodes.iter().map(|node| node.node.as_str()).collect();
                nodes.dedup();
                let count = match nodes[..] {
                    [one] => one.to_owned(),
                    _ => format!("{} nodes", nodes.len()),
                };
                let regions = self.regions();
                match regions[..] {
                    [] => count,
                    [one] => format!("{count}, {one}"),
                    _ => format!("{count}, {} regions", regions.len()),
                }
            }
        }
    }
}

/// A box as one line of JSON: what it is, where it runs, what it provides and needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GraphLine<'p> {
    federation: &'p str,
    kind: BoxKind,
    name: &'p str,
    public: bool,
    nodes: &'p [ServiceNode],
    provides: &'p [String],
    needs: Vec<NeedLine<'p>>,
}

/// A name that a box needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct NeedLine<'p> {
    name: &'p str,
    from: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'p str>,
    optional: bool,
}

impl Picture {
    /// Every box with what it needs, in the order of the picture.
    pub(crate) fn lines(&self) -> impl Iterator<Item = GraphLine<'_>> {
        self.federations.iter().flat_map(|federation| {
            let boxes = federation.boxes.iter().enumerate();
            boxes.map(move |(index, shown)| GraphLine {
                federation: &federation.name,
                kind: shown.kind,
                name: &shown.label,
                public: shown.is_public,
                nodes: &shown.nodes,
                provides: &shown.provides,
                needs: federation.needs(index),
            })
        })
    }
}

impl FederationPicture {
    fn needs(&self, index: usize) -> Vec<NeedLine<'_>> {
        let arrows = self.arrows.iter().filter(|arrow| arrow.from == index);
        let needs = arrows.flat_map(|arrow| {
            arrow.names.iter().map(|needed| NeedLine {
                name: &needed.name,
                from: &self.boxes[arrow.to].label,
                fault: needed.fault.as_deref(),
                optional: needed.is_optional,
            })
        });
        needs.collect()
    }
}
