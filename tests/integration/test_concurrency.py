# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at once: no image is doubled or lost, nobody says ok over a failure, and the next run completes the rest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
import urllib.parse

import pytest
from conftest import IDLE, MIB, PATIENCE, Gate, HalfHandler, Handler, content, serving

from ansible_collections.xloud.image.plugins.module_utils._cloud import claims

CLOUD = "sandbox-operator"
BLOCK = 65536
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"


@pytest.fixture
def give(tmp_path):
    """Write a file, and return its path."""

    def write(file, seed):
        (tmp_path / file).write_bytes(content(seed))
        return str(tmp_path / file)

    return write


@pytest.fixture
def curate(curator, tmp_path):
    return curator(cloud=CLOUD, source_directory=str(tmp_path))


@pytest.fixture
def through(clouds, admin):
    """Put a handler between a cloud and whoever uses it."""
    upstream = urllib.parse.urlsplit(admin.image.get_endpoint()).netloc
    with contextlib.ExitStack() as stack:

        def make(handler, cloud=CLOUD, **attributes):
            url = stack.enter_context(serving(handler, upstream=upstream, **attributes))
            return {**clouds[cloud], "image_endpoint_override": url}

        yield make


@pytest.fixture
def start_runs(start_module, through, tmp_path):
    """Start runs over catalogues, none of which does anything before all of them have seen the cloud as it is."""

    def start(*catalogs, listing):
        barrier = threading.Barrier(len(catalogs))
        cloud = through(MeetingHandler, barrier=barrier, listing=listing, gate=None)
        return [
            start_module("image_catalog", cloud, catalog=each, source_directory=str(tmp_path), workers=4)
            for each in catalogs
        ]

    return start


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Have what runs in this process be on another machine than what is started."""
    return lambda: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))


class MeetingHandler(HalfHandler):
    """Passes requests on, and answers those for one listing only once all runs have asked for it."""

    def _answer(self, response):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if self.command == "GET" and query.get("os_hidden") == ["true"] and self.server.listing in query:
            self.server.barrier.wait(PATIENCE)
        super()._answer(response)


class PausedHandler(HalfHandler):
    """Passes requests on, and those that move image data only once a gate opens."""

    def forward(self):
        if self.path.endswith("/file"):
            self.server.gate.pass_through()
        super().forward()

    do_GET = do_PUT = forward  # noqa: N815 - the names that http.server looks for

    def _answer(self, response):
        self.path = self.path.removesuffix("/file")
        super()._answer(response)


class SlowHandler(Handler):
    """Gives data in two halves, the second one once a gate opens."""

    def do_GET(self):  # noqa: N802 - the name that http.server looks for
        data, gate = self.server.data, self.server.gate
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            half = memoryview(data)[: len(data) // 2]
            self.wfile.write(half)
            gate.pass_through()
            self.wfile.write(data[len(half) :])


class EndlessHandler(Handler):
    """Gives one block after the other until a gate opens."""

    def do_GET(self):  # noqa: N802 - the name that http.server looks for
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            while not self.server.gate.is_open:
                self.wfile.write(b"%x\r\n%b\r\n" % (BLOCK, bytes(BLOCK)))
            self.wfile.write(b"0\r\n\r\n")


def sha512(data):
    return hashlib.sha512(data).hexdigest()


def offered(versions, **settings):
    return {"visibility": "community", "versions": versions, **settings}


def there(cloud, prefix):
    return sorted((image["name"], image["status"], image["visibility"]) for image in cloud.find(prefix))


def kinds(result):
    return sorted((finding["kind"], finding["image"]) for finding in result["findings"])


def test_an_image_is_made_once_whoever_begins(name, give, through, start_module, run_here, curate, operator):
    """The second run comes between the creation of the record and its data."""
    template, path = name.removesuffix("-v1.0"), give("disk.raw", 1)
    catalog = {template: offered({"1.0": {"source": "disk.raw"}})}
    gate = Gate()
    first = start_module("image_template", through(PausedHandler, gate=gate), name=name, source=path)
    gate.wait_until_reached()
    (record,) = operator.find(name)

    second = run_here("image_template", CLOUD, name=name, source=path).result
    third = curate.run(catalog=catalog)

    assert second["failed"]
    assert second["actions"] == []
    assert f"Image {name} ({record['id']}) is being uploaded by another run" in second["msg"]
    assert (third["failed"], third["changed"], third["failures"]) == (False, False, [])
    assert kinds(third) == [("busy", name)]
    assert third["summary"]["held"] == 1
    assert curate.writes == []
    gate.open()
    done = first.wait()
    assert not done.result["failed"], done.result["msg"]
    assert done.result["image"]["id"] == record["id"]
    assert [image["id"] for image in operator.find(name)] == [record["id"]]
    curate.settle(IDLE, catalog=catalog)


def test_what_waits_for_another_runs_upload_is_left_as_it_is(template, give, start_module, curate, operator, tmp_path):
    give("first.raw", 1)
    versions = {"1.0": {"source": "first.raw"}}
    curate.run(catalog={template: offered(versions)})
    data, gate = bytes(16 * MIB), Gate()
    with serving(SlowHandler, data=data, gate=gate) as url:
        versions["1.1"] = {"source": f"{url}/second.raw", "import_method": "direct"}
        catalog = {template: offered(versions)}
        first = start_module("image_catalog", CLOUD, catalog=catalog, source_directory=str(tmp_path))
        gate.wait_until_reached()
        wait_until(operator, f"{template}-v1.1", "saving")

        second = curate.run(catalog=catalog)

        assert (second["failed"], second["changed"], curate.writes) == (False, False, [])
        assert kinds(second) == [("busy", f"{template}-v1.1")]
        assert second["current"][template]["version"] == "1.0"
        gate.open()
        done = first.wait().result
    assert not done["failed"], done["msg"]
    assert done["summary"]["stages"] == {"deprecated": 1, "published": 1}
    assert not curate.run(catalog=catalog)["changed"]


def test_an_upload_on_another_machine_is_known_by_its_signs_of_life(
    name, start_module, run_here, elsewhere, operator, monkeypatch
):
    gate = Gate()
    with serving(SlowHandler, data=bytes(16 * MIB), gate=gate) as url:
        source = {"name": name, "source": f"{url}/disk.raw", "import_method": "direct"}
        first = start_module("image_template", CLOUD, **source)
        gate.wait_until_reached()
        (record,) = operator.find(name)
        elsewhere()
        monkeypatch.setattr(claims, "_PAUSE_SECONDS", 0.1)
        foretold = run_here("image_template", CLOUD, check=True, **source).result
        with signs_of_life(operator, record):
            second = run_here("image_template", CLOUD, **source).result

        assert [action["action"] for action in foretold["actions"]] == ["delete", "create"]
        assert "no run gives a sign any more that it is uploading it" in foretold["actions"][0]["reason"]
        assert f"({record['id']}) is being uploaded by another run (last sign of life" in second["msg"]
        gate.open()
        assert not first.wait().result["failed"]
    assert [image["id"] for image in operator.find(name)] == [record["id"]]


def wait_until(cloud, name, status):
    """Return the image of a name once it has a status."""
    deadline = time.monotonic() + PATIENCE
    while True:
        (image,) = cloud.find(name)
        if image["status"] == status:
            return image
        assert time.monotonic() < deadline, image
        time.sleep(0.01)


@contextlib.contextmanager
def signs_of_life(cloud, record):
    """Give the signs of life that an upload gives, only more often, for as long as the block lasts."""
    patch = json.dumps([{"op": "replace", "path": "/name", "value": record["name"]}])
    ended = threading.Event()

    def touch():
        while not ended.wait(0.1):
            cloud.image.patch(f"/images/{record['id']}", data=patch, headers={"Content-Type": PATCH_TYPE})

    beat = threading.Thread(target=touch)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()


def test_signs_of_life_leave_nothing_on_the_image(name, run_here, requests_seen, operator, monkeypatch):
    monkeypatch.setattr(claims, "SIGN_SECONDS", 0.3)
    gate = Gate()

    def end_after_two_signs():
        requests_seen.take_until(lambda found: [each.method for each in found].count("PATCH") >= 2)
        gate.open()

    with serving(EndlessHandler, gate=gate) as url:
        watching = threading.Thread(target=end_after_two_signs)
        watching.start()
        source = {"name": name, "source": f"{url}/disk.raw", "import_method": "direct"}
        made = run_here("image_template", CLOUD, **source).result
        watching.join()

    assert not made["failed"], made["msg"]
    (image,) = operator.find(name)
    assert (image["status"], image["os_hash_value"]) == ("active", sha512(bytes(image["size"])))
    assert made["image"]["updated_at"] == image["updated_at"]
    assert {key for key in image if key.startswith("xloud")} == {"xloud_image_template", "xloud_image_version"}


def test_what_a_killed_run_left_on_another_machine_is_taken_over(
    name, start_module, run_here, elsewhere, operator, monkeypatch
):
    data, gate = bytes(16 * MIB), Gate()
    with serving(SlowHandler, data=data, gate=gate) as url:
        source = {"name": name, "source": f"{url}/disk.raw", "import_method": "direct"}
        killed = start_module("image_template", CLOUD, **source)
        gate.wait_until_reached()
        left = wait_until(operator, name, "saving")
        killed.kill()
        gate.open()
        elsewhere()
        # That the service notices that nobody is there any more makes the record younger.
        wait_until(operator, name, "queued")
        monkeypatch.setattr(claims, "LEASE_SECONDS", 0.0)

        completed = run_here("image_template", CLOUD, **source)

    assert not completed.result["failed"], completed.result["msg"]
    assert completed.taken == ["delete", "create"]
    (image,) = operator.find(name)
    assert image["id"] != left["id"]
    assert (image["status"], image["os_hash_value"]) == ("active", sha512(data))


@pytest.mark.parametrize("count", [2, 4])
def test_runs_that_begin_at_the_same_moment_make_each_image_once(template, give, start_runs, curate, operator, count):
    digests = {}
    catalog = {}
    for number in range(10):
        versions = {}
        for minor in range(2):
            file = f"{number}-{minor}.raw"
            digests[f"{template}{number}-v1.{minor}"] = sha512(content(file))
            give(file, file)
            versions[f"1.{minor}"] = {"source": file}
        catalog[f"{template}{number}"] = offered(versions)

    outcomes = [run.wait().result for run in start_runs(*[catalog] * count, listing="name")]

    found = operator.find(template)
    assert sorted(image["name"] for image in found) == sorted(digests)
    assert {image["name"]: image["os_hash_value"] for image in found} == digests
    assert {image["status"] for image in found} == {"active"}
    assert [outcome["failures"] for outcome in outcomes] == [[]] * count
    assert sum(outcome["summary"]["actions"].get("create", 0) for outcome in outcomes) == 20
    assert {kind for outcome in outcomes for kind, _image in kinds(outcome)} == {"busy"}
    for outcome in outcomes:
        changed = {row["name"] for row in outcome["versions"] if row["changed"]}
        assert {image for _kind, image in kinds(outcome)} >= digests.keys() - changed
    mended = curate.run(catalog=catalog)
    assert not mended["failed"], mended["msg"]
    assert mended["summary"]["stages"] == {"deprecated": 10, "published": 10}
    curate.settle(IDLE, catalog=catalog)


def test_two_replacements_of_a_staged_image_are_one(template, give, start_runs, curate, operator):
    give("disk.raw", 1)
    catalog = {template: offered({"1.0": {"source": "disk.raw", "stage": "staged"}})}
    curate.run(catalog=catalog)
    give("disk.raw", 2)

    outcomes = [run.wait().result for run in start_runs(catalog, catalog, listing="tag")]

    (image,) = operator.find(template)
    assert (image["status"], image["os_hash_value"]) == ("active", sha512(content(2)))
    assert [outcome["failures"] for outcome in outcomes] == [[], []]
    assert sorted(outcome["summary"]["actions"].get("create", 0) for outcome in outcomes) == [0, 1]
    assert sorted(len(outcome["findings"]) for outcome in outcomes) == [0, 1]
    curate.settle(IDLE, catalog=catalog)


def test_two_revocations_are_one(template, give, start_runs, curate, operator):
    give("disk.raw", 1)
    versions = {"1.0": {"source": "disk.raw"}}
    curate.run(catalog={template: offered(versions)})
    versions["1.0"]["revoked"] = True
    catalog = {template: offered(versions)}

    outcomes = [run.wait().result for run in start_runs(catalog, catalog, listing="tag")]

    assert [(outcome["failed"], outcome["failures"]) for outcome in outcomes] == [(False, [])] * 2
    assert there(operator, template) == [(f"{template}-v1.0", "deactivated", "private")]
    curate.settle(IDLE, catalog=catalog)


def test_of_opposite_documents_the_next_run_decides(template, give, start_runs, curate, operator):
    give("disk.raw", 1)
    staged = {template: offered({"1.0": {"source": "disk.raw", "stage": "staged"}})}
    published = {template: offered({"1.0": {"source": "disk.raw"}})}
    revoked = {template: offered({"1.0": {"source": "disk.raw", "revoked": True}})}
    curate.run(catalog=staged)

    outcomes = [run.wait() for run in start_runs(published, revoked, listing="tag")]

    assert not any("Traceback" in outcome.output for outcome in outcomes)
    assert len(operator.find(template)) == 1
    settled = curate.run(catalog=revoked)
    assert not settled["failed"], settled["msg"]
    assert there(operator, template) == [(f"{template}-v1.0", "deactivated", "private")]
    curate.settle(IDLE, catalog=revoked)


def test_what_was_published_meanwhile_is_not_replaced(name, give, through, start_module, run_here, operator):
    first, second = give("first.raw", 1), give("second.raw", 2)
    run_here("image_template", CLOUD, name=name, source=first)
    (staged,) = operator.find(name)
    gate = Gate()
    cloud = through(PausedHandler, gate=gate)
    replacing = start_module("image_template", cloud, name=name, source=second, replace=True, protected=True)
    gate.wait_until_reached()
    run_here("image_visibility", CLOUD, image=staged["id"], visibility="community")
    gate.open()

    replaced = replacing.wait().result

    assert replaced["failed"]
    assert f"({staged['id']}) is published since another run changed it" in replaced["msg"]
    assert [image["id"] for image in operator.find(name)] == [staged["id"]]
    assert not run_here("image_template", CLOUD, name=name, source=first).result["changed"]


def test_two_exports_that_freeze_an_image_give_it_back(name, through, start_module, run_here, operator, tmp_path):
    operator.make(name, content(1))
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    gate = Gate()
    (image,) = operator.find(name)
    export = {"image": image["id"], "deactivate": True}
    first = start_module(
        "image_export", through(PausedHandler, "sandbox-admin", gate=gate), path=f"{folders[0]}/", **export
    )
    gate.wait_until_reached()
    (frozen,) = operator.find(name)
    assert frozen["status"] == "deactivated"

    second = run_here("image_export", "sandbox-admin", path=f"{folders[1]}/", **export).result
    gate.open()
    ended = first.wait().result

    assert (second["failed"], ended["failed"]) == (False, False), ended
    (image,) = operator.find(name)
    assert (image["status"], "xloud_image_frozen_for_export" in image) == ("active", False)
