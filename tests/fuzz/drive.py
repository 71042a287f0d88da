# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Drives one property of tests/unit/test_fuzz.py towards code that it has not run yet, or lists them all.

The collection is found on PYTHONPATH, past the loader of Ansible, so that its modules can be instrumented.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import atheris

WATCHED = "ansible_collections.xloud.image.plugins.module_utils"

with atheris.instrument_imports(include=[WATCHED]):
    from ansible_collections.xloud.image.tests.unit import test_fuzz


def properties(module: ModuleType) -> dict[str, Callable[..., None]]:
    return {name: each for name, each in vars(module).items() if hasattr(each, "hypothesis")}


if __name__ == "__main__":
    found = properties(test_fuzz)
    if len(sys.argv) == 1:
        print(*found, sep="\n")
    else:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], found[sys.argv[1]].hypothesis.fuzz_one_input)
        atheris.Fuzz()
