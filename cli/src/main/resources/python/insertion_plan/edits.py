"""Where lines go, byte for byte, and how one would write them by hand."""

import ast
import io
import re
import tokenize

from insertion_plan.tree import name_of, Unsure
from insertion_plan.vocabulary import MODULE, TAKEN


class Source:
    """The bytes, and where the syntax tree's positions are in them."""

    def __init__(self, data):
        self.data = data
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        self.bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        if self.encoding == "utf-8-sig":
            self.encoding = "utf-8"
        text = data[len(self.bom):].decode(self.encoding)
        if self.bom + text.encode(self.encoding) != data:
            raise Unsure("its encoding (%s) cannot be written back as it was" % self.encoding)
        # As Python counts lines: str.splitlines() would also cut at form feeds.
        self.lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)
        self.starts = [len(self.bom)]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line.encode(self.encoding)))

    def at(self, line, column):
        """Byte offset in the source of a tree's position, whose columns are UTF-8 bytes."""
        before = self.lines[line - 1].encode("utf-8")[:column].decode("utf-8")
        return self.starts[line - 1] + len(before.encode(self.encoding))

    def indent(self, node):
        """The white space before a statement that begins its line."""
        line = self.lines[node.lineno - 1]
        indent = line[:len(line) - len(line.lstrip(" \t\f"))]
        return indent if len(indent.encode("utf-8")) == node.col_offset else None

    def ending(self, line):
        match = re.search(r"[\r\n]+\Z", self.lines[line - 1])
        return match.group() if match else ""


def plan(source, training):
    """(edits, lines): what goes where, and the same for people."""
    loop, counter = training.loop, training.counter
    indent, ending = source.indent(loop), source.ending(loop.lineno) or "\n"
    if indent is None:
        raise Unsure("its loop does not begin a line of its own")
    objects = ", ".join("%s=%s" % pair for pair in training.objects.items())
    values = {}
    for name in training.values:
        keyword = name
        while keyword in TAKEN or keyword in training.objects or keyword in values:
            keyword += "_"
        values[keyword] = name
    unit = ', unit="epoch"' if training.unit == "epoch" else ""
    before = [
        "try: import %s as _vl  # inserted by vl run: goes on where a lost machine was" % MODULE,
        "except ImportError: _vl = None  # elsewhere the script runs as it did",
        "_vl_start = _vl.restore(%s%s) if _vl else 0" % (objects, unit),
    ]
    before += ["if _vl: %s = _vl.value(%r, %s)" % (name, keyword, name)
               for keyword, name in values.items()]
    everything = ", ".join([objects] + ["%s=%s" % pair for pair in values.items()])
    whole = ast.unparse(training.range)
    done = steps_done(training.range, counter, whole)
    total = ast.unparse(training.range.args[0]) if len(training.range.args) == 1 else (
        "len(%s)" % whole)
    # What the script uses behind the loop and a turn has made: a resumed run needs a turn for it.
    last = ", save_last=False" if training.needs_a_turn else ""
    call = '_vl.checkpoint(step=%s, of=%s%s, every="auto", %s)' % (
        done, total, last, everything)

    edits = [(source.starts[loop.lineno - 1],
              "".join(indent + line + ending for line in before))]
    edits.append((source.at(training.range.end_lineno, training.range.end_col_offset),
                  "[_vl_start:]"))
    last, first = loop.body[-1], loop.body[0]
    inner = source.indent(first)
    if inner is None or first.lineno == loop.lineno:
        if first.lineno != last.end_lineno:
            raise Unsure("the body of its loop is on one line and goes on over several")
        edits.append((source.at(last.end_lineno, last.end_col_offset),
                      "; _vl and " + call))
    else:
        line, at = inner + "if _vl: " + call, source.starts[last.end_lineno]
        tail = source.ending(last.end_lineno)
        edits.append((at, line + tail if tail else ending + line))
    added = before + [ast.unparse(loop).split("\n")[0].replace(
        whole, whole + "[_vl_start:]", 1), "    ...", "    if _vl: " + call]
    return edits, added


def steps_done(call, counter, whole):
    """How many turns are done at the end of the one with this counter."""
    if len(call.args) == 1:
        return counter + " + 1"
    if len(call.args) == 2 and isinstance(call.args[0], ast.Constant):
        first = call.args[0].value
        if first in (0, 1):
            return counter + " + 1" if first == 0 else counter
    return "%s.index(%s) + 1" % (whole, counter)


def by_hand(training):
    """The lines to add where nothing is inserted, with the script's own names as far as found."""
    objects = ", ".join("%s=%s" % pair for pair in training.objects.items())
    objects = objects or "model=model, optimizer=optimizer"
    loop = training.loop
    where = "before line %d; 0 when fresh" % loop.lineno if loop else "before the loop; 0 when fresh"
    head, names = "for step in range(done, steps):", "restore, checkpoint"
    if isinstance(loop, ast.While):
        head = "while %s:  # line %d; what it counts begins at done" % (
            ast.unparse(loop.test), loop.lineno)
    elif loop and isinstance(loop.iter, ast.Call) and name_of(loop.iter.func) == "enumerate":
        names += ", batches"
        head = "for %s in enumerate(batches(%s), done):  # line %d" % (
            ast.unparse(loop.target), ast.unparse(loop.iter.args[0]), loop.lineno)
    elif loop and isinstance(loop.iter, (ast.Name, ast.Attribute)):
        names += ", batches"
        head = "for %s in batches(%s):  # line %d" % (
            ast.unparse(loop.target), ast.unparse(loop.iter), loop.lineno)
    return [
        "from %s import %s" % (MODULE, names),
        "done = restore(%s)  # %s" % (objects, where),
        head,
        "    ...",
        "    done += 1",
        '    checkpoint(step=done, every="auto", %s)  # last in the body' % objects,
    ]


JAX_LINES = [
    "from %s import restore, checkpoint, value" % MODULE,
    "done = restore()  # before the loop; 0 when fresh",
    'state = value("state", state)  # the pytree, where there is one',
    "for step in range(done, steps):",
    "    ...",
    '    checkpoint(step=step + 1, every="auto", state=state)  # last in the body',
]
