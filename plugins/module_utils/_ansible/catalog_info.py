# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_catalog_info), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    CONNECTION,
    USAGE_CLOUD,
    check_day,
    today,
)
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import compose, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.name import check_template
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS, requirements
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        "owner": {"type": "str"},
        "templates": {"type": "list", "elements": "str"},
        "members": {"type": "bool", "default": True},
        "signatures": {"type": "bool", "default": True},
        "usage": {"type": "bool", "default": False},
        **USAGE_CLOUD,
        "trusted_certificates": {"type": "list", "elements": "str"},
        "catalog": {"type": "dict"},
        "defaults": {"type": "dict"},
        "files": {"type": "list", "elements": "path"},
        "source_directory": {"type": "path", "default": "."},
        "presets": {"type": "list", "elements": "str", "choices": sorted(PRESETS)},
        "as_of": {"type": "str"},
    },
    "supports_check_mode": True,
}


def wanted_inventory(params: t.Mapping[str, t.Any], documents: t.Sequence[t.Mapping[str, t.Any]]) -> WantedInventory:
    """
    Return what the options ask for.

    :param documents: Those that the option C(files) names.
    :raises InputError: An option does not hold what it should, or the catalogue is wrong.
    """
    check_day("as_of", params["as_of"])
    catalog, defaults = compose([*documents, {ROOT: params["catalog"] or {}, DEFAULTS: params["defaults"] or {}}])
    given = documents or params["catalog"] is not None
    templates = parse_catalog(catalog, defaults, params["source_directory"]) if given else ()
    return WantedInventory(
        catalog=WantedCatalog(templates, params["as_of"] or today()),
        templates=frozenset(check_template(each, "templates") for each in params["templates"] or ()),
        requirements=requirements(params["presets"] or (), {}),
        members=params["members"],
        signatures=params["signatures"],
        trusted_certificates=frozenset(params["trusted_certificates"] or ()),
    )
