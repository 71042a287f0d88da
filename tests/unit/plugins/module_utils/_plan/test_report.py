# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of several clouds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker

from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._plan.report import (
    number_in_words,
    readings,
    report,
    spans,
    usage_in_words,
)
from ansible_collections.xloud.image.tests.unit.fakes import reports
from ansible_collections.xloud.image.tests.unit.fakes.reports import (
    HEADER,
    TEAM_A,
    TEAM_B,
    TEAM_C,
    server,
    used,
    version,
)

SCHEMA = json.loads((Path(__file__).parents[5] / "schemas/report.schema.json").read_text())
CLOUDS = reports.clouds()


def of(*results, header=None):
    read = readings([{"host": f"h{n}", "name": f"c{n}", "result": each} for n, each in enumerate(results)])
    return report(read, HEADER if header is None else header)


def kinds(found):
    return {(each["cloud"], each["kind"], each["image"]) for each in found["findings"]}


@pytest.mark.parametrize("count", range(len(CLOUDS) + 1))
def test_a_report_fulfils_its_schema(count):
    Draft7Validator.check_schema(SCHEMA)
    found = report(readings(CLOUDS[:count]), HEADER)
    assert [error.message for error in Draft7Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(found)] == []


def test_a_report_is_the_same_each_time():
    assert json.dumps(report(readings(CLOUDS), HEADER)) == json.dumps(report(readings(reports.clouds()), HEADER))


def test_which_version_is_where():
    ubuntu = next(each for each in report(readings(CLOUDS), HEADER)["templates"] if each["name"] == "ubuntu-24.04-base")
    newest, second, *_others, oldest = ubuntu["versions"]
    assert [each["version"] for each in ubuntu["versions"]] == ["1.5", "1.4", "1.3", "1.2", "1.1", "1.0"]
    assert (newest["missing_in"], [image["cloud"] for image in newest["images"]]) == (["othercloud"], ["mycloud"])
    assert [(image["cloud"], image["stage"], image["is_current"]) for image in second["images"]] == [
        ("mycloud", "published", True),
        ("othercloud", "staged", False),
    ]
    assert [image["stage"] for image in oldest["images"]] == ["retired", "deprecated"]
    assert [(each["cloud"], each["version"]) for each in ubuntu["current"]] == [
        ("mycloud", "1.4"),
        ("othercloud", "1.3"),
    ]
    assert not ubuntu["is_same"]


def test_versions_order_as_numbers():
    found = of(reports.result(*(version("a", f"a-1-b-v1.{number}", "2026-01-01") for number in (9, 10, 2))))
    assert [each["version"] for each in found["templates"][0]["versions"]] == ["1.10", "1.9", "1.2"]


def test_a_cloud_that_could_not_be_read_is_told_of_and_counted():
    found = report(readings(CLOUDS), HEADER)
    assert found["summary"]["unreachable"] == 1
    assert found["clouds"][2]["error"] == reports.down()["msg"]
    assert found["findings"][0]["severity"] == "error"
    assert ("mycloud-c", "unreachable", None) in kinds(found)
    assert all(
        "mycloud-c" not in each["missing_in"] for template in found["templates"] for each in template["versions"]
    )


@pytest.mark.parametrize("result", [{}, {"failed": True}, {"unreachable": True, "msg": "no route"}, {"skipped": True}])
def test_a_host_without_a_result_is_told_of(result):
    (cloud,) = of(result)["clouds"]
    assert cloud["error"] == result.get("msg", "nothing was read: the run ended on its host before that")


def test_what_only_several_clouds_show():
    found = report(readings(CLOUDS), HEADER)
    assert {each for each in kinds(found) if each[1] in ("behind", "content")} == {
        ("othercloud", "behind", "ubuntu-24.04-base"),
        ("othercloud", "content", "windows-2022-core-v1.0"),
    }
    assert not {"behind", "content"} & {kind for _cloud, kind, _image in kinds(report(readings(CLOUDS[:1]), HEADER))}


def test_a_newer_version_is_one_with_a_higher_number():
    older, newer = (reports.result(version(each, f"a-1-b-v1.{each}", "2026-01-01")) for each in ("9", "10"))
    assert ("c0", "behind", "a-1-b") in kinds(of(older, newer))
    assert ("c1", "behind", "a-1-b") not in kinds(of(older, newer))


def test_hashes_of_other_kinds_are_not_compared():
    first = reports.result(version("a", "a-1-b-v1.0", "2026-01-01"))
    second = reports.result(version("a", "a-1-b-v1.0", "2026-01-01", os_hash_algo="sha256", os_hash_value="1" * 64))
    assert "content" not in {kind for _cloud, kind, _image in kinds(of(first, second))}


def test_errors_come_first():
    weights = [each["severity"] for each in report(readings(CLOUDS), HEADER)["findings"]]
    assert weights == sorted(weights)
    assert set(weights) == {"error", "notice"}


def test_a_kind_that_is_not_known_is_an_error():
    result = {**reports.result(), "findings": [{"kind": "new", "image": "a", "message": "b"}]}
    assert of(result)["findings"][0]["severity"] == "error"


def test_shares_that_wait_come_first_and_have_names():
    shares = report(readings(CLOUDS), HEADER)["shares"]
    assert [(each["status"], each["project"], each["image"]) for each in shares] == [
        ("pending", "team-b", "rocky-9-nginx-v1.1"),
        ("accepted", "team-a", "rocky-9-nginx-v1.1"),
        ("accepted", "team-a", "rocky-9-nginx-v1.0"),
    ]
    assert {each["project_id"] for each in shares} == {TEAM_A, TEAM_B}


def test_a_project_without_a_name():
    image = version("a", "a-1-b-v1.0", "2026-01-01", visibility="shared")
    found = of(reports.result(image, members={image.id: (Member("other", "rejected"),)}))
    assert [(each["project_id"], each["project"]) for each in found["shares"]] == [("other", None)]


def test_growth_has_every_month():
    images = [version("a", f"a-1-b-v1.{n}", day, size=n) for n, day in ((1, "2025-11-30"), (2, "2026-02-01"))]
    assert [(each["month"], each["bytes"], each["total_images"]) for each in of(reports.result(*images))["growth"]] == [
        ("2025-11", 1, 1),
        ("2025-12", 0, 1),
        ("2026-01", 0, 1),
        ("2026-02", 2, 2),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"stage": "staged", "created_at": "2026-01-01T10:00:00Z"}, ["staged 2026-01-01 None"]),
        (
            {"stage": "published", "created_at": "2026-01-01T10:00:00Z", "published_since": "2026-01-02"},
            ["staged 2026-01-01 2026-01-02", "published 2026-01-02 None"],
        ),
        # On one day.
        (
            {"stage": "published", "created_at": "2026-01-01T10:00:00Z", "published_since": "2026-01-01"},
            ["published 2026-01-01 None"],
        ),
        # A replica.
        (
            {"stage": "published", "created_at": "2026-03-01T10:00:00Z", "published_since": "2026-01-01"},
            ["published 2026-01-01 None"],
        ),
        (
            {"stage": "hidden", "published_since": "2026-01-01", "deprecated_since": "2026-02-01"},
            ["published 2026-01-01 2026-02-01", "hidden 2026-02-01 None"],
        ),
        (
            {
                "stage": "retired",
                "created_at": "2026-01-01T10:00:00Z",
                "published_since": "2026-01-01",
                "deprecated_since": "2026-02-01",
                "retired_since": "2026-05-01",
            },
            [
                "published 2026-01-01 2026-02-01",
                "deprecated 2026-02-01 2026-05-01",
                "retired 2026-05-01 None",
            ],
        ),
        ({"stage": "published", "created_at": None}, []),
        # What anyone may have written there.
        (
            {
                "stage": "hidden",
                "created_at": "2026-01-01T10:00:00Z",
                "published_since": "yesterday",
                "deprecated_since": "0001-01-01",
                "retired_since": "2026-13-41",
            },
            ["hidden 2026-01-01 None"],
        ),
    ],
)
def test_spans(row, expected):
    assert [f"{each['stage']} {each['since']} {each['until']}" for each in spans(row)] == expected


@pytest.mark.parametrize(
    ("stage", "expected"), [("deprecated", [True, True]), ("hidden", [True, False]), ("retired", [True, False])]
)
def test_a_day_that_is_not_recorded_is_not_given_for_one_that_is(stage, expected):
    row = {"stage": stage, "published_since": "2026-01-01", "deprecated_since": "2026-02-01"}
    assert [each["is_recorded"] for each in spans(row)] == expected


def test_names_of_clouds_are_unique():
    found = readings([{"host": host, "name": "a", "result": {}} for host in ("h1", "h2")])
    assert [each.name for each in found] == ["a (h1)", "a (h2)"]


def test_characters_that_control_how_text_is_shown_are_written_out():
    text = "a\u202eb\x1b[31mc\x00\ufffe\u2066d\ne"
    result = {**reports.result(), "findings": [{"kind": "drift", "image": text, "message": text}]}
    (finding,) = of(result)["findings"]
    assert finding["image"] == finding["message"] == "a\\u202eb\\u001b[31mc\\u0000\\ufffe\\u2066d e"


def test_letters_of_other_scripts_stay_as_they_are():
    assert of({"failed": True, "msg": "שלום, العربية, 日本 é"})["clouds"][0]["error"] == "שלום, العربية, 日本 é"


# Usage


def images(found):
    return {
        (image["cloud"], each["name"]): image
        for template in found["templates"]
        for each in template["versions"]
        for image in each["images"]
    }


def in_use(**usage):
    """A result with two deprecated versions, of which one is used by a server."""
    made = [version("a", f"a-1-b-v1.{n}", "2026-01-01", "deprecated 2026-02-01") for n in range(2)]
    usages = {"a-1-b-v1.0": used(server("s", TEAM_A, "2026-01-02"), **usage), "a-1-b-v1.1": used(**usage)}
    return reports.result(*made, usage=usages)


def test_who_uses_which_version():
    found = images(report(readings(CLOUDS), HEADER))
    usage = found["mycloud", "ubuntu-24.04-base-v1.3"]["usage"]
    counts = {key: usage[key] for key in ("is_used", "servers", "volumes", "launched_since_deprecation", "unknown")}
    assert counts == {"is_used": True, "servers": 4, "volumes": 1, "launched_since_deprecation": 1, "unknown": []}
    assert [(each["project"], each["servers"], each["launched_since_deprecation"]) for each in usage["projects"]] == [
        (None, 3, 0),
        ("team-a", 1, 1),
    ]
    assert all("resources" not in each for each in usage["projects"])


def test_what_is_not_known_is_neither_none_nor_unused():
    usage = images(report(readings(CLOUDS), HEADER))["othercloud", "ubuntu-24.04-base-v1.3"]["usage"]
    assert usage == {
        "is_used": None,
        "servers": 0,
        "volumes": None,
        "launched_since_deprecation": None,
        "projects": [],
        "unknown": ["othercloud: the Block Storage service answered 403."],
    }


def test_the_usage_of_a_cloud_and_of_all():
    found = report(readings(CLOUDS), HEADER)
    numbers = {"servers": 7, "servers_unknown": 0, "volumes": 1, "volumes_unknown": 7}
    assert found["summary"]["usage"] == {**numbers, "images": 4, "superseded": 3, "projects_to_tell": 4}
    first, second, down = (cloud["usage"] for cloud in found["clouds"])
    assert (first["servers"], first["volumes"], first["unknown"]) == (6, 1, [])
    assert (second["servers"], second["volumes"], second["volumes_unknown"]) == (1, None, 7)
    assert second["unknown"] == ["othercloud: the Block Storage service answered 403."]
    assert down is None


def test_a_published_version_in_use_is_not_superseded_until_it_is_revoked():
    made = [version("a", "a-1-b-v1.0", "2026-01-01"), version("a", "a-1-b-v1.1", "2026-01-01")]
    revoked = version("a", "a-1-b-v1.2", "2026-01-01", properties={"revoked_since": "2026-01-02"})
    users = {f"a-1-b-v1.{n}": used(server(f"s{n}", TEAM_A, "2026-01-02")) for n in (0, 2)}
    usage = of(reports.result(*made, revoked, usage=users))["summary"]["usage"]
    assert (usage["images"], usage["superseded"]) == (2, 1)


def test_a_result_without_usage_says_nothing_of_it():
    found = of(reports.result(version("a", "a-1-b-v1.0", "2026-01-01")))
    assert found["summary"]["usage"] is found["clouds"][0]["usage"] is None
    assert [image["usage"] for image in images(found).values()] == [None]
    assert found["notices"] == []
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(found)] == []


def test_images_that_nobody_was_asked_about_are_not_known():
    asked, not_asked = in_use(), reports.result(version("b", "a-1-b-v1.0", "2026-01-01"))
    usage = of(asked, not_asked)["summary"]["usage"]
    assert (usage["servers"], usage["servers_unknown"], usage["volumes_unknown"]) == (1, 1, 1)


def test_a_result_of_an_earlier_version_has_no_key_for_usage():
    earlier = reports.result(version("a", "a-1-b-v1.0", "2026-01-01"))
    for row in earlier["templates"]["a-1-b"]["versions"]:
        del row["usage"]
    del earlier["notices"]
    assert of(earlier)["summary"]["usage"] is None


def test_whom_to_tell():
    found = report(readings(CLOUDS), HEADER)["notices"]
    assert [(each["cloud"], each["project"], each["project_id"]) for each in found] == [
        ("mycloud", None, TEAM_C),
        ("mycloud", "team-a", TEAM_A),
        ("mycloud", "team-b", TEAM_B),
        ("othercloud", "team-a", TEAM_A),
    ]
    assert {each["as_of"] for each in found} == {reports.TODAY}
    (image,) = found[1]["images"]
    assert {key: image[key] for key in ("name", "stage", "servers", "volumes", "launched_since_deprecation")} == {
        "name": "ubuntu-24.04-base-v1.3",
        "stage": "deprecated",
        "servers": 1,
        "volumes": 1,
        "launched_since_deprecation": 1,
    }
    assert image["replaced_by"]["version"] == "1.4"
    assert [each["name"] for each in image["resources"]] == ["web-1", "data"]


def test_a_project_has_none_of_what_nobody_could_count():
    (notice,) = of(in_use(refused={"volume": "c: it answered 403."}))["notices"]
    assert [(image["servers"], image["volumes"]) for image in notice["images"]] == [(1, None)]


@pytest.mark.parametrize(
    ("clouds", "projects", "expected"),
    [
        (["mycloud"], ["team-a"], ["mycloud-team-a.md"]),
        (["../my cloud"], ["../../etc/passwd"], ["my-cloud-etc-passwd.md"]),
        (["c"], [None], [f"c-{TEAM_A}.md"]),
        (["c"], ["プロジェクト"], [f"c-{TEAM_A}.md"]),
        (["プ"], ["プ"], [f"{TEAM_A}.md"]),
        (["c"], ["..."], [f"c-{TEAM_A}.md"]),
        (["c"], ["x" * 500], [f"c-{'x' * 80}.md"]),
        # Neither two projects, nor two clouds, nor letters that some file systems take for the same.
        (["c", "C"], ["a", "A"], [f"c-a-{TEAM_A}-1.md", f"C-A-{TEAM_A}-2.md"]),
        (["a", "a-b"], ["b-c", "c"], [f"a-b-c-{TEAM_A}-1.md", f"a-b-c-{TEAM_A}-2.md"]),
    ],
)
def test_a_file_has_a_safe_name_of_its_own(clouds, projects, expected):
    results = [{"host": name, "name": name, "result": {**in_use(), "projects": {}}} for name in clouds]
    for each, project in zip(results, projects, strict=True):
        each["result"]["notices"][0]["project"] = project
    assert [each["file"] for each in report(readings(results), HEADER)["notices"]] == expected


def test_two_projects_of_one_name_have_a_file_each():
    result = in_use()
    other = {**result["notices"][0], "project_id": TEAM_B}
    found = of({**result, "notices": [*result["notices"], other]})["notices"]
    assert [each["file"] for each in found] == [f"c0-team-a-{TEAM_A}.md", f"c0-team-a-{TEAM_B}.md"]


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("in_use", "notice"), ("still_launched", "notice"), ("revoked_in_use", "notice"), ("usage_unknown", "error")],
)
def test_to_be_used_is_no_error_and_not_to_be_known_is_one(kind, severity):
    result = {**reports.result(), "findings": [{"kind": kind, "image": "a", "message": "b"}]}
    assert of(result)["findings"][0]["severity"] == severity


@pytest.mark.parametrize(
    ("servers", "volumes", "projects", "expected"),
    [
        (0, 0, 0, "unused"),
        (None, None, 0, "unknown"),
        (1, 0, 1, "1 server of 1 project"),
        (2, 1, 2, "2 servers and 1 volume of 2 projects"),
        (0, None, 0, "no servers, volumes unknown"),
        (None, 0, 0, "no volumes, servers unknown"),
        (None, 2, 1, "2 volumes of 1 project, servers unknown"),
    ],
)
def test_usage_in_words(servers, volumes, projects, expected):
    assert usage_in_words({"servers": servers, "volumes": volumes, "projects": [{}] * projects}) == expected


def test_usage_that_was_not_asked_in_words():
    assert usage_in_words(None) == "unknown"


@pytest.mark.parametrize(
    ("number", "unknown", "expected"),
    [(0, 0, "0"), (7, 0, "7"), (7, 2, "7 or more"), (0, 2, "0 or more"), (None, 2, "unknown")],
)
def test_a_number_that_is_not_all_known_in_words(number, unknown, expected):
    assert number_in_words(number, unknown) == expected
