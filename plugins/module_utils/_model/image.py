# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""An image as the Image service reports it. Source: https://docs.openstack.org/api-ref/image/v2/#show-image"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName

Visibility = t.Literal["private", "shared", "community", "public"]
VISIBILITIES: t.Final[tuple[Visibility, ...]] = ("private", "shared", "community", "public")
Stage = t.Literal["staged", "published", "deprecated", "hidden", "retired"]
# What is known of an upload that has not ended: a run is at it, one may be, or none is.
UploadState = t.Literal["running", "unknown", "abandoned"]

# The stages of what somebody should use no more.
SUPERSEDED: t.Final = ("deprecated", "hidden", "retired")
UNFINISHED: t.Final = frozenset({"queued", "saving", "uploading", "importing"})

# The tag that all images of this collection carry, so that one listing finds them.
TAG = "xloud.image"
# The Image service verifies what it stores by this property.
SIGNATURE = "img_signature"
# Properties of our own. The first two mark an image as made by this collection.
TEMPLATE = "xloud_image_template"
VERSION = "xloud_image_version"
SOURCE_CHECKSUM = "xloud_image_source_checksum"
REPLACES = "xloud_image_replaces"
FROZEN = "xloud_image_frozen_for_export"
STAGED_SINCE = "xloud_image_staged_since"

PUBLISHED_SINCE = "published_since"
DEPRECATED = "deprecated"
DEPRECATED_SINCE = "deprecated_since"
DEPRECATED_REASON = "deprecated_reason"
REPLACED_BY = "replaced_by"
RETIRED_SINCE = "retired_since"
REVOKED_SINCE = "revoked_since"
RETIRE_ON = "retire_on"
DELETE_ON = "delete_on"
LIFECYCLE: t.Final = (
    PUBLISHED_SINCE,
    DEPRECATED,
    DEPRECATED_SINCE,
    DEPRECATED_REASON,
    REPLACED_BY,
    RETIRED_SINCE,
    REVOKED_SINCE,
    RETIRE_ON,
    DELETE_ON,
)

# All that the collection writes onto images by itself.
RECORDED: t.Final = (TEMPLATE, VERSION, SOURCE_CHECKSUM, STAGED_SINCE, *LIFECYCLE, REPLACES, FROZEN)

# What the schema of the Image service knows; every other key of an image is a custom property.
BASE_ATTRIBUTES: t.Final = frozenset(
    [
        "id",
        "name",
        "status",
        "visibility",
        "os_hidden",
        "protected",
        "owner",
        "tags",
        "disk_format",
        "container_format",
        "min_disk",
        "min_ram",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "file",
        "schema",
        "self",
        "stores",
        "direct_url",
        "locations",
    ]
)


@dataclasses.dataclass(frozen=True)
class Image:
    """
    One image.

    Sizes are bytes, C(min_disk) is GiB and C(min_ram) is MiB; what the service has not set is None.
    C(upload) is the state of the upload of an image of ours that has no data yet, as whoever read the image could tell.
    """

    id: str
    name: str
    status: str
    visibility: str = "private"
    hidden: bool = False
    protected: bool = False
    owner: str | None = None
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    tags: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    upload: UploadState = "abandoned"

    @classmethod
    def from_api(cls, body: t.Mapping[str, t.Any]) -> Image:
        """Return the image that a JSON body of the Image API describes."""
        return cls(
            id=body["id"],
            name=body.get("name") or "",
            status=body["status"],
            visibility=body["visibility"],
            hidden=bool(body.get("os_hidden")),
            protected=bool(body.get("protected")),
            owner=body.get("owner"),
            disk_format=body.get("disk_format"),
            container_format=body.get("container_format"),
            min_disk=body.get("min_disk") or 0,
            min_ram=body.get("min_ram") or 0,
            size=body.get("size"),
            virtual_size=body.get("virtual_size"),
            checksum=body.get("checksum"),
            os_hash_algo=body.get("os_hash_algo"),
            os_hash_value=body.get("os_hash_value"),
            created_at=body.get("created_at"),
            updated_at=body.get("updated_at"),
            tags=frozenset(body.get("tags") or ()),
            stores=frozenset(filter(None, (body.get("stores") or "").split(","))),
            properties={key: value for key, value in body.items() if is_custom_property(key) and value is not None},
        )

    def attributes(self) -> dict[str, t.Any]:
        """Return the document that a JSON Patch of this image is applied to, as far as it may be changed."""
        return {
            **self.properties,
            "name": self.name,
            "visibility": self.visibility,
            "os_hidden": self.hidden,
            "protected": self.protected,
            "owner": self.owner,
            "disk_format": self.disk_format,
            "container_format": self.container_format,
            "min_disk": self.min_disk,
            "min_ram": self.min_ram,
            "tags": sorted(self.tags),
        }

    def as_result(self) -> dict[str, t.Any]:
        """Return the image as modules return it: plain, sorted, with its stage."""
        result = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "upload"}
        result.update(
            id=self.id or None,
            tags=sorted(self.tags),
            stores=sorted(self.stores),
            properties=dict(sorted(self.properties.items())),
            stage=self.stage,
        )
        return result

    @property
    def is_ours(self) -> bool:
        """Whether this collection made the image."""
        return TEMPLATE in self.properties and VERSION in self.properties

    @functools.cached_property
    def version_name(self) -> ImageName | None:
        """The version of a template that the image is, where its name and its marks say the same."""
        try:
            name = ImageName.parse(self.name)
        except InputError:
            return None
        marks = (self.properties.get(TEMPLATE), self.properties.get(VERSION))
        return name if marks == (name.template, str(name.version)) else None

    @property
    def is_unfinished(self) -> bool:
        """Whether the image has no data yet: an upload is on its way, or was left behind."""
        return self.status in UNFINISHED

    @property
    def is_being_made(self) -> bool:
        """Whether a run of this collection is uploading the image, or may be."""
        return self.is_unfinished and self.is_ours and self.upload != "abandoned"

    @property
    def was_published(self) -> bool:
        """Whether the image is offered, or ever was: then it may run somewhere, and is immutable."""
        return self.visibility != "private" or PUBLISHED_SINCE in self.properties

    @property
    def is_deprecated(self) -> bool:
        """Whether the image is marked as superseded."""
        return self.properties.get(DEPRECATED) == "true"

    @property
    def is_revoked(self) -> bool:
        """Whether the image was taken out of use because nobody may use it any more."""
        return REVOKED_SINCE in self.properties

    @property
    def stage(self) -> Stage:
        """Where the image is in its life."""
        if self.status == "deactivated" and self.visibility == "private":
            return "retired"
        if self.hidden:
            return "hidden"
        if self.is_deprecated:
            return "deprecated"
        return "staged" if self.visibility == "private" else "published"


def is_custom_property(key: str) -> bool:
    """Say whether a key of an image's body is a custom property, which users set and backups keep."""
    return key not in BASE_ATTRIBUTES and not key.startswith("os_glance_")
