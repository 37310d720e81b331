# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Where things are, and which interpreters are asked for (PY)."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ROOT / "tests" / "targets"
ALL_VERSIONS = ("3.13", "3.14", "3.15")
VERSIONS = tuple(os.environ.get("PY", "").replace(",", " ").split()) or ALL_VERSIONS
