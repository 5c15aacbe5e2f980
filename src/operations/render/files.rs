//! The files of a service: its environment in every format that is written.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    edge::{
        files::{self, Access, FileError, Written},
        users,
    },
    model::{environment::Environment, format::Format, id::Id, manifest::Manifest},
    node::Node,
    render::{Conf, RenderError, Rendered, Template, refusals, render},
    report::{Code, Failure},
};

/// The templates that replace the built-in ones.
pub(crate) struct Templates {
    replacements: BTreeMap<Format, Template>,
}

/// What is to be written for a service.
pub(super) struct Files {
    /// The conf that `exec` reads, in shell format. Every service has one.
    pub(super) shell: Vec<u8>,
    others: Vec<(Format, Rendered)>,
    access: Access,
}

/// What a write changed.
#[derive(Default)]
pub(super) struct FileChanges {
    /// Files whose bytes were written.
    pub(super) written: Vec<String>,
    /// Files whose bytes were right and whose mode or owner was wrong.
    pub(super) repaired: Vec<String>,
}

impl Templates {
    /// Reads the replacements in the templates folder: `<format>.hbs`.
    pub(crate) fn load(node: &Node) -> Result<Self, Failure> {
        let mut replacements = BTreeMap::new();
        let folder = node.paths.templates();
        // One call: most nodes have no templates.
        if files::is_absent(&folder) {
            return Ok(Self { replacements });
        }
        for format in Format::WITH_TEMPLATE {
            let path = folder.join(format!("{format}.hbs"));
            if let Some(text) = files::read_trusted_text(&path)
                .map_err(|error| Failure::reading(error, Code::Data))?
            {
                let name = path.display().to_string();
                replacements.insert(format, Template { name, text });
            }
        }
        Ok(Self { replacements })
    }

    /// Adds a replacement.
    pub(crate) fn with(mut self, format: Format, template: Option<Template>) -> Self {
        self.replacements
            .extend(template.map(|template| (format, template)));
        self
    }

    /// The environment in one format.
    pub(super) fn render(&self, format: Format, conf: &Conf) -> Result<Rendered, RenderError> {
        render(format, conf, self.replacements.get(&format))
    }
}

impl Files {
    /// Renders all formats of a service, before anything is written.
    pub(super) fn render(
        node: &Node,
        templates: &Templates,
        manifest: &Manifest,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let formats = manifest.conf.formats(&node.settings.render.formats);
        let refused = refusals(environment, &formats);
        if !refused.is_empty() {
            return Err(RenderError::Refused(refused).into());
        }
        let conf = Conf {
            service: &manifest.id,
            environment,
        };
        let mut shell = Vec::new();
        let mut others = Vec::new();
        for format in formats {
            match templates.render(format, &conf)? {
                Rendered::File(bytes) if format == Format::Shell => shell = bytes,
                rendered => others.push((format, rendered)),
            }
        }
        let access = access(node, manifest)?;
        Ok(Self {
            shell,
            others,
            access,
        })
    }

    /// Mode and owner of every file.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// Whether a file on the disk is missing or has other bytes. Directories are compared when they are written.
    pub(super) fn differ(&self, node: &Node, id: &Id) -> Result<bool, FileError> {
        Ok(!self.is_conf_written(node, id)? || self.others_differ(node, id)?)
    }

    /// The paths of the files that a write would write. A directory is compared when it is written, and counts with the conf.
    pub(super) fn differing(&self, node: &Node, id: &Id) -> Result<Vec<String>, FileError> {
        let mut paths = Vec::new();
        let is_conf_new = !self.is_conf_written(node, id)?;
        if is_conf_new {
            paths.push(node.paths.conf(id));
        }
        for (format, rendered) in &self.others {
            let path = node.paths.rendered(id, *format);
            let is_new = match rendered {
                Rendered::File(bytes) => files::read_own(&path)?.as_ref() != Some(bytes),
                Rendered::Directory(_) => is_conf_new,
            };
            if is_new {
                paths.push(path);
            }
        }
        Ok(paths
            .iter()
            .map(|path| path.display().to_string())
            .collect())
    }

    /// As [`Self::differ`], for the files beside the conf.
    pub(super) fn others_differ(&self, node: &Node, id: &Id) -> Result<bool, FileError> {
        for (format, rendered) in &self.others {
            if let Rendered::File(bytes) = rendered
                && files::read_own(&node.paths.rendered(id, *format))?.as_ref() != Some(bytes)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the conf on the disk has these bytes.
    pub(super) fn is_conf_written(&self, node: &Node, id: &Id) -> Result<bool, FileError> {
        Ok(files::read_own(&node.paths.conf(id))?.as_ref() == Some(&self.shell))
    }

    /// Swaps each file in, whole; equal ones are left alone.
    pub(super) fn write(&self, node: &Node, id: &Id) -> Result<FileChanges, FileError> {
        let mut changes = FileChanges::default();
        let conf = node.paths.conf(id);
        changes.add(&conf, files::write(&conf, &self.shell, &self.access)?);
        for (format, rendered) in &self.others {
            let path = node.paths.rendered(id, *format);
            let written = match rendered {
                Rendered::File(bytes) => files::write(&path, bytes, &self.access)?,
                Rendered::Directory(content) => {
                    files::write_directory(&path, content, &self.access)?
                }
            };
            changes.add(&path, written);
        }
        Ok(changes)
    }

    /// Files that an earlier render wrote in formats that are no longer wanted.
    pub(super) fn left_over(&self, node: &Node, id: &Id) -> Vec<PathBuf> {
        let written = |format: &Format| self.others.iter().any(|(other, _)| other == format);
        let others = Format::ALL
            .into_iter()
            .filter(|f| *f != Format::Shell && !written(f));
        others
            .map(|format| node.paths.rendered(id, format))
            .filter(|path| files::exists(path))
            .collect()
    }
}

impl FileChanges {
    fn add(&mut self, path: &std::path::Path, written: Written) {
        match written {
            Written::Unchanged => {}
            Written::Repaired => self.repaired.push(path.display().to_string()),
            Written::Changed => self.written.push(path.display().to_string()),
        }
    }
}

/// Mode and owner of a service's files.
pub(crate) fn access(node: &Node, manifest: &Manifest) -> Result<Access, Failure> {
    let (conf, render) = (&manifest.conf, &node.settings.render);
    let owner = conf.owner.as_ref().or(render.owner.as_ref());
    let group = conf.group.as_ref().or(render.group.as_ref());
    let source = |key, is_own: bool| {
        let place = if is_own {
            format!("`conf.{key}` of the manifest")
        } else {
            format!("`render.{key}` of config.json")
        };
        format!("{place} names it: correct that, or create it")
    };
    let owner = owner.map(|name| users::user(name)).transpose();
    let group = group.map(|name| users::group(name)).transpose();
    Ok(Access {
        mode: conf.mode.unwrap_or(render.mode),
        owner: owner.map_err(|e| Failure::from(e).hint(source("owner", conf.owner.is_some())))?,
        group: group.map_err(|e| Failure::from(e).hint(source("group", conf.group.is_some())))?,
    })
}
