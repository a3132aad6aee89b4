"""The JDK finder of ./mvnw and ./vl, against fake JDKs and a file server on loopback."""

import hashlib
import http.server
import io
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = (
    "sh cat cut dirname basename flock gzip head ls mkdir mktemp mv rm sed sha256sum tar tr uname printf env sleep"
).split()


def fake_jdk(home, version="25.0.3", javac=True):
    """A directory that looks like a JDK: java prints its home, and release names the version."""
    (home / "bin").mkdir(parents=True)
    for name in ["java", "javac"] if javac else ["java"]:
        program = home / "bin" / name
        program.write_text(f'#!/bin/sh\necho "openjdk version \\"{version}\\"" >&2\n')
        program.chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Nobody"\nJAVA_VERSION="{version}"\n')
    return home


def archive_of(home):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        tar.add(home, arcname="jdk-25.0.3+9")
    return held.getvalue()


class FileServer:
    """Serves bytes by path on loopback; counts requests; can stall or cut an answer short."""

    def __init__(self):
        self.files, self.requests, self.stall = {}, [], threading.Event()
        self.stall.set()
        self.cut = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                body = outer.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.flush()
                outer.stall.wait(30)
                self.wfile.write(body if outer.cut is None else body[: outer.cut])

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.stall.set()
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(
    platform.system() == "Linux" and platform.machine() in ("x86_64", "aarch64"),
    "archives are pinned for Linux on x86_64 and aarch64 only",
)
class JdkFinderTest(unittest.TestCase):
    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="vl jdk ")).resolve()  # a space, on purpose
        self.addCleanup(shutil.rmtree, self.tmp, True)
        self.root = self.tmp / "checkout"
        shutil.copytree(ROOT / ".mvn", self.root / ".mvn")
        shutil.copy2(ROOT / "mvnw", self.root / "mvnw")
        self.folders = self.tmp / "jvm"
        self.folders.mkdir()
        self.bin = self.tmp / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            self.give(tool)
        self.server = FileServer()
        self.addCleanup(self.server.close)
        self.archive = archive_of(fake_jdk(self.tmp / "inside"))
        self.server.files["/jdk.tar.gz"] = self.archive

    def give(self, tool):
        """Puts one real program on the otherwise empty PATH."""
        found = shutil.which(tool)
        if found:
            (self.bin / tool).symlink_to(found)
        return found

    def environment(self, **more):
        wanted = {
            "PATH": str(self.bin),
            "HOME": str(self.tmp / "home"),
            "VAULTLAYER_JDK_FOLDERS": str(self.folders),
            "VAULTLAYER_JDK_URL": self.server.url + "/jdk.tar.gz",
            "VAULTLAYER_JDK_SHA256": hashlib.sha256(self.archive).hexdigest(),
        }
        wanted.update(more)
        return {key: value for key, value in wanted.items() if value is not None}

    def start(self, **more):
        script = '. "$1/.mvn/jdk.sh"; vl_find_jdk "$1" && printf %s "$JAVA_HOME"'
        return subprocess.Popen(
            [shutil.which("sh"), "-eu", "-c", script, "sh", str(self.root)],
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def find(self, **more):
        process = self.start(**more)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def cached(self):
        cache = self.root / ".vl" / "jdk"
        return sorted(p.name for p in cache.iterdir()) if cache.is_dir() else []

    # -- what is already there ------------------------------------------------------------------

    def test_java_home_wins_when_it_is_25(self):
        fake_jdk(self.folders / "newer", "25.0.9")
        mine = fake_jdk(self.tmp / "mine", "25.0.1")
        self.assertEqual((0, str(mine), ""), self.find(JAVA_HOME=str(mine)))

    def test_java_home_of_an_older_java_or_without_a_compiler_is_passed_over(self):
        usable = fake_jdk(self.folders / "usable")
        old = fake_jdk(self.tmp / "old", "17.0.15")
        runtime = fake_jdk(self.tmp / "runtime", "25.0.3", javac=False)
        for home in (old, runtime, self.tmp / "nowhere"):
            self.assertEqual((0, str(usable), ""), self.find(JAVA_HOME=str(home)), home)

    def test_the_newest_25_of_the_usual_folders_is_taken_before_a_newer_major(self):
        for version in ("17.0.2", "25", "25.0.9", "25.0.10", "26.0.1"):
            fake_jdk(self.folders / f"jdk-{version}", version)
        self.assertEqual(str(self.folders / "jdk-25.0.10"), self.find()[1])

    def test_a_newer_major_serves_where_no_25_is(self):
        fake_jdk(self.folders / "jdk-17", "17")
        newer = fake_jdk(self.folders / "jdk-26", "26")
        self.assertEqual((0, str(newer), ""), self.find())

    def test_a_jdk_that_only_the_path_knows_is_found(self):
        home = fake_jdk(self.tmp / "elsewhere")
        java = home / "bin" / "java"
        java.write_text(f'#!/bin/sh\necho "    java.home = {home}" >&2\n')
        (self.bin / "java").symlink_to(java)
        self.assertEqual((0, str(home), ""), self.find())

    # -- the download ---------------------------------------------------------------------------

    def test_what_is_missing_is_announced_fetched_once_and_then_used_from_the_cache(self):
        self.give("curl")
        code, home, said = self.find()
        self.assertEqual(0, code, said)
        self.assertIn("no JDK 25", said)
        self.assertIn(self.server.url, said)
        self.assertEqual(str(self.root / ".vl/jdk/temurin-25.0.3+9"), home)
        self.assertTrue(os.access(home + "/bin/javac", os.X_OK))
        self.assertEqual(["temurin-25.0.3+9"], self.cached())

        self.assertEqual((0, home, ""), self.find())
        self.assertEqual(1, len(self.server.requests))

    def test_each_download_program_will_do(self):
        for tool in ("curl", "wget", "python3"):
            with self.subTest(tool):
                if not shutil.which(tool):
                    self.skipTest(tool + " is not installed")
                if tool == "python3":
                    # The interpreter itself, not a version manager's shim that needs a shell's tools.
                    (self.bin / tool).symlink_to(sys.executable)
                else:
                    self.give(tool)
                code, _, said = self.find()
                (self.bin / tool).unlink()
                self.assertEqual(0, code, said)
                shutil.rmtree(self.root / ".vl")

    def test_without_a_download_program_it_says_which_would_do(self):
        code, _, said = self.find()
        self.assertEqual(3, code)
        self.assertIn("curl, wget nor python3", said)
        self.assertEqual([], self.cached())

    def test_another_digest_is_refused_and_nothing_is_kept(self):
        self.give("curl")
        code, out, said = self.find(VAULTLAYER_JDK_SHA256="0" * 64)
        self.assertEqual((3, ""), (code, out))
        self.assertIn("expected " + "0" * 64, said)
        self.assertEqual([], self.cached())

    def test_the_pinned_digest_is_the_default_and_refuses_a_mirror_that_serves_something_else(self):
        self.give("curl")
        pinned = {"x86_64": "69264a7a211bf502", "aarch64": "3e4287cb98870ba8"}[platform.machine()]
        self.server.files.update({f"/OpenJDK25U-jdk_{arch}_linux_hotspot_25.0.3_9.tar.gz": self.archive
                                  for arch in ("x64", "aarch64")})
        code, _, said = self.find(VAULTLAYER_JDK_URL=self.server.url, VAULTLAYER_JDK_SHA256=None)
        self.assertEqual(3, code)
        self.assertIn("expected " + pinned, said)
        self.assertEqual(1, len(self.server.requests))
        self.assertEqual([], self.cached())

    def test_an_archive_that_breaks_off_is_refused_and_nothing_is_kept(self):
        self.give("curl")
        self.server.cut = len(self.archive) // 2
        code, _, said = self.find()
        self.assertEqual(3, code)
        self.assertIn("download", said)
        self.assertEqual([], self.cached())

    def test_a_checked_archive_that_holds_no_jdk_25_is_refused(self):
        self.give("curl")
        other = archive_of(fake_jdk(self.tmp / "other", "21.0.1"))
        self.server.files["/jdk.tar.gz"] = other
        code, _, said = self.find(VAULTLAYER_JDK_SHA256=hashlib.sha256(other).hexdigest())
        self.assertEqual(3, code)
        self.assertIn("holds no JDK 25", said)
        self.assertEqual([], self.cached())

    def test_a_password_in_a_mirrors_url_is_not_printed(self):
        self.give("curl")
        url = self.server.url.replace("http://", "http://me:hunter2@") + "/missing.tar.gz"
        code, _, said = self.find(VAULTLAYER_JDK_URL=url)
        self.assertEqual(3, code)
        self.assertNotIn("hunter2", said)

    @unittest.skipUnless(shutil.which("flock"), "flock is not installed")
    def test_runs_at_the_same_time_fetch_once_and_all_succeed(self):
        self.give("curl")
        self.server.stall.clear()
        running = [self.start() for _ in range(4)]
        time.sleep(0.5)
        self.server.stall.set()
        ended = [(*process.communicate(timeout=60), process.returncode) for process in running]
        self.assertEqual([0] * 4, [code for _, _, code in ended], ended)
        self.assertEqual(1, len({out for out, _, _ in ended}))
        self.assertEqual(1, len(self.server.requests))
        self.assertEqual(["temurin-25.0.3+9"], self.cached())

    def test_what_a_killed_fetch_left_is_cleared_by_the_next(self):
        self.give("curl")
        self.server.stall.clear()
        victim = self.start()
        deadline = time.monotonic() + 20
        while not self.server.requests and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.communicate(timeout=20)
        self.assertEqual([f".fetch.{victim.pid}"], self.cached())
        self.server.stall.set()
        code, _, said = self.find()
        self.assertEqual(0, code, said)
        self.assertEqual(["temurin-25.0.3+9"], self.cached())

    def test_a_checkout_that_cannot_be_written_is_said_and_exits_3(self):
        self.give("curl")
        (self.root / ".vl").write_text("not a directory")
        code, _, said = self.find()
        self.assertEqual(3, code)
        self.assertIn("cannot be written", said)

    # -- the wrapper around it ------------------------------------------------------------------

    def test_mvnw_hands_the_jdk_to_maven_and_checks_the_archive_used_where_no_unzip_is(self):
        """A bare Debian has no unzip; the wrapper then takes Maven's .tar.gz, with a digest of its own."""
        self.give("wget") or self.skipTest("wget is not installed")
        jdk = fake_jdk(self.folders / "jdk")
        maven = self.tmp / "maven"
        (maven / "bin").mkdir(parents=True)
        (maven / "bin" / "mvn").write_text('#!/bin/sh\necho "maven with $JAVA_HOME and $*"\n')
        (maven / "bin" / "mvn").chmod(0o755)
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w:gz") as tar:
            tar.add(maven, arcname="apache-maven-9.9.9")
        path = "/org/apache/maven/apache-maven/9.9.9/apache-maven-9.9.9-bin"
        self.server.files[path + ".tar.gz"] = held.getvalue()
        properties = self.root / ".mvn/wrapper/maven-wrapper.properties"

        def mvnw(digest):
            properties.write_text(
                f"distributionUrl={self.server.url}{path}.zip\n"
                f"distributionSha256Sum={'0' * 64}\ndistributionTarGzSha256Sum={digest}\n"
            )
            return subprocess.run(
                [str(self.root / "mvnw"), "-q", "verify"],
                env=self.environment(),
                capture_output=True,
                text=True,
                timeout=60,
            )

        refused = mvnw("1" * 64)
        self.assertNotEqual(0, refused.returncode)
        self.assertNotIn("maven with", refused.stdout)
        passed = mvnw(hashlib.sha256(held.getvalue()).hexdigest())
        self.assertEqual(f"maven with {jdk} and -q verify\n", passed.stdout, passed.stderr)


if __name__ == "__main__":
    unittest.main()
