# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Catalogues of which something goes wrong: the rest is done, what to do is said, and the next run completes it."""

from __future__ import annotations

import hashlib
import json

import pytest
from conftest import IDLE, MIB, Cloud, Gate, HalfHandler, content, serving

CLOUD = "sandbox-operator"
NOBODY = "0" * 32


@pytest.fixture
def give(tmp_path):
    """Write a file and return its SHA-512."""

    def write(file, seed):
        data = content(seed)
        (tmp_path / file).write_bytes(data)
        return f"sha512:{hashlib.sha512(data).hexdigest()}"

    return write


@pytest.fixture
def curate(curator, tmp_path):
    return curator(cloud=CLOUD, source_directory=str(tmp_path))


@pytest.fixture(scope="module")
def stranger():
    return Cloud("sandbox-team-a")


def offer(cloud, image_id):
    patch = [{"op": "replace", "path": "/visibility", "value": "community"}]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    assert cloud.image.patch(f"/images/{image_id}", json=patch, headers=headers).status_code == 200


def offered(versions, **settings):
    return {"visibility": "community", "versions": versions, **settings}


def failures(result):
    return {failure["image"]: failure["message"] for failure in result["failures"]}


def stages(result):
    return {row["name"]: row["stage"] for row in result["versions"]}


def test_what_fails_does_not_stop_the_rest(template, give, curator, tmp_path, admin, operator):
    give("good.raw", 1)
    sum_of_other = give("other.raw", 2)
    made_by_hand = operator.make(f"{template}-other-v1.0", content(3))
    curate = curator(cloud="sandbox-admin", owner="catalog", source_directory=str(tmp_path))

    def document(*, missing, checksum, other, member):
        good = {"1.0": {"source": "good.raw"}}
        return {
            f"{template}-good": offered(good),
            f"{template}-missing": offered({**good, "1.1": {"source": missing}}),
            f"{template}-sum": offered({"1.0": {"source": "good.raw", "checksum": checksum}}),
            f"{template}-other": offered({"1.0": other}),
            f"{template}-member": offered(good, visibility="shared", members=[member]),
        }

    broken = document(
        missing="missing.raw", checksum=sum_of_other, other={"source": "good.raw"}, member="nobody-of-this-name"
    )
    foretold = curate.run(catalog=broken, check=True)
    assert curate.writes == []
    failed = curate.run(catalog=broken)

    assert failed["failed"]
    assert failed["changed"]
    assert failed["msg"].startswith("4 of 6 versions are not as the catalogue says; all else was done. Mend")
    for result in (foretold, failed):
        found = failures(result)
        names = ("member-v1.0", "missing-v1.1", "other-v1.0", "sum-v1.0")
        assert list(found) == [f"{template}-{each}" for each in names]
        assert found[f"{template}-missing-v1.1"].endswith("missing.raw does not exist.")
        assert f"{sum_of_other} was declared" in found[f"{template}-sum-v1.0"]
        assert f"({made_by_hand}) is there, was not made by this collection" in found[f"{template}-other-v1.0"]
        assert "to adopt it, or rename it" in found[f"{template}-other-v1.0"]
        assert found[f"{template}-member-v1.0"].endswith("there is no project nobody-of-this-name.")
        assert all(message in result["msg"] for message in found.values())
    assert failed["plan"] == foretold["plan"]
    assert {image["name"]: image["visibility"] for image in operator.find(template)} == {
        f"{template}-good-v1.0": "community",
        f"{template}-missing-v1.0": "community",
        f"{template}-other-v1.0": "private",
    }

    mended = document(
        missing="other.raw",
        checksum=give("good.raw", 1),
        other={"checksum": f"sha512:{hashlib.sha512(content(3)).hexdigest()}"},
        member="team-a",
    )
    done = curate.settle(IDLE + 3, catalog=mended)

    assert done["summary"]["stages"] == {"published": 5, "deprecated": 1}
    assert sum(image["name"].endswith("other-v1.0") for image in operator.find(template)) == 1


def test_a_member_that_does_not_exist(template, give, curator, tmp_path, operator):
    give("good.raw", 1)
    good = {"1.0": {"source": "good.raw"}}
    curate = curator(cloud="sandbox-admin", owner="catalog", source_directory=str(tmp_path))

    failed = curate.run(
        catalog={
            f"{template}-good": offered(good),
            f"{template}-member": offered(good, visibility="shared", members=[NOBODY]),
        }
    )

    assert failures(failed) == {f"{template}-member-v1.0": f"members: there is no project {NOBODY}."}
    assert [image["name"] for image in operator.find(template)] == [f"{template}-good-v1.0"]


def test_images_made_by_hand_are_adopted_by_their_content(template, give, curate, operator):
    give("first.raw", 1)
    digest = give("second.raw", 2)
    ids = {
        f"{template}-v1.0": operator.make(f"{template}-v1.0", content(1)),
        f"{template}-v1.1": operator.make(f"{template}-v1.1", content(2)),
    }

    adopted = curate.settle(
        IDLE,
        catalog={template: offered({"1.0": {"source": "first.raw"}, "1.1": {"checksum": digest}})},
    )

    assert adopted["bytes"] == 0
    assert adopted["summary"]["actions"] == {"update": 2}
    assert {row["name"]: row["id"] for row in adopted["versions"]} == ids
    for image in operator.find(template):
        assert image["id"] == ids[image["name"]]
        assert image["tags"] == ["xloud.image"]
        assert image["name"] == f"{image['xloud_image_template']}-v{image['xloud_image_version']}"


def test_an_image_that_was_offered_by_hand_keeps_its_metadata(template, give, curate, operator):
    give("first.raw", 1)
    image_id = operator.make(f"{template}-v1.0", content(1))
    offer(operator, image_id)

    adopted = curate.run(
        catalog={template: offered({"1.0": {"source": "first.raw"}}, properties={"os_distro": "debian"})}
    )

    assert curate.writes == ["PATCH /v2/images/ID"]
    assert [(finding["kind"], finding["image"]) for finding in adopted["findings"]] == [("frozen", f"{template}-v1.0")]
    (image,) = operator.find(template)
    assert (image["id"], image["visibility"], "os_distro" in image) == (image_id, "community", False)


def test_an_image_of_another_project_is_left_alone(template, give, curate, stranger, operator):
    give("ours.raw", 1)
    theirs = stranger.make(f"{template}-v1.0", content(2))
    offer(stranger, theirs)
    before = stranger.image.get(f"/images/{theirs}").json()

    done = curate.settle(IDLE, catalog={template: offered({"1.0": {"source": "ours.raw"}})})

    assert done["current"][template]["id"] != theirs
    assert stranger.image.get(f"/images/{theirs}").json() == before


def test_two_images_of_one_name_are_an_error_of_their_version_alone(template, give, curate, operator):
    give("good.raw", 1)
    twins = sorted(operator.make(f"{template}-v1.0", content(seed)) for seed in (1, 2))
    good = {"source": "good.raw"}

    failed = curate.run(catalog={template: offered({"1.0": good, "1.1": good})})

    (message,) = failures(failed).values()
    assert f"2 images are named {template}-v1.0: {', '.join(twins)}" in message
    assert failed["current"][template]["version"] == "1.1"


def test_killed_run_is_completed_by_the_next_one(
    template, give, web, start_module, requests_seen, curate, operator, tmp_path
):
    give("file.raw", 1)
    # More than the buffers on the way to a reader that hangs up early.
    data = bytes(64 * MIB)
    page = web.give("/stuck.raw", data, gate=Gate())
    url = {"source": f"{web.url}/stuck.raw", "import_method": "direct"}
    catalog = {
        f"{template}-file": offered({"1.0": {"source": "file.raw"}}),
        f"{template}-url": offered({"1.0": url}),
    }
    killed = start_module("image_catalog", CLOUD, catalog=catalog, source_directory=str(tmp_path))
    page.gate.wait_until_reached()
    (left,) = operator.find(f"{template}-url")
    assert left["status"] in ("queued", "saving")
    killed.kill()
    page.gate.open()
    requests_seen.take_until(lambda found: any(f"/{left['id']}/file" in each.path for each in found))

    web.give("/stuck.raw", data)
    completed = curate.settle(IDLE, catalog=catalog)

    (change,) = [each for each in completed["plan"] if each["template"] == f"{template}-url"]
    assert [action["action"] for action in change["actions"]] == ["delete", "create", "update"]
    assert "an interrupted upload left it" in change["actions"][0]["reason"]
    assert {(image["name"], image["status"], image["visibility"]) for image in operator.find(template)} == {
        (f"{template}-file-v1.0", "active", "community"),
        (f"{template}-url-v1.0", "active", "community"),
    }
    assert len(operator.find(template)) == 2


def test_a_version_that_does_not_arrive_leaves_the_one_before_it_current(
    template, give, web, curate, operator, stranger
):
    give("first.raw", 1)
    versions = {"1.0": {"source": "first.raw"}}
    (before,) = curate.settle(IDLE, catalog={template: offered(versions)})["versions"]
    data = bytes(4 * MIB)
    web.give("/second.raw", data, gate=Gate(is_open=True))
    versions["1.1"] = {"source": f"{web.url}/second.raw", "import_method": "direct"}

    failed = curate.run(catalog={template: offered(versions)})

    found = failures(failed)
    assert list(found) == [f"{template}-v1.1", f"{template}-v1.0"]
    assert found[f"{template}-v1.0"] == (
        f"It is left as it is, since {template}-v1.1 failed. The next run completes it."
    )
    assert failed["current"][template] == {"version": "1.0", "name": f"{template}-v1.0", "id": before["id"]}
    (image,) = operator.find(template)
    assert (image["id"], image["visibility"], "deprecated" in image) == (before["id"], "community", False)
    assert stranger.image.get(f"/images/{before['id']}/file").status_code == 200

    web.give("/second.raw", data)
    done = curate.settle(IDLE, catalog={template: offered(versions)})
    assert stages(done) == {f"{template}-v1.1": "published", f"{template}-v1.0": "deprecated"}


class InUseHandler(HalfHandler):
    """Passes requests on to the Image service but deletions, as a store does whose images are in use."""

    def do_DELETE(self) -> None:  # noqa: N802 - the name that http.server looks for
        self.send_response(409)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_an_image_in_use_is_reported_and_kept(template, give, curate, clouds, run_here, tmp_path, operator):
    give("first.raw", 1)
    give("second.raw", 2)
    versions = {"1.0": {"source": "first.raw"}}
    catalog = {template: offered(versions, retention={"stored": 1})}
    curate.run(as_of="2026-01-01", catalog=catalog)
    versions["1.1"] = {"source": "second.raw"}
    curate.run(as_of="2026-02-01", catalog=catalog)
    upstream = operator.image.get_endpoint().partition("//")[2].partition("/")[0]

    with serving(InUseHandler, upstream=upstream, gate=None) as url:
        cloud = {**clouds[CLOUD], "image_endpoint_override": url}
        kept = run_here("image_catalog", cloud, as_of="2026-02-02", catalog=catalog).result

    assert (kept["failed"], kept["changed"], kept["failures"]) == (False, False, [])
    assert [(finding["kind"], finding["image"]) for finding in kept["findings"]] == [("in_use", f"{template}-v1.0")]
    assert stages(kept) == {f"{template}-v1.1": "published", f"{template}-v1.0": "retired"}
    (old,) = operator.find(f"{template}-v1.0")
    assert (old["status"], old["visibility"]) == ("deactivated", "private")

    assert curate.settle(IDLE, as_of="2026-02-02", catalog=catalog)["summary"]["actions"] == {"delete": 1}


def test_what_is_protected_is_deleted_only_if_the_document_says_so(template, give, curate, operator):
    give("first.raw", 1)
    give("second.raw", 2)
    versions = {"1.0": {"source": "first.raw", "protected": True}}
    catalog = {template: offered(versions, retention={"stored": 1})}
    curate.run(as_of="2026-01-01", catalog=catalog)
    versions["1.1"] = {"source": "second.raw"}
    curate.run(as_of="2026-02-01", catalog=catalog)

    held = curate.settle(IDLE, as_of="2026-02-02", catalog=catalog)
    assert [(finding["kind"], finding["image"]) for finding in held["findings"]] == [("protected", f"{template}-v1.0")]

    versions["1.0"]["protected"] = False
    curate.settle(IDLE, as_of="2026-02-02", catalog=catalog)
    assert [image["name"] for image in operator.find(template)] == [f"{template}-v1.1"]


def test_only_the_plan_that_was_approved_is_applied(template, give, curate, tmp_path, operator):
    give("first.raw", 1)
    versions = {"1.0": {"source": "first.raw", "min_ram": 64}}
    catalog = {template: offered(versions)}
    approved, done = tmp_path / "approved.json", tmp_path / "done.json"
    foretold = curate.run(check=True, as_of="2026-01-01", catalog=catalog, plan_file=str(approved))

    versions["1.0"]["min_ram"] = 128
    refused = curate.run(catalog=catalog, expect_plan=str(approved))
    assert refused["failed"]
    assert f"differs from what was approved, for {template}-v1.0. Nothing was changed." in refused["msg"]
    assert curate.writes == []
    assert operator.find(template) == []

    versions["1.0"]["min_ram"] = 64
    applied = curate.run(as_of="2026-01-01", catalog=catalog, expect_plan=str(approved), plan_file=str(done))
    assert applied["plan"] == foretold["plan"] == json.loads(approved.read_text())["changes"]
    assert done.read_bytes() == approved.read_bytes()

    # What was done of it already need not be done again.
    again = curate.run(catalog=catalog, expect_plan=str(approved))
    assert (again["changed"], again.get("failed", False)) == (False, False)
    assert curate.writes == []


def test_a_plan_may_be_applied_on_a_later_day(template, give, curate, tmp_path):
    give("first.raw", 1)
    plan = str(tmp_path / "plan.json")
    catalog = {template: offered({"1.0": {"source": "first.raw"}})}
    curate.run(check=True, as_of="2026-01-01", catalog=catalog, plan_file=plan)

    assert curate.run(as_of="2026-01-03", catalog=catalog, expect_plan=plan)["changed"]


def test_drift_is_a_failure_where_it_is_looked_for(template, give, curate):
    give("first.raw", 1)
    catalog = {template: offered({"1.0": {"source": "first.raw"}})}

    drifted = curate.run(check=True, catalog=catalog, fail_on_drift=True)
    assert drifted["failed"]
    assert drifted["msg"] == f"fail_on_drift: the cloud is not as the catalogue says: {template}-v1.0."
    assert [change["name"] for change in drifted["plan"]] == [f"{template}-v1.0"]
    assert curate.writes == []

    assert curate.run(catalog=catalog, fail_on_drift=True)["changed"]
    assert not curate.run(check=True, catalog=catalog, fail_on_drift=True)["failed"]


def test_a_wrong_document_touches_nothing(template, curate):
    refused = curate.run(
        catalog={
            template: offered({"1.0": {"source": "first.raw", "checksum": "md5:0"}, "1.1": {"sauce": "x"}}),
            "Ubuntu": {"versions": {}},
        }
    )

    assert refused["failed"]
    for path in (f"{template}.versions.1.0.checksum", f"{template}.versions.1.1.sauce", "Ubuntu"):
        assert f"image_catalog.{path}" in refused["msg"]
    assert curate.sent == []
