# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A year of a template, played with the clock of image_catalog: its stages as the cloud and its consumers see them."""

from __future__ import annotations

import hashlib
import random

import pytest
from conftest import IDLE, Cloud

# What stages look like in the cloud: the visibility, whether it is hidden, and the status.
LOOKS = {
    "staged": ("private", False, "active"),
    "published": ("shared", False, "active"),
    "deprecated": ("shared", False, "active"),
    "hidden": ("shared", True, "active"),
    "retired": ("private", True, "deactivated"),
}
LIFECYCLE = (
    "published_since",
    "deprecated_since",
    "deprecated_reason",
    "replaced_by",
    "retired_since",
    "revoked_since",
    "retire_on",
    "delete_on",
)


class Story:
    """One template, from day to day; a project owns it whose images no other test makes, since purge concerns all."""

    def __init__(self, name, curator, owner, consumer):
        self.name = name
        self.curator = curator
        self._owner = owner
        self._consumer = consumer
        self._ids = {}
        self.document = {"visibility": "shared", "members": [consumer.project_id], "members_exact": True}
        self.versions = self.document["versions"] = {}

    def release(self, version, **settings):
        self.versions[version] = {"source": f"{version}.raw", **settings}

    def image_name(self, version):
        return f"{self.name}-v{version}"

    def image(self, version):
        return self._images()[version]

    def lifecycle(self, version):
        """Return what the image of a version records of its life."""
        image = self.image(version)
        return {key: image[key] for key in LIFECYCLE if key in image}

    def run(self, day, **args):
        return self.curator.run(as_of=day, catalog={self.name: self.document}, **args)

    def play(self, day, outcome, *, changes=True, **args):
        """Play a day, and hold it to end with all versions in these stages, such as C(1.1 published, 1.0 hidden)."""
        stages = dict(pair.split() for pair in outcome.split(", "))
        shared = [stage for stage in stages.values() if LOOKS[stage][0] == "shared"]
        result = self.curator.settle(IDLE + len(shared), as_of=day, catalog={self.name: self.document}, **args)
        assert result["changed"] == changes
        self._check_cloud(stages)
        self._check_consumer(stages)
        self._check_result(result, stages)
        return result

    def stay(self, day, outcome, **args):
        """Play a day on which nothing is to be done."""
        return self.play(day, outcome, changes=False, **args)

    def _check_cloud(self, stages):
        images = self._images()
        looks = {key: (each["visibility"], each["os_hidden"], each["status"]) for key, each in images.items()}
        assert looks == {version: LOOKS[stage] for version, stage in stages.items()}
        for version, image in images.items():
            assert self._ids.setdefault(version, image["id"]) == image["id"]
            assert ("deprecated" in image) == ("deprecated_since" in image) == (not is_sound(stages[version]))

    def _check_consumer(self, stages):
        listing = self._consumer.image.get("/images?visibility=all&member_status=all&limit=1000").json()["images"]
        found = {each["name"]: each for each in listing if each["name"].startswith(f"{self.name}-v")}
        listed = [version for version, stage in stages.items() if stage in ("published", "deprecated")]
        current = [self.image_name(version) for version, stage in stages.items() if stage == "published"]
        assert sorted(found) == sorted(map(self.image_name, listed))
        assert [name for name, each in found.items() if "deprecated" not in each] == current
        for version, stage in stages.items():
            status = self._consumer.image.get(f"/images/{self._ids[version]}/file").status_code
            assert status == (200 if LOOKS[stage][0] == "shared" else 404)
            if LOOKS[stage][0] == "shared":
                assert self.image(version).get("replaced_by") in (None, *current)

    def _check_result(self, result, stages):
        rows = [(row["version"], row["stage"], row["id"]) for row in result["versions"] if row["stage"] != "absent"]
        assert rows == [(version, stage, self._ids[version]) for version, stage in stages.items()]
        current = [version for version, stage in stages.items() if stage == "published"]
        assert [each["version"] for each in result["current"].values()] == current

    def _images(self):
        return {each["xloud_image_version"]: each for each in self._owner.find(f"{self.name}-v")}


def is_sound(stage):
    return stage in ("staged", "published")


def findings(result):
    return [(finding["kind"], finding["message"]) for finding in result["findings"]]


@pytest.fixture(scope="module")
def owner():
    return Cloud("sandbox-team-b")


@pytest.fixture(scope="module")
def consumer():
    return Cloud("sandbox-team-a")


@pytest.fixture
def story(name, tmp_path, curator, owner, consumer):
    contents = {f"1.{minor}.raw": random.Random(minor).randbytes(4096) for minor in range(8)}
    for file, content in contents.items():
        (tmp_path / file).write_bytes(content)
    sums = (f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in contents.items())
    (tmp_path / "SHA256SUMS").write_text("".join(sums))
    curator = curator(cloud="sandbox-team-b", source_directory=str(tmp_path))
    return Story(name.removesuffix("-v1.0"), curator, owner, consumer)


def test_a_year(story):
    story.document["retention"] = {"visible": 2, "available": 3, "stored": 4, "min_age": "30d"}

    # Releases: those before the current one are deprecated, hidden, and retired.
    story.release("1.0")
    story.play("2026-01-10", "1.0 published")
    story.release("1.1")
    story.play("2026-02-10", "1.1 published, 1.0 deprecated")
    story.release("1.2")
    story.play("2026-03-10", "1.2 published, 1.1 deprecated, 1.0 hidden")
    assert story.lifecycle("1.0") == {
        "published_since": "2026-01-10",
        "deprecated_since": "2026-02-10",
        "replaced_by": story.image_name("1.2"),
    }
    story.release("1.3")
    story.play("2026-04-10", "1.3 published, 1.2 deprecated, 1.1 hidden, 1.0 retired")
    assert story.lifecycle("1.0") == {
        "published_since": "2026-01-10",
        "deprecated_since": "2026-02-10",
        "replaced_by": story.image_name("1.3"),
        "retired_since": "2026-04-10",
    }

    # More than are stored: the oldest is deleted, and does not come back.
    story.release("1.4")
    story.play("2026-04-20", "1.4 published, 1.3 deprecated, 1.2 hidden, 1.1 retired")

    # A release that comes soon: 1.2 is beyond what is available, and was replaced fifteen days ago.
    story.release("1.5")
    story.play("2026-04-25", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 hidden")
    story.stay("2026-05-09", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 hidden")
    story.play("2026-05-10", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 retired")

    # A rollback, and forward again.
    story.document["current"] = "1.3"
    story.play("2026-05-12", "1.3 published, 1.5 deprecated, 1.4 hidden, 1.2 retired")
    assert story.lifecycle("1.3") == {"published_since": "2026-04-10"}
    del story.document["current"]
    story.play("2026-05-14", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 retired")
    assert story.lifecycle("1.3")["deprecated_since"] == "2026-05-14"
    assert story.lifecycle("1.4")["deprecated_since"] == "2026-04-25"

    # Announced dates.
    story.release("1.4", retire_on="2026-07-01", delete_on="2026-07-15", reason="its kernel is out of support")
    story.play("2026-06-01", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 retired")
    assert story.lifecycle("1.4") == {
        "published_since": "2026-04-20",
        "deprecated_since": "2026-04-25",
        "deprecated_reason": "its kernel is out of support",
        "replaced_by": story.image_name("1.5"),
        "retire_on": "2026-07-01",
        "delete_on": "2026-07-15",
    }
    story.stay("2026-06-30", "1.5 published, 1.4 deprecated, 1.3 hidden, 1.2 retired")
    story.play("2026-07-01", "1.5 published, 1.4 retired, 1.3 deprecated, 1.2 retired")
    story.stay("2026-07-14", "1.5 published, 1.4 retired, 1.3 deprecated, 1.2 retired")
    story.play("2026-07-15", "1.5 published, 1.3 deprecated, 1.2 retired")

    # A version waits at its gates.
    story.document["promotion"] = {
        "soak": "7d",
        "checksum": True,
        "required_properties": {"os_distro": ["debian", "ubuntu"], "hw_disk_bus": None},
    }
    story.release("1.6", properties={"os_distro": "plan9"})
    waiting = story.play("2026-08-01", "1.5 published, 1.6 staged, 1.3 deprecated, 1.2 retired")
    assert findings(waiting) == [
        (
            "gate",
            "it stays staged: hw_disk_bus is missing, os_distro (debian or ubuntu) is 'plan9', a checksum is missing, "
            "it has been staged for 0 of 7 days",
        )
    ]
    assert waiting["summary"]["held"] == 1

    # The current version is revoked meanwhile, and the one before it is current again.
    story.release("1.5", revoked=True, reason="CVE-2026-0001")
    story.play("2026-08-03", "1.3 published, 1.6 staged, 1.5 retired, 1.2 retired")
    assert story.lifecycle("1.5") == {
        "published_since": "2026-04-25",
        "deprecated_since": "2026-08-03",
        "deprecated_reason": "CVE-2026-0001",
        "replaced_by": story.image_name("1.3"),
        "retired_since": "2026-08-03",
        "revoked_since": "2026-08-03",
    }

    # The version that waited passes its gates.
    story.release("1.6", properties={"os_distro": "debian", "hw_disk_bus": "virtio"}, checksum="SHA256SUMS")
    soaking = story.play("2026-08-07", "1.3 published, 1.6 staged, 1.5 retired, 1.2 retired")
    assert findings(soaking) == [("gate", "it stays staged: it has been staged for 6 of 7 days")]
    promoted = story.play("2026-08-08", "1.6 published, 1.5 retired, 1.3 deprecated, 1.2 retired")
    assert promoted["findings"] == []
    assert story.image("1.6")["hw_disk_bus"] == "virtio"

    # A version leaves the document: it is reported, and with purge taken out of use in order.
    del story.versions["1.3"]
    left = story.run("2026-09-01")
    assert (left["changed"], findings(left)[0][0]) == (False, "unlisted")
    story.stay("2026-09-01", "1.6 published, 1.5 retired, 1.3 deprecated, 1.2 retired", purge=True)
    story.play("2026-09-07", "1.6 published, 1.5 retired, 1.3 retired, 1.2 retired", purge=True)

    # The last release of the year.
    story.release("1.7", properties={"os_distro": "debian", "hw_disk_bus": "virtio"}, checksum="SHA256SUMS")
    story.play("2026-12-01", "1.6 published, 1.7 staged, 1.5 retired, 1.3 retired, 1.2 retired", purge=True)
    story.play("2026-12-08", "1.7 published, 1.6 deprecated, 1.5 retired, 1.3 retired", purge=True)
    story.stay("2026-12-31", "1.7 published, 1.6 deprecated, 1.5 retired, 1.3 retired", purge=True)


def test_end_of_a_template(story):
    story.release("1.0")
    story.play("2026-05-01", "1.0 published")
    story.document.update(retire_on="2026-06-01", delete_on="2026-06-10")
    story.play("2026-05-02", "1.0 published")
    story.play("2026-06-01", "1.0 retired")
    story.stay("2026-06-09", "1.0 retired")

    deleted = story.curator.settle(IDLE, as_of="2026-06-10", catalog={story.name: story.document})

    assert deleted["summary"]["actions"] == {"delete": 1}
    assert deleted["current"] == {}


def test_rollback_to_a_retired_version(story):
    story.document["retention"] = {"available": 1}
    story.release("1.0")
    story.play("2026-02-01", "1.0 published")
    story.release("1.1")
    story.play("2026-03-01", "1.1 published, 1.0 retired")

    # What is newer than the pin is not retired, so that without the pin it is the current one again.
    story.document["current"] = "1.0"
    story.play("2026-03-02", "1.0 published, 1.1 deprecated")
    assert story.lifecycle("1.0") == {"published_since": "2026-02-01"}

    del story.document["current"]
    story.play("2026-03-03", "1.1 published, 1.0 retired")


def test_revocation_is_not_forgotten(story):
    story.release("1.0")
    story.play("2026-02-01", "1.0 published")
    story.release("1.1")
    story.play("2026-03-01", "1.1 published, 1.0 deprecated")
    story.release("1.1", revoked=True, reason="CVE-2026-0001")
    story.play("2026-03-03", "1.0 published, 1.1 retired")

    story.release("1.1")
    story.stay("2026-03-04", "1.0 published, 1.1 retired")
    story.release("1.1", revoked=False)
    story.play("2026-03-05", "1.1 published, 1.0 deprecated")

    assert story.lifecycle("1.1") == {"published_since": "2026-03-01"}


def test_purge_of_the_current_version(story):
    story.document["retention"] = {"stored": 1, "min_age": "10d"}
    story.release("1.0")
    story.play("2026-02-01", "1.0 published")
    story.release("1.1")
    story.play("2026-02-02", "1.1 published, 1.0 hidden")

    del story.versions["1.1"]
    story.play("2026-02-03", "1.0 published, 1.1 hidden", purge=True)
    story.stay("2026-02-12", "1.0 published, 1.1 hidden", purge=True)
    story.play("2026-02-13", "1.0 published, 1.1 retired", purge=True)
    story.play("2026-02-14", "1.0 published", purge=True)


def test_no_more_than_max_removals_in_a_run(story):
    for minor in range(5):
        story.release(f"1.{minor}")
    story.play("2026-02-01", "1.4 published, 1.3 deprecated, 1.2 deprecated, 1.1 deprecated, 1.0 deprecated")
    story.document["retention"] = {"available": 1, "min_age": "1d"}

    for limit, outcome in enumerate(
        [
            "1.4 published, 1.3 hidden, 1.2 hidden, 1.1 hidden, 1.0 hidden",
            "1.4 published, 1.3 hidden, 1.2 hidden, 1.1 hidden, 1.0 retired",
        ]
    ):
        held = story.run("2026-03-01", max_removals=limit)
        assert [kind for kind, _message in findings(held)] == ["max_removals"] * (4 - limit)
        assert not held["failed"]
        assert {row["version"]: row["stage"] for row in held["versions"]} == dict(
            pair.split() for pair in outcome.split(", ")
        )
    story.play("2026-03-01", "1.4 published, 1.3 retired, 1.2 retired, 1.1 retired, 1.0 retired")


def test_what_another_module_retired_stays_so(story, run_here):
    story.release("1.0")
    story.play("2026-02-01", "1.0 published")
    story.release("1.1")
    story.play("2026-03-01", "1.1 published, 1.0 deprecated")
    retirement = {"visibility": "private", "hidden": True, "active": False, "allow_lockout": True}
    run_here("image_visibility", "sandbox-team-b", image=story.image_name("1.0"), **retirement)

    story.stay("2026-03-02", "1.1 published, 1.0 retired")
    story.release("1.0", stage="published")
    story.play("2026-03-03", "1.1 published, 1.0 deprecated")
