# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Prints as JSON which functions there are, and on which lines they are: {file as in a profile: {name:
[line, ...]}}. Of all modules that are loaded when those named have been imported, and of the programs.

usage: known_code.py MODULE_OR_PROGRAM...
"""
import importlib
import json
import os
import sys
import types

functions = {}


def add(code):
    lines = {line for _, _, line in code.co_lines() if line}
    known = functions.setdefault(os.path.basename(code.co_filename), {})
    known[code.co_qualname] = sorted(lines | set(known.get(code.co_qualname, ())))
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            add(const)


for name in sys.argv[1:]:
    if name.endswith(".py"):
        with open(name) as file:
            add(compile(file.read(), name, "exec"))
    else:
        importlib.import_module(name)
for module in list(sys.modules.values()):
    if module.__spec__ and hasattr(module.__spec__.loader, "get_code"):
        loaded = module.__spec__.loader.get_code(module.__spec__.name)
        if loaded:
            add(loaded)
print(json.dumps(functions))
