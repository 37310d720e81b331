#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Write compile_commands.json: compdb.py CC_COMMAND BPF_COMMAND FILE... (called by `make compdb`)."""

import json
import os
import sys

cc, bpf, *files = sys.argv[1:]
entries = [
    {
        "directory": os.getcwd(),
        "command": f"{bpf if file.endswith('.bpf.c') else cc} -c {file}",
        "file": file,
    }
    for file in files
]
with open("compile_commands.json", "w", encoding="utf-8") as out:
    json.dump(entries, out, indent=1)
