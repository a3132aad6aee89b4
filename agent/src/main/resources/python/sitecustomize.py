"""Arms VaultLayer's hook and then makes room for the sitecustomize that this one shadows.

Python imports it at its start because the agent puts this directory on PYTHONPATH. It does nothing
outside an attempt and where VL_HOOK is 0, and no fault of ours may reach the program.
"""

import os
import sys


def _arm():
    if os.environ.get("VL_HOOK") == "0" or not os.environ.get("VAULTLAYER_RUN_DIR"):
        return
    try:
        from vaultlayer_hook import core

        core.arm()
    except Exception as error:
        try:
            sys.stderr.write("[vaultlayer] the hook could not start: %r\n" % (error,))
        except Exception:
            pass


def _make_room():
    """Imports the shadowed one as if ours were not there; its own faults stay its own."""
    here = os.path.dirname(os.path.abspath(__file__))
    ours = [(at, each) for at, each in enumerate(sys.path) if os.path.abspath(each) == here]
    shadowing = sys.modules.pop("sitecustomize", None)
    for _, each in ours:
        sys.path.remove(each)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if shadowing is not None:
            sys.modules["sitecustomize"] = shadowing
    finally:
        for at, each in ours:
            sys.path.insert(at, each)


_arm()
_make_room()
