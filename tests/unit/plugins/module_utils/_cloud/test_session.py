# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from keystoneauth1 import exceptions

from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
    UnreachableError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.tests.unit.fakes.cloud import URL, FakeAuth, respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, in no time."""
    made = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, CloudError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, ConflictError),
        (413, QuotaError),
        (415, CloudError),
        (500, CloudError),
    ],
)
@pytest.mark.parametrize("html", [False, True], ids=["json", "html"])
def test_every_status_is_an_error_of_its_kind(cloud, session, status, error, html):
    cloud.fail("POST", "/images", status, "It is <b>not</b> so &amp; never was.", times=2, html=html)
    with pytest.raises(CloudError) as caught:
        session.image("POST", "/images", json={})
    assert caught.type is error
    assert (caught.value.status, caught.value.details) == (status, {"status": status})
    assert caught.value.message.startswith(f"cloud test: the Image service answered {status} to POST: ")
    assert caught.value.message.endswith("It is not so & never was.")
    assert "<" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "Bad Request"),
        (b"   ", "Bad Request"),
        (b"plain text", "plain text"),
        (b'{"error": {"message": "as Keystone has it"}}', "as Keystone has it"),
        (b'{"forbidden": {"code": 403, "message": "as Nova and Cinder have it"}}', "as Nova and Cinder have it"),
        (b"{}", "{}"),
        (b'{"message": ""}', '{"message": ""}'),
        (b'["a list"]', '["a list"]'),
        (b'"a string"', '"a string"'),
        (b"x" * 2000, "x" * 500),
        ("ünï".encode(), "ünï"),
    ],
    ids=["empty", "blank", "text", "keystone", "by-kind", "nothing", "no-message", "list", "string", "long", "unicode"],
)
def test_every_body_says_something(cloud, session, body, text):
    cloud.instead("GET", "/images", lambda request: respond(request, Answer(400, body)))
    with pytest.raises(CloudError) as caught:
        session.image("GET", "/images")
    assert caught.value.message == f"cloud test: the Image service answered 400 to GET: {text}"


def test_credentials_that_are_not_taken_for_a_request(cloud, session):
    cloud.fail("POST", "/images", 401, "The page of a server.", times=2)
    with pytest.raises(
        ForbiddenError, match="401 to POST /image/v2/images: it does not take .* access rules"
    ) as caught:
        session.image("POST", "/images?a=b", json={})
    assert (caught.value.status, "page of a server" in caught.value.message) == (401, False)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Attribute 'os_distro' is reserved.", "reserves the property os_distro for other roles. Leave it out"),
        ("Attribute 'published_since' is reserved.", "This collection records it on every image"),
        ("You are not permitted to create images owned by 'p-a'", "'p-a' .policy add_image.*option owner"),
        ("Forbidden for reasons of its own.", "Forbidden for reasons of its own.$"),
    ],
)
def test_what_is_forbidden_comes_with_advice(cloud, session, text, advice):
    cloud.fail("PATCH", "/images/a", 403, text)
    with pytest.raises(ForbiddenError, match=advice):
        session.image("PATCH", "/images/a")


@pytest.mark.parametrize(
    ("policy", "advice"),
    [
        ("publicize_image", "Use visibility community"),
        ("communitize_image", "share the image with the projects by name"),
        ("add_image", "a reader cannot create images"),
        ("upload_image", "a reader cannot give an image its data"),
        ("download_image", "a reader sees all of an image but its data"),
        ("deactivate", "cannot deactivate it"),
        ("reactivate", "cannot reactivate it"),
        ("delete_member", "cannot take shares of it away"),
        ("modify_image", "it takes the role member in the project that owns the image.*cannot change it"),
        ("delete_image", "cannot delete it"),
        ("add_member", "cannot share it"),
        ("modify_member", "Only the project that an image is shared with can accept"),
    ],
)
def test_a_policy_comes_with_advice(cloud, session, policy, advice):
    cloud.fail("GET", "/images", 403, f"You are not authorized to complete {policy} action.")
    with pytest.raises(ForbiddenError, match=rf"{policy} action \(policy {policy}\)\. .*{advice}"):
        session.image("GET", "/images")


def test_another_policy_is_named(cloud, session):
    cloud.fail("GET", "/images", 403, "You are not authorized to complete get_task action.")
    with pytest.raises(ForbiddenError, match=r"get_task action \(policy get_task\)\. Ask an administrator"):
        session.image("GET", "/images")


def test_the_service_refuses_readers_with_advice(cloud):
    with pytest.raises(ForbiddenError, match="it takes the role member: a reader cannot create images"):
        cloud.session(roles=("reader",)).image("POST", "/images", json={"name": "x"})


@pytest.mark.parametrize(("method", "attempts"), [("GET", 4), ("DELETE", 4), ("POST", 1), ("PUT", 1), ("PATCH", 1)])
@pytest.mark.usefixtures("pauses")
def test_only_what_is_harmless_is_repeated(cloud, session, method, attempts):
    cloud.break_off(method, "/images", times=10)
    with pytest.raises(CloudError, match=f"cloud test: the Image service cannot be reached at {URL}/image/v2/images: "):
        session.image(method, "/images?name=x")
    cloud.faults.clear()
    cloud.fail(method, "/images", 503, "Busy.", times=10)
    with pytest.raises(CloudError, match="answered 503"):
        session.image(method, "/images")
    assert cloud.log == [f"{method} /images"] * 2 * attempts


def test_a_short_outage_goes_unnoticed(cloud, session, pauses):
    cloud.fail("GET", "/images", 503, "Busy.", times=2)
    cloud.break_off("GET", "/images")
    assert session.image("GET", "/images").json() == {"images": []}
    assert len(pauses) == 3


@pytest.mark.parametrize(("asked", "waited"), [("17", 17.0), ("86400", 300.0)])
def test_the_cloud_says_how_long_to_wait_up_to_a_bound(cloud, session, pauses, asked, waited):
    def busy(request):
        response = respond(request, Answer(503, {"message": "Busy."}))
        response.headers["Retry-After"] = asked
        return response

    cloud.instead("GET", "/images", busy)
    session.image("GET", "/images")
    assert pauses == [waited]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.usefixtures("pauses")
def test_what_does_nothing_twice_may_be_repeated(cloud, session, method):
    cloud.break_off(method, "/images/0", times=3)
    with pytest.raises(NotFoundError):
        session.image(method, "/images/0", repeatable=True)
    assert cloud.log == [f"{method} /images/0"] * 4


def images_of(body):
    return body["images"]


PAGE = b"<html><body>Welcome to this hotel</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        PAGE,
        b'{"images": [{"id": "',
        b'{"images": \xff[]}',
        b'{"images\xff": []}',
        b"[]",
        b'"images"',
        b"null",
        b"{}",
    ],
    ids=["nothing", "page", "half", "spoiled", "spoiled-text", "list", "text", "null", "empty"],
)
def test_an_answer_that_the_service_cannot_have_given(cloud, session, pauses, body):
    for _each in range(4):
        cloud.instead("GET", "/images", lambda request: respond(request, Answer(200, body, {"Content-Type": "a/b"})))
    with pytest.raises(UnreachableError) as caught:
        session.read("GET", "/images?name=x", images_of)
    assert caught.value.message == (
        f"cloud test: the Image service at {URL}/image/v2/images answered 200 to GET with something that it cannot "
        "have said (a/b), such as a page of a proxy, or half of an answer. Run the task again."
    )
    assert len(pauses) == 3
    assert session.read("GET", "/images", images_of) == []


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/images/0"), ("PUT", "/images/0/file")])
@pytest.mark.usefixtures("pauses")
def test_a_page_is_no_word_that_something_was_done(cloud, session, method, path):
    for _each in range(4):
        cloud.instead(method, path, lambda request: respond(request, Answer(200, PAGE, {"Content-Type": "text/html"})))
    with pytest.raises(UnreachableError, match=f"answered 200 to {method} with something that it cannot have said"):
        session.image(method, path)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_redirect_is_not_followed(cloud, session, method):
    headers = {"Location": f"{URL}/elsewhere?signature=secret"}
    cloud.instead(method, "/images", lambda request: respond(request, Answer(302, b"", headers)))
    message = rf"redirects to {URL}/elsewhere\?\*\*\*, which is not followed.* Correct the endpoint"
    with pytest.raises(CloudError, match=message):
        session.image(method, "/images")
    assert cloud.log == [f"{method} /images"]


def test_json_that_is_spoiled_on_the_way_is_noticed_before_others_read_it(cloud, session):
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    cloud.instead("POST", "/images", lambda request: respond(request, Answer(201, b'{"id": "a\xff"}', headers)))
    with pytest.raises(UnreachableError, match="the answer did not arrive as it was sent"):
        session.read("POST", "/images", dict, json={})


def test_a_discovery_that_is_refused_does_not_ask_for_a_token(cloud, session):
    cloud.fail("GET", "/projects", 401, "Who are you?")
    answer = session.keystone.get(f"{URL}/identity/v3/projects", authenticated=False, raise_exc=False)
    assert answer.status_code == 403


@pytest.mark.usefixtures("pauses")
def test_a_certificate_is_not_tried_again(cloud, session):
    def refuse(request):
        raise requests.exceptions.SSLError("certificate verify failed: self-signed certificate (_ssl.c:1)")

    cloud.instead("GET", "/images", refuse)
    with pytest.raises(CloudError, match="cannot be reached at .*: certificate verify failed: self-signed") as caught:
        session.image("GET", "/images")
    assert caught.type is CloudError
    assert len(cloud.sent) == 1


def test_another_failure_of_a_request_is_told(cloud, session):
    def fail(_request):
        raise exceptions.InvalidResponse("odd")

    cloud.instead("POST", "/images", fail)
    with pytest.raises(CloudError, match="cloud test: the Image service failed: .*Invalid response"):
        session.image("POST", "/images", json={})


def test_json_is_asked_for_and_other_headers_are_kept(cloud, session):
    session.image("GET", "/images", headers={"X-Other": "1"})
    assert cloud.sent[0].headers["Accept"] == "application/json"
    assert cloud.sent[0].headers["X-Other"] == "1"


@pytest.mark.parametrize("address", ["/identity", "/identity/", "/identity/v3", "/identity/v3/"])
def test_the_identity_service_is_found_below_the_address(cloud, address):
    session = cloud.session(roles=("admin",))
    session._auth.auth_url = URL + address
    assert session.identity("GET", "/projects?name=own", lambda body: body["projects"][0]["id"]) == "p-own"


def test_errors_of_the_identity_service_name_it(cloud, session):
    with pytest.raises(ForbiddenError, match="the Identity service answered 403"):
        session.identity("GET", "/projects?name=own", dict)


def test_who_the_credentials_are(cloud):
    session = cloud.session("p-a", ("member", "reader"))
    assert isinstance(session, Session)
    assert (session.project_id, session.project_name) == ("p-a", "team-a")
    assert session.project == Project("p-a", "team-a")
    assert session.roles == {"member", "reader"}


# Several at a time


def test_every_request_counts(cloud, session):
    assert session.requests == 0
    session.image("GET", "/images")
    with pytest.raises(NotFoundError):
        session.image("GET", "/images/0")
    assert session.requests == len(cloud.sent) == 2


@pytest.mark.usefixtures("pauses")
def test_repetitions_and_lost_connections_count(cloud, session):
    cloud.fail("GET", "/images", 503, "Busy.", times=2)
    cloud.break_off("GET", "/images")
    session.image("GET", "/images")
    assert session.requests == len(cloud.sent) == 4


def test_sessions_count_for_themselves(cloud, session):
    cloud.session(roles=("admin",)).identity("GET", "/projects?name=own", dict)
    assert (session.requests, len(cloud.sent)) == (0, 1)


def test_requests_of_several_threads_count(cloud, session):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: session.image("GET", "/images"), range(200)))
    assert session.requests == len(cloud.sent) == 200


class TokenAuth(FakeAuth):
    """An authentication whose tokens the cloud can refuse; C(given) is how many were given out."""

    def __init__(self):
        super().__init__("p-own", "own", ("member",))
        self.current, self.given = True, 1

    def get_token(self, session):
        if not self.current:
            time.sleep(0.05)
            self.current, self.given = True, self.given + 1
        return super().get_token(session) + " " * self.given

    def invalidate(self):
        known, self.current = self.current, False
        return known


@pytest.fixture
def auth(cloud, session):
    """The authentication of the session; its first token is refused, to four threads at the same time."""
    auth = TokenAuth()
    session._auth = session.keystone.auth = auth
    answer, refused = cloud.send, threading.Barrier(4)

    def send(request, **options):
        if not request.headers["X-Auth-Token"].endswith("  "):
            refused.wait(5)
            return respond(request, Answer(401, {"message": "Expired."}))
        return answer(request, **options)

    cloud.send = send
    return auth


def test_a_token_refused_to_several_threads_is_replaced_once(session, auth):
    renewals = []
    session._renewed = lambda: renewals.append(auth.given)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: session.image("GET", "/images").json(), range(4)))
    assert answers == [{"images": []}] * 4
    assert renewals == [auth.given] == [2]
    assert session.requests == 8


def test_a_stream_is_not_sent_again_but_its_token_is_replaced(cloud, session, auth):
    body = iter([b"data"])
    cloud.send = lambda request, **_: respond(request, Answer(401, {"message": "Expired."}))
    with pytest.raises(
        CloudError, match="answered 401 to PUT .*/0/file: it does not take these credentials for this request"
    ):
        session.image("PUT", "/images/0/file", data=body)
    assert (session.requests, auth.given, list(body)) == (1, 2, [b"data"])


def test_nothing_waits_for_ever(cloud, session):
    session.image("GET", "/images")
    session.read("POST", "/images", dict, json={"name": "x"})
    session.keystone.timeout = 7.0
    session.image("GET", "/images")
    session.read("POST", "/images", dict, json={"name": "x"})
    session.image("GET", "/images", timeout=(1, 2))
    timeouts = [(120.0, 120.0), (120.0, 600.0), (7.0, 7.0), (7.0, 7.0), (1, 2)]
    assert [sent.timeout for sent in cloud.sent] == timeouts
    assert session.stall == 7.0


@pytest.mark.parametrize(
    ("header", "seconds"), [("17", 17.0), ("²", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)]
)
def test_how_long_the_cloud_asks_to_wait_is_kept(cloud, session, header, seconds):
    def busy(request):
        response = respond(request, Answer(503, {"message": "Busy."}))
        response.headers.update({"Retry-After": header} if header else {})
        return response

    cloud.instead("POST", "/images", busy)
    with pytest.raises(CloudError) as caught:
        session.image("POST", "/images", json={})
    assert caught.value.retry_after == seconds


def test_a_lost_connection_is_an_error_of_its_own(cloud, session):
    cloud.break_off("POST", "/images")
    with pytest.raises(UnreachableError, match="the Image service cannot be reached at .*: Connection reset"):
        session.image("POST", "/images", json={})


def test_the_identity_service_is_the_same_for_all_regions(cloud):
    one, two = cloud.session(region_name="one"), cloud.session(region_name="two")
    assert one.auth_url == two.auth_url == f"{URL}/identity"
    assert (one.region_name, two.region_name) == ("one", "two")
