# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Catalogue documents and plans on the disk."""

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.documents import read_documents, read_plan, write_plan
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError

SECRET = "https://me:hunter2@host/a.raw?sig=s3cret"


def document(name):
    return f"image_catalog: {{{name}: {{}}}}\n"


@pytest.fixture
def put(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def names(documents):
    return [next(iter(each["image_catalog"])) for each in documents]


# Documents


def test_a_document(put):
    text = (
        "---\n# a comment\nimage_catalog_defaults: {min_ram: 512}\nimage_catalog:\n  a-1-x: {versions: {'1.0': {}}}\n"
    )
    assert read_documents([put("a.yml", text)]) == [
        {"image_catalog_defaults": {"min_ram": 512}, "image_catalog": {"a-1-x": {"versions": {"1.0": {}}}}}
    ]


def test_json_is_yaml(put):
    assert names(read_documents([put("a.json", json.dumps({"image_catalog": {"a": {}}}))])) == ["a"]


def test_files_come_in_the_order_that_is_given(put):
    paths = [put(f"{name}.yml", document(name)) for name in "ba"]
    assert names(read_documents(paths)) == ["b", "a"]
    assert read_documents([]) == []


def test_the_files_of_a_folder_come_in_the_order_of_their_names(put, tmp_path):
    for name in ("10-c.yml", "02-b.yaml", "01-a.json"):
        put(f"folder/{name}", document(name[3]))
    put("folder/.hidden.yml", "wrong")
    put("folder/README.md", "wrong")
    put("folder/a.yml.orig", "wrong")
    last = put("last.yml", document("z"))
    assert names(read_documents([str(tmp_path / "folder"), last])) == ["a", "b", "c", "z"]


def test_a_part_may_be_empty(put):
    assert read_documents([put("a.yml", "image_catalog:\nimage_catalog_defaults:\n")]) == [
        {"image_catalog": {}, "image_catalog_defaults": {}}
    ]


def test_what_several_templates_have_in_common_may_stand_once(put):
    text = "image_catalog:\n  a: &a {min_ram: 1, min_disk: 2}\n  b: {<<: *a, min_ram: 3}\n"
    [found] = read_documents([put("a.yml", text)])
    assert found["image_catalog"]["b"] == {"min_ram": 3, "min_disk": 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image_catalog: {a: {}, a: {}}", "is no valid YAML: .*a' stands twice"),
        ("image_catalog: {}\nimage_catalog: {}", "image_catalog' stands twice"),
        (
            "image_catalog:\n  a:\n    versions:\n      '1.0': {}\n      '1.0': {}\n",
            "line 5, column 7: '1.0' stands twice",
        ),
        ("image_catalog: [", "is no valid YAML"),
        ("image_catalog: !!python/object/apply:os.getcwd []", "is no valid YAML"),
        ("image_catalog: {}\n---\nimage_catalog: {}", "is no valid YAML"),
        ("image_catalog: {[a]: 1}", "is no valid YAML"),
        ("image_catalog: {? {a: b} : 1}", "is no valid YAML"),
        ("image_catalog: !!map a", "is no valid YAML"),
        ("image_catalog: !!bool secret", "is no valid YAML: a value is not what its tag says"),
        ("image_catalog: !!int ''", "is no valid YAML: a value is not what its tag says"),
        ("image_catalog: !!timestamp x", "is no valid YAML: a value is not what its tag says"),
        ("image_catalog: " + "[" * 5000, "is no valid YAML: it is nested too deeply"),
        ("image_catalog: 2026-13-45", "is no valid YAML: month must be in 1..12"),
        ("image_catalog: a\0b", "is no valid YAML: unacceptable character"),
        ("", "is empty"),
        ("---\n", "is no dictionary with image_catalog in it"),
        ("- a\n", "is no dictionary"),
        ("just words", "is no dictionary"),
        ("image_catalog: {}\ncatalog: {}\n1: x\n", "holds 1, catalog. Known are image_catalog and image_catalog_defau"),
    ],
)
def test_what_is_no_document(put, text, words):
    path = put("a.yml", text)
    with pytest.raises(InputError, match=words) as error:
        read_documents([path])
    assert error.value.message.startswith(f"files: {path} ")
    assert "\n" not in error.value.message


def test_what_is_wrong_with_a_document_does_not_show_its_secrets(put):
    for text in (
        f"image_catalog:\n  a: {{versions: {{'1.0': {{source: '{SECRET}'}}\n",
        f"image_catalog: {{source: {SECRET}, source: {SECRET}}}\n",
        f"image_catalog:\n  a: '{SECRET}\n",
    ):
        with pytest.raises(InputError) as error:
            read_documents([put("a.yml", text)])
        assert "hunter2" not in error.value.message
        assert "s3cret" not in error.value.message


def test_a_folder_without_documents(tmp_path):
    with pytest.raises(InputError, match=r"files: the folder .* holds no document \(\*.yml, \*.yaml, \*.json\)"):
        read_documents([str(tmp_path)])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="files: .*missing.yml does not exist"):
        read_documents([str(tmp_path / "missing.yml")])


# Plans


def test_a_plan_is_read_as_it_was_written(tmp_path):
    path = str(tmp_path / "plan.json")
    plan = {"format_version": 1, "changes": [{"name": "ünï"}], "as_of": "2026-01-31"}
    write_plan(path, plan)
    assert read_plan(path) == plan
    assert (tmp_path / "plan.json").read_text(encoding="utf-8").startswith('{\n  "as_of": "2026-01-31",\n')


def test_the_same_plan_is_the_same_file(tmp_path):
    for name, keys in (("a", "xy"), ("b", "yx")):
        write_plan(str(tmp_path / name), dict.fromkeys(keys, 1))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_a_path_there_is_no_plan(tmp_path):
    assert read_plan(None) is None
    write_plan(None, {"format_version": 1})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("{", "is no plan of xloud.image.image_catalog"),
        ("[]", "is no plan"),
        ("[" * 100_000, "is no plan"),
        ("{}", "is no plan"),
        ('{"format_version": 2}', "has format 2, and this release reads format 1"),
    ],
)
def test_what_is_no_plan(put, text, words):
    with pytest.raises(InputError, match=f"expect_plan: .*plan.json {words}"):
        read_plan(put("plan.json", text))


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="expect_plan: .* does not exist"):
        read_plan(str(tmp_path / "plan.json"))


def test_a_plan_that_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match="plan.json cannot be written"):
        write_plan(str(tmp_path / "missing" / "plan.json"), {})
