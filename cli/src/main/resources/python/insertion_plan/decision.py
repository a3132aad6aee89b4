"""From a script's bytes to the plan."""

import ast
import base64
import sys

from insertion_plan.edits import JAX_LINES, Source, by_hand, plan
from insertion_plan.tree import calls_in, name_of, root_of, Script, Unsure
from insertion_plan.training import Training
from insertion_plan.vocabulary import FRAMEWORKS, MODULE, OPTIMIZERS


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
