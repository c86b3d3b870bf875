"""Renders the chart, and reads what comes out as strictly as Kubernetes would."""
import json
import os
import pathlib
import subprocess

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "helm/postwatch"
# scripts/helm-check puts helm and the schemas there.
TOOLS = pathlib.Path(os.environ.get("POSTWATCH_HELM_TOOLS", ROOT / "build/helm"))
NAMESPACE = "mail"


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands in a map twice; the last one would win silently."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands here twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def helm(*arguments, text=None):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([TOOLS / "bin/helm", *map(str, arguments)], capture_output=True, text=True,
                          input=text, check=False, env={**os.environ, "HOME": str(TOOLS), "KUBECONFIG": "/dev/null"})
    return done.returncode, done.stdout, done.stderr


def parse(text):
    return [document for document in yaml.load_all(text, StrictLoader) if document is not None]


def template(*arguments, release="rel", values=None):
    """(manifests, what helm complained of). `values` is a tree that is laid over the arguments'."""
    extra, text = [], None
    if values is not None:
        extra, text = ["--values", "-"], json.dumps(values)
    code, out, complaint = helm("template", release, CHART, "--namespace", NAMESPACE, *arguments, *extra, text=text)
    return (parse(out), "") if code == 0 else ([], complaint)


def shapes():
    """The name of each values file in ci."""
    return sorted(path.name.removesuffix("-values.yaml") for path in CHART.glob("ci/*-values.yaml"))


def shape_file(shape):
    return CHART / f"ci/{shape}-values.yaml"


def schema_faults(documents):
    """[(manifest, path, what)]"""
    script = (HERE / "schema_check.mjs").read_text()
    done = subprocess.run(["node", "--input-type=module", "--eval", script], input=json.dumps(documents), cwd=TOOLS,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    lines = [line.split("\t", 2) for line in done.stdout.splitlines()]
    return [(title(documents[int(index)]), path, what) for index, path, what in lines]


def title(document):
    return f"{document['kind']} {document['metadata']['name']}"


def find(documents, wanted):
    """The manifest called `wanted`, such as "Service rel-postwatch"."""
    found = [document for document in documents if title(document) == wanted]
    if len(found) != 1:
        raise AssertionError(f"{wanted} is there {len(found)} times among {[title(d) for d in documents]}")
    return found[0]


def configuration(documents, name, file):
    """A program's configuration, from its ConfigMap."""
    return yaml.load(find(documents, f"ConfigMap {name}")["data"][file], StrictLoader)
