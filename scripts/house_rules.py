#!/usr/bin/env python3
"""House rules that no other tool checks: who includes whom, tests mirror the tree, coroutine forms.

Exits 1 with one line a violation. The layer table is cmake/layers.txt.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
# co_await may only be a whole right-hand side, a whole statement, or follow co_return: GCC 12.2
# miscompiles it inside conditions and arguments (ADR 2).
AWAIT = re.compile(r"\bco_await\b")
AWAIT_GOOD = re.compile(
    r"(^\s*|[^=!<>]=\s*|\bco_return\s+)co_await\b"
)
GETENV = re.compile(r"\bgetenv\b")
SLEEP = re.compile(r"\b(sleep_for|usleep|sleep)\s*\(")
MAX_LINES = 400


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return [pathlib.PurePosixPath(line) for line in out.splitlines()]


def read_layers():
    """({layer: set of layers and files it may include}, {subfolder: layer}); a layer may include itself."""
    table, layers = {}, {}
    for line in (ROOT / "cmake/layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            names, _, allowed = line.partition(":")
            layer, *subfolders = names.split()
            table[layer] = set(allowed.split()) | {layer}
            layers[layer] = layer
            layers.update({f"{layer}/{name.removeprefix('+')}": layer for name in subfolders})
    return table, layers


def check_layers(complain):
    table, layers = read_layers()
    for path in tracked("common/*", "agent/*", "collector/*", "cli/*"):
        if path.suffix not in (".h", ".cc"):
            continue
        layer = layers.get(str(path.parent))
        if layer is None:
            complain(path, "is in a folder that cmake/layers.txt does not know")
            continue
        allowed = table[layer]
        for included in INCLUDE.findall((ROOT / path).read_text()):
            target = layers.get(str(pathlib.PurePosixPath(included).parent))
            if target is not None and target not in allowed and included not in allowed:
                complain(path, f'includes "{included}", but {layer} may not include {target}')
            if included.endswith(".pb.h") and "proto" not in allowed:
                complain(path, f'includes "{included}", but {layer} may not see the wire format')


def check_mirror(complain):
    for path in tracked("tests/unit/*_test.cc"):
        mirrored = pathlib.PurePosixPath(*path.parts[2:])
        source = ROOT / ("tests" if mirrored.parts[0] == "support" else "") / mirrored
        stem = str(source)[: -len("_test.cc")]
        # name_topic_test.cc tests name.* too.
        stems = [stem]
        while "_" in stem.rpartition("/")[2]:
            stem = stem.rpartition("_")[0]
            stems.append(stem)
        if not any(pathlib.Path(s + ext).exists() for s in stems for ext in (".h", ".cc")):
            complain(path, "mirrors no source file")


def strip_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def check_coroutines(complain):
    for path in tracked("*.cc", "*.h"):
        text = strip_comments((ROOT / path).read_text())
        # A statement may be wrapped: look at it on one line.
        for match in AWAIT.finditer(text):
            start = max(text.rfind(c, 0, match.start()) for c in ";{}")
            statement = re.sub(r"\s+", " ", text[start + 1: match.end()])
            if not AWAIT_GOOD.search(statement) or statement.count("(") != statement.count(")"):
                line = text.count("\n", 0, match.start()) + 1
                complain(f"{path}:{line}", "co_await must be a statement or a whole right-hand side")


def check_sources(complain):
    for path in tracked("common/*", "agent/*", "collector/*", "cli/*", "tests/*"):
        if path.suffix not in (".h", ".cc"):
            continue
        text = (ROOT / path).read_text()
        code = strip_comments(text)
        product = path.parts[0] != "tests"
        if product and path.suffix == ".h" and not text.startswith("// "):
            complain(path, "does not say in its first line what it is")
        if GETENV.search(code) and str(path) not in ("common/base/secret.cc",
                                                     "common/config/yaml_file.cc",
                                                     "common/config/expand.cc"):
            complain(path, "reads the environment; only ${NAME} in a configuration may")
        if product and SLEEP.search(code):
            complain(path, "sleeps; wait on a Clock")
        if len(text.splitlines()) > MAX_LINES and product:
            complain(path, f"has more than {MAX_LINES} lines: it is two files")


# Two types of one name in one namespace are one to the linker, whichever of them it meets first.
def check_names(complain):
    seen = {}
    for path in tracked("common/*", "agent/*", "collector/*", "cli/*"):
        if path.suffix != ".h":
            continue
        code = strip_comments((ROOT / path).read_text())
        namespace = re.search(r"^namespace ([\w:]+)", code, re.M)
        for name in re.findall(r"^(?:struct|class|enum class) (\w+)[^;{]*\{", code, re.M):
            key = (namespace and namespace.group(1), name)
            if seen.setdefault(key, path) != path:
                complain(path, f"defines {name}, as {seen[key]} does in the same namespace")


def main():
    violations = []

    def complain(where, what):
        violations.append(f"{where}: {what}")

    check_layers(complain)
    check_mirror(complain)
    check_coroutines(complain)
    check_sources(complain)
    check_names(complain)
    for line in violations:
        print(line, file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
