# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How few requests hold a catalogue."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.catalog import read_catalog, read_sharing
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import absentees
from ansible_collections.xloud.image.tests.unit.fakes.catalog import (
    TODAY,
    UBUNTU,
    Curator,
    described,
    lived,
    marks,
    name,
)

DEBIAN = "debian-13-base"
SHARED = {"visibility": "shared", "members": ["team-a"]}
COMMUNITY = lived("published") | {"replaced_by": "x"}


@pytest.fixture
def curator(cloud, tmp_path):
    return Curator(cloud, str(tmp_path))


@pytest.fixture
def admin(cloud):
    return cloud.session(roles=("admin",))


def wanted(versions="1.0", template=UBUNTU, **keys):
    return WantedCatalog(parse_catalog({template: described(versions, **keys)}, {}, ""), TODAY)


def read(session, asked, owner=None):
    asked, images = read_catalog(session, asked, owner, absentees)
    return asked, {each: [image.id for image in found] for each, found in images.items()}


def put(glance, version, state="published", /, **attributes):
    return glance.add(name(version), b"data", **{**marks(version), **lived(state), **attributes})


# Listings


def test_what_is_there_takes_two_listings(cloud, glance, admin):
    shown, hidden = put(glance, "1.1"), put(glance, "1.0", "hidden")
    for number in range(30):
        glance.add(f"stranger-{number}")
    _asked, images = read(admin, wanted("1.0 1.1"))
    assert images == {name("1.1"): [shown], name("1.0"): [hidden]}
    assert cloud.log == ["GET /images", "GET /images"]
    assert [sent.query for sent in cloud.sent] == [
        {"tag": "xloud.image", "owner": "p-own", "visibility": "all", "limit": "1000", "os_hidden": hidden}
        for hidden in ("false", "true")
    ]


def test_what_is_missing_is_looked_for_by_name(cloud, glance, admin):
    put(glance, "1.1")
    by_hand = glance.add(name("1.0"), os_hidden=True)
    _asked, images = read(admin, wanted("1.0 1.1 1.2"))
    assert images[name("1.0")] == [by_hand]
    assert len(cloud.log) == 4
    assert {sent.query["name"] for sent in cloud.sent[2:]} == {f"in:{name('1.2')},{name('1.0')}"}


def test_what_is_not_wanted_is_not_looked_for(cloud, glance, admin):
    put(glance, "1.1")
    read(admin, wanted("1.0 1.1", retention={"available": 1}))
    assert len(cloud.log) == 2


@pytest.mark.parametrize(("count", "requests"), [(100, 4), (101, 6), (250, 8)])
def test_a_hundred_names_fit_into_a_request(cloud, admin, count, requests):
    read(admin, wanted(" ".join(f"1.{number}" for number in range(count))))
    assert len(cloud.log) == requests


def test_images_of_one_name_are_all_found(glance, admin):
    twins = {put(glance, "1.0"), put(glance, "1.0", os_hidden=True)}
    _asked, images = read(admin, wanted("1.0"))
    assert set(images[name("1.0")]) == twins


def test_strangers_that_carry_the_marks_are_found(glance, admin):
    stray = glance.add("debian-13-base-v1.0", **marks("1.0", DEBIAN))
    _asked, images = read(admin, wanted("1.0"))
    assert images == {"debian-13-base-v1.0": [stray]}


# Owners


@pytest.mark.parametrize(("owner", "expected"), [(None, None), ("own", None), ("p-own", None), ("team-a", "p-a")])
def test_images_of_one_owner(glance, admin, owner, expected):
    own, other = put(glance, "1.0"), put(glance, "1.0", owner="p-a")
    asked, images = read(admin, wanted("1.0"), owner)
    assert asked.owner == expected
    assert images == {name("1.0"): [other if expected else own]}


def test_an_owner_that_is_not_there(admin):
    with pytest.raises(InputError, match="owner: there is no project nobody"):
        read(admin, wanted("1.0"), "nobody")


# Members


def sharing(session, asked, workers=2):
    asked, images = read_catalog(session, asked, None, absentees)
    return read_sharing(session, asked, images, workers)


@pytest.mark.parametrize(
    ("keys", "requests"),
    [
        (SHARED, 1),
        ({"visibility": "shared", "members_exact": True}, 1),
        ({"visibility": "shared"}, 0),
        ({"visibility": "community"}, 0),
    ],
)
def test_members_are_read_only_where_the_catalogue_has_a_say(cloud, glance, admin, keys, requests):
    image_id = put(glance, "1.0", visibility="shared", members={"p-b": "accepted"})
    members, _projects = sharing(admin, wanted("1.0", **keys))
    assert [line for line in cloud.log if "members" in line] == [f"GET /images/{image_id}/members"] * requests
    assert members == ({image_id: (Member("p-b", "accepted"),)} if requests else {})


@pytest.mark.parametrize("state", ["staged", "published", "retired"])
def test_an_image_that_is_not_shared_has_no_members_to_read(cloud, glance, admin, state):
    put(glance, "1.0", state)
    assert sharing(admin, wanted("1.0", **SHARED))[0] == {}
    assert not [line for line in cloud.log if "members" in line]


def test_a_project_is_looked_up_once(cloud, admin):
    document = {each: described("1.0", **SHARED) for each in (UBUNTU, DEBIAN)}
    _members, projects = sharing(admin, WantedCatalog(parse_catalog(document, {}, ""), TODAY))
    assert projects == {"team-a": Project("p-a", "team-a")}
    assert cloud.log.count("GET /projects") == 1


def test_a_project_that_cannot_be_found_is_an_error_of_its_own(cloud):
    _members, projects = sharing(cloud.session(), wanted("1.0", visibility="shared", members=["team-a", "own"]))
    assert projects["own"] == Project("p-own", "own")
    assert isinstance(projects["team-a"], InputError)
    assert projects["team-a"].message.startswith(f"image_catalog.{UBUNTU}.members: project team-a cannot be looked up")


# A whole run


def test_a_catalogue_that_is_as_it_should_be_takes_two_requests(cloud, glance, curator):
    put(glance, "1.1")
    put(glance, "1.0", "hidden", replaced_by=name("1.1"))
    for number in range(30):
        glance.add(f"stranger-{number}", visibility="public")
    plan = curator.run({UBUNTU: described("1.0 1.1", retention={"visible": 1})})
    assert not plan.changed
    assert cloud.log == ["GET /images", "GET /images"]


def test_one_change_is_one_patch(cloud, glance, curator):
    changed = put(glance, "1.1", "staged")
    curator.run({UBUNTU: described({"1.1": {"min_ram": 512, "protected": True, "tags": ["a"]}})})
    assert cloud.changes == [f"PATCH /images/{changed}"]
