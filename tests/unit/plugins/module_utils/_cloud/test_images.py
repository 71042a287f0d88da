# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import uuid

import pytest
import requests

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation
from ansible_collections.xloud.image.tests.unit.fakes.cloud import respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME

ADD = PatchOperation("add", "os_distro", "ubuntu")


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, in no time."""
    made = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def ids(images):
    return {image.id for image in images}


def test_an_id_costs_one_request(cloud, glance, session):
    image_id = glance.add(NAME)
    assert ids(Images(session).find(image_id)) == {image_id}
    assert cloud.log == [f"GET /images/{image_id}"]


def test_an_unknown_id_is_nothing(session):
    assert Images(session).find(str(uuid.uuid4())) == ()


def test_an_id_is_found_whoever_owns_it(glance, session):
    image_id = glance.add(NAME, owner="p-a", visibility="community")
    assert ids(Images(session).find(image_id, "p-b")) == {image_id}


def test_a_name_costs_two_listings(cloud, glance, session):
    shown, hidden = glance.add(NAME), glance.add(NAME, os_hidden=True)
    glance.add("another")
    assert ids(Images(session).find(NAME)) == {shown, hidden}
    assert cloud.log == ["GET /images", "GET /images"]
    assert {sent.query["name"] for sent in cloud.sent} == {f"eq:{NAME}"}


@pytest.mark.parametrize("name", ["Debian 12: generic", "in:foo", "a,b", "100% & more?", "ünï", '"quoted"', "a/v2/b"])
def test_any_name_is_found(glance, session, name):
    image_id = glance.add(name)
    assert ids(Images(session).find(name)) == {image_id}


@pytest.mark.parametrize("visibility", ["private", "shared", "community", "public"])
def test_own_images_of_every_visibility_are_found(glance, session, visibility):
    image_id = glance.add(NAME, visibility=visibility)
    assert ids(Images(session).find(NAME)) == {image_id}


def test_a_name_means_images_of_one_owner(cloud, glance):
    own, other = glance.add(NAME), glance.add(NAME, owner="p-a", visibility="community")
    images = Images(cloud.session(roles=("admin",)))
    assert ids(images.find(NAME)) == {own}
    assert ids(images.find(NAME, "p-a")) == {other}


def test_every_page_is_read(cloud, glance, session):
    glance.page_size = 2
    expected = {glance.add("a name/v2", os_hidden=hidden) for hidden in (False, False, False, False, False, True)}
    assert ids(Images(session).find("a name/v2")) == expected
    assert len(cloud.log) == 4
    assert {sent.query["limit"] for sent in cloud.sent} == {"1000"}


@pytest.mark.parametrize("body", [b'{"images": [', b'{"images": [{"id": "x"}]}', b'{"images": []', b'{"pictures": []}'])
@pytest.mark.usefixtures("pauses")
def test_half_a_listing_is_none(cloud, glance, session, body):
    glance.page_size = 2
    for _each in range(3):
        glance.add(NAME)

    def answer_half(request):
        return respond(request, Answer(200, body)) if "marker=" in request.url else None

    asked = cloud.send
    cloud.send = lambda request, **options: answer_half(request) or asked(request, **options)
    with pytest.raises(UnreachableError, match="answered 200 to GET with something that it cannot have said"):
        Images(session).find(NAME)


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_a_share_is_found_whatever_was_answered(cloud, glance, status):
    shared = glance.add(NAME, visibility="shared", members={"p-a": status})
    own = glance.add(NAME, owner="p-a", visibility="shared")
    glance.add(NAME, owner="p-a", visibility="private")
    images = Images(cloud.session("p-a"))
    assert ids(images.find_shared(NAME)) == {shared}
    assert ids(images.find_shared(NAME, "p-own")) == {shared}
    assert images.find_shared(NAME, "p-b") == ()
    assert ids(images.find_shared(own)) == {own}


TEMPLATE = {"xloud_image_template": "ubuntu-24.04-base"}


@pytest.mark.parametrize(
    ("attributes", "is_offered"),
    [
        ({"visibility": "public"}, True),
        ({"visibility": "community"}, True),
        ({"visibility": "shared", "members": {"p-a": "accepted"}}, True),
        ({"visibility": "shared", "members": {"p-a": "pending"}}, False),
        ({"visibility": "shared", "members": {"p-b": "accepted"}}, False),
        ({"visibility": "private"}, False),
        ({"owner": "p-a", "visibility": "private"}, True),
    ],
)
def test_a_template_is_what_is_in_the_lists_of_a_project(cloud, glance, attributes, is_offered):
    image_id = glance.add(NAME, **TEMPLATE, **attributes)
    glance.add(NAME, xloud_image_template="another", visibility="public")
    glance.add(NAME, **TEMPLATE, visibility="public", os_hidden=True)
    images = Images(cloud.session("p-a"))
    assert ids(images.offered(TEMPLATE["xloud_image_template"])) == ({image_id} if is_offered else set())
    assert cloud.log == ["GET /images"]


def test_a_template_of_one_owner_and_visibility(cloud, glance):
    community = glance.add(NAME, **TEMPLATE, visibility="community")
    hidden = glance.add(NAME, **TEMPLATE, visibility="community", os_hidden=True)
    public = glance.add(NAME, **TEMPLATE, visibility="public", owner="p-b")
    images, name = Images(cloud.session("p-a")), TEMPLATE["xloud_image_template"]
    assert ids(images.offered(name)) == {community, public}
    assert ids(images.offered(name, visibility="public")) == {public}
    assert ids(images.offered(name, "p-own")) == {community}
    assert ids(images.offered(name, "p-own", hidden=True)) == {community, hidden}


def test_all_that_is_known_of_a_template(cloud, glance):
    expected = {
        glance.add(NAME, **TEMPLATE, visibility="shared", members={"p-a": "pending"}),
        glance.add(NAME, **TEMPLATE, visibility="community", os_hidden=True),
        glance.add(NAME, **TEMPLATE, owner="p-a"),
    }
    glance.add(NAME, **TEMPLATE)
    assert ids(Images(cloud.session("p-a")).known(TEMPLATE["xloud_image_template"])) == expected
    assert cloud.log == ["GET /images", "GET /images"]


def test_all_images_of_a_project(cloud, glance, session):
    own = {glance.add("a"), glance.add("b", os_hidden=True, visibility="public")}
    other = glance.add("c", owner="p-a", visibility="community")
    assert ids(Images(session).owned()) == own
    assert ids(Images(session).owned("p-a")) == {other}
    assert cloud.log == ["GET /images"] * 4


def test_get_says_what_is_missing(session):
    with pytest.raises(NotFoundError, match="No image found with ID nothing"):
        Images(session).get("nothing")


def test_create_returns_the_record(glance, session):
    image = Images(session).create({"name": NAME, "visibility": "private", "os_distro": "ubuntu"})
    assert (image.name, image.status, image.owner) == (NAME, "queued", "p-own")
    assert image.properties == {"os_distro": "ubuntu"}
    assert list(glance.images) == [image.id]


@pytest.mark.parametrize("status", ["deleted", "pending_delete"])
def test_an_image_whose_deletion_was_interrupted_is_gone(glance, session, status):
    image_id = glance.add(NAME, status=status)
    there = glance.add(NAME)
    images = Images(session)
    assert ids(images.find(NAME)) == {there}
    assert images.find(image_id) == ()
    with pytest.raises(NotFoundError, match=rf"Image {NAME} \({image_id}\) is deleted\."):
        images.get(image_id)


def test_patch_returns_the_image_as_it_is_then(cloud, glance, session):
    image = Images(session).patch(glance.add(NAME), [ADD, PatchOperation("replace", "min_ram", 512)])
    assert (image.properties, image.min_ram) == ({"os_distro": "ubuntu"}, 512)
    assert len(cloud.log) == 1


def test_patch_is_all_or_nothing(glance, session):
    image_id = glance.add(NAME)
    with pytest.raises(ConflictError, match=r"Property gone does not exist\. Somebody else changed image .* run the"):
        Images(session).patch(image_id, [ADD, PatchOperation("remove", "gone")])
    assert "os_distro" not in glance.images[image_id]


REMOVE = PatchOperation("remove", "old")


def lose_the_answer(cloud):
    """Have the service do what it is asked, and nobody hear of it."""
    asked, remaining = cloud.send, [None]

    def send(request, **options):
        response = asked(request, **options)
        if request.method == "PATCH" and remaining:
            remaining.pop()
            raise requests.ConnectionError("Connection reset by peer", request=request)
        return response

    cloud.send = send


@pytest.mark.usefixtures("pauses")
def test_a_patch_of_which_the_answer_is_lost_is_done(cloud, glance, session):
    image_id = glance.add(NAME, old="x")
    lose_the_answer(cloud)
    assert Images(session).patch(image_id, [ADD, REMOVE]).properties == {"os_distro": "ubuntu"}
    assert [method for method, _path in map(str.split, cloud.log)] == ["PATCH", "GET"]


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504])
def test_a_patch_that_did_not_arrive_is_sent_again(cloud, glance, session, pauses, status):
    image_id = glance.add(NAME, old="x")
    if status:
        cloud.fail("PATCH", ".*", status, "Busy.", times=3)
    else:
        cloud.break_off("PATCH", ".*", times=3)
    assert Images(session).patch(image_id, [ADD, REMOVE]).properties == {"os_distro": "ubuntu"}
    assert [method for method, _path in map(str.split, cloud.log)] == ["PATCH", "GET"] * 3 + ["PATCH"]
    assert pauses == [1, 2, 4]


def test_a_patch_that_never_arrives_is_an_error(cloud, glance, session, pauses):
    image_id = glance.add(NAME)
    cloud.break_off("PATCH", ".*", times=4)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        Images(session).patch(image_id, [ADD])
    assert pauses == [1, 2, 4]


def test_a_patch_that_arrived_twice_is_no_conflict(cloud, glance, session, pauses):
    image_id = glance.add(NAME, os_distro="ubuntu")
    assert Images(session).patch(image_id, [ADD, REMOVE]).properties == {"os_distro": "ubuntu"}
    assert pauses == []


@pytest.mark.parametrize("key", ["a/b", "a~b", "a~1b", "a b", "ü"])
def test_any_key_can_be_patched(glance, session, key):
    image_id = glance.add(NAME)
    images = Images(session)
    assert images.patch(image_id, [PatchOperation("add", key, "x")]).properties == {key: "x"}
    assert images.patch(image_id, [PatchOperation("remove", key)]).properties == {}


@pytest.mark.parametrize(
    ("forgotten", "operation", "message"),
    [
        ("min_ram", PatchOperation("replace", "min_ram", 512), "accepted min_ram = 512 .* and kept 0"),
        ("os_distro", ADD, "accepted os_distro = 'ubuntu' .* and kept 'debian'"),
        ("os_distro", PatchOperation("remove", "os_distro"), "accepted os_distro = None .* and kept 'debian'"),
        ("tags", PatchOperation("replace", "tags", ["a"]), r"accepted tags = \['a'\] .* and kept \[\]"),
    ],
)
def test_a_lost_update_is_an_error(glance, session, forgotten, operation, message):
    image_id = glance.add(NAME, os_distro="debian")
    glance.forgets = {forgotten}
    with pytest.raises(CloudError, match=message):
        Images(session).patch(image_id, [operation])


def test_delete_of_what_is_gone_is_done(glance, session):
    image_id = glance.add(NAME)
    Images(session).delete(image_id)
    Images(session).delete(image_id)
    assert glance.images == {}


def test_delete_of_an_image_in_use_says_so(glance, session):
    image_id = glance.add(NAME)
    glance.in_use = {image_id}
    with pytest.raises(ConflictError, match=f"Image {image_id} is in use and was left as it is"):
        Images(session).delete(image_id)
    assert image_id in glance.images


def test_delete_of_a_protected_image_is_forbidden(glance, session):
    with pytest.raises(ForbiddenError, match="is protected and cannot be deleted"):
        Images(session).delete(glance.add(NAME, protected=True))


def test_deactivate_and_reactivate(glance, session):
    image_id = glance.add(NAME)
    for change, status in [("deactivate", "deactivated"), ("deactivate", "deactivated"), ("reactivate", "active")]:
        getattr(Images(session), change)(image_id)
        assert glance.images[image_id]["status"] == status


def test_an_image_without_data_cannot_be_deactivated(glance, session):
    with pytest.raises(ForbiddenError, match="Not allowed to deactivate image in status 'queued'"):
        Images(session).deactivate(glance.add(NAME, None))
