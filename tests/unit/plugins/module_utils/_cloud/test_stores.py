# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    ForbiddenError,
    ImportFailedError,
    InputError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import CopyToStores, DropFromStore, Plan
from ansible_collections.xloud.image.tests.unit.fakes import glance as glance_module
from ansible_collections.xloud.image.tests.unit.fakes.glance import ROUTES, Answer
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME


@pytest.fixture(autouse=True)
def stores(glance, clock):
    glance.stores = ("main", "archive", "cold", "web")
    glance.read_only = ("web",)
    glance.import_methods = ("copy-image",)


@pytest.fixture
def image(glance):
    return Image.from_api(glance.images[glance.add(NAME, owner="p-a")])


@pytest.fixture
def admin(cloud):
    return cloud.session(roles=("admin",))


def apply(session, *actions):
    return Applier(session, timeout=60).apply(Plan(actions))


def test_nobody_asks_for_stores_that_nobody_names(cloud, session):
    assert Stores(session).resolve(None, False) is None
    assert cloud.log == []


def test_stores_that_can_be_written_to(session):
    assert Stores(session).resolve(None, True) == ("archive", "cold", "main")
    with pytest.raises(InputError, match="stores: the cloud has no store web that can be written to"):
        Stores(session).resolve(["main", "web"], False)


def test_a_cloud_that_does_not_tell_stores_apart(glance, session):
    glance.stores = ()
    with pytest.raises(InputError, match="stores: cloud test does not tell stores apart"):
        Stores(session).resolve(["main"], False)


def test_copies_are_made_and_dropped(admin, image):
    copied = apply(admin, CopyToStores(NAME, "c", image.id, ("archive", "cold")))
    assert copied.stores == {"main", "archive", "cold"}
    dropped = apply(admin, DropFromStore(NAME, "d", image.id, "main"))
    assert dropped.stores == {"archive", "cold"}


def test_a_copy_that_fails_says_where(glance, admin, image):
    glance.broken = {"cold"}
    with pytest.raises(ImportFailedError, match="could not copy to the store cold the data of .* for the stores cold"):
        apply(admin, CopyToStores(NAME, "c", image.id, ("archive", "cold")))
    assert glance.images[image.id]["stores"] == "main,archive"


@pytest.mark.parametrize("others", [("cold",), ("archive",), ("archive", "cold")])
def test_a_copy_that_another_run_makes_is_waited_for(glance, admin, image, others):
    admin.image("POST", f"/images/{image.id}/import", json={"method": {"name": "copy-image"}, "stores": [*others]})
    copied = apply(admin, CopyToStores(NAME, "c", image.id, ("cold",)))
    assert copied.stores == {"main", "cold", *others}
    assert glance.images[image.id]["status"] == "active"


def test_a_copy_that_another_run_has_made_is_none_to_make(glance, admin, image):
    action = CopyToStores(NAME, "c", image.id, ("cold",))
    assert apply(admin, action).stores == apply(admin, action).stores == {"main", "cold"}


def test_a_copy_that_another_run_has_dropped_is_none_to_drop(admin, image):
    apply(admin, CopyToStores(NAME, "c", image.id, ("cold",)))
    action = DropFromStore(NAME, "d", image.id, "cold")
    assert apply(admin, action).stores == apply(admin, action).stores == {"main"}


def test_the_last_copy_is_never_dropped(admin, image):
    with pytest.raises(ForbiddenError, match="only store containing it"):
        apply(admin, DropFromStore(NAME, "d", image.id, "main"))


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda image_id: CopyToStores(NAME, "c", image_id, ("cold",)), "may copy an image to more stores"),
        (lambda image_id: DropFromStore(NAME, "d", image_id, "main"), "may delete the copy of an image"),
    ],
)
def test_both_take_an_administrator(cloud, image, action, words):
    with pytest.raises(ForbiddenError, match=f"By default only administrators {words}"):
        apply(cloud.session("p-a"), action(image.id))


def test_a_copy_whose_task_is_not_shown_is_waited_for(glance, admin, image, monkeypatch):
    glance.polls = 3
    list_tasks = type(glance)._list_tasks

    def hidden(service, caller, image_id, **rest):
        list_tasks(service, caller, image_id, **rest)
        return Answer(200, {"tasks": []})

    monkeypatch.setattr(glance_module, "ROUTES", [("GET", rf"{glance_module.IMAGE}/tasks", hidden), *ROUTES])
    assert apply(admin, CopyToStores(NAME, "c", image.id, ("cold",))).stores == {"main", "cold"}
