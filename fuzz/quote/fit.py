#!/usr/bin/env python3
"""Fits compiler/quote/coefficients.def to what compiling really used.

In: files that fuzz/quote/measure wrote. Out: the table, on standard output; on
standard error how loose the bounds are. Holds: with the written coefficients
every sample's upper bound is at least (1 + margin) times its gas that is not
known beforehand, and its lower bound at most (1 - margin) times.

A linear program for each level: the upper bound's coefficients minimise the sum
of bound / measured over the samples, contracts weighing most, such that each
sample's bound holds, and no coefficient is below its floor; the lower bound's
maximise it. Only samples that bind need to be in the program, so it starts with
a few and adds those that the solution breaks. glpsol solves it.
"""

import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

# Gas that a unit costs at least in the upper bound, whatever the samples say: a
# kind that few samples have is not free.
FLOORS = {
    "kJob": 50000, "kBatches": 60000, "kBodies": 30000, "kBodyBytes": 20,
    "kLocalRuns": 200, "kLocals": 10, "kInstructions": 1000,
    "kControls": 6000, "kBranches": 4000, "kLoops": 10000,
    "kLoopLocals": 2500, "kUnrolled": 4000, "kMergeValues": 4000, "kPassedValues": 100,
    "kCallOperands": 1000, "kKeptBytes": 8, "kFunctions": 100,
    "kConstant": 300, "kLocalGet": 300, "kLocalSet": 1500, "kGlobal": 4000,
    "kLoad": 3000, "kStore": 3000, "kInteger": 3000, "kDivision": 20000,
    "kFloat": 5000, "kConversion": 5000, "kSelect": 3000, "kIf": 8000,
    "kElse": 8000, "kBranchIf": 8000, "kBranchTable": 10000, "kCall": 5000,
    "kCallIndirect": 15000, "kRuntime": 20000,
}
# What the lower bound counts. Instructions are not in it, nor what only they
# ask for: code that nothing reaches is as many instructions as code that runs,
# and costs nearly nothing behind the plan.
LOWER_KINDS = {
    "kJob", "kBatches", "kBodies", "kBodyBytes", "kLocalRuns", "kLocals",
    "kKeptBytes", "kFunctions",
}
ROUNDS = 60
ADDED_PER_ROUND = 200


def read(paths):
    samples = []
    for path in paths:
        with open(path, encoding="ascii") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                name = row.pop("name")
                numbers = {key: int(value) for key, value in row.items()}
                rest = numbers["compile"] - numbers["known"]
                if rest > 0:
                    samples.append((name, numbers, rest))
    return samples


def weight(name):
    return 1 if "/contracts/" in name else 0.0005


def solve(samples, kinds, floors, upper):
    """The coefficients of one bound, in the order of kinds."""
    ratios = [[numbers[kind] / rest for kind in kinds]
              for _, numbers, rest in samples]
    goal = [sum(weight(name) * ratio[k]
                for (name, _, _), ratio in zip(samples, ratios))
            for k in range(len(kinds))]
    active = set(range(0, len(samples), max(1, len(samples) // 200)))
    for _ in range(ROUNDS):
        found = solve_active(ratios, goal, floors, active, upper)
        broken = []
        for i, ratio in enumerate(ratios):
            bound = sum(c * r for c, r in zip(found, ratio))
            off = 1 - bound if upper else bound - 1
            if off > 1e-7 and i not in active:
                broken.append((off, i))
        if not broken:
            return found
        active.update(i for _, i in sorted(broken, reverse=True)
                      [:ADDED_PER_ROUND])
    sys.exit("fit: no end in sight")


def solve_active(ratios, goal, floors, active, upper):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "program.lp")
        solution = pathlib.Path(folder, "solution")
        terms = lambda row: " + ".join(
            f"{value:.12g} c{k}" for k, value in enumerate(row) if value)
        lines = ["Minimize" if upper else "Maximize",
                 " goal: " + " + ".join(f"{v:.12g} c{k}"
                                        for k, v in enumerate(goal)),
                 "Subject To"]
        for i in sorted(active):
            lines.append(f" s{i}: {terms(ratios[i])} "
                         f"{'>=' if upper else '<='} 1")
        lines.append("Bounds")
        lines += [f" c{k} >= {floor}" for k, floor in enumerate(floors)]
        program.write_text("\n".join(lines + ["End", ""]), encoding="ascii")
        subprocess.run(["glpsol", "--lp", program, "-w", solution],
                       check=True, stdout=subprocess.DEVNULL)
        found = [0.0] * len(goal)
        for line in solution.read_text(encoding="ascii").splitlines():
            words = line.split()
            if words and words[0] == "j":
                found[int(words[1]) - 1] = max(0.0, float(words[3]))
        return found


def report(label, samples, kinds, coefficients):
    ratios = sorted(
        (numbers["known"] +
         sum(numbers[kind] * c for kind, c in zip(kinds, coefficients))) /
        numbers["compile"]
        for name, numbers, _ in samples if "/contracts/" in name)
    if ratios:
        print(f"{label}: {len(samples)} samples; of {len(ratios)} contracts "
              f"least {ratios[0]:.2f}, median {ratios[len(ratios) // 2]:.2f}, "
              f"95 % {ratios[len(ratios) * 95 // 100]:.2f}, "
              f"most {ratios[-1]:.2f}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("samples", nargs="+")
    parser.add_argument("--margin", type=float, default=0.25)
    options = parser.parse_args()
    samples = read(options.samples)
    if not samples:
        sys.exit("fit: no samples")
    kinds = [key for key in samples[0][1] if key in FLOORS]
    columns = []
    for level in (0, 1):
        of_level = [s for s in samples if s[1]["level"] == level]
        if not of_level:
            sys.exit(f"fit: no samples of level {level}")
        lower_kinds = [kind for kind in kinds if kind in LOWER_KINDS]
        found = dict(zip(lower_kinds, solve(of_level, lower_kinds,
                                            [0] * len(lower_kinds), False)))
        low = [found.get(kind, 0.0) for kind in kinds]
        high = solve(of_level, kinds, [FLOORS[kind] for kind in kinds], True)
        low = [int(c * (1 - options.margin)) for c in low]
        high = [int(c * (1 + options.margin)) + 1 for c in high]
        report(f"level {level}, lower", of_level, kinds, low)
        report(f"level {level}, upper", of_level, kinds, high)
        columns += [low, high]
    print("// INGOT_COEFFICIENT(quantity, lower at level 0, upper at level 0, "
          "lower at\n// level 1, upper at level 1)\n"
          "// Compile gas for a unit of each quantity, in the prices of version "
          "1. Written by\n// fuzz/quote/refit, which says what it rests on; "
          "not edited by hand.\n// clang-format off")
    for kind, *row in zip(kinds, *columns):
        print(f"INGOT_COEFFICIENT({kind + ',':<15}"
              + ", ".join(f"{c:>7}" for c in row) + ")")
    print("// clang-format on")


if __name__ == "__main__":
    main()
