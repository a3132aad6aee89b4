"""What a loop does with the names around it."""

import ast

from insertion_plan.tree import argument, parameters, root_of, SCOPES, targets_of, Unsure, within
from insertion_plan.vocabulary import MUTATORS, TELLING


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
