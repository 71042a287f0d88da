# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Image data into the cloud, verified at both ends, in constant memory."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests
from ansible_collections.xloud.image.plugins.module_utils._data.source import UploadStream, open_upload
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, DataError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.source import DEFAULT_ALGORITHM, WEB_DOWNLOAD, Upload

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


def fill(session: Session, image: Image, upload: Upload, timeout: int) -> Image:
    """
    Give a new image record its data and return the image once what arrived is verified.

    :param timeout: How long, in seconds, the cloud may take to fetch the data itself.
    :raises DataError: The data is not what it is declared to be, or is not what arrived.
    :raises CloudError: The cloud refused the data.
    """
    if _takes_web_download(session, upload) and _web_download(session, image, upload, timeout):
        return _verify(session, image, upload, {})
    return _verify(session, image, upload, _send(session, image, upload))


def _takes_web_download(session: Session, upload: Upload) -> bool:
    if not upload.source.is_url or upload.method == "direct":
        return False
    if upload.method == "auto" and not upload.verifiable_by_cloud:
        return False
    offered = session.image("GET", "/info/import").json()["import-methods"]["value"]
    if WEB_DOWNLOAD in offered:
        return True
    if upload.method == WEB_DOWNLOAD:
        raise CloudError(
            f"{session.name} does not offer the import method web-download (it offers: {', '.join(sorted(offered))}). "
            "Set import_method: auto or direct."
        )
    return False


def _web_download(session: Session, image: Image, upload: Upload, timeout: int) -> bool:
    """Have the cloud fetch the data; False if it would not, and sending it is the next thing to try."""
    body = {"method": {"name": WEB_DOWNLOAD, "uri": upload.source.location}}
    try:
        response = session.image("POST", f"/images/{image.id}/import", json=body)
    except CloudError:
        if upload.method == WEB_DOWNLOAD:
            raise
        return False
    failure = _wait_for_import(session, image, response.headers.get("X-OpenStack-Request-ID", ""), timeout)
    if failure and upload.method == WEB_DOWNLOAD:
        raise CloudError(
            f"The cloud could not fetch the data of {image.name}: {failure}. "
            "Check that the cloud reaches the URL, or set import_method: direct."
        )
    return failure is None


def _wait_for_import(session: Session, image: Image, request_id: str, timeout: int) -> str | None:
    """Return why the cloud failed to fetch the data, None if it has."""
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while time.monotonic() < deadline:
        task = _import_task(session, image, request_id)
        if task.get("status") == "failure":
            return str(task.get("message") or "no reason given")
        if task.get("status") == "success" and Images(session).get(image.id).status == "active":
            return None
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    raise CloudError(f"The cloud has not fetched the data of {image.name} within {timeout} seconds (option timeout).")


def _import_task(session: Session, image: Image, request_id: str) -> dict[str, t.Any]:
    tasks = session.image("GET", f"/images/{image.id}/tasks").json()["tasks"]
    return next((task for task in tasks if task.get("request_id") == request_id), {})


def _send(session: Session, image: Image, upload: Upload) -> dict[str, str]:
    with open_upload(upload, {DEFAULT_ALGORITHM}) as stream:
        session.image(
            "PUT",
            f"/images/{image.id}/file",
            data=_body(stream),
            headers={"Content-Type": "application/octet-stream"},
            log=False,
        )
        return stream.digests()


def _body(stream: UploadStream) -> UploadStream | t.Iterator[bytes]:
    """Return what is sent: with its length announced where it is known, in chunks where it is not."""
    return iter(stream) if stream.size is None else stream


def _verify(session: Session, image: Image, upload: Upload, sent: t.Mapping[str, str]) -> Image:
    arrived = Images(session).get(image.id)
    algorithm, digest = arrived.os_hash_algo or "", arrived.os_hash_value
    expected = sent.get(algorithm)
    if upload.checksum and upload.checksum.algorithm == algorithm:
        expected = upload.checksum.digest
    if expected is None and algorithm and not upload.source.is_url:
        expected = file_digests(upload.source.location, {algorithm})[algorithm]
    if arrived.status != "active":
        raise CloudError(f"Image {image.name} is {arrived.status} after its data was sent, not active.")
    if arrived.size == 0:
        raise DataError(f"{upload.source} is empty: no data arrived.")
    if expected not in (None, digest):
        raise DataError(
            f"Image {image.name} did not arrive whole: {algorithm}:{expected} was sent, "
            f"and the cloud has {algorithm}:{digest}."
        )
    return arrived
