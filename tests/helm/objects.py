#!/usr/bin/env python3
"""Prints which objects each shape of the chart installs, as the table of docs/kubernetes.md."""
import collections

import chart


def table():
    counts = {}
    for shape in chart.shapes():
        documents, complaint = chart.template("--values", chart.shape_file(shape))
        if complaint:
            raise SystemExit(f"{shape}: {complaint}")
        counts[shape] = collections.Counter(document["kind"] for document in documents)
    kinds = sorted(set().union(*counts.values()))
    lines = [f"| object | {' | '.join(counts)} |", "|---|" + "---|" * len(counts)]
    for kind in kinds:
        lines.append(f"| {kind} | {' | '.join(str(count[kind] or '') for count in counts.values())} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
