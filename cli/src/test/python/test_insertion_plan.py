"""Where the checkpoint lines go, and where they do not: `python3 -m unittest discover cli/src/test/python`.

`samples/*.py` are scripts into which lines are inserted, the `.diff` beside each is what exactly.
Python alone is needed, not torch: nothing of a script is run here.
"""

import ast
import base64
import difflib
import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tokenize
import unittest

PLANNER = (
    pathlib.Path(__file__).resolve().parents[2]
    / "main" / "resources" / "python" / "insertion_plan"
)
sys.path.insert(0, str(PLANNER.parent))
sys.dont_write_bytecode = True
from insertion_plan import decision  # noqa: E402

SAMPLES = sorted((pathlib.Path(__file__).resolve().parent / "samples").glob("*.py"))


def inserted(source):
    """The source with everything inserted; fails where nothing is."""
    plan = decision.decide(source)
    if plan["verdict"] != "insert":
        raise AssertionError("%(verdict)s: %(reason)s" % plan)
    for edit in reversed(plan["edits"]):
        source = (source[:edit["at"]] + base64.b64decode(edit["data"]) + source[edit["at"]:])
    return source


def refused(text):
    plan = decision.decide(textwrap.dedent(text).encode())
    return plan["verdict"], plan["reason"]


# What each change of one working script is refused for.
SCRIPT = """
import torch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(range(8))
best = 1.0
for epoch in range(3):
    for x in loader:
        loss = model(x).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch)
"""

REFUSED = [
    ("        loss.backward()", "        pass", "it calls backward() nowhere in this file"),
    ("    print(epoch)", "    loss.backward()", r"it calls backward() in 2 places (lines 11, 13)"),
    ("for epoch in range(3):", "epoch = 0\nwhile epoch < 3:", "its loop (line 8) is a while loop"),
    ("for epoch in range(3):\n    for x in loader:", "for x in loader:\n    if True:",
     "its loop (line 7) goes over loader and not over a range()"),
    ("for epoch in range(3):", "for epoch in count():",
     "its loop (line 7) goes over count() and not over a range()"),
    ("for epoch in range(3):", "for epoch, _ in zip(range(3), 'abc'):",
     "its loop (line 7) has no plain counter"),
    ("for epoch in range(3):", "for epoch in range(read()):",
     "the bounds of its loop (line 7) may change while it runs"),
    ("for epoch in range(3):", "n = 3\nfor epoch in range(n):\n    n += 1",
     "the bounds of its loop (line 8) may change while it runs"),
    ("for epoch in range(3):", "begin = torch.load('x')['epoch']\nfor epoch in range(begin, 3):",
     "its loop (line 8) begins where it has computed by itself (begin)"),
    ("    print(epoch)", "    epoch += 1", "its loop (line 7) changes its own counter"),
    ("    print(epoch)", "    if epoch: continue",
     "a continue (line 13) leads past the end of the loop's body"),
    ("best = 1.0", "other = torch.optim.Adam(model.parameters())",
     "it has several optimizers (optimizer, other)"),
    ("optimizer = torch.optim.SGD(model.parameters(), lr=0.1)", "optimizer = make(model)",
     "its optimizer is not made in this file by a name that is known"),
    ("optimizer = torch.optim.SGD(model.parameters(), lr=0.1)",
     "def make():\n    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n    return optimizer\n"
     "optimizer = make()",
     "its optimizer is made in a function that does not hold the loop"),
    ("best = 1.0", "model = torch.nn.parallel.DistributedDataParallel(model)",
     "it trains in several processes (DistributedDataParallel)"),
    ("best = 1.0", "model = wrap(model)", "model is wrapped by wrap"),
    ("    print(epoch)", "    model = torch.nn.Linear(2, 1)", "model is bound anew inside the loop"),
    ("    print(epoch)", "    model.epoch = epoch",
     "the loop sets an attribute of model, which its state_dict does not hold"),
    ("best = 1.0", "stop = EarlyStopping()\nclass EarlyStopping:\n    pass",
     None),  # not used in the loop: inserted all the same
    ("best = 1.0", "import torch.distributed.checkpoint as dcp",
     "it trains in several processes (torch.distributed.checkpoint)"),
    ("best = 1.0\nfor epoch in range(3):", "best = None\nfor epoch in range(3):\n    if best or 1: best = model",
     "the loop makes best another name of model (line 8)"),
    ("loader = torch.utils.data.DataLoader(range(8))",
     "import data\nloader = data.load()\nloader.shuffle()", None),
    ("    print(epoch)", "    exec('1')", "it runs code by exec()"),
    ("    print(epoch)", "    get_ipython()", "it is a notebook"),
    ("    for x in loader:", "    for x in [next(it)]:",
     "the loop takes its data by next(it): where that stands cannot be saved"),
    ("loader = torch.utils.data.DataLoader(range(8))", "loader = iter(range(8))",
     "loader is an iterator: where it stands cannot be saved"),
    ("loader = torch.utils.data.DataLoader(range(8))", "loader = (x for x in range(8))",
     "loader is a generator: where it stands cannot be saved"),
    ("loader = torch.utils.data.DataLoader(range(8))",
     "def stream():\n    yield 1\nloader = stream()",
     "loader is an iterator: where it stands cannot be saved"),
    ("DataLoader(range(8))", "DataLoader(range(8), generator=torch.Generator())",
     "the generator of loader has no name to save it by"),
    ("    print(epoch)", "    hidden = step(hidden)",
     "hidden comes from an earlier turn of the loop, and is not there before it"),
    ("    print(epoch)", "    if loss < 1: seen = loss\nprint(seen)",
     "seen comes from an earlier turn of the loop, and is not there before it"),
    ("    print(epoch)", "    print([loss for loss in [1] if (lambda y: y)(loss)], loss)", None),
    ("    print(epoch)", "    import math as m\n    def f(): return m\n    print(f())", None),
    ("    print(epoch)", "    best = min(best, loss.item())", None),
    ("best = 1.0\nfor epoch in range(3):", "h = model.init()\nfor epoch in range(3):\n    h = f(h)",
     "the loop carries h from turn to turn, which began as model.init() (line 6)"),
    ("best = 1.0\nfor epoch in range(3):",
     "best = None\nimport copy\nfor epoch in range(3):\n    best = best or copy.deepcopy(model)",
     "the loop carries best from turn to turn, made by copy.deepcopy (line 9)"),
]


class Refusing(unittest.TestCase):
    def test_each_thing_that_it_is_not_sure_of_has_its_reason(self):
        for old, new, reason in REFUSED:
            with self.subTest(new=new):
                self.assertEqual(1, SCRIPT.count(old))
                verdict = refused(SCRIPT.replace(old, new))
                self.assertEqual(("unsure", reason) if reason else ("insert", ""), verdict)

    def test_a_training_that_runs_several_times(self):
        body = textwrap.indent(SCRIPT.replace("import torch", ""), "    ")
        for call in ("for fold in range(5):\n    train()", "train()\ntrain()"):
            self.assertEqual(
                ("unsure", "train(), which holds the loop, is called several times"),
                refused("import torch\ndef train():" + body + call + "\n"))
        self.assertEqual(
            ("unsure", "line 5 makes the optimizer anew in each turn of a loop"),
            refused("import torch\nfor fold in range(5):" + body))
        self.assertEqual(
            ("unsure", "its training is in a class (Trainer)"),
            refused("import torch\nclass Trainer:\n  def fit(self):" + body))
        self.assertEqual(
            ("unsure", "fit() is a generator or asynchronous"),
            refused("import torch\ndef fit():" + body + "    yield 1\nlist(fit())\n"))

    def test_what_an_object_of_a_class_of_its_own_remembers(self):
        for use in ("stop(loss)", "stop.update(loss)", "stop.best = 1"):
            text = SCRIPT.replace("print(epoch)", use).replace(
                "best = 1.0", "class Stop:\n    pass\nstop = Stop()")
            self.assertEqual(
                ("unsure", "the loop uses stop, a Stop: what it remembers has no state_dict()"),
                refused(text))
        text = "from early import Stop\n" + SCRIPT.replace("print(epoch)", "stop(loss)")
        self.assertEqual(
            ("unsure", "the loop uses stop, made by Stop(), which may keep a state of its own"),
            refused(text.replace("best = 1.0", "stop = Stop()")))

    def test_a_loader_of_unknown_make_that_is_told_to_shuffle(self):
        text = SCRIPT.replace("torch.utils.data.DataLoader(range(8))", "data.load()").replace(
            "import torch", "import torch, data")
        self.assertEqual("insert", refused(text)[0])
        self.assertEqual(
            ("unsure", "the loop uses loader, made by data.load(), which may keep a state of its own"),
            refused(text.replace("print(epoch)", "loader.shuffle()")))

    def test_a_function_that_somebody_else_calls(self):
        body = "import torch\ndef train():" + textwrap.indent(
            SCRIPT.replace("import torch", ""), "    ")
        self.assertEqual(
            ("unsure", "train(), which holds the loop, is not called in this file"), refused(body))
        self.assertEqual("insert", refused(body + "train()\nmodel.train()\n")[0])
        self.assertEqual("insert", refused(body + "app(train)\n")[0])

    def test_what_a_model_counts_beside_its_state(self):
        text = """
            import torch
            class Net(torch.nn.Module):
                def forward(self, x):
                    self.calls += 1
                    return x
            model = Net()
            optimizer = torch.optim.SGD(model.parameters())
            for step in range(3):
                model(1).backward()
            """
        self.assertEqual(
            ("unsure", "model counts in self.calls (line 5), which is in no state_dict"),
            refused(text))

    def test_globals_that_a_called_function_changes(self):
        text = SCRIPT.replace("    print(epoch)", "    note()") + (
            "count = 0\n").join(["", ""]) + "def note():\n    global count\n    count += 1\n"
        self.assertEqual(
            ("unsure", "a function that the loop calls changes the global count"), refused(text))

    def test_scripts_that_need_no_lines(self):
        for text, verdict in [
            (SCRIPT + "import vaultlayer_checkpoint\n", "present"),
            (SCRIPT + "import importlib\nimportlib.import_module('vaultlayer_checkpoint')", "present"),
            (SCRIPT + "torch.save(optimizer.state_dict(), 'o')\n"
                      "optimizer.load_state_dict(torch.load('o'))\n", "own"),
            (SCRIPT + "import os\nprint(os.environ.get('VAULTLAYER_CHECKPOINT_DIR'))", "own"),
            (SCRIPT + "import lightning\n", "framework"),
            ("from transformers import Trainer\nimport torch\nTrainer(m).train()\n", "framework"),
            ("from transformers import Trainer\nTrainer(m).train()\nx.backward()", "framework"),
            ("print('backward is torch')\n", "none"),
            ("for i in range(3: pass\n", "unreadable"),
            ("x = '\0'\n", "unreadable"),
            (SCRIPT + "torch.save(model.state_dict(), 'final.pt')\n", "insert"),
            (SCRIPT + "_vl = 1\n", "unsure"),
        ]:
            with self.subTest(text=text[-60:]):
                self.assertEqual(verdict, refused(text)[0], refused(text))

    def test_lines_by_hand_have_the_scripts_own_names(self):
        text = """
            import torch
            net = torch.nn.Linear(2, 1)
            opt = torch.optim.SGD(net.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                net(x).sum().backward()
                opt.step()
            """
        lines = decision.decide(textwrap.dedent(text).encode())["lines"]
        self.assertEqual([
            "from vaultlayer_checkpoint import restore, checkpoint, batches",
            "done = restore(model=net, optimizer=opt)  # before line 5; 0 when fresh",
            "for (i, (x, y)) in enumerate(batches(loader), done):  # line 5".replace(
                "(i, (x, y))", ast.unparse(ast.parse("i, (x, y)").body[0].value)),
            "    ...",
            "    done += 1",
            '    checkpoint(step=done, every="auto", model=net, optimizer=opt)  # last in the body',
        ], lines)
        jax = decision.decide(b"import jax\nstep = jax.grad(f)\nfor i in range(9): step(i)\n")
        self.assertIn('state = value("state", state)', "\n".join(jax["lines"]))


class Inserting(unittest.TestCase):
    maxDiff = None

    def test_the_samples_get_exactly_the_lines_beside_them(self):
        self.assertGreater(len(SAMPLES), 5)
        for sample in SAMPLES:
            with self.subTest(sample.name):
                before = sample.read_text("utf-8")
                after = inserted(sample.read_bytes()).decode("utf-8")
                self.assertEqual(
                    sample.with_suffix(".diff").read_text("utf-8"), diff(before, after))

    def test_never_twice(self):
        for sample in SAMPLES:
            again = decision.decide(inserted(sample.read_bytes()))
            self.assertEqual(("present", None), (again["verdict"], again.get("edits")), sample)

    def test_what_it_prints_is_one_json_document(self):
        done = subprocess.run(
            [sys.executable, "-B", "-S", "-m", PLANNER.name], cwd=PLANNER.parent, timeout=60,
            input=SAMPLES[0].read_bytes(), stdout=subprocess.PIPE, check=True)
        self.assertEqual(decision.decide(SAMPLES[0].read_bytes()), json.loads(done.stdout))

    def test_outside_a_managed_run_the_lines_change_nothing(self):
        root = PLANNER.parents[5]
        loop = root / "tests/src/test/scripts/plain_loop"
        helper = root / "agent/src/main/resources/python"
        with tempfile.TemporaryDirectory() as home:
            home = pathlib.Path(home)
            for name in ("train.py", "smalltorch.py"):
                shutil.copy(loop / name, home / name)

            def run(**more):
                env = {k: v for k, v in os.environ.items() if "CHECKPOINT_DIR" not in k}
                env.pop("PYTHONPATH", None)
                done = subprocess.run(
                    [sys.executable, "-B", "train.py", "12", "0"], cwd=home, timeout=60,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env, **more))
                self.assertEqual(0, done.returncode, done.stderr)
                return done.stdout, done.stderr, sorted(each.name for each in home.iterdir())

            plain = run()
            (home / "train.py").write_bytes(inserted((home / "train.py").read_bytes()))
            self.assertEqual(plain, run())
            with_helper = run(PYTHONPATH=str(helper), PYTHONDONTWRITEBYTECODE="1")
            self.assertEqual((plain[0], plain[2]), (with_helper[0], with_helper[2]))
            self.assertIn(b"no checkpoint directory is set", with_helper[1])

    def test_line_endings_stay_what_they_were(self):
        for ending in ("\r\n", "\r"):
            for sample in SAMPLES:
                with self.subTest(sample.name, ending=ending):
                    turned = sample.read_bytes().replace(b"\n", ending.encode())
                    expected = inserted(sample.read_bytes()).replace(b"\n", ending.encode())
                    self.assertEqual(expected, inserted(turned))

    def test_a_byte_order_mark_stays_in_front(self):
        for sample in SAMPLES:
            mark = b"\xef\xbb\xbf"
            self.assertEqual(
                mark + inserted(sample.read_bytes()), inserted(mark + sample.read_bytes()))

    def test_declared_encodings_are_kept(self):
        sample = next(s for s in SAMPLES if s.name == "mixed_precision.py")
        utf8 = sample.read_bytes()
        for encoding in ("latin-1", "iso-8859-15", "cp1252"):
            text = utf8.decode().replace("coding: utf-8", "coding: " + encoding)
            expected = inserted(utf8).decode().replace("coding: utf-8", "coding: " + encoding)
            self.assertEqual(expected.encode(encoding), inserted(text.encode(encoding)))
        wrong = utf8.replace(b"coding: utf-8", b"coding: no-such-encoding")
        self.assertEqual("unreadable", decision.decide(wrong)["verdict"])
        latin = utf8.replace(b"coding: utf-8", b"")  # bytes that are no UTF-8, and not declared
        latin = latin.decode().encode("latin-1")
        self.assertEqual("unreadable", decision.decide(latin)["verdict"])

    def test_whatever_comments_and_spaces_there_are_only_the_lines_are_new(self):
        """Random changes that Python does not see: the same lines, and every other byte kept."""
        chance = random.Random(20261121)
        for sample in SAMPLES:
            lines = added(sample.read_bytes(), inserted(sample.read_bytes()))
            for _ in range(12):
                changed = disguised(sample.read_text("utf-8"), chance).encode("utf-8")
                with self.subTest(sample.name, changed=changed.decode("utf-8")):
                    after = inserted(changed)
                    self.assertTrue(is_subsequence(changed, after))
                    self.assertEqual(lines, added(changed, after))
                    self.assertEqual(
                        dump(inserted(sample.read_bytes())), dump(after), "means the same")


def diff(before, after):
    lines = list(difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "before", "after"))
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


def added(before, after):
    """The inserted pieces, without the white space around them."""
    plan = decision.decide(before)
    pieces = [base64.b64decode(edit["data"]).decode("utf-8") for edit in plan["edits"]]
    if sum(map(len, (p.encode() for p in pieces))) != len(after) - len(before):
        raise AssertionError("more has changed than the edits")
    return [[line.strip() for line in piece.splitlines()] for piece in pieces]


def is_subsequence(few, many):
    at = iter(many)
    return all(any(each == other for other in at) for each in few)


def dump(source):
    return ast.dump(ast.parse(source))


def disguised(text, chance):
    """Comments, blank lines, form feeds and white space where they mean nothing."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    inside = set()  # lines that end within a bracket or a text: only white space may follow there
    for first, second in zip(tokens, tokens[1:]):
        if first.start[0] != first.end[0]:
            inside.update(range(first.start[0], first.end[0]))
    out = []
    for number, line in enumerate(text.splitlines(True), 1):
        body, end = line.rstrip("\n"), "\n" if line.endswith("\n") else ""
        if number not in inside and end:
            if "#" not in body and chance.random() < 0.3:
                body += chance.choice(["  # für später", " ", "\t", "  #", "   # [_x:]"])
            end += chance.choice(["", "", "", "\n", "# ü\n", "    # weit\n", "\x0c\n", "  \n"])
        out.append(body + end)
    return "".join(out)


if __name__ == "__main__":
    unittest.main()
