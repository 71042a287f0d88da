# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Requests to the cloud's services, with every answer checked."""

from __future__ import annotations

import datetime
import email.utils
import html
import json
import re
import threading
import time
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import LAUNCHING, Endpoints, Place
from ansible_collections.xloud.image.plugins.module_utils._cloud.retry import pause_after
from ansible_collections.xloud.image.plugins.module_utils._cloud.tls import tls_advice
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
    UnreachableError,
    connection_cause,
    without_url_secrets,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import RECORDED
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project

if t.TYPE_CHECKING:
    from keystoneauth1.session import Session as KeystoneSession
    from requests import PreparedRequest, Response
    from requests.adapters import BaseAdapter

# Requests that may be sent again after a lost connection or a busy service without doing anything twice.
_REPEATABLE: t.Final = frozenset({"GET", "DELETE"})
_RETRIES: t.Final = 3
# So many requests at a time do no cloud any harm.
READERS: t.Final = 4
_BUSY: t.Final = (429, 502, 503, 504)
# How the Image service answers requests that return nothing.
_DONE: t.Final = (202, 204)
_Result = t.TypeVar("_Result")
# How long a connection may give no sign of life, and how long an answer may take, where the configuration says nothing.
_STALL_SECONDS: t.Final = 120.0
_ANSWER_SECONDS: t.Final = 600.0

_ERRORS: t.Final[dict[int, type[CloudError]]] = {
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ConflictError,
    413: QuotaError,
}

# What to do where a policy of the Image service forbids something.
_OWNERS: t.Final = (
    "By default it takes the role member in the project that owns the image: readers, and projects that it "
)
_POLICY_ADVICE: t.Final = {
    "add_image": "By default it takes the role member: a reader cannot create images.",
    "upload_image": "By default it takes the role member: a reader cannot give an image its data.",
    "modify_image": f"{_OWNERS}is shared with, cannot change it.",
    "delete_image": f"{_OWNERS}is shared with, cannot delete it.",
    "deactivate": f"{_OWNERS}is shared with, cannot deactivate it.",
    "reactivate": f"{_OWNERS}is shared with, cannot reactivate it.",
    "add_member": f"{_OWNERS}is shared with, cannot share it.",
    "delete_member": f"{_OWNERS}is shared with, cannot take shares of it away.",
    "download_image": "By default it takes the role member: a reader sees all of an image but its data.",
    "publicize_image": "By default only administrators may make an image public. Use visibility community, "
    "which every project may use by id, or ask an administrator for that policy.",
    "communitize_image": "Ask an administrator for that policy, or share the image with the projects by name.",
    "copy_image": "By default only administrators may copy an image to more stores: use their credentials, or name all "
    "stores when the image is created.",
    "delete_image_location": "By default only administrators may delete the copy of an image that a store has.",
    "modify_member": "Only the project that an image is shared with can accept or reject the share: "
    "use its credentials (option member_clouds, or cloud).",
}
_ANY_ADVICE: t.Final = "Ask an administrator of the cloud for that policy, or use credentials that have it."
_POLICY: t.Final = re.compile(r"complete (?P<policy>\w+) action")
_FOREIGN: t.Final = re.compile(r"not permitted to create images owned by '(?P<owner>[^']*)'")
_FOREIGN_ADVICE: t.Final = (
    "(policy add_image). By default only administrators create images for another project: use credentials of that "
    "project, or leave the option owner out to create it in the project of the credentials."
)
# What is left once a refused token was renewed.
_UNACCEPTED: t.Final = (
    "it does not take these credentials for this request. Either access rules of an application credential leave the "
    "request out, or a token expired that cannot be renewed (auth_type token)."
)
_RESERVED: t.Final = re.compile(r"Attribute '(?P<key>[^']*)' is reserved")


class RequestCount:
    """
    How many requests were sent since, answered or not.

    :param keystone: The session that sends them, for itself and for its authentication.
    """

    def __init__(self, keystone: KeystoneSession) -> None:
        self.total = 0
        self._lock = threading.Lock()
        for prefix, adapter in list(keystone.adapters.items()):
            keystone.mount(prefix, t.cast("BaseAdapter", _Transport(adapter, self)))

    def add(self) -> None:
        with self._lock:
            self.total += 1


class _Transport:
    """What sends the requests of a session, counts them, and keeps from it what it cannot deal with."""

    def __init__(self, adapter: BaseAdapter, count: RequestCount) -> None:
        self._adapter = adapter
        self._count = count

    def send(self, request: PreparedRequest, **kwargs: t.Any) -> Response:
        self._count.add()
        response = self._adapter.send(request, **kwargs)
        if response.status_code == 401 and request.method == "GET" and "X-Auth-Token" not in request.headers:
            # To find out where tokens are to be had, keystoneauth would get a token, and wait for itself for ever.
            response.status_code = 403
        if not kwargs.get("stream"):
            _check_encoding(response)
        return response

    def close(self) -> None:
        self._adapter.close()


class Session:
    """
    One authenticated conversation with a cloud, which several threads may have at a time.

    :param keystone: The authenticated session that openstacksdk made.
    :param image_url: The versioned endpoint of the Image service, without a slash at its end.
    :param cloud: What the configuration calls the cloud, None where it gives no name.
    :param count: The requests that were sent before.
    :param renewed: What to do once a new token took the place of one that the cloud refused.
    :param region_name: The region that the endpoint is of, None where the configuration names none.
    :param endpoints: Where the other services are.
    """

    def __init__(
        self,
        keystone: KeystoneSession,
        image_url: str,
        cloud: str | None,
        count: RequestCount | None = None,
        renewed: t.Callable[[], None] = lambda: None,
        region_name: str | None = None,
        *,
        endpoints: Endpoints,
    ) -> None:
        self.keystone = keystone
        self.image_url = image_url
        self.cloud = cloud
        self.region_name = region_name
        self._auth: t.Any = keystone.auth
        self._count = count or RequestCount(keystone)
        self._included: list[Session] = []
        self._renewed = renewed
        self._endpoints = endpoints
        self._authentication = threading.Lock()

    @property
    def name(self) -> str:
        """What to call the cloud in messages."""
        return f"cloud {self.cloud}" if self.cloud else "the cloud"

    @property
    def requests(self) -> int:
        """How many requests went to the cloud, those of the authentication included."""
        return self._count.total + sum(other.requests for other in self._included)

    def include(self, other: Session) -> None:
        """Count the requests of another conversation as this one's own."""
        self._included.append(other)

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
    def is_delegated(self) -> bool:
        """Whether the credentials are an application credential or a trust, which services cannot act on behalf of."""
        access = self._access
        return bool(getattr(access, "application_credential_id", None) or getattr(access, "trust_id", None))

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
        from keystoneauth1 import exceptions

        try:
            return self._auth.get_access(self.keystone)
        except exceptions.ClientException as exc:
            raise CloudError(f"{self.name}: authentication failed: {exc}") from exc

    def image(self, method: str, path: str, **kwargs: t.Any) -> Response:
        """
        Send a request to the Image service that returns data, or nothing.

        :param path: The path below the versioned endpoint, such as C(/images).
        :param repeatable: Whether it may be sent again without doing anything twice, where its method does not say so.
        :raises UnreachableError: There was no answer, or one that the service cannot have given.
        :raises CloudError: The answer is an error, of the kind that its status says.
        """

        def understand(response: Response) -> Response:
            if method != "GET" and response.status_code not in _DONE:
                raise ValueError
            return response

        return self._send(method, self.image_url + path, "the Image service", understand, **kwargs)

    def read(self, method: str, path: str, parse: t.Callable[[t.Any], _Result], **kwargs: t.Any) -> _Result:
        """
        Send a request to the Image service, and return what its answer says.

        :param parse: What makes the result of the JSON of an answer. It may take for granted that the JSON is as the
            API says: whatever fails because it is not ends as an answer that the service cannot have given.
        :raises UnreachableError: There was no answer, or one that the service cannot have given.
        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, self.image_url + path, "the Image service", _reader(parse), **kwargs)

    def read_dated(
        self, method: str, path: str, parse: t.Callable[[t.Any, datetime.datetime | None], _Result], **kwargs: t.Any
    ) -> _Result:
        """
        Send a request to the Image service as C(read) does.

        :param parse: Is given the JSON of an answer, and when that was, by the clock of the service, None if it does
            not say so.
        """

        def understand(response: Response) -> _Result:
            return parse(json.loads(response.content), _time_of(response))

        return self._send(method, self.image_url + path, "the Image service", understand, **kwargs)

    def identity(self, method: str, path: str, parse: t.Callable[[t.Any], _Result], **kwargs: t.Any) -> _Result:
        """
        Send a request to the Identity service, and return what its answer says, as C(read) does.

        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, f"{self.auth_url}/v3{path}", "the Identity service", _reader(parse), **kwargs)

    def key_manager(self, method: str, path: str, parse: t.Callable[[t.Any], _Result], **kwargs: t.Any) -> _Result:
        """
        Send a request to the Key Manager, and return what its answer says, as C(read) does.

        :raises NotFoundError: The cloud has none.
        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, self._key_manager(path), "the Key Manager", _reader(parse), **kwargs)

    def secret(self, path: str, content_type: str) -> bytes:
        """
        Return the content of a secret of the Key Manager.

        :param content_type: The one that it was stored with.
        :raises NotFoundError: The cloud has none.
        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        url, headers = self._key_manager(path), {"Accept": content_type}
        return self._send("GET", url, "the Key Manager", lambda response: bytes(response.content), headers=headers)

    def secret_ref(self, secret_id: str) -> str:
        """Return what the clients of the Key Manager call a secret: its URL."""
        return self._key_manager(f"/secrets/{secret_id}")

    def _key_manager(self, path: str) -> str:
        url = self._endpoints.of("key-manager")
        if url is None:
            raise NotFoundError(
                f"{self.name} has no endpoint for the Key Manager, which holds the certificates that images are "
                "verified by."
            )
        return url + path

    def launching(self, service: str, image_url: str) -> tuple[Place, ...]:
        """
        Return where to ask C(compute) or C(block-storage) of what was made of the images of an Image service.

        :raises NotFoundError: The cloud does not have the service; then it has no status.
        :raises CloudError: It has it, and where is not to be told.
        """
        places = self._endpoints.launching(service, image_url)
        if not places:
            raise NotFoundError(f"{self.name} has no endpoint for {LAUNCHING[service]}.")
        return places

    def ask(
        self, place: Place, method: str, path: str, parse: t.Callable[[t.Any], _Result], **kwargs: t.Any
    ) -> _Result:
        """
        Send a request to one of those, and return what its answer says, as C(read) does.

        :raises CloudError: The answer is an error, of the kind that its status says.
        """
        return self._send(method, place.url + path, place.name, _reader(parse), **kwargs)

    def _send(
        self,
        method: str,
        url: str,
        service: str,
        understand: t.Callable[[Response], _Result],
        *,
        repeatable: bool = False,
        **kwargs: t.Any,
    ) -> _Result:
        kwargs["headers"] = {"Accept": "application/json", **kwargs.get("headers", {})}
        # What takes long is done by then, whereas what is only read is asked for several times.
        patience = self.stall if method == "GET" else self.keystone.timeout or _ANSWER_SECONDS
        kwargs.setdefault("timeout", (self.stall, patience))
        last = _RETRIES if repeatable or method in _REPEATABLE else 0
        for attempt in range(last):
            try:
                return self._ask(method, url, service, understand, **kwargs)
            except CloudError as exc:
                if not isinstance(exc, UnreachableError) and exc.status not in _BUSY:
                    raise
                time.sleep(pause_after(attempt, exc))
        return self._ask(method, url, service, understand, **kwargs)

    def _ask(
        self, method: str, url: str, service: str, understand: t.Callable[[Response], _Result], **kwargs: t.Any
    ) -> _Result:
        """Send a request once, and return what is understood of its answer."""
        from keystoneauth1 import exceptions

        place = url.partition("?")[0]
        try:
            response = self._request(method, url, **kwargs)
        except exceptions.ConnectionError as exc:
            # Where it is the certificate, another attempt would find the same one.
            error = CloudError if isinstance(exc, exceptions.SSLError) else UnreachableError
            advice = tls_advice(exc)
            raise error(
                f"{self.name}: {service} cannot be reached at {place}: {connection_cause(exc)}"
                f"{f'. {advice}' if advice else ''}"
            ) from exc
        except exceptions.ClientException as exc:
            raise CloudError(f"{self.name}: {service} failed: {exc}") from exc
        status = response.status_code
        if status >= 400:
            raise _error(response, f"{self.name}: {service}")
        if status >= 300:
            destination = without_url_secrets(response.headers.get("Location", "nowhere"))
            raise CloudError(
                f"{self.name}: {service} at {place} redirects to {destination}, which is not followed: the token and "
                "the data are meant for nobody else. Correct the endpoint in the catalogue of services, or give "
                "image_endpoint_override.",
                status,
            )
        try:
            return understand(response)
        except (AttributeError, LookupError, TypeError, ValueError) as exc:
            kind = response.headers.get("Content-Type", "no content")
            raise UnreachableError(
                f"{self.name}: {service} at {place} answered {status} to {method} with something that it cannot have "
                f"said ({kind}), such as a page of a proxy, or half of an answer. Run the task again."
            ) from exc

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
        response: Response = self.keystone.request(
            url, method, authenticated=False, raise_exc=False, redirect=False, **kwargs
        )
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


def _reader(parse: t.Callable[[t.Any], _Result]) -> t.Callable[[Response], _Result]:
    # Not by the response's own reading, which takes any bytes for text.
    return lambda response: parse(json.loads(response.content))


def _time_of(response: Response) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).replace(tzinfo=datetime.UTC)
    except (KeyError, ValueError):
        return None


def _check_encoding(response: Response) -> None:
    """
    Make sure that JSON arrived as it was sent, as far as its encoding tells: keystoneauth would read on.

    :raises ContentDecodingError: It did not.
    """
    from requests.exceptions import ContentDecodingError

    if "json" in response.headers.get("Content-Type", ""):
        try:
            response.content.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise ContentDecodingError(f"the answer did not arrive as it was sent: {exc}", response=response) from exc


def _error(response: Response, service: str) -> CloudError:
    status = response.status_code
    asked = response.request.method or ""
    if status == 401:
        # Access rules are made of methods and paths.
        asked += f" {urllib.parse.urlsplit(response.request.url or '').path}"
    message = f"{service} answered {status} to {asked}: {_explained(_message(response), status)}"
    after = response.headers.get("Retry-After", "")
    return _ERRORS.get(status, CloudError)(message, status, retry_after=float(after) if after.isdecimal() else None)


def _explained(text: str, status: int) -> str:
    """Return what a service said, with what to do about it where it forbids something."""
    if status == 401:
        return _UNACCEPTED
    if status != 403:
        return text
    if _FOREIGN.search(text):
        return f"{text.rstrip('.')} {_FOREIGN_ADVICE}"
    if reserved := _RESERVED.search(text):
        return f"{text.rstrip('.')}. {_reserved_advice(reserved['key'])}"
    if policy := _POLICY.search(text):
        name = policy["policy"]
        return f"{text.rstrip('.')} (policy {name}). {_POLICY_ADVICE.get(name, _ANY_ADVICE)}"
    return text


def _reserved_advice(key: str) -> str:
    advice = (
        "This collection records it on every image, so that the cloud has to leave it to the role member (the page "
        "on security in the documentation lists all such properties)."
        if key in RECORDED
        else "Leave it out, or use credentials that may write it."
    )
    return f"A property protection of the cloud reserves the property {key} for other roles. {advice}"


def _message(response: Response) -> str:
    try:
        body = response.json()
        # Others call an error by its kind, such as C(forbidden), and give it a message of its own.
        text = str(body.get("message") or body.get("description") or next(iter(body.values()))["message"])
    except (ValueError, KeyError, StopIteration, TypeError, AttributeError):
        text = response.text
    text = html.unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", text, flags=re.DOTALL))
    return " ".join(text.split())[:500] or (response.reason or "no explanation")
