# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_export), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION, IMAGE
from ansible_collections.xloud.image.plugins.module_utils._model.export import WantedExport

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **IMAGE,
        "path": {"type": "path", "required": True, "aliases": ["dest"]},
        "sidecar": {"type": "bool", "default": True},
        "deactivate": {"type": "bool", "default": False},
    },
    "supports_check_mode": True,
}


def wanted_export(params: t.Mapping[str, t.Any], path: str) -> WantedExport:
    """
    Return what the options ask for.

    :param path: The absolute path of the file to write.
    """
    return WantedExport(path, f"{path}.json" if params["sidecar"] else None, params["deactivate"])
