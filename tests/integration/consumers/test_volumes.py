# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes, and the servers that boot from them, which the Compute service does not count as users of an image."""

from __future__ import annotations

import pytest


@pytest.fixture
def ending(catalogue):
    """A version that is retired on the third whoever uses it, and is to be deleted on the fourth."""
    catalogue.settings["retention"] = {"while_used": "retire"}
    catalogue.release("1.0", retire_on="2026-01-03", delete_on="2026-01-04")
    assert catalogue.curate("2026-01-01").code == 0
    catalogue.release("1.1")
    assert catalogue.curate("2026-01-02").stages() == {"1.1": "published", "1.0": "deprecated"}
    return catalogue


def resource_of(told, name):
    """The one user of an image that a run tells of."""
    (asked,) = (each for each in told.result["usage"] if each["image"] == name)
    assert (asked["is_used"], asked["servers"], asked["volumes"]) == (True, 0, 1)
    (resource,) = asked["projects"][0]["resources"]
    return resource


def test_a_volume_holds_its_image_back_from_deletion(ending, team):
    catalogue, name = ending, ending.name("1.0")
    image = catalogue.id("1.0")
    volume = team.make_volume(image, "data-1")

    retired = catalogue.curate("2026-01-03")
    assert retired.stages() == {"1.1": "published", "1.0": "retired"}
    assert list(retired.findings(name)) == ["retired_in_use"]
    assert "400" in team.volume_refusal(image, "data-2")

    held = catalogue.curate("2026-01-04")
    assert held.stages() == {"1.1": "published", "1.0": "retired"}
    words = "it is deleted once nobody uses it any more: it is used by 1 volume (team-a: 1 volume)"
    assert held.findings(name) == {"in_use": words}
    assert resource_of(held, name)["id"] == volume
    assert resource_of(held, name)["server_id"] is None

    team.remove_volume(volume)
    assert catalogue.curate("2026-01-04").stages() == {"1.1": "published"}


def test_a_server_that_boots_from_a_volume_does_too(ending, team):
    catalogue, name = ending, ending.name("1.0")
    volume = team.make_volume(catalogue.id("1.0"), "root-1")
    server = team.launch_from(volume, "vault-1")
    assert team.server(server)["image"] == ""

    assert catalogue.curate("2026-01-03").stages() == {"1.1": "published", "1.0": "retired"}
    held = catalogue.curate("2026-01-04")
    assert list(held.findings(name)) == ["in_use"]
    assert resource_of(held, name)["id"] == volume
    assert resource_of(held, name)["server_id"] == server

    # The volume outlives its server, and may be booted from again.
    team.remove(server)
    held = catalogue.curate("2026-01-04")
    assert list(held.findings(name)) == ["in_use"]
    assert resource_of(held, name)["server_id"] is None
    server = team.launch_from(volume, "vault-2")
    team.remove(server)
    team.remove_volume(volume)
    assert catalogue.curate("2026-01-04").stages() == {"1.1": "published"}
