# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials that are made for a test, and removed after it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

from conftest import Cloud


@contextlib.contextmanager
def application_credential(user: Cloud, configuration: dict[str, Any], **settings: Any) -> Iterator[dict[str, Any]]:
    """Give the configuration of a cloud by an application credential of a user, who is not to be more than it needs."""
    identity = user.connection.identity
    path = f"/users/{user.connection.current_user_id}/application_credentials"
    body = {"name": f"itest-{secrets.token_hex(4)}", "unrestricted": False, **settings}
    response = identity.post(path, json={"application_credential": body})
    assert response.status_code == 201, response.text
    made = response.json()["application_credential"]
    auth = {
        "auth_url": configuration["auth"]["auth_url"],
        "application_credential_id": made["id"],
        "application_credential_secret": made["secret"],
    }
    try:
        yield {**configuration, "auth_type": "v3applicationcredential", "auth": auth}
    finally:
        assert identity.delete(f"{path}/{made['id']}").status_code == 204


@contextlib.contextmanager
def colleague(admin: Cloud, project_id: str, configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the configuration of a cloud by another user of a project, with the role member."""
    identity = admin.connection.identity
    name, password = f"itest-{secrets.token_hex(4)}", secrets.token_urlsafe()
    body = {"user": {"name": name, "password": password, "domain_id": "default"}}
    user_id = identity.post("/users", json=body).json()["user"]["id"]
    try:
        (role,) = identity.get("/roles?name=member").json()["roles"]
        assert identity.put(f"/projects/{project_id}/users/{user_id}/roles/{role['id']}").status_code == 204
        yield {**configuration, "auth": {**configuration["auth"], "username": name, "password": password}}
    finally:
        assert identity.delete(f"/users/{user_id}").status_code == 204
