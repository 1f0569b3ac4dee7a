#!/usr/bin/env python3
"""Wakes seeded bugs one by one and runs the tests that should find them.

In: the folder of the test programs, names of bugs (all otherwise). Out: a table:
bug, test, what the test said, seconds. Exit code 1 when a test that a bug names
does not fail, or one fails without a bug. A crash and a program that does not
end count as found: the build with the checks between the passes stops there.
"""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib

SECONDS = 120  # a program that takes longer does not end
MODULES = "400"  # of the generator: each bug shows in the first few hundred


def run(folder, test, seed):
    """What the test prints of its first failure; None when it passes."""
    environment = dict(os.environ, INGOT_SEED=seed, INGOT_FUZZ_COUNT=MODULES)
    # What a mutant fails is not what the test that runs it fails.
    environment.pop('XML_OUTPUT_FILE', None)
    try:
        done = subprocess.run(
            [os.path.join(folder, test), "--gtest_fail_fast"],
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "does not end"
    if done.returncode == 0:
        return None
    if done.returncode == -signal.SIGILL:
        return "a check between the passes stops the compiler"
    if done.returncode < 0:
        return f"ends by signal {-done.returncode}"
    return first_failure(done.stdout.decode(errors="replace"))


def first_failure(output):
    lines = output.splitlines()
    for i, line in enumerate(lines):
        if line.endswith(": Failure"):
            text = " ".join(part.strip() for part in lines[i + 1 : i + 6])
            refusal = re.search(r"the verifier refuses the artifact: (rule V\d)", text)
            return refusal.group(1) if refusal else re.sub(r"\(\S*/seed_\d+.wasm\)", "", text.removeprefix("Failed "))
    return "fails"


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    with open("fuzz/mutants/bugs.toml", "rb") as file:
        bugs = tomllib.load(file)["seed"]
    unknown = set(names) - {bug["name"] for bug in bugs}
    if unknown:
        sys.exit(f"no bug is called {', '.join(sorted(unknown))}")
    if names:
        bugs = [bug for bug in bugs if bug["name"] in names]
    survived = 0
    print(f"{'bug':28} {'test':16} {'s':>5}  found as")
    for test in sorted({test for bug in bugs for test in bug["tests"]}):
        begin = time.monotonic()
        said = run(folder, test, "")
        print(
            f"{'(none)':28} {test:16} {time.monotonic() - begin:5.1f}  "
            f"{'FAILS: ' + said[:100] if said else 'passes'}",
            flush=True,
        )
        survived += said is not None
    for bug in bugs:
        for test in bug["tests"]:
            begin = time.monotonic()
            said = run(folder, test, bug["name"])
            print(
                f"{bug['name']:28} {test:16} {time.monotonic() - begin:5.1f}  "
                f"{said[:100] if said else 'SURVIVES'}",
                flush=True,
            )
            survived += said is None
    print(f"{len(bugs)} bugs, {survived} not as they should be")
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
