"""Checkpoints and resume for scripts that know nothing of VaultLayer.

`core` watches imports; when a framework's module was imported, its adapter (one file each) patches
it. What adapters share: `keeper` (the life of one training loop), `resume` (what was restored),
`mirror` (makes finished checkpoints appear in the kept directory), `asking` (saves that the agent
asks for), `report` (what is told). Standard library only, Python 3.8 and later. `docs/hook.md`.
"""
