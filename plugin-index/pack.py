#!/usr/bin/env python3
"""Packs the built binaries for those who install plugins.

    plugin-index/pack.py BUILT DIST

BUILT holds the binaries (target/dist). DIST gets one archive per plugin, binary and
LICENSE, the same bytes whenever the same binary is packed; SHA256SUMS; and plugins/, the
krew manifests filled from all archives of this version that lie in DIST, so that archives
of other platforms can be added before the last call.
"""

import gzip
import hashlib
import io
import platform
import re
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def workspace():
    return tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]


def plugins():
    """The binaries that are kubectl plugins; `codexctl` isn't one."""
    return sorted(folder.name for folder in (ROOT / "bins").glob("kubectl-codex*") if folder.is_dir())


def archive(binary):
    """A tar.gz of the binary and the licence; nothing in it depends on when or where it is made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, mode in ((ROOT / "LICENSE", 0o644), (binary, 0o755)):
            entry = tarfile.TarInfo(path.name)
            entry.size, entry.mode = path.stat().st_size, mode
            with path.open("rb") as content:
                tar.addfile(entry, content)
    zipped = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=zipped, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write(packed.getvalue())
    return zipped.getvalue()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def platforms(name, version, repository, archives):
    """krew's list of platforms, in YAML's flow style."""
    lines = []
    for path in archives:
        system, machine = re.fullmatch(rf"{name}-v{re.escape(version)}-(\w+)-(\w+)\.tar\.gz", path.name).groups()
        lines += [
            "    - selector: {matchLabels: {os: %s, arch: %s}}" % (system, machine),
            f"      uri: {repository}/releases/download/v{version}/{path.name}",
            f"      sha256: {sha256(path)}",
            f"      bin: {name}" + (".exe" if system == "windows" else ""),
        ]
    return "\n" + "\n".join(lines)


def main(built, dist):
    package = workspace()
    version, repository = package["version"], package["repository"]
    suffix = f"v{version}-{SYSTEMS[platform.system()]}-{MACHINES[platform.machine()]}.tar.gz"
    (dist / "plugins").mkdir(parents=True, exist_ok=True)
    for name in plugins():
        binary = built / (name + (".exe" if platform.system() == "Windows" else ""))
        if not binary.is_file():
            sys.exit(f"error: {binary} is missing\nhint: make dist-build")
        (dist / f"{name}-{suffix}").write_bytes(archive(binary))

        plugin = name.removeprefix("kubectl-")
        template = (ROOT / "plugin-index" / "plugins" / f"{plugin}.yaml").read_text(encoding="utf-8")
        archives = sorted(dist.glob(f"{name}-v{version}-*.tar.gz"))
        filled = template.replace('"@VERSION@"', f"v{version}")
        filled = filled.replace(' "@PLATFORMS@"', platforms(name, version, repository, archives))
        (dist / "plugins" / f"{plugin}.yaml").write_text(filled, encoding="utf-8")

    sums = "".join(f"{sha256(path)}  {path.name}\n" for path in sorted(dist.glob("*.tar.gz")))
    (dist / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(sums, end="")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
