#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Compare vmlinux/vmlinux.h with the BTF of a kernel.

  check-vmlinux.py [BTF]

BTF is a file with BTF, raw or in an ELF image (vmlinux); default: the running kernel's. Every struct
and field of the header must exist there with a compatible type, every enumerator with the same value.
Offsets may differ: CO-RE relocates them. The header is read as the compiler reads it: by the BTF of a
small program that uses each of its structs.

Environment: CLANG, BPFTOOL.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEADER = ROOT / "vmlinux" / "vmlinux.h"
RUNNING = "/sys/kernel/btf/vmlinux"
TRANSPARENT = ("TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG")
RECORDS = ("STRUCT", "UNION")
UNNAMED = ("", "(anon)")


class Btf:
    """Types of one BTF file, as bpftool tells them."""

    def __init__(self, path):
        bpftool = os.environ.get("BPFTOOL", "bpftool")
        dump = subprocess.run(
            [bpftool, "-j", "btf", "dump", "file", path], capture_output=True, text=True, check=False
        )
        if dump.returncode:
            sys.exit(f"check-vmlinux: no BTF in {path}: {(dump.stdout + dump.stderr).strip()}")
        types = json.loads(dump.stdout)["types"]
        self.by_id = {each["id"]: each for each in types}
        self.records = {(each["kind"], each["name"]): each for each in types if each["kind"] in RECORDS}
        self.enumerators = {
            value["name"]: value["val"]
            for each in types
            if each["kind"] in ("ENUM", "ENUM64")
            for value in each["values"]
        }

    def resolve(self, type_id):
        """The type behind typedefs and qualifiers; None is void."""
        found = self.by_id.get(type_id)
        while found and found["kind"] in TRANSPARENT:
            found = self.by_id.get(found["type_id"])
        return found

    def members(self, record):
        """Name -> member, through anonymous structs and unions."""
        found = {}
        for member in record["members"]:
            inner = self.resolve(member["type_id"])
            if member["name"] in UNNAMED and inner and inner["kind"] in RECORDS:
                found |= self.members(inner)
            else:
                found[member["name"]] = member
        return found


def fields_difference(ours, us, theirs, them):
    """The same of a struct without a name, which theirs may well have."""
    there = theirs.members(them) if them["kind"] in RECORDS else {}
    for field, member in ours.members(us).items():
        if field not in there:
            return f"{field} is not there"
        why = difference(ours, member["type_id"], theirs, there[field]["type_id"])
        if why:
            return f"{field}: {why}"
    return None


def difference(ours, our_id, theirs, their_id):
    """Why a field of our type cannot stand for one of theirs; None if it can."""
    us, them = ours.resolve(our_id), theirs.resolve(their_id)
    if us is None or them is None:
        return None if us is them else "one side is void"
    kinds = {us["kind"], them["kind"]}
    if kinds <= {"STRUCT", "UNION", "FWD"}:
        if us["name"] in UNNAMED:
            return fields_difference(ours, us, theirs, them)
        same = us["name"].split("___")[0] == them["name"]
        return None if same else f"struct {us['name']}, there struct {them['name']}"
    if kinds <= {"INT", "ENUM", "ENUM64"}:
        if us["size"] != them["size"]:
            return f"{us['size']} bytes, there {them['size']}"
        # The kernel's char is unsigned since v6.2 (-funsigned-char); ours need not follow.
        signed = [each.get("encoding") == "SIGNED" for each in (us, them) if each["kind"] == "INT"]
        if us["size"] > 1 and len(set(signed)) > 1:
            return "signed, there unsigned" if signed[0] else "unsigned, there signed"
        return None
    if us["kind"] != them["kind"]:
        return f"{us['kind']}, there {them['kind']}"
    if us["kind"] == "PTR":
        return difference(ours, us["type_id"], theirs, them["type_id"])
    if us["kind"] == "ARRAY":
        # The kernel turns [1] at the end of a struct into a flexible array [0] now and then.
        if us["nr_elems"] != them["nr_elems"] and {us["nr_elems"], them["nr_elems"]} != {0, 1}:
            return f"[{us['nr_elems']}], there [{them['nr_elems']}]"
        return difference(ours, us["type_id"], theirs, them["type_id"])
    return None


def machine_of(kernel):
    """As the header asks for it; a file may be of another machine's kernel."""
    registers = kernel.members(kernel.records["STRUCT", "pt_regs"])
    return "arm64" if "syscallno" in registers else "x86"


def header_btf(text, machine, directory):
    """BTF of a program with one variable of every struct that the header defines, and their names."""
    names = sorted(set(re.findall(r"^(struct|union) (\w+) \{", text, re.M)))
    program = directory / "probe.bpf.c"
    lines = [f"{kind} {name} tach_probe_{name};" for kind, name in names]
    program.write_text('#include "vmlinux.h"\n' + "\n".join(lines) + "\n")
    clang = os.environ.get("CLANG", "clang-19")
    target = directory / "probe.bpf.o"
    command = [clang, "-g", "-O2", "-target", "bpf", f"-D__TARGET_ARCH_{machine}"]
    command += ["-I", HEADER.parent, "-c", program, "-o", target]
    subprocess.run(command, check=True)
    return Btf(target), [(kind.upper(), name) for kind, name in names]


# What kernels have that are newer than the oldest we run on; the programs ask before they use it.
NEWER = {"bpf_task_work"}

# 0 or 1, an int or a byte: ours is unsigned, so libbpf reads as many bytes as there are.
FLAGS = {"task_struct.on_cpu"}


def check(kernel, header, names, text):
    """Returns what does not agree, and how many things were looked at."""
    wrong, looked = [], 0
    for kind, name in names:
        record = kernel.records.get((kind, name.split("___")[0]))
        if record is None and name in NEWER:
            continue
        looked += 1
        if record is None:
            wrong.append(f"{kind.lower()} {name}: not there")
            continue
        theirs = kernel.members(record)
        for field, member in header.members(header.records[kind, name]).items():
            looked += 1
            if field not in theirs:
                wrong.append(f"{name}.{field}: not there")
                continue
            if f"{name}.{field}" in FLAGS:
                continue
            why = difference(header, member["type_id"], kernel, theirs[field]["type_id"])
            if why:
                wrong.append(f"{name}.{field}: {why}")
    for name, value, shift in re.findall(r"^\t(\w+) = (\d+)u?l*(?: << (\d+))?,", text, re.M):
        ours = int(value) << int(shift or 0)
        looked += 1
        if kernel.enumerators.get(name) != ours:
            wrong.append(f"{name}: {ours}, there {kernel.enumerators.get(name)}")
    return wrong, looked


def main(args):
    path = args[0] if args else RUNNING
    text = HEADER.read_text()
    with tempfile.TemporaryDirectory() as directory:
        kernel = Btf(path)
        header, names = header_btf(text, machine_of(kernel), pathlib.Path(directory))
    wrong, looked = check(kernel, header, names, text)
    for each in wrong:
        print(f"vmlinux.h: {each}", file=sys.stderr)
    if not names or wrong:
        print(f"check-vmlinux: {len(wrong)} of {looked} differ from {path}", file=sys.stderr)
        return 1
    print(f"check-vmlinux: {looked} types, fields and values agree with {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
