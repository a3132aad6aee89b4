"""The import hook where no framework is installed: arming, chaining, failing, mirroring, agreeing."""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import threading
import unittest
from unittest import mock

from hook_scene import PYTHON_SIDE, Scene


class Arming(Scene):
    def test_a_watched_module_is_patched_once_when_it_has_run(self):
        (self.work / "watched.py").write_text("value = 1\ndef name(): return __name__\n")
        self.script("""
            import importlib.util, inspect, sys
            from vaultlayer_hook import core
            patched = []
            class adapter: PATCHES = {"watched": lambda module: patched.append(module.value)}
            sys.modules["vaultlayer_hook.adapter"] = adapter
            import vaultlayer_hook; vaultlayer_hook.adapter = adapter
            core.arm({"watched": "adapter"})
            sys.path.insert(0, ".")
            found = importlib.util.find_spec("watched")
            assert found.origin.endswith("watched.py") and patched == []
            import watched, importlib
            assert patched == [1], patched
            assert "def name" in inspect.getsource(watched)
            assert "exec_module" not in vars(watched.__loader__)
            importlib.reload(watched)
            assert patched == [1], patched
        """)
        self.run_python("train.py")
        self.assertEqual(self.events("error"), [])

    def test_it_is_off_outside_an_attempt_and_by_its_switch(self):
        self.script("""
            import sys
            print(any(type(f).__module__.startswith("vaultlayer") for f in sys.meta_path))
        """)
        self.assertEqual(self.run_python("train.py")[0].strip(), "True")
        self.assertEqual(self.run_python("train.py", VL_HOOK="0")[0].strip(), "False")
        self.assertEqual(self.run_python("train.py", VAULTLAYER_RUN_DIR="")[0].strip(), "False")

    def test_the_sitecustomize_that_is_shadowed_still_runs(self):
        site = self.home / "site"
        site.mkdir()
        self.extra_path = [site]
        (site / "sitecustomize.py").write_text("import sys\nsys.theirs = __file__\n")
        code = "import sys, sitecustomize; print(sys.theirs, sitecustomize.__file__, *sys.path)"
        out = self.run_python("-c", code)[0].split()
        self.assertEqual(out[0], str(site / "sitecustomize.py"))
        self.assertEqual(out[1], out[0])
        self.assertIn(str(PYTHON_SIDE), out)

    def test_a_fault_of_the_shadowed_one_is_told_as_python_tells_it(self):
        site = self.home / "site"
        site.mkdir()
        self.extra_path = [site]
        (site / "sitecustomize.py").write_text("import sys\nraise RuntimeError('theirs')\n")
        out, err = self.run_python("-c", "print('goes on')")
        self.assertEqual(out.strip(), "goes on")
        self.assertIn("theirs", err)

    def test_a_hook_that_cannot_start_is_said_once_and_the_script_runs(self):
        broken = self.home / "broken"
        (broken / "vaultlayer_hook").mkdir(parents=True)
        (broken / "vaultlayer_hook" / "__init__.py").write_text("raise ValueError('no')\n")
        text = (PYTHON_SIDE / "sitecustomize.py").read_text()
        (broken / "sitecustomize.py").write_text(text)
        out, err = self.run_python("-c", "print('goes on')", PYTHONPATH=str(broken))
        self.assertEqual(out.strip(), "goes on")
        self.assertEqual(err.count("[vaultlayer]"), 1)

    def test_a_script_without_a_framework_pays_less_than_50_ms_and_loads_no_adapter(self):
        code = "import sys; print(*[m for m in sys.modules if m.startswith('vaultlayer')])"
        self.assertEqual(self.run_python("-c", code)[0].split(),
                         ["vaultlayer_hook", "vaultlayer_hook.core"])

        def cpu(**env):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", "pass"], env=self.environment(**env), check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        pairs = [(cpu(), cpu(VL_HOOK="0", PYTHONPATH="")) for _ in range(9)]
        self.assertLess(statistics.median(a - b for a, b in pairs), 0.050)


class InThisProcess(Scene):
    """The hook's parts, imported here."""

    def setUp(self):
        super().setUp()
        sys.path.insert(0, str(PYTHON_SIDE))
        self.addCleanup(sys.path.remove, str(PYTHON_SIDE))
        patch = mock.patch.dict(os.environ, {
            "VAULTLAYER_RUN_DIR": str(self.told), "VAULTLAYER_CHECKPOINT_DIR": str(self.kept)})
        patch.start()
        self.addCleanup(patch.stop)
        before = os.getcwd()
        os.chdir(str(self.work))
        self.addCleanup(os.chdir, before)

    def files(self, directory):
        return {str(p.relative_to(directory)): p.read_text() for p in sorted(directory.rglob("*"))
                if p.is_file() and p.name != "vaultlayer_hook.json"}

    def made(self, name, **files):
        for each, text in files.items():
            path = self.work / name / each.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.work / name


class Mirroring(InThisProcess):
    def test_a_checkpoint_appears_whole_by_rename_and_shares_its_bytes(self):
        from vaultlayer_hook import mirror

        made = self.made("out/step_7", weights="w" * 1000, sub__part="p")
        path = pathlib.Path(mirror.keep(7, [mirror.Source(made, "")], {"framework": "f"}))
        self.assertEqual(path, self.kept.resolve() / "checkpoint-7")
        self.assertEqual(self.files(path), self.files(made))
        self.assertEqual((path / "weights").stat().st_ino, (made / "weights").stat().st_ino)
        seen = path.stat()
        self.assertLess(seen.st_mtime_ns, seen.st_ctime_ns)
        self.assertEqual(mirror.read_meta(str(path))["framework"], "f")
        self.assertEqual([p.name for p in self.kept.iterdir()], ["checkpoint-7"])

    def test_what_is_overwritten_in_place_is_copied(self):
        from vaultlayer_hook import mirror

        made = self.made("out", last="first", latest="7")
        sources = [mirror.Source(made / "last", copy=True), mirror.Source(made / "latest")]
        path = pathlib.Path(mirror.keep(7, sources, {}))
        (made / "last").write_text("second")
        self.assertEqual((path / "last").read_text(), "first")

    def test_the_newest_few_of_ours_stay_and_nothing_else_is_touched(self):
        from vaultlayer_hook import mirror

        (self.kept / "checkpoint-1").mkdir()
        for step in (10, 20, 30):
            mirror.keep(step, [mirror.Source(self.made("c%d" % step, w=str(step)), "")], {})
        self.assertEqual(self.mirrored(), [1, 20, 30])
        mirror.keep(30, [mirror.Source(self.made("again", w="again"), "")], {})
        self.assertEqual(self.files(self.kept / "checkpoint-30"), {"w": "again"})

    def test_files_that_several_mirrors_share_are_not_touched_after_the_rename(self):
        from vaultlayer_hook import mirror

        best = mirror.Source(self.made("c10", w="best") / "w", "best/w")
        mirror.keep(10, [mirror.Source(self.work / "c10", "")], {})
        for step in (20, 30, 40):
            own = mirror.Source(self.made("c%d" % step, w=str(step)), "")
            path = pathlib.Path(mirror.keep(step, [own, best], {}))
            newest = max(p.stat().st_ctime_ns for p in path.rglob("*"))
            self.assertLessEqual(newest, path.stat().st_ctime_ns)

    def test_what_is_saved_once_more_under_its_name_does_not_change_the_mirror(self):
        from vaultlayer_hook import mirror

        made = self.made("c", w="first")
        mirror.keep(5, [mirror.Source(made, "")], {})
        mirror.unshare(5)
        (made / "w").write_text("half of the sec")
        self.assertEqual(self.files(self.kept / "checkpoint-5"), {"w": "first"})

    def test_what_was_restored_goes_back_to_its_places_once(self):
        from vaultlayer_hook import mirror

        made = self.made("out", latest="global_step7", global_step7__w="w")
        sources = [mirror.Source(made / "global_step7"), mirror.Source(made / "latest", copy=True)]
        path = mirror.keep(7, sources, {})
        before = self.files(made)
        os.rename(str(made), str(self.home / "gone"))
        mirror.put_back(path)
        self.assertEqual(self.files(made), before)
        (made / "latest").write_text("global_step9")
        mirror.put_back(path)
        self.assertEqual((made / "latest").read_text(), "global_step9")
        self.assertEqual((pathlib.Path(path) / "latest").read_text(), "global_step7")


class Agreeing(InThisProcess):
    def ranks(self, steps, world=3, absent=()):
        """Steps at which each rank saves, when all make so many steps in step."""
        from vaultlayer_hook import asking

        barrier = threading.Barrier(world)
        saves = {rank: [] for rank in range(world)}

        def loop(rank):
            mine = asking.Asking(rank, world, str(self.told))
            for step in range(1, steps + 1):
                barrier.wait()
                if step == 3 and rank == 0:
                    self.ask("r1")
                if rank not in absent:
                    request = mine.due(step)
                    if request is not None:
                        saves[rank].append((step, request))

        threads = [threading.Thread(target=loop, args=(rank,)) for rank in range(world)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return saves

    def test_all_ranks_save_at_the_same_step(self):
        saves = self.ranks(12)
        self.assertEqual(saves[0], [(5, "r1")])
        self.assertEqual(saves[1], saves[0])
        self.assertEqual(saves[2], saves[0])

    def test_a_rank_that_does_not_promise_makes_it_no_save_anywhere(self):
        with mock.patch("vaultlayer_hook.asking.PROMISE_SECONDS", 0.2):
            self.assertEqual(self.ranks(12, absent=(2,)), {0: [], 1: [], 2: []})
        self.assertEqual([e["request"] for e in self.events("error")], ["r1"])

    def test_one_process_saves_at_once_and_answers_a_request_once(self):
        from vaultlayer_hook import asking

        alone = asking.Asking(0, 1, str(self.told))
        self.assertIsNone(alone.due(1))
        self.ask("r1")
        self.assertEqual([alone.due(2), alone.due(3)], ["r1", None])
        self.ask("not a name")
        self.assertIsNone(alone.due(4))


class Telling(InThisProcess):
    def test_events_are_bounded_and_whole(self):
        from vaultlayer_hook import report

        with mock.patch.object(report, "MOST_BYTES", 2000):
            for _ in range(100):
                report.event("saved", step=1, text="x" * 5000, path=None)
        text = (self.told / "events.jsonl").read_text()
        self.assertLessEqual(len(text), 2000)
        first = json.loads(text.splitlines()[0])
        self.assertLess(len(first["text"]), 700)
        self.assertNotIn("path", first)

    def test_a_directory_that_is_gone_costs_events_only(self):
        from vaultlayer_hook import report

        with mock.patch.dict(os.environ, {"VAULTLAYER_RUN_DIR": str(self.home / "gone")}):
            report.event("found", step=1)


if __name__ == "__main__":
    unittest.main()
