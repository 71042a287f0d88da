# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Whether an upload that has not ended is on its way, and what to say where it is."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import BusyError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image, UploadState

# So often an upload gives a sign of life. One that is shorter gives none, and costs no request for it.
SIGN_SECONDS: t.Final = 30.0
# Without a sign for so long, an upload has stopped. A transfer may stand still for two minutes before it is given up.
LEASE_SECONDS: t.Final = 180.0
# The cloud gives hardly any sign while it imports, and needs no run of ours for it.
_IMPORT_LEASE_SECONDS: t.Final = 3600.0


def upload_state(image: Image, is_held: bool | None, now: datetime.datetime | None) -> UploadState:
    """
    Say whether the upload of an image without data is on its way.

    :param is_held: Whether the process that began it still runs, None where nothing on this machine tells.
    :param now: The time by the clock of the Image service, None where it does not give any.
    """
    if is_held is not None:
        return "running" if is_held else "abandoned"
    try:
        sign = datetime.datetime.fromisoformat(image.updated_at or "")
    except ValueError:
        return "unknown"
    if now is None:
        return "unknown"
    lease = _IMPORT_LEASE_SECONDS if image.status == "importing" else LEASE_SECONDS
    age = (now - (sign if sign.tzinfo else sign.replace(tzinfo=datetime.UTC))).total_seconds()
    if age >= lease:
        return "abandoned"
    return "running" if image.status == "importing" else "unknown"


def busy(image: Image) -> BusyError:
    """Return the error that says that an image is being uploaded by another run."""
    by = "imported by the cloud for another run" if image.status == "importing" else "uploaded by another run"
    return BusyError(
        f"Image {image.name} ({image.id}) is being {by} (last sign of life {image.updated_at}). It is left alone: wait "
        "for that to end, and run the task again.",
        image_id=image.id,
    )


def made_meanwhile(image: Image) -> BusyError:
    """Return the error that says that another run has made an image since this one looked."""
    return BusyError(
        f"Image {image.name} ({image.id}) was made by another run since this one looked, and is {image.status}. It is "
        "left alone: run the task again.",
        image_id=image.id,
    )
