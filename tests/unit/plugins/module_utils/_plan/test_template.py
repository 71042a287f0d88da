# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import itertools

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    DataError,
    InputError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    PUBLISHED_SINCE,
    REPLACES,
    SOURCE_CHECKSUM,
    STAGED_SINCE,
    TAG,
    TEMPLATE,
    VERSION,
)
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    CreateImage,
    DeleteImage,
    Plan,
    ProtectCreated,
    TakeOver,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts, SourceNeed, Upload
from ansible_collections.xloud.image.plugins.module_utils._model.template import GIB
from ansible_collections.xloud.image.plugins.module_utils._plan.template import (
    metadata_drift,
    plan_absence,
    plan_adoption,
    plan_cleanup,
    plan_template,
    source_need,
)
from ansible_collections.xloud.image.tests.unit.fakes.samples import (
    NAME,
    OURS,
    checksum,
    digest,
    image,
    targets,
    template,
    verbs,
)

SHA256, SHA512 = checksum("sha256"), checksum("sha512")
OTHER256, OTHER512 = checksum("sha256", b"other"), checksum("sha512", b"other")
RECORDED = {SOURCE_CHECKSUM: str(SHA256)}
PUBLISHED = {PUBLISHED_SINCE: "2026-01-01"}
WEB = Source("https://host/base.raw")

RAW = SourceFacts("raw", 4, 4)
SAME = SourceFacts("raw", 4, 4, {"sha512": digest("sha512"), "sha256": digest("sha256")})
ALTERED = SourceFacts("raw", 4, 4, {"sha512": digest("sha512", b"tada")})
LONGER = SourceFacts("raw", 5, 5)
QCOW2 = SourceFacts("qcow2", 100, 10 * GIB + 1)
HYBRID = SourceFacts("iso", 100, 100)
NOTHING = SourceFacts()


def plan_for(found=(), facts=NOTHING, **wanted):
    return plan_template(template(**wanted), found, facts)


def patch_of(plan):
    return {(operation.op, operation.path): operation.value for operation in plan.actions[-1].patch}


# Creation


def test_creation():
    plan = plan_for((), QCOW2)
    assert verbs(plan) == ["create"]
    create = plan.actions[0]
    assert create.body == {
        "name": NAME,
        "visibility": "private",
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 11,
        "min_ram": 0,
        "tags": [TAG],
        **OURS,
    }
    assert create.upload == Upload(Source("/images/base.raw"), None, 100, "auto", disk_format="qcow2")
    assert create.reason == f"create {NAME} from /images/base.raw: it is not in the cloud yet"
    assert plan.before == {}
    assert plan.after["properties"] == OURS
    assert (plan.image.id, plan.image.status, plan.image.stage) == ("", "active", "staged")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"min_disk": 0}, {"min_disk": 0}),
        ({"min_disk": 40, "min_ram": 512}, {"min_disk": 40, "min_ram": 512}),
        ({"tags": frozenset("ba")}, {"tags": ["a", "b", TAG]}),
        ({"container_format": "ovf"}, {"container_format": "ovf"}),
        ({"properties": {"a": "1", "b": None}}, {"a": "1"}),
        ({"owner": "p-a"}, {"owner": "p-a"}),
        ({"checksum": SHA256}, {SOURCE_CHECKSUM: str(SHA256)}),
        ({"import_method": "direct"}, {}),
        ({"staged_since": "2026-01-31"}, {STAGED_SINCE: "2026-01-31"}),
    ],
)
def test_creation_as_asked_for(wanted, expected):
    create = plan_for((), QCOW2, **wanted).actions[0]
    plain = plan_for((), QCOW2).actions[0]
    assert create.body == {**plain.body, **expected}
    assert create.upload.checksum == wanted.get("checksum")
    assert create.upload.method == wanted.get("import_method", "auto")


def test_protection_is_left_for_later():
    plan = plan_for((), RAW, protected=True)
    assert [type(action) for action in plan.actions] == [CreateImage, ProtectCreated]
    assert "protected" not in plan.actions[0].body
    assert plan.image.protected
    assert plan.after["protected"] is True


@pytest.mark.parametrize(
    ("declared", "facts", "result"),
    [
        (None, RAW, "raw"),
        (None, QCOW2, "qcow2"),
        (None, HYBRID, "iso"),
        ("iso", HYBRID, "iso"),
        ("raw", HYBRID, None),
        ("qcow2", QCOW2, "qcow2"),
        ("raw", RAW, "raw"),
        ("ami", RAW, "ami"),
        ("ari", RAW, "ari"),
        ("aki", RAW, "aki"),
        ("ploop", RAW, "ploop"),
        ("raw", QCOW2, None),
        ("ami", QCOW2, None),
        ("qcow2", RAW, None),
        ("vmdk", QCOW2, None),
        ("qcow2", HYBRID, None),
    ],
)
def test_formats(declared, facts, result):
    if result:
        assert plan_for((), facts, disk_format=declared).actions[0].body["disk_format"] == result
    else:
        with pytest.raises(DataError, match=f"declared as {declared}, and its content is {facts.disk_format}"):
            plan_for((), facts, disk_format=declared)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"source": WEB, "checksum": SHA256}, "web-download cannot be verified by sha256:.*Give sha512:<128 digits>"),
        ({}, "web-download takes a URL, and /images/base.raw is none"),
    ],
)
def test_the_cloud_fetches_only_what_it_can_and_what_can_be_verified(wanted, message):
    with pytest.raises(InputError, match=f"import_method: {message}"):
        plan_for((), RAW, import_method="web-download", **wanted)


@pytest.mark.parametrize("declared", [None, SHA512])
def test_the_cloud_fetches(declared):
    create = plan_for((), RAW, source=WEB, import_method="web-download", checksum=declared).actions[0]
    assert create.upload == Upload(WEB, declared, 4, "web-download", disk_format="raw")


def test_nothing_is_created_of_nothing():
    with pytest.raises(InputError, match="source: image .* is not in the cloud, and creating it needs its data"):
        plan_for((), NOTHING, source=None)


@pytest.mark.parametrize("found", [(), (image(),)], ids=["new", "there"])
def test_a_source_that_is_not_what_is_declared(found):
    with pytest.raises(DataError, match="is not what its checksum says: sha256:.* was declared"):
        plan_for(found, SAME, checksum=OTHER256)


# An image that is there


@pytest.mark.parametrize(
    ("found", "facts", "wanted"),
    [
        ({}, SAME, {}),
        ({}, RAW, {}),
        ({}, NOTHING, {"source": None}),
        ({}, NOTHING, {"source": WEB}),
        ({"properties": RECORDED}, NOTHING, {"checksum": SHA256}),
        ({"properties": RECORDED}, NOTHING, {"checksum": SHA512}),
        ({}, NOTHING, {"checksum": SHA512}),
        ({"properties": {SOURCE_CHECKSUM: str(SHA512)}}, NOTHING, {"checksum": SHA512}),
        ({"os_hash_algo": None, "os_hash_value": None}, RAW, {}),
        ({"min_ram": 512, "tags": frozenset("a"), "properties": {"x": "1"}}, SAME, {}),
        ({"min_ram": 512}, SAME, {"min_ram": 512}),
        ({"visibility": "public", "hidden": True, "properties": PUBLISHED}, SAME, {}),
        ({"status": "deactivated"}, SAME, {}),
        ({"protected": True}, SAME, {"protected": True}),
        ({}, SAME, {"disk_format": "raw", "container_format": "bare"}),
        ({}, SAME, {"properties": {"gone": None}}),
        ({"owner": "p-a"}, SAME, {"owner": "p-a"}),
    ],
)
def test_what_is_right_needs_nothing(found, facts, wanted):
    plan = plan_for((image(**found),), facts, **wanted)
    assert plan.actions == ()
    assert plan.before == plan.after
    assert plan.image == image(**found)


@pytest.mark.parametrize(
    ("wanted", "patch"),
    [
        ({"min_ram": 512}, {("replace", "min_ram"): 512}),
        ({"min_disk": 1}, {("replace", "min_disk"): 1}),
        ({"min_ram": 0, "min_disk": 5}, {("replace", "min_disk"): 5}),
        ({"tags": frozenset("a")}, {("replace", "tags"): ["a", TAG]}),
        ({"tags": frozenset()}, {("replace", "tags"): [TAG]}),
        ({"properties": {"old": "2"}}, {("replace", "old"): "2"}),
        ({"properties": {"old": None, "new": "1"}}, {("remove", "old"): None, ("add", "new"): "1"}),
        ({"protected": True}, {("replace", "protected"): True}),
        ({"checksum": SHA256}, {("add", SOURCE_CHECKSUM): str(SHA256)}),
    ],
)
def test_metadata_of_a_staged_image(wanted, patch):
    found = image(tags=frozenset("z"), properties={"old": "1"})
    plan = plan_for((found,), SAME, **wanted)
    assert targets(plan) == [("update", "id-1")]
    assert patch_of(plan) == patch
    assert plan.before != plan.after
    assert set(plan.before) | set(plan.after) <= {"min_ram", "min_disk", "tags", "properties", "protected"}


@pytest.mark.parametrize("published", [{"visibility": "public"}, {"properties": PUBLISHED}], ids=["now", "once"])
@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"min_ram": 512}, r"min_ram 512 \(was 0\)"),
        ({"tags": frozenset("a")}, rf"tags \[a, {TAG}\] \(was \[\]\)"),
        ({"properties": {"x": "1"}}, "x 1"),
        ({"properties": {TEMPLATE: None}}, f"remove {TEMPLATE}"),
    ],
)
def test_metadata_of_a_published_image_is_frozen(published, wanted, words):
    with pytest.raises(PlanError, match=rf"metadata never changes: {words} would\. .*{NAME[:-1]}1\.") as error:
        plan_for((image(**published),), SAME, **wanted)
    assert error.value.details == {"next_version": "ubuntu-24.04-base-v1.1"}


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"protected": True}, "protected"),
        ({"checksum": SHA256}, SOURCE_CHECKSUM),
        ({"tags": frozenset("z")}, "tags"),
    ],
)
def test_guards_and_marks_of_a_published_image_may_change(wanted, path):
    plan = plan_for((image(visibility="public", tags=frozenset("z")),), SAME, **wanted)
    assert [operation.path for operation in plan.actions[0].patch] == [path]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, ""),
        ({"min_ram": 512}, "min_ram 512 (was 0)"),
        ({"min_ram": 512, "properties": {"os_distro": None, "x": "1"}}, "min_ram 512 (was 0), remove os_distro, x 1"),
        ({"protected": True, "checksum": SHA256, "tags": frozenset()}, ""),
        ({"tags": frozenset("a")}, f"tags [a, {TAG}] (was [])"),
    ],
)
def test_what_a_published_image_does_not_take_over(wanted, words):
    assert metadata_drift(template(**wanted), image(visibility="public", properties={"os_distro": "x"})) == words


@pytest.mark.parametrize("option", ["disk_format", "container_format"])
def test_formats_never_change(option):
    with pytest.raises(PlanError, match=f"has {option} .*, which never changes, and ami is wanted") as error:
        plan_for((image(),), SAME, **{option: "ami"})
    assert error.value.details == {"next_version": "ubuntu-24.04-base-v1.1"}


# Other content

DIFFERENT = [
    pytest.param({}, ALTERED, {}, id="hash"),
    pytest.param({}, LONGER, {}, id="size"),
    pytest.param({}, QCOW2, {"checksum": OTHER512}, id="declared"),
    pytest.param({"properties": RECORDED}, QCOW2, {"checksum": OTHER256}, id="recorded"),
]


@pytest.mark.parametrize(("found", "facts", "wanted"), DIFFERENT)
@pytest.mark.parametrize("published", [{"visibility": "community"}, {"properties": PUBLISHED}], ids=["now", "once"])
@pytest.mark.parametrize("replace", [False, True])
def test_published_content_never_changes(found, facts, wanted, published, replace):
    properties = {**found.get("properties", {}), **published.get("properties", {})}
    current = image(**{**found, **published, "properties": properties})
    with pytest.raises(PlanError, match="is published, and published content never changes: the cloud has") as error:
        plan_for((current,), facts, replace=replace, **wanted)
    assert error.value.details == {"next_version": "ubuntu-24.04-base-v1.1"}


@pytest.mark.parametrize(("found", "facts", "wanted"), DIFFERENT)
def test_staged_content_changes_only_if_told(found, facts, wanted):
    with pytest.raises(PlanError, match="is staged with other content: .* Set replace: true") as error:
        plan_for((image(**found),), facts, **wanted)
    assert error.value.details == {"next_version": "ubuntu-24.04-base-v1.1"}


@pytest.mark.parametrize(("found", "facts", "wanted"), DIFFERENT)
def test_replacement(found, facts, wanted):
    plan = plan_for((image(**found),), facts, replace=True, **wanted)
    assert targets(plan) == [("create", ""), ("delete", "id-1")]
    assert plan.actions[0].body[REPLACES] == "id-1"
    assert (plan.before["id"], plan.after["id"]) == ("id-1", "(new image)")


def test_a_protected_image_is_not_replaced():
    with pytest.raises(PlanError, match="is protected and is not replaced"):
        plan_for((image(protected=True),), LONGER, replace=True)


@pytest.mark.parametrize(
    ("found", "facts", "wanted", "expected"),
    [
        ({}, ALTERED, {}, f"the cloud has sha512:{digest('sha512')}, and /images/base.raw is sha512:"),
        ({}, LONGER, {}, "the cloud has 4 bytes, and /images/base.raw has 5"),
        ({}, QCOW2, {"checksum": OTHER512}, f"the cloud has {SHA512}, and {OTHER512} is declared"),
        (
            {"properties": RECORDED},
            QCOW2,
            {"checksum": OTHER256},
            f"the cloud has {SHA256}, and {OTHER256} is declared",
        ),
        (
            {"properties": RECORDED},
            QCOW2,
            {"checksum": OTHER512},
            f"the cloud has {SHA512}, and {OTHER512} is declared",
        ),
    ],
)
def test_the_difference_is_told(found, facts, wanted, expected):
    with pytest.raises(PlanError) as error:
        plan_for((image(**found),), facts, **wanted)
    assert expected in error.value.message


# What interrupted runs left behind

HALF = image(id="half", status="saving", size=None)
NEWER = image(id="newer", properties={REPLACES: "id-1"})
FOREIGN = image(id="foreign", status="importing", properties={TEMPLATE: None})


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ((HALF,), [("delete", "half"), ("create", "")]),
        ((image(), HALF), [("delete", "half")]),
        ((image(), NEWER), [("delete", "id-1")]),
        ((image(), NEWER, HALF), [("delete", "id-1"), ("delete", "half")]),
        ((image(), image(id="half", status="queued", properties={REPLACES: "id-1"})), [("delete", "half")]),
    ],
    ids=["half", "half-beside", "replaced", "both", "half-replacement"],
)
def test_leftovers_are_removed_first(found, steps):
    plan = plan_for(found, SAME)
    assert targets(plan) == steps
    assert plan.changed


@pytest.mark.parametrize("changes", [{"protected": True}, {"visibility": "public"}, {"properties": PUBLISHED}])
def test_a_replaced_image_that_was_protected_or_published_meanwhile_is_never_deleted(changes):
    with pytest.raises(PlanError, match="2 images are named"):
        plan_for((image(**changes), NEWER), SAME)


def test_leftovers_are_removed_before_a_replacement():
    plan = plan_for((HALF, image()), LONGER, replace=True)
    assert targets(plan) == [("delete", "half"), ("create", ""), ("delete", "id-1")]


def test_reasons_tell_leftovers_apart():
    reasons = [action.reason for action in plan_for((image(), NEWER, HALF), SAME).actions]
    assert reasons == [
        f"delete {NAME} (id-1): its replacement is complete",
        f"delete {NAME} (half): an interrupted upload left it saving",
    ]


@pytest.mark.parametrize("beside", [(), (image(),)], ids=["alone", "beside"])
def test_an_upload_on_its_way_is_left_alone(beside):
    running = dataclasses.replace(HALF, upload="running", updated_at="2026-02-01T12:00:00Z")
    with pytest.raises(BusyError, match=r"\(half\) is being uploaded by another run \(last sign of life 2026-02-01T12"):
        plan_for((running, *beside), SAME)
    with pytest.raises(BusyError, match="is being uploaded by another run"):
        absence(running, *beside)
    assert plan_cleanup(ImageName.parse(NAME), (running, *beside)).actions == ()


def test_what_may_be_on_its_way_is_taken_over_once_that_is_certain():
    doubtful = dataclasses.replace(HALF, upload="unknown", updated_at="2026-02-01T12:00:00Z")
    for plan in (plan_for((doubtful,), SAME), absence(doubtful)):
        assert plan.actions[0] == TakeOver(NAME, plan.actions[0].reason, "half", "2026-02-01T12:00:00Z")
        assert plan.actions[0].reason.endswith("it is saving, and no run gives a sign any more that it is uploading it")
    assert targets(plan_for((doubtful,), SAME)) == [("delete", "half"), ("create", "")]
    assert plan_cleanup(ImageName.parse(NAME), (doubtful,)).actions == ()


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (lambda: plan_for((HALF,), SAME), [("staged", True)]),
        (lambda: plan_for((image(), NEWER), SAME), [("staged", False)]),
        (lambda: plan_for((image(),), LONGER, replace=True), [("staged", False)]),
        (lambda: absence(image(status="deactivated")), [("retired", False)]),
        (lambda: absence(image(visibility="public"), force=True), [("published", False)]),
    ],
    ids=["half", "replaced", "replacement", "retired", "forced"],
)
def test_a_deletion_says_what_it_was_planned_for(plan, expected):
    deletions = [action for action in plan().actions if isinstance(action, DeleteImage)]
    assert [(deletion.stage, deletion.is_unfinished) for deletion in deletions] == expected


def test_an_upload_of_somebody_else_is_left_alone():
    with pytest.raises(PlanError, match="is importing and was not made by this collection"):
        plan_for((FOREIGN,), SAME)


def test_duplicates_are_never_picked_from():
    with pytest.raises(PlanError, match="2 images are named"):
        plan_for((image(), image(id="twin")), SAME)


@pytest.mark.parametrize("found", [(image(), NEWER, HALF), (HALF, image(), NEWER), (NEWER, HALF, image())])
def test_the_order_of_the_images_does_not_matter(found):
    assert set(targets(plan_for(found, SAME))) == {("delete", "id-1"), ("delete", "half")}
    assert plan_for(found, SAME).image == NEWER


# What has to be read first


@pytest.mark.parametrize(
    ("found", "wanted", "first", "need"),
    [
        ({}, {"source": None}, False, SourceNeed()),
        (None, {"source": None}, False, SourceNeed()),
        (None, {}, False, SourceNeed(True, unpack=True)),
        (None, {}, True, SourceNeed(True, unpack=True)),
        (None, {"checksum": SHA256}, False, SourceNeed(True, unpack=True)),
        (None, {"checksum": SHA256}, True, SourceNeed(True, frozenset({"sha256"}), unpack=True)),
        (None, {"checksum": SHA256, "source": WEB}, True, SourceNeed(True, unpack=True)),
        ({}, {}, False, SourceNeed(True, frozenset({"sha512"}), 4)),
        ({"os_hash_algo": None}, {}, False, SourceNeed(True, frozenset(), 4)),
        ({}, {"source": WEB}, False, SourceNeed()),
        ({}, {"checksum": SHA512}, False, SourceNeed()),
        ({}, {"checksum": SHA256}, False, SourceNeed(True, frozenset({"sha256", "sha512"}), 4)),
        ({}, {"checksum": SHA256, "source": WEB}, False, SourceNeed(True, frozenset({"sha256", "sha512"}), 4)),
        ({"properties": RECORDED}, {"checksum": SHA256}, False, SourceNeed()),
        ({"properties": RECORDED}, {"checksum": SHA256, "source": WEB}, False, SourceNeed()),
        ({"properties": RECORDED}, {"checksum": OTHER256}, False, SourceNeed()),
        ({}, {"checksum": OTHER512}, False, SourceNeed()),
        ({}, {"checksum": OTHER512, "replace": True}, False, SourceNeed(True, unpack=True)),
        ({}, {"checksum": SHA512, "replace": True}, False, SourceNeed()),
    ],
)
def test_as_little_is_read_as_can_be(found, wanted, first, need):
    images = () if found is None else (image(**found),)
    assert source_need(template(**wanted), images, verify_first=first) == need


def test_a_replacement_that_is_only_checked_is_verified_too():
    need = source_need(template(checksum=OTHER512, replace=True), (image(),), verify_first=True)
    assert need == SourceNeed(True, frozenset({"sha512"}), unpack=True)


# Absence


def absence(*found, force=False):
    return plan_absence(ImageName.parse(NAME), found, force=force)


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ((), []),
        ((image(),), [("delete", "id-1")]),
        ((HALF,), [("delete", "half")]),
        ((HALF, image()), [("delete", "half"), ("delete", "id-1")]),
        ((image(), NEWER), [("delete", "id-1"), ("delete", "newer")]),
        ((image(status="deactivated"),), [("delete", "id-1")]),
        ((image(visibility="public", hidden=True),), [("delete", "id-1")]),
        ((image(visibility="public", properties={"deprecated": "true"}),), [("delete", "id-1")]),
        ((FOREIGN,), [("delete", "foreign")]),
    ],
    ids=["gone", "staged", "half", "both", "replaced", "retired", "hidden", "deprecated", "foreign"],
)
def test_absence(found, steps):
    plan = absence(*found)
    assert targets(plan) == steps
    assert plan.after == {}
    assert plan.image is None


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("changes", [{}, {"visibility": "public"}, {"status": "deactivated"}])
def test_a_protected_image_is_never_deleted(force, changes):
    with pytest.raises(PlanError, match="is protected and is not deleted"):
        absence(image(protected=True, **changes), force=force)


@pytest.mark.parametrize("visibility", ["shared", "community", "public"])
def test_an_image_on_offer_is_deleted_only_by_force(visibility):
    with pytest.raises(PlanError, match=rf"is published \({visibility}\).*set force: true"):
        absence(image(visibility=visibility))
    assert targets(absence(image(visibility=visibility), force=True)) == [("delete", "id-1")]


def test_force_does_not_pick_from_duplicates():
    with pytest.raises(PlanError, match="2 images are named"):
        absence(image(), image(id="twin"), force=True)


def test_the_diff_of_an_absence_shows_what_goes():
    assert absence(image(properties={"x": "1"})).before == {
        "container_format": "bare",
        "disk_format": "raw",
        "min_disk": 0,
        "min_ram": 0,
        "name": NAME,
        "properties": {**OURS, "x": "1"},
        "tags": [],
        "visibility": "private",
    }


# Marks


def test_an_image_of_somebody_else_is_adopted():
    foreign = image(tags=frozenset("a"), properties={TEMPLATE: None, VERSION: None})
    plan = plan_adoption(ImageName.parse(NAME), foreign)
    assert plan.actions[0].reason == f"update {NAME}: adopt it as a part of the catalogue"
    assert patch_of(plan) == {
        ("replace", "tags"): ["a", TAG],
        ("add", TEMPLATE): OURS[TEMPLATE],
        ("add", VERSION): OURS[VERSION],
    }
    assert plan.image.is_ours
    assert plan_adoption(ImageName.parse(NAME), plan.image) == Plan(image=plan.image)


def test_an_image_of_ours_without_the_tag_gets_it():
    plan = plan_adoption(ImageName.parse(NAME), image())
    assert plan.actions[0].reason == f"update {NAME}: mark it as a part of the catalogue"
    assert (plan.before, plan.after) == ({"properties": OURS, "tags": []}, {"properties": OURS, "tags": [TAG]})


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ((), []),
        ((image(),), []),
        ((HALF,), [("delete", "half")]),
        ((HALF, image()), [("delete", "half")]),
        ((FOREIGN,), []),
    ],
    ids=["nothing", "whole", "half", "half-beside", "foreign"],
)
def test_a_clean_up_takes_leftovers_alone(found, steps):
    assert targets(plan_cleanup(ImageName.parse(NAME), found)) == steps


def test_every_kind_of_wish_leaves_the_visibility_alone():
    wishes = {"min_ram": 1, "protected": True, "tags": frozenset("a"), "properties": {"x": "1"}, "checksum": SHA256}
    for some in itertools.chain.from_iterable(itertools.combinations(wishes, count) for count in range(6)):
        plan = plan_for((image(),), SAME, **{key: wishes[key] for key in some})
        touched = {operation.path for action in plan.actions for operation in action.patch}
        assert len(touched) == len(some)
        assert not touched & {"visibility", "os_hidden", VERSION, TEMPLATE}
