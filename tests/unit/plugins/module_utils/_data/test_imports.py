# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import sys

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.imports import import_alone


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package of two modules that notes when it is executed, within another one."""
    sources = {
        "xloudouter/__init__.py": "",
        "xloudouter/inner/__init__.py": "import sys; sys.executed.append(__name__); from xloudouter.inner import b",
        "xloudouter/inner/a.py": "from xloudouter.inner import b",
        "xloudouter/inner/b.py": "",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "executed", [], raising=False)
    yield "xloudouter.inner"
    for name in [name for name in sys.modules if name.startswith("xloudouter")]:
        del sys.modules[name]


def test_a_module_comes_without_its_package(package):
    (module,) = import_alone(package, f"{package}.a")
    assert module.b.__name__ == f"{package}.b"
    assert sys.executed == []
    assert [name for name in sys.modules if name.startswith(package)] == []


def test_the_package_can_be_imported_afterwards(package):
    (module,) = import_alone(package, f"{package}.a")
    assert importlib.import_module(f"{package}.a") is not module
    assert importlib.import_module(package).a is sys.modules[f"{package}.a"]
    assert sys.executed == [package]


def test_a_package_that_is_imported_already_is_used(package):
    importlib.import_module(package)
    (module,) = import_alone(package, f"{package}.a")
    assert module is sys.modules[f"{package}.a"]


def test_a_module_that_needs_its_package_gets_it(package, tmp_path):
    (tmp_path / "xloudouter/inner/__init__.py").write_text("answer = 42")
    (tmp_path / "xloudouter/inner/c.py").write_text("from xloudouter.inner import answer")
    (module,) = import_alone(package, f"{package}.c")
    assert module.answer == 42


def test_there_is_no_such_package(package):
    with pytest.raises(ModuleNotFoundError, match="xloudouter.other"):
        import_alone("xloudouter.other", "xloudouter.other.a")
