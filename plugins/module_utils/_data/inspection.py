# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
What image data is, and whether it is fit to be an image.

The inspector that Glance, Nova and Cinder use decides where it has an opinion. C(_data/layout.py) looks at what it
lets pass: data that is cut off, or that needs another file.
"""

from __future__ import annotations

import functools
import threading
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.formats import FLATTEN, steps_of
from ansible_collections.xloud.image.plugins.module_utils._data.imports import import_alone
from ansible_collections.xloud.image.plugins.module_utils._data.layout import FlawError, Layout, failed_check
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.limit import check_virtual_size, shown
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts

if t.TYPE_CHECKING:
    from oslo_utils.imageutils import format_inspector

_IMPORT: t.Final = threading.Lock()
_BLOCK: t.Final = 65536
MIB: t.Final = 1024 * 1024

# How the Image service calls what the inspector tells apart. A disk with a partition table is raw data. An ISO image
# with one is a hybrid, which starts from a CD drive and from a disk alike; the Image service takes it as iso alone.
_HYBRID: t.Final = frozenset({"iso", "gpt"})
_DISK_FORMATS: t.Final = {
    frozenset({"raw"}): "raw",
    frozenset({"gpt"}): "raw",
    frozenset({"luks"}): "raw",
    _HYBRID: "iso",
    **{frozenset({name}): name for name in ("iso", "qcow2", "vmdk", "vhd", "vhdx", "vdi")},
}
# How data begins whose tables are followed from its first byte on, while the inspector still looks at it.
_MAGIC: t.Final = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"KDMV", "vmdk"),
    (0, b"conectix", "vhd"),
    (0, b"vhdxfile", "vhdx"),
    (0x40, b"\x7f\x10\xda\xbe", "vdi"),
)
# What is no disk at all, and yet is taken for one at times: where its mark is, and what it is.
_STRAYS: t.Final = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"<!doctype html", "a page of a website"),
    (0, b"<html", "a page of a website"),
    (0, b"<?xml", "an XML document"),
)
# So much of the beginning is kept until it is known what follows.
_HEAD: t.Final = 64 * 1024
# A VMDK file whose footer has the last word: all but that is known after so much, and it is so long.
_BEFORE_FOOTER: t.Final = 2 * MIB
_VMDK_FOOTER: t.Final = 1536
# What is decompressed may be twice the disk, for tables and snapshots, and a little more. Raw data says of no disk how
# large it is: it may be what the Image service takes of any image, unless it is told otherwise (image_size_cap).
_TABLES: t.Final = 64 * MIB
_LARGEST_RAW: t.Final = 1024**4

_REMEDIES: t.Final = {
    "mbr": "Mend its partition table, as with: sgdisk --verify.",
    "version": "Encrypt it as LUKS 1.",
    "unknown_features": "Write it anew, as with: qemu-img convert -O qcow2.",
    "footer": "It is cut off, or patched: export it again.",
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


def inspect(handle: t.BinaryIO, name: str, size: int) -> SourceFacts:
    """
    Return the format and virtual size of an image file, reading no more of it than it takes to be sure.

    :param name: How to call the data in errors.
    :param size: The bytes that there are.
    :raises DataError: The data fails a check, such as that for a backing file, or is no format that the Image
        service keeps.
    """
    inspection = Inspection(name, size)
    while inspection.facts is None and (block := handle.read(_BLOCK)):
        inspection.add(block)
    if inspection.facts is None:
        return inspection.end()
    inspection.look_up(handle)
    return inspection.facts


class _Slot:
    """What the inspector reads: the block that was put here."""

    def __init__(self) -> None:
        self.block = b""

    def read(self, _count: int, /) -> bytes:
        return self.block


class Inspection:
    """
    Finds out what image data is, and whether it is fit to be an image, as it goes by.

    All methods raise C(DataError) as soon as it is not.

    :param name: How to call the data in errors.
    :param size: The bytes that there are; None where only their end tells, as of data that is decompressed.
    :param limit: The largest virtual size in bytes, None for any.
    """

    def __init__(self, name: str, size: int | None, limit: int | None = None) -> None:
        self.facts: SourceFacts | None = None
        self._name = name
        self._size = size
        self._limit = limit
        self._count = 0
        self._gathered: bytes | None = b""
        self._head = b""
        self._slot = _Slot()
        self._wrapper = _format_inspector().InspectWrapper(self._slot)
        self._is_inspected = False
        self._vmdk: format_inspector.VMDKInspector | None = None
        self._layout: Layout | None = None
        self._layout_error: DataError | None = None

    def add(self, block: bytes) -> None:
        """Take the next bytes of the data."""
        if self._gathered is not None:
            self._gathered += block
            if len(self._gathered) < _HEAD:
                return
            # The inspector may judge by the first block alone, however small that is.
            block, self._gathered = self._gathered, None
        self._take(block)

    def end(self) -> SourceFacts:
        """Take note of the end of the data, and return what it is."""
        if self._gathered is not None:
            block, self._gathered = self._gathered, None
            self._take(block)
        if not self._is_inspected:
            self._finish()
        if self._layout:
            self._layout.end(self._count)
        return t.cast(SourceFacts, self.facts)

    def _take(self, block: bytes) -> None:
        position = self._count
        self._count += len(block)
        if position == 0:
            self._begin(block)
        self._follow(block, position)
        if not self._is_inspected:
            self._slot.block = block
            self._wrapper.read(len(block))
        if position < _BEFORE_FOOTER:
            self._look_for_footer(block)
        self._conclude()
        self._check_expansion()

    def look_up(self, handle: t.BinaryIO) -> None:
        """Look at what of a file is elsewhere than at its beginning. The file is left at some position."""
        if self._layout:
            self._layout.look_up(handle)
        if not self._is_inspected and self._size is not None:
            handle.seek(max(self._count, self._size - _VMDK_FOOTER))
            while block := handle.read(_BLOCK):
                self._slot.block = block
                self._wrapper.read(len(block))
            self._finish()

    def _finish(self) -> None:
        """Have the inspector decide, now that it saw the end."""
        self._wrapper._finish()
        self.facts = None
        self._conclude()

    def _begin(self, block: bytes) -> None:
        self._head = block[:_HEAD]
        for offset, magic, disk_format in _MAGIC:
            if self._head[offset:].startswith(magic):
                self._start_layout(disk_format)
        if self._head.startswith(b"KDMV"):
            self._vmdk = _format_inspector().get_inspector("vmdk")()

    def _start_layout(self, disk_format: str) -> None:
        """Follow the tables of a format, the beginning of which is there."""
        steps = steps_of(disk_format)
        if steps is None or self._layout or self._layout_error:
            return
        try:
            self._layout = Layout(steps(), disk_format, self._name, self._size)
            self._layout.watch(self._head, 0)
        except DataError as exc:
            # The inspector has the first word.
            self._layout, self._layout_error = None, exc

    def _follow(self, block: bytes, position: int) -> None:
        if self._layout is None:
            return
        try:
            self._layout.watch(block, position)
        except DataError as exc:
            if self.facts:
                raise
            self._layout, self._layout_error = None, exc

    def _look_for_footer(self, block: bytes) -> None:
        """
        Have an inspector of one's own for a VMDK file, whose footer is its very end.

        The inspector does not decide before. All that it looks at up to there is at the beginning.
        """
        if self._vmdk:
            try:
                self._vmdk.eat_chunk(block)
            except Exception:
                # The other one says so.
                self._vmdk = None

    def _conclude(self) -> None:
        """Say what the data is once that is known."""
        if self.facts:
            return
        found = self._wrapper.formats
        if found is not None:
            self._is_inspected = True
            self.facts = self._concluded(found)
        elif self._vmdk and self._count >= _BEFORE_FOOTER and self._vmdk.has_region("footer"):
            self._check_descriptor(self._vmdk)
            self.facts = self._facts("vmdk", {"vmdk": self._vmdk})
        else:
            return
        if self._layout_error:
            raise self._layout_error
        check_virtual_size(self._name, self.facts.virtual_size, self._limit)

    def _concluded(self, found: t.Collection[format_inspector.FileInspector]) -> SourceFacts:
        by_name = {str(inspector): inspector for inspector in found}
        disk_format = _DISK_FORMATS.get(frozenset(by_name))
        if disk_format is None:
            names = " and ".join(sorted(by_name))
            fault = f"{names} at once" if len(by_name) > 1 else f"{names}, which the Image service does not keep"
            raise DataError(f"{self._name} is {fault}. Convert it, as with: qemu-img convert.", check="format")
        # What starts a hybrid from a disk need be no partition table that anybody else would take.
        for name, inspector in by_name.items():
            if name != "gpt" or by_name.keys() != _HYBRID:
                self._check_safety(inspector)
        self._start_layout("iso" if disk_format == "iso" else next(iter(by_name)))
        return self._facts(disk_format, by_name)

    def _facts(self, disk_format: str, inspectors: t.Mapping[str, format_inspector.FileInspector]) -> SourceFacts:
        virtual_size = inspectors[disk_format].virtual_size if disk_format in inspectors else self._size
        if disk_format == "raw":
            virtual_size = self._size
        return SourceFacts(disk_format, self._size, virtual_size, stray=self._stray() if disk_format == "raw" else None)

    def _stray(self) -> str | None:
        head = self._head[:512].lower()
        return next((what for offset, mark, what in _STRAYS if head[offset:].startswith(mark.lower())), None)

    def _check_safety(self, inspector: format_inspector.FileInspector) -> None:
        format_inspector = _format_inspector()
        try:
            inspector.safety_check()
        except format_inspector.SafetyCheckFailed as exc:
            failures = {str(check): str(failure) for check, failure in sorted(exc.failures.items())}
            raise self._unsafe(str(inspector), failures) from exc
        except format_inspector.ImageFormatError as exc:
            if self._layout_error:
                raise self._layout_error from exc
            words = f"{self._name} is a broken {inspector} file: {exc}. Copy or fetch it again."
            raise DataError(words, check="format", disk_format=str(inspector)) from exc

    def _check_descriptor(self, inspector: format_inspector.VMDKInspector) -> None:
        try:
            inspector.check_descriptor()
        except _format_inspector().SafetyViolation as exc:
            raise self._unsafe("vmdk", {"descriptor": str(exc)}) from exc

    def _unsafe(self, disk_format: str, failures: t.Mapping[str, str]) -> DataError:
        words = "; ".join(f"{check}: {failure}" for check, failure in failures.items())
        check = next(iter(failures))
        return DataError(
            f"{self._name} is not safe to use as {disk_format}, and clouds refuse it: {words}. "
            f"{_REMEDIES.get(check, FLATTEN)}",
            check=check,
            disk_format=disk_format,
        )

    def _check_expansion(self) -> None:
        """Make sure that data whose end nobody announced ends somewhere."""
        if self._size is not None:
            return
        facts = self.facts
        if facts and facts.disk_format != "raw":
            explained = 2 * (facts.virtual_size or 0) + _TABLES
            if self._count > explained:
                words = f"it goes on after {shown(explained)}, more than its disk explains"
                remedy = "Look what it is: qemu-img info, once it is decompressed."
                raise failed_check(self._name, str(facts.disk_format), FlawError("expansion", words, remedy))
        elif self._limit is not None:
            check_virtual_size(self._name, self._count, self._limit, at_least=True)
        elif self._count > _LARGEST_RAW:
            words = f"it goes on after {shown(_LARGEST_RAW)}"
            remedy = "If that is right, allow it with max_virtual_size."
            raise failed_check(self._name, "raw", FlawError("expansion", words, remedy))
