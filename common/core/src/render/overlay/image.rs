//! The image of a service's Deployment.

use crate::stack::Project;
use crate::stack::model::Service;
use crate::yaml::Node;

use super::{OverlayError, maps_of};

/// `repository[:tag]` of a service, its tag rendered again; `None` without a repository.
///
/// # Errors
/// The tag can't be rendered, whether a Deployment will use it or not.
pub(super) fn of_service(project: &Project, service: &Service) -> Result<Option<String>, OverlayError> {
    let template = &service.image.tag_template;
    let repository = service.image.repository.trim();
    let name = format!("image tag of service `{}`", &*service.name);
    let tag = if repository.is_empty() {
        String::new()
    } else {
        project
            .engine
            .render_field(&name, template)
            .map_err(|error| OverlayError::Tag { position: template.position, error: Box::new(error) })?
    };
    if repository.is_empty() {
        return Ok(None);
    }
    Ok(Some(match tag.trim() {
        "" => repository.to_owned(),
        tag => format!("{repository}:{tag}"),
    }))
}

/// Gives the image to the first container, and to the init containers that had the same one or none.
pub(super) fn put_on(pod: &mut Node, image: &str) {
    let Some(first) = maps_of(pod, "containers").and_then(|containers| containers.first_mut()) else {
        return;
    };
    let Some(main) = first.as_mapping_mut() else {
        return;
    };
    let before = main.insert("image", image);
    let before = before.as_ref().and_then(Node::as_str).unwrap_or_default().to_owned();
    for container in maps_of(pod, "initContainers").into_iter().flatten() {
        let Some(container) = container.as_mapping_mut() else {
            continue;
        };
        let present = container.get("image").and_then(Node::as_str).unwrap_or_default();
        if present.is_empty() || present == before {
            container.insert("image", image);
        }
    }
}
