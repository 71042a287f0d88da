# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that make and present reports."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.filter.report import report
from ansible_collections.xloud.image.plugins.filter.report_as import markdown, report_as, size
from ansible_collections.xloud.image.tests.unit.fakes import reports
from ansible_collections.xloud.image.tests.unit.fakes.templating import template

FORMATS = ("html", "markdown", "json", "junit", "console")
AT = f"{reports.TODAY}T12:00:00Z"
HOSTILE = "<script>alert(1)</script>\"'>]]>&amp; | `x` [a](javascript:b) \\| \u202e\x1b\x00\n# c {{ 7 * 191 }} {% x"


class Page(html.parser.HTMLParser):
    """The elements of a page, its text, and all attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "input", "link", "br", "line", "use", "rect") or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def clouds(words=None):
    """Three clouds, in which others may have written words wherever they can."""
    found = reports.clouds()
    if words:
        result = found[0]["result"]
        result["findings"].append({"kind": "bad_name", "image": words, "message": words})
        result["templates"]["windows-2022-core"]["versions"][1] |= {"deprecated_reason": words, "replaced_by": words}
        result["projects"] = {reports.TEAM_A: words}
        usage = result["templates"]["ubuntu-24.04-base"]["versions"][2]["usage"]
        usage["projects"][0]["project"] = usage["projects"][0]["resources"][0]["name"] = words
        told = result["notices"][0]
        told["project"] = words
        told["images"][0] |= {"reason": words, "retire_on": words}
        told["images"][0]["resources"][0]["name"] = words
        found[2]["result"]["msg"] = words
        found[1]["name"] = words
    return found


def rendered(format, words=None):
    return report_as(report(clouds(words), generated_at=AT, title=words or "Images", run={"user": words}), format)


def test_the_filters_are_found_by_ansible():
    text = template(
        "results | xloud.image.report(generated_at=at, run=run) | xloud.image.report_as('json')",
        results=clouds(),
        at=AT,
        run={"job_id": "7", "user": ""},
    )
    document = json.loads(text) if isinstance(text, str) else text
    assert document["header"] == {
        "title": "Image catalogue",
        "generated_at": AT,
        "as_of": reports.TODAY,
        "run": {"job_id": "7"},
    }


def test_a_format_that_does_not_exist():
    with pytest.raises(AnsibleFilterError, match="format: there is none called 'pdf'"):
        rendered("pdf")


def test_a_day_that_is_none():
    with pytest.raises(AnsibleFilterError, match="as_of: 'soon' is no day"):
        report(clouds(), generated_at=AT, as_of="soon")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_format_tells_of_each_template_and_finding(format, count):
    document = report(clouds()[:count], generated_at=AT)
    text = report_as(document, format)
    assert text.endswith("\n")
    if format == "markdown":
        text = text.replace("\\", "")
    for each in (*document["findings"], *document["clouds"]):
        assert (each.get("message") or each["name"]) in text
    assert [each["name"] for each in document["templates"] if each["name"] not in text] == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_is_the_same_each_time(format):
    assert rendered(format) == rendered(format)


def test_the_page_is_whole_and_its_own():
    page = Page(rendered("html"))
    assert page.open == []
    assert [value for name, value in page.attributes if name in ("src", "style") or name.startswith("on")] == []
    assert [value for name, value in page.attributes if name == "href" and not value.startswith("#")] == []
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for name, value in page.attributes if name == "href"}
    assert targets <= set(ids)


NO_USAGE = {
    "html": ("Used by", "Whom to tell", "Volumes"),
    "markdown": ("Used by", "Whom to tell", "Volumes"),
    "console": ("SERVERS", "TELL"),
    "junit": ("usage: ",),
}


@pytest.mark.parametrize("format", NO_USAGE)
def test_usage_is_shown_where_it_was_asked_for(format):
    words = NO_USAGE[format]
    text = rendered(format)
    assert [word for word in words if word not in text] == []
    found = clouds()
    for each in found:
        each["result"].pop("notices", None)
        for template_ in each["result"].get("templates", {}).values():
            for row in template_["versions"]:
                del row["usage"]
    text = report_as(report(found, generated_at=AT), format)
    assert [word for word in words if word in text] == []


@pytest.mark.parametrize("format", NO_USAGE)
def test_a_report_of_an_earlier_version_can_still_be_shown(format):
    document = report(clouds(), generated_at=AT)
    del document["notices"], document["summary"]["usage"]
    for cloud in document["clouds"]:
        del cloud["usage"]
    for template_ in document["templates"]:
        for version in template_["versions"]:
            for image in version["images"]:
                del image["usage"]
    assert "ubuntu-24.04-base-v1.4" in report_as(document, format).replace("\\", "")


@pytest.mark.parametrize("format", ["html", "markdown", "console"])
def test_what_is_not_known_is_said_to_be_unknown_and_why(format):
    asked = {"server": "c: the Compute service answered 403.", "volume": "c: the Block Storage service is not there."}
    image = reports.version("a", "a-1-b-v1.0", "2026-01-01")
    result = reports.result(image, usage={image.name: reports.used(refused=asked)})
    text = report_as(report([{"host": "h", "name": "c", "result": result}], generated_at=AT), format)
    assert [reason for reason in asked.values() if reason not in text] == []
    assert "unused" not in text
    counted = {"html": ">unknown<", "markdown": "| unknown | unknown |", "console": "unknown  unknown"}
    assert counted[format] in text
    assert "Nobody uses" not in text


@pytest.mark.parametrize("format", ["html", "markdown"])
def test_nobody_is_to_be_told_where_all_is_known(format):
    image = reports.version("a", "a-1-b-v1.0", "2026-01-01")
    result = reports.result(image, usage={image.name: reports.used()})
    text = report_as(report([{"host": "h", "name": "c", "result": result}], generated_at=AT), format)
    assert "Nobody uses a version that is superseded." in text


@pytest.mark.parametrize(
    ("usage", "others"),
    [
        (reports.used(), [{"host": "h2", "name": "d", "result": reports.down()}]),
        (reports.used(refused={"server": "No."}), []),
    ],
    ids=["unreachable", "refused"],
)
@pytest.mark.parametrize(
    ("format", "superseded"), [("html", "<dd>0 or more</dd>"), ("markdown", "superseded images in use 0 or more,")]
)
def test_nobody_is_not_said_where_not_all_is_known(format, superseded, usage, others):
    image = reports.version("a", "a-1-b-v1.0", "2026-01-01")
    read = {"host": "h", "name": "c", "result": reports.result(image, usage={image.name: usage})}
    text = report_as(report([read, *others], generated_at=AT), format)
    assert superseded in text
    assert "not all of the usage is known" in text
    assert "Nobody uses" not in text


def test_whom_to_tell_is_cut_short_in_markdown():
    result = reports.first()
    (notice, *_others) = result["notices"]
    result["notices"] = [{**notice, "project_id": f"p-{number}"} for number in range(203)]
    text = report_as(report([{"host": "h", "name": "c", "result": result}], generated_at=AT), "markdown")
    assert (text.count("`p-"), "\n\nand 3 projects more.\n" in text) == (200, True)


def test_the_markdown_says_whom_to_tell():
    text = rendered("markdown").replace("\\", "")
    (row,) = [line for line in text.splitlines() if "team-b `" in line and "windows" in line]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        f"team-b `{reports.TEAM_B}`",
        "mycloud",
        "windows-2022-core-v0.9",
        "1",
        "0",
        "It was revoked on 2026-05-12: CVE-2026-1234. Replace what was made of it. "
        "It was due to be retired on 2026-05-25, and may be retired at any time.",
        "windows-2022-core-v1.0",
    ]
    assert (
        "| deprecated | 2026-05-11 | 4 servers and 1 volume of 2 projects, 1 launched since it was deprecated |" in text
    )


def test_lines_end_somewhere():
    image = reports.version("a", "a-1-b-v1.0", "2026-01-01", "deprecated 2026-02-01")
    users = [reports.server(f"s{number}", f"p{number:03}", "2026-01-02") for number in range(203)]
    result = reports.result(image, usage={image.name: reports.used(*users)})
    text = report_as(report([{"host": "h", "name": "c", "result": result}], generated_at=AT), "console")
    assert "\np199  c " in text
    assert "\np200 " not in text
    assert "\nand 3 more.\n" in text


def test_a_row_of_the_page_is_found_by_the_projects_that_use_it():
    page = rendered("html")
    rows = {found[1]: found[0] for found in re.finditer(r'<tr data-row data-text="([^"]*)"[^>]*>', page)}
    (row,) = [tag for words, tag in rows.items() if words.startswith("ubuntu-24.04-base-v1.3 126f8916")]
    assert f"team-a {reports.TEAM_A}" in row
    assert row.endswith(" data-used>")
    assert sum("data-used" in tag and "ubuntu-24.04-base-v1.0" in tag for tag in rows.values()) == 0


def test_the_policy_of_the_page_allows_its_own_style_and_script_alone():
    text = rendered("html", HOSTILE)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1].replace("&#39;", "'")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert allowed[f"{tag}-src"] == f"'sha256-{digest}'"


def test_what_others_wrote_is_text_in_the_page():
    plain, hostile = Page(rendered("html")), Page(rendered("html", HOSTILE))
    assert sorted(set(hostile.tags)) == sorted(set(plain.tags))
    assert hostile.tags.count("script") == 1
    assert hostile.open == []
    shown = (
        HOSTILE.replace("\n", " ").replace("\u202e", "\\u202e").replace("\x1b", "\\u001b").replace("\x00", "\\u0000")
    )
    assert hostile.text.count(shown) >= 11


def test_what_others_wrote_breaks_no_table_of_the_markdown():
    plain, hostile = (
        [
            re.sub(r"\\.", "", line).count("|")
            for line in rendered("markdown", words).splitlines()
            if line.startswith("|")
        ]
        for words in (None, HOSTILE)
    )
    # A finding more.
    assert len(hostile) == len(plain) + 1
    assert set(hostile) == set(plain)
    assert [line for line in rendered("markdown", HOSTILE).splitlines() if re.search(r"(?<!\\)<|^# c", line)] == []


def test_what_others_wrote_leaves_the_xml_well_formed():
    root = ElementTree.fromstring(rendered("junit", HOSTILE))
    names = [case.get("name") for case in root.iter("testcase")]
    assert any(name.startswith("<script>alert(1)</script>\"'>]]>&amp; |") for name in names)


def test_what_others_wrote_controls_no_terminal():
    assert not set("\x1b\x00\u202e") & set(rendered("console", HOSTILE))


def test_the_data_is_the_report():
    assert json.loads(rendered("json")) == report(clouds(), generated_at=AT, title="Images", run={})


def test_junit_has_a_suite_for_each_cloud_and_fails_where_something_is_wrong():
    root = ElementTree.fromstring(rendered("junit"))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["mycloud", "othercloud", "mycloud-c"]
    for suite in suites.values():
        cases = list(suite)
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["windows-2022-core-v0.9", "windows-2022-core-v1.0"]
    (failure,) = suites["mycloud"].findall("testcase/failure")
    assert failure.get("type") == "revoked"
    assert failure.text.count("\n") == 2
    assert suites["mycloud-c"].find("testcase/error").get("message") == reports.down()["msg"]


@pytest.mark.parametrize(
    ("bytes_", "expected"),
    [
        (None, "-"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (int(2.25 * 1024**3), "2.2 GiB"),
        (1024**6, "1024.0 PiB"),
    ],
)
def test_sizes(bytes_, expected):
    assert size(bytes_) == expected


def test_markdown_stands_for_itself():
    assert markdown("a|b_c`<i>") == "a\\|b\\_c\\`\\<i\\>"
    # Somebody of that name would be told of the page, entity or not.
    assert markdown("&@team") == "\\&&#64;&#8203;team"


@pytest.mark.parametrize("first", ["2026-06-01", "2026-05-20", "2025-11-01", "2019-01-01", "2010-01-01"])
def test_a_time_line_has_a_few_months_to_read(first):
    image = reports.version("a", "a-1-b-v1.0", first)
    results = [{"host": "h", "name": "c", "result": reports.result(image)}]
    text = report_as(report(results, generated_at=AT), "html")
    axis = re.search(r'<svg class="axis".*?</svg>', text, re.DOTALL)[0]
    places = [float(where) for where in re.findall(r'<text x="([\d.]+)%"', axis)]
    assert 1 <= len(places) <= 8
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
