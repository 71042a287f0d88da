# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_visibility), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION, IMAGE
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import VISIBILITIES
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **IMAGE,
        "visibility": {"type": "str", "choices": list(VISIBILITIES)},
        "hidden": {"type": "bool"},
        "protected": {"type": "bool"},
        "active": {"type": "bool"},
        "deprecated": {"type": "bool"},
        "replaced_by": {"type": "str"},
        "reason": {"type": "str"},
        "allow_lockout": {"type": "bool", "default": False},
    },
    "supports_check_mode": True,
}


def wanted_visibility(params: t.Mapping[str, t.Any], today: str) -> WantedVisibility:
    """
    Return what the options ask for.

    :param today: The date to record, as C(2026-01-31).
    :raises InputError: Options contradict one another.
    """
    for option in ("replaced_by", "reason"):
        if params[option] and not params["deprecated"]:
            raise InputError(option, "says something of a deprecated image. Set deprecated: true as well.")
    return WantedVisibility(
        today=today,
        visibility=params["visibility"],
        hidden=params["hidden"],
        protected=params["protected"],
        active=params["active"],
        deprecated=params["deprecated"],
        replaced_by=params["replaced_by"],
        reason=params["reason"],
        allow_lockout=params["allow_lockout"],
    )
