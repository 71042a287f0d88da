# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No two runs make the same image, and none takes away what another one is at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._cloud.claims import Pulse, claimed, image_id_of, take_over
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import is_uploading, uploading
from ansible_collections.xloud.image.plugins.module_utils._model.errors import BusyError, CloudError, UnreachableError
from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACES, TEMPLATE, VERSION
from ansible_collections.xloud.image.plugins.module_utils._model.upload import LEASE_SECONDS, SIGN_SECONDS
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud, refusal
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, OURS

BODY = {"name": NAME, "visibility": "private", "disk_format": "raw", "container_format": "bare", **OURS}
ID = image_id_of("p-own", BODY)
YOUNG = "2026-01-31T23:59:00Z"
LOWEST, HIGHEST = "00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"


@pytest.fixture
def images(session):
    return Images(session)


def begin(images, **more):
    with claimed(images, {**BODY, **more}) as record:
        return record


def named(glance):
    return [image["id"] for image in glance.images.values() if image["name"] == NAME]


# Making


def test_the_id_follows_from_the_project_and_the_name(cloud, images):
    record = begin(images)
    assert record.id == ID
    assert cloud.log == ["POST /images"]


@pytest.mark.parametrize(
    "other",
    [("p-a", BODY), ("p-own", {**BODY, "name": "other-1-base-v1.0"}), ("p-own", {**BODY, REPLACES: ID})],
    ids=["another project", "another name", "a replacement"],
)
def test_what_is_another_image_has_another_id(other):
    assert image_id_of(*other) != ID


def test_an_image_for_another_project_has_the_id_that_it_would_have_there(cloud):
    admin = cloud.session("p-a", ("admin",))
    assert begin(Images(admin), owner="p-own").id == ID


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"data": None, "updated_at": YOUNG}, "is being uploaded by another run"),
        ({"data": None, "updated_at": YOUNG, "status": "importing"}, "is being imported by the cloud for another run"),
        ({}, "was made by another run since this one looked, and is active"),
    ],
)
def test_what_another_run_has_begun_is_left_to_it(cloud, glance, images, attributes, message):
    glance.add(NAME, id=ID, **{**OURS, **attributes})
    with pytest.raises(BusyError, match=message):
        begin(images)
    assert named(glance) == [ID]
    assert cloud.log == ["POST /images", f"GET /images/{ID}"]


@pytest.mark.parametrize("taken", ["deleted", "squatted", "renamed"])
def test_an_id_that_cannot_be_had_is_no_obstacle(cloud, glance, images, taken):
    if taken == "deleted":
        glance.deleted.add(ID)
    else:
        glance.add("other", id=ID, owner="p-a" if taken == "squatted" else "p-own")
    record = begin(images)
    assert named(glance) == [record.id]
    assert cloud.log == ["POST /images", f"GET /images/{ID}", "POST /images", "GET /images"]


def test_a_replacement_does_not_take_what_it_replaces_for_a_rival(glance, images):
    staged = glance.add(NAME, **OURS)
    glance.deleted.add(image_id_of("p-own", {**BODY, REPLACES: staged}))
    assert begin(images, **{REPLACES: staged}).id in named(glance)


@pytest.mark.usefixtures("clock")
def test_of_two_records_that_have_no_id_in_common_one_yields(cloud, glance, images):
    glance.deleted.add(ID)
    glance.add(NAME, None, id=LOWEST, updated_at=YOUNG, **OURS)
    with pytest.raises(BusyError, match=rf"\({LOWEST}\) is being uploaded"):
        begin(images)
    assert named(glance) == [LOWEST]
    assert cloud.log.count("GET /images") == 1


def test_the_other_one_waits_until_it_has_yielded(glance, images, clock, monkeypatch):
    glance.deleted.add(ID)
    glance.add(NAME, None, id=HIGHEST, updated_at=YOUNG, **OURS)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: glance.images.pop(HIGHEST))
    assert named(glance) == [HIGHEST]
    assert named(glance) != [begin(images).id] == named(glance)


def test_one_that_had_looked_before_does_not_yield(glance, images, clock):
    glance.deleted.add(ID)
    glance.add(NAME, None, id=HIGHEST, updated_at=YOUNG, **OURS)
    with pytest.raises(BusyError, match=rf"\({HIGHEST}\) is being uploaded by another run"):
        begin(images)
    assert named(glance) == [HIGHEST]
    assert sum(clock.pauses) == pytest.approx(10)


def test_one_that_has_ended_does_not_either(glance, images, clock):
    glance.deleted.add(ID)
    glance.add(NAME, id=HIGHEST, **OURS)
    with pytest.raises(BusyError, match=rf"\({HIGHEST}\) was made by another run"):
        begin(images)
    assert named(glance) == [HIGHEST]
    assert clock.pauses == []


def test_nothing_is_left_where_others_cannot_be_looked_for(cloud, glance, images):
    glance.deleted.add(ID)
    cloud.fail("GET", "/images", 500, "Oops.")
    with pytest.raises(CloudError, match="Oops"):
        begin(images)
    assert glance.images == {}


@pytest.mark.parametrize("answer", ["none", "502"])
def test_nothing_is_left_of_a_request_whose_answer_was_lost(cloud, glance, images, answer):
    def create_and_lose(request):
        glance.add(NAME, None, id=ID, updated_at=YOUNG, **OURS)
        if answer == "502":
            return refusal(request, 502, "The connection broke.")
        raise UnreachableError("The connection broke.")

    cloud.instead("POST", "/images", create_and_lose)
    with pytest.raises(CloudError, match="broke"):
        begin(images)
    assert glance.images == {}


def test_the_upload_is_marked_as_long_as_it_lasts(images):
    with claimed(images, BODY) as record:
        assert is_uploading(record.id)
        assert images.get(record.id).upload == "running"
    assert is_uploading(record.id) is None


EVENTS = st.lists(st.sampled_from(["claim", "delete", "squat", "fail"]), max_size=12)


@given(EVENTS)
def test_whatever_happened_there_is_one_image_of_a_name(events):
    """Each run has seen a cloud without the image."""
    cloud = FakeCloud()
    glance, images = cloud.glance, Images(cloud.session())
    for event in events:
        if event == "squat" and ID not in glance.images:
            glance.deleted.discard(ID)
            glance.add("mine", id=ID, owner="p-a")
        elif event in ("delete", "fail"):
            for image_id in named(glance):
                images.delete(image_id)
        else:
            before = named(glance)
            try:
                record = begin(images)
            except BusyError:
                assert named(glance) == before != []
            else:
                assert (before, named(glance)) == ([], [record.id])
                glance.images[record.id].update(status="active")
    assert len(named(glance)) <= 1


# Taking over


def left(glance, **attributes):
    return glance.add(NAME, None, **{"updated_at": YOUNG, **OURS, **attributes})


def test_an_upload_that_gives_no_sign_any_more_is_deleted(glance, images, clock):
    image_id = left(glance)
    take_over(images, image_id, YOUNG)
    assert glance.images == {}
    assert sum(clock.pauses) == pytest.approx(LEASE_SECONDS)


@pytest.mark.usefixtures("clock")
def test_the_clock_of_the_service_saves_waiting(cloud, glance, images):
    image_id = left(glance, updated_at="2026-01-31T23:56:59Z")
    take_over(images, image_id, "2026-01-31T23:56:59Z")
    assert cloud.log == [f"GET /images/{image_id}", f"DELETE /images/{image_id}"]


def test_a_sign_that_comes_meanwhile_saves_the_upload(glance, images, clock, monkeypatch):
    image_id = left(glance)
    younger = {"updated_at": "2026-01-31T23:59:30Z"}
    monkeypatch.setattr(clock, "sleep", lambda _seconds: glance.images[image_id].update(younger))
    with pytest.raises(BusyError, match="last sign of life 2026-01-31T23:59:30Z"):
        take_over(images, image_id, YOUNG)
    assert image_id in glance.images


def test_so_does_its_process_on_this_machine(glance, images):
    image_id = left(glance, updated_at="2020-01-01T00:00:00Z")
    with uploading(image_id), pytest.raises(BusyError, match="is being uploaded by another run"):
        take_over(images, image_id, "2020-01-01T00:00:00Z")
    assert image_id in glance.images


def test_an_upload_that_ended_meanwhile_is_kept(glance, images, clock, monkeypatch):
    image_id = left(glance)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: glance.images[image_id].update(status="active"))
    with pytest.raises(BusyError, match="was made by another run"):
        take_over(images, image_id, YOUNG)
    assert image_id in glance.images


def test_what_is_gone_need_not_be_taken_over(cloud, images):
    take_over(images, ID, YOUNG)
    assert cloud.changes == []


# Signs of life


def test_signs_are_given_now_and_then(cloud, glance, images, clock):
    image_id = left(glance)
    pulse = Pulse(images, images.get(image_id), clock.monotonic)
    clock.now = 2 * SIGN_SECONDS
    pulse.beat()
    assert cloud.changes == []
    for _second in range(int(3 * SIGN_SECONDS)):
        clock.now += 1
        pulse.beat()
    assert cloud.changes == [f"PATCH /images/{image_id}"] * 3
    assert glance.images[image_id]["name"] == NAME
    assert {key for key in glance.images[image_id] if key.startswith("xloud")} == {TEMPLATE, VERSION}


def test_a_sign_that_fails_stops_no_upload(cloud, glance, images, clock):
    image_id = left(glance)
    pulse = Pulse(images, images.get(image_id), clock.monotonic)
    pulse.beat()
    clock.now = SIGN_SECONDS
    cloud.break_off("PATCH", ".*")
    pulse.beat()
    assert cloud.sent[-1].timeout == 10
