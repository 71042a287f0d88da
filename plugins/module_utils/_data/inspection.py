# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What image data is, read from the data itself by the inspector that Glance, Nova and Cinder use."""

from __future__ import annotations

import functools
import threading
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.imports import import_alone
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts

if t.TYPE_CHECKING:
    from oslo_utils.imageutils import format_inspector

_IMPORT: t.Final = threading.Lock()
_BLOCK: t.Final = 65536

# How the Image service calls what the inspector tells apart. A disk with a partition table is raw data. An ISO image
# with one is a hybrid, which starts from a CD drive and from a disk alike; the Image service takes it as iso alone.
_DISK_FORMATS: t.Final = {
    frozenset({"raw"}): "raw",
    frozenset({"gpt"}): "raw",
    frozenset({"luks"}): "raw",
    frozenset({"iso", "gpt"}): "iso",
    **{frozenset({name}): name for name in ("iso", "qcow2", "vmdk", "vhd", "vhdx", "vdi")},
}


def _format_inspector() -> t.Any:
    """Return the inspector, one for all threads."""
    with _IMPORT:
        return _imported_inspector()


@functools.cache
def _imported_inspector() -> t.Any:
    """Import the inspector alone. Its package compiles patterns for logs, which is a seventh of what a task costs."""
    (inspector,) = import_alone("oslo_utils.imageutils", "oslo_utils.imageutils.format_inspector")
    return inspector


class Readable(t.Protocol):
    """Anything whose bytes can be read from front to back."""

    def read(self, count: int, /) -> bytes:
        """Return the next bytes, at most C(count); none at the end."""


def inspect(stream: Readable, name: str, size: int | None) -> SourceFacts:
    """
    Return the format and virtual size of image data, reading no more of it than the inspector needs.

    :param name: How to call the data in errors.
    :param size: The bytes that there are, where known.
    :raises DataError: The data fails a safety check, such as that for a backing file, or is no format that the
        Image service keeps.
    """
    wrapper = _format_inspector().InspectWrapper(t.cast(t.IO[bytes], stream))
    while wrapper.formats is None and wrapper.read(_BLOCK):
        pass
    if wrapper.formats is None:
        wrapper._finish()
    found = wrapper.formats or []
    disk_format = _DISK_FORMATS.get(frozenset(map(str, found)))
    if disk_format is None:
        raise DataError(f"{name} is {' and '.join(sorted(map(str, found)))}, which the Image service does not keep.")
    for inspector in found:
        _check_safety(inspector, name)
    virtual_sizes = {str(inspector): _virtual_size(inspector, size) for inspector in found}
    return SourceFacts(disk_format, size, virtual_sizes.get(disk_format, size))


def _check_safety(inspector: format_inspector.FileInspector, name: str) -> None:
    format_inspector = _format_inspector()
    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as exc:
        failures = "; ".join(f"{check}: {failure}" for check, failure in sorted(exc.failures.items()))
        raise DataError(
            f"{name} is not safe to use as {inspector}, and clouds refuse it: {failures}. "
            "Flatten it into one file, as with: qemu-img convert."
        ) from exc
    except format_inspector.ImageFormatError as exc:
        raise DataError(f"{name} is a broken {inspector} file: {exc}") from exc


def _virtual_size(inspector: format_inspector.FileInspector, size: int | None) -> int | None:
    if str(inspector) in ("raw", "gpt", "luks"):
        return size
    return inspector.virtual_size
