"""Counts the test cases of one `bazel test` run.

In: the file that --build_event_json_file wrote. Out: one line per failed or
skipped case and the closing line `N passed, N failed`; exit code 1 when a case
failed, a target did not build, or no case ran. Holds: every target that the run
was asked for is counted, a target that broke before its cases ran as one failed
case; a skipped case counts as neither.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

PASSED, SKIPPED, FAILED = "passed", "skipped", "failed"


def read_events(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def cases_of(xml_path):
    """Yields (name, verdict) for each case of a test's report."""
    root = ElementTree.parse(xml_path).getroot()
    for suite in root.iter("testsuite"):
        for case in suite.iter("testcase"):
            if case.get("status") == "notrun":
                continue
            group = case.get("classname", suite.get("name"))
            name = f'{group}.{case.get("name")}'
            if case.find("failure") is not None or (
                    case.find("error") is not None):
                yield name, FAILED
            elif case.find("skipped") is not None:
                yield name, SKIPPED
            else:
                yield name, PASSED


def attempt_cases(result):
    """The cases of one test process, as Bazel's testResult event tells it."""
    whole = PASSED if result.get("status") == "PASSED" else FAILED
    cases = []
    for output in result.get("testActionOutput", []):
        if output.get("name") == "test.xml":
            url = urllib.parse.urlparse(output["uri"])
            try:
                cases = list(cases_of(urllib.parse.unquote(url.path)))
            except (OSError, ElementTree.ParseError):
                cases = []
    if whole == FAILED and all(verdict != FAILED for _, verdict in cases):
        # It crashed or ran out of time between cases.
        cases.append((result.get("status", "unknown"), FAILED))
    if not cases:
        cases.append(("whole", whole))
    return cases


def main(path):
    passed = 0
    failures = []
    exit_code = "UNFINISHED"
    for event in read_events(path):
        identity = event.get("id", {})
        if "testResult" in identity and "testResult" in event:
            label = identity["testResult"]["label"]
            for name, verdict in attempt_cases(event["testResult"]):
                if verdict == PASSED:
                    passed += 1
                elif verdict == SKIPPED:
                    print(f"SKIPPED {label}: {name}")
                else:
                    failures.append(f"{label}: {name}")
        elif "targetCompleted" in identity and "aborted" not in event:
            if not event.get("completed", {}).get("success", False):
                label = identity["targetCompleted"]["label"]
                failures.append(f"{label}: did not build")
        elif "aborted" in event:
            if "pattern" in identity:
                label = " ".join(identity["pattern"]["pattern"])
            else:
                label = next(iter(identity.values())).get("label", "?")
            reason = event["aborted"].get("reason", "UNKNOWN")
            failures.append(f"{label}: {reason}")
        elif "finished" in event:
            exit_code = event["finished"].get("exitCode", {}).get("name")
    failures = sorted(set(failures))
    if exit_code != "SUCCESS" and not failures:
        failures.append(f"bazel: {exit_code}")
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
