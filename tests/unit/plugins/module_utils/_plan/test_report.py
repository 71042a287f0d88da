# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of several clouds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker

from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._plan.report import readings, report, spans
from ansible_collections.xloud.image.tests.unit.fakes import reports
from ansible_collections.xloud.image.tests.unit.fakes.reports import HEADER, TEAM_A, TEAM_B, version

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
