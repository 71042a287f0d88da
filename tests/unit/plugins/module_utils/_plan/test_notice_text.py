# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a project is told of the images that it uses."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._plan.notice_text import ROWS, as_markdown, code, outlook
from ansible_collections.xloud.image.plugins.module_utils._plan.report import readings, report
from ansible_collections.xloud.image.tests.unit.fakes import reports

HOSTILE = (
    "a|b\n\n# c\r</td><script>alert(1)</script> `d` [e](javascript:f) ![g](h) **i** <!-- j --> @team \\| {{ 7 * 191 }} "
    "\x1b[2J \u202e _l_ | --- | \\"
)
WEB = reports.server("web-1", "5b8a", "2026-01-20").as_result()
IMAGE = {
    "template": "ubuntu-24.04-base",
    "version": "1.3",
    "name": "ubuntu-24.04-base-v1.3",
    "id": "0d1f",
    "stage": "deprecated",
    "servers": 1,
    "volumes": 0,
    "deprecated_since": "2026-05-11",
    "reason": None,
    "revoked_since": None,
    "retired_since": None,
    "retire_on": None,
    "delete_on": None,
    "while_used": None,
    "replaced_by": {"version": "1.4", "name": "ubuntu-24.04-base-v1.4", "id": "6f2a"},
    "resources": [WEB],
}


def notice(*images, **changes):
    """A notice as the module returns it: of one image unless others are given."""
    return {"project_id": "5b8a", "project": "team-a", "images": list(images) or [IMAGE], **changes}


def cells(text):
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]


def test_a_notice_says_what_becomes_of_what_and_what_to_use_instead():
    image = {**IMAGE, "reason": "OpenSSL is too old", "retire_on": "2026-07-01", "delete_on": "2026-08-01"}
    text = as_markdown(notice(image), cloud="mycloud", as_of="2026-06-01")
    assert text.startswith(
        "# Images that `team-a` uses in mycloud\n\n"
        "As of 2026-06-01, project `team-a` (`5b8a`) uses 1 image in mycloud that is going out of use. "
    )
    assert text.partition("## ")[2].splitlines()[::2] == [
        "ubuntu-24.04-base-v1.3",
        "It was deprecated on 2026-05-11: OpenSSL is too old. It is due to be retired on 2026-07-01. "
        "It is due to be deleted on 2026-08-01.",
        "Use `ubuntu-24.04-base-v1.4` instead. Its id is `6f2a`.",
        "Of this image, whose id is `0d1f`, you have 1 server:",
        "| Kind | Name | Id | Made on | Attached to server |",
        f"| server | `web-1` | `{WEB['id']}` | 2026-01-20 | - |",
    ]


def test_what_the_module_returns_needs_neither_a_cloud_nor_a_day():
    text = as_markdown(notice(IMAGE, {**IMAGE, "name": "rocky-9-base-v1.0"}, project=None))
    assert text.startswith("# Images that `5b8a` uses\n\nProject `5b8a` uses 2 images that are going out of use. ")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## ubuntu-24.04-base-v1.3",
        "## rocky-9-base-v1.0",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["It was deprecated on 2026-05-11.", "No day is set on which it is retired."]),
        ({"deprecated_since": None}, ["It is deprecated.", "No day is set on which it is retired."]),
        (
            {"stage": "hidden", "delete_on": "2026-08-01"},
            [
                "It was deprecated on 2026-05-11. It is not listed any more.",
                "It is due to be deleted on 2026-08-01.",
            ],
        ),
        (
            {"stage": "published", "retire_on": "2026-07-01"},
            ["It is published.", "It is due to be retired on 2026-07-01."],
        ),
        # Its day is over, and is none of the future any more.
        (
            {"stage": "retired", "retired_since": "2026-05-20", "retire_on": "2026-05-20"},
            ["It was retired on 2026-05-20."],
        ),
        (
            {"revoked_since": "2026-05-12", "stage": "retired", "reason": "CVE-2026-1234"},
            ["It was revoked on 2026-05-12: CVE-2026-1234. Replace what was made of it."],
        ),
        (
            {"retire_on": "2026-06-01"},
            [
                "It was deprecated on 2026-05-11.",
                "It was due to be retired on 2026-06-01, and may be retired at any time.",
            ],
        ),
        (
            {"retire_on": "2026-07-01", "while_used": "keep"},
            [
                "It was deprecated on 2026-05-11.",
                "It is due to be retired on 2026-07-01, but not while it is in use.",
            ],
        ),
        (
            {"retire_on": "2026-07-01", "delete_on": "2026-08-01", "while_used": "hide"},
            [
                "It was deprecated on 2026-05-11.",
                "It is due to be retired on 2026-07-01, and is only hidden while it is in use.",
                "It is due to be deleted on 2026-08-01, but not while it is in use.",
            ],
        ),
        (
            {"retire_on": "2026-07-01", "delete_on": "2026-05-31", "while_used": "retire"},
            [
                "It was deprecated on 2026-05-11.",
                "It is due to be retired on 2026-07-01, also while it is in use.",
                "It was due to be deleted on 2026-05-31, and may be deleted once nobody uses it.",
            ],
        ),
        (
            {"stage": "hidden", "retire_on": "2026-07-01", "while_used": "hide"},
            [
                "It was deprecated on 2026-05-11. It is not listed any more.",
                "It is due to be retired on 2026-07-01, but not while it is in use.",
            ],
        ),
        # What anyone may have written there is no day to compare with.
        ({"retire_on": "0"}, ["It was deprecated on 2026-05-11.", "No day is set on which it is retired."]),
    ],
)
def test_what_becomes_of_an_image(changes, expected):
    assert outlook({**IMAGE, **changes}, "2026-06-01") == expected


def test_without_a_day_no_date_is_past():
    assert outlook({**IMAGE, "retire_on": "2020-01-01"})[1] == "It is due to be retired on 2020-01-01."


def test_nothing_is_made_up_where_nothing_replaces_an_image():
    assert "There is no other version that you could use instead yet." in as_markdown(
        notice({**IMAGE, "replaced_by": None})
    )


@pytest.mark.parametrize(
    ("count", "listed", "rest"), [(1, 1, None), (50, 50, None), (51, 50, "and 1 more."), (62, 50, "and 12 more.")]
)
def test_a_list_ends_somewhere(count, listed, rest):
    found = [reports.server(f"web-{number}", "5b8a", "2026-01-20").as_result() for number in range(count)]
    text = as_markdown(notice({**IMAGE, "servers": count, "resources": found}))
    assert ROWS == 50
    assert len(cells(text)) == 2 + listed
    assert (text.splitlines()[-1] if rest else None) == rest


def test_only_the_number_is_told_where_nothing_is_to_be_listed():
    text = as_markdown(notice(), rows=0)
    assert cells(text) == []
    assert text.endswith("you have 1 server.\n\nand 1 more.\n")


def test_a_volume_says_which_server_has_it():
    volume = reports.resource("volume", "", "5b8a", "2026-01-20", "77aa").as_result()
    text = as_markdown(notice({**IMAGE, "servers": 0, "volumes": 1, "resources": [volume]}))
    assert "you have 1 volume:" in text
    assert cells(text)[-1] == ["volume", "-", f"`{volume['id']}`", "2026-01-20", "`77aa`"]


def test_what_could_not_be_counted_is_not_none():
    text = as_markdown(notice({**IMAGE, "volumes": None}))
    assert text.endswith("Your volumes of it could not be counted: there may be some.\n")
    assert "could not be counted" not in as_markdown(notice())


def test_a_notice_of_a_report_knows_its_cloud_and_day():
    found = report(readings(reports.clouds()), reports.HEADER)["notices"]
    texts = [as_markdown(each) for each in found]
    assert [text.splitlines()[0] for text in texts] == [
        f"# Images that `{reports.TEAM_C}` uses in mycloud",
        "# Images that `team-a` uses in mycloud",
        "# Images that `team-b` uses in mycloud",
        "# Images that `team-a` uses in othercloud",
    ]
    assert all("\n\nAs of 2026-06-01, project " in text for text in texts)


def test_nothing_that_others_wrote_changes_the_structure():
    resource = {"kind": "server", **dict.fromkeys(("id", "name", "created_at", "server_id"), HOSTILE)}
    days = dict.fromkeys(("deprecated_since", "reason", "retire_on", "delete_on", "id", "name"), HOSTILE)
    image = {**IMAGE, **days, "resources": [resource], "replaced_by": dict.fromkeys(("name", "id", "version"), HOSTILE)}
    text = as_markdown(notice(image, project=HOSTILE, project_id=HOSTILE), cloud=HOSTILE, as_of=HOSTILE)
    assert [line.count("|") for line in text.splitlines() if "|" in line] == [6, 6, 6]
    assert not re.search("[<>{}\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert [line[:3] for line in text.splitlines() if line.startswith("#")] == ["# I", "## "]
    # Outside of code, nothing is a mark of Markdown.
    outside = re.sub("`[^`\n]*`", "", text)
    assert not re.search(r"[`*\[\]@\\]", outside)
    assert "</td><script>alert(1)</script> `d` [e](javascript:f)" in html.unescape(outside)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web-1", "`web-1`"),
        ("R&D @ho.me/www.example.com", "`R&D @ho.me/www.example.com`"),
        ("a|b`c<d>", r"`a\u007cb\u0060c\u003cd\u003e`"),
        ("a\\b\\", "`a\\b\\u005c`"),
        ("", "-"),
        ("  ", "-"),
        (None, "-"),
    ],
)
def test_code(text, expected):
    assert code(text) == expected


@given(st.text())
def test_any_name_stays_in_its_cell(text):
    resource = {**WEB, "name": text}
    head, line, row = as_markdown(notice({**IMAGE, "resources": [resource]})).rstrip("\n").split("\n")[-3:]
    assert [each.count("|") for each in (head, line, row)] == [6, 6, 6]
    assert re.fullmatch("`[^`]+`|-", cells(row)[0][1])
    assert not set(row) & set("<>{}\u202e\x1b")


def test_a_replacement_may_be_going_too():
    successor = {**IMAGE["replaced_by"], "retire_on": "2026-09-01"}
    text = as_markdown(notice({**IMAGE, "replaced_by": successor}))
    assert "instead. Its id is `6f2a`. It is due to be retired on 2026-09-01." in text


def test_the_name_of_a_project_is_no_link():
    text = as_markdown(notice(IMAGE, project="https://evil.test/login @all"))
    assert text.startswith(
        "# Images that `https://evil.test/login @all` uses\n\nProject `https://evil.test/login @all` ("
    )
