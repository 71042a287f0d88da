# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    CloudError,
    ConflictError,
    DataError,
    ForbiddenError,
    ImageError,
    InUseError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN, Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    AddMember,
    CreateImage,
    DeactivateImage,
    DeleteImage,
    DeleteReplaced,
    ForgetMembers,
    PatchOperation,
    Plan,
    ProtectCreated,
    ReactivateImage,
    RemoveMember,
    SetMemberStatus,
    UpdateImage,
    WriteSidecar,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, Upload
from ansible_collections.xloud.image.plugins.module_utils._plan.export import plan_export
from ansible_collections.xloud.image.tests.unit.fakes.cloud import refusal
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, NAME, OURS, checksum

A = Project("p-a", "team-a")
BODY = {"name": NAME, "visibility": "private", "disk_format": "raw", "container_format": "bare", "tags": []}
PROTECTION = ProtectCreated(NAME, "protect it")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(DATA)
    return path


def creation(path, declared=None):
    return CreateImage(NAME, "create it", BODY, Upload(Source(str(path)), declared, 4, "auto"))


def apply(session, *actions, image=None, **options):
    return Applier(session, **options).apply(Plan(actions, image=image))


def found(glance, image_id):
    return Image.from_api(glance.images[image_id])


# Steps


def test_creation(cloud, glance, session, path):
    image = apply(session, creation(path, checksum("sha256")))
    assert image == found(glance, image.id)
    assert (image.status, image.protected) == ("active", False)
    assert cloud.changes == ["POST /images", f"PUT /images/{image.id}/file"]


def test_protection_comes_after_verification(cloud, session, path):
    image = apply(session, creation(path), PROTECTION)
    assert image.protected
    assert cloud.log == [
        "POST /images",
        f"PUT /images/{image.id}/file",
        f"GET /images/{image.id}",
        f"PATCH /images/{image.id}",
    ]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("fault", ["checksum", "spoilt", "refused", "lost"])
def test_a_creation_that_fails_leaves_nothing(cloud, glance, session, path, fault):
    glance.corrupt = fault == "spoilt"
    if fault == "refused":
        cloud.fail("PUT", ".*/file", 415, "Image disk_format raw does not match stream data qcow2")
    elif fault == "lost":
        cloud.break_off("PUT", ".*/file", times=9)
    with pytest.raises(ImageError) as error:
        apply(session, creation(path, checksum("sha256", b"other" if fault == "checksum" else DATA)), PROTECTION)
    assert isinstance(error.value, DataError if fault in ("checksum", "spoilt") else CloudError)
    assert glance.images == {}
    assert cloud.log[-1].startswith("DELETE /images/")
    assert error.value.details["actions"] == []


def test_an_interruption_leaves_nothing_either(glance, session, path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(glance), "_store", interrupt)
    with pytest.raises(KeyboardInterrupt):
        apply(session, creation(path))
    assert glance.images == {}


def test_a_record_that_cannot_be_deleted_does_not_hide_the_error(cloud, glance, session, path):
    cloud.fail("DELETE", ".*", 500, "Oops.")
    with pytest.raises(DataError, match="is not what its checksum says"):
        apply(session, creation(path, checksum("sha256", b"other")))
    assert len(glance.images) == 1


def test_without_a_record_nothing_is_deleted(cloud, path):
    with pytest.raises(ForbiddenError, match="a reader cannot create images"):
        apply(cloud.session(roles=("reader",)), creation(path))
    assert cloud.log == ["POST /images"]


def test_an_image_that_is_there_unprotected_is_told(cloud, session, path):
    cloud.fail("PATCH", ".*", 400, "Oops.")
    with pytest.raises(CloudError, match="Oops") as error:
        apply(session, creation(path), PROTECTION)
    assert [action["action"] for action in error.value.details["actions"]] == ["create"]


def test_changes_of_one_image(glance, session):
    image_id = glance.add(NAME)
    image = apply(
        session,
        UpdateImage(NAME, "u", image_id, (PatchOperation("replace", "min_ram", 512),)),
        DeactivateImage(NAME, "d", image_id),
    )
    assert (image.min_ram, image.status) == (512, "deactivated")
    assert image == found(glance, image_id)
    assert apply(session, ReactivateImage(NAME, "r", image_id), image=image) == found(glance, image_id)


def test_a_deletion_returns_the_image_that_the_plan_is_about(glance, session):
    kept, gone = glance.add(NAME), glance.add(NAME)
    image = found(glance, kept)
    assert apply(session, DeleteImage(NAME, "d", gone), image=image) is image
    assert apply(session, DeleteImage(NAME, "d", kept)) is None
    assert glance.images == {}


def test_members(cloud, glance, session):
    image_id = glance.add(NAME, visibility="shared", members={"p-b": "accepted"})
    image = found(glance, image_id)
    steps = (
        AddMember(NAME, "a", image_id, A),
        RemoveMember(NAME, "r", image_id, Project("p-b", "team-b")),
        SetMemberStatus(NAME, "s", image_id, A, "accepted"),
    )
    assert apply(session, *steps, image=image, consumers={"p-a": cloud.session("p-a")}) is image
    assert glance.members[image_id] == {"p-a": "accepted"}


def test_members_are_forgotten(cloud, glance, session):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "accepted", "p-b": "pending"})
    apply(session, ForgetMembers(NAME, "f", image_id))
    assert glance.members[image_id] == {}
    cloud.sent.clear()
    apply(session, ForgetMembers(NAME, "f", image_id))
    assert cloud.changes == []


def test_an_answer_goes_by_the_own_credentials_unless_others_are_given(cloud, glance):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "pending"})
    apply(cloud.session("p-a"), SetMemberStatus(NAME, "s", image_id, A, "rejected"))
    assert glance.members[image_id] == {"p-a": "rejected"}


def test_a_sidecar(session, tmp_path):
    path = tmp_path / "a.json"
    apply(session, WriteSidecar(NAME, "w", "id", str(path), "ünï\n"))
    assert path.read_text(encoding="utf-8") == "ünï\n"


# Failures


def test_what_was_done_before_is_told(glance, session, path):
    blocked = glance.add(NAME)
    glance.in_use = {blocked}
    with pytest.raises(ConflictError, match="is in use") as error:
        apply(session, creation(path), DeleteImage(NAME, "delete the old one", blocked), DeleteImage(NAME, "x", "x"))
    assert error.value.message.endswith("it is in use. Done before: create it.")
    assert error.value.details["actions"] == [{"action": "create", "image": NAME, "reason": "create it"}]


@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_a_store_that_refuses_to_delete_leaves_the_image_as_it_was(cloud, glance, session, status):
    image_id = glance.add(NAME, status=status)

    def activate_and_refuse(request):
        glance.images[image_id]["status"] = "active"
        return refusal(request, 409, "Image is in use.")

    cloud.instead("DELETE", ".*", activate_and_refuse)
    with pytest.raises(InUseError, match="is in use and was left as it is"):
        apply(session, DeleteImage(NAME, "d", image_id, status=status))
    assert glance.images[image_id]["status"] == status


def test_how_far_an_attempt_went_is_told(glance, session):
    blocked = glance.add(NAME, status="deactivated")
    glance.in_use = {blocked}
    unprotect = UpdateImage(NAME, "u", blocked, (PatchOperation("replace", "min_ram", 1),))
    outcome = Applier(session).attempt(Plan((unprotect, DeleteImage(NAME, "d", blocked, status="deactivated"))))
    assert (outcome.taken, outcome.image) == ((unprotect,), found(glance, blocked))
    assert isinstance(outcome.error, InUseError)
    glance.in_use = set()
    outcome = Applier(session).attempt(Plan((DeleteImage(NAME, "d", blocked),), image=found(glance, blocked)))
    assert (outcome.image, outcome.error) == (None, None)


@pytest.mark.parametrize(
    ("now", "planned", "message"),
    [
        ({"visibility": "public"}, {"stage": "staged"}, "is published since another run changed it, and was staged"),
        ({"visibility": "public"}, {"stage": "retired"}, "is published since another run changed it, and was retired"),
        ({}, {"stage": "staged", "is_unfinished": True}, "was made by another run"),
        (
            {"status": "saving", "updated_at": "2026-01-31T23:59:59Z"},
            {"stage": "staged", "is_unfinished": True},
            "is being uploaded by another run",
        ),
    ],
    ids=["published", "brought back", "complete", "alive"],
)
def test_what_changed_since_its_deletion_was_planned_is_kept(cloud, glance, session, now, planned, message):
    image_id = glance.add(NAME, **{**OURS, **now})
    with pytest.raises(BusyError, match=message):
        apply(session, DeleteImage(NAME, "d", image_id, **planned))
    assert cloud.changes == []


def test_a_deletion_looks_before(cloud, glance, session):
    image_id = glance.add(NAME)
    apply(session, DeleteImage(NAME, "d", image_id, stage="staged"))
    apply(session, DeleteImage(NAME, "d", image_id, stage="staged"))
    assert cloud.log == [f"GET /images/{image_id}", f"DELETE /images/{image_id}"] * 2


@pytest.mark.parametrize("protection", [(), (PROTECTION,)], ids=["plain", "protected"])
def test_the_replacement_of_what_was_published_meanwhile_goes(glance, session, path, protection):
    published = glance.add(NAME, visibility="public")
    with pytest.raises(BusyError, match=rf"\({published}\) is published since another run changed it"):
        apply(session, creation(path), *protection, DeleteReplaced(NAME, "d", published, stage="staged"))
    assert [*glance.images] == [published]


def test_what_somebody_else_did_too_is_no_conflict(cloud, glance, session):
    image_id = glance.add(NAME)
    unmark = UpdateImage(NAME, "u", image_id, (PatchOperation("remove", FROZEN),))
    assert apply(session, unmark) == found(glance, image_id)
    both = (PatchOperation("replace", "min_ram", 1), PatchOperation("remove", FROZEN))
    with pytest.raises(ConflictError, match="Somebody else changed image"):
        apply(session, UpdateImage(NAME, "u", image_id, both))


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [(DeactivateImage, "active", "deactivated"), (ReactivateImage, "deactivated", "active")],
)
def test_what_somebody_else_does_at_the_same_moment_is_no_failure(cloud, glance, session, kind, before, after):
    image_id = glance.add(NAME, status=before)

    def be_second(request):
        glance.images[image_id]["status"] = after
        return refusal(request, 500, "The server has either erred or is incapable of performing the request.")

    cloud.instead("POST", ".*", be_second)
    apply(session, kind(NAME, "d", image_id))
    glance.images[image_id]["status"] = before
    cloud.fail("POST", ".*", 500, "The server has either erred.")
    with pytest.raises(CloudError, match="either erred"):
        apply(session, kind(NAME, "d", image_id))


def test_nothing_more_is_done_after_a_failure(cloud, glance, session):
    image_id = glance.add(NAME, None)
    with pytest.raises(ForbiddenError) as error:
        apply(session, DeactivateImage(NAME, "d", image_id), DeleteImage(NAME, "x", image_id))
    assert "Done before" not in error.value.message
    assert cloud.changes == [f"POST /images/{image_id}/actions/deactivate"]


def freezing(glance, tmp_path, **attributes):
    image = found(glance, glance.add(NAME, DATA, **attributes))
    wanted = WantedExport(str(tmp_path / "out.raw"), deactivate=True)
    return plan_export(wanted, image, (), FileFacts())


@pytest.fixture
def admin(cloud):
    return cloud.session(roles=("admin",))


def test_an_export_freezes_and_gives_back(cloud, glance, admin, tmp_path):
    plan = freezing(glance, tmp_path)
    image = Applier(admin).apply(plan)
    assert image == found(glance, image.id)
    assert (image.status, FROZEN in image.properties) == ("active", False)
    assert [line.rpartition("/")[2] for line in cloud.changes] == [image.id, "deactivate", "reactivate", image.id]


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", ".*"), ("POST", ".*/deactivate"), ("GET", ".*/file")], ids=["mark", "freeze", "read"]
)
def test_an_export_that_fails_gives_back(cloud, glance, admin, tmp_path, method, path):
    plan = freezing(glance, tmp_path)
    cloud.fail(method, path, 400, "Oops.")
    with pytest.raises(CloudError, match="Oops") as error:
        Applier(admin).apply(plan)
    image = found(glance, plan.image.id)
    assert (image.status, FROZEN in image.properties) == ("active", False)
    assert "failed too" not in error.value.message


def test_an_export_that_is_interrupted_gives_back(cloud, glance, admin, tmp_path):
    def interrupt(_request):
        raise KeyboardInterrupt

    plan = freezing(glance, tmp_path)
    cloud.instead("GET", ".*/file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Applier(admin).apply(plan)
    image = found(glance, plan.image.id)
    assert (image.status, FROZEN in image.properties) == ("active", False)


def test_what_could_not_be_given_back_is_told(cloud, glance, admin, tmp_path):
    plan = freezing(glance, tmp_path)
    cloud.fail("GET", ".*/file", 400, "Oops.")
    cloud.fail("POST", ".*/reactivate", 500, "Not now.")
    with pytest.raises(CloudError, match="Oops") as error:
        Applier(admin).apply(plan)
    done, failed = error.value.message.partition(" reactivate ")[::2]
    assert "Done before: mark" in done
    assert f"deactivate {NAME}" in done
    assert failed.endswith("Not now. Run the task again to give it back.")
    image = found(glance, plan.image.id)
    assert image.status == "deactivated"
    again = plan_export(WantedExport(str(tmp_path / "out.raw")), image, (), FileFacts())
    assert FROZEN not in Applier(admin).apply(again).properties
