# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who uses images, as the services that launch from them tell it."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud import usage as module
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Resource, Usage
from ansible_collections.xloud.image.tests.unit.fakes.cloud import respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeBlockStorage, FakeCompute
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

TEAM_A = Project("p-a", "team-a")
ONE, TWO = image(id="id-1"), image(id="id-2")


@pytest.fixture
def compute(cloud):
    return cloud.launching.setdefault("compute", FakeCompute())


@pytest.fixture
def volumes(cloud):
    return cloud.launching.setdefault("block-storage", FakeBlockStorage())


@pytest.fixture
def read(cloud):
    """Read the usage of images as an administrator, unless told otherwise."""
    return lambda *images, roles=("admin",): UsageReader(cloud.session(roles=roles), {}).read(images or [ONE])


def test_servers_and_volumes_of_all_projects(compute, volumes, read):
    compute.add("id-1", "p-a", "web"), compute.add("id-2", "p-b", "db"), compute.add("", "p-a", "from-volume")
    volumes.add("id-1", "p-a", "disk", server_id="s-from-volume"), volumes.add("id-3", "p-b", "other")
    found = read(ONE, TWO)
    assert found["id-1"].servers == (Resource("server", "s-web", "web", TEAM_A, "2026-01-05T10:00:00Z"),)
    disk = Resource("volume", "v-disk", "disk", TEAM_A, "2026-01-06T11:00:00Z", "s-from-volume")
    assert found["id-1"].volumes == (disk,)
    assert [each.name for each in found["id-2"].resources] == ["db"]
    assert [usage.is_used for usage in found.values()] == [True, True]


def test_nobody(compute, volumes, read):
    (usage,) = read().values()
    assert usage == Usage((), ())
    assert (usage.is_used, usage.holds_back) == (False, False)


def test_a_volume_may_have_no_name(compute, volumes, read):
    volumes.add("id-1", "p-a", None)
    assert read()["id-1"].resources[0].name == ""


@pytest.mark.parametrize("most", [1, 2, 3])
def test_all_pages(cloud, compute, volumes, read, most):
    compute.most = volumes.most = most
    for number in range(5):
        compute.add("id-1", "p-own", f"server-{number}"), volumes.add("id-1", "p-own", f"volume-{number}")
    assert len({each.id for each in read()["id-1"].resources}) == 10
    assert len(cloud.log) == 2 * -(-5 // most)


def test_what_it_takes(cloud, compute, volumes, read):
    compute.add("id-1", "p-a", "web"), compute.add("id-2", "p-a", "app"), compute.add("id-2", "p-own", "own")
    read(ONE, TWO)
    asked = ["GET /projects/p-a", *["GET /servers/detail"] * 2, *["GET /volumes/detail"] * 2]
    assert sorted(cloud.log) == asked


def test_nobody_is_asked_of_no_image(cloud, compute, volumes):
    session = cloud.session(roles=("admin",))
    assert (
        UsageReader(session, {}).read([])
        == UsageReader(session, {"cloud": "x"}).read([])
        == UsageReader(session, None).read([ONE])
        == {}
    )
    assert cloud.log == []


def test_all_regions_that_launch_from_the_images(cloud, compute, volumes, read):
    others = cloud.launching["compute-two"], cloud.launching["block-storage-two"] = FakeCompute(), FakeBlockStorage()
    for number, each in enumerate((compute, *others, volumes)):
        each.add("id-1", "p-own", f"user-{number}")
    (usage,) = read().values()
    assert [each.name for each in usage.servers] == ["user-0", "user-1"]
    assert [each.name for each in usage.volumes] == ["user-3", "user-2"]


# What is not known


def test_services_that_the_cloud_does_not_have_keep_nothing(cloud, read):
    (usage,) = read().values()
    assert (usage.servers, usage.volumes, usage.refused) == (None, None, ())
    assert usage.absent == (
        "cloud test has no endpoint for the Compute service.",
        "cloud test has no endpoint for the Block Storage service.",
    )
    assert (usage.is_used, usage.holds_back) == (None, False)
    assert cloud.log == []


def test_a_member_is_told_nothing_of_others_and_asks_once(cloud, compute, volumes, read):
    compute.add("id-1", "p-own", "web"), volumes.add("id-1", "p-own", "disk")
    found = read(ONE, TWO, image(id="id-3"), roles=("member",))
    assert len(found) == 3
    for usage in found.values():
        assert (usage.servers, usage.volumes, usage.absent) == (None, None, ())
        assert (usage.is_used, usage.holds_back) == (None, True)
        refused, silent = usage.refused
        assert "os_compute_api:servers:detail:get_all_tenants" in refused
        assert "to administrators alone (role admin)" in silent
    assert cloud.log == ["GET /servers/detail"]


def test_a_service_that_fails_may_know_of_anybody(cloud, compute, volumes, read, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    volumes.add("id-1", "p-own", "disk")
    cloud.fail("GET", "/servers/detail", 503, times=9)
    (usage,) = read().values()
    assert (usage.servers, usage.is_used, usage.holds_back) == (None, True, True)
    assert "the Compute service answered 503" in usage.refused[0]


def test_a_service_of_several_addresses(cloud, compute, read):
    cloud.launching["compute-two"] = compute
    compute.add("id-1", "p-own", "web")
    assert len(read()["id-1"].servers) == 1


@pytest.mark.usefixtures("compute")
def test_one_region_that_does_not_tell_may_know_of_anybody(cloud, volumes, read, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    cloud.launching["compute-two"] = FakeCompute()
    answers = iter([Answer(200, {"servers": []}), *[Answer(503, {})] * 9])
    for _time in range(10):
        cloud.instead("GET", "/servers/detail", lambda request: respond(request, next(answers)))
    (usage,) = read().values()
    assert (usage.servers, usage.volumes, usage.holds_back) == (None, (), True)
    assert "the Compute service-two answered 503" in usage.refused[0]


def test_a_service_that_is_not_what_the_catalogue_says_is_not_absent(cloud, compute, read):
    cloud.fail("GET", "/servers/detail", 404)
    (usage,) = read().values()
    assert "the Compute service answered 404" in usage.refused[0]


# Names


def test_a_project_that_was_deleted_has_its_id(compute, read):
    compute.add("id-1", "p-gone", "left"), compute.add("id-1", "p-b", "web")
    assert {each.project for each in read()["id-1"].resources} == {
        Project("p-gone", "p-gone"),
        Project("p-b", "team-b"),
    }


def test_names_are_not_worth_failing_for(cloud, compute, read):
    cloud.fail("GET", "/projects/.*", 403, times=9)
    compute.add("id-1", "p-a", "web"), compute.add("id-1", "p-b", "app"), compute.add("id-1", "p-own", "own")
    names = {each.project.name for each in read()["id-1"].resources}
    assert names == {"p-a", "p-b", "own"}
    assert cloud.log.count("GET /projects/p-b") == 0


# Other credentials


@pytest.fixture
def connected(cloud, monkeypatch):
    """Return the options that other credentials were asked for with."""
    asked = []

    def connect(options):
        asked.append(options)
        if options["cloud"] == "nowhere":
            raise InputError("cloud", "Cloud nowhere was not found.")
        return cloud.session("p-b", ("admin",))

    monkeypatch.setattr(module, "connect", connect)
    return asked


def test_others_ask_who_may(cloud, compute, connected):
    compute.add("id-1", "p-a", "web")
    session = cloud.session()
    (found,) = UsageReader(session, {"cloud": "auditor"}).read([ONE]).values()
    assert [each.name for each in found.resources] == ["web"]
    assert connected == [{"cloud": "auditor"}]
    assert session.requests == len(cloud.log) == 2


def test_who_cannot_ask_is_named(cloud, connected):
    with pytest.raises(InputError, match=r"^usage_cloud: cloud: Cloud nowhere was not found"):
        UsageReader(cloud.session(), {"cloud": "nowhere"}).read([ONE])


def test_what_is_known_is_not_asked_again(cloud, compute, connected):
    """Neither who one is, nor what a project is called, nor a service that does not tell."""
    compute.add("id-1", "p-a", "web"), compute.add("id-2", "p-a", "app")
    cloud.launching["block-storage"] = FakeBlockStorage()
    cloud.fail("GET", "/volumes/detail", 403)
    session = cloud.session()
    reader = UsageReader(session, {"cloud": "auditor"})
    for each in (ONE, TWO):
        (usage,) = reader.read([each]).values()
        assert (usage.servers[0].project, len(usage.refused)) == (TEAM_A, 1)
    assert len(connected) == 1
    asked = ["GET /projects/p-a", "GET /servers/detail", "GET /servers/detail", "GET /volumes/detail"]
    assert sorted(cloud.log) == asked
    assert session.requests == len(asked)


@pytest.mark.parametrize(
    ("key", "value"), [("tenant_id", None), ("tenant_id", ["p-a"]), ("created", None), ("id", 1), ("name", {})]
)
def test_what_no_service_can_have_said_is_not_known(cloud, compute, read, monkeypatch, key, value):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    compute.add("id-1", "p-a", "web")
    compute.found[0][key] = value
    (usage,) = read().values()
    assert (usage.servers, usage.holds_back) == (None, True)


def test_a_service_that_breaks_down_is_not_asked_of_the_rest(cloud, compute, read, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    images = [image(id=f"id-{number}") for number in range(1, 40)]
    compute.add("id-1", "p-own", "web")
    cloud.instead(
        "GET", "/servers/detail", lambda request: cloud.fail("GET", "/servers/detail", 503, times=999) or ok(request)
    )
    found = read(*images)
    assert found["id-1"].refused == ()
    assert found["id-39"].refused
    # Those that are on their way, each with its retries.
    assert len(cloud.log) < 20


def ok(request):
    return respond(request, Answer(200, {"servers": []}))
