# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
What expressions of Jinja are, as far as that can be told from files alone.

Names of variables and the keys of their values are followed; of the filters those are known that leave a value as it is
or say what it is without one. Whatever else there is makes a value that is not known.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.conversion import Opaque

COMPUTED: t.Final = Opaque("computed by an expression that only a run can resolve")
OMITTED: t.Final = object()

_EXPRESSION = re.compile(r"\{\{-?\s*(?P<inner>.*?)\s*-?\}\}", re.DOTALL)
_BEGINS: t.Final = ("{{", "{%", "{#")
_PATH = re.compile(
    r"(?P<name>[A-Za-z_]\w*)(?P<steps>(?:\.[A-Za-z_]\w*|\[\s*(?:'[^']*'|\"[^\"]*\"|[0-9]+)\s*\])*)"
    r"(?P<filters>(?:\s*\|.*)?)",
    re.DOTALL,
)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|([0-9]+))\s*\]")
_DEFAULT = re.compile(
    r"d(?:efault)?\s*\(\s*(?P<value>omit|'[^']*'|\"[^\"]*\"|-?[0-9]+|true|True|false|False|\[\s*\]|\{\s*\})"
    r"\s*(?:,\s*(?P<empty>true|True|false|False)\s*)?\)"
)
_PLAIN: t.Final = frozenset(["int", "bool", "string", "list", "trim"])
_DEEPEST: t.Final = 20
_MISSING: t.Final = object()


def resolve(value: t.Any, variables: t.Mapping[str, t.Any], depth: int = 0) -> t.Any:
    """
    Return a value with its expressions replaced by what they are.

    C(OMITTED) stands for C(omit), and an C(Opaque) for what cannot be told, as a whole or within a list or dictionary.
    """
    if depth > _DEEPEST:
        return COMPUTED
    if isinstance(value, dict):
        found = {key: resolve(each, variables, depth + 1) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not OMITTED}
    if isinstance(value, list):
        return [each for each in (resolve(each, variables, depth + 1) for each in value) if each is not OMITTED]
    if not isinstance(value, str) or not any(begin in value for begin in _BEGINS):
        return value
    whole = _EXPRESSION.fullmatch(value.strip())
    if whole and "}}" not in whole["inner"]:
        return _evaluate(whole["inner"], variables, depth)
    return _fill(value, variables, depth)


def _fill(text: str, variables: t.Mapping[str, t.Any], depth: int) -> t.Any:
    """Return a text with an expression for a part of it."""
    pieces, end = [], 0
    for match in _EXPRESSION.finditer(text):
        value = _evaluate(match["inner"], variables, depth)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return value if isinstance(value, Opaque) else COMPUTED
        pieces += [text[end : match.start()], str(value)]
        end = match.end()
    filled = "".join([*pieces, text[end:]])
    return COMPUTED if any(begin in text[end:] for begin in _BEGINS) or "{%" in text or "{#" in text else filled


def _evaluate(inner: str, variables: t.Mapping[str, t.Any], depth: int) -> t.Any:
    match = _PATH.fullmatch(inner)
    if not match:
        return COMPUTED
    if match["name"] == "omit" and not match["steps"] and not match["filters"].strip():
        return OMITTED
    found = _follow(match, variables, depth)
    for name in [each.strip() for each in match["filters"].split("|")[1:]]:
        default = _DEFAULT.fullmatch(name)
        if default:
            found = _default(found, default)
        elif name == "dict2items" and isinstance(found, dict):
            found = [{"key": key, "value": value} for key, value in found.items()]
        elif name not in _PLAIN:
            return COMPUTED
    return COMPUTED if found is _MISSING else found


def _follow(match: re.Match[str], variables: t.Mapping[str, t.Any], depth: int) -> t.Any:
    if match["name"] not in variables:
        # Somebody may define it elsewhere.
        return COMPUTED
    found = resolve(variables[match["name"]], variables, depth + 1)
    for step in _STEP.finditer(match["steps"]):
        key = next(each for each in step.groups() if each is not None)
        if isinstance(found, Opaque):
            return found
        if isinstance(found, dict):
            found = found.get(key, _MISSING)
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return _MISSING
    return found


def _default(found: t.Any, match: re.Match[str]) -> t.Any:
    is_empty = match["empty"] in ("true", "True") and not found and not isinstance(found, Opaque)
    if found is not _MISSING and not is_empty:
        return found
    value = match["value"]
    if value == "omit":
        return OMITTED
    if value[0] in "'\"":
        return value[1:-1]
    if value[0] in "[{":
        return [] if value[0] == "[" else {}
    return value in ("true", "True") if value[0].isalpha() else int(value)
