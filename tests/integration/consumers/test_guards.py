# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused while somebody uses an image, in the words that a user reads."""

from __future__ import annotations

import pytest

from consumers.people import requests_of


@pytest.fixture
def used(catalogue, team):
    """A version that a server runs from and that a volume was made of."""
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    image = catalogue.id("1.0")
    team.launch(image, "legacy-1")
    team.make_volume(image, "legacy")
    return catalogue


USERS = "it is used by 1 server and 1 volume (team-a: 1 server and 1 volume)"


def test_an_image_in_use_is_not_deleted(used, team, run_module):
    name = used.name("1.0")
    options = {"name": name, "state": "absent", "force": True, "usage_cloud": used.usage_cloud}
    for check in (True, False):
        result = run_module("image_template", "sandbox-operator", check=check, **options).result
        assert result["failed"]
        assert f"Image {name} ({used.id('1.0')}) is not deleted: {USERS}." in result["msg"]
        assert "set check_usage: false" in result["msg"]
        assert (result["usage"]["servers"], result["usage"]["volumes"]) == (1, 1)
    team.leave()
    assert run_module("image_template", "sandbox-operator", **options).result["changed"]


def test_an_image_in_use_is_not_retired(used, team, run_module):
    name = used.name("1.0")
    options = {"image": name, "visibility": "private", "active": False, "usage_cloud": used.usage_cloud}
    result = run_module("image_visibility", "sandbox-operator", **options).result
    assert result["failed"]
    assert f"Image {name} ({used.id('1.0')}) is not retired: {USERS}." in result["msg"]
    assert used.image("1.0")["status"] == "active"


def test_the_playbook_retire_says_who_is_in_the_way(used, team):
    name = used.name("1.0")
    told = used.play("retire", image_name=name)
    assert told.code == 2
    assert f"Image {name} ({used.id('1.0')}) is not retired: {USERS}. Wait until nobody uses it any more" in told.words
    assert "Traceback" not in told.output

    hidden = used.play("retire", image_name=name, image_stage="hidden")
    assert hidden.code == 0, hidden.output
    assert used.image("1.0")["os_hidden"]
    team.leave()
    assert used.play("retire", image_name=name).code == 0
    assert used.image("1.0")["status"] == "deactivated"


def test_nobody_is_asked_where_that_is_said(used):
    name, image = used.name("1.0"), used.id("1.0")
    told = used.play("retire", image_name=name, image_check_usage=False)
    assert told.code == 0, told.output
    assert used.image("1.0")["status"] == "deactivated"
    assert requests_of("compute", image) == requests_of("block-storage", image) == []
