"""Runs the unit tests of one directory and prints one line per test: status, id and detail, by tabs."""

import sys
import unittest


class Lines(unittest.TestResult):
    def line(self, status, test, detail=""):
        print("\t".join(("vl-test", status, test.id(), detail.replace("\n", "\\n").replace("\t", " "))), flush=True)

    def addSuccess(self, test):
        self.line("passed", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("failed", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line("failed", test, self.errors[-1][1])

    def addSkip(self, test, reason):
        self.line("skipped", test, reason)

    def addExpectedFailure(self, test, err):
        self.line("passed", test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.line("failed", test, "passed although a failure was expected")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.line("failed", subtest, self._exc_info_to_string(err, test))


result = Lines()
unittest.defaultTestLoader.discover(sys.argv[1]).run(result)
sys.exit(0 if result.wasSuccessful() else 1)
