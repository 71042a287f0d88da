# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Requests to the cloud's services, with every answer checked."""

from __future__ import annotations

import html
import re
import threading
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
    UnreachableError,
    connection_cause,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project

if t.TYPE_CHECKING:
    from keystoneauth1.session import Session as KeystoneSession
    from requests import PreparedRequest, Response
    from requests.adapters import BaseAdapter

# Requests that may be sent again after a lost connection or a busy service without doing anything twice.
_REPEATABLE: t.Final = frozenset({"GET", "DELETE"})
_RETRIES: t.Final = 3
_BUSY: t.Final = (429, 502, 503, 504)
# How long a connection may give no sign of life, and how long an answer may take, where the configuration says nothing.
_STALL_SECONDS: t.Final = 120.0
_ANSWER_SECONDS: t.Final = 600.0

_ERRORS: t.Final[dict[int, type[CloudError]]] = {
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ConflictError,
    413: QuotaError,
}

# What to do where a policy of the Image service forbids something.
_POLICY_ADVICE: t.Final = {
    "publicize_image": "By default only administrators may make an image public. Use visibility community, "
    "which every project may use by id, or ask an administrator for that policy.",
    "communitize_image": "Ask an administrator for that policy, or share the image with the projects by name.",
    "add_image": "A reader cannot create images. Use credentials with the role member.",
    "modify_image": "A reader cannot change images. Use credentials with the role member.",
    "delete_image": "A reader cannot delete images. Use credentials with the role member.",
    "add_member": "Only a project that owns an image, with the role member, can share it.",
    "copy_image": "By default only administrators may copy an image to more stores: use their credentials, or name all "
    "stores when the image is created.",
    "delete_image_location": "By default only administrators may delete the copy of an image that a store has.",
    "modify_member": "Only the project that an image is shared with can accept or reject the share: "
    "use its credentials (option member_clouds, or cloud).",
}
_POLICY: t.Final = re.compile(r"complete (?P<policy>\w+) action")


class RequestCount:
    """
    How many requests were sent since, answered or not.

    :param keystone: The session that sends them, for itself and for its authentication.
    """

    def __init__(self, keystone: KeystoneSession) -> None:
        self.total = 0
        self._lock = threading.Lock()
        for prefix, adapter in list(keystone.adapters.items()):
            keystone.mount(prefix, t.cast("BaseAdapter", _CountingAdapter(adapter, self)))

    def add(self) -> None:
        with self._lock:
            self.total += 1


class _CountingAdapter:
    def __init__(self, adapter: BaseAdapter, count: RequestCount) -> None:
        self._adapter = adapter
        self._count = count

    def send(self, request: PreparedRequest, **kwargs: t.Any) -> Response:
        self._count.add()
        return self._adapter.send(request, **kwargs)

    def close(self) -> None:
        self._adapter.close()


class Session:
    """
    One authenticated conversation with a cloud, which several threads may have at a time.

    :param keystone: The authenticated session that openstacksdk made.
    :param image_url: The versioned endpoint of the Image service, without a slash at its end.
    :param name: What to call the cloud in errors.
    :param count: The requests that were sent before.
    :param renewed: What to do once a new token took the place of one that the cloud refused.
    :param region_name: The region that the endpoint is of, None where the configuration names none.
    """

    def __init__(
        self,
        keystone: KeystoneSession,
        image_url: str,
        name: str,
        count: RequestCount | None = None,
        renewed: t.Callable[[], None] = lambda: None,
        region_name: str | None = None,
    ) -> None:
        self.keystone = keystone
        self.image_url = image_url
        self.name = name
        self.region_name = region_name
        self._auth: t.Any = keystone.auth
        self._count = count or RequestCount(keystone)
        self._renewed = renewed
        self._authentication = threading.Lock()

    @property
    def requests(self) -> int:
        """How many requests went to the cloud, those of the authentication included."""
        return self._count.total

    @property
    def stall(self) -> float:
        """How long, in seconds, a transfer may stand still before it counts as broken."""
        timeout: float | None = self.keystone.timeout
        return _STALL_SECONDS if timeout is None else timeout

    @property
    def auth_url(self) -> str:
        """The endpoint of the Identity service, without a version: the same for all regions that share it."""
        return str(self._auth.auth_url).rstrip("/").removesuffix("/v3")

    @property
    def project_id(self) -> str:
        """The id of the project that the credentials are for."""
        return self.keystone.get_project_id() or ""

    @property
    def roles(self) -> frozenset[str]:
        """The names of the roles that the credentials have in it."""
        return frozenset(self._access.role_names)

    @property
    def project(self) -> Project:
        """The project that the credentials are for."""
        return Project(self.project_id, self.project_name or self.project_id)

    @property
    def project_name(self) -> str | None:
        """The name of the project that the credentials are for."""
        return t.cast("str | None", self._access.project_name)

    @property
    def _access(self) -> t.Any:
        return self._auth.get_access(self.keystone)

    def image(self, method: str, path: str, **kwargs: t.Any) -> Response:
        """
        Send a request to the Image service.

        :param path: The path below the versioned endpoint, such as C(/images).
        :raises UnreachableError: There was no answer.
        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, self.image_url + path, "the Image service", **kwargs)

    def identity(self, method: str, path: str, **kwargs: t.Any) -> Response:
        """
        Send a request to the Identity service.

        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, f"{self.auth_url}/v3{path}", "the Identity service", **kwargs)

    def _send(self, method: str, url: str, service: str, **kwargs: t.Any) -> Response:
        from keystoneauth1 import exceptions

        kwargs["headers"] = {"Accept": "application/json", **kwargs.get("headers", {})}
        kwargs.setdefault("timeout", (self.stall, self.keystone.timeout or _ANSWER_SECONDS))
        if method in _REPEATABLE:
            kwargs |= {"connect_retries": _RETRIES, "status_code_retries": _RETRIES, "retriable_status_codes": _BUSY}
        try:
            response = self._request(method, url, **kwargs)
        except exceptions.ConnectionError as exc:
            raise UnreachableError(
                f"{self.name}: {service} cannot be reached at {url.partition('?')[0]}: {connection_cause(exc)}"
            ) from exc
        except exceptions.ClientException as exc:
            raise CloudError(f"{self.name}: {service} failed: {exc}") from exc
        if response.status_code >= 400:
            raise _error(response, f"{self.name}: {service}")
        return response

    def _request(self, method: str, url: str, **kwargs: t.Any) -> Response:
        # keystoneauth too would renew a refused token. But where several threads have it refused at a time it does so
        # for one of them, and of a stream it would send again what is left.
        credentials = self._credentials()
        response = self._request_with(credentials, method, url, **kwargs)
        if response.status_code != 401 or not self._renew(credentials):
            return response
        # A stream is for whoever gives it to begin again.
        if isinstance(kwargs.get("data"), str | None):
            response = self._request_with(self._credentials(), method, url, **kwargs)
        return response

    def _request_with(self, credentials: dict[str, str], method: str, url: str, **kwargs: t.Any) -> Response:
        kwargs["headers"] = {**kwargs["headers"], **credentials}
        response: Response = self.keystone.request(url, method, authenticated=False, raise_exc=False, **kwargs)
        return response

    def _credentials(self) -> dict[str, str]:
        with self._authentication:
            return self.keystone.get_auth_headers() or {}

    def _renew(self, refused: dict[str, str]) -> bool:
        with self._authentication:
            if self.keystone.get_auth_headers() == refused:
                if not self.keystone.invalidate():
                    return False
                self.keystone.get_auth_headers()
                self._renewed()
            return True


def _error(response: Response, service: str) -> CloudError:
    status = response.status_code
    text = _message(response)
    policy = _POLICY.search(text)
    advice = _POLICY_ADVICE.get(policy["policy"]) if policy else None
    if policy:
        text = f"{text.rstrip('.')} (policy {policy['policy']})."
    message = f"{service} answered {status} to {response.request.method}: {text}"
    after = response.headers.get("Retry-After", "")
    return _ERRORS.get(status, CloudError)(
        f"{message} {advice}" if advice else message, status, retry_after=float(after) if after.isdecimal() else None
    )


def _message(response: Response) -> str:
    try:
        body = response.json()
        text = str(body.get("message") or body["error"]["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        text = response.text
    text = html.unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", text, flags=re.DOTALL))
    return " ".join(text.split())[:500] or (response.reason or "no explanation")
