#!/usr/bin/env python3
"""Differential test runner for the render corpus.

  run.py --full-cmd codexctl                  args are passed as they stand in case.json
  run.py --cmd "kubectl-codex-render"         the leading `render` argument is dropped
  run.py --cmd X --manage-env-cmd "Y"         also runs the `manage-env ...` cases as Y + args[1:]

Needs python3 and PyYAML only. Paths are relative to this file. See README.md.
"""
import argparse
import base64
import concurrent.futures as cf
import fnmatch
import hashlib
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

import yaml

HERE = os.path.dirname(os.path.realpath(__file__))
CASES = os.path.join(HERE, "cases")
TOKEN = "@PROJECT_ROOT@"
STAND_IN = "/project-root-stand-in"

# --------------------------------------------------------------------------
# YAML -> JSON values
#
# Two views of the same text:
#   core     YAML 1.2 core schema (yes/no/on/off/y/n are strings, dates are strings)
#   kubectl  what kubectl's own YAML reader makes of it (yes/no/on/off/y/n are booleans)
# Both read 0644 as octal 420 (as the reference and kubectl do) and have no
# timestamps and no base-60 numbers. Output has to agree in BOTH views, so a tool
# that prints the string "yes" without quotes is caught although YAML 1.2 allows it.
# --------------------------------------------------------------------------
try:
    from yaml.cyaml import CParser as _Parser

    _C = True
except ImportError:  # PyYAML without libyaml: slower, same result
    _C = False

from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode
from yaml.resolver import Resolver

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_TRUE11 = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE11 = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"}
_INF = re.compile(r"^[-+]?\.(inf|Inf|INF)$")
_NAN = re.compile(r"^\.(nan|NaN|NAN)$")
_INT = re.compile(r"^[-+]?(0[bB][01_]+|0[oO]?[0-7_]+|0[xX][0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")

if _C:

    class _Base(_Parser, SafeConstructor, Resolver):
        def __init__(self, stream):
            _Parser.__init__(self, stream)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

else:

    class _Base(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer,
                SafeConstructor, Resolver):
        def __init__(self, stream):
            yaml.reader.Reader.__init__(self, stream)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)
            yaml.composer.Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)


def _parse_int(text):
    s = text.replace("_", "")
    sign = 1
    if s[:1] in "+-":
        sign = -1 if s[0] == "-" else 1
        s = s[1:]
    low = s.lower()
    if low.startswith("0x"):
        v = int(s[2:], 16)
    elif low.startswith("0b"):
        v = int(s[2:], 2)
    elif low.startswith("0o"):
        v = int(s[2:], 8)
    elif len(s) > 1 and s[0] == "0":
        v = int(s, 8)
    else:
        v = int(s, 10)
    return sign * v


class Inf:
    """A non-finite float: JSON (and so Kubernetes) has no such value."""

    def __init__(self, text):
        self.text = text


def _number(v):
    if isinstance(v, float):
        if math.isnan(v):
            return Inf("nan")
        if math.isinf(v):
            return Inf("inf" if v > 0 else "-inf")
        if v == int(v) and abs(v) < 2 ** 63:
            return int(v)
        return v
    if -(2 ** 63) <= v < 2 ** 63:
        return v
    return float(v)  # beyond int64 kubectl itself goes through a float64


def _make_loader(yaml11_bools):
    class L(_Base):
        yaml_implicit_resolvers = {}

        def resolve(self, kind, value, implicit):
            if kind is yaml.nodes.ScalarNode and implicit[0]:
                return self._plain(value)
            return Resolver.resolve(self, kind, value, implicit)

        @staticmethod
        def _plain(v):
            if v in _NULL:
                return "tag:yaml.org,2002:null"
            if v in _TRUE or v in _FALSE:
                return "tag:yaml.org,2002:bool"
            if yaml11_bools and (v in _TRUE11 or v in _FALSE11):
                return "tag:yaml.org,2002:bool"
            if v == "<<":
                return "tag:yaml.org,2002:merge"
            if _INT.match(v):
                return "tag:yaml.org,2002:int"
            if _INF.match(v) or _NAN.match(v):
                return "tag:yaml.org,2002:float"
            if _FLOAT.match(v.replace("_", "")) and not math.isinf(float(v.replace("_", ""))):
                return "tag:yaml.org,2002:float"  # 1e400 stays a text, as in Go
            return "tag:yaml.org,2002:str"

        def construct_mapping(self, node, deep=False):
            if not isinstance(node, MappingNode):
                raise ConstructorError(None, None, "expected a mapping", node.start_mark)
            seen = set()
            for k, _ in node.value:
                if k.tag == "tag:yaml.org,2002:merge":
                    continue
                key = (k.tag, k.value if isinstance(k.value, str) else id(k))
                if key in seen:
                    raise ConstructorError(None, None, "duplicate key %r" % (k.value,), k.start_mark)
                seen.add(key)
            self.flatten_mapping(node)
            out = {}
            for k, v in node.value:
                out[_json_key(self.construct_object(k, deep=True))] = self.construct_object(v, deep=True)
            return out

    def c_null(self, node):
        return None

    def c_bool(self, node):
        v = self.construct_scalar(node)
        if v in _TRUE or v in _TRUE11:
            return True
        if v in _FALSE or v in _FALSE11:
            return False
        raise ConstructorError(None, None, "bad bool %r" % v, node.start_mark)

    def c_int(self, node):
        return _number(_parse_int(self.construct_scalar(node)))

    def c_float(self, node):
        v = self.construct_scalar(node)
        if _NAN.match(v):
            return Inf("nan")
        if _INF.match(v):
            return Inf("-inf" if v[0] == "-" else "inf")
        if _INT.match(v):
            return _number(float(_parse_int(v)))
        return _number(float(v.replace("_", "")))

    def c_str(self, node):
        return self.construct_scalar(node)

    def c_binary(self, node):
        raw = base64.b64decode(self.construct_scalar(node))
        # Kubernetes gets the decoded bytes as a string, bad UTF-8 becomes U+FFFD
        return raw.decode("utf-8", errors="replace")

    def c_seq(self, node):
        return [self.construct_object(n, deep=True) for n in node.value]

    def c_map(self, node):
        return self.construct_mapping(node, deep=True)

    t = "tag:yaml.org,2002:"
    L.yaml_constructors = {}
    for tag, fn in (("null", c_null), ("bool", c_bool), ("int", c_int), ("float", c_float), ("str", c_str),
                    ("binary", c_binary), ("seq", c_seq), ("map", c_map), ("timestamp", c_str),
                    ("merge", c_str)):  # `<<` as a value is just a text
        L.yaml_constructors[t + tag] = fn

    def c_unknown(self, node):
        raise ConstructorError(None, None, "tag %r has no meaning in Kubernetes YAML" % node.tag, node.start_mark)

    L.yaml_constructors[None] = c_unknown
    return L


def _json_key(k):
    # the conversion kubectl does for keys that are not strings
    if isinstance(k, str):
        return k
    if k is True:
        return "true"
    if k is False:
        return "false"
    if isinstance(k, int):
        return str(k)
    if isinstance(k, float):
        return "%g" % k if float("%g" % k) == k else repr(k)
    if k is None:
        return "\0null-key"  # kubectl rejects it; kept apart from the string "null"
    if isinstance(k, Inf):
        return "\0" + k.text
    raise ValueError("map key that is not a scalar: %r" % (k,))


CORE = _make_loader(False)
KUBECTL = _make_loader(True)


def load_documents(text, loader=CORE):
    """All documents of a stream as JSON values; documents without content are left out."""
    # libyaml keeps a NUL as end of input and PyYAML refuses some code points on a str: feed bytes
    data = text.encode("utf-8") if isinstance(text, str) else text
    ld = loader(data)
    docs = []
    try:
        while ld.check_data():
            d = ld.get_data()
            if d is not None:
                docs.append(d)
    finally:
        ld.dispose()
    return docs


def untoken(v, root):
    """The project root inside any string becomes the token."""
    if isinstance(v, str):
        return v.replace(root, TOKEN)
    if isinstance(v, list):
        return [untoken(x, root) for x in v]
    if isinstance(v, dict):
        return {untoken(k, root): untoken(x, root) for k, x in v.items()}
    return v


def canonical(doc):
    def default(o):
        if isinstance(o, Inf):
            return {"\0non-finite": o.text}
        raise TypeError(repr(o))

    return json.dumps(doc, sort_keys=True, ensure_ascii=True, default=default, separators=(",", ":"))


def canonical_sha256(docs):
    h = hashlib.sha256()
    for d in docs:
        h.update(canonical(d).encode())
        h.update(b"\n")
    return h.hexdigest()


def first_difference(a, b, path="$"):
    if type(a) is not type(b):
        return "%s: %s expected, %s found" % (path, _show(a), _show(b))
    if isinstance(a, dict):
        for k in a:
            if k not in b:
                return "%s: key %r is missing (expected %s)" % (path, k, _show(a[k]))
        for k in b:
            if k not in a:
                return "%s: key %r is too much (%s)" % (path, k, _show(b[k]))
        for k in a:
            d = first_difference(a[k], b[k], "%s.%s" % (path, k))
            if d:
                return d
        return None
    if isinstance(a, list):
        for i, (x, y) in enumerate(zip(a, b)):
            d = first_difference(x, y, "%s[%d]" % (path, i))
            if d:
                return d
        if len(a) != len(b):
            return "%s: %d items expected, %d found" % (path, len(a), len(b))
        return None
    if isinstance(a, Inf):
        return None if a.text == b.text else "%s: %s expected, %s found" % (path, a.text, b.text)
    return None if a == b else "%s: %s expected, %s found" % (path, _show(a), _show(b))


def _show(v):
    if isinstance(v, Inf):
        return "non-finite " + v.text
    s = json.dumps(v, ensure_ascii=False, default=lambda o: "?")
    s = s if len(s) < 160 else s[:157] + "..."
    return "%s %s" % (type(v).__name__, s)


def compare_streams(expected, got, root, kubectl_view=True):
    """None if the streams carry the same documents, else one line."""
    for name, loader in (("", CORE), (" [as kubectl reads it]", KUBECTL))[: 2 if kubectl_view else 1]:
        # the token cannot start a plain scalar: parse with a stand-in
        want = [untoken(d, STAND_IN) for d in load_documents(expected.replace(TOKEN.encode(), STAND_IN.encode()), loader)]
        try:
            have = load_documents(got, loader)
        except Exception as e:  # noqa: BLE001 - any parser complaint is a failure of the candidate
            return "output is not valid YAML%s: %s" % (name, " ".join(str(e).split()))
        have = [untoken(d, root) for d in have]
        for i, (a, b) in enumerate(zip(want, have)):
            d = first_difference(a, b, "doc[%d]" % i)
            if d:
                return d + name
        if len(want) != len(have):
            return "%d documents expected, %d found%s" % (len(want), len(have), name)
    return None


# --------------------------------------------------------------------------
# cases
# --------------------------------------------------------------------------
def read(path):
    with open(path, "rb") as f:
        return f.read()


def load_case(cid):
    d = os.path.join(CASES, cid)
    with open(os.path.join(d, "case.json"), encoding="utf-8") as f:
        c = json.load(f)
    c["_dir"] = d
    if c["id"] != cid:
        raise SystemExit("%s: the id in case.json is %r" % (cid, c["id"]))
    return c


def argv_for(case, opts):
    args = case["args"]
    if opts.full_cmd is not None:
        return shlex.split(opts.full_cmd) + args
    if args[0] == "render":
        return shlex.split(opts.cmd) + args[1:]
    if args[0] == "manage-env" and opts.manage_env_cmd:
        return shlex.split(opts.manage_env_cmd) + args[1:]
    return None


def execute(argv, case, project):
    env = {k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}
    env.update(case.get("env", {}))
    t0 = time.monotonic()
    p = subprocess.run(argv, cwd=project, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=case.get("timeout_s", 60))
    return p.returncode, p.stdout, p.stderr, time.monotonic() - t0


def with_project(case, fn):
    """Calls fn(project dir); a case that has generate.py gets a fresh generated one."""
    gen = os.path.join(case["_dir"], "generate.py")
    if os.path.exists(gen):
        with tempfile.TemporaryDirectory() as tmp:
            tmp = os.path.realpath(tmp)
            subprocess.run([sys.executable, gen, tmp], check=True, stdin=subprocess.DEVNULL)
            return fn(os.path.join(tmp, "project"))
    return fn(os.path.realpath(os.path.join(case["_dir"], "project")))


def judge(case, opts, project):
    argv = argv_for(case, opts)
    if argv is None:
        return "skip", "not a render case (give --manage-env-cmd)", 0.0
    try:
        rc, out, err, secs = execute(argv, case, project)
    except subprocess.TimeoutExpired:
        return "fail", "no end after %ss" % case.get("timeout_s", 60), float(case.get("timeout_s", 60))
    why = judge_reference(case, opts, project, rc, out, err)
    if why is None:
        return "pass", "", secs
    if not opts.exact_reference:
        better = judge_better(case, opts, project, rc, out)
        if better:
            return "better", better, secs
    return "fail", why, secs


def judge_reference(case, opts, project, rc, out, err):
    d = case["_dir"]
    root = project
    if case["expect_exit"] == 0:
        if rc != 0:
            return "exit %d, 0 expected; stderr: %s" % (rc, tail(err))
        kind = case.get("compare", "yaml")
        if kind == "text":
            want = read(os.path.join(d, "expected.txt")).decode("utf-8").rstrip("\n")
            have = out.decode("utf-8", "replace").replace(root, TOKEN).rstrip("\n")
            return None if want == have else "text differs: expected %r, found %r" % (want[:300], have[:300])
        if kind == "sha256":
            with open(os.path.join(d, "expected_sha256.json"), encoding="utf-8") as f:
                want = json.load(f)
            try:
                docs = [untoken(x, root) for x in load_documents(out)]
                docs11 = [untoken(x, root) for x in load_documents(out, KUBECTL)]
            except Exception as e:  # noqa: BLE001
                return "output is not valid YAML: %s" % " ".join(str(e).split())
            if len(docs) != want["documents"]:
                return "%d documents expected, %d found" % (want["documents"], len(docs))
            if canonical_sha256(docs) != want["canonical_json_sha256"]:
                return "the documents differ from the expected ones (sha256 of the canonical JSON)"
            if canonical_sha256(docs11) != want["canonical_json_sha256_kubectl"]:
                return "the documents differ from the expected ones as kubectl reads them (sha256)"
            return None
        want = read(os.path.join(d, "expected.yaml"))
        if case.get("compare") == "bytes":  # the reference's output is no valid YAML
            return None if want == out.replace(root.encode(), TOKEN.encode()) else "differs from the reference's (invalid) output"
        try:
            return compare_streams(want, out, root, not opts.no_kubectl_view)
        except UnicodeDecodeError as e:
            return "output is not UTF-8: %s" % e
    # failure expected
    if rc == 0:
        return "exit 0, a failure was expected (%s)" % first_line(os.path.join(d, "expected_error.txt"))
    if opts.strict_exit and rc != case["expect_exit"]:
        return "exit %d, %d expected" % (rc, case["expect_exit"])
    if rc < 0 or rc in (101, 134, 139):
        return "died (exit %d) instead of reporting an error: %s" % (rc, tail(err))
    if out.strip():
        return "printed %d bytes on stdout although it failed (a pipe into kubectl would apply them)" % len(out)
    if not err.strip():
        return "failed without any message on stderr"
    if opts.strict_errors:
        text = err.decode("utf-8", "replace")
        missing = [m for m in case.get("error_mentions", []) if m not in text]
        if missing:
            return "the error does not mention %s: %s" % (", ".join(missing), tail(err))
    return None


def judge_better(case, opts, project, rc, out):
    """A case may carry a better behaviour next to the reference's: accepted, and counted apart."""
    b = case.get("better")
    if not b:
        return None
    if b.get("exit", 0) != 0:
        return b["note"] if rc > 0 and rc != 101 and not out.strip() else None
    f = os.path.join(case["_dir"], "expected_better.yaml")
    if rc == 0 and os.path.exists(f) and compare_streams(read(f), out, project, not opts.no_kubectl_view) is None:
        return b["note"]
    return None


def tail(err):
    s = err.decode("utf-8", "replace").strip()
    return " | ".join(x.strip() for x in s.splitlines() if x.strip())[:300]


def first_line(path):
    try:
        return read(path).decode("utf-8", "replace").splitlines()[0]
    except (OSError, IndexError):
        return "no text recorded"


def reference_error(err):
    """The text cobra prints after 'Error: ' up to the usage text."""
    s = err.decode("utf-8", "replace")
    m = re.search(r"^Error: (.*?)(?=^Usage:|^\S+ +.*ERR |\Z)", s, re.S | re.M)
    return (m.group(1) if m else s).strip() + "\n"


def record(case, opts, project):
    """Writes what the (reference) command says into the case folder."""
    d = case["_dir"]
    rc, out, err, _ = execute(argv_for(case, opts), case, project)
    rc2, out2, err2, _ = execute(argv_for(case, opts), case, project)
    if (rc, out) != (rc2, out2) or (rc != 0 and reference_error(err) != reference_error(err2)):
        return "two runs differ: this case is not deterministic"
    if rc != case["expect_exit"]:
        return "exit %d, case.json says %d: %s" % (rc, case["expect_exit"], tail(err))
    for n in ("expected.yaml", "expected.txt", "expected_error.txt", "expected_sha256.json"):
        if os.path.exists(os.path.join(d, n)):
            os.remove(os.path.join(d, n))
    root = project.encode()
    if rc != 0:
        text = reference_error(err).encode().replace(root, TOKEN.encode())
        return write(os.path.join(d, "expected_error.txt"), text)
    out = out.replace(root, TOKEN.encode())
    kind = case.get("compare", "yaml")
    if kind == "text":
        return write(os.path.join(d, "expected.txt"), out)
    if kind == "sha256":
        docs, docs11 = load_documents(out), load_documents(out, KUBECTL)
        info = {"documents": len(docs), "reference_stdout_sha256": hashlib.sha256(out).hexdigest(),
                "reference_stdout_bytes": len(out), "canonical_json_sha256": canonical_sha256(docs),
                "canonical_json_sha256_kubectl": canonical_sha256(docs11)}
        return write(os.path.join(d, "expected_sha256.json"), (json.dumps(info, indent=2) + "\n").encode())
    return write(os.path.join(d, "expected.yaml"), out)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    g = ap.add_mutually_exclusive_group(required=True)
    g.add_argument("--cmd", help="command prefix that stands for `codexctl render`")
    g.add_argument("--full-cmd", help="command prefix that stands for `codexctl`")
    g.add_argument("--list", action="store_true", help="print ids, groups and descriptions")
    ap.add_argument("--manage-env-cmd", help="with --cmd: prefix that stands for `codexctl manage-env`")
    ap.add_argument("--only", action="append", default=[], metavar="GLOB", help="case id pattern, may be repeated")
    ap.add_argument("--skip", action="append", default=[], metavar="GLOB", help="case id pattern to leave out")
    ap.add_argument("--group", action="append", default=[], help="group name, may be repeated")
    ap.add_argument("--exact-reference", action="store_true", help="do not accept the `better` behaviours")
    ap.add_argument("--no-kubectl-view", action="store_true", help="compare in the YAML 1.2 view only")
    ap.add_argument("--strict-errors", action="store_true", help="error text must contain case.error_mentions")
    ap.add_argument("--strict-exit", action="store_true", help="exit code must be exactly 1, not just non-zero")
    ap.add_argument("--record", action="store_true", help="write the expectations (reference command only)")
    ap.add_argument("--jobs", type=int, default=min(8, os.cpu_count() or 1))
    ap.add_argument("--json", metavar="FILE", help="write a machine-readable report")
    ap.add_argument("-q", "--quiet", action="store_true", help="print failures and the summary only")
    opts = ap.parse_args()

    ids = sorted(n for n in os.listdir(CASES) if os.path.exists(os.path.join(CASES, n, "case.json")))
    if opts.only:
        ids = [i for i in ids if any(fnmatch.fnmatch(i, p) for p in opts.only)]
    ids = [i for i in ids if not any(fnmatch.fnmatch(i, p) for p in opts.skip)]
    cases = [load_case(i) for i in ids]
    if opts.group:
        cases = [c for c in cases if c["group"] in opts.group]
    if opts.list:
        for c in cases:
            print("%-44s %-10s %s" % (c["id"], c["group"], c["about"]))
        return 0
    if not cases:
        print("no case selected", file=sys.stderr)
        return 2

    def one(c):
        try:
            if opts.record:
                why = with_project(c, lambda p: record(c, opts, p))
                return ("fail", why, 0.0) if why else ("pass", "", 0.0)
            return with_project(c, lambda p: judge(c, opts, p))
        except FileNotFoundError as e:
            return "fail", "cannot run: %s" % e, 0.0

    with cf.ThreadPoolExecutor(opts.jobs) as ex:
        results = list(ex.map(one, cases))

    counts, groups, report = {}, {}, []
    for c, (st, why, secs) in zip(cases, results):
        counts[st] = counts.get(st, 0) + 1
        gr = groups.setdefault(c["group"], [0, 0])
        gr[1] += st != "skip"
        gr[0] += st in ("pass", "better")
        report.append({"id": c["id"], "group": c["group"], "status": st, "why": why, "seconds": round(secs, 3)})
        if st == "fail" or not opts.quiet:
            print("%-7s %-44s %s" % (st.upper(), c["id"], why))
    print("-- by group: " + ", ".join("%s %d/%d" % (k, v[0], v[1]) for k, v in sorted(groups.items())))
    print("-- %d cases: %d pass (as the reference), %d pass (better), %d fail, %d skipped" % (
        len(cases), counts.get("pass", 0), counts.get("better", 0), counts.get("fail", 0), counts.get("skip", 0)))
    if opts.json:
        with open(opts.json, "w", encoding="utf-8") as f:
            json.dump({"counts": counts, "cases": report}, f, indent=1)
            f.write("\n")
    return 1 if counts.get("fail") else 0


if __name__ == "__main__":
    sys.exit(main())
