# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What the tests in Python share: modules run through real ansible-playbook processes, a look past them at the cloud,
servers that stop half way on purpose.

OS_CLIENT_CONFIG_FILE names the clouds.yaml of the sandbox, and the modules are found through ANSIBLE_COLLECTIONS_PATH.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.client
import importlib
import itertools
import json
import os
import random
import re
import secrets
import signal
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from ansible.module_utils import basic
from fault_proxy import FaultProxy, fault_proxy

CLOUDS_FILE = Path(os.environ.get("OS_CLIENT_CONFIG_FILE", "clouds.yaml"))
PATIENCE = 120
RUN = secrets.token_hex(3)
MIB = 1024**2
# What a catalogue costs that is as it should be: two requests to authenticate, and the listings of what is hidden and
# of what is not.
IDLE = 4


@pytest.fixture(scope="session")
def clouds() -> dict[str, Any]:
    """The configuration of each cloud of the sandbox."""
    return yaml.safe_load(CLOUDS_FILE.read_text())["clouds"]


class Cloud:
    """The images of a cloud, past the modules under test."""

    def __init__(self, name: str, **options: Any) -> None:
        self.connection = openstack.connect(cloud=name, **options)
        self.image = self.connection.image

    @property
    def project_id(self) -> str:
        return self.connection.current_project_id

    def find(self, prefix: str) -> list[dict[str, Any]]:
        query = "limit=1000&visibility=all&member_status=all"
        pages = [self.image.get(f"/images?{query}&os_hidden={hidden}").json() for hidden in ("false", "true")]
        return [image for page in pages for image in page["images"] if image["name"].startswith(prefix)]

    def make(self, name: str, data: bytes) -> str:
        """Return the id of a new raw image."""
        body = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "private"}
        image_id = self.image.post("/images", json=body).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        assert self.image.put(f"/images/{image_id}/file", data=data, headers=headers).status_code == 204
        return image_id

    def purge(self, prefix: str) -> None:
        for image in self.find(prefix):
            self.image.delete(f"/images/{image['id']}")


@pytest.fixture(scope="session")
def admin() -> Cloud:
    return Cloud("sandbox-admin")


@pytest.fixture(scope="session")
def operator() -> Cloud:
    return Cloud("sandbox-operator")


@pytest.fixture
def name(request: pytest.FixtureRequest, admin: Cloud) -> Iterator[str]:
    """A name of an image for this test alone, and this run of it: what had a name before costs more requests."""
    template = "itest-1-" + re.sub("[^a-z0-9]+", "-", request.node.name).strip("-")
    yield f"{template}-{RUN}-v1.0"
    admin.purge(template)


@pytest.fixture
def template(name: str) -> str:
    """The template of that image."""
    return name.removesuffix("-v1.0")


def content(seed: int | str) -> bytes:
    """A little data, the same for the same seed."""
    return random.Random(seed).randbytes(4096)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run returned and printed."""

    result: dict[str, Any]
    output: str

    @property
    def taken(self) -> list[str]:
        """The kinds of the actions."""
        return [action["action"] for action in self.result["actions"]]


class Run:
    """A play with one task, on its way."""

    _numbers = itertools.count()

    def __init__(self, folder: Path, task: dict[str, Any], *options: str) -> None:
        shown = "outcome={{ outcome | to_json | b64encode }}"
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": [
                {**task, "register": "outcome", "ignore_errors": True},
                {"ansible.builtin.debug": {"msg": shown}},
            ],
        }
        # Several may be on their way at a time.
        file = folder / f"play-{next(self._numbers)}.yml"
        file.write_text(json.dumps([play]))
        self.process = subprocess.Popen(
            ["ansible-playbook", *options, file],
            env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "XDG_CACHE_HOME": str(folder / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> Outcome:
        output, _nothing = self.process.communicate(timeout=PATIENCE)
        shown = re.search(r"outcome=([\w+/=]+)", output)
        assert shown, output
        return Outcome(json.loads(base64.b64decode(shown[1])), output.replace(shown[0], ""))

    def processes(self) -> list[int]:
        """The ids of all processes of this run: those of Ansible make sessions of their own, so a group is no help."""
        parents = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
        found = [self.process.pid]
        for parent in found:
            found += [process for process, each in parents.items() if each == parent]
        return found

    def kill(self) -> None:
        for process in self.processes():
            os.kill(process, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def start_module(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start a module; whatever still runs at the end of the test is killed."""
    runs = []

    def start(module: str, cloud: Any, *options: str, check: bool = False, **args: Any) -> Run:
        task = {f"xloud.image.{module}": {"cloud": cloud, **args}, "check_mode": check}
        run = Run(tmp_path, task, *options)
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.kill()


@pytest.fixture
def run_module(start_module: Callable[..., Run]) -> Callable[..., Outcome]:
    """Run a module to its end, be it good or bad."""
    return lambda *args, **kwargs: start_module(*args, **kwargs).wait()


class Gate:
    """A point half way that a transfer waits at until it may go, which is where it then breaks off."""

    def __init__(self, *, is_open: bool = False) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()
        if is_open:
            self.open()

    @property
    def is_open(self) -> bool:
        return self._opened.is_set()

    def open(self) -> None:
        self._opened.set()

    def wait_until_reached(self) -> None:
        assert self._reached.wait(PATIENCE)

    def pass_through(self) -> None:
        self._reached.set()
        self._opened.wait(PATIENCE)


@dataclasses.dataclass
class Page:
    """
    What a web server gives, in chunks rather than with a length, or no more than half of it once a gate opens.

    :param breaks: So many times it gives no more than half of what is asked for. Then there are ranges as well.
    """

    data: bytes
    chunked: bool = False
    gate: Gate | None = None
    breaks: int = 0
    agents: list[str] = dataclasses.field(default_factory=list)
    ranges: list[str | None] = dataclasses.field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        """Keep quiet."""


class PageHandler(Handler):
    def do_GET(self) -> None:
        page: Page | None = self.server.pages.get(self.path.partition("?")[0])
        self.close_connection = True
        if page is None:
            self.send_error(404)
            return
        page.agents.append(self.headers["User-Agent"])
        page.ranges.append(self.headers["Range"])
        data, size = page.data, len(page.data)
        if page.breaks and self.headers["Range"]:
            begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            data = data[begin:]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header(*(("Transfer-Encoding", "chunked") if page.chunked else ("Content-Length", len(data))))
        self.end_headers()
        # A client that has seen enough of the data hangs up.
        with contextlib.suppress(ConnectionError):
            self._send(page, data)

    def _send(self, page: Page, data: bytes) -> None:
        is_half = page.gate is not None or len(page.ranges) <= page.breaks
        end = len(data) // 2 if is_half else len(data)
        for start in range(0, end, MIB):
            block = memoryview(data)[start : min(start + MIB, end)]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if page.chunked else block)
        if page.gate:
            page.gate.pass_through()
        elif page.chunked:
            self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    """Serves as many as come at a time."""

    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def serving(handler: type[Handler], **attributes: Any) -> Iterator[str]:
    """Serve on a free port of this machine, and give the URL."""
    server = Server(("127.0.0.1", 0), handler)
    vars(server).update(attributes)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Web:
    """A web server whose pages a test sets."""

    def __init__(self, url: str, pages: dict[str, Page]) -> None:
        self.url = url
        self._pages = pages

    def give(self, path: str, data: bytes, **settings: Any) -> Page:
        page = self._pages[path] = Page(data, **settings)
        return page


@pytest.fixture
def web() -> Iterator[Web]:
    pages: dict[str, Page] = {}
    with serving(PageHandler, pages=pages) as url:
        yield Web(url, pages)
        for page in pages.values():
            if page.gate:
                page.gate.open()


class HalfHandler(Handler):
    """Passes requests on to the Image service, and of image data no more than half, once a gate opens."""

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=PATIENCE)
        with contextlib.closing(upstream), contextlib.suppress(ConnectionError):
            upstream.request(self.command, self.path, body, dict(self.headers))
            self._answer(upstream.getresponse())

    def _answer(self, response: http.client.HTTPResponse) -> None:
        data = response.read()
        self.close_connection = True
        self.send_response(response.status)
        self.send_header("Connection", "close")
        for header in ("Content-Type", "X-OpenStack-Request-ID"):
            if header in response.headers:
                self.send_header(header, response.headers[header])
        if response.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        is_data = self.command == "GET" and self.path.endswith("/file")
        self.wfile.write(data[: len(data) // 2] if is_data else data)
        if is_data:
            self.server.gate.pass_through()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = forward  # noqa: N815 - the names that http.server looks for


@dataclasses.dataclass(frozen=True)
class Half:
    """A gate, and a cloud whose image data stops at it."""

    gate: Gate
    cloud: dict[str, Any]


@pytest.fixture
def half_of(clouds: dict[str, Any], admin: Cloud) -> Iterator[Callable[..., Half]]:
    """Make a cloud give no more than half of an image's data."""
    with contextlib.ExitStack() as stack:

        def make(cloud: str, *, is_open: bool = False) -> Half:
            gate = Gate(is_open=is_open)
            stack.callback(gate.open)
            upstream = urllib.parse.urlsplit(admin.image.get_endpoint()).netloc
            url = stack.enter_context(serving(HalfHandler, upstream=upstream, gate=gate))
            return Half(gate, {**clouds[cloud], "image_endpoint_override": url})

        yield make


@dataclasses.dataclass(frozen=True)
class Faulty:
    """Clouds behind a proxy that breaks transfers, which are given up after two seconds in which nothing moves."""

    proxy: FaultProxy
    clouds: dict[str, Any]

    def of(self, name: str) -> dict[str, Any]:
        """A cloud of the sandbox behind the proxy."""
        return {**self.clouds[name], "image_endpoint_override": self.proxy.url, "api_timeout": 2}

    @property
    def cloud(self) -> dict[str, Any]:
        """That of the operator."""
        return self.of("sandbox-operator")


@pytest.fixture
def faulty(clouds: dict[str, Any], admin: Cloud) -> Iterator[Faulty]:
    """The clouds of the sandbox, behind a proxy."""
    with fault_proxy(urllib.parse.urlsplit(admin.image.get_endpoint()).netloc) as proxy:
        yield Faulty(proxy, clouds)


@dataclasses.dataclass(frozen=True)
class Request:
    """A line of an access log."""

    service: str
    method: str
    path: str
    status: int


class Requests:
    """The requests of the modules under test, as the services logged them."""

    _LINE = re.compile(r'\S+ \S+ "(?P<method>\S+) (?P<path>\S+)" (?P<status>\d+) .*"xloud\.image ')

    def __init__(self) -> None:
        folder = CLOUDS_FILE.parent / "log"
        services = ("identity", "image", "key-manager")
        self._logs = {service: folder / f"{service}-access.log" for service in services}
        self._read = {service: log.stat().st_size for service, log in self._logs.items()}

    def take(self) -> list[Request]:
        """Return those that came since this was asked last."""
        return [request for service in self._logs for request in self._take(service)]

    def take_until(self, is_enough: Callable[[list[Request]], bool]) -> list[Request]:
        """Return those that came since, waiting for requests that broke off: a service may notice that later."""
        found = self.take()
        deadline = time.monotonic() + PATIENCE
        while not is_enough(found):
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
            found += self.take()
        return found

    def _take(self, service: str) -> Iterator[Request]:
        with self._logs[service].open() as log:
            log.seek(self._read[service])
            for line in log:
                match = self._LINE.match(line)
                if match:
                    yield Request(service, match["method"], match["path"], int(match["status"]))
            self._read[service] = log.tell()


@pytest.fixture
def requests_seen() -> Requests:
    return Requests()


@pytest.fixture
def run_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Run a module to its end in this process, without the seconds that Ansible takes to start one."""
    # That of the processes that a test starts: they are one user's, on one machine.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(module_name: str, /, cloud: Any = None, check: bool = False, **args: Any) -> Outcome:
        module = importlib.import_module(f"ansible_collections.xloud.image.plugins.modules.{module_name}")
        connection = {} if cloud is None else {"cloud": cloud}
        settings = {**connection, **args, "_ansible_check_mode": check, "_ansible_diff": True}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": settings}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            module.main()
        output = capsys.readouterr().out
        return Outcome({"failed": False, **json.loads(output)}, output)

    return run


class Curator:
    """The module image_catalog on one cloud, and the requests of its last run."""

    def __init__(self, run: Callable[..., Outcome], requests: Requests, **args: Any) -> None:
        self._run = run
        self._requests = requests
        self._args = args
        self.sent: list[Request] = []

    def run(self, **args: Any) -> dict[str, Any]:
        """Return the result of a run, good or bad."""
        self._requests.take()
        result = self._run("image_catalog", **{**self._args, **args}).result
        self.sent = self._requests.take_until(lambda found: len(found) >= result.get("requests", 0))
        assert result.get("requests") in (None, len(self.sent))
        return result

    @property
    def writes(self) -> list[str]:
        """What the last run asked the Image service to change, without the ids."""
        changes = [each for each in self.sent if each.service == "image" and each.method != "GET"]
        return [f"{each.method} {re.sub('[0-9a-f-]{32,36}', 'ID', each.path)}" for each in changes]

    def settle(self, idle: int, **args: Any) -> dict[str, Any]:
        """
        Return the result of a run that check mode foretold in every word, and after which nothing is left to do.

        :param idle: So many requests it takes to find that out.
        """
        foretold = self.run(check=True, **args)
        assert self.writes == []
        done = self.run(**args)
        for result in (foretold, done):
            assert not result["failed"], result["msg"]
        for key in ("changed", "plan", "diff", "summary", "findings"):
            assert json.dumps(foretold[key]) == json.dumps(done[key]), key
        later = [self.run(check=check, **args) for check in (True, False)] if done["changed"] else [done]
        for again in later:
            assert not again["failed"], again["msg"]
            assert (again["changed"], again["plan"], again["diff"]) == (False, [], {"before": {}, "after": {}})
            assert (again["current"], _there(again["versions"])) == (done["current"], _idle(done["versions"]))
            assert again["requests"] == idle
        assert self.writes == []
        return done


def _there(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["stage"] != "absent"]


def _idle(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "changed": False, "actions": []} for row in _there(rows)]


@pytest.fixture
def curator(run_here: Callable[..., Outcome], requests_seen: Requests) -> Callable[..., Curator]:
    """Make a curator that always gives these options."""
    return lambda **args: Curator(run_here, requests_seen, **args)
