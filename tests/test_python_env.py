"""tests/python-env: which Python it takes, which indexes it gives pip, and that it never hands out half of one."""

import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

SCRIPT = pathlib.Path(__file__).resolve().with_name("python-env")


def module():
    loader = importlib.machinery.SourceFileLoader("python_env", str(SCRIPT))
    loaded = importlib.util.module_from_spec(importlib.util.spec_from_loader("python_env", loader))
    with mock.patch.object(sys, "dont_write_bytecode", True):
        loader.exec_module(loaded)
    return loaded


class PythonEnvTest(unittest.TestCase):
    def setUp(self):
        self.cache = tempfile.TemporaryDirectory(prefix="vl env ")
        self.addCleanup(self.cache.cleanup)

    def ask(self, *arguments, **env):
        clean = {k: v for k, v in os.environ.items() if k != "VL_TEST_PYTHON"}
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments], env={**clean, "XDG_CACHE_HOME": self.cache.name, **env},
            capture_output=True, text=True, timeout=60,
        )

    def test_the_python_that_the_user_names_is_taken_as_it_is(self):
        asked = self.ask(VL_TEST_PYTHON=sys.executable)
        self.assertEqual((0, sys.executable), (asked.returncode, asked.stdout.strip()))
        asked = self.ask(VL_TEST_PYTHON="/nowhere/python")
        self.assertEqual((1, ""), (asked.returncode, asked.stdout))
        self.assertIn("/nowhere/python is no program", asked.stderr)

    def test_one_that_was_not_built_or_not_to_its_end_is_not_handed_out(self):
        asked = self.ask("--cached")
        self.assertEqual((1, ""), (asked.returncode, asked.stdout))
        self.assertIn("not built yet", asked.stderr)
        with mock.patch.dict(os.environ, XDG_CACHE_HOME=self.cache.name):
            env = module()
            half = env.place()
        (half / "bin").mkdir(parents=True)
        (half / "bin" / "python").symlink_to(sys.executable)
        self.assertEqual(1, self.ask("--cached").returncode)
        (half / env.WHOLE).write_text("")
        self.assertEqual(str(half / "bin" / "python"), self.ask("--cached").stdout.strip())

    def test_a_build_that_takes_too_long_is_ended_and_leaves_nothing(self):
        asked = self.ask("--minutes", "0.0001")
        self.assertEqual((1, ""), (asked.returncode, asked.stdout))
        self.assertRegex(asked.stderr, "not done in time|MB free")
        self.assertEqual([], [p for p in pathlib.Path(self.cache.name).rglob("*") if p.name == "bin"])

    def test_indexes_are_those_of_pips_configuration_whatever_answers(self):
        env = module()
        for answering, configured, wanted in [
            (True, {}, ["--extra-index-url", env.CPU_BUILDS]),
            (True, {"extra-index-url": "file:///a"}, ["--extra-index-url", env.CPU_BUILDS]),
            (True, {"index-url": "https://mirror/simple"}, []),
            (False, {"extra-index-url": "file:///a file:///b"}, ["--index-url", "file:///a", "--extra-index-url", "file:///b"]),
            (False, {"no-index": "1"}, []),
        ]:
            with mock.patch.object(env, "answers", return_value=answering), mock.patch.object(
                env, "configured", return_value=configured
            ):
                self.assertEqual(wanted, env.indexes("python"), (answering, configured))
        with mock.patch.object(env, "answers", return_value=False), mock.patch.object(env, "configured", return_value={}):
            with self.assertRaisesRegex(env.NotHere, "does not answer, and pip is told of no other"):
                env.indexes("python")


if __name__ == "__main__":
    unittest.main()
