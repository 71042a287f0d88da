# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Catalogue documents and plans on the disk."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.files import replacing
from ansible_collections.xloud.image.plugins.module_utils._data.local import read_text
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

SUFFIXES: t.Final = (".yml", ".yaml", ".json")
# What the parser raises of a value that is not what its tag says, and of lists that never end, beside its own errors.
UNPARSABLE: t.Final = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)


def read_documents(paths: t.Iterable[str], option: str = "files") -> list[dict[str, t.Any]]:
    """
    Return the documents of files, and of the files of folders in the order of their names.

    :raises InputError: A file cannot be read, is no YAML, has a key twice, or holds something else than a catalogue.
    """
    return [_read_document(file, option) for path in paths for file in _files(path, option)]


def _files(path: str, option: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found = sorted(name for name in os.listdir(path) if name.endswith(SUFFIXES) and not name.startswith("."))
    if not found:
        raise InputError(option, f"the folder {path} holds no document (*{', *'.join(SUFFIXES)}).")
    return [os.path.join(path, name) for name in found]


def _read_document(path: str, option: str) -> dict[str, t.Any]:
    import yaml

    try:
        document = yaml.load(read_text(path, option), Loader=loader())  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, *UNPARSABLE) as exc:
        raise InputError(option, f"{path} is no valid YAML: {what_is_wrong(exc)}.") from exc
    if not isinstance(document, dict):
        raise InputError(option, f"{path} is no dictionary with {ROOT} in it.")
    strangers = sorted(map(str, set(document) - {ROOT, DEFAULTS}))
    if strangers:
        raise InputError(option, f"{path} holds {', '.join(strangers)}. Known are {ROOT} and {DEFAULTS}.")
    return {key: value or {} for key, value in document.items()}


def what_is_wrong(exc: Exception) -> str:
    """Return the words of an error without the lines that it is about, in which a password may stand."""
    if isinstance(exc, RecursionError):
        return "it is nested too deeply"
    if isinstance(exc, LookupError | AttributeError | TypeError | ArithmeticError):
        return "a value is not what its tag says"
    mark, problem = getattr(exc, "problem_mark", None), getattr(exc, "problem", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return place + (problem or " ".join(str(exc).split()))


def loader() -> t.Any:
    """Return the class that reads YAML strictly."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key that stands twice, of which YAML would take the last in silence."""

        def construct_mapping(self, node: t.Any, deep: bool = False) -> dict[t.Any, t.Any]:
            seen = set()
            for key in _scalar_keys(node):
                if key.value in seen:
                    words = f"{key.value!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, words, key.start_mark)
                seen.add(key.value)
            return t.cast("dict[t.Any, t.Any]", super().construct_mapping(node, deep))

    return Loader


def _scalar_keys(node: t.Any) -> list[t.Any]:
    """Return the keys of a mapping that are no mappings or lists themselves, which have no place in one."""
    return [key for key, _value in node.value if key.id == "scalar"] if node.id == "mapping" else []


def read_plan(path: str | None) -> dict[str, t.Any] | None:
    """
    Return the plan that a file holds, None where no file is given.

    :raises InputError: The file cannot be read, or is no plan.
    """
    if path is None:
        return None
    try:
        plan = json.loads(read_text(path, "expect_plan"))
        version = plan["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise InputError("expect_plan", f"{path} is no plan of xloud.image.image_catalog.") from exc
    if version != 1:
        raise InputError("expect_plan", f"{path} has format {version}, and this release reads format 1.")
    return t.cast("dict[str, t.Any]", plan)


def write_plan(path: str | None, plan: t.Mapping[str, t.Any]) -> None:
    """
    Write a plan as JSON, if a path is given.

    :raises DataError: The disk does not take it.
    """
    if path:
        content = (json.dumps(plan, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
        with replacing(path, len(content), wait=True) as handle:
            handle.write(content)
