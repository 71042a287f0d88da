# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
The JSON Schema of a catalogue document, for editors.

It describes one file of possibly several: what only all of them say together, such as that a template has a visibility,
is left to the parser.
"""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.document import (
    DEFAULTS,
    ROOT,
    SHARED,
    STAGES,
    TEMPLATE,
    VERSION_KEYS,
    Key,
    Keys,
    expression,
)
from ansible_collections.xloud.image.plugins.module_utils._model.name import TEMPLATE_PATTERN, VERSION_PATTERN

# Editors know this draft best.
DRAFT: t.Final = "http://json-schema.org/draft-07/schema#"
PLACE: t.Final = "https://raw.githubusercontent.com/xloud/ansible-collection-image/main/schemas/catalog.schema.json"
_NOT_REVOKED = {"properties": {"stage": {"enum": [stage for stage in STAGES if stage != "published"]}}}
_IS_REVOKED = {"properties": {"revoked": {"const": True}}, "required": ["revoked"]}


def json_schema() -> dict[str, t.Any]:
    """Return the schema of a file that holds C(image_catalog), C(image_catalog_defaults), or both."""
    return {
        "$schema": DRAFT,
        "$id": PLACE,
        "$comment": "Written by make generate from plugins/module_utils/_model/document.py",
        "title": "Image catalogue",
        "description": "A document of xloud.image.image_catalog, or one of several that make a catalogue together.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            DEFAULTS: {
                **_dictionary("Defaults", "What is merged under every template.", SHARED),
                "type": ["object", "null"],
            },
            ROOT: {
                "title": "Templates",
                "description": "The templates by their names, <os>-<os version>-<profile>, as in ubuntu-24.04-base.",
                "type": ["object", "null"],
                "additionalProperties": False,
                "patternProperties": {
                    expression(TEMPLATE_PATTERN): _dictionary(
                        "Template", "One OS version and configuration profile.", TEMPLATE
                    )
                },
            },
        },
    }


def _dictionary(title: str, description: str, keys: Keys) -> dict[str, t.Any]:
    return {
        "title": title,
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _value(name, key) for name, key in keys.items()},
    }


def _value(name: str, key: Key) -> dict[str, t.Any]:
    description = f"{key.meaning} Default: {key.default}." if key.default else key.meaning
    if name == "versions":
        return _versions(name, description)
    if key.keys:
        return _dictionary(name, description, key.keys)
    return {"title": name, "description": description, **key.kind.schema}


def _versions(name: str, description: str) -> dict[str, t.Any]:
    version = _dictionary("Version", "One immutable build of the template.", VERSION_KEYS)
    return {
        "title": name,
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {expression(VERSION_PATTERN): {**version, "if": _IS_REVOKED, "then": _NOT_REVOKED}},
    }
