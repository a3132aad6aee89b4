"""What a training is made of: its loop, its model, and all that goes from turn to turn."""

import ast

from insertion_plan.tree import (
    argument, calls_in, FUNCTIONS, is_plain, is_pure, name_of, parameters, root_of, stored_in,
    targets_of, Unsure, within,
)
from insertion_plan.uses import Uses
from insertion_plan.vocabulary import (
    GENERATORS, HARMLESS_MODULES, ITERATORS, OPTIMIZERS, SELF_RETURNING, SHARDED, TAKEN,
)


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
        stored = stored_in(loop)
        if self.counter in stored or "range" in stored:
            raise Unsure("its loop (%s) changes its own counter" % line)
        for arg in call.args:
            if not is_pure(arg) or stored & {
                    n.id for n in ast.walk(arg) if isinstance(n, ast.Name)}:
                raise Unsure("the bounds of its loop (%s) may change while it runs" % line)
        if len(call.args) > 1:
            for name in {n.id for n in ast.walk(call.args[0]) if isinstance(n, ast.Name)}:
                bound = self._bound_before(name)
                if len(bound) > 1 or any(not is_plain(value) for _, value in bound):
                    raise Unsure("its loop (%s) begins where it has computed by itself (%s)"
                                 % (line, name))
        for node in within(loop):
            if isinstance(node, ast.Continue) and self.script.loops(node)[-1] is loop:
                raise Unsure("a continue (line %d) leads past the end of the loop's body"
                             % node.lineno)

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
        stored = stored_in(self.loop)
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
        stored = stored_in(self.loop)
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
        if not all(is_plain(value) for _, value in bound):
            raise Unsure("the loop carries %s from turn to turn, which began as %s (line %d)"
                         % (name, ast.unparse(bound[-1][1])[:60], bound[-1][0].lineno))
        self.values.append(name)

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
