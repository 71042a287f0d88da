# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Modules of other packages without the rest of these packages."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
import typing as t

if t.TYPE_CHECKING:
    from types import ModuleType

_LOCK: t.Final = threading.Lock()


def import_alone(package: str, *modules: str) -> list[ModuleType]:
    """
    Import modules of a package, and not what the package itself imports.

    Where nobody has imported the package yet, its place is held by the same package unexecuted.
    """
    with _LOCK:
        if package not in sys.modules:
            # That its modules can be imported so is nothing that a package promises.
            with contextlib.suppress(Exception):
                return _import_alone(package, modules)
        return _import(modules)


def _import_alone(package: str, modules: t.Iterable[str]) -> list[ModuleType]:
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    sys.modules[package] = importlib.util.module_from_spec(spec)
    try:
        return _import(modules)
    finally:
        # Whoever imports the package after this gets it whole, and its submodules as attributes of it.
        for name in list(sys.modules):
            if f"{name}.".startswith(f"{package}."):
                del sys.modules[name]


def _import(modules: t.Iterable[str]) -> list[ModuleType]:
    return [importlib.import_module(name) for name in modules]
