//! Volumes that an overlay mounts into a service's Deployment: folders of the node, and claims.

use crate::stack::Mode;
use crate::stack::decode::Text;
use crate::stack::model;
use crate::yaml::{Mapping, Node, Position};

use super::{OverlayError, maps_of};

/// What a host mount's path has to be when the overlay doesn't say.
const DEFAULT_HOST_PATH_TYPE: &str = "Directory";

/// A volume and where it is mounted.
///
/// Either half may be absent: in codexctl's mode an incomplete mount still takes away what had its name.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    name: String,
    volume: Option<Node>,
    volume_mount: Option<Node>,
}

/// The mounts of an overlay.
///
/// # Errors
/// In plain mode: a mount without a name, a source or a path, and a second one of the same name.
pub(super) fn of_overlay(overlay: &model::Overlay, mode: Mode) -> Result<Vec<Mount>, OverlayError> {
    let host_mounts = overlay.host_mounts.iter().map(|mount| {
        let kind =
            if mount.host_path_type.is_empty() { DEFAULT_HOST_PATH_TYPE } else { &mount.host_path_type };
        let source = Mapping::from_iter([("path", &*mount.host_path), ("type", kind)]);
        let mount_path = [("mountPath", Node::from(&*mount.mount_path))];
        Draft {
            kind: "hostMount",
            name: &mount.name,
            required: [("hostPath", &mount.host_path), ("mountPath", &mount.mount_path)],
            volume: ("hostPath", source),
            mount: Mapping::from_iter(mount_path),
        }
    });
    let pvc_mounts = overlay.pvc_mounts.iter().map(|mount| {
        let mut fields = Mapping::from_iter([("mountPath", Node::from(&*mount.mount_path))]);
        if !mount.sub_path.is_empty() {
            fields.insert("subPath", mount.sub_path.as_str());
        }
        if mount.read_only {
            fields.insert("readOnly", true);
        }
        Draft {
            kind: "pvcMount",
            name: &mount.name,
            required: [("claimName", &mount.claim_name), ("mountPath", &mount.mount_path)],
            volume: ("persistentVolumeClaim", Mapping::from_iter([("claimName", &*mount.claim_name)])),
            mount: fields,
        }
    });
    let mut mounts: Vec<Mount> = Vec::new();
    for draft in host_mounts.chain(pvc_mounts) {
        if mode == Mode::Plain {
            draft.check(&mounts)?;
        }
        mounts.push(draft.finish());
    }
    Ok(mounts)
}

/// A mount as the overlay gives it, not yet known to be whole.
struct Draft<'a> {
    kind: &'static str,
    name: &'a Text,
    required: [(&'static str, &'a Text); 2],
    volume: (&'static str, Mapping),
    mount: Mapping,
}

impl Draft<'_> {
    fn check(&self, earlier: &[Mount]) -> Result<(), OverlayError> {
        let (kind, name) = (self.kind, &**self.name);
        let texts = [self.name, self.required[0].1, self.required[1].1];
        let position =
            texts.map(|text| text.position).into_iter().find(|position| *position != Position::NONE);
        let position = position.unwrap_or(Position::NONE);
        let problem = |problem| Err(OverlayError::Mount { position, problem });
        if name.is_empty() {
            return problem(format!("this {kind} has no `name`"));
        }
        if let Some((field, _)) = self.required.iter().find(|(_, value)| value.is_empty()) {
            return problem(format!("{kind} `{name}` has no `{field}`"));
        }
        if earlier.iter().any(|mount| mount.name == name) {
            return problem(format!("a mount named `{name}` is there already"));
        }
        Ok(())
    }

    fn finish(self) -> Mount {
        let name = self.name.value.clone();
        let has_name = !name.is_empty();
        let is_whole = has_name && self.required.iter().all(|(_, value)| !value.is_empty());
        let has_path = self.required.iter().any(|(field, value)| *field == "mountPath" && !value.is_empty());
        let named = |mut fields: Mapping| {
            fields.insert("name", name.as_str());
            Node::from(fields)
        };
        let (kind, source) = self.volume;
        let volume = named(Mapping::from_iter([(kind, source)]));
        let volume_mount = named(self.mount);
        Mount {
            volume: is_whole.then_some(volume),
            volume_mount: (has_name && has_path).then_some(volume_mount),
            name: self.name.value.clone(),
        }
    }
}

/// Puts volumes on a pod, mounts on its first container and all init containers. What has the name of a
/// mount is replaced; other containers keep theirs.
pub(super) fn put_on(pod: &mut Node, mounts: &[Mount]) {
    let has_container = maps_of(pod, "containers").is_some_and(|containers| !containers.is_empty());
    if !has_container {
        return;
    }
    let Some(entries) = pod.as_mapping_mut() else {
        return;
    };
    let volumes = replaced(entries.get("volumes"), mounts, |mount| mount.volume.as_ref());
    entries.insert("volumes", volumes);
    if let Some(first) = maps_of(pod, "containers").and_then(|containers| containers.first_mut()) {
        mount_into(first, mounts);
    }
    for container in maps_of(pod, "initContainers").into_iter().flatten() {
        mount_into(container, mounts);
    }
}

fn mount_into(container: &mut Node, mounts: &[Mount]) {
    let Some(entries) = container.as_mapping_mut() else {
        return;
    };
    let items = replaced(entries.get("volumeMounts"), mounts, |mount| mount.volume_mount.as_ref());
    if !items.is_empty() {
        entries.insert("volumeMounts", items);
    }
}

/// The list without what has a mount's name, and the mounts' own entries behind it.
fn replaced(list: Option<&Node>, mounts: &[Mount], entry: impl Fn(&Mount) -> Option<&Node>) -> Vec<Node> {
    let is_kept = |item: &&Node| {
        let name = item.get("name").and_then(Node::as_str).unwrap_or_default();
        item.as_mapping().is_some() && mounts.iter().all(|mount| mount.name != name)
    };
    let present = list.and_then(Node::as_sequence).into_iter().flatten();
    let mut items: Vec<Node> = present.filter(is_kept).cloned().collect();
    items.extend(mounts.iter().filter_map(|mount| entry(mount).cloned()));
    items
}
