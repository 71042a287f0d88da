# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A limit of the cloud is reached half way."""

from __future__ import annotations

import uuid

from conftest import MIB

# What Glance allows unless it is configured otherwise.
MEMBER_QUOTA = 128


def test_error_says_which_members_were_added(name, operator, run_module):
    image_id = operator.make(name, b"x" * MIB)
    projects = [uuid.uuid4().hex for _number in range(MEMBER_QUOTA + 2)]

    failed = run_module("image_member", "sandbox-operator", image=name, members=projects, make_shared=True)

    assert failed.result["failed"]
    assert failed.result["status"] == 413
    assert failed.taken == ["update", "forget_members", *["add_member"] * MEMBER_QUOTA]
    added = {member["member_id"] for member in operator.image.get(f"/images/{image_id}/members").json()["members"]}
    assert added == set(projects[:MEMBER_QUOTA])
    assert all(project in failed.result["msg"] for project in added)
