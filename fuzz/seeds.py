#!/usr/bin/env python3
"""Fills fuzz/corpus/<target>/ with the project's own corpora, as a place to start from."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CORPUS = ROOT.parent / "tests" / "corpus"
# Larger inputs slow the fuzzer down more than they teach it.
LARGEST = 4096


def put(target, content):
    if len(content) <= LARGEST:
        folder = ROOT / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


def lines(path):
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def main():
    for case in lines(CORPUS / "gotemplate" / "cases.jsonl"):
        put("template", case["template"].encode())
    for _, text in lines(CORPUS / "yaml" / "cases.jsonl"):
        put("yaml", text.encode())
    for text in lines(CORPUS / "yaml" / "dotenv-cases.jsonl"):
        put("env_file", text.encode())
    for path in sorted((CORPUS / "render" / "cases").glob("*/project/**/*")):
        if path.is_file():
            target = "yaml" if path.suffix in (".yaml", ".yml") else "env_file"
            put(target, path.read_bytes())
            if target == "yaml":
                put("template", path.read_bytes())
    for folder in sorted((ROOT / "corpus").iterdir()):
        print(f"{folder.name}: {len(list(folder.iterdir()))} seeds")


if __name__ == "__main__":
    main()
