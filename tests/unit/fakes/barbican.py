# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Key Manager in memory, which refuses what the real one refuses."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer, Caller, RefusalError

PREFIX = "/key-manager"
URL = "http://keys.test/v1/secrets"
BINARY = "application/octet-stream"


@dataclass
class Secret:
    name: str | None
    kind: str
    payload: bytes
    content_type: str
    project_id: str
    created: str

    def as_json(self, secret_id: str) -> dict[str, Any]:
        return {
            "secret_ref": f"{URL}/{secret_id}",
            "name": self.name,
            "secret_type": self.kind,
            "status": "ACTIVE",
            "created": self.created,
            "content_types": {"default": self.content_type},
        }


@dataclass
class FakeKeyManager:
    """Secrets, by their ids."""

    secrets: dict[str, Secret] = field(default_factory=dict)

    def add(
        self,
        payload: bytes,
        name: str | None = None,
        kind: str = "certificate",
        content_type: str = BINARY,
        project_id: str = "p-own",
    ) -> str:
        """Put a secret there, and return its id."""
        secret_id = str(uuid.uuid4())
        created = f"2026-01-01T00:00:{len(self.secrets):02}"
        self.secrets[secret_id] = Secret(name, kind, payload, content_type, project_id, created)
        return secret_id

    def handle(
        self, caller: Caller, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Answer:
        if (method, path) == ("POST", "/secrets"):
            return self._store(caller, json.loads(body))
        if (method, path) == ("GET", "/secrets"):
            return self._list(caller, query)
        match = re.fullmatch(r"/secrets/([^/]+)(/payload)?", path)
        if not match or method != "GET":
            raise RefusalError(404, f"no route {method} {path}")
        secret = self.secrets.get(match[1])
        if secret is None:
            raise RefusalError(404, "Secret not found.")
        if caller.project_id != secret.project_id or not caller.may_write:
            raise RefusalError(403, "Secret retrieval attempt not allowed - please review your user/project privileges")
        if not match[2]:
            return Answer(200, secret.as_json(match[1]))
        if headers["Accept"] != secret.content_type:
            raise RefusalError(406, "Wrong payload content-type")
        return Answer(200, secret.payload)

    def _store(self, caller: Caller, given: Mapping[str, Any]) -> Answer:
        if not caller.may_write:
            raise RefusalError(403, "Secret creation attempt not allowed - please review your user/project privileges")
        encoded = given.get("payload_content_encoding") == "base64"
        if given["payload_content_type"] == BINARY and not encoded:
            raise RefusalError(400, "Payload content encoding of base64 is needed")
        payload = base64.b64decode(given["payload"]) if encoded else given["payload"].encode()
        secret_id = self.add(
            payload, given.get("name"), given["secret_type"], given["payload_content_type"], caller.project_id
        )
        return Answer(201, {"secret_ref": f"{URL}/{secret_id}"})

    def _list(self, caller: Caller, query: Mapping[str, str]) -> Answer:
        found = [
            secret.as_json(secret_id)
            for secret_id, secret in self.secrets.items()
            if secret.project_id == caller.project_id and query.get("name") in (None, secret.name)
        ]
        begin = int(query.get("offset", 0))
        page = found[begin : begin + int(query.get("limit", 10))]
        return Answer(200, {"secrets": page, "total": len(found)})
