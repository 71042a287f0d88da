# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_member), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION, IMAGE
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import (
    MEMBER_STATUSES,
    Project,
    WantedMembers,
)

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **IMAGE,
        "members": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "exact": {"type": "bool", "default": False},
        "make_shared": {"type": "bool", "default": False},
        "status": {"type": "str", "choices": list(MEMBER_STATUSES)},
        "member_clouds": {"type": "dict"},
    },
    "required_one_of": [("members", "status")],
    "supports_check_mode": True,
}


def is_answer(params: t.Mapping[str, t.Any]) -> bool:
    """Say whether the task speaks for the project that an image is shared with, rather than for its owner."""
    return params["members"] is None


def check_member_options(params: t.Mapping[str, t.Any]) -> None:
    """
    Make sure that the options fit together.

    :raises InputError: They contradict one another.
    """
    clouds, members = params["member_clouds"] or {}, params["members"] or ()
    strangers = sorted(set(clouds) - set(members))
    if strangers:
        raise InputError("member_clouds", f"{', '.join(strangers)} is not among members.")
    if params["status"] and members and not clouds:
        raise InputError(
            "status", "is the answer of the members themselves. Give their credentials in member_clouds as well."
        )
    if params["state"] == "absent" and (params["exact"] or params["status"]):
        raise InputError("state", "absent goes with neither exact nor status.")


def wanted_members(params: t.Mapping[str, t.Any], projects: t.Mapping[str, Project], today: str) -> WantedMembers:
    """
    Return what the options ask for.

    :param today: The date to record, as C(2026-01-31).
    :param projects: The projects by the name or id that C(members) has for them.
    """
    answering = (params["member_clouds"] or {}) if params["state"] == "present" else {}
    return WantedMembers(
        projects=tuple(projects.values()),
        absent=params["state"] == "absent",
        exact=params["exact"],
        make_shared=params["make_shared"],
        today=today,
        answers={projects[reference]: params["status"] or "accepted" for reference in answering},
    )
