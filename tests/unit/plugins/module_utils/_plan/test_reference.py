# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import NotFoundError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACES, TEMPLATE
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import Found, pick, resolve
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, image

DONE = image()
HALF = image(id="half", status="saving")
FOREIGN = image(id="foreign", status="queued", properties={TEMPLATE: None})
NEWER = image(id="newer", properties={REPLACES: "id-1"})
HALF_NEWER = image(id="half-newer", status="queued", properties={REPLACES: "id-1"})
TWIN = image(id="twin")


@pytest.mark.parametrize(
    ("images", "current", "leftovers"),
    [
        ((), None, ()),
        ((DONE,), DONE, ()),
        ((HALF,), None, (HALF,)),
        ((FOREIGN,), FOREIGN, ()),
        ((DONE, HALF), DONE, (HALF,)),
        ((DONE, NEWER), NEWER, (DONE,)),
        ((DONE, HALF_NEWER), DONE, (HALF_NEWER,)),
        ((NEWER,), NEWER, ()),
    ],
    ids=["none", "one", "half", "foreign", "one-half", "replaced", "half-replaced", "replaced-gone"],
)
def test_names_are_resolved_in_any_order(images, current, leftovers):
    for order in itertools.permutations(images):
        found = resolve(NAME, order)
        assert (found.current, set(map(id, found.leftovers))) == (current, set(map(id, leftovers)))


@pytest.mark.parametrize(
    "images", [(DONE, TWIN), (DONE, FOREIGN), (TWIN, HALF, DONE)], ids=["twins", "foreign", "half"]
)
def test_duplicates_are_an_error_that_names_the_ids(images):
    for order in itertools.permutations(images):
        with pytest.raises(PlanError, match=r"2 images are named .*: \w+[-\w]*, [-\w]+\.") as error:
            resolve(NAME, order)
        assert error.value.details["ids"] == sorted(error.value.details["ids"])
        assert "half" not in error.value.details["ids"]


@pytest.mark.parametrize("state", ["running", "unknown"])
def test_what_another_run_uploads_is_neither_the_image_nor_a_leftover(state):
    upload = image(id="upload", status="saving", upload=state)
    assert resolve(NAME, (DONE, upload, HALF)) == Found(DONE, (HALF,), (upload,))
    with pytest.raises(NotFoundError, match="has no data: its upload has not finished"):
        pick(NAME, (upload,))


def test_resolve_of_nothing():
    assert resolve(NAME, ()) == Found(None)


def test_pick_returns_the_image():
    assert pick(NAME, (DONE, HALF)) is DONE


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ((), "No image .* is to be found in the project"),
        ((HALF,), "has no data: its upload has not finished"),
        ((FOREIGN,), "has no data yet: its status is queued"),
    ],
    ids=["none", "half", "foreign"],
)
def test_pick_says_why_there_is_none(images, message):
    with pytest.raises(NotFoundError, match=message):
        pick(NAME, images)
