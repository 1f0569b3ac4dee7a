#!/usr/bin/env python3
"""Writes seeded defects into copies of source files.

In: tables of seeds (TOML, see README.md), source files and where their copies
go. Out: the copies, and a list of the seeds' names for seed.h. Holds: every
text to edit stood exactly once in its folder, no two overlap, and without a
seed chosen at run time the copies do what the originals do.
"""

import argparse
import os
import sys
import tomllib


def read_seeds(paths):
    seeds = []
    for path in paths:
        with open(path, "rb") as file:
            seeds += tomllib.load(file)["seed"]
    return seeds


def edits_of(seed):
    return [seed] + seed.get("also", [])


def place_of(texts, seed, edit):
    """File, begin and end of what `edit` replaces; an error unless it is one."""
    found = []
    for path, text in texts.items():
        if os.path.dirname(path) == edit["folder"]:
            found += [path] * text.count(edit["find"])
    if len(found) != 1:
        sys.exit(
            f"seed {seed['name']}: its text stands {len(found)} times in "
            f"{edit['folder']}, not once. The code has changed: adapt the seed "
            f"(fuzz/mutants/README.md).\n{edit['find']}"
        )
    begin = texts[found[0]].index(edit["find"])
    return found[0], begin, begin + len(edit["find"])


def places_of(texts, seeds):
    """The edits of each file, in order."""
    places = {path: [] for path in texts}
    for seed in seeds:
        for edit in edits_of(seed):
            path, begin, end = place_of(texts, seed, edit)
            places[path].append((begin, end, seed["name"], edit["replace"]))
    return places


def seeded(text, places):
    parts, done = [], 0
    for begin, end, name, replacement in sorted(places):
        if begin < done:
            sys.exit(f"seed {name}: its text overlaps another's")
        parts += [text[done:begin], replacement]
        done = end
    include = '#include "fuzz/mutants/seed.h"\n' if places else ""
    return include + "".join(parts) + text[done:]


def check_names(seeds):
    names = [seed["name"] for seed in seeds]
    for name in names:
        if names.count(name) != 1:
            sys.exit(f"two seeds are called {name}")
    for seed in seeds:
        if not any(
            f"INGOT_SEED({seed['name']})" in edit["replace"]
            for edit in edits_of(seed)
        ):
            sys.exit(f"seed {seed['name']} never asks whether it is awake")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names")
    parser.add_argument("--seeds", action="append", default=[])
    parser.add_argument("--source", nargs=2, action="append", default=[])
    arguments = parser.parse_args()
    seeds = read_seeds(arguments.seeds)
    check_names(seeds)
    texts = {}
    for path, _ in arguments.source:
        with open(path, encoding="utf-8") as file:
            texts[path] = file.read()
    places = places_of(texts, seeds)
    for path, output in arguments.source:
        with open(output, "w", encoding="utf-8") as file:
            file.write(seeded(texts[path], places[path]))
    with open(arguments.names, "w", encoding="utf-8") as file:
        for seed in seeds:
            rule = seed.get("rule", 0)
            file.write(
                f'INGOT_SEED_ROW({seed["name"]}, {rule}, "{seed["what"]}")\n'
            )


if __name__ == "__main__":
    main()
