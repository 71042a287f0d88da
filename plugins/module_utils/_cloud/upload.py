# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Image data into the cloud, verified at both ends, in constant memory, over any break."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.claims import Pulse
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.imports import Import, offered_methods
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import is_neighbour, open_data
from ansible_collections.xloud.image.plugins.module_utils._cloud.retry import ATTEMPTS, is_passing, pause_after
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import explained, signature_patch
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Meter, Progress
from ansible_collections.xloud.image.plugins.module_utils._data.source import UploadStream, open_upload
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    DataError,
    ImportFailedError,
    PlacementError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import SIGNATURE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.limit import check_virtual_size
from ansible_collections.xloud.image.plugins.module_utils._model.method import (
    choose_methods,
    needs_offer,
    preferred_methods,
)
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    AUTO,
    DEFAULT_ALGORITHM,
    DIRECT,
    GLANCE_DIRECT,
    GLANCE_DOWNLOAD,
    WEB_DOWNLOAD,
    CloudSource,
    Source,
    Upload,
)

# How long the cloud may take to notice that an upload broke off.
_SETTLE_SECONDS: t.Final = 60
_SETTLE_PAUSE: t.Final = 0.5


def fill(
    session: Session,
    image: Image,
    upload: Upload,
    timeout: int,
    origins: t.Mapping[str, Session] | None = None,
    progress: Progress | None = None,
    signature: str | None = None,
) -> Image:
    """
    Give a new image record its data and return the image once what arrived is verified.

    :param timeout: How long, in seconds, the cloud may take once it has the data, or to fetch the data itself.
    :param origins: Conversations with the clouds that data comes from, by what a C(CloudSource) calls them.
    :param signature: One that the record gets once it has the data.
    :raises PlacementError: The image is whole, and not in all stores that it is to be in.
    :raises DataError: The data is not what it is declared to be, or is not what arrived.
    :raises CloudError: The cloud refused the data.
    """
    return _Filling(session, image, upload, timeout, origins or {}, progress or Progress(), signature).fill()


@dataclasses.dataclass
class _Filling:
    session: Session
    image: Image
    upload: Upload
    timeout: int
    origins: t.Mapping[str, Session]
    progress: Progress
    signature: str | None
    sent: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    count: int = 0

    def fill(self) -> Image:
        try:
            arrived = self._transferred()
        except CloudError as exc:
            raise explained(exc, self.image) from exc
        self._verify(arrived)
        return self._placed(self._signed(arrived))

    def _transferred(self) -> Image:
        """Return the image once its data came by the first way that works."""
        *others, last = self._methods()
        refusals = []
        for method in others:
            try:
                return _WAYS[method](self)
            except CloudError as exc:
                if exc.status is None and not isinstance(exc, ImportFailedError):
                    raise
                refusals.append(exc.message)
        try:
            return _WAYS[last](self)
        except CloudError as exc:
            exc.message = " ".join([exc.message, *(f"Before: {refusal}" for refusal in refusals)])
            raise

    def _methods(self) -> tuple[str, ...]:
        preferred = preferred_methods(self.upload, neighbour=self._is_from_neighbour)
        offered = offered_methods(self.session) if needs_offer(preferred) else ()
        return choose_methods(preferred, offered, self.session.name)

    @property
    def _origin(self) -> Session | None:
        source = self.upload.source
        return self.origins[source.origin] if isinstance(source, CloudSource) else None

    @property
    def _is_from_neighbour(self) -> bool:
        return self._origin is not None and is_neighbour(self._origin, self.session)

    # The cloud fetches

    def _web_download(self) -> Image:
        source = t.cast(Source, self.upload.source)
        try:
            return self._import("fetch").run({"name": WEB_DOWNLOAD, "uri": source.location}, self.upload.stores)
        except ImportFailedError as exc:
            if self.upload.method != AUTO:
                exc.message += " Check that the cloud reaches the URL, or set import_method: direct."
            raise

    def _glance_download(self) -> Image:
        source, origin = t.cast(CloudSource, self.upload.source), t.cast(Session, self._origin)
        method = {"name": GLANCE_DOWNLOAD, "glance_region": origin.region_name, "glance_image_id": source.image_id}
        return self._as_created(self._import("fetch").run(method, self.upload.stores))

    def _import(self, verb: str, phase: str = "import") -> Import:
        return Import(self.session, self.image, verb, self.upload.size, self.timeout, self.progress, phase)

    def _as_created(self, arrived: Image) -> Image:
        """Return the image with the properties that it was created with, and none of its source's."""
        wanted, found = self.image.properties, arrived.properties
        patch = [
            *(PatchOperation("add", key, wanted[key]) for key in sorted(wanted) if found.get(key) != wanted[key]),
            *(PatchOperation("remove", key) for key in sorted(found.keys() - wanted.keys())),
        ]
        return Images(self.session).patch(arrived.id, patch) if patch else arrived

    # We send

    def _direct(self) -> Image:
        store = {"X-Image-Meta-Store": self.upload.stores[0]} if self.upload.stores else {}
        self._send("file", store, "active")
        return Images(self.session).get(self.image.id)

    def _glance_direct(self) -> Image:
        self._send("stage", {}, "uploading")
        self._sign_staged()
        # The cloud has the bytes already: they count as moved once.
        try:
            return self._import("import", "store").run({"name": GLANCE_DIRECT}, self.upload.stores)
        except ImportFailedError as exc:
            if self.upload.signer:
                exc.message += (
                    " The image is signed: if this cloud converts what it imports, the data is not what was signed any "
                    "more. Then set import_method: direct."
                )
            raise

    def _sign_staged(self) -> None:
        """
        Sign data that is staged, so that the cloud verifies it as it is imported.

        :raises DataError: A signature that was made elsewhere is not one of this data.
        """
        signer = self.upload.signer
        if signer is None or self.upload.digest or self.session.is_delegated:
            return
        patch = signature_patch(signer, self.sent[signer.signing.algorithm])
        if self.upload.signed_late:
            Images(self.session).patch(self.image.id, patch)

    def _send(self, place: str, headers: t.Mapping[str, str], done: str) -> None:
        """
        Send the data, from its beginning again where the connection breaks.

        :param done: The status of an image that has the data.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self._put(place, headers)
            except CloudError as exc:
                if attempt == ATTEMPTS - 1 or not _may_begin_again(exc, attempt):
                    raise
                time.sleep(pause_after(attempt, exc))
                if self._settled(done, exc) == done:
                    return None
        return None

    def _put(self, place: str, headers: t.Mapping[str, str]) -> None:
        name, size = self.image.name, self.upload.size
        with self._opened() as stream, self.progress.phase("upload", name, stream.size or size) as meter:
            announced = {} if stream.size is None else {"X-OpenStack-Image-Size": str(stream.size)}
            body = _Body(stream, meter, Pulse(Images(self.session), self.image))
            try:
                self.session.image(
                    "PUT",
                    f"/images/{self.image.id}/{place}",
                    data=iter(body) if stream.size is None else body,
                    headers={"Content-Type": "application/octet-stream", **announced, **headers},
                    timeout=(self.session.stall, self.timeout),
                    log=False,
                )
            finally:
                self.sent, self.count = stream.digests(), meter.count

    def _opened(self) -> t.ContextManager[UploadStream]:
        source, signer = self.upload.source, self.upload.signer
        algorithms = {DEFAULT_ALGORITHM, *([signer.signing.algorithm] if signer else [])}
        if isinstance(source, CloudSource):
            data = open_data(t.cast(Session, self._origin), source, self.upload.size)
            return open_upload(self.upload, algorithms, data)
        return open_upload(self.upload, algorithms)

    def _settled(self, done: str, broken: CloudError) -> str:
        """
        Return the status that an image has once the cloud noticed that the connection is gone.

        It is C(queued), or C(done) where nothing but the answer was lost.

        :raises CloudError: The image stays half made.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            record = Images(self.session).get(self.image.id)
            if record.status == "queued" or (record.status == done and record.size == self.count):
                return record.status
            if time.monotonic() >= deadline:
                raise CloudError(
                    f"{broken.message} The cloud keeps image {self.image.name} in the status {record.status} and takes "
                    "its data no more: run the task again."
                ) from broken
            time.sleep(_SETTLE_PAUSE)

    # What came of it

    def _signed(self, arrived: Image) -> Image:
        """
        Return the image with its signature, where that had to wait for the data.

        :raises DataError: A signature that was made elsewhere is not one of this data.
        """
        signer = self.upload.signer
        if SIGNATURE in arrived.properties or (signer is None and self.signature is None):
            return arrived
        digest = signer and self._digest(arrived, signer.signing.algorithm)
        value = signer.sign(digest) if signer and digest else self.signature
        return Images(self.session).patch(arrived.id, [PatchOperation("add", SIGNATURE, value)])

    def _digest(self, arrived: Image, algorithm: str) -> str | None:
        of_cloud = arrived.os_hash_value if arrived.os_hash_algo == algorithm else None
        return self.upload.digest or self.sent.get(algorithm) or of_cloud

    def _verify(self, arrived: Image) -> None:
        source = self.upload.source
        if arrived.status != "active":
            raise CloudError(f"Image {arrived.name} is {arrived.status} after its data was sent, not active.")
        if arrived.size == 0:
            raise DataError(f"{source} is empty: no data arrived.")
        check_virtual_size(source, arrived.virtual_size or arrived.size, self.upload.limit)
        algorithm, digest = arrived.os_hash_algo or "", arrived.os_hash_value
        expected = self._expected(algorithm)
        if expected in (None, digest):
            return
        converted = (
            f" It arrived as {arrived.disk_format}: this cloud converts what it imports. Set import_method: direct."
            if arrived.disk_format != self.image.disk_format
            else ""
        )
        raise DataError(
            f"Image {arrived.name} did not arrive whole: {algorithm}:{expected} was sent, "
            f"and the cloud has {algorithm}:{digest}.{converted}"
        )

    def _expected(self, algorithm: str) -> str | None:
        """Return what the data hashes to, where that is known or a local file tells."""
        source, declared = self.upload.source, self.upload.checksum
        if self.sent.get(algorithm):
            return self.sent[algorithm]
        if declared and declared.algorithm == algorithm:
            return declared.digest
        if algorithm and isinstance(source, Source) and not source.is_url and not self.upload.compression:
            return file_digests(source.location, {algorithm})[algorithm]
        return None

    def _placed(self, arrived: Image) -> Image:
        """Return the image once it is in all of its stores: one that failed, or that data sent to another misses."""
        image, reasons = arrived, []
        for store in self.upload.stores:
            if store not in image.stores:
                try:
                    image = Stores(self.session).copy(image, store, self.timeout, self.progress)
                except CloudError as exc:
                    reasons.append(exc.message)
        if reasons:
            missing = ", ".join(sorted({*self.upload.stores} - image.stores))
            raise PlacementError(
                f"Image {image.name} ({image.id}) is whole, and in the stores {', '.join(sorted(image.stores))} alone: "
                f"{missing} is missing. The next run copies it there. {' '.join(reasons)}"
            )
        return image


def _may_begin_again(exc: CloudError, attempt: int) -> bool:
    if exc.status == 401:
        return attempt == 0
    # The service may still have been busy with what broke off before, and put the record back under our hands.
    return is_passing(exc) or (exc.status in (409, 410) and attempt > 0)


class _Body:
    """What is sent of a stream: with its length announced where it is known."""

    def __init__(self, stream: UploadStream, meter: Meter, pulse: Pulse) -> None:
        self._stream = stream
        self._meter = meter
        self._pulse = pulse

    def __len__(self) -> int:
        return self._stream.size or 0

    def __iter__(self) -> t.Iterator[bytes]:
        for block in self._stream:
            self._pulse.beat()
            yield block
            self._meter.add(len(block))


_WAYS: t.Final[dict[str, t.Callable[[_Filling], Image]]] = {
    GLANCE_DOWNLOAD: _Filling._glance_download,
    WEB_DOWNLOAD: _Filling._web_download,
    GLANCE_DIRECT: _Filling._glance_direct,
    DIRECT: _Filling._direct,
}
