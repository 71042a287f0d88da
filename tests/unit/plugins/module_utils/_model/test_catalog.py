# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue document."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

NAME = "ubuntu-24.04-base"
SHA256 = "sha256:" + "0" * 64


def parse(template, defaults=None):
    return parse_catalog({NAME: template}, defaults or {}, "/images")


def problems_of(template, defaults=None):
    with pytest.raises(InputError) as error:
        parse(template, defaults)
    return error.value.details["problems"]


def test_versions_are_sorted_as_numbers():
    versions = {number: {"source": f"{number}.raw"} for number in ("1.10", "1.9", "2.0")}
    (template,) = parse({"visibility": "public", "versions": versions})
    assert [str(version.name.version) for version in template.versions] == ["1.9", "1.10", "2.0"]


def test_templates_are_sorted_by_name():
    document = {name: {"visibility": "public", "versions": {"1.0": {}}} for name in ("b-1-x", "a-1-x")}
    assert [template.name for template in parse_catalog(document, {}, "")] == ["a-1-x", "b-1-x"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.raw", "/images/a.raw"),
        ("sub/a.raw", "/images/sub/a.raw"),
        ("/elsewhere/a.raw", "/elsewhere/a.raw"),
        ("https://example.com/a.raw", "https://example.com/a.raw"),
    ],
)
def test_relative_paths_start_from_the_folder(source, expected):
    (template,) = parse({"visibility": "public", "versions": {"1.0": {"source": source, "checksum": source}}})
    assert (template.versions[0].source, template.versions[0].checksum) == (expected, expected)


def test_a_literal_checksum_is_no_path():
    (template,) = parse({"visibility": "public", "versions": {"1.0": {"source": "a", "checksum": SHA256}}})
    assert template.versions[0].checksum == SHA256


def test_defaults_are_under_the_template_and_that_is_under_the_version():
    (template,) = parse(
        {
            "description": "Base",
            "properties": {"b": "template", "c": "template"},
            "retention": {"available": 4},
            "min_ram": 1,
            "versions": {"1.0": {"properties": {"c": "version"}, "min_ram": 2}, "1.1": {}},
        },
        {"visibility": "community", "properties": {"a": "default", "b": "default"}, "retention": {"visible": 3}},
    )
    first, second = template.versions
    assert first.settings == {
        "properties": {"description": "Base", "a": "default", "b": "template", "c": "version"},
        "min_ram": 2,
    }
    assert second.settings["min_ram"] == 1
    assert (template.visibility, template.visible) == ("community", 3)


@pytest.mark.parametrize(
    ("template", "path", "words"),
    [
        ([], "", "must be a dictionary"),
        ({"visibility": "public"}, ".versions", "at least one version"),
        ({"visibility": "private", "versions": {"1.0": {}}}, ".visibility", "'private' is none of"),
        ({"versions": {"1.0": {}}}, ".visibility", "must say what a published version becomes"),
        ({"visibility": "public", "versions": {"1": {}}}, ".versions.1", "is not a version"),
        ({"visibility": "public", "versions": {"1.0": []}}, ".versions.1.0", "must be a dictionary"),
        ({"visibility": "public", "versions": {"1.0": {"url": "x"}}}, ".versions.1.0.url", "is not known. Known are"),
        ({"visibility": "public", "versions": {"1.0": {"stage": "x"}}}, ".versions.1.0.stage", "'x' is none of"),
        ({"visibility": "public", "versions": {"1.0": {"checksum": "md5:0"}}}, ".versions.1.0.checksum", "not a check"),
        ({"visibility": "public", "versions": {"1.0": {"source": "ftp://x/a"}}}, ".versions.1.0.source", "ftp://"),
        (
            {"visibility": "public", "versions": {"1.0": {"properties": {"os_version": 24.04}}}},
            ".versions.1.0.properties.os_version",
            "numbers lose their zeros",
        ),
        ({"visibility": "public", "min_ram": "512", "versions": {"1.0": {}}}, ".min_ram", "must be a whole number"),
        ({"visibility": "public", "min_ram": True, "versions": {"1.0": {}}}, ".min_ram", "must be a whole number"),
        ({"visibility": "public", "current": 1.0, "versions": {"1.0": {}}}, ".current", "must be text in quotes"),
        ({"visibility": "public", "current": "1.1", "versions": {"1.0": {}}}, ".current", "not among the published"),
        (
            {"visibility": "public", "current": "1.0", "versions": {"1.0": {"stage": "staged"}}},
            ".current",
            "not among the published",
        ),
        ({"visibility": "public", "members": ["a"], "versions": {"1.0": {}}}, ".members", "needs visibility: shared"),
        ({"visibility": "public", "retention": {"visible": 0}, "versions": {"1.0": {}}}, ".retention.visible", "least"),
        ({"visibility": "public", "retention": {"keep": 2}, "versions": {"1.0": {}}}, ".retention.keep", "not known"),
    ],
)
def test_a_problem_is_named_with_its_path(template, path, words):
    (problem,) = problems_of(template)
    assert problem.startswith(f"image_catalog.{NAME}{path}: ")
    assert words in problem


def test_all_problems_of_all_templates_are_listed_at_once():
    document = {
        "Bad": {"versions": {}},
        "a-1-x": {"colour": 1},
        "b-1-x": {"visibility": "public", "versions": {"x": {}}},
    }
    with pytest.raises(InputError) as error:
        parse_catalog(document, {"visibility": 1}, "")
    paths = [problem.partition(": ")[0] for problem in error.value.details["problems"]]
    assert paths == [
        "image_catalog_defaults.visibility",
        "image_catalog.Bad",
        "image_catalog.Bad.versions",
        "image_catalog.a-1-x.colour",
        "image_catalog.b-1-x.versions.x",
    ]
    assert "has 5 problem(s)" in error.value.message


@pytest.mark.parametrize("document", [None, [], {}, "text"])
def test_a_document_without_templates(document):
    with pytest.raises(InputError, match="must be a dictionary of templates"):
        parse_catalog(document, {}, "")
