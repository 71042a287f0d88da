# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reviewers and other tools are told of a run."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._plan import summary

CREATED = "ubuntu-24.04-base-v1.1"
UPDATED = "ubuntu-24.04-base-v1.0"
HOSTILE = (
    "a|b\n\n# c\r</details><script>alert(1)</script> `d` [e](javascript:f) ![g](h) **i** <!-- j --> @team \\| \x1b[2J "
    "\u202e ~~k~~ _l_ | --- |"
)


def change(name: str, *verbs: str, before: Any = None, after: Any = None, stage=(None, "published")) -> dict[str, Any]:
    actions = [{"action": verb, "reason": f"{verb} {name}"} for verb in verbs]
    shown = {"before": before or {}, "after": after or {}}
    return {"name": name, "stage": dict(zip(("before", "after"), stage, strict=True)), "actions": actions, **shown}


def row(name: str, done: int = 0, size: int | None = None) -> dict[str, Any]:
    return {"name": name, "actions": [name] * done, "size": size}


CHANGES = [
    change(CREATED, "create", "update", after={"visibility": "community", "min_ram": 512}),
    change(
        UPDATED,
        "update",
        before={"visibility": "community", "properties": {}},
        after={"visibility": "community", "properties": {"deprecated": "true"}},
        stage=("published", "deprecated"),
    ),
]
RESULT = {
    "plan": CHANGES,
    "versions": [row(CREATED, 2, 626524160), row(UPDATED, 1, 4096), row("other-1-base-v1.0", 0)],
    "findings": [],
    "failures": [],
    "changed": True,
}


def cells(text: str, name: str) -> list[str]:
    """The cells of the one row that begins with this name."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of each table by its heading."""
    found = {}
    for part in re.split("^### ", text, flags=re.MULTILINE)[1:]:
        heading, _break, rest = part.partition("\n")
        lines = [line for line in rest.splitlines() if line.startswith("|")]
        found[heading] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


# Numbers


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        (("create", "update"), (1, 0, 0)),
        (("update",), (0, 1, 0)),
        (("deactivate", "add_member"), (0, 1, 0)),
        (("update", "delete"), (0, 0, 1)),
        (("create", "delete"), (1, 0, 1)),
    ],
)
def test_an_image_counts_once_for_what_becomes_of_it(verbs, expected):
    found = summary.counts({"plan": [change(CREATED, *verbs)]})
    assert (found["create"], found["update"], found["delete"]) == expected
    assert list(found) == ["create", "update", "delete"]


def test_numbers_of_several_images():
    assert summary.counts(RESULT) == {"create": 1, "update": 1, "delete": 0}
    assert summary.counts({"plan": []}) == {"create": 0, "update": 0, "delete": 0}


# Ids


def test_ids_are_sorted_and_none_is_made_up():
    current = {"b-1-base": {"id": "2"}, "a-1-base": {"id": "1"}, "c-1-base": {"id": None}}
    assert list(summary.image_ids(current).items()) == [("a-1-base", "1"), ("b-1-base", "2")]
    assert summary.image_ids(current, "later")["c-1-base"] == "later"


# Markdown


def test_a_check_says_what_would_be_done():
    text = summary.as_markdown(RESULT, "mycloud", check=True)
    assert text.startswith("## mycloud\n\n**1 to create, 1 to update, 0 to delete, of 3 versions.**\n")
    assert cells(text, CREATED)[1:] == [
        "create",
        "new → published",
        "597.5 MiB",
        f"create {CREATED}<br>update {CREATED}",
    ]
    assert cells(text, UPDATED)[1:4] == ["update", "published → deprecated", "4.0 KiB"]


def test_a_run_says_what_was_done():
    text = summary.as_markdown(RESULT, "mycloud")
    assert "**1 created, 1 updated, 0 deleted, of 3 versions.**" in text
    assert "not done" not in text


@pytest.mark.parametrize(("done", "words"), [(0, "create (not done)"), (1, "create (not all done)"), (2, "create")])
def test_a_run_that_failed_says_what_was_left_out(done, words):
    failures = [{"image": CREATED, "message": "No room."}]
    rows = [row(CREATED, done), row(UPDATED, 1)]
    text = summary.as_markdown({**RESULT, "versions": rows, "failures": failures, "failed": True, "msg": "m"}, "c")
    assert "**1 failed.** 1 to create, 1 to update, 0 to delete, of 2 versions." in text
    assert tables(text)["Failures"][2:] == [[CREATED, "No room."]]
    assert tables(text)["Changes"][2][1] == words


def test_what_does_not_change_is_short():
    assert summary.as_markdown({**RESULT, "plan": []}, "mycloud") == "## mycloud\n\n**Nothing to change.**\n"


def test_a_run_without_a_plan_says_why():
    text = summary.as_markdown({"failed": True, "msg": "image_catalog: 2 problem(s):\n  a: b\n  c: d"}, "mycloud")
    assert text == "## mycloud\n\n**Failed.** image_catalog: 2 problem(s):<br>a: b<br>c: d\n"


def test_drift_is_told_first():
    text = summary.as_markdown({**RESULT, "failed": True, "msg": "fail_on_drift: it is not."}, "mycloud", check=True)
    assert text.index("**Failed.** fail_on_drift: it is not.") < text.index("1 to create") < text.index("### Changes")


def test_failures_come_before_findings_before_changes():
    findings = [
        {"kind": "gate", "image": UPDATED, "message": "it soaks"},
        *({"kind": "unlisted", "image": name, "message": "m"} for name in ("x-1-a-v1.0", "y-1-a-v1.0")),
    ]
    failures = [{"image": CREATED, "message": "No."}]
    found = tables(summary.as_markdown({**RESULT, "findings": findings, "failures": failures}, "mycloud"))
    assert list(found) == ["Failures", "Findings", "Changes", "Before and after"]
    assert found["Findings"][2:] == [
        ["gate", UPDATED, "it soaks"],
        ["unlisted", "2 image(s)", "in the cloud and in no document: x-1-a-v1.0, y-1-a-v1.0"],
    ]


def test_what_an_image_was_and_will_be():
    text = summary.as_markdown(RESULT, "mycloud")
    _before, _summary, part = text.partition(f"<details><summary>{UPDATED}</summary>\n\n```diff\n")
    lines = part.partition("\n```\n\n</details>\n")[0].splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        '-  "properties": {},',
        '+  "properties": {',
        '+    "deprecated": "true"',
        "+  },",
    ]


def test_nothing_of_a_cloud_changes_the_structure():
    hostile = {"description": HOSTILE, HOSTILE: "```\n</details>"}
    result = {
        "plan": [change(HOSTILE, "update", before=hostile, after={**hostile, "a": "b"})],
        "versions": [row(HOSTILE, 1)],
        "findings": [{"kind": "frozen", "image": HOSTILE, "message": HOSTILE}],
        "failures": [{"image": HOSTILE, "message": HOSTILE}],
    }
    harmless = json.loads(json.dumps(result).replace(json.dumps(HOSTILE)[1:-1], "harmless"))
    found, expected = (summary.as_markdown(each, "c") for each in (result, harmless))
    for heading, rows in tables(expected).items():
        assert [len(each) for each in tables(found)[heading]] == [len(each) for each in rows]
    outside = re.sub(r"```diff\n.*?\n```", "", found, flags=re.DOTALL)
    assert set(re.findall(r"<[^>]*>", outside)) <= {"<details>", "<summary>", "</summary>", "</details>", "<br>"}
    assert found.count("```") == 2
    assert found.count("<details>") == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e`]", outside)
    # A reader sees the words.
    shown = html.unescape(tables(found)["Failures"][2][0].replace("<br>", " "))
    assert "</details><script>alert(1)</script> `d` [e](javascript:f) ![g](h) **i**" in shown
    assert "@team" not in shown


@given(st.text())
def test_any_text_stays_in_its_cell(text):
    found = tables(summary.as_markdown({"plan": [], "failures": [{"image": "a", "message": text}]}, "c"))
    assert [len(each) for each in found["Failures"]] == [2, 2, 2]
    cell = found["Failures"][2][1].replace("<br>", " ")
    assert not set(cell) & set("<>`*[]|\\~@")
    shown = html.unescape(cell).replace("\u200b", "")
    assert shown.split() == "".join(each if each.isprintable() else " " for each in text).split()


def test_what_has_no_room_is_left_out_and_counted():
    changes = [change(f"a-1-base-v1.{number}", "update", after={"x": "y" * 200}) for number in range(100)]
    whole = summary.as_markdown({"plan": changes, "versions": []}, "c")
    assert len(whole) > 20000
    short = summary.as_markdown({"plan": changes, "versions": []}, "c", limit=5000)
    assert 4000 < len(short) <= 5000
    rows = len(tables(short)["Changes"]) - 2
    assert f"… and {100 - rows} more, for which there is no room here." in short
    assert short.count("<details>") == short.count("</details>")
    tables_alone = summary.as_markdown({"plan": changes, "versions": []}, "c", limit=12000)
    assert len(tables(tables_alone)["Changes"]) == 102
    assert f"… and {100 - tables_alone.count('<details>')} more" in tables_alone


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1024**3, "1.0 GiB"), (5 * 1024**5, "5120.0 TiB")],
)
def test_sizes(size, words):
    result = {**RESULT, "versions": [row(CREATED, 2, size)]}
    assert cells(summary.as_markdown(result, "c"), CREATED)[3] == words
