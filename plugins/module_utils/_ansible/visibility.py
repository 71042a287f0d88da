# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_visibility), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION, IMAGE, USAGE, check_day
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
        "revoked": {"type": "bool"},
        "retire_on": {"type": "str"},
        "delete_on": {"type": "str"},
        "allow_lockout": {"type": "bool", "default": False},
        **USAGE,
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
        if params[option] and not (params["deprecated"] or params["revoked"]):
            raise InputError(option, "says something of a deprecated image. Set deprecated: true as well.")
    for option in ("retire_on", "delete_on"):
        check_day(option, params[option])
    _check_revocation(params)
    return WantedVisibility(
        today=today,
        visibility=params["visibility"],
        hidden=params["hidden"],
        protected=params["protected"],
        active=params["active"],
        deprecated=params["deprecated"],
        replaced_by=params["replaced_by"],
        reason=params["reason"],
        revoked=params["revoked"],
        retire_on=params["retire_on"],
        delete_on=params["delete_on"],
        allow_lockout=params["allow_lockout"],
    )


def _check_revocation(params: t.Mapping[str, t.Any]) -> None:
    implied = {"visibility": "private", "hidden": True, "active": False, "deprecated": True}
    contrary = sorted(name for name, value in implied.items() if params[name] not in (None, value))
    if params["revoked"] and contrary:
        raise InputError("revoked", f"true contradicts {', '.join(contrary)}. Leave that out: it is implied.")
