"""A script's syntax tree, and what is asked of it."""

import ast

from insertion_plan.vocabulary import PURE_CALLS


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


def stored_in(loop):
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


def is_pure(node):
    """An expression that gives the same whenever its variables are, and changes nothing."""
    return all(
        isinstance(n, (ast.Constant, ast.Name, ast.Attribute, ast.BinOp, ast.UnaryOp,
                       ast.operator, ast.unaryop, ast.expr_context, ast.Subscript,
                       ast.List, ast.Tuple))
        or isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        and n.func.id in PURE_CALLS
        for n in ast.walk(node)
    )


def is_plain(node):
    """A number, a text, nothing, infinity, a container of such, or a copied state_dict."""
    if isinstance(node, ast.Call):
        text = ast.unparse(node)
        return (name_of(node.func) in PURE_CALLS | {"float", "list", "dict", "set", "tuple"}
                and all(is_plain(a) for a in node.args)
                or "state_dict()" in text and name_of(node.func) == "deepcopy")
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(is_plain(each) for each in node.elts)
    if isinstance(node, ast.Dict):
        return all(each is None or is_plain(each) for each in node.keys + node.values)
    if isinstance(node, ast.BinOp):
        return is_plain(node.left) and is_plain(node.right)
    if isinstance(node, ast.UnaryOp):
        return is_plain(node.operand)
    return (isinstance(node, ast.Constant) or isinstance(node, ast.Attribute)
            and (node.attr in ("inf", "Inf", "nan") or root_of(node) in ("args", "opt", "cfg")))


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
