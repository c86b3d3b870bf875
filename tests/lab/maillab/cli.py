"""The command line of the lab: one function a verb."""
import argparse
import os
import signal
import sys
import time

from . import plan, registry, teardown
from .errors import LabError
from .faults import FAULTS
from .world import Lab


def _up(args) -> int:
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, lambda number, _: sys.exit(128 + number))
    began = time.monotonic()
    lab = Lab.up(args.dir, args.keep)
    lab.detach(args.owner)
    rows = [(r.name, f"agent {r.agent:12} resolver {r.resolver}") for r in plan.REGIONS.values()]
    rows.append(("ops", f"collector {plan.COLLECTOR_ADDRESS}"))
    rows += [(p.name, f"{p.host} {p.address}") for p in plan.PROVIDERS.values()]
    rows.append(("dns", f"authority {plan.NAME_SERVER_ADDRESS}"))
    rows.append(("net", f"neutral {' '.join(plan.NEUTRAL_ADDRESSES)}"))
    table = "".join(f"  {lab.netns(name):12} {what}\n" for name, what in rows)
    # In one write, so that `lab up | head -1` gets its line and breaks nothing.
    sys.stdout.write(f"{lab.state}\n\nlab {lab.id} is up after {time.monotonic() - began:.1f} s\n\n"
                     f"{table}\nend it with: {sys.argv[0]} down {lab.state}\n")
    return 0


def _down(args) -> int:
    if args.all == (args.directory is not None):
        raise LabError("lab down: name a state directory, or give --all")
    if not args.all:
        try:
            Lab.open(args.directory).down()
        except LabError as error:
            print(f"nothing to do: {error}")
        return 0
    removed, spared = teardown.remove_all()
    print(f"removed: {removed}")
    for entry in spared:
        print(f"spared: lab {entry.id} in {entry.state}, owned by the running process "
              f"{entry.owner[0]}")
    return 0


def _list(_) -> int:
    for entry in registry.entries():
        owner = "gone" if entry.abandoned() else f"pid {entry.owner[0]}" if entry.owner else "-"
        faults = ["(" + " ".join(fault) + ")" for fault in Lab.open(entry.state).active_faults()]
        print(f"{entry.id:3}  {entry.state}  owner {owner}  up {time.time() - entry.since:.0f} s  "
              f"{' '.join(faults)}")
    return 0


def _faults(_) -> int:
    for fault in FAULTS.values():
        print(f"{fault.name:22} {' '.join(f'<{arg}>' for arg in fault.args):20} {fault.sees}")
    return 0


def _inject(args) -> int:
    Lab.open(args.directory).inject(args.name, *args.args)
    return 0


def _repair(args) -> int:
    lab = Lab.open(args.directory)
    if args.name == "all":
        lab.repair_all()
    else:
        lab.repair(args.name, *args.args)
    return 0


def _exec(args) -> int:
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise LabError("lab exec: name a command after the namespace")
    argv = Lab.open(args.directory).argv(args.namespace, command)
    os.execvp(argv[0], argv)


def _verify_clean(_) -> int:
    found = teardown.leftovers()
    for entry in registry.entries():
        print(f"running: lab {entry.id} in {entry.state}")
    for line in found:
        print(f"left over: {line}")
    if not found:
        print("clean")
    return 1 if found else 0


def _guard(args) -> int:
    teardown.guard(args.id)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description="A real mail world in network namespaces.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name, run, text=argparse.SUPPRESS):
        added = verbs.add_parser(name, **({} if text == argparse.SUPPRESS else {"help": text}))
        added.set_defaults(run=run)
        return added

    up = verb("up", _up, "bring a lab up and leave it running")
    up.add_argument("--dir", help="the state directory; empty or new (default: one in /tmp)")
    up.add_argument("--keep", action="store_true", help="leave a lab that fails to come up")
    up.add_argument("--owner", type=int, metavar="PID", help="take it down when this process ends")
    down = verb("down", _down, "remove a lab")
    down.add_argument("directory", nargs="?", metavar="DIR")
    down.add_argument("--all", action="store_true",
                      help="every lab but those that a running process owns, and all remnants")
    verb("list", _list, "the labs of this machine and their active faults")
    verb("faults", _faults, "what can be broken")
    for name, run, text in (("inject", _inject, "break something"),
                            ("repair", _repair, "undo it; NAME all undoes everything")):
        change = verb(name, run, text)
        change.add_argument("directory", metavar="DIR")
        change.add_argument("name", metavar="NAME")
        change.add_argument("args", nargs="*", metavar="ARG")
    run = verb("exec", _exec, "run a command in a namespace (eu, us, ap, ops, alpha, ...)")
    run.add_argument("directory", metavar="DIR")
    run.add_argument("namespace", metavar="NS")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD...")
    verb("verify-clean", _verify_clean, "fail if anything is left of a lab that is gone")
    verb("guard", _guard).add_argument("id", type=int)
    return parser


def main() -> int:
    args = _parser().parse_args()
    try:
        return args.run(args)
    except (LabError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
