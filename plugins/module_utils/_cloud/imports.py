# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Data that the cloud moves itself: from its staging area, from the web, from another region, between its stores.

Source: https://docs.openstack.org/glance/latest/admin/interoperable-image-import.html
"""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.retry import is_passing
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Meter, Progress
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, ImportFailedError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_COPIED: t.Final = re.compile(r"Copied (\d+) MiB")
_MIB: t.Final = 1024**2
_Record: t.TypeAlias = t.Mapping[str, t.Any]


def offered_methods(session: Session) -> tuple[str, ...]:
    """Return the import methods that a cloud offers."""
    return session.read("GET", "/info/import", lambda body: tuple(body["import-methods"]["value"]))


@dataclasses.dataclass(frozen=True)
class Import:
    """
    An import into one image.

    :param verb: What the cloud is to do with the data, in words.
    :param size: The bytes of the data, where they are known.
    :param timeout: How long, in seconds, the cloud may take.
    :param phase: What to call the import in reports of progress.
    """

    session: Session
    image: Image
    verb: str
    size: int | None
    timeout: int
    progress: Progress
    phase: str = "import"

    def run(self, method: t.Mapping[str, t.Any], stores: t.Sequence[str] = ()) -> Image:
        """
        Have the cloud import and return the image as it then is.

        Of several stores, some may fail: the image then is in the others.

        :raises ImportFailedError: The cloud began, and failed.
        :raises CloudError: The cloud refused, or took too long.
        """
        body: dict[str, t.Any] = {"method": method}
        if stores:
            body |= {"stores": list(stores), "all_stores_must_succeed": len(stores) == 1}
        return self._watch(self._begin(body))

    def join(self) -> Image:
        """
        Return the image once the import that another run began has ended, as it is now if there is none.

        :raises ImportFailedError: It failed.
        :raises CloudError: It took too long.
        """
        record = self._record()
        return self._watch("") if record.get("os_glance_import_task") else Image.from_api(record)

    def _watch(self, request_id: str) -> Image:
        with self.progress.phase(self.phase, self.image.name, self.size) as meter:
            record = self._wait(request_id, meter)
            meter.add((record.get("size") or 0) - meter.count)
        return Image.from_api(record)

    def _begin(self, body: t.Mapping[str, t.Any]) -> str:
        try:
            response = self.session.image("POST", f"/images/{self.image.id}/import", json=body)
        except CloudError as exc:
            # The answer may be lost of a request that was not.
            if is_passing(exc) and self._record().get("os_glance_import_task"):
                return ""
            raise
        return response.headers.get("X-OpenStack-Request-ID", "")

    def _wait(self, request_id: str, meter: Meter) -> _Record:
        deadline = time.monotonic() + self.timeout
        pause = _FIRST_PAUSE
        while True:
            task = self._task(request_id)
            copied = _COPIED.search(task.get("message") or "")
            meter.add(int(copied[1]) * _MIB - meter.count if copied else 0)
            record = {} if task.get("status") in ("pending", "processing") else self._record()
            if task.get("status") == "failure":
                raise self._failure(str(task.get("message") or ""), record)
            if record and not record.get("os_glance_import_task"):
                if record["status"] != "active":
                    raise self._failure("", record)
                return record
            if time.monotonic() >= deadline:
                raise CloudError(
                    f"The cloud did not {self.verb} the data of {self.image.name} within {self.timeout} seconds "
                    "(option timeout)."
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _task(self, request_id: str) -> _Record:
        """Return the task of the import; an empty one where the project that asks does not see it."""

        def newest(body: _Record) -> _Record:
            own = [task for task in body["tasks"] if not request_id or task.get("request_id") == request_id]
            return max(own, key=lambda task: str(task.get("created_at")), default={})

        return self.session.read("GET", f"/images/{self.image.id}/tasks", newest)

    def _record(self) -> _Record:
        return self.session.read("GET", f"/images/{self.image.id}", _checked)

    def _failure(self, message: str, record: _Record) -> ImportFailedError:
        stores = record.get("os_glance_failed_import")
        facts = [
            *([message.rstrip(".")] if message else []),
            *([f"it failed for the stores {', '.join(sorted(stores.split(',')))}"] if stores else []),
            f"the image is {record['status']}",
        ]
        return ImportFailedError(f"The cloud could not {self.verb} the data of {self.image.name}: {'; '.join(facts)}.")


def _checked(record: _Record) -> _Record:
    """Return a record that is one of an image."""
    Image.from_api(record)
    return record
