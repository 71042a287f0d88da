# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked after a fault, of the cloud itself and past everything that the collection says."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from soak.life import OFFERED, Template, Version

FROZEN = "xloud_image_frozen_for_export"
UNFINISHED = ("queued", "saving", "uploading", "importing")
# What can be wrong, in the order of the columns of the report.
WRONGS = {
    "diverged": "The next run does not bring the cloud to what the document says, or the one after it has to",
    "lost": "An image that was there, and should be, is not, or nobody can use it any more",
    "doubled": "Two images of one name",
    "half": "A record without data, or a temporary file or a lock, stays behind",
    "frozen": "An image stays deactivated though its stage is another",
    "overshared": "Somebody may see an image who may neither before nor by the document",
    "unverified": "Bytes are on offer that are not those of the source",
    "untrue": "A task says ok, and the cloud is not as the document says",
    "crashed": "A task ends with a traceback, or does not end",
    "told": "A secret is in what a task prints",
}
Images = dict[str, list[dict[str, Any]]]
Wrong = tuple[str, str]


class Sight(Protocol):
    """A look at the images of a cloud, past the modules."""

    def find(self, prefix: str) -> list[dict[str, Any]]:
        """The images whose names begin with a text."""

    def members_of(self, image: dict[str, Any]) -> set[str]:
        """The projects that share an image."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The images of a catalogue by their names, and the members of the shared ones by their ids."""

    images: Images
    members: dict[str, set[str]]

    @classmethod
    def take(cls, cloud: Sight, prefix: str) -> Snapshot:
        images: Images = defaultdict(list)
        for image in _settled(cloud, prefix):
            # Of a deletion in the middle of which it was killed, Glance leaves a record that nobody can delete.
            if image["status"] != "deleted":
                images[image["name"]].append(image)
        shared = [each for found in images.values() for each in found if each["visibility"] == "shared"]
        return cls(dict(images), {each["id"]: cloud.members_of(each) for each in shared})

    def finished(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.images.get(name, []) if each["status"] not in UNFINISHED]

    def of(self, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        return (each for name in names for each in self.finished(name))


def _settled(cloud: Sight, prefix: str) -> list[dict[str, Any]]:
    """
    Return the images as two looks in a row find them.

    The service lists hidden images apart. What a killed run had sent may be done between the two lists, and an image be
    in neither.
    """
    found: list[dict[str, Any]] = []
    while (seen := cloud.find(prefix)) != found:
        found = seen
    return found


def expected_look(template: Template, version: Version) -> dict[str, Any]:
    """Return what the image of a version should look like."""
    offered = version.stage in OFFERED
    return {
        "visibility": template.visibility if offered else "private",
        "os_hidden": version.stage in ("hidden", "retired"),
        "status": "deactivated" if version.stage == "retired" else "active",
        "os_hash_value": version.digest,
        "size": version.size,
        "protected": version.protected,
        "deprecated": "true" if version.deprecated_since else None,
        **version.properties,
    }


def differences(templates: Iterable[Template], seen: Snapshot) -> Iterator[Wrong]:
    """Give how the cloud is not as the document says, once a run said that it is."""
    wanted = {
        template.image_name(version): (template, version)
        for template in templates
        for version in template.versions
        if version.stage
    }
    for name in seen.images.keys() - wanted.keys():
        kind = "half" if not seen.finished(name) else "diverged"
        yield kind, f"{name} is there and should not be: {_look(seen.images[name][0])}"
    for name, (template, version) in wanted.items():
        yield from _compared(name, template, version, seen)


def _compared(name: str, template: Template, version: Version, seen: Snapshot) -> Iterator[Wrong]:
    finished = seen.finished(name)
    for image in seen.images.get(name, []):
        if image not in finished:
            yield "half", f"{name} ({image['id']}) is {image['status']}"
    if len(finished) != 1:
        yield ("doubled" if finished else "diverged"), f"there are {len(finished)} images {name}"
        return
    (image,) = finished
    for key, value in expected_look(template, version).items():
        if image.get(key) != value:
            kind = "frozen" if (key, image.get(key)) == ("status", "deactivated") else "diverged"
            yield kind, f"{key} of {name} is {image.get(key)!r} and not {value!r}"
    found = seen.members.get(image["id"], set())
    if found != version.members:
        kind = "overshared" if found - version.members else "diverged"
        yield kind, f"members of {name} are {sorted(found)} and not {sorted(version.members)}"
    if FROZEN in image:
        yield "frozen", f"{name} is still marked as frozen for an export"
    if not {*(version.stores or ())} <= {*image["stores"].split(",")}:
        yield "diverged", f"{name} is in {image['stores']} and not in {version.stores}"
    if version.stage in ("deprecated", "hidden") and image.get("replaced_by") not in (None, version.replaced_by):
        yield "diverged", f"{name} is replaced by {image['replaced_by']} and not by {version.replaced_by}"


def dangers(templates: Iterable[Template], before: Snapshot, after: Snapshot) -> Iterator[Wrong]:
    """
    Give what must not be at any time, not even in the middle of a run that failed.

    :param templates: As they should be in the end.
    """
    for template in templates:
        for version in template.versions:
            name = template.image_name(version)
            yield from _losses(name, version, before, after)
            for image in after.images.get(name, []):
                yield from _exposures(image, template, version, before, after)
        yield from _vacancy(template, before, after)


def _losses(name: str, version: Version, before: Snapshot, after: Snapshot) -> Iterator[Wrong]:
    there = {each["id"]: each for each in after.images.get(name, [])}
    for image in before.finished(name):
        if version.stage is None or image["os_hash_value"] != version.digest:
            continue
        found = there.get(image["id"])
        if found is None:
            yield "lost", f"{name} ({image['id']}) is gone"
        elif found["os_hash_value"] != image["os_hash_value"]:
            yield "lost", f"{name} ({image['id']}) has other data"
        elif version.stage in OFFERED and image["visibility"] != "private" and found["visibility"] == "private":
            yield "lost", f"{name} ({image['id']}) is taken away from those who use it"
    is_offered = [each for each in there.values() if each["visibility"] != "private" and not each["os_hidden"]]
    if len(is_offered) > 1:
        yield "doubled", f"{len(is_offered)} images {name} are on offer"


def _exposures(
    image: dict[str, Any], template: Template, version: Version, before: Snapshot, after: Snapshot
) -> Iterator[Wrong]:
    earlier = next((each for each in before.images.get(image["name"], []) if each["id"] == image["id"]), None)
    allowed = {"private", earlier["visibility"] if earlier else "private"}
    if version.stage in OFFERED:
        allowed.add(template.visibility)
    if image["visibility"] not in allowed:
        yield "overshared", f"{image['name']} is {image['visibility']}"
    if image["visibility"] == "shared":
        # One that is to be retired is shared as the document says for as long as what replaces it has not arrived.
        named = version.members | template.members
        strangers = after.members[image["id"]] - named - before.members.get(image["id"], set())
        if strangers:
            yield "overshared", f"{image['name']} is shared with {sorted(strangers)}"
    if image["visibility"] != "private" and image["os_hash_value"] != version.digest:
        yield "unverified", f"{image['name']} is on offer with {image['os_hash_value']}"


def _vacancy(template: Template, before: Snapshot, after: Snapshot) -> Iterator[Wrong]:
    """Give a template that consumers could find a current version of, and cannot any more."""
    names = [template.image_name(each) for each in template.versions]
    if any(each.stage == "published" for each in template.versions):
        had, has = (any(_is_current(each) for each in seen.of(names)) for seen in (before, after))
        # What is revoked goes at once, and what takes its place may come later.
        if had and not has and not any(each.is_revoked for each in template.versions):
            yield "lost", f"{template.name} has no current version"


def _is_current(image: dict[str, Any]) -> bool:
    # An export may be asked to freeze an image meanwhile; if it is killed, the next one gives the image back.
    is_usable = image["status"] == "active" or FROZEN in image
    return is_usable and image["visibility"] != "private" and not image["os_hidden"] and "deprecated" not in image


def _look(image: dict[str, Any]) -> str:
    return ", ".join(f"{key} {image[key]}" for key in ("id", "status", "visibility", "os_hidden"))
