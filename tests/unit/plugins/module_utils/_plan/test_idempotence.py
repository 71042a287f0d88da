# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is there and whatever is wanted: once it is done, there is nothing left to do."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import is_readable
from ansible_collections.xloud.image.plugins.module_utils._data.exports import file_facts
from ansible_collections.xloud.image.plugins.module_utils._data.source import read_facts
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.export import WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED,
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    FROZEN,
    PUBLISHED_SINCE,
    REPLACED_BY,
    REPLACES,
    RETIRE_ON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    SOURCE_CHECKSUM,
    VISIBILITIES,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility
from ansible_collections.xloud.image.plugins.module_utils._plan.export import plan_export, verifying_hash
from ansible_collections.xloud.image.plugins.module_utils._plan.member import plan_members
from ansible_collections.xloud.image.plugins.module_utils._plan.template import plan_absence, plan_template, source_need
from ansible_collections.xloud.image.plugins.module_utils._plan.visibility import needs_members, plan_visibility
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud
from ansible_collections.xloud.image.tests.unit.fakes.glance import FakeImageService
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, NAME, OURS, checksum

FLAGS = st.booleans()
MAYBE = st.none() | FLAGS
CONTENTS = (DATA, b"other")
CHECKSUMS = [checksum(algorithm, data) for algorithm in ("sha256", "sha512") for data in CONTENTS]
PROJECTS = ("p-a", "p-b", "p-c")
STATUSES = st.sampled_from(["pending", "accepted", "rejected"])
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "os_distro": st.sampled_from(["ubuntu", "debian"]),
        PUBLISHED_SINCE: st.just("2026-01-01"),
        DEPRECATED: st.sampled_from(["true", "false"]),
        DEPRECATED_SINCE: st.just("2026-02-01"),
        DEPRECATED_REASON: st.just("old"),
        REPLACED_BY: st.just("one"),
        RETIRED_SINCE: st.just("2026-02-15"),
        REVOKED_SINCE: st.just("2026-02-15"),
        RETIRE_ON: st.sampled_from(["2026-02-28", "2026-03-31"]),
        SOURCE_CHECKSUM: st.sampled_from(list(map(str, CHECKSUMS))),
    },
)
FINISHED = st.fixed_dictionaries(
    {
        "data": st.sampled_from(CONTENTS),
        "status": st.sampled_from(["active", "deactivated"]),
        "visibility": st.sampled_from(VISIBILITIES),
        "os_hidden": FLAGS,
        "protected": FLAGS,
        "min_ram": st.sampled_from([0, 512]),
        "tags": st.lists(st.sampled_from("abc"), unique=True).map(sorted),
    }
)
HALF = st.fixed_dictionaries({"data": st.none(), "status": st.sampled_from(["queued", "saving", "importing"])})


@st.composite
def images(draw, states=FINISHED | HALF):
    return {**draw(states), **draw(PROPERTIES), **(OURS if draw(FLAGS) else {})}


@st.composite
def catalogues(draw):
    """Images of one name, as runs that were interrupted at any point leave them; rarely, what no run leaves."""
    found = [{**image, "id": f"id-{number}"} for number, image in enumerate(draw(st.lists(images(), max_size=3)))]
    for image in found[1:]:
        if draw(FLAGS):
            image[REPLACES] = found[0]["id"]
    return found


def cloud_of(found, algorithm="sha512"):
    cloud = FakeCloud(FakeImageService(hash_algorithm=algorithm))
    for attributes in found:
        cloud.glance.add(NAME, **attributes)
    return cloud


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Local files by their content."""
    folder = tmp_path_factory.mktemp("sources")
    for number, data in enumerate(CONTENTS):
        (folder / str(number)).write_bytes(data)
    return {data: Source(str(folder / str(number))) for number, data in enumerate(CONTENTS)}


@st.composite
def templates(draw):
    return {
        "name": ImageName.parse(NAME),
        "checksum": draw(st.none() | st.sampled_from(CHECKSUMS)),
        "min_ram": draw(st.none() | st.sampled_from([0, 512])),
        "protected": draw(MAYBE),
        "tags": draw(st.none() | st.frozensets(st.sampled_from("abc"))),
        "properties": draw(st.dictionaries(st.just("os_distro"), st.none() | st.sampled_from(["ubuntu", "arch"]))),
        "replace": draw(FLAGS),
    }


def converge(cloud, wanted):
    session = cloud.session()
    found = Images(session).find(NAME)
    plan = plan_template(wanted, found, read_facts(wanted.source, source_need(wanted, found)))
    return plan, Applier(session).apply(plan)


@settings(max_examples=200)
@given(catalogues(), templates(), st.sampled_from(CONTENTS), st.sampled_from(["sha512", "sha256"]))
def test_templates(files, found, options, content, algorithm):
    cloud = cloud_of(found, algorithm)
    wanted = Template(source=files[content], **options)
    try:
        _plan, image = converge(cloud, wanted)
    except PlanError:
        assert cloud.changes == []
        return
    except DataError:
        assert set(cloud.glance.images) <= {each["id"] for each in found}
        return
    assert converge(cloud, wanted)[0].actions == ()
    assert list(cloud.glance.images) == [image.id]
    assert image == Images(cloud.session()).get(image.id)
    if image.id not in {each["id"] for each in found}:
        assert cloud.glance.data[image.id] == content
        assert image.visibility == "private"


@settings(max_examples=100)
@given(catalogues(), FLAGS)
def test_absence(found, force):
    cloud = cloud_of(found)
    session = cloud.session()
    name = ImageName.parse(NAME)
    try:
        Applier(session).apply(plan_absence(name, Images(session).find(NAME), force=force))
    except PlanError:
        assert cloud.changes == []
        return
    assert cloud.glance.images == {}
    assert plan_absence(name, Images(session).find(NAME), force=force).actions == ()


@st.composite
def visibilities(draw):
    return WantedVisibility(
        today="2026-03-01",
        visibility=draw(st.none() | st.sampled_from(VISIBILITIES)),
        hidden=draw(MAYBE),
        protected=draw(MAYBE),
        active=draw(MAYBE),
        deprecated=(deprecated := draw(MAYBE)),
        replaced_by=draw(st.none() | st.sampled_from(["one", "two"])) if deprecated else None,
        reason=draw(st.none() | st.sampled_from(["old", "new"])) if deprecated else None,
        revoked=draw(MAYBE),
        retire_on=draw(st.sampled_from([None, "", "2026-03-31"])),
        allow_lockout=draw(FLAGS),
    )


@given(images(FINISHED), visibilities(), st.dictionaries(st.sampled_from(PROJECTS), STATUSES))
def test_visibility(found, wanted, members):
    cloud = FakeCloud()
    session = cloud.session(roles=("admin",))
    image_id = cloud.glance.add(NAME, **found, members=members)

    def plan():
        image = Images(session).get(image_id)
        return plan_visibility(wanted, image, Members(session).list(image) if needs_members(wanted, image) else ())

    before = dict(cloud.glance.images[image_id])
    try:
        first = plan()
    except PlanError:
        return
    image = Applier(session).apply(first)
    after = cloud.glance.images[image_id]
    assert (image.visibility, image.status, image.hidden) == (after["visibility"], after["status"], after["os_hidden"])
    assert plan().actions == ()
    assert cloud.glance.members[image_id] == members
    touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {"updated_at"}
    asked = {"os_hidden": wanted.hidden, "protected": wanted.protected, "status": wanted.active}
    allowed = {key for key, value in {"visibility": wanted.visibility, **asked}.items() if value is not None}
    assert touched & {"visibility", *asked} <= allowed | (
        {"visibility", "os_hidden", "status"} if wanted.revoked else set()
    )
    assert not touched & {"name", "min_ram", "tags", "os_distro", SOURCE_CHECKSUM}


@st.composite
def memberships(draw):
    projects = tuple(Project(i, i) for i in draw(st.lists(st.sampled_from(PROJECTS), unique=True)))
    absent = draw(FLAGS)
    answers = {} if absent else {project: draw(STATUSES) for project in projects if draw(FLAGS)}
    exact = not absent and draw(FLAGS)
    return WantedMembers(projects, absent, exact, draw(FLAGS), today="2026-03-01", answers=answers)


@given(images(FINISHED), memberships(), st.dictionaries(st.sampled_from(PROJECTS), STATUSES))
def test_members(found, wanted, members):
    cloud = FakeCloud(projects={"p-own": "own", **dict.fromkeys(PROJECTS, "team")})
    session = cloud.session()
    image_id = cloud.glance.add(NAME, **found, members=members)

    def plan():
        image = Images(session).get(image_id)
        return plan_members(wanted, image, Members(session).list(image))

    try:
        first, expected = plan()
    except PlanError:
        assert not wanted.make_shared
        return
    Applier(session, {project: cloud.session(project) for project in PROJECTS}).apply(first)
    assert plan()[0].actions == ()
    if Images(session).get(image_id).visibility == "shared":
        assert {member.project_id: member.status for member in expected} == cloud.glance.members[image_id]
    else:
        assert cloud.glance.members[image_id] == members


@given(images(FINISHED), FLAGS, FLAGS, FLAGS, st.none() | st.sampled_from([*CONTENTS, b"data too long"]))
def test_exports(found, frozen, deactivate, with_sidecar, there):
    cloud = FakeCloud()
    session = cloud.session(roles=("admin",))
    image_id = cloud.glance.add(NAME, **found, **({FROZEN: "true"} if frozen else {}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        if there is not None:
            path.write_bytes(there)
        wanted = WantedExport(str(path), f"{path}.json" if with_sidecar else None, deactivate)

        def plan():
            image = Images(session).get(image_id)
            facts = file_facts(wanted, image, verifying_hash(image)[0])
            return plan_export(wanted, image, Members(session).list(image), facts, is_readable(session, image))

        Applier(session).apply(plan())
        assert plan().actions == ()
        assert path.read_bytes() == found["data"]
        assert sorted(each.name for each in path.parent.iterdir()) == (["a", "a.json"] if with_sidecar else ["a"])
    after = cloud.glance.images[image_id]
    assert FROZEN not in after
    assert after["status"] == ("active" if frozen else found["status"])
