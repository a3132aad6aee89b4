"""Where three lines would make a plain PyTorch loop resume: the plan, as JSON. Changes nothing.

Standard input: the script's bytes. Standard output, one JSON object:
    verdict   insert | present | own | framework | unsure | unreadable | none
    reason    for people; empty for none and present
    edits     for insert: [{"at": byte offset in the source, "data": base64 of bytes to insert}]
    lines     for insert and unsure: the lines as one would write them by hand
    notes     what somebody should know who lets them be inserted
Edits only insert; no byte of the source is removed. It runs with -I -S, so standard library only,
and in the interpreter that runs the script, because only that one knows its syntax.
"""

import ast
import base64
import io
import json
import re
import sys
import tokenize

MODULE = "vaultlayer_checkpoint"
OPTIMIZERS = set(
    "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax NAdam RAdam ASGD Rprop SparseAdam Adafactor"
    " Muon Lion Lamb LAMB LARS AdaBelief AdamW8bit Adam8bit PagedAdamW8bit".split()
)
FRAMEWORKS = {
    "lightning": "Lightning", "pytorch_lightning": "Lightning", "accelerate": "Accelerate",
    "deepspeed": "DeepSpeed", "ignite": "Ignite", "fastai": "fastai", "composer": "Composer",
    "keras": "Keras", "tensorflow": "TensorFlow", "trl": "TRL", "colossalai": "Colossal-AI",
}
SHARDED = {
    "DistributedDataParallel", "DDP", "FullyShardedDataParallel", "FSDP", "fully_shard",
    "init_process_group", "init_device_mesh", "DeviceMesh", "parallelize_module",
}
GENERATORS = {"Generator", "default_rng", "RandomState", "Random"}
ITERATORS = {"iter", "cycle", "count", "zip", "map", "filter", "enumerate", "reversed"}
MUTATORS = {
    "append", "extend", "insert", "add", "update", "pop", "popleft", "appendleft", "remove",
    "clear", "push", "put", "setdefault", "step", "reset", "store", "observe", "record",
}
# Their objects keep nothing that the training depends on, or keep it in what is saved anyway.
HARMLESS_MODULES = set(
    "torch torchvision torchaudio numpy argparse logging wandb tqdm time pathlib os math"
    " json csv matplotlib PIL datasets transformers sklearn pandas datetime functools peft timm"
    " tensorboardX tensorboard omegaconf hydra sys re rich collections types".split()
)
# Methods by which a loop tells something, and changes nothing that it will read.
TELLING = re.compile("add_|log|info|debug|warn|print|write|flush|set_|train$|eval$|to$|cuda$|zero_grad$")
SELF_RETURNING = {
    "to", "cuda", "cpu", "eval", "train", "half", "float", "double", "requires_grad_", "manual_seed",
}
PURE_CALLS = {"len", "int", "min", "max", "abs", "round"}
# Keywords of restore() and checkpoint() that mean something else than an object to save.
TAKEN = {"step", "loss", "keep", "save_path", "directory", "every", "of", "save_last", "unit"}


class Unsure(Exception):
    """Nothing is inserted; the message says why."""


def name_of(node):
    """`c` of `a.b.c` and of `c`; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def root_of(node):
    """The variable that `a.b[0].c` begins with; empty where it begins with no variable."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def calls_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def targets_of(node):
    """Names that a target binds; `a[0]` and `a.b` bind none."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, (ast.Tuple, ast.List)):
        return [name for each in node.elts for name in targets_of(each)]
    return targets_of(node.value) if isinstance(node, ast.Starred) else []


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = FUNCTIONS + (ast.Lambda, ast.ClassDef)


def within(node):
    """Nodes below that belong to the same scope; what functions and classes hold is left out."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from within(child)


def parameters(function):
    return [a.arg for a in function.args.posonlyargs + function.args.args + function.args.kwonlyargs]


def argument(function, call, name):
    """What a call gives for a parameter of the function, its default, or None."""
    plain = [a.arg for a in function.args.posonlyargs + function.args.args]
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if name in plain and plain.index(name) < len(call.args):
        return call.args[plain.index(name)]
    defaults = dict(zip(reversed(plain), reversed(function.args.defaults)))
    defaults.update(zip([a.arg for a in function.args.kwonlyargs], function.args.kw_defaults))
    return defaults.get(name)


class Script:
    """The syntax tree with what the plan asks of it."""

    def __init__(self, tree):
        self.tree = tree
        self.parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }
        self.functions = {n.name: n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)}
        self.classes = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
        self.imports = {}  # name in this file: full dotted name
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    root = each.name.split(".")[0]
                    self.imports[each.asname or root] = each.name if each.asname else root
            elif isinstance(node, ast.ImportFrom):
                for each in node.names:
                    self.imports[each.asname or each.name] = "%s.%s" % (node.module, each.name)
        self.modules = {full.split(".")[0] for full in self.imports.values()}
        self.words = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {
            n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)
        }

    def scope(self, node):
        """The function around, or the whole module."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, SCOPES):
                return node
        return self.tree

    def loops(self, node):
        """Around it in its own scope, outermost first."""
        found, scope = [], self.scope(node)
        while self.parents.get(node, scope) is not scope:
            node = self.parents[node]
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                found.insert(0, node)
        return found

    def bindings(self, scope, name):
        """(statement, value) for each assignment to the name in the scope; value may be None."""
        found = []
        for node in within(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if name in targets_of(target):
                        found.append((node, self._part(target, node.value, name)))
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                if name in targets_of(node.target):
                    found.append((node, node.value))
        return found

    @staticmethod
    def _part(target, value, name):
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for left, right in zip(target.elts, value.elts):
                if targets_of(left) == [name]:
                    return right
        return value

    def origin(self, call):
        """Full dotted name of what is called, as far as imports tell: `torch.optim.SGD`."""
        root = root_of(call.func)
        rest = ast.unparse(call.func)[len(root):] if root else ""
        return self.imports.get(root, root) + rest

    def is_module_class(self, name, depth=0):
        """A class of this file that is an nn.Module by its bases."""
        if depth > 8 or name not in self.classes:
            return False
        return any(
            name_of(base) == "Module" or name_of(base).endswith(("Model", "PreTrainedModel"))
            or "nn." in ast.unparse(base) or self.is_module_class(name_of(base), depth + 1)
            for base in self.classes[name].bases
        )


# --- what the training is made of ---------------------------------------------------------------


class Training:
    """One loop, in the scope that holds optimizer and model. Raises Unsure."""

    def __init__(self, script):
        self.script = script
        self.notes = []
        self.objects = {}  # keyword: variable, restored in place
        self.values = []  # variables that are saved, and read back before the loop
        self.loop = None

    def find(self):
        script = self.script
        self._refuse_what_is_never_planned()
        backward = self._backward()
        self.optimizer, self.optimizer_at = self._optimizer()
        self.home = self.scope = script.scope(self.optimizer_at)
        self._refuse_class(self.scope)
        self.loop, self.unit = self._loop(backward)
        self._models()
        self._check_loop()
        self._others()

    def _refuse_what_is_never_planned(self):
        words = self.script.words
        sharded = sorted(words & SHARDED)
        sharded += sorted(full for full in self.script.imports.values()
                          if full.startswith("torch.distributed"))
        if sharded or any(name_of(c.func) == "spawn" for c in calls_in(self.script.tree)):
            raise Unsure("it trains in several processes (%s)" % (sharded or ["spawn"])[0])
        if "get_ipython" in words:
            raise Unsure("it is a notebook")
        if any(isinstance(c.func, ast.Name) and c.func.id == "exec"
               for c in calls_in(self.script.tree)):
            raise Unsure("it runs code by exec()")

    def _backward(self):
        found = [c for c in calls_in(self.script.tree)
                 if isinstance(c.func, ast.Attribute) and c.func.attr == "backward"]
        if len(found) != 1:
            raise Unsure(
                "it calls backward() nowhere in this file" if not found else
                "it calls backward() in %d places (lines %s)"
                % (len(found), ", ".join(map(str, sorted(c.lineno for c in found))))
            )
        return found[0]

    def _optimizer(self):
        found = {}
        for node in ast.walk(self.script.tree):
            value = getattr(node, "value", None)
            if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(value, ast.Call):
                continue
            if name_of(value.func) in OPTIMIZERS:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if not isinstance(target, ast.Name):
                    raise Unsure("its optimizer is %s, no plain variable" % ast.unparse(target))
                found.setdefault(target.id, []).append(node)
        if not found:
            raise Unsure("its optimizer is not made in this file by a name that is known")
        if len(found) > 1:
            raise Unsure("it has several optimizers (%s)" % ", ".join(sorted(found)))
        name, nodes = next(iter(found.items()))
        if len({self.script.scope(node) for node in nodes}) > 1:
            raise Unsure("its optimizer %s is made in several functions" % name)
        return name, nodes[-1]

    def _refuse_class(self, scope):
        while scope is not self.script.tree:
            if isinstance(scope, ast.ClassDef):
                raise Unsure("its training is in a class (%s)" % scope.name)
            scope = self.script.scope(scope)

    def _loop(self, site):
        """Outwards from backward(), through functions that are called once, to the scope."""
        inner, nearest = 0, None
        for _ in range(8):
            where, loops = self.script.scope(site), self.script.loops(site)
            self._refuse_class(where)
            if where is self.scope:
                around = [each for each in loops if self.optimizer_at in ast.walk(each)]
                if around:
                    raise Unsure("line %d makes the optimizer anew in each turn of a loop"
                                 % self.optimizer_at.lineno)
                if not loops and nearest is not None:
                    # Model and optimizer are the module's, the loop is in a function.
                    self.scope, loops = nearest
                    inner -= len(loops)
                if not loops:
                    raise Unsure("backward() is in no loop")
                return loops[0], "epoch" if inner + len(loops) > 1 else "step"
            inner += len(loops)
            nearest = (where, loops) if loops else nearest
            site = self._only_call(where)
        raise Unsure("its loop is too many calls away from backward()")

    def _only_call(self, function):
        if not isinstance(function, FUNCTIONS):
            raise Unsure("its optimizer is made in a function that does not hold the loop")
        used = [n for n in ast.walk(self.script.tree)
                if isinstance(n, ast.Name) and n.id == function.name
                and not (isinstance(self.script.scope(n), FUNCTIONS)
                         and n.id in parameters(self.script.scope(n)))]
        parents = [self.script.parents[n] for n in used]
        if len(used) != 1 or not isinstance(parents[0], ast.Call) or parents[0].func is not used[0]:
            raise Unsure("%s(), which trains, is used in %d places" % (function.name, len(used)))
        return parents[0]

    def _refuse_repeated(self, scope):
        if scope is self.script.tree:
            return
        for node in ast.walk(scope):
            if isinstance(node, (ast.Yield, ast.YieldFrom)) or isinstance(scope, ast.AsyncFunctionDef):
                raise Unsure("%s() is a generator or asynchronous" % scope.name)
        calls = [c for c in calls_in(self.script.tree)
                 if isinstance(c.func, ast.Name) and c.func.id == scope.name]
        if not getattr(scope, "decorator_list", None) and not any(
                isinstance(n, ast.Name) and n.id == scope.name for n in ast.walk(self.script.tree)):
            raise Unsure("%s(), which holds the loop, is not called in this file" % scope.name)
        if len(calls) > 1 or calls and self.script.loops(calls[0]):
            raise Unsure("%s(), which holds the loop, is called several times" % scope.name)

    # --- the loop

    def _check_loop(self):
        loop = self.loop
        line = "line %d" % loop.lineno
        self._refuse_repeated(self.scope)
        if isinstance(loop, ast.While):
            raise Unsure("its loop (%s) is a while loop" % line)
        if isinstance(loop, ast.AsyncFor) or not isinstance(loop.target, ast.Name):
            raise Unsure("its loop (%s) has no plain counter" % line)
        call = loop.iter
        if isinstance(call, ast.Call) and name_of(call.func) in ("tqdm", "track") and call.args:
            call = call.args[0]
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                and call.func.id == "range" and 1 <= len(call.args) <= 3 and not call.keywords):
            raise Unsure("its loop (%s) goes over %s and not over a range()"
                         % (line, ast.unparse(loop.iter)))
        self.range, self.counter = call, loop.target.id
        stored = self._stored(loop)
        if self.counter in stored or "range" in stored:
            raise Unsure("its loop (%s) changes its own counter" % line)
        for arg in call.args:
            if not self._is_pure(arg) or stored & {
                    n.id for n in ast.walk(arg) if isinstance(n, ast.Name)}:
                raise Unsure("the bounds of its loop (%s) may change while it runs" % line)
        if len(call.args) > 1:
            for name in {n.id for n in ast.walk(call.args[0]) if isinstance(n, ast.Name)}:
                bound = self._bound_before(name)
                if len(bound) > 1 or any(not self._is_plain(value) for _, value in bound):
                    raise Unsure("its loop (%s) begins where it has computed by itself (%s)"
                                 % (line, name))
        for node in within(loop):
            if isinstance(node, ast.Continue) and self.script.loops(node)[-1] is loop:
                raise Unsure("a continue (line %d) leads past the end of the loop's body"
                             % node.lineno)

    def _is_pure(self, node):
        return all(
            isinstance(n, (ast.Constant, ast.Name, ast.Attribute, ast.BinOp, ast.UnaryOp,
                           ast.operator, ast.unaryop, ast.expr_context, ast.Subscript,
                           ast.List, ast.Tuple))
            or isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            and n.func.id in PURE_CALLS
            for n in ast.walk(node)
        )

    @staticmethod
    def _stored(loop):
        """Names that the loop's body binds."""
        found, own = set(), set()
        for part in loop.body:
            for node in [part] + list(within(part)):
                if isinstance(node, ast.comprehension):
                    own |= {id(n) for n in ast.walk(node.target)}
                elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    found |= {node.id} if id(node) not in own else set()
                elif isinstance(node, SCOPES) and not isinstance(node, ast.Lambda):
                    found.add(node.name)
                elif isinstance(node, ast.alias):
                    found.add((node.asname or node.name).split(".")[0])
        return found

    # --- models, and everything else that the loop uses

    def _bound_before(self, name):
        """Values that the name has before the loop: in its scope, given to it, in the module."""
        scope, at = self.scope, self.loop
        for _ in range(8):
            found = [(node, value) for node, value in self.script.bindings(scope, name)
                     if node.lineno < at.lineno]
            if found or scope is self.script.tree:
                return found
            calls = [c for c in calls_in(self.script.tree) if name_of(c.func) == scope.name]
            given = argument(scope, calls[0], name) if len(calls) == 1 else None
            if given is None:
                scope, at = self.script.tree, self.loop
                continue
            if not isinstance(given, ast.Name):
                return [(given, given)]
            name, at = given.id, calls[0]
            scope = self.script.scope(at)
        return []

    def _is_parameter(self, name):
        return isinstance(self.scope, FUNCTIONS) and name in parameters(self.scope)

    def _models(self):
        names = []
        for statement, call in self.script.bindings(self.home, self.optimizer):
            for name in self._parameters_of(call, 0):
                if name not in names:
                    names.append(name)
        if not names:
            raise Unsure("line %d does not show whose parameters are trained"
                         % self.optimizer_at.lineno)
        stored = self._stored(self.loop)
        for name in names + [self.optimizer]:
            if name in stored:
                raise Unsure("%s is bound anew inside the loop" % name)
            if (name != self.optimizer and not self._bound_before(name)
                    and not self._is_parameter(name)):
                raise Unsure("%s is not made where the loop is" % name)
            for _, value in self._bound_before(name):
                if isinstance(value, ast.Call) and value.args and root_of(value.args[0]) == name:
                    if name_of(value.func) not in ("compile", "DataParallel"):
                        raise Unsure("%s is wrapped by %s" % (name, ast.unparse(value.func)))
        for name in names:
            self._refuse_hidden_state(name)
            self.objects["model" if len(names) == 1 else name] = name
        self.objects["optimizer"] = self.optimizer

    def _refuse_hidden_state(self, name):
        """A counter that a model keeps beside its state_dict would begin anew."""
        for _, value in self._bound_before(name):
            for call in calls_in(value):
                body = self.script.classes.get(name_of(call.func))
                for node in ast.walk(body) if body else ():
                    if (isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute)
                            and root_of(node.target) == "self"
                            and self.script.scope(node).name != "__init__"):
                        raise Unsure("%s counts in %s (line %d), which is in no state_dict"
                                     % (name, ast.unparse(node.target), node.lineno))

    def _parameters_of(self, node, depth):
        """Variables whose parameters() an optimizer is given, in order."""
        found = []
        for each in ast.walk(node):
            if (isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
                    and each.func.attr in ("parameters", "named_parameters")):
                found.append(root_of(each.func))
        if not found and depth < 2 and isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            if isinstance(first, ast.Name):
                for _, value in self._bound_before(first.id):
                    found += self._parameters_of(value, depth + 1)
        if "" in found or "self" in found:
            raise Unsure("the trained parameters are those of no plain variable")
        return found

    def _others(self):
        """Schedulers, scalers, generators, counters and lists: whatever goes from turn to turn."""
        uses = Uses(self.script, self.scope, self.loop)
        stored = self._stored(self.loop)
        known = set(self.objects.values())
        for name in sorted(uses.attributes & known - {self.optimizer}):
            raise Unsure("the loop sets an attribute of %s, which its state_dict does not hold" % name)
        for name in uses.changed_globals:
            raise Unsure("a function that the loop calls changes the global %s" % name)
        for name in uses.order:
            if name not in known | stored | {self.counter}:
                for _, value in self._bound_before(name):
                    self._use(name, value, uses)
        live = {n.id for n in self._after() if isinstance(n, ast.Name)
                and isinstance(n.ctx, ast.Load)}
        for name in sorted(stored):
            # Also what some turns set and others do not, if it is read behind the loop.
            if name in uses.exposed or name in live and name not in uses.always_bound:
                self._carry(name, self._bound_before(name))
        self.needs_a_turn = bool(live & (stored | {self.counter}) - set(self.values))

    def _after(self):
        """What may run after the loop in its scope."""
        end = self.loop.end_lineno
        after = [n for n in within(self.scope) if getattr(n, "lineno", 0) > end]
        if self.scope is self.script.tree:
            for function in self.script.functions.values():
                after += ast.walk(function)
        return after

    def _carry(self, name, bound):
        """A variable that one turn reads and the one before it wrote."""
        if not bound:
            raise Unsure("%s comes from an earlier turn of the loop, and is not there before it"
                         % name)
        for node in within(self.loop):
            if isinstance(node, ast.Assign) and name in [
                    t for target in node.targets for t in targets_of(target)]:
                if root_of(node.value) in self.objects.values() and name != root_of(node.value):
                    raise Unsure("the loop makes %s another name of %s (line %d)"
                                 % (name, root_of(node.value), node.lineno))
                for call in calls_in(node.value):
                    made_by = name_of(call.func)
                    if (call is node.value and made_by in ITERATORS or made_by == "deepcopy"
                            and "state_dict" not in ast.unparse(call)):
                        raise Unsure("the loop carries %s from turn to turn, made by %s (line %d)"
                                     % (name, ast.unparse(call.func), node.lineno))
        if not all(self._is_plain(value) for _, value in bound):
            raise Unsure("the loop carries %s from turn to turn, which began as %s (line %d)"
                         % (name, ast.unparse(bound[-1][1])[:60], bound[-1][0].lineno))
        self.values.append(name)

    def _is_plain(self, node):
        """A number, a text, nothing, infinity, a container of such, or a copied state_dict."""
        if isinstance(node, ast.Call):
            text = ast.unparse(node)
            return (name_of(node.func) in PURE_CALLS | {"float", "list", "dict", "set", "tuple"}
                    and all(self._is_plain(a) for a in node.args)
                    or "state_dict()" in text and name_of(node.func) == "deepcopy")
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return all(self._is_plain(each) for each in node.elts)
        if isinstance(node, ast.Dict):
            return all(each is None or self._is_plain(each) for each in node.keys + node.values)
        if isinstance(node, ast.BinOp):
            return self._is_plain(node.left) and self._is_plain(node.right)
        if isinstance(node, ast.UnaryOp):
            return self._is_plain(node.operand)
        return (isinstance(node, ast.Constant) or isinstance(node, ast.Attribute)
                and (node.attr in ("inf", "Inf", "nan") or root_of(node) in ("args", "opt", "cfg")))

    def _use(self, name, value, uses):
        """A variable that the loop uses and does not bind, bound to this value before it."""
        if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp)):
            if name in uses.changed:
                self._keep(name, name)
            return
        if isinstance(value, ast.GeneratorExp):
            raise Unsure("%s is a generator: where it stands cannot be saved" % name)
        if not isinstance(value, ast.Call):
            if name in uses.attributes | uses.changed:
                raise Unsure("the loop changes %s, of which this file does not say what it holds"
                             % name)
            return
        while (isinstance(value.func, ast.Attribute) and isinstance(value.func.value, ast.Call)
               and value.func.attr in SELF_RETURNING):
            value = value.func.value
        callee, origin = name_of(value.func), self.script.origin(value)
        arguments = [ast.unparse(a) for a in value.args[:1]] + [
            ast.unparse(k.value) for k in value.keywords if k.arg == "optimizer"]
        if self.optimizer in arguments and (
                callee.endswith(("LR", "Scheduler", "Restarts", "Plateau")) or "sched" in callee):
            self._keep("scheduler" if "scheduler" not in self.objects else name, name)
        elif callee == "GradScaler":
            self._keep("scaler", name)
        elif callee in GENERATORS and callee not in self.script.classes:
            self._keep(name, name)
        elif callee in ITERATORS or self._is_generator(callee):
            raise Unsure("%s is an iterator: where it stands cannot be saved" % name)
        elif callee == "DataLoader":
            self._loader(name, value)
        elif callee in ("list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict"):
            if name in uses.changed:
                self._keep(name, name)
        elif self._copies_a_model(value) or self.script.is_module_class(callee):
            self._keep(name, name)
        elif callee in self.script.classes:
            self._object(name, callee, uses)
        elif origin.split(".")[0] in ("torch", "numpy") and name in uses.items:
            self._keep(name, name)
        elif name in uses.attributes or name in uses.items:
            raise Unsure("the loop changes %s, of which this file does not say what it holds" % name)
        elif origin.split(".")[0] not in HARMLESS_MODULES and name in (
                uses.changed | uses.called | uses.told):
            raise Unsure("the loop uses %s, made by %s(), which may keep a state of its own"
                         % (name, ast.unparse(value.func)))

    def _copies_a_model(self, call):
        return (name_of(call.func) in ("deepcopy", "AveragedModel") and bool(call.args)
                and isinstance(call.args[0], ast.Name) and call.args[0].id in self.objects.values())

    def _object(self, name, callee, uses):
        methods = {n.name for n in self.script.classes[callee].body if isinstance(n, FUNCTIONS)}
        if {"state_dict", "load_state_dict"} <= methods:
            self._keep(name, name)
        elif "__iter__" in methods or "__getitem__" in methods and name not in uses.methods:
            return  # a data set or a loader
        elif name in uses.methods | uses.called | uses.attributes:
            raise Unsure("the loop uses %s, a %s: what it remembers has no state_dict()"
                         % (name, callee))

    def _is_generator(self, callee):
        function = self.script.functions.get(callee)
        return function is not None and any(
            isinstance(n, (ast.Yield, ast.YieldFrom)) for n in within(function))

    def _loader(self, name, call):
        for keyword in call.keywords:
            if keyword.arg == "generator" and isinstance(keyword.value, ast.Name):
                self._keep(keyword.value.id, keyword.value.id)
            elif keyword.arg == "generator":
                raise Unsure("the generator of %s has no name to save it by" % name)
            elif keyword.arg == "persistent_workers" and ast.unparse(keyword.value) != "False":
                self.notes.append("%s keeps its workers: what they draw at random does not go on"
                                  " where it was" % name)

    def _keep(self, keyword, name):
        if name not in self.objects.values():
            while keyword in TAKEN or keyword in self.objects:
                keyword += "_"
            self.objects[keyword] = name


class Uses:
    """What the body of a loop does with names from outside, also in functions that it calls."""

    def __init__(self, script, scope, loop):
        self.script = script
        self.scope = scope
        self.order = []  # names that are read, in order
        self.changed = set()  # a mutating method is called, or an item set
        self.items = set()
        self.attributes = set()
        self.methods = set()
        self.told = set()  # a method is called for its effect
        self.called = set()
        self.changed_globals = []
        self.exposed = set()  # read in a turn before that turn has bound them
        # (that a loop in it has no turn, or a try fails, is not thought of)
        self._seen = set()
        self.always_bound = {loop.target.id}
        self._flow(loop.body, self.always_bound)
        for part in loop.body:
            self._look(part, {}, 0)
        # Loaders stand outside the loop more often than the generators that feed them.
        self.order = list(dict.fromkeys(self.order))

    def _look(self, tree, names, depth):
        """names: what a function calls its parameters, and what they are outside; None: local."""
        outer = lambda name: names.get(name, name) if name else None  # noqa: E731
        for node in [tree] + list(within(tree)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and outer(node.id):
                self.order.append(outer(node.id))
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self._mark(self.attributes, outer(root_of(node)))
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                self._mark(self.items, outer(root_of(node)))
                self._mark(self.changed, outer(root_of(node)))
            elif isinstance(node, ast.Call):
                self._call(node, outer, depth)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                function = node.value.func
                if isinstance(function, ast.Attribute) and not TELLING.match(function.attr):
                    self._mark(self.told, outer(root_of(function)))

    @staticmethod
    def _mark(marks, name):
        if name:
            marks.add(name)

    def _call(self, call, outer, depth):
        if isinstance(call.func, ast.Attribute):
            name = outer(root_of(call.func))
            self._mark(self.methods, name)
            if call.func.attr in MUTATORS:
                self._mark(self.changed, name)
        elif isinstance(call.func, ast.Name):
            self._mark(self.called, outer(call.func.id))
            if call.func.id == "next" and call.args and isinstance(call.args[0], ast.Name):
                raise Unsure("the loop takes its data by next(%s): where that stands cannot be"
                             " saved" % call.args[0].id)
            function = self.script.functions.get(call.func.id)
            if function is not None and depth < 6 and function not in self._seen:
                self._seen.add(function)
                self._function(function, call, outer, depth)

    def _function(self, function, call, outer, depth):
        names = {n: None for n in self._locals(function)}
        for parameter in parameters(function):
            given = argument(function, call, parameter)
            if isinstance(given, ast.Name):
                names[parameter] = outer(given.id)
        for node in within(function):
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self.changed_globals += node.names
        for part in function.body:
            self._look(part, names, depth + 1)

    @staticmethod
    def _locals(function):
        found = set(parameters(function))
        found |= {a.arg for a in (function.args.vararg, function.args.kwarg) if a}
        for node in within(function):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
        return found

    # --- which names a turn reads before it binds them

    def _flow(self, body, bound):
        for statement in body:
            self._statement(statement, bound)

    def _statement(self, node, bound):
        if isinstance(node, (ast.If, ast.While)):
            self._read(node.test, bound)
            then, other = set(bound), set(bound)
            self._flow(node.body, then)
            self._flow(node.orelse, other)
            bound |= then & other if isinstance(node, ast.If) else then
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._read(node.iter, bound)
            bound.update(targets_of(node.target))
            self._flow(node.body, bound)
            self._flow(node.orelse, bound)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._read(item.context_expr, bound)
                bound.update(targets_of(item.optional_vars) if item.optional_vars else ())
            self._flow(node.body, bound)
        elif isinstance(node, ast.Try):
            before = set(bound)
            self._flow(node.body + node.orelse + node.finalbody, bound)
            for handler in node.handlers:
                self._flow(handler.body, set(before))
        elif isinstance(node, ast.AugAssign):
            self._read(node.value, bound)
            self.exposed |= set(targets_of(node.target)) - bound
            bound.update(targets_of(node.target))
        elif isinstance(node, ast.Assign):
            self._read(node.value, bound)
            for target in node.targets:
                self._read(target, bound)
                bound.update(targets_of(target))
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._read(node.value, bound)
                bound.update(targets_of(node.target))
        elif isinstance(node, SCOPES):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update((each.asname or each.name).split(".")[0] for each in node.names)
        else:
            self._read(node, bound)

    def _read(self, node, bound):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self.exposed |= {node.id} - bound
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            own = [name for each in node.generators for name in targets_of(each.target)]
            self._read_below(node, bound | set(own))
        elif isinstance(node, ast.Lambda):
            self._read(node.body, bound | set(parameters(node)))
        elif isinstance(node, ast.NamedExpr):
            self._read(node.value, bound)
            bound.update(targets_of(node.target))
        else:
            self._read_below(node, bound)

    def _read_below(self, node, bound):
        for child in ast.iter_child_nodes(node):
            self._read(child, bound)


# --- edits --------------------------------------------------------------------------------------


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


def framework(script):
    for module in sorted(script.modules & set(FRAMEWORKS)):
        return FRAMEWORKS[module]
    if "transformers" in script.modules and any(
            name_of(c.func).endswith("Trainer") for c in calls_in(script.tree)):
        return "the Hugging Face Trainer"
    return None


def resumes_itself(script):
    """It names the directory that is kept, or saves and puts back an optimizer's state."""
    if any(isinstance(n, ast.Constant) and isinstance(n.value, str)
           and n.value.endswith("CHECKPOINT_DIR") for n in ast.walk(script.tree)):
        return True
    saves = any(name_of(c.func) == "save" and root_of(c.func) for c in calls_in(script.tree))
    loads = any(
        isinstance(c.func, ast.Attribute) and c.func.attr == "load_state_dict"
        and "opt" in ast.unparse(c.func.value).lower() for c in calls_in(script.tree))
    return saves and loads


def answer(verdict, reason="", **more):
    return dict({"verdict": verdict, "reason": reason}, **more)


def decide(data):
    if sys.version_info < (3, 9):
        return answer("unreadable", "reading it takes Python 3.9 or newer, and this is %d.%d"
                      % sys.version_info[:2])
    try:
        source = Source(data)
        script = Script(ast.parse(data))
        training = Training(script)
    except Unsure as error:
        return answer("unsure", str(error), lines=[])
    except SyntaxError as error:
        return answer("unreadable", "line %s: %s" % (error.lineno, error.msg))
    except (ValueError, RecursionError, MemoryError, LookupError) as error:
        return answer("unreadable", str(error) or type(error).__name__)
    if MODULE in script.modules or any(
            isinstance(n, ast.Constant) and n.value == MODULE for n in ast.walk(script.tree)):
        return answer("present")
    used = framework(script)
    if used:
        return answer("framework", used)
    trains = any(isinstance(c.func, ast.Attribute) and c.func.attr == "backward"
                 for c in calls_in(script.tree)) or bool(
        "torch" in script.modules and any(name_of(c.func) in OPTIMIZERS
                                          for c in calls_in(script.tree)))
    if not trains:
        if script.words & {"grad", "value_and_grad"} and "jax" in script.modules:
            return answer("unsure", "it trains by JAX, whose state no line can restore in place",
                          lines=JAX_LINES)
        return answer("none")
    if resumes_itself(script):
        return answer("own")
    try:
        taken = {"_vl", "_vl_start"} & (script.words | set(script.imports))
        if taken:
            raise Unsure("it uses the name %s itself" % sorted(taken)[0])
        training.find()
        edits, lines = plan(source, training)
        changed = data
        for at, text in sorted(edits, reverse=True):
            changed = changed[:at] + text.encode(source.encoding) + changed[at:]
        ast.parse(changed)
    except Unsure as error:
        return answer("unsure", str(error), lines=by_hand(training))
    except (SyntaxError, ValueError, RecursionError) as error:
        return answer("unsure", "the lines cannot be put into its source (%s)" % error,
                      lines=by_hand(training))
    return answer(
        "insert", "", lines=lines, notes=training.notes, unit=training.unit,
        loop=training.loop.lineno, encoding=source.encoding,
        edits=[{"at": at, "data": base64.b64encode(text.encode(source.encoding)).decode("ascii")}
               for at, text in sorted(edits)],
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(decide(sys.stdin.buffer.read())) + "\n")
