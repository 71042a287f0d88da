# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_template) is asked for."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import BASE_ATTRIBUTES, LIFECYCLE
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signer, Signing
from ansible_collections.xloud.image.plugins.module_utils._model.source import CloudSource, Source

GIB: t.Final = 1024**3


@dataclasses.dataclass(frozen=True)
class Template:
    """
    One version of a template as it should be in the cloud.

    None means "not asked for": what the cloud has is left alone. A property whose value is None is to be removed.
    C(min_disk) is GiB, C(min_ram) is MiB. C(staged_since) is the day to record on an image that is created.
    C(stores) are those that the image is to be in, and with C(stores_exact) in no others. C(signature) is how the image
    is to be signed, and C(signer) what does so, once it is known that something is to be signed. C(max_virtual_size) is
    what a new image may have at most, in bytes.
    """

    name: ImageName
    source: Source | CloudSource | None = None
    checksum: Checksum | None = None
    import_method: str = "auto"
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int | None = None
    min_ram: int | None = None
    protected: bool | None = None
    owner: str | None = None
    tags: frozenset[str] | None = None
    properties: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    replace: bool = False
    stores: tuple[str, ...] | None = None
    stores_exact: bool = False
    staged_since: str | None = None
    signature: Signing | None = None
    signer: Signer | None = None
    max_virtual_size: int | None = None

    @property
    def keep(self) -> bool:
        """Whether compressed data stays as it is: what another image has, or a container made for it."""
        return isinstance(self.source, CloudSource) or self.container_format == "compressed"


def check_properties(given: t.Mapping[str, t.Any], option: str = "properties") -> dict[str, str | None]:
    """
    Return custom properties as the Image service keeps them: strings, and None for one to be removed.

    :raises InputError: A name belongs to the service or to the lifecycle, or a value is no plain text.
    """
    return {key: _property_value(f"{option}.{key}", key, value) for key, value in given.items()}


def _property_value(option: str, key: str, value: t.Any) -> str | None:
    if key in BASE_ATTRIBUTES or key.startswith("os_glance_"):
        raise InputError(option, "is an attribute of the image itself and no property. Use the option made for it.")
    if key in LIFECYCLE or key.startswith("xloud_image_"):
        raise InputError(option, "is kept by this collection. Use xloud.image.image_visibility to change the stage.")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        raise InputError(option, f'{value} is a number, and numbers lose their zeros. Put it in quotes: "{value}".')
    raise InputError(option, "must be text.")


def minimum_disk(virtual_size: int) -> int:
    """Return the GiB of disk that a virtual size of so many bytes needs."""
    return math.ceil(virtual_size / GIB)
