#!/usr/bin/env python3
"""The second simulated world: writes PREFIX.scenario.jsonl and PREFIX.truth.jsonl for one category and seed.

It differs from the first world wherever a correlator could have learned that world by heart: sizes,
intervals, names, error mixes, noise, clocks, transport, wrong labels, and kinds of trouble.

    world.py CATEGORY SEED PREFIX [--plain-names]
    world.py --list
"""
import argparse
import json
import random

import noise
import topology
from categories import CATEGORIES
from story import Story
from transport import Fleet


def make_story(category, seed, plain=False):
    """The story of one scenario, ready to be played."""
    fill, need = CATEGORIES[category]
    story = Story(category, seed, need, plain)
    fill(story)
    bursts = random.Random("%s/%d/bursts" % (category, seed))
    story.faults += noise.usual_bursts(bursts, story.world, story.noise, story.duration, story.bursts)
    return story


def result_text(row, with_ms):
    """One result line; written by hand because a scenario has tens of thousands of them."""
    recv, ts, agent, seq, (_, check, target, endpoint, acct), error, why, ms = row
    text = '{"type":"result","recv":%.3f,"ts":%.3f,"agent":"%s","seq":%d,"check":"%s","target":"%s"' % (
        recv, ts, agent, seq, check, target)
    if endpoint:
        text += ',"endpoint":"%s"' % endpoint
    if acct >= 0:
        text += ',"acct":%d' % acct
    if with_ms:
        text += ',"ms":%.1f' % ms
    if error:
        return text + ',"why":"%s","outcome":"fail","err":"%s"}\n' % (why, error)
    return text + ',"why":"%s","outcome":"ok"}\n' % why


def write(category, seed, prefix, plain=False):
    """Plays one scenario and writes its two files; returns the number of results."""
    story = make_story(category, seed, plain)
    rows = Fleet(story).run()
    with open(prefix + ".scenario.jsonl", "w") as out:
        out.write(json.dumps(topology.topology_line(story.world, story.told)) + "\n")
        out.writelines(result_text(row, story.has_ms) for row in rows)
    for fault in story.faults:
        if fault.note == "lies":
            fault.share = fault.share_told
            fault.hits = sum(1 for row in rows if row[2] == fault.component[6:] and row[5])
            fault.witnesses = {fault.component[6:]}
    with open(prefix + ".truth.jsonl", "w") as out:
        out.write(json.dumps(story.true_line()) + "\n")
        told = [f for f in story.faults if not f.hidden]
        out.writelines(json.dumps(f.truth(i)) + "\n" for i, f in enumerate(told))
    return len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("category", nargs="?", choices=sorted(CATEGORIES))
    parser.add_argument("seed", nargs="?", type=int)
    parser.add_argument("prefix", nargs="?")
    parser.add_argument("--plain-names", action="store_true",
                        help="terse names and no pop3, for tools that know only the first world's names")
    parser.add_argument("--list", action="store_true", help="print the categories")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(CATEGORIES))
    elif asked.prefix is None:
        parser.error("CATEGORY, SEED and PREFIX are needed")
    else:
        write(asked.category, asked.seed, asked.prefix, asked.plain_names)


if __name__ == "__main__":
    main()
