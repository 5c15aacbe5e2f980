//! The picture of a fleet or of a repository (docs/sight.md, `graph`): services, what they need of each other, and what of
//! that is missing. Pure: values in, text out.

mod dot;
mod html;
mod layout;
mod mermaid;
mod picture;
mod registry;
mod repository;
mod svg;
mod text;

pub(crate) use dot::dot;
pub(crate) use html::html;
pub(crate) use mermaid::mermaid;
pub(crate) use picture::{BoxKind, Picture};
pub(crate) use registry::{AnnouncementUse, of_registry};
pub(crate) use repository::of_manifests;
