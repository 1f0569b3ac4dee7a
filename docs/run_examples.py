"""Runs the examples of documents as a newcomer would, in an empty folder.

In: --folder, which is made anew for each document (Go remembers where it found a
library, so a test names the same one each time); --path NAME=TARGET puts a link
NAME to TARGET into the folder (what an example expects to find); --env
NAME=VALUE; then Markdown files. Out: each example's commands as they run; exit
code 1 at the first that fails or prints something else than the document shows.

Run are code blocks marked `sh`, and in unmarked blocks the lines behind a `$ `
prompt with those that continue them; what stands below such a command must be in
its output, white space aside. Blocks of one document share one shell, so that
what an example sets is there for the next.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def continues(command):
    """Whether a shell would ask for another line."""
    if command.endswith("\\"):
        return True
    check = subprocess.run(["bash", "-n", "-c", command],
                           capture_output=True, text=True)
    return check.returncode != 0


def session(block):
    """The (command, shown lines) of a block with prompts."""
    steps = []
    for line in block.splitlines():
        if steps and continues(steps[-1][0]):
            steps[-1] = (steps[-1][0] + "\n" + line, [])
        elif line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps and line.strip():
            steps[-1][1].append(line)
    return steps


def examples(text):
    for language, block in FENCE.findall(text):
        if language == "sh":
            yield block, []
        elif language == "":
            yield from session(block)


def words(text):
    return " ".join(text.split())


class Shell:
    """One bash for a document; a marker behind each command ends its output."""

    def __init__(self, folder, environment):
        self.bash = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment)

    def run(self, command):
        marker = "@@end-of-example"
        self.bash.stdin.write(
            "set -e -o pipefail\n" + command + "\n"
            "set +e\necho " + marker + "\n")
        self.bash.stdin.flush()
        output = []
        for line in self.bash.stdout:
            if line.startswith(marker):
                return "".join(output)
            output.append(line)
        sys.exit("".join(output) + f"\nfailed: {command}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("documents", nargs="+")
    arguments = parser.parse_args()
    environment = dict(os.environ)
    environment.update(pair.split("=", 1) for pair in arguments.env)
    for document in arguments.documents:
        with open(document, encoding="utf-8") as file:
            found = list(examples(file.read()))
        if not found:
            sys.exit(f"{document}: no examples")
        folder = arguments.folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for pair in arguments.path:
            name, target = pair.split("=", 1)
            os.makedirs(os.path.dirname(os.path.join(folder, name)),
                        exist_ok=True)
            os.symlink(os.path.abspath(target), os.path.join(folder, name))
        shell = Shell(folder, environment)
        for command, shown in found:
            print(f"{document}$ {command}", flush=True)
            output = shell.run(command)
            print(output, end="", flush=True)
            for line in shown:
                if words(line) not in words(output):
                    sys.exit(f"{document}: not in the output: {line}")
        print(f"{document}: {len(found)} examples", flush=True)


main()
