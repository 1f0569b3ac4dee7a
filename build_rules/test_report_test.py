"""test_report.py on event files made by hand: what is counted as what."""

import contextlib
import io
import json
import os
import tempfile
import unittest

from build_rules import test_report

_REPORT = """<testsuites><testsuite name="S">
<testcase name="a" classname="S" status="run"/>
<testcase name="b" classname="S" status="run"><failure message="x"/></testcase>
<testcase name="c" classname="S" status="run"><skipped message="x"/></testcase>
<testcase name="d" classname="S" status="notrun"/>
</testsuite></testsuites>"""


def _result(label, status, xml_path):
    return {
        "id": {"testResult": {"label": label}},
        "testResult": {
            "status": status,
            "testActionOutput": [
                {"name": "test.xml", "uri": "file://" + xml_path}
            ],
        },
    }


def _finished(name):
    return {
        "id": {"buildFinished": {}},
        "finished": {"exitCode": {"name": name}},
    }


class TestReportTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def report(self, events):
        path = self.write("events", "\n".join(map(json.dumps, events)))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = test_report.main(path)
        return code, output.getvalue().splitlines()

    def test_counts_cases(self):
        xml = self.write("test.xml", _REPORT)
        code, lines = self.report(
            [_result("//a", "FAILED", xml), _finished("TESTS_FAILED")])
        self.assertEqual(code, 1)
        self.assertEqual(lines, [
            "SKIPPED //a: S.c", "FAILED //a: S.b", "1 passed, 1 failed"])

    def test_counts_a_crash_and_a_broken_build(self):
        xml = self.write("test.xml", _REPORT.replace("failure", "unread"))
        code, lines = self.report([
            _result("//a", "TIMEOUT", xml),
            {"id": {"targetCompleted": {"label": "//b"}}, "completed": {}},
            _finished("BUILD_FAILURE"),
        ])
        self.assertEqual(code, 1)
        self.assertIn("FAILED //a: TIMEOUT", lines)
        self.assertIn("FAILED //b: did not build", lines)
        self.assertEqual(lines[-1], "2 passed, 2 failed")

    def test_an_empty_or_unfinished_run_fails(self):
        self.assertEqual(self.report([_finished("SUCCESS")]),
                         (1, ["0 passed, 0 failed"]))
        self.assertEqual(
            self.report([{"id": {}}]),
            (1, ["FAILED bazel: UNFINISHED", "0 passed, 1 failed"]))

    def test_success(self):
        xml = self.write("test.xml", "<testsuites/>")
        self.assertEqual(
            self.report([_result("//a", "PASSED", xml), _finished("SUCCESS")]),
            (0, ["1 passed, 0 failed"]))


if __name__ == "__main__":
    unittest.main()
