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
