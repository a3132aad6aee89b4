"""./vl in a small checkout of its own: a stub stands in for Maven, the JDK is real."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

MAIN = """
package %s;
public class %s {
  public static void main(String[] args) throws Exception {
    if (Boolean.getBoolean("vaultlayer.train")) return;
    System.out.println("args " + String.join("|", args));
    System.out.println("dist " + System.getProperty("vaultlayer.dist"));
    System.out.println("root " + System.getProperty("vaultlayer.root"));
    System.out.println("java " + System.getProperty("vaultlayer.java"));
    System.out.println("cwd " + new java.io.File("").getAbsolutePath());
    if (args.length > 1 && args[0].equals("exists")) System.out.println(new java.io.File(args[1]).exists());
    if (args.length > 0 && args[0].equals("hold")) Thread.sleep(60_000);
    if (args.length > 0 && args[0].equals("exit")) System.exit(Integer.parseInt(args[1]));
  }
}
"""
MAINS = {"cli": ("io.vaultlayer.cli", "Vl"), "agent": ("io.vaultlayer.agent", "AgentMain"),
         "local": ("io.vaultlayer.local", "LocalMain")}

# The stub counts its calls, takes as long as it is told to, fails when it is told to, and lays out
# what the real build would.
MVNW = """#!/bin/sh
root=${0%/*}
echo run >>"$root/maven-runs"
[ ! -e "$root/slow" ] || sleep 1
if [ -e "$root/broken" ]; then echo '[ERROR] something is wrong'; exit 1; fi
for module in cli agent local; do
  mkdir -p "$root/$module/target"
  cp "$root/jars/vaultlayer-$module.jar" "$root/$module/target/"
  printf %s "$root/repo/dep.jar:$root/repo2/dep.jar" >"$root/$module/target/runtime.classpath"
done
"""


def find_jdk():
    script = '. "$1/.mvn/jdk.sh"; vl_find_jdk "$1" && printf %s "$JAVA_HOME"'
    return subprocess.run(["sh", "-c", script, "sh", str(ROOT)], capture_output=True, text=True, check=True).stdout


class LauncherTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jdk = find_jdk()
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="vl-jars-")).resolve()
        sources, classes = cls.made / "sources", cls.made / "classes"
        for package, name in MAINS.values():
            folder = sources / package.replace(".", "/")
            folder.mkdir(parents=True)
            (folder / f"{name}.java").write_text(MAIN % (package, name))
        subprocess.run(
            [f"{cls.jdk}/bin/javac", "-d", str(classes), *map(str, sources.rglob("*.java"))], check=True
        )
        for module in MAINS:
            subprocess.run(
                [f"{cls.jdk}/bin/jar", "cf", str(cls.made / f"vaultlayer-{module}.jar"), "-C", str(classes),
                 f"io/vaultlayer/{module}"], check=True,
            )
        (cls.made / "text").write_text("x")
        for name in ("dep", "dep2"):
            subprocess.run([f"{cls.jdk}/bin/jar", "cf", str(cls.made / f"{name}.jar"), "-C", str(cls.made),
                            "text" if name == "dep" else "sources"], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.made, True)

    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="vl check ")).resolve()  # a space, on purpose
        self.addCleanup(shutil.rmtree, self.tmp, True)
        self.root = self.tmp / "checkout"
        shutil.copytree(ROOT / ".mvn", self.root / ".mvn")
        shutil.copy2(ROOT / "vl", self.root / "vl")
        (self.root / "mvnw").write_text(MVNW)
        (self.root / "mvnw").chmod(0o755)
        (self.root / "jars").mkdir()
        for module in MAINS:
            shutil.copy2(self.made / f"vaultlayer-{module}.jar", self.root / "jars")
            source = self.root / module / "src/main/java/Some.java"
            source.parent.mkdir(parents=True)
            source.write_text("class Some {}")
        for repo, jar in (("repo", "dep.jar"), ("repo2", "dep2.jar")):  # two jars of one name
            (self.root / repo).mkdir()
            shutil.copy2(self.made / jar, self.root / repo / "dep.jar")
        (self.root / "pom.xml").write_text("<project/>")
        past = time.time() - 60
        for path in [self.root, *self.root.rglob("*")]:
            os.utime(path, (past, past))

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.tmp), "JAVA_HOME": self.jdk, "LANG": "C",
                "VAULTLAYER_AOT": "off", **more}

    def vl(self, *args, program=None, cwd=None, **env):
        return subprocess.run(
            [str(program or self.root / "vl"), *args], cwd=cwd or self.tmp, env=self.environment(**env),
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )

    def runs(self):
        counted = self.root / "maven-runs"
        return len(counted.read_text().split()) if counted.exists() else 0

    def current(self):
        return self.root / ".vl/dist" / (self.root / ".vl/dist/current").read_text().split("\n")[0]

    def test_the_first_run_builds_says_so_on_stderr_and_runs_the_program(self):
        ran = self.vl("a b", "*", "", "@x", VAULTLAYER_AOT="on")
        self.assertEqual(0, ran.returncode, ran.stderr)
        self.assertIn("building", ran.stderr)
        said = dict(line.split(" ", 1) for line in ran.stdout.splitlines())
        self.assertEqual("a b|*||@x", said["args"])
        self.assertEqual(str(self.root), said["root"])
        self.assertEqual(str(self.current()), said["dist"])
        self.assertEqual(str(self.tmp), said["cwd"])
        self.assertEqual(self.jdk + "/bin/java", said["java"])
        for program in ("cli", "agent", "plane"):
            self.assertTrue((self.current() / f"{program}.aot").stat().st_size > 1_000_000, program)
            jars = (self.current() / f"{program}.cp").read_text().strip().split(":")
            self.assertEqual(3, len(set(jars)), jars)
            self.assertTrue(all(pathlib.Path(jar).is_file() for jar in jars), jars)

    def test_a_first_run_without_a_home_in_the_environment_tells_maven_the_users(self):
        maven = self.root / "mvnw"
        told = 'printf %s "${HOME-}$MAVEN_USER_HOME" >"${0%/*}/home"'
        maven.write_text(maven.read_text().replace("\n", f"\n{told}\n", 1))
        for home in ({"HOME": ""}, {}):
            shutil.rmtree(self.root / ".vl", True)
            env = {k: v for k, v in self.environment().items() if k != "HOME"} | home
            subprocess.run([str(self.root / "vl")], env=env, check=True, capture_output=True, timeout=120)
            account = pwd.getpwuid(os.getuid()).pw_dir
            self.assertEqual(f"{account}/.m2", (self.root / "home").read_text())

    def test_a_second_run_needs_nothing_but_find_and_the_jdk(self):
        self.vl()
        bare = self.tmp / "bare"
        bare.mkdir()
        for tool in ("sh", "find"):
            (bare / tool).symlink_to(shutil.which(tool))
        again = self.vl("x", PATH=str(bare))
        self.assertEqual((0, ""), (again.returncode, again.stderr))
        self.assertEqual(1, self.runs())

    def test_it_runs_through_a_symlink_from_anywhere(self):
        self.vl()
        elsewhere = self.tmp / "else where"
        elsewhere.mkdir()
        (elsewhere / "one").symlink_to("../checkout/vl")
        (elsewhere / "vaultlayer").symlink_to("one")
        ran = self.vl("x", program=elsewhere / "vaultlayer", cwd="/")
        self.assertEqual(0, ran.returncode, ran.stderr)
        self.assertIn("cwd /\n", ran.stdout)
        self.assertEqual(1, self.runs())

    def test_a_changed_an_added_and_a_deleted_source_each_lead_to_a_build(self):
        self.vl()
        source = self.root / "agent/src/main/java/Some.java"
        for count, change in enumerate(
            [lambda: source.write_text("class Some { int x; }"),
             lambda: (source.parent / "More.java").write_text("class More {}"),
             lambda: (source.parent / "More.java").unlink(),
             lambda: (self.root / "template.yaml").write_text("Resources: {}")],
            start=2,
        ):
            time.sleep(0.05)
            change()
            self.assertEqual(0, self.vl().returncode)
            self.assertEqual(count, self.runs())
        self.vl()
        self.assertEqual(5, self.runs())

    def test_a_source_changed_while_the_build_runs_is_built_by_the_next_run(self):
        (self.root / "slow").touch()
        with subprocess.Popen([str(self.root / "vl")], env=self.environment(), cwd=self.tmp,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
            while not self.runs():
                time.sleep(0.02)
            (self.root / "cli/src/main/java/Some.java").write_text("class Some { long y; }")
            first.communicate(timeout=60)
        self.vl()
        self.assertEqual(2, self.runs())

    def test_a_moved_checkout_is_built_again(self):
        self.vl()
        moved = self.tmp / "moved"
        self.root.rename(moved)
        self.root = moved
        ran = self.vl()
        self.assertEqual(0, ran.returncode, ran.stderr)
        self.assertEqual(2, self.runs())

    def test_another_jdk_is_noticed(self):
        copy = self.tmp / "jdk"
        copy.mkdir()
        for entry in pathlib.Path(self.jdk).iterdir():
            if entry.name != "release":
                (copy / entry.name).symlink_to(entry)
        release = (pathlib.Path(self.jdk) / "release").read_text()
        (copy / "release").write_text(release)
        self.vl(JAVA_HOME=str(copy))
        self.vl(JAVA_HOME=str(copy))
        self.assertEqual(1, self.runs())
        (copy / "release").write_text(release.replace("+9-LTS", "+99-LTS").replace("_VERSION=\"25", "_VERSION=\"25.0"))
        os.utime(copy / "release", (0, 0))  # a package keeps the time at which it was made
        self.vl(JAVA_HOME=str(copy))
        self.assertEqual(2, self.runs())

    def test_a_cache_that_does_not_fit_costs_time_and_not_a_word(self):
        self.vl(VAULTLAYER_AOT="on")
        for content in (b"", b"not a cache", (self.current() / "cli.aot").read_bytes()[:5_000_000]):
            (self.current() / "cli.aot").unlink()
            (self.current() / "cli.aot").write_bytes(content)
            ran = self.vl("x")
            self.assertEqual((0, ""), (ran.returncode, ran.stderr), len(content))
            self.assertTrue(ran.stdout.startswith("args x\n"), ran.stdout)

    def test_a_failed_training_run_costs_time_and_not_the_program(self):
        shutil.copy2(self.root / "jars/vaultlayer-cli.jar", self.root / "jars/vaultlayer-local.jar")
        ran = self.vl("x", VAULTLAYER_AOT="on")
        self.assertEqual(0, ran.returncode)
        self.assertIn("preparing plane: the training run failed", ran.stderr)
        self.assertFalse((self.current() / "plane.aot").exists())
        self.assertTrue((self.current() / "plane.args").exists())

    def test_the_exit_code_is_the_programs(self):
        self.assertEqual(42, self.vl("exit", "42").returncode)

    def test_a_broken_build_is_reported_in_one_shape_with_code_3_and_nothing_is_left(self):
        (self.root / "broken").touch()
        ran = self.vl("ps")
        self.assertEqual((3, ""), (ran.returncode, ran.stdout))
        last = ran.stderr.splitlines()[-1]
        self.assertRegex(last, r"^vl: building in .*: Maven ended with 1; read .*build\.log$")
        self.assertIn("something is wrong", ran.stderr)
        self.assertEqual([], list((self.root / ".vl/dist").iterdir()))

        asked = self.vl("ps", "--json")
        self.assertEqual(3, asked.returncode)
        document = json.loads(asked.stdout)
        self.assertEqual(["build_failed", {}], [document["code"], document["detail"]])
        theirs = self.vl("run", "--", "train", "--json")
        self.assertEqual("", theirs.stdout)

    def test_a_broken_build_leaves_the_one_before_it_in_place(self):
        self.vl()
        before = self.current()
        time.sleep(0.05)
        (self.root / "cli/src/main/java/Some.java").write_text("class Some {")
        (self.root / "broken").touch()
        self.assertEqual(3, self.vl().returncode)
        self.assertEqual(before, self.current())
        (self.root / "broken").unlink()
        self.assertEqual(0, self.vl().returncode)

    def test_a_checkout_that_cannot_be_written_is_said_with_code_3(self):
        (self.root / ".vl").write_text("in the way")
        ran = self.vl()
        self.assertEqual(3, ran.returncode)
        self.assertRegex(ran.stderr, r"^vl: building in .*: .*\.vl cannot be written; .*\n$")

    @unittest.skipUnless(shutil.which("flock"), "flock is not installed")
    def test_two_first_runs_at_once_build_once_and_both_succeed(self):
        (self.root / "slow").touch()
        both = [subprocess.Popen([str(self.root / "vl"), "x"], env=self.environment(), cwd=self.tmp,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ended = [(*one.communicate(timeout=120), one.returncode) for one in both]
        self.assertEqual([0, 0], [code for _, _, code in ended], ended)
        self.assertEqual(1, len({out for out, _, _ in ended}))
        self.assertEqual(1, self.runs())

    def test_an_interrupted_build_ends_maven_and_the_next_run_builds(self):
        (self.root / "mvnw").write_text(MVNW.replace("sleep 1", "exec sleep 61"))
        (self.root / "slow").touch()
        past = time.time() - 60
        os.utime(self.root / "mvnw", (past, past))
        first = subprocess.Popen([str(self.root / "vl")], env=self.environment(), cwd=self.tmp,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                 # A suite started in the background has inherited that interrupts are ignored.
                                 preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        while not self.runs():
            time.sleep(0.02)
        os.killpg(first.pid, signal.SIGINT)
        first.communicate(timeout=20)
        self.assertNotEqual(0, first.returncode)
        (self.root / "slow").unlink()
        self.assertEqual(0, self.vl().returncode)
        self.assertEqual(1, len([p for p in (self.root / ".vl/dist").iterdir() if p.is_dir()]))

    def test_a_build_that_something_still_runs_from_is_kept_and_others_go(self):
        self.vl()
        held = self.current()
        with subprocess.Popen([str(self.root / "vl"), "hold"], env=self.environment(), cwd=self.tmp,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
            try:
                holder.stdout.readline()
                builds = [held]
                for _ in range(3):
                    time.sleep(0.05)
                    (self.root / "pom.xml").write_text("<project/>")
                    self.assertEqual(0, self.vl().returncode)
                    builds.append(self.current())
                kept = [build.is_dir() for build in builds]
                self.assertEqual([True, False, True, True], kept)
            finally:
                holder.kill()

    def test_a_name_beyond_ascii_is_found_in_the_plain_c_locale(self):
        (self.tmp / "größe").touch()
        ran = self.vl("exists", "größe", LC_ALL="C")
        self.assertIn("true", ran.stdout.splitlines(), ran.stdout)


if __name__ == "__main__":
    unittest.main()
