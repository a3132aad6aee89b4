"""Watches the import of framework modules and patches each right after it was executed.

Imported at the start of every Python process of an attempt, so it needs nothing that Python has
not loaded by then, and the adapters are imported only when their framework is.
"""

import sys

# Module -> file of this package whose PATCHES[module] is called with it, once.
ADAPTERS = {
    "transformers.training_args": "huggingface",
    "transformers.trainer": "huggingface",
    "accelerate.accelerator": "accelerate",
    "accelerate.optimizer": "accelerate",
    "lightning.pytorch.trainer.trainer": "lightning",
    "pytorch_lightning.trainer.trainer": "lightning",
    "deepspeed.runtime.engine": "deepspeed",
    "torch.distributed.checkpoint.state_dict_saver": "dcp",
    "torch.distributed.checkpoint.state_dict_loader": "dcp",
    "orbax.checkpoint.checkpoint_manager": "orbax",
    "flax.training.checkpoints": "flax",
}


class _Finder:
    """Asks the other finders, and has the loader that they name tell when it is done."""

    def __init__(self, adapters):
        self._adapters = adapters
        self._asking = set()

    def find_spec(self, name, path=None, target=None):
        if name not in self._adapters or name in self._asking:
            return None
        self._asking.add(name)
        try:
            spec = self._real(name, path, target)
        finally:
            self._asking.discard(name)
        if spec is not None:
            try:
                self._watch(name, spec.loader)
            except Exception as error:
                failed("watching " + name, error)
        return spec

    def _real(self, name, path, target):
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None:
                spec = find(name, path, target)
                if spec is not None:
                    return spec
        return None

    def _watch(self, name, loader):
        # The loader itself stays what it is: whoever asks it for source or data still can. One
        # that is a class (built in, frozen) is shared by many modules and left alone.
        if isinstance(loader, type) or not hasattr(loader, "exec_module"):
            return
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            try:
                del loader.exec_module
            except AttributeError:
                pass
            self._executed(name, module)

        loader.exec_module = exec_module

    def _executed(self, name, module):
        # Looking for a module is not yet importing it, so a name is done only now.
        adapter = self._adapters.pop(name, None)
        if adapter is not None:
            patch(adapter, name, module)


def arm(adapters=None):
    """From now on the modules that `adapters` names (the usual ones) are patched when imported."""
    waiting = dict(ADAPTERS if adapters is None else adapters)
    for name in list(waiting):
        if name in sys.modules:  # somebody's .pth file was quicker
            patch(waiting.pop(name), name, sys.modules[name])
    sys.meta_path.insert(0, _Finder(waiting))


def patch(adapter, name, module):
    """Has an adapter patch a module. Never raises."""
    try:
        patches = __import__("vaultlayer_hook." + adapter, fromlist=["PATCHES"]).PATCHES
        patches[name](module)
    except Exception as error:
        failed("patching " + name, error)


def failed(doing, error):
    """Tells of a module that could not be patched; others still are. Never raises."""
    try:
        from vaultlayer_hook import report

        report.failed(doing, error, off=False)
    except Exception:
        pass
