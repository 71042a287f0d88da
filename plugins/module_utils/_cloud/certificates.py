# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Certificates in the Key Manager, in the form in which the Image service looks for them.

Source: https://docs.openstack.org/barbican/latest/api/reference/secrets.html
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import threading
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import is_id
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.signing import parse_certificate
from ansible_collections.xloud.image.plugins.module_utils._model.certificate import Certificate, StoredCertificate
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    DataError,
    ForbiddenError,
    ImageError,
    InputError,
    NotFoundError,
)

_BINARY: t.Final = "application/octet-stream"
_TEXT: t.Final = "text/plain"
_KIND: t.Final = "certificate"
_PAGE: t.Final = 100


@dataclasses.dataclass(frozen=True)
class Certificates:
    """The certificates that a session may see. Each is asked for once."""

    session: Session
    _known: dict[str, Certificate | ImageError] = dataclasses.field(default_factory=dict)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def get(self, certificate_id: str, option: str = "signature.certificate_uuid") -> Certificate:
        """
        Return the certificate of an id. It takes two requests.

        :param option: The option that gave the id, for the error.
        :raises InputError: There is none, or none that the Image service can verify by.
        :raises CloudError: The Key Manager cannot be asked.
        """
        with self._lock:
            if certificate_id not in self._known:
                self._known[certificate_id] = self._attempt(certificate_id)
            found = self._known[certificate_id]
        if isinstance(found, CloudError):
            raise type(found)(f"{option}: {found.message}", found.status) from found
        if isinstance(found, ImageError):
            raise InputError(option, found.message) from found
        return found

    def _attempt(self, certificate_id: str) -> Certificate | ImageError:
        try:
            return self._read(certificate_id)
        except ImageError as exc:
            return exc

    def _read(self, certificate_id: str) -> Certificate:
        if not is_id(certificate_id):
            raise DataError(f"{certificate_id!r} is no id of the Key Manager: those are UUIDs.")
        try:
            kind, content_types = self.session.key_manager("GET", f"/secrets/{certificate_id}", _kind)
            # The Image service fails on text, with an error that tells nothing.
            accept = _TEXT if _TEXT in content_types else _BINARY
            content = self.session.secret(f"/secrets/{certificate_id}/payload", accept)
        except ForbiddenError as exc:
            raise ForbiddenError(
                f"these credentials may not read {certificate_id}: {_sentence(exc)} By default that takes the role "
                "member in the project that stored it (policies secret:get and secret:decrypt), or a grant of its "
                "owner: openstack acl user add --user <id> --operation-type read "
                f"{self.session.secret_ref(certificate_id)} (of python-barbicanclient).",
                exc.status,
            ) from exc
        except NotFoundError as exc:
            raise DataError(f"{_sentence(exc)} Is {certificate_id} of this cloud and region?") from exc
        if kind != _KIND:
            raise DataError(
                f"{certificate_id} is of the type {kind}, and the Image service verifies by secrets of the type "
                "certificate alone. Store it with xloud.image.image_certificate."
            )
        return parse_certificate(content, certificate_id)

    def named(self, name: str) -> tuple[StoredCertificate, ...]:
        """
        Return the certificates of a name, the oldest first. It takes a request for each hundred, and two for each.

        :raises CloudError: The Key Manager cannot be asked.
        """
        found = []
        for _created, certificate_id in sorted(self._listed(name)):
            certificate = self._attempt(certificate_id)
            if isinstance(certificate, CloudError):
                raise certificate
            if isinstance(certificate, Certificate):
                reference = self.session.secret_ref(certificate_id)
                found.append(StoredCertificate(certificate_id, name, certificate, reference))
        return tuple(found)

    def _listed(self, name: str) -> t.Iterator[tuple[str, str]]:
        """Give when each certificate of a name was stored, and its id."""
        offset, total = 0, 1
        while offset < total:
            query = urllib.parse.urlencode({"name": name, "limit": _PAGE, "offset": offset})
            with _explained():
                found, total = self.session.key_manager("GET", f"/secrets?{query}", _page)
            yield from found
            offset += _PAGE

    def store(self, name: str, certificate: Certificate) -> StoredCertificate:
        """
        Store a certificate under a name, and return it with the id that it got.

        :raises ForbiddenError: The credentials may not store anything.
        :raises CloudError: The Key Manager cannot be asked.
        """
        body = {
            "name": name,
            "secret_type": _KIND,
            # Such as the Image service's library takes it: PEM, though it is binary to the Key Manager.
            "payload": base64.b64encode(certificate.pem.encode()).decode(),
            "payload_content_type": _BINARY,
            "payload_content_encoding": "base64",
        }
        with _explained():
            certificate_id = self.session.key_manager("POST", "/secrets", _id_of, json=body)
        return StoredCertificate(certificate_id, name, certificate, self.session.secret_ref(certificate_id))


@contextlib.contextmanager
def _explained() -> t.Iterator[None]:
    """Say what it takes to store a certificate where the Key Manager refuses it."""
    try:
        yield
    except ForbiddenError as exc:
        exc.message = (
            f"{_sentence(exc)} By default that takes the role member in the project (policies secrets:get and "
            "secrets:post)."
        )
        raise


def _sentence(exc: ImageError) -> str:
    return f"{exc.message.rstrip('.')}."


def _kind(record: t.Mapping[str, t.Any]) -> tuple[str, list[str]]:
    return record["secret_type"], list((record.get("content_types") or {}).values())


def _page(body: t.Mapping[str, t.Any]) -> tuple[list[tuple[str, str]], int]:
    certificates = (each for each in body["secrets"] if (each["secret_type"], each["status"]) == (_KIND, "ACTIVE"))
    return [(each["created"], _id_of(each)) for each in certificates], int(body["total"])


def _id_of(record: t.Mapping[str, t.Any]) -> str:
    return str(record["secret_ref"]).rstrip("/").rpartition("/")[2]
