#!/usr/bin/env python3
"""Checks packed plugins against the rules of krew's index and of Helm.

    plugin-index/check.py DIST         what `pack.py` wrote
    plugin-index/check.py --self-test  breaks a good package in many ways and sees each refused

The rules are those of krew's `validate-krew-manifest` and of its unpacking: a manifest
that passes here passes there. Needs PyYAML.
"""

import copy
import hashlib
import io
import re
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath

import yaml

ROOT = Path(__file__).resolve().parent.parent
SEMVER = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$")
PLATFORMS = {
    (system, machine)
    for system, machines in {
        "windows": ("386", "amd64", "arm64"),
        "linux": ("386", "amd64", "arm", "arm64", "ppc64le"),
        "darwin": ("386", "amd64", "arm64"),
    }.items()
    for machine in machines
}
LICENSE = re.compile(r"(licenses?(\.txt|\.md)?|copying(\.txt)?)$", re.IGNORECASE)


def krew_faults(file_name, manifest, archives):
    """What krew would refuse; `archives` maps an archive's file name to its bytes."""
    name, spec = manifest["metadata"]["name"], manifest["spec"]
    if manifest["apiVersion"] != "krew.googlecontainertools.github.com/v1alpha2" or manifest["kind"] != "Plugin":
        yield "not a krew plugin"
    if file_name != f"{name}.yaml" or not re.fullmatch(r"[\w-]+", name):
        yield f"the plugin {name!r} doesn't fit its file name {file_name!r}"
    if not SEMVER.match(str(spec["version"])):
        yield f"the version {spec['version']!r} isn't v and a semantic version"
    summary = spec["shortDescription"]
    if "\n" in summary or "kubectl" in summary.lower() or len(summary) > 80:
        yield "the short description isn't one short line without `kubectl`"
    if not spec.get("description") or not spec.get("homepage", "").startswith("https://"):
        yield "no description or home page"
    if "@" in str(spec["version"]) or not isinstance(spec["platforms"], list) or not spec["platforms"]:
        yield "the template isn't filled"
        return
    selected = []
    for platform in spec["platforms"]:
        labels = platform["selector"]["matchLabels"]
        if not labels or set(labels) - {"os", "arch"}:
            yield f"a selector knows os and arch only: {labels}"
        matches = {p for p in PLATFORMS if p[0] == labels.get("os", p[0]) and p[1] == labels.get("arch", p[1])}
        if not matches:
            yield f"no known platform is {labels}"
        selected += matches
        if "files" in platform:
            yield "`files` is left out: all of the archive is installed"
        yield from archive_faults(platform, archives)
    if len(selected) != len(set(selected)):
        yield "two platforms overlap"


def archive_faults(platform, archives):
    file_name = platform["uri"].rsplit("/", 1)[1]
    if not platform["uri"].startswith("https://") or not file_name.endswith((".tar.gz", ".zip")):
        yield f"not an archive that krew can unpack: {platform['uri']}"
    if not re.fullmatch(r"[a-f0-9]{64}", str(platform["sha256"])):
        yield "the sum isn't 64 lower-case hexadecimal digits"
    if file_name not in archives:
        yield f"the archive {file_name} is missing"
        return
    content = archives[file_name]
    if hashlib.sha256(content).hexdigest() != platform["sha256"]:
        yield f"the sum of {file_name} differs"
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        entries = tar.getmembers()
    for entry in entries:
        if not (entry.isreg() or entry.isdir()):
            yield f"{entry.name}: only files and folders can be unpacked"
        if entry.name.startswith("/") or ".." in PurePosixPath(entry.name).parts:
            yield f"{entry.name}: leads out of the folder"
    program = [entry for entry in entries if entry.name == platform["bin"]]
    if not program or not program[0].mode & 0o111:
        yield f"{platform['bin']} isn't in the archive, or can't be run"
    if platform["selector"]["matchLabels"].get("os") == "windows" and not platform["bin"].endswith(".exe"):
        yield "a Windows program ends in .exe"
    if not any(LICENSE.match(PurePosixPath(entry.name).name) for entry in entries):
        yield "no licence in the archive"


def helm_faults(manifest, version):
    """What Helm 4 would refuse of a post-renderer: unknown keys and a version with a `v`."""
    known = {"apiVersion", "type", "name", "version", "runtime", "runtimeConfig", "sourceURL"}
    if set(manifest) - known:
        yield f"unknown keys: {sorted(set(manifest) - known)}"
    if (manifest["apiVersion"], manifest["type"], manifest["runtime"]) != ("v1", "postrenderer/v1", "subprocess"):
        yield "not a post-renderer that runs a program"
    if manifest["version"] != version:
        yield f"the version is {manifest['version']}, the workspace's {version}"
    if set(manifest["runtimeConfig"]) - {"platformCommand", "platformHooks"}:
        yield "unknown keys in runtimeConfig"
    for command in manifest["runtimeConfig"]["platformCommand"]:
        if set(command) - {"os", "arch", "command", "args"}:
            yield f"unknown keys in a command: {command}"
        if "--no-header" not in command["args"]:
            yield "the output goes to Helm, which needs no header"


def check(dist):
    archives = {path.name: path.read_bytes() for path in dist.glob("*.tar.gz")}
    faults = []
    manifests = sorted((dist / "plugins").glob("*.yaml"))
    for path in manifests:
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
        faults += [f"{path.name}: {fault}" for fault in krew_faults(path.name, manifest, archives)]
    if not manifests:
        faults.append(f"no manifests in {dist}/plugins")
    version = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    for path in sorted((ROOT / "plugin-index" / "helm").glob("*/plugin.yaml")):
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
        faults += [f"helm/{manifest['name']}: {fault}" for fault in helm_faults(manifest, version)]
    print(*faults or [f"{len(manifests)} krew manifests and {len(archives)} archives follow the rules"], sep="\n")
    return 1 if faults else 0


# --------------------------------------------------------------------------


def tar_gz(*entries):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, mode, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.type, entry.linkname = mode, kind, "LICENSE"
            tar.addfile(entry)
    return packed.getvalue()


def self_test():
    file, link = tarfile.REGTYPE, tarfile.SYMTYPE
    good_archive = tar_gz(("LICENSE", 0o644, file), ("kubectl-codex-render", 0o755, file))
    archive_name = "kubectl-codex-render-v1.2.3-linux-amd64.tar.gz"
    good = yaml.safe_load((ROOT / "plugin-index/plugins/codex-render.yaml").read_text(encoding="utf-8"))
    good["spec"]["version"] = "v1.2.3"
    good["spec"]["platforms"] = [{
        "selector": {"matchLabels": {"os": "linux", "arch": "amd64"}},
        "uri": f"https://example.org/{archive_name}",
        "sha256": hashlib.sha256(good_archive).hexdigest(),
        "bin": "kubectl-codex-render",
    }]

    def faults(change=lambda spec, platform: None, archive=good_archive, file_name="codex-render.yaml"):
        manifest = copy.deepcopy(good)
        platform = manifest["spec"]["platforms"][0]
        if archive is not good_archive:
            platform["sha256"] = hashlib.sha256(archive).hexdigest()
        change(manifest["spec"], platform)
        return list(krew_faults(file_name, manifest, {archive_name: archive}))

    program, licence = ("kubectl-codex-render", 0o755, file), ("LICENSE", 0o644, file)
    broken = {
        "file name": faults(file_name="render.yaml"),
        "version without v": faults(lambda spec, _: spec.update(version="1.2.3")),
        "long summary": faults(lambda spec, _: spec.update(shortDescription="two\nlines")),
        "template not filled": faults(lambda spec, _: spec.update(platforms="@PLATFORMS@")),
        "upper-case sum": faults(lambda _, platform: platform.update(sha256=platform["sha256"].upper())),
        "wrong sum": faults(lambda _, platform: platform.update(sha256="0" * 64)),
        "unknown platform": faults(lambda _, platform: platform["selector"].update(matchLabels={"os": "plan9"})),
        "unknown label": faults(lambda _, platform: platform["selector"]["matchLabels"].update(libc="musl")),
        "twice": faults(lambda spec, platform: spec["platforms"].append(platform)),
        "files": faults(lambda _, platform: platform.update(files=[{"from": "*", "to": "."}])),
        "xz": faults(lambda _, platform: platform.update(uri="https://example.org/x.tar.xz")),
        "no licence": faults(archive=tar_gz(program)),
        "no program": faults(archive=tar_gz(licence)),
        "not executable": faults(archive=tar_gz(licence, ("kubectl-codex-render", 0o644, file))),
        "a link": faults(archive=tar_gz(licence, program, ("kubectl-codex_render", 0o777, link))),
        "an absolute path": faults(archive=tar_gz(licence, program, ("/etc/x", 0o644, file))),
        "a path upwards": faults(archive=tar_gz(licence, program, ("../x", 0o644, file))),
    }
    wrong = [f"not refused: {name}" for name, found in broken.items() if not found]
    wrong += [f"a good package is refused: {fault}" for fault in faults()]
    print(*wrong or [f"self-test: {len(broken)} broken packages, all refused"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(self_test() if sys.argv[1] == "--self-test" else check(Path(sys.argv[1])))
