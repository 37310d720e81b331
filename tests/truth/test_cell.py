# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is the cell what it says it is? Everything else here would be true of the wrong interpreter too."""

import json

TELL = """
import json, sys, sysconfig, time
jit = getattr(sys, "_jit", None)
print(json.dumps({
    "version": sys.version.split()[0],
    "free-threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
    "jit": bool(jit and jit.is_enabled()),
    "debug": hasattr(sys, "gettotalrefcount"),
    "tail-call": "--with-tail-call-interp" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
}), flush=True)
print("ready", flush=True)
time.sleep(60)
"""


def test_interpreter(cell, start, figure):
    said = json.loads(start(TELL).output().splitlines()[0])
    version = said.pop("version")
    figure("version", version)
    assert version.startswith(cell.version)
    assert {name for name, value in said.items() if value} == {cell.flavour} & set(said)
