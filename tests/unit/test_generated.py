# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is generated is what the sources give, and the documentation holds to what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft7Validator, FormatChecker

from ansible_collections.xloud.image.plugins.module_utils._data.documents import read_documents
from ansible_collections.xloud.image.plugins.module_utils._model import image
from ansible_collections.xloud.image.plugins.module_utils._model.document import VERSION_KEYS
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS
from ansible_collections.xloud.image.tests.tools.generate import (
    CONSUMERS,
    LAUNCHING,
    PICTURE,
    PRIVILEGES,
    RELEASES,
    SCHEMA,
    filled,
    generated,
    main,
)

CHECKOUT = Path(__file__).parents[2]
GENERATED = generated(CHECKOUT)
VALIDATOR = Draft7Validator(json.loads((CHECKOUT / SCHEMA).read_text()), format_checker=FormatChecker())


def page(name: str) -> str:
    return (CHECKOUT / "docs/docsite/rst" / name).read_text()


DOCUMENTS = sorted(
    path
    for path in (CHECKOUT / "examples").rglob("*.yml")
    if path.parent.name in ("catalog", "own") and "vars" not in path.parts
)


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_file_is_what_its_sources_give(path):
    assert path.read_text() == GENERATED[path], "run: make generate"


def test_what_is_old_is_written_anew(tmp_path):
    for path in (*GENERATED, CHECKOUT / PICTURE, CHECKOUT / PRIVILEGES, CHECKOUT / CONSUMERS, CHECKOUT / LAUNCHING):
        copy = tmp_path / path.relative_to(CHECKOUT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    (tmp_path / SCHEMA).write_text("{}")
    main(tmp_path)
    assert (tmp_path / SCHEMA).read_text() == (CHECKOUT / SCHEMA).read_text()


def test_a_block_is_filled_between_its_marks():
    text = "before\n\n.. begin generated: a\nold\n.. end generated\n\nafter\n"
    expected = "before\n\n.. begin generated: a\n\nnew\n\n.. end generated\n\nafter\n"
    assert filled(text, {"a": lambda: "new\n"}) == expected
    assert filled(expected, {"a": lambda: "new\n"}) == expected


def test_there_is_something_to_hold():
    assert len(DOCUMENTS) > 5


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT / "examples")))
def test_documents_of_the_examples_are_valid(path):
    (document,) = read_documents([str(path)])
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_the_reference_names_every_preset():
    assert [name for name in PRESETS if f"begin generated: preset {name}\n" not in page("catalog_document.rst")] == []


def test_the_reference_says_of_every_key_of_a_version_where_it_stands():
    assert [name for name in VERSION_KEYS if f"* - ``{name}``" not in page("catalog_document.rst")] == []


def test_the_guide_names_everything_that_is_recorded():
    recorded = {*image.LIFECYCLE, image.TEMPLATE, image.VERSION, image.STAGED_SINCE, image.SOURCE_CHECKSUM, image.TAG}
    assert [name for name in recorded if f"``{name}``" not in page("lifecycle.rst")] == []


def test_the_time_line_tells_of_every_release_and_of_every_stage():
    guide = page("lifecycle.rst")
    assert [day for day in RELEASES.values() if f"* - {day}" not in guide] == []
    for stage in ("published", "deprecated", "hidden", "retired", "deleted"):
        assert re.search(rf"^     - {stage}$", guide, re.MULTILINE)


def test_the_picture_says_in_words_what_it_shows():
    root = ElementTree.parse(CHECKOUT / PICTURE).getroot()
    words = {child.get("id"): child.text for child in root if child.tag.endswith(("title", "desc"))}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == list(words)
    assert all(words.values())
