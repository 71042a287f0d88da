# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Differences between the attributes an image has and those wanted, as one JSON Patch and as words."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.image import BASE_ATTRIBUTES, Image, is_custom_property
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation

_FIELDS: t.Final = {"os_hidden": "hidden"}


def plan_patch(image: Image, wanted: t.Mapping[str, t.Any]) -> tuple[PatchOperation, ...]:
    """
    Return the operations that give an image the wanted attributes, in the order of their paths.

    :param wanted: Attributes by their name in the Image API. A property of value None is to be removed.
    """
    found = image.attributes()
    operations = (_operation(found, path, wanted[path]) for path in sorted(wanted))
    return tuple(operation for operation in operations if operation)


def _operation(found: t.Mapping[str, t.Any], path: str, value: t.Any) -> PatchOperation | None:
    if value is None:
        return PatchOperation("remove", path) if path in found else None
    if path not in found:
        return PatchOperation("add", path, value)
    return None if found[path] == value else PatchOperation("replace", path, value)


def patched(image: Image, patch: t.Sequence[PatchOperation]) -> Image:
    """Return the image as it will be once the patch is applied."""
    if not patch:
        return image
    properties = dict(image.properties)
    fields: dict[str, t.Any] = {}
    for operation in patch:
        if operation.path in BASE_ATTRIBUTES:
            fields[_FIELDS.get(operation.path, operation.path)] = operation.value
        elif operation.op == "remove":
            del properties[operation.path]
        else:
            properties[operation.path] = operation.value
    if "tags" in fields:
        fields["tags"] = frozenset(fields["tags"])
    return dataclasses.replace(image, **fields, properties=properties)


def view(image: Image, keys: t.Iterable[str]) -> dict[str, t.Any]:
    """Return the named attributes of an image as a diff shows them: sorted, properties under their own key."""
    found = image.attributes()
    keys = sorted(keys)
    shown = {_FIELDS.get(key, key): found[key] for key in keys if not is_custom_property(key)}
    properties = {key: found[key] for key in keys if is_custom_property(key) and key in found}
    if properties:
        shown["properties"] = properties
    return dict(sorted(shown.items()))


def describe(image: Image, patch: t.Iterable[PatchOperation]) -> str:
    """Return what a patch changes, in words: C(min_ram 512 (was 0), remove os_admin_user)."""
    found = image.attributes()
    return ", ".join(_describe(found, operation) for operation in patch)


def _describe(found: t.Mapping[str, t.Any], operation: PatchOperation) -> str:
    name = _FIELDS.get(operation.path, operation.path)
    if operation.op == "remove":
        return f"remove {name}"
    if operation.op == "add":
        return f"{name} {_shown(operation.value)}"
    return f"{name} {_shown(operation.value)} (was {_shown(found[operation.path])})"


def _shown(value: t.Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "[" + ", ".join(value) + "]"
    return str(value)
