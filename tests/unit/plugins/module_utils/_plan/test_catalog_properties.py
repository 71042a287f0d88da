# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a catalogue says and whatever a cloud has: what holds of every plan, and at every moment of every run."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    REPLACED_BY,
    RETIRED_SINCE,
    TAG,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan import result
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, Curator, ago, lived, marks, name
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud, refusal
from ansible_collections.xloud.image.tests.unit.fakes.samples import checksum

TEMPLATES = ("debian-13-base", "rocky-9-nginx")
NUMBERS = ("1.0", "1.1", "1.2", "1.10")
STAGES = ("staged", "published", "deprecated", "hidden", "retired", "revoked")
UNLIMITED = 1000
EXAMPLES = int(__import__("os").environ.get("EX", "60"))
STRANGER = {"name": "mine", "visibility": "shared", "members": {"p-b": "accepted"}}

# Documents and clouds


def content(number: str) -> bytes:
    return f"content of {number}".encode()


def seldom(strategy: st.SearchStrategy, odds: int = 4) -> st.SearchStrategy:
    """A strategy that gives something once in a few times, and None else."""
    return st.integers(1, odds).flatmap(lambda number: strategy if number == 1 else st.none())


def given_keys(**keys: st.SearchStrategy) -> st.SearchStrategy:
    """Dictionaries of those keys that are not None."""
    return st.fixed_dictionaries(keys).map(
        lambda found: {key: value for key, value in found.items() if value is not None}
    )


DAY = st.sampled_from([ago(400), ago(1), TODAY, ago(-1), "2099-01-01"])
COUNTS = st.lists(st.integers(1, 4), min_size=3, max_size=3).map(sorted)


@st.composite
def described_versions(draw: st.DrawFn) -> dict[str, Any]:
    numbers = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True))
    keys = given_keys(
        stage=seldom(st.sampled_from(["staged", "published", "deprecated", "hidden", "retired"])),
        revoked=seldom(st.booleans()),
        retire_on=seldom(DAY, 8),
        delete_on=seldom(DAY, 8),
        protected=seldom(st.booleans()),
        min_ram=seldom(st.sampled_from([0, 512]), 8),
        checksum=seldom(st.sampled_from(["sha256", "sha512", "wrong"])),
    )
    found = {}
    for number in numbers:
        version = draw(keys)
        if version.get("revoked") and version.get("stage") == "published":
            del version["stage"]
        if "checksum" in version:
            algorithm, data = (version["checksum"], content(number))
            version["checksum"] = str(
                checksum("sha512", b"wrong") if algorithm == "wrong" else checksum(algorithm, data)
            )
        found[number] = {"source": f"{number}.raw", **version}
    return found


@st.composite
def described_templates(draw: st.DrawFn) -> dict[str, Any]:
    versions = draw(described_versions())
    counts = dict(zip(("visible", "available", "stored"), draw(COUNTS), strict=True))
    retention = {key: counts[key] for key in draw(st.sets(st.sampled_from(sorted(counts))))}
    eligible = [
        number
        for number, version in versions.items()
        if not version.get("revoked") and version.get("stage", "published") == "published"
    ]
    return {
        "visibility": draw(st.sampled_from(["shared", "shared", "community", "public"])),
        **draw(
            given_keys(
                min_ram=seldom(st.sampled_from([0, 512])),
                properties=seldom(st.just({"os_distro": "ubuntu"}), 2),
                protected=seldom(st.booleans(), 6),
                current=seldom(st.sampled_from(eligible), 3) if eligible else st.none(),
                promotion=seldom(
                    given_keys(
                        required_properties=seldom(st.just({"os_distro": None}), 2),
                        soak=seldom(st.just(1), 2),
                        checksum=seldom(st.booleans(), 2),
                    )
                ),
            )
        ),
        "retention": {**retention, "min_age": draw(st.sampled_from([0, 0, 1, 50]))},
        "versions": versions,
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    document = draw(st.dictionaries(st.sampled_from(TEMPLATES), described_templates(), min_size=1))
    for template in document.values():
        if template["visibility"] == "shared":
            template["members"] = draw(st.sampled_from([[], ["team-a"], ["team-a", "team-b"]]))
            template["members_exact"] = draw(st.booleans())
    return document


@st.composite
def found_images(draw: st.DrawFn) -> dict[str, Any]:
    """What the Image service has of one version: ours in any stage, half uploaded, half retired, or made by hand."""
    template, number = draw(st.sampled_from(TEMPLATES)), draw(st.sampled_from(NUMBERS))
    kind = draw(st.sampled_from(["ours"] * 6 + ["untagged", "by hand", "half", "half by hand", "half retired"]))
    stages = ["staged"] if kind in ("half", "half by hand") else STAGES
    stage = draw(st.sampled_from(stages))
    body = {
        "data": draw(st.sampled_from([content(number)] * (2 if stage == "staged" else 6) + [b"other"])),
        **lived(stage, draw(st.sampled_from([0, 1, 100])), draw(st.sampled_from([None, 120]))),
        **given_keys_of(draw),
    }
    if body.get("visibility") == "community":
        body["visibility"] = draw(st.sampled_from(["shared", "community", "public"]))
        body["members"] = {"p-a": "accepted", "p-b": "pending"}
    if kind in ("half", "half by hand"):
        body |= {"data": None, "status": draw(st.sampled_from(["queued", "saving", "importing"]))}
    if kind == "half retired":
        since = ago(draw(st.sampled_from([0, 3])))
        body |= {"visibility": "private", "os_hidden": True, "status": "active", RETIRED_SINCE: since}
    owned = {} if kind.endswith("by hand") else marks(number, template)
    return {"name": name(number, template), **body, **owned, **({"tags": []} if kind == "untagged" else {})}


def given_keys_of(draw: st.DrawFn) -> dict[str, Any]:
    return draw(
        given_keys(
            protected=seldom(st.booleans()),
            min_ram=seldom(st.sampled_from([0, 512])),
            os_distro=seldom(st.just("debian")),
            **{REPLACED_BY: seldom(st.just(name("1.1", TEMPLATES[0])))},
        )
    )


# One name seldom stands twice: an upload that was interrupted, two runs at a time.
CLOUDS = st.lists(found_images(), max_size=6).map(
    lambda found: [{**image, "id": f"id-{number}"} for number, image in enumerate(found)]
)


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    """What a run is asked for, and what happens in it."""
    return {
        "document": draw(documents()),
        "later": draw(st.sampled_from([0, 1, 60])),
        "purge": draw(st.booleans()),
        "max_removals": draw(st.sampled_from([UNLIMITED, UNLIMITED, 0, 1, 2])),
        "seed": draw(st.integers(0, 9)),
        "trouble": draw(st.sampled_from(["none", "none", "refused", "killed"])),
        "at": draw(st.integers(0, 6)),
    }


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("sources")
    for number in NUMBERS:
        (folder / f"{number}.raw").write_bytes(content(number))
    return str(folder)


# What is watched


class Killed(BaseException):
    """The process is no more."""


@dataclasses.dataclass
class WatchedCloud(FakeCloud):
    """
    A cloud that looks at itself before and after every change.

    :param trouble: What becomes of the request that is as many changes away as C(at) says.
    """

    watch: Any = None
    trouble: str = "none"
    at: int = 0

    def state(self) -> dict[str, Image]:
        return {key: Image.from_api(body) for key, body in self.glance.images.items()}

    def send(self, request: Any, **options: Any) -> Any:
        if request.method == "GET" or self.watch is None:
            return super().send(request, **options)
        self.at -= 1
        if self.trouble == "killed" and self.at < 0:
            raise Killed
        if self.trouble == "refused" and self.at == 0:
            return refusal(request, 500, "Not today.")
        before = self.state()
        response = super().send(request, **options)
        self.watch.look(request.method, request.path_url.partition("/v2")[2], before, self.state())
        return response


def is_usable(image: Image | None) -> bool:
    return image is not None and image.visibility != "private" and image.status == "active"


def is_taken_away(image: Image) -> bool:
    return image.stage == "retired" or (image.visibility == "private" and RETIRED_SINCE in image.properties)


def findable(images: Mapping[str, Image], template: str) -> bool:
    """Say whether consumers find a version of a template in their lists."""
    return any(
        is_usable(image) and not image.hidden for image in images.values() if image.name.startswith(f"{template}-v")
    )


@dataclasses.dataclass
class Watch:
    """Holds every change of a run to what a run must never do."""

    cloud: WatchedCloud
    asked: WatchedCatalog
    plan: CatalogPlan
    start: dict[str, Image]
    done: collections.Counter[str]

    @property
    def document(self) -> Mapping[str, Any]:
        return self.asked.document

    def version(self, image: Image) -> dict[str, Any] | None:
        """What the document says of an image, None if nothing."""
        template, _dash, number = image.name.rpartition("-v")
        return self.document.get(template, {}).get("versions", {}).get(number)

    def template(self, image: Image) -> dict[str, Any]:
        return self.document.get(image.name.rpartition("-v")[0], {})

    def look(self, method: str, path: str, before: dict[str, Image], after: dict[str, Image]) -> None:
        image_id = path.split("/")[2] if path.count("/") > 1 else None
        if method == "DELETE" and "/members/" in path:
            self.check_share_that_ends(before[image_id])
        elif method == "DELETE" and image_id in before and image_id not in after:
            self.check_deletion(before[image_id])
        elif image_id in after and image_id in before:
            self.check_offer(before[image_id], after[image_id])
            self.check_replacement(before[image_id], after)
        self.check_that_consumers_find_a_version(after)

    def check_share_that_ends(self, image: Image) -> None:
        self.done["unshared"] += 1
        started = self.start.get(image.id)
        assert self.template(image)["members_exact"] or started is None or started.visibility != "shared"

    def check_deletion(self, image: Image) -> None:
        if image.is_unfinished or image.id not in self.start:
            self.done["cleaned up"] += 1
            assert image.is_ours
        elif not is_taken_away(image) and not image.was_published:
            self.done["replaced"] += 1
            assert image.is_ours
            assert not image.protected
        else:
            self.done["deleted"] += 1
            assert image.stage == "retired"
            assert image.properties[RETIRED_SINCE] < self.asked.today
            said = {**self.template(image), **(self.version(image) or {})}
            assert not said.get("protected", self.start[image.id].protected)
            assert not image.protected
            assert image.is_ours or self.cloud.glance.data[image.id] == content(image.name.rpartition("-v")[2])

    def check_offer(self, before: Image, after: Image) -> None:
        if not is_usable(after) or is_usable(before):
            return
        self.done["offered"] += 1
        version, template = self.version(after), self.template(after)
        if version is None:
            raise AssertionError("what left the document is never offered again")
        assert self.cloud.glance.data[after.id] == content(after.name.rpartition("-v")[2])
        assert not version.get("revoked")
        assert not before.is_revoked or version.get("revoked") is False
        assert version.get("stage") != "retired"
        for key in ("retire_on", "delete_on"):
            assert version.get(key, "9") > self.asked.today
        if not before.was_published:
            gates = template.get("promotion", {})
            assert version.get("stage") != "staged"
            assert not gates.get("required_properties") or "os_distro" in after.properties
            assert not gates.get("checksum") or "checksum" in version
            assert not gates.get("soak") or before.id in self.start

    def check_replacement(self, before: Image, now: dict[str, Image]) -> None:
        named = now[before.id].properties.get(REPLACED_BY)
        if named and named != before.properties.get(REPLACED_BY):
            self.done["superseded"] += 1
            assert any(image.name == named and is_usable(image) for image in now.values())

    def check_that_consumers_find_a_version(self, now: dict[str, Image]) -> None:
        for template in TEMPLATES:
            was = [image for image in self.start.values() if findable({image.id: image}, template)]
            if not was or any((self.version(image) or {}).get("revoked") or image.is_revoked for image in was):
                continue
            if any(version.stage == "published" for version in self.plan.versions if version.template == template):
                assert findable(now, template), f"nothing of {template} is to be found"

    def end(self, now: dict[str, Image]) -> None:
        """Look at what came of the run as a whole."""
        gone = [image for key, image in self.start.items() if key not in now and is_taken_away(image)]
        retired = [
            image
            for key, image in self.start.items()
            if key in now and is_taken_away(now[key]) and not is_taken_away(image) and not now[key].is_revoked
        ]
        self.done["retired"] += len(retired)
        assert len(gone) + len(retired) <= self.asked.max_removals
        for key, image in self.start.items():
            if not image.is_ours and (self.version(image) is None or self.cloud.glance.data.get(key) == b"other"):
                assert now[key] == image, "it is none of our business"


@dataclasses.dataclass(frozen=True)
class WatchedCatalog:
    """What a run is asked for, with its document."""

    document: Mapping[str, Any]
    wanted: WantedCatalog

    @property
    def today(self) -> str:
        return self.wanted.today

    @property
    def max_removals(self) -> int:
        return self.wanted.max_removals


# Runs


def shuffled(seed: int, found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: found[key] for key in random.Random(seed).sample(list(found), len(found))}


def built(images: list[dict[str, Any]]) -> WatchedCloud:
    cloud = WatchedCloud()
    for image in (*images, {**STRANGER, "id": "id-stranger"}):
        cloud.glance.add(**image)
    return cloud


def attempt(curator: Curator, plan: CatalogPlan, seed: int) -> dict[str, Any] | None:
    """Take the steps of a plan in some order that their needs allow; None if the process did not live to tell."""
    steps = random.Random(seed).sample(plan.steps, len(plan.steps))
    try:
        return run_steps(Applier(curator.cloud.session(roles=("admin",))), steps, 1)
    except Killed:
        return None


def told(plan: CatalogPlan) -> str:
    return json.dumps(
        [result.as_changes(plan), result.failures(plan, {}), [each.as_result() for each in plan.findings]]
    )


def play(curator: Curator, day: str, run: dict[str, Any], done: collections.Counter[str]) -> None:
    cloud = curator.cloud
    options = {key: run[key] for key in ("purge", "max_removals")}
    asked = curator.wanted(run["document"], day, **options)
    checked = curator.plan(dataclasses.replace(asked, verify_first=True))
    plan = curator.plan(asked)
    if result.failures(checked, {}) == result.failures(plan, {}):
        assert told(checked) == told(plan)
    done.update(action.verb for action in plan.actions)
    done.update(kind for finding in plan.findings for kind in [finding.kind])
    cloud.watch = Watch(cloud, WatchedCatalog(run["document"], asked), plan, cloud.state(), done)
    cloud.trouble, cloud.at = run["trouble"], run["at"]
    outcomes = attempt(curator, plan, run["seed"])
    cloud.trouble = "none"
    cloud.watch.end(cloud.state())
    all_is_done = outcomes is not None and not any(outcome.error for outcome in outcomes.values())
    if all_is_done and not result.failures(plan, {}):
        assert_that_what_was_foretold_has_come(plan, outcomes)
        assert_that_each_template_is_in_order(plan, cloud.state())
    assert_that_it_comes_to_rest(curator, asked, at_once=all_is_done and asked.max_removals == UNLIMITED)
    cloud.watch = None


def assert_that_what_was_foretold_has_come(plan: CatalogPlan, outcomes: dict[str, Any]) -> None:
    if plan.changed:
        without_id = [[{**row, "id": None} for row in result.rows(plan, each)] for each in ({}, outcomes)]
        assert without_id[0] == without_id[1]
        assert result.summary(plan, {}) == result.summary(plan, outcomes)


def assert_that_each_template_is_in_order(plan: CatalogPlan, now: dict[str, Image]) -> None:
    for _template, versions in itertools.groupby(plan.versions, lambda version: version.template):
        there = [
            (version, image)
            for version in versions
            for image in now.values()
            if image.name == version.name and TAG in image.tags
        ]
        current = [image for version, image in there if version.stage == "published"]
        assert len(current) <= 1
        for version, image in there:
            assert image.stage == ("retired" if version.stage == "deleted" else version.stage) or (
                # A gate holds what was retired before it was ever published.
                version.stage == "staged" and image.visibility == "private"
            )
            if current and is_usable(image) and image != current[0]:
                assert image.properties[REPLACED_BY] == current[0].name
        assert not [image for image in current if REPLACED_BY in image.properties or image.hidden]


def assert_that_it_comes_to_rest(curator: Curator, asked: WantedCatalog, *, at_once: bool) -> None:
    """After what was left over is done as well, nothing is left to do but what fails again and again."""
    plan = curator.plan(asked)
    assert not (at_once and plan.changed), told(plan)
    while plan.changed:
        outcomes = run_steps(Applier(curator.cloud.session(roles=("admin",))), plan.steps, 1)
        before, plan = told(plan), curator.plan(asked)
        if told(plan) == before:
            assert any(outcome.error for outcome in outcomes.values()), before
            return


def test_every_moment_of_every_run(sources):
    done: collections.Counter[str] = collections.Counter()

    @settings(max_examples=EXAMPLES, report_multiple_bugs=False, derandomize="HUNT" not in __import__("os").environ)
    @given(CLOUDS, st.lists(runs(), min_size=1, max_size=3))
    def story(cloud, story):
        curator, days = Curator(built(cloud), sources, workers=1), 0
        for run in story:
            days += run["later"]
            play(curator, ago(-days), run, done)
        stranger = curator.cloud.state()["id-stranger"]
        assert (stranger.visibility, curator.cloud.glance.members["id-stranger"]) == ("shared", {"p-b": "accepted"})

    story()
    verbs = {"create", "update", "delete", "deactivate", "reactivate", "add_member", "remove_member", "forget_members"}
    moments = {"offered", "superseded", "retired", "deleted", "replaced", "cleaned up", "unshared"}
    kinds = {"gate", "pin", "published", "protected", "max_removals", "frozen", "unlisted"}
    assert (verbs | moments | kinds) - set(done) == set()
