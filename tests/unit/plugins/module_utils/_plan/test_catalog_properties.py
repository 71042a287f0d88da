# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a catalogue says and whatever a cloud has: what holds of every plan, and of every run."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.image import DELETE_ON, RETIRED_SINCE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    DeactivateImage,
    DeleteImage,
    ReactivateImage,
    RemoveMember,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan
from ansible_collections.xloud.image.plugins.module_utils._plan.result import as_changes, failures
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, Curator, ago, lived, marks, name
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeCompute

TEMPLATES = ("debian-13-base", "rocky-9-nginx")
NUMBERS = ("1.0", "1.1", "1.2", "1.10")
UNLIMITED = 1000
DAYS = st.sampled_from([ago(400), ago(1), TODAY, "2099-01-01"])
MAYBE_DAY = st.none() | DAYS


@st.composite
def versions(draw):
    keys = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "stage": st.sampled_from(["staged", "published", "published", "deprecated", "hidden", "retired"]),
                "revoked": st.booleans(),
                "retire_on": DAYS,
                "delete_on": DAYS,
                "protected": st.booleans(),
                "reason": st.just("why"),
            },
        )
    )
    if keys.get("revoked") and keys.get("stage") == "published":
        del keys["stage"]
    return keys


@st.composite
def templates(draw):
    numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True))
    plain = {number: {"source": f"{number}.raw"} for number in numbers}
    found = {number: {**plain[number], **(draw(versions()) if draw(st.booleans()) else {})} for number in numbers}
    counts = sorted(draw(st.lists(st.integers(1, 4), min_size=3, max_size=3)))
    keys = draw(st.sets(st.sampled_from(["visible", "available", "stored"])))
    retention = {
        key: count for key, count in zip(("visible", "available", "stored"), counts, strict=True) if key in keys
    }
    offered = [
        number
        for number, version in found.items()
        if not version.get("revoked") and version.get("stage", "published") == "published"
    ]
    pin = {"current": draw(st.sampled_from(offered))} if offered and draw(st.booleans()) else {}
    gate = {"promotion": {"required_properties": {"os_distro": None}}} if draw(st.integers(0, 3)) == 0 else {}
    shared = draw(st.sampled_from([{}, {"members": ["p-a"]}, {"members": ["p-a"], "members_exact": True}]))
    visibility = "shared" if shared else draw(st.sampled_from(["shared", "community", "public"]))
    min_age = draw(st.sampled_from([0, 0, 50]))
    while_used = draw(st.sampled_from([{}, {"while_used": "keep"}, {"while_used": "retire"}]))
    return {
        "visibility": visibility,
        **shared,
        **pin,
        **gate,
        "retention": {**retention, **while_used, "min_age": min_age},
        "versions": found,
    }


DOCUMENTS = st.dictionaries(st.sampled_from(TEMPLATES), templates(), min_size=1)
STAGES = ["staged", "published", "deprecated", "hidden", "retired", "revoked"]


@st.composite
def images(draw):
    """An image as it stands in a cloud: ours in any stage, half uploaded, or made by hand."""
    template, number = draw(st.sampled_from(TEMPLATES)), draw(st.sampled_from(NUMBERS))
    state = {
        **lived(draw(st.sampled_from(STAGES)), draw(st.sampled_from([0, 1, 100]))),
        "protected": draw(st.integers(0, 4)) == 0,
        "data": content(number) if draw(st.integers(0, 5)) else b"other",
    }
    if state.get("visibility") == "community" and draw(st.booleans()):
        state |= {"visibility": "shared", "members": {"p-a": "accepted", "p-b": "pending"}}
    if draw(st.integers(0, 5)) == 0:
        state = {"data": None, "status": draw(st.sampled_from(["queued", "saving"]))}
    if draw(st.integers(0, 3)) == 0:
        state[DELETE_ON] = ago(3)
    ours = {} if draw(st.integers(0, 5)) == 0 else marks(number, template)
    return {"name": name(number, template), **ours, **state, "used": draw(st.integers(0, 2)) == 0}


CLOUDS = st.lists(images(), max_size=6, unique_by=lambda image: image["name"])


def content(number: str) -> bytes:
    return f"content of {number}".encode()


@pytest.fixture(scope="module")
def sources() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory:
        for number in NUMBERS:
            Path(directory, f"{number}.raw").write_bytes(content(number))
        yield directory


def curator_of(cloud: list, sources: str) -> Curator:
    compute = FakeCompute()
    fake = FakeCloud(launching={"compute": compute})
    for image in cloud:
        image_id = fake.glance.add(**{key: value for key, value in image.items() if key != "used"})
        if image["used"]:
            compute.add(image_id, "p-a", f"server-of-{image_id}")
    return Curator(fake, sources)


def world(curator: Curator) -> dict[str, Image]:
    return {body["id"]: Image.from_api(body) for body in curator.cloud.glance.images.values()}


many = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@many
@given(document=DOCUMENTS, cloud=CLOUDS, purge=st.booleans())
def test_once_it_is_done_nothing_is_left_to_do(sources, document, cloud, purge):
    curator = curator_of(cloud, sources)
    asked = curator.wanted(document, purge=purge, max_removals=UNLIMITED)
    first = curator.plan(asked)
    outcomes = curator.apply(first)
    assert [failure for failure in failures(first, outcomes) if failure not in failures(first, {})] == []
    again = curator.plan(asked)
    assert as_changes(again) == []
    assert failures(again, {}) == failures(first, {})
    event(f"{len(first.actions)} actions")


@many
@given(document=DOCUMENTS, cloud=CLOUDS, limit=st.integers(0, 2), purge=st.booleans())
def test_what_a_run_must_never_do(sources, document, cloud, limit, purge):
    curator = curator_of(cloud, sources)
    before = world(curator)
    plan = curator.plan(curator.wanted(document, purge=purge, max_removals=limit))
    taken_away = []
    for version in plan.versions:
        listed = document.get(version.template, {}).get("versions", {}).get(version.version)
        protected = (listed or {}).get("protected", version.found.protected if version.found else False)
        for action in version.actions:
            if isinstance(action, DeleteImage) and action.image_id == (version.found and version.found.id):
                image = before[action.image_id]
                if image.was_published:
                    assert image.stage == "retired"
                    assert image.properties.get(RETIRED_SINCE, TODAY) < TODAY
                    assert not protected
                    taken_away.append(version.name)
            if isinstance(action, DeactivateImage) and not (listed or {}).get("revoked"):
                taken_away.append(version.name)
            if isinstance(action, RemoveMember):
                assert document[version.template]["members_exact"]
            if isinstance(action, ReactivateImage):
                assert not (listed or {}).get("revoked")
                assert version.found.stage != "retired" or (
                    (listed or {}).get("stage") == "published"
                    or (listed or {}).get("revoked") is False
                    or document[version.template].get("current") == version.version
                )
        if version.stage in ("staged", "retired", "absent") and version.steps and version.image:
            assert version.image.visibility == "private"
    assert len(taken_away) <= limit
    for finding in plan.findings:
        assert finding.message


@many
@given(document=DOCUMENTS, cloud=CLOUDS.filter(bool), limit=st.integers(1, 9), stored=st.integers(1, 2))
def test_nothing_is_taken_from_those_who_use_it(sources, document, cloud, limit, stored):
    for template in document.values():
        # As much as may be is to be taken away, and little of it may.
        template["retention"] |= {"visible": 1, "available": 1, "stored": stored, "min_age": 0}
    curator = curator_of([{**image, "used": position != 1} for position, image in enumerate(cloud)], sources)
    used = {server["image"]["id"] for server in curator.cloud.launching["compute"].found}
    plan = curator.plan(curator.wanted(document, purge=True, max_removals=limit))
    for version in plan.versions:
        if version.found is None or version.found.id not in used or not version.found.was_published:
            continue
        template = document.get(version.template, {"retention": {}, "versions": {}})
        is_revoked = template["versions"].get(version.version, {}).get("revoked") or version.found.is_revoked
        is_told = template["retention"].get("while_used") == "retire"
        for action in version.actions:
            assert not (isinstance(action, DeleteImage) and action.image_id == version.found.id)
            assert not isinstance(action, DeactivateImage) or is_revoked or is_told
        event(f"in use: from {version.found.stage} to {version.stage}")


def findable(images: dict[str, Image], template: str) -> set[str]:
    return {
        image.name
        for image in images.values()
        if image.name.startswith(f"{template}-v")
        and image.visibility != "private"
        and image.status == "active"
        and not image.hidden
    }


@many
@given(document=DOCUMENTS, cloud=CLOUDS, seed=st.integers(0, 5))
def test_consumers_always_find_a_version_and_are_sent_to_none_that_is_not_there(sources, document, cloud, seed):
    curator = curator_of(cloud, sources)
    curator.workers = 1
    plan = curator.plan(curator.wanted(document, max_removals=UNLIMITED))
    shuffled = shuffled_steps(plan, seed)
    for version in plan.versions:
        event(f"to {version.stage}")
    ends_with = {version.template for version in plan.versions if version.stage == "published" and not version.error}
    begins_with = {template for template in TEMPLATES if findable(world(curator), template)}
    for step in shuffled.steps:
        curator.apply(dataclasses.replace(plan, versions=only(plan, step)))
        now = world(curator)
        for template in begins_with & ends_with - revoking(document):
            assert findable(now, template), f"nothing of {template} after {step.key}"
        for action in step.plan.actions:
            if isinstance(action, UpdateImage):
                for operation in action.patch:
                    if operation.path == "replaced_by" and operation.op != "remove":
                        assert any(
                            image.name == operation.value and image.visibility != "private" and image.status == "active"
                            for image in now.values()
                        )


def revoking(document: dict) -> set[str]:
    return {
        name
        for name, template in document.items()
        for version in template["versions"].values()
        if version.get("revoked")
    }


def only(plan: CatalogPlan, wanted) -> tuple:
    return tuple(
        dataclasses.replace(version, steps=tuple(step for step in version.steps if step.key == wanted.key))
        for version in plan.versions
        if any(step.key == wanted.key for step in version.steps)
    )


def shuffled_steps(plan: CatalogPlan, seed: int):
    """The steps of a plan in some order that their needs allow, as workers side by side might take them."""
    steps, done, order = list(plan.steps), set(), []
    known = {step.key for step in steps}
    random.Random(seed).shuffle(steps)
    while steps:
        ready = next(step for step in steps if done >= known & set(step.needs))
        steps.remove(ready)
        done.add(ready.key)
        order.append(ready)
    return dataclasses.make_dataclass("Order", ["steps"])(order)


@many
@given(document=DOCUMENTS, cloud=CLOUDS, seed=st.integers(0, 5))
def test_the_order_of_what_is_given_makes_no_difference(sources, document, cloud, seed):
    chance = random.Random(seed)
    mixed = {
        key: {**document[key], "versions": shuffled(chance, document[key]["versions"])}
        for key in chance.sample(list(document), len(document))
    }
    numbered = [{**image, "id": f"{position:08}-0000-0000-0000-000000000000"} for position, image in enumerate(cloud)]
    curators = [curator_of(each, sources) for each in (numbered, chance.sample(numbered, len(numbered)))]
    plans = [
        curator.plan(curator.wanted(given, max_removals=1))
        for curator, given in zip(curators, (document, mixed), strict=True)
    ]
    first, second = (json.dumps([as_changes(plan), failures(plan, {})]) for plan in plans)
    assert first == second


def shuffled(chance: random.Random, found: dict) -> dict:
    return {key: found[key] for key in chance.sample(list(found), len(found))}


@many
@given(document=DOCUMENTS, cloud=CLOUDS)
def test_a_plan_foretells_what_comes_of_it(sources, document, cloud):
    curator = curator_of(cloud, sources)
    plan = curator.plan(curator.wanted(document, max_removals=UNLIMITED))
    outcomes = curator.apply(plan)
    for version in plan.versions:
        foretold = version.image
        came = next((outcomes[step.key].image for step in version.steps[::-1] if step.key in outcomes), version.found)
        if foretold is None or came is None:
            assert (foretold is None) == (came is None)
            continue
        unknown = {"id", "status", "created_at", "updated_at", "checksum", "os_hash_algo", "os_hash_value", "owner"}
        for field in {each.name for each in dataclasses.fields(Image)} - unknown:
            assert getattr(came, field) == getattr(foretold, field), field
        assert came.stage == foretold.stage
