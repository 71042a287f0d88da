# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud in memory: real sessions of keystoneauth and requests, over a transport that ends here."""

from __future__ import annotations

import http.client
import io
import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import requests
import urllib3
from keystoneauth1 import plugin
from keystoneauth1 import session as keystone
from requests.adapters import BaseAdapter, HTTPAdapter

from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import LAUNCHING, Place
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.tests.unit.fakes.barbican import PREFIX as KEYS
from ansible_collections.xloud.image.tests.unit.fakes.barbican import FakeKeyManager
from ansible_collections.xloud.image.tests.unit.fakes.glance import (
    PREFIX,
    Answer,
    Caller,
    FakeImageService,
    RefusalError,
)
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeLaunchingService

URL = "http://cloud.test"


@dataclass(frozen=True)
class Sent:
    """A request as it went over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    timeout: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class FakeAuth(plugin.BaseAuthPlugin):
    """An authentication that is over."""

    auth_url = f"{URL}/identity"

    def __init__(self, project_id: str, project_name: str, roles: tuple[str, ...], *, delegated: bool = False) -> None:
        super().__init__()
        self.caller = Caller(project_id, frozenset(roles), delegated)
        self.project_name = project_name

    def get_token(self, _session: Any) -> str:
        return json.dumps([self.caller.project_id, sorted(self.caller.roles), self.caller.delegated])

    def get_project_id(self, _session: Any) -> str:
        return self.caller.project_id

    def get_access(self, _session: Any) -> Any:
        return SimpleNamespace(
            role_names=sorted(self.caller.roles),
            project_name=self.project_name,
            application_credential_id="credential" if self.caller.delegated else None,
        )


@dataclass
class Fault:
    """An answer that one request gets instead of the right one."""

    method: str
    pattern: str
    answer: Callable[[requests.PreparedRequest], requests.Response]
    times: int


class FakeEndpoints:
    """Where the services of a cloud are."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud

    def of(self, _service: str) -> str | None:
        """Return the endpoint of the Key Manager, None where the catalogue has none."""
        return f"{URL}{KEYS}/v1" if self.cloud.has_keys else None

    def launching(self, service: str, image_url: str) -> tuple[Place, ...]:
        """Return where a service is that launches from the images, as far as the catalogue has it."""
        assert image_url == f"{URL}{PREFIX}/v2"
        found = [each for each in (service, f"{service}-two") if each in self.cloud.launching]
        return tuple(Place(LAUNCHING[service] + each.removeprefix(service), f"{URL}/{each}") for each in found)


@dataclass
class FakeCloud(BaseAdapter):
    """
    An Image service, an Identity service, a Key Manager, what makes servers and volumes, and what was asked of them.

    :param projects: The names of the projects by their ids.
    :param has_keys: The Key Manager is in the catalogue.
    :param launching: The Compute and the Block Storage service, by their types, as far as the catalogue has them, and
        those of another region by C(compute-two) and C(block-storage-two).
    :param joined: The ids of projects in which every user has a role, beside the one that it speaks for.
    """

    glance: FakeImageService = field(default_factory=FakeImageService)
    keys: FakeKeyManager = field(default_factory=FakeKeyManager)
    has_keys: bool = True
    launching: dict[str, FakeLaunchingService] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=lambda: {"p-own": "own", "p-a": "team-a", "p-b": "team-b"})
    joined: tuple[str, ...] = ()
    sent: list[Sent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def session(
        self,
        project_id: str = "p-own",
        roles: tuple[str, ...] = ("member",),
        region_name: str | None = None,
        delegated: bool = False,
    ) -> Session:
        """Return a conversation on behalf of a project, with an application credential if C(delegated)."""
        transport = requests.Session()
        transport.mount(URL, self)
        auth = FakeAuth(project_id, self.projects[project_id], roles, delegated=delegated)
        identity = keystone.Session(auth=auth, session=transport)
        self.glance.keys = self.keys
        return Session(
            identity,
            f"{URL}{PREFIX}/v2",
            "test",
            region_name=region_name,
            endpoints=FakeEndpoints(self),
        )

    @property
    def log(self) -> list[str]:
        """What was asked, as "GET /images"."""
        return [str(sent) for sent in self.sent]

    @property
    def changes(self) -> list[str]:
        """What was asked that changes something."""
        return [str(sent) for sent in self.sent if sent.method != "GET"]

    def fail(self, method: str, pattern: str, status: int, message: str = "No.", *, times: int = 1, html: bool = False):
        """Answer the next such requests with an error, without doing anything."""
        self.faults.append(Fault(method, pattern, lambda request: refusal(request, status, message, html), times))

    def break_off(self, method: str, pattern: str, *, times: int = 1):
        """Lose the connection of the next such requests."""

        def reset(request: requests.PreparedRequest) -> requests.Response:
            raise requests.ConnectionError("Connection reset by peer", request=request)

        self.faults.append(Fault(method, pattern, reset, times))

    def instead(self, method: str, pattern: str, answer: Callable[[requests.PreparedRequest], requests.Response]):
        """Give another answer to the next such request."""
        self.faults.append(Fault(method, pattern, answer, 1))

    def send(self, request: requests.PreparedRequest, timeout: Any = None, **_: Any) -> requests.Response:
        """Answer a request, as the adapter of a requests session."""
        parts = urllib.parse.urlsplit(request.url)
        prefixes = r"^/(image/v2|identity/v3|key-manager/v1|(?:compute|block-storage)(?:-two)?)"
        service, _slash, path = re.sub(prefixes, r"\1 ", parts.path).partition(" ")
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.sent.append(Sent(request.method, path, query, dict(request.headers), request.body, timeout))
        for fault in self.faults:
            if fault.times and fault.method == request.method and re.fullmatch(fault.pattern, path):
                fault.times -= 1
                return fault.answer(request)
        services = {
            "image/v2": self.glance.handle,
            "key-manager/v1": self.keys.handle,
            **{kind: each.handle for kind, each in self.launching.items()},
        }
        handle = services.get(service, self._identity)
        try:
            answer = handle(caller_of(request), request.method, path, query, request.headers, request.body)
        except RefusalError as exc:
            return refusal(request, exc.status, exc.message, "application/json" not in request.headers["Accept"])
        except ConnectionResetError as exc:
            raise requests.ConnectionError(exc, request=request) from exc
        response = respond(request, answer)
        if self.glance.date:
            response.headers["Date"] = self.glance.date
        return response

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _identity(self, caller: Caller, method: str, path: str, query: dict[str, str], *_: Any) -> Answer:
        found = [{"id": key, "name": name} for key, name in self.projects.items()]
        if (method, path) == ("GET", "/auth/projects"):
            joined = (caller.project_id, *self.joined)
            return Answer(200, {"projects": [project for project in found if project["id"] in joined]})
        if not caller.is_admin:
            raise RefusalError(403, "You are not authorized to perform the requested action: identity:list_projects.")
        if (method, path) == ("GET", "/projects"):
            return Answer(200, {"projects": [project for project in found if project["name"] == query["name"]]})
        project_id = path.removeprefix("/projects/")
        if project_id not in self.projects:
            raise RefusalError(404, f"Could not find project: {project_id}.")
        return Answer(200, {"project": {"id": project_id, "name": self.projects[project_id]}})


def caller_of(request: requests.PreparedRequest) -> Caller:
    project_id, roles, delegated = json.loads(request.headers["X-Auth-Token"])
    return Caller(project_id, frozenset(roles), delegated)


def refusal(request: requests.PreparedRequest, status: int, message: str, html: bool = False) -> requests.Response:
    if html:
        title = f"{status} {http.client.responses[status]}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{message}<br /><br /></body></html>"
        return respond(request, Answer(status, page.encode()))
    return respond(request, Answer(status, {"message": f"{message}<br /><br />\n", "code": status, "title": "Error"}))


def respond(request: requests.PreparedRequest, answer: Answer, announced: int | None = None) -> requests.Response:
    """Return a response that streams; C(announced) is a Content-Length other than the true one."""
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = dict(answer.headers)
    if answer.status == 202:
        headers["X-OpenStack-Request-ID"] = answer.body["x-openstack-request-id"]
    if answer.status in (202, 204):
        body = b""
    raw = urllib3.HTTPResponse(
        body=io.BytesIO(body),
        headers={**headers, "Content-Length": str(len(body) if announced is None else announced)},
        status=answer.status,
        reason=http.client.responses[answer.status],
        preload_content=False,
        request_method=request.method,
    )
    return HTTPAdapter().build_response(request, raw)
