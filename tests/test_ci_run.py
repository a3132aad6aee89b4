""".ci/run with a stub for Maven: what it prints last, and what it ends with."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

REPORT = """<testsuite><testcase name="a"/><testcase name="b"><skipped message="no torch"/></testcase>
<testcase name="c"/>{more}</testsuite>"""


class CiRunTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="vl ci ")).resolve()
        self.addCleanup(shutil.rmtree, self.root, True)
        for part in (".ci", ".mvn"):
            shutil.copytree(ROOT / part, self.root / part)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.program(self.bin / "apt-get", 'echo "$@" >>"$0.asked"; exit 1')  # nothing is installed by a test
        self.path = f"{self.bin}:{os.environ['PATH']}"

    def program(self, path, script):
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def ci(self, code, *reports):
        lines = ['echo "$@" >asked']
        for number, report in enumerate(reports):
            folder = f"shared/m{number}/target/surefire-reports"
            lines.append(f"mkdir -p {folder}; cat >{folder}/TEST-x.xml <<'XML'\n{report}\nXML")
        self.program(self.root / "mvnw", "\n".join([*lines, f"exit {code}"]))
        ran = subprocess.run(
            [str(self.root / ".ci/run")], cwd="/", capture_output=True, text=True, timeout=120,
            env={**os.environ, "PATH": self.path},
        )
        self.said = ran.stderr
        return ran.returncode, ran.stdout.splitlines()[-1]

    def test_it_runs_the_readmes_command_and_ends_with_one_line_that_counts_all(self):
        self.assertEqual((0, "4 passed, 0 failed, 2 skipped"), self.ci(0, REPORT.format(more=""), REPORT.format(more="")))
        self.assertEqual("-B verify", (self.root / "asked").read_text().strip())

    def test_a_failure_or_an_error_is_counted_and_mavens_code_is_kept(self):
        more = '<testcase name="d"><failure>no</failure></testcase><testcase name="e"><error>no</error></testcase>'
        self.assertEqual((7, "2 passed, 2 failed, 1 skipped"), self.ci(7, REPORT.format(more=more)))

    def test_a_failure_that_maven_forgave_fails_all_the_same(self):
        more = '<testcase name="d"><failure>no</failure></testcase>'
        self.assertEqual(1, self.ci(0, REPORT.format(more=more))[0])

    def test_what_is_missing_is_asked_for_and_what_cannot_be_had_is_said(self):
        tools = "bash sh env id dirname find rm mkdir cat sed head git tar gzip flock setsid ps uname".split()
        for tool in tools:
            (self.bin / tool).symlink_to(shutil.which(tool))
        (self.bin / "python3").symlink_to(sys.executable)
        self.path = str(self.bin)  # without curl
        self.assertEqual(0, self.ci(0, REPORT.format(more=""))[0])
        self.assertIn("could not install curl", self.said)
        if os.getuid() == 0:
            asked = (self.bin / "apt-get.asked").read_text()
            self.assertIn("install -y --no-install-recommends curl ca-certificates", asked)
            self.assertNotIn("procps", asked)

    def test_no_test_at_all_fails(self):
        self.assertEqual((1, "0 passed, 0 failed, 0 skipped"), self.ci(0))

    def test_reports_of_an_earlier_run_are_not_counted(self):
        old = self.root / "agent/target/surefire-reports"
        old.mkdir(parents=True)
        (old / "TEST-old.xml").write_text(REPORT.format(more=""))
        self.assertEqual((0, "2 passed, 0 failed, 1 skipped"), self.ci(0, REPORT.format(more="")))


if __name__ == "__main__":
    unittest.main()
