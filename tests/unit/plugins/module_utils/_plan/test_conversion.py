# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tasks of openstack.cloud.image, and definitions of osism, become."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.conversion import Opaque, SourceFile, Table
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._plan.conversion import convert

SHA256, SHA512, MD5 = "a" * 64, "b" * 128, "c" * 32
SECRET = "hunter2"
BASICS = {"name": "Acme 9", "filename": "acme.img", "visibility": "public"}


def of_tasks(*content, names=None, form=None, **more):
    files = [SourceFile("site.yml", list(content)), *(SourceFile(name, each) for name, each in more.items())]
    return convert(files, form, names or {})


def of_task(**options):
    """What one task becomes, beside what a name and a file make: its template, its version, and its notes by key."""
    return _single(of_tasks({"openstack.cloud.image": {**BASICS, **options}}))


def definition(**more):
    version = {"version": "20240830", "url": "https://images.example.com/acme.img"}
    basics = {"name": "Acme 9", "format": "qcow2", "visibility": "public", "status": "active", "multi": True}
    return {**basics, "versions": [version], **more}


def of_definitions(*images, names=None):
    return convert([SourceFile("acme.yml", {"images": list(images)})], None, names or {})


def of_definition(**more):
    return _single(of_definitions(definition(**more)))


def of_version(**more):
    return of_definition(versions=[{**definition()["versions"][0], **more}])


def _single(conversion):
    parse_catalog(conversion.document["image_catalog"], {}, "/")
    [template] = conversion.document["image_catalog"].values()
    [version] = template["versions"].values()
    return template, version, {note.key: note for note in conversion.notes}


def names_of(conversion):
    return [image.name for image in conversion.images]


def keys_of(conversion):
    return [note.key for note in conversion.notes]


# The options of a task


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"min_disk": 10}, {"min_disk": 10}),
        ({"min_disk": "10"}, {"min_disk": 10}),
        ({"min_ram": 0}, {"min_ram": 0}),
        ({"protected": "yes"}, {"protected": True}),
        ({"is_protected": False}, {"protected": False}),
        ({"disk_format": "raw"}, {"disk_format": "raw"}),
        ({"container_format": "ovf"}, {"container_format": "ovf"}),
        ({"container_format": "bare"}, {}),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({"tags": "a, b"}, {"tags": ["a", "b"]}),
        ({"tags": []}, {}),
        ({"import_method": "web-download"}, {"import_method": "web-download"}),
        ({"stores": ["fast"]}, {"stores": ["fast"]}),
        (
            {"properties": {"os_distro": "acme", "n": 5, "t": True}},
            {"properties": {"os_distro": "acme", "n": "5", "t": "true"}},
        ),
        ({"properties": {}}, {}),
        ({"properties": {"description": "Mine"}}, {"description": "Mine"}),
        ({"min_disk": "{{ omit }}"}, {}),
        ({"min_disk": None}, {}),
    ],
)
def test_an_option_that_is_carried_over(options, found):
    template, version, notes = of_task(**options)
    expected = {"description": "Acme 9", "visibility": "public", **found}
    assert {key: value for key, value in template.items() if key != "versions"} == expected
    assert version == {"source": "acme.img"}
    assert set(notes) == {"source"}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"id": "42"}, "id"),
        ({"owner": "p"}, "owner"),
        ({"project": "p"}, "owner"),
        ({"owner_domain": "d"}, "owner_domain"),
        ({"kernel": "k"}, "kernel"),
        ({"ramdisk": "r"}, "ramdisk"),
        ({"volume": "v"}, "volume"),
        ({"remote_region": "r"}, "remote_region"),
        ({"use_import": True}, "use_import"),
        ({"import_method": "copy-image"}, "import_method"),
        ({"checksum": MD5}, "checksum"),
        ({"checksum": "no digest"}, "checksum"),
        ({"min_disk": "much"}, "min_disk"),
        ({"min_disk": -1}, "min_disk"),
        ({"min_ram": True}, "min_ram"),
        ({"min_ram": "{{ unknown }}"}, "min_ram"),
        ({"protected": "perhaps"}, "is_protected"),
        ({"disk_format": Opaque("encrypted")}, "disk_format"),
        ({"tags": {"a": 1}}, "tags"),
        ({"properties": "text"}, "properties"),
        ({"properties": {"hw_x": ["a"]}}, "properties.hw_x"),
        ({"properties": {"hw_x": None}}, "properties.hw_x"),
        ({"properties": {"hw_x": "{{ unknown }}"}}, "properties.hw_x"),
        ({"properties": {"min_disk": "5"}}, "properties.min_disk"),
        ({"properties": {"os_glance_x": "5"}}, "properties.os_glance_x"),
        ({"properties": {"deprecated": "true"}}, "properties.deprecated"),
        ({"properties": {"xloud_image_x": "y"}}, "properties.xloud_image_x"),
        ({"properties": {"admin_password": SECRET}}, "properties.admin_password"),
        ({"stray": 1}, "stray"),
        ({"state": "strange"}, "state"),
    ],
)
def test_an_option_that_is_left_out_is_noted(options, key):
    template, version, notes = of_task(**options)
    assert {name: value for name, value in template.items() if name != "versions"} == {
        "description": "Acme 9",
        "visibility": "public",
    }
    assert version == {"source": "acme.img"}
    assert set(notes) == {"source", key}
    assert SECRET not in str(notes)


def test_a_number_among_the_properties_becomes_text_and_is_noted():
    template, _version, notes = of_task(properties={"os_version": 9.1})
    assert template["properties"] == {"os_version": "9.1"}
    assert "properties.os_version" in notes


@pytest.mark.parametrize(
    ("given", "declared"),
    [(SHA256, f"sha256:{SHA256}"), (f"sha512:{SHA512}", f"sha512:{SHA512}"), (SHA512.upper(), f"sha512:{SHA512}")],
)
def test_a_checksum_that_data_can_be_verified_by(given, declared):
    assert of_task(checksum=given)[1]["checksum"] == declared


@pytest.mark.parametrize(
    ("options", "visibility", "stage", "key"),
    [
        ({"visibility": "community"}, "community", None, None),
        ({"visibility": "shared"}, "shared", None, "visibility"),
        ({"visibility": "private"}, None, "staged", "visibility"),
        ({"visibility": "{{ unknown }}"}, None, "staged", "visibility"),
        ({"visibility": None}, None, "staged", "visibility"),
        ({"visibility": None, "is_public": "yes"}, "public", None, None),
        ({"visibility": None, "is_public": True}, "public", None, None),
        ({"visibility": None, "is_public": False}, None, "staged", "is_public"),
        ({"visibility": None, "is_public": "{{ unknown }}"}, None, "staged", "is_public"),
        ({"state": "inactive"}, "public", "retired", "state"),
    ],
)
def test_who_may_see_an_image(options, visibility, stage, key):
    template, version, notes = of_task(**options)
    assert template.get("visibility") == visibility
    assert version.get("stage") == stage
    assert set(notes) - {"source"} == {key} - {None}


@pytest.mark.parametrize(
    ("options", "source", "key"),
    [
        ({"filename": "/srv/a.img"}, "/srv/a.img", None),
        ({"filename": None, "uri": "https://h/a.img"}, "https://h/a.img", None),
        ({"filename": f"https://me:{SECRET}@h/a.img"}, "https://h/a.img", "filename"),
        ({"filename": f"https://h/a.img?sig={SECRET}{SECRET}"}, "https://h/a.img", "filename"),
        ({"filename": None}, None, "source"),
        ({"filename": None, "volume": "v"}, None, "volume"),
        ({"filename": None, "remote_image_id": "i"}, None, "remote_image_id"),
        ({"filename": "{{ unknown }}"}, None, "filename"),
        ({"filename": "/a.img", "uri": "https://h/a.img"}, "/a.img", "uri"),
        ({"filename": "ftp://h/a.img"}, None, "filename"),
        ({"filename": "https://"}, None, "filename"),
    ],
)
def test_where_the_data_is(options, source, key):
    _template, version, notes = of_task(**options)
    assert version.get("source") == source
    assert set(notes) == {key} - {None}
    assert SECRET not in str(notes)


# Tasks


@pytest.mark.parametrize(
    "task",
    [
        {"openstack.cloud.image": BASICS},
        {"os_image": BASICS},
        {"openstack.cloud.os_image": BASICS},
        {"image": BASICS},
        {"os_image": "name='Acme 9' filename=acme.img visibility=public"},
        {"action": "os_image name='Acme 9' filename=acme.img visibility=public"},
        {"action": {"module": "openstack.cloud.image", **BASICS}},
        {"local_action": "os_image", "args": BASICS},
        {"os_image": "name='Acme 9'", "args": {"filename": "acme.img", "visibility": "public"}},
        {"os_image": None, "args": BASICS},
        {"block": [{"block": [{"os_image": BASICS}]}]},
        {"block": [], "rescue": [{"os_image": BASICS}]},
        {"hosts": "all", "post_tasks": [{"os_image": BASICS}]},
        {"hosts": "all", "vars": {"v": "public"}, "tasks": [{"os_image": {**BASICS, "visibility": "{{ v }}"}}]},
        {
            "module_defaults": {"openstack.cloud.image": {"visibility": "public"}},
            "block": [{"openstack.cloud.image": {"name": "Acme 9", "filename": "acme.img"}}],
        },
        {
            "module_defaults": {
                "group/openstack.cloud.openstack": {"visibility": "private"},
                "os_image": {"visibility": "public"},
            },
            "os_image": {"name": "Acme 9", "filename": "acme.img"},
        },
    ],
)
def test_the_forms_of_a_task(task):
    template, version, notes = _single(of_tasks(task))
    assert template == {"description": "Acme 9", "visibility": "public", "versions": {"1.0": version}}
    assert version == {"source": "acme.img"}
    assert set(notes) == {"source"}


LOOPED = {"name": "Acme {{ item.v }}", "filename": "{{ item.f }}", "visibility": "public"}
ITEMS = [{"v": 8, "f": "/8.img"}, {"v": 9, "f": "/9.img"}]


@pytest.mark.parametrize(
    "task",
    [
        {"os_image": LOOPED, "loop": ITEMS},
        {"os_image": LOOPED, "with_items": [ITEMS]},
        {"os_image": LOOPED, "with_list": ITEMS},
        {"os_image": LOOPED, "loop": "{{ items }}", "vars": {"items": ITEMS}},
        {
            "os_image": {**LOOPED, "name": "Acme {{ image.v }}", "filename": "{{ image.f }}"},
            "loop": ITEMS,
            "loop_control": {"loop_var": "image"},
        },
        {
            "os_image": {**LOOPED, "name": "Acme {{ item.key }}", "filename": "{{ item.value }}"},
            "with_dict": {8: "/8.img", 9: "/9.img"},
        },
        {
            "os_image": {**LOOPED, "name": "Acme {{ item.key }}", "filename": "{{ item.value }}"},
            "loop": "{{ items | dict2items }}",
            "vars": {"items": {8: "/8.img", 9: "/9.img"}},
        },
    ],
)
def test_the_images_of_a_loop(task):
    conversion = of_tasks(task)
    assert names_of(conversion) == ["acme-8-base-v1.0", "acme-9-base-v1.0"]
    assert keys_of(conversion) == []


def test_the_variables_of_other_files():
    task = {"os_image": LOOPED, "loop": "{{ acme_images }}"}
    conversion = of_tasks(task, **{"group_vars/all.yml": {"acme_images": ITEMS}})
    assert names_of(conversion) == ["acme-8-base-v1.0", "acme-9-base-v1.0"]
    with pytest.raises(PlanError) as caught:
        of_tasks(task, **{"a.yml": {"acme_images": ITEMS}, "b.yml": {"acme_images": []}})
    assert {note["key"] for note in caught.value.details["notes"]} == {"loop", "acme_images"}


def test_the_same_variable_in_two_files_is_one():
    shared = {"acme_images": ITEMS}
    conversion = of_tasks({"os_image": LOOPED, "loop": "{{ acme_images }}"}, **{"a.yml": shared, "b.yml": shared})
    assert len(conversion.images) == 2


@pytest.mark.parametrize(
    ("task", "key"),
    [
        ({"os_image": LOOPED, "loop": "{{ unknown }}"}, "loop"),
        ({"os_image": LOOPED, "with_fileglob": "*.img"}, "with_fileglob"),
        ({"os_image": LOOPED, "loop": ITEMS, "loop_control": {"loop_var": ["odd"]}}, "name"),
        ({"os_image": {**BASICS, "name": "{{ unknown }}"}}, "name"),
        ({"os_image": {**BASICS, "name": Opaque("encrypted")}}, "name"),
        ({"os_image": {"filename": "a.img"}}, "name"),
        ({"os_image": "name='unbalanced"}, ""),
        ({"os_image": {**BASICS, "state": "absent"}}, "state"),
        ({"os_image": {**BASICS, "name": "Golden image"}}, "name"),
        ({"openstack.cloud.image_info": {"image": "Acme 9"}}, "openstack.cloud.image_info"),
        ({"ansible.builtin.include_tasks": "images.yml"}, "ansible.builtin.include_tasks"),
        ({"hosts": "all", "roles": ["images"]}, "roles"),
    ],
)
def test_a_task_that_is_left_out_is_noted(task, key):
    with pytest.raises(PlanError, match="none of its images") as caught:
        of_tasks(task, form="openstack_cloud")
    assert key in [note["key"] for note in caught.value.details["notes"]]
    conversion = of_tasks({"os_image": {**BASICS, "name": "Other 1", "filename": "/a.img"}}, task)
    assert names_of(conversion) == ["other-1-base-v1.0"]
    assert key in keys_of(conversion)


def test_what_is_included_is_read_where_a_folder_is_given():
    included = {"ansible.builtin.include_tasks": "images.yml"}
    conversion = of_tasks(included, **{"images.yml": [{"os_image": {**BASICS, "filename": "/a.img"}}]})
    assert keys_of(conversion) == []


def test_keywords_of_a_task():
    task = {"name": "n", "os_image": BASICS, "tags": "t", "when": "x", "register": "r", "become": True, "retries": 3}
    assert keys_of(of_tasks(task)) == ["when", "register", "become, retries", "source"]


def test_the_condition_of_a_block_is_noted_and_one_of_a_block_without_images_is_not():
    assert "when" in keys_of(of_tasks({"block": [{"os_image": BASICS}], "when": "x"}))
    other = {"block": [{"ansible.builtin.debug": {}}], "when": "x"}
    assert "when" not in keys_of(of_tasks({"os_image": BASICS}, other))


def test_the_connection_is_noted_once_and_none_of_it_is_kept():
    auth = {"auth": {"password": SECRET}, "cloud": "mine", "validate_certs": False, "wait": True, "timeout": 5}
    conversion = of_tasks(*({"os_image": {**BASICS, "name": f"Acme {number}", **auth}} for number in (8, 9)))
    [note] = [note for note in conversion.notes if "auth" in note.key]
    assert note.key == "auth, cloud, timeout, validate_certs, wait"
    assert SECRET not in str(conversion)


def test_notes_say_where():
    task = Table({"os_image": Table({**BASICS, "id": "42"}, 8, {"name": 8, "id": 11})}, 7, {"os_image": 7})
    notes = {note.key: str(note.place) for note in of_tasks(task).notes}
    assert notes["id"] == "site.yml:11"
    assert notes["source"] == "site.yml:7"


def test_a_file_that_cannot_be_read_is_noted():
    conversion = of_tasks({"os_image": BASICS}, **{"vault.yml": Opaque("encrypted as a whole")})
    assert "the file was not read: it is encrypted as a whole" in [note.message for note in conversion.notes]


# Definitions


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"min_disk": 8, "min_ram": 512}, {"min_disk": 8, "min_ram": 512}),
        ({"tags": ["a"]}, {"tags": ["a"]}),
        ({"login": "acme"}, {"properties": {"image_original_user": "acme"}}),
        ({"meta": {"hw_disk_bus": "scsi", "hw_x": True}}, {"properties": {"hw_disk_bus": "scsi", "hw_x": "true"}}),
        ({"visibility": "community"}, {"visibility": "community"}),
        ({"enable": True, "separator": "-"}, {}),
        ({"meta": {"uuid_validity": "none"}}, {"properties": {"uuid_validity": "none"}}),
    ],
)
def test_a_key_of_a_definition_that_is_carried_over(more, found):
    template, version, notes = of_definition(**more)
    expected = {"description": "Acme 9", "visibility": "public", "disk_format": "qcow2", **found}
    assert {key: value for key, value in template.items() if key != "versions"} == expected
    assert version["source"] == "https://images.example.com/acme.img"
    assert set(notes) == {"tags"}, "the note on the tags of the tool itself"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"password": SECRET}, "password"),
        ({"keep": True}, "keep"),
        ({"latest_url": "https://h/l", "latest_checksum_url": "https://h/s"}, "latest_url, latest_checksum_url"),
        ({"stray": 1}, "stray"),
        ({"stray": Opaque("encrypted")}, "stray"),
        ({"shortname": 5}, "shortname"),
        ({"status": "odd"}, "status"),
        ({"login": Opaque("encrypted")}, "login"),
        ({"visibility": "private"}, "visibility"),
        ({"visibility": "shared"}, "visibility"),
        ({"visibility": "odd"}, "visibility"),
        ({"status": "deactivated"}, "status"),
        ({"min_disk": "x"}, "min_disk"),
        ({"meta": {"hw_firmware_type": None}}, "meta.hw_firmware_type"),
        ({"meta": {"uuid_validity": "last-3"}}, "meta.uuid_validity"),
        ({"meta": {"uuid_validity": "notice"}}, "meta.uuid_validity"),
        ({"meta": {"provided_until": datetime.date(2030, 1, 1)}}, "meta.provided_until"),
        ({"meta": "odd"}, "meta"),
    ],
)
def test_a_key_of_a_definition_that_has_no_equal_is_noted(more, key):
    _template, _version, notes = of_definition(**more)
    assert set(notes) == {"tags", key}
    assert SECRET not in str(notes)


@pytest.mark.parametrize(
    ("more", "stage"),
    [
        ({"status": "deactivated"}, "retired"),
        ({"visibility": "private"}, "staged"),
        ({"visibility": "odd"}, "staged"),
        ({"versions": [{"version": "1", "url": "https://h/a", "hidden": True}]}, "hidden"),
        ({"versions": [{"version": "1", "url": "https://h/a", "hidden": False}]}, None),
    ],
)
def test_the_stage_of_a_definition(more, stage):
    assert of_definition(**more)[1].get("stage") == stage


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"mirror_url": "https://mirror/acme.img"}, {"source": "https://mirror/acme.img"}),
        ({"url": "file:///srv/acme.img"}, {"source": "/srv/acme.img"}),
        ({"url": "file:acme.img"}, {"source": "acme.img"}),
        ({"checksum": f"sha256:{SHA256}"}, {"checksum": f"sha256:{SHA256}"}),
        ({"checksums_url": "https://h/SUMS"}, {"checksum": "https://h/SUMS"}),
        ({"checksum_url": "https://h/a.sha256"}, {"checksum": "https://h/a.sha256"}),
    ],
)
def test_the_data_of_a_version(more, found):
    _template, version, _notes = of_version(**more)
    assert {key: version[key] for key in found} == found


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ({}, {"image_source": "https://images.example.com/acme.img"}),
        ({"mirror_url": "https://mirror/a"}, {"image_source": "https://images.example.com/acme.img"}),
        ({"source": "https://vendor/a"}, {"image_source": "https://vendor/a"}),
        (
            {"build_date": datetime.date(2024, 8, 30)},
            {"image_source": "https://images.example.com/acme.img", "image_build_date": "2024-08-30"},
        ),
        ({"meta": {"patchlevel": "3"}}, {"image_source": "https://images.example.com/acme.img", "patchlevel": "3"}),
    ],
)
def test_what_is_of_a_build_stays_with_its_version(more, properties):
    template, version, _notes = of_version(**more)
    assert version["properties"] == properties
    assert "properties" not in template


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"checksum": f"md5:{MD5}"}, "checksum"),
        ({"checksum": f"sha512:{SHA256}"}, "checksum"),
        ({"id": "42"}, "id"),
        ({"image_description": "x"}, "image_description"),
        ({"url": "ftp://h/a.img"}, "url"),
        ({"url": f"https://me:{SECRET}@h/a.img"}, "url"),
        ({"mirror_url": f"https://me:{SECRET}@h/a.img"}, "mirror_url"),
        ({"checksums_url": f"https://me:{SECRET}@h/a.img"}, "checksums_url"),
        ({"visibility": "private"}, "visibility"),
        ({"build_date": 5}, "build_date"),
        ({"hidden": "odd"}, "hidden"),
        ({"checksum": f"sha256:{SHA256}", "checksums_url": "https://h/SUMS"}, "checksums_url"),
        ({"checksums_url": "https://h/SUMS", "checksum_url": "https://h/sum"}, "checksum_url"),
        ({"os_version": Opaque("encrypted")}, "os_version"),
        ({"meta": {"patchlevel": Opaque("encrypted")}}, "meta.patchlevel"),
        ({"stray": 1}, "stray"),
    ],
)
def test_a_key_of_a_version_that_has_no_equal_is_noted(more, key):
    conversion = of_definitions(definition(versions=[{**definition()["versions"][0], **more}]))
    assert set(keys_of(conversion)) == {"tags", key}
    assert SECRET not in str(conversion)


def versions(*numbers, **more):
    return [{"version": each, "url": f"https://h/{each}.img", **more} for each in numbers]


@pytest.mark.parametrize(
    ("more", "images"),
    [
        (
            {"versions": versions("20240830", "20240701")},
            {"Acme 9": "acme-9-base-v20240830.0", "Acme 9 (20240701)": "acme-9-base-v20240701.0"},
        ),
        (
            {"versions": versions("1.9", "1.10"), "separator": "-"},
            {"Acme 9": "acme-9-base-v1.10", "Acme 9-(1.9)": "acme-9-base-v1.9"},
        ),
        ({"name": "Acme", "multi": False, "versions": versions("0.6.2")}, {"Acme 0.6.2": "acme-0.6.2-base-v1.0"}),
        (
            {"name": "Acme", "multi": False, "versions": versions("8", "9")},
            {"Acme 8": "acme-8-base-v1.0", "Acme 9": "acme-9-base-v1.0"},
        ),
        ({"multi": False, "versions": versions("20240830")}, {"Acme 9 20240830": "acme-9-base-v20240830.0"}),
        ({"shortname": "acme-9", "name": "The Acme"}, {"The Acme": "acme-9-base-v20240830.0"}),
        ({"meta": {"os_purpose": "gpu"}}, {"Acme 9": "acme-9-gpu-v20240830.0"}),
        ({"meta": {"os_purpose": "generic"}}, {"Acme 9": "acme-9-base-v20240830.0"}),
        ({"name": "Acme", "meta": {"os_version": "9"}}, {"Acme": "acme-9-base-v20240830.0"}),
        (
            {"versions": versions("a1b2", build_date=datetime.date(2024, 8, 30))},
            {"Acme 9": "acme-9-base-v20240830.0"},
        ),
    ],
)
def test_what_images_are_called_today_and_in_the_catalogue(more, images):
    assert {each.before: each.name for each in of_definitions(definition(**more)).images} == images


def test_a_version_that_only_a_run_knows_is_left_out():
    conversion = of_definitions(definition(), definition(name="Acme 8", versions=versions("latest")))
    assert names_of(conversion) == ["acme-9-base-v20240830.0"]
    assert "versions" in keys_of(conversion)


@pytest.mark.parametrize(
    "broken",
    [
        {"name": None},
        {"enable": False},
        {"versions": []},
        {"versions": "odd"},
        {"versions": [{"url": "https://h"}]},
        {"versions": [{"version": "1.2.3", "url": "https://h/a"}]},
    ],
)
def test_a_definition_that_is_left_out_is_noted(broken):
    conversion = of_definitions(definition(), {**definition(name="Acme 8"), **broken})
    assert names_of(conversion) == ["acme-9-base-v20240830.0"]
    assert len(conversion.notes) == 2


def test_a_version_that_is_no_dictionary_is_noted():
    conversion = of_definitions(definition(versions=[*versions("20240830"), "odd"]))
    assert names_of(conversion) == ["acme-9-base-v20240830.0"]
    assert "versions" in keys_of(conversion)


def test_the_same_note_on_many_images_is_one():
    conversion = of_definitions(*(definition(name=f"Acme {number}", password="p") for number in range(1, 30)))
    [note] = [note for note in conversion.notes if note.key == "password"]
    assert len(note.images) == 29
    assert note.subject == "Acme 1, Acme 2, Acme 3 and 26 more"


# The document


def test_what_all_versions_say_stands_once():
    first, second = versions("1", "2", build_date="2024-08-30")
    conversion = of_definitions(
        definition(min_ram=5, meta={"os_distro": "acme"}, versions=[{**first, "meta": {"hw_disk_bus": "ide"}}, second])
    )
    [template] = conversion.document["image_catalog"].values()
    assert (template["min_ram"], template["properties"]) == (5, {"os_distro": "acme"})
    assert template["versions"]["1.0"]["properties"]["hw_disk_bus"] == "ide"
    assert "image_catalog_defaults" not in conversion.document


def test_what_all_templates_say_of_machines_is_a_default():
    meta = {"hw_disk_bus": "scsi", "os_distro": "acme", "hypervisor_type": "qemu"}
    conversion = of_definitions(
        definition(meta={**meta, "hw_vif_model": "e1000"}), definition(name="Acme 8", meta=meta)
    )
    assert conversion.document["image_catalog_defaults"] == {
        "properties": {"hw_disk_bus": "scsi", "hypervisor_type": "qemu"}
    }
    catalog = conversion.document["image_catalog"]
    assert catalog["acme-9-base"]["properties"] == {"os_distro": "acme", "hw_vif_model": "e1000"}
    assert catalog["acme-8-base"]["properties"] == {"os_distro": "acme"}


def test_protection_that_all_have_is_a_default():
    tasks = [{"os_image": {**BASICS, "name": f"Acme {number}", "protected": True}} for number in (8, 9)]
    document = of_tasks(*tasks).document
    assert document["image_catalog_defaults"] == {"protected": True}
    assert not any("protected" in template for template in document["image_catalog"].values())


def test_tasks_that_become_versions_of_one_template():
    tasks = [{"os_image": {**BASICS, "name": f"acme-9-{day}"}} for day in ("20240701", "20240830")]
    conversion = of_tasks(*tasks)
    assert names_of(conversion) == ["acme-9-base-v20240701.0", "acme-9-base-v20240830.0"]
    assert "name" in keys_of(conversion)
    apart = of_tasks(*tasks, names={"acme-9-20240701": "acme-9-old", "acme-9-20240830": "acme-9-base-v2.0"})
    assert names_of(apart) == ["acme-9-old-v20240701.0", "acme-9-base-v2.0"]


def test_versions_of_one_template_that_differ_in_who_may_see_them():
    pair = [("acme-9-20240701", "public"), ("acme-9-20240830", "community")]
    conversion = of_tasks(*({"os_image": {**BASICS, "name": name, "visibility": who}} for name, who in pair))
    assert conversion.document["image_catalog"]["acme-9-base"]["visibility"] == "community"
    assert [note.images for note in conversion.notes if note.key == "visibility"] == [("acme-9-20240701",)]


@pytest.mark.parametrize(("second", "word"), [({}, "the same"), ({"min_ram": 5}, "another")])
def test_two_images_of_one_name(second, word):
    conversion = of_tasks({"os_image": BASICS}, {"os_image": {**BASICS, **second}})
    assert names_of(conversion) == ["acme-9-base-v1.0"]
    assert f"it is left out: acme-9-base-v1.0 is {word} image already" in str(conversion.notes)


def test_an_image_that_is_left_out_for_its_name_has_no_other_notes():
    golden = {"os_image": {**BASICS, "name": "Golden image", "id": "42", "filename": "/golden.img"}}
    conversion = of_tasks(golden, {"os_image": {**BASICS, "filename": "/a.img"}})
    assert keys_of(conversion) == ["name"]


def test_an_image_that_has_a_name_of_ours_keeps_it():
    conversion = of_tasks({"os_image": {**BASICS, "name": "acme-9-base-v1.3"}})
    assert names_of(conversion) == ["acme-9-base-v1.3"]
    assert "description" not in conversion.document["image_catalog"]["acme-9-base"]


def test_names():
    golden = {"os_image": {**BASICS, "name": "Golden image"}}
    assert names_of(of_tasks(golden, names={"Golden image": "acme-9-golden-v2.1"})) == ["acme-9-golden-v2.1"]
    garden = definition(name="Garden Linux", shortname="garden")
    assert names_of(of_definitions(garden, names={"Garden Linux": "garden-1-base"})) == ["garden-1-base-v20240830.0"]
    assert names_of(of_definitions(garden, names={"Garden Linux": "garden-1-base-v3.0"})) == ["garden-1-base-v3.0"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"Stray": "acme-9-base"}, "no image of the source is called 'Stray'"),
        ({"Acme 9": "Acme"}, "not a template name"),
    ],
)
def test_wrong_names(names, words):
    with pytest.raises(InputError, match=words):
        of_tasks({"os_image": BASICS}, names=names)


# What is read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "neither tasks of openstack.cloud.image nor definitions of osism"),
        (None, "neither"),
        ("text", "neither"),
        ({"images": "odd"}, "neither"),
        ({"images": [{"name": "x"}]}, "neither"),
    ],
)
def test_a_source_without_images(content, words):
    with pytest.raises(InputError, match=words):
        convert([SourceFile("a.yml", content)], None, {})


def test_a_source_of_both_kinds_has_to_be_said_which():
    files = [SourceFile("a.yml", [{"os_image": BASICS}]), SourceFile("b.yml", {"images": [definition(name="Acme 8")]})]
    with pytest.raises(InputError, match="format: there are tasks and definitions"):
        convert(files, None, {})
    assert names_of(convert(files, "osism", {})) == ["acme-8-base-v20240830.0"]
    assert names_of(convert(files, "openstack_cloud", {})) == ["acme-9-base-v1.0"]


def test_a_format_that_the_source_has_not():
    with pytest.raises(InputError, match="there are no images in what was read: a.yml"):
        convert([SourceFile("a.yml", [])], "osism", {})


WORDS = st.sampled_from(
    ["Acme 9", "Acme 8 20240830", "Golden", "{{ x }}", "9", "yes", "public", "last-3", "", "latest"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 10) | st.floats(0, 9) | WORDS | st.just(Opaque("encrypted")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OPTIONS = (
    "name filename checksum min_disk min_ram visibility is_public protected properties tags state disk_format id uri "
    "container_format stores all_stores import_method auth cloud stray"
).split()
KEYS = (
    "name shortname enable format login password min_disk min_ram status visibility multi separator keep meta tags "
    "latest_url stray"
).split()
BUILD_KEYS = (
    "version url mirror_url checksum checksums_url build_date hidden visibility meta os_version id source".split()
)


def dictionaries(keys):
    return st.dictionaries(st.sampled_from(keys), VALUES, max_size=8)


def assert_valid(files):
    """Whatever there is to convert becomes a document that the parser takes, or an error of the family."""
    try:
        conversion = convert(files, None, {})
    except (InputError, PlanError):
        return
    document = conversion.document
    parse_catalog(document["image_catalog"], document.get("image_catalog_defaults", {}), "/")
    listed = [
        f"{name}-v{number}" for name, template in document["image_catalog"].items() for number in template["versions"]
    ]
    assert sorted(listed) == sorted(names_of(conversion))


@given(st.lists(dictionaries(OPTIONS), min_size=1, max_size=3), VALUES)
def test_whatever_a_task_says_becomes_a_valid_document(tasks, items):
    listed = [{"os_image": {"name": f"Acme {number}", **each}} for number, each in enumerate(tasks)]
    assert_valid([SourceFile("a.yml", [*listed, {"os_image": tasks[0], "loop": items}])])


@given(st.lists(st.tuples(dictionaries(KEYS), st.lists(dictionaries(BUILD_KEYS), max_size=3)), min_size=1, max_size=3))
def test_whatever_a_definition_says_becomes_a_valid_document(found):
    images = [{"name": f"Acme {number}", **each, "versions": builds} for number, (each, builds) in enumerate(found)]
    assert_valid([SourceFile("a.yml", {"images": images})])


@given(VALUES)
def test_whatever_a_file_holds_is_no_crash(content):
    assert_valid([SourceFile("a.yml", content), SourceFile("b.yml", [content])])
