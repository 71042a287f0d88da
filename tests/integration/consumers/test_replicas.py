# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replica has users of its own, of whom the project of its original knows nothing."""

from __future__ import annotations

import pytest
from conftest import Cloud


@pytest.fixture
def replica(template):
    """The images of the project that has the replicas."""
    cloud = Cloud("sandbox-team-b")
    yield cloud
    cloud.purge(template)


@pytest.fixture
def replicate(catalogue, clouds, run_module):
    """Keep the images of the catalogue in another project."""
    options = {"source_cloud": clouds["sandbox-operator"], "images": [f"{catalogue.template}-v*"], "members": False}

    def run(check=False):
        options["usage_cloud"] = catalogue.usage_cloud
        return run_module("image_replica", "sandbox-team-b", check=check, **options).result

    return run


def test_a_replica_in_use_is_hidden_until_nobody_uses_it(catalogue, replica, replicate, team, run_module):
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    assert replicate()["changed"]
    (copy,) = (each for each in replica.find(catalogue.name("1.0")) if each["owner"] == replica.project_id)
    team.launch(copy["id"], "web")
    retired = {"image": catalogue.name("1.0"), "visibility": "private", "active": False}
    result = run_module("image_visibility", "sandbox-operator", usage_cloud=catalogue.usage_cloud, **retired).result
    assert not result["failed"], result["msg"]

    for foretold in True, False:
        held = replicate(check=foretold)
        assert (held["failed"], held["changed"]) == (False, True)
        (finding,) = held["findings"]
        assert (finding["kind"], finding["image"]) == ("in_use", catalogue.name("1.0"))
        assert "it is used by 1 server (team-a: 1 server)" in finding["message"]
    image = replica.image.get(f"/images/{copy['id']}").json()
    assert (image["os_hidden"], image["visibility"], image["status"]) == (True, copy["visibility"], "active")
    assert not replicate()["changed"]

    team.leave()
    assert replicate()["changed"]
    image = replica.image.get(f"/images/{copy['id']}").json()
    assert (image["visibility"], image["status"]) == ("private", "deactivated")
    assert not replicate()["changed"]
