# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue document."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import (
    Retention,
    compose,
    default_retention,
    parse_catalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import Version
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS, Promotion, Requirement
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signing

NAME = "ubuntu-24.04-base"
SHA256 = "sha256:" + "0" * 64


def parse(template, defaults=None):
    return parse_catalog({NAME: template}, {} if defaults is None else defaults, "/images")[0]


def problems_of(template, defaults=None):
    with pytest.raises(InputError) as error:
        parse(template, defaults)
    return error.value.details["problems"]


def with_version(**keys):
    return {"visibility": "public", "versions": {"1.0": keys}}


def with_template(**keys):
    return {"visibility": "public", "versions": {"1.0": {}}, **keys}


# What is understood


def test_versions_are_sorted_as_numbers():
    template = parse({"visibility": "public", "versions": {number: {} for number in ("1.10", "1.9", "2.0")}})
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
    [version] = parse(with_version(source=source, checksum=source)).versions
    assert (version.source, version.checksum) == (expected, expected)


def test_a_literal_checksum_is_no_path():
    [version] = parse(with_version(source="a", checksum=SHA256)).versions
    assert version.checksum == SHA256


def test_what_is_not_said_is_none():
    [version] = parse(with_version()).versions
    said = (version.stage, version.source, version.checksum, version.reason, version.revoked, version.retire_on)
    assert said == (None,) * 6
    assert (version.settings, version.own, version.listed) == ({}, {}, True)
    template = parse(with_template())
    assert (template.members, template.members_exact, template.current) == ((), False, None)
    assert (template.retention, template.promotion) == (Retention(), Promotion())


def test_every_key_of_a_version():
    [version] = parse(
        with_version(
            source="a",
            checksum=SHA256,
            stage="hidden",
            reason="old",
            revoked=False,
            retire_on="2027-01-31",
            delete_on=datetime.date(2027, 2, 28),
            properties={"a": True},
            tags=["t"],
            min_disk=3,
            min_ram=0,
            protected=True,
            disk_format="raw",
            container_format="bare",
            import_method="direct",
        )
    ).versions
    assert (version.stage, version.reason, version.revoked) == ("hidden", "old", False)
    assert (version.retire_on, version.delete_on) == ("2027-01-31", "2027-02-28")
    assert version.own == version.settings
    assert version.own == {
        "properties": {"a": "true"},
        "tags": ["t"],
        "min_disk": 3,
        "min_ram": 0,
        "protected": True,
        "disk_format": "raw",
        "container_format": "bare",
        "import_method": "direct",
    }


def test_every_key_of_a_template():
    template = parse(
        with_template(
            description="Ubuntu",
            visibility="shared",
            members=["team-a", "team-b"],
            members_exact=True,
            current="1.0",
            retention={"visible": 1, "available": 2, "stored": 3, "min_age": "4w"},
            promotion={
                "presets": ["xloud"],
                "required_properties": {"x": ["1"], "b": None},
                "soak": "7d",
                "checksum": True,
            },
            retire_on="2027-01-31",
        )
    )
    assert (template.visibility, template.members, template.members_exact) == ("shared", ("team-a", "team-b"), True)
    assert template.current == Version(1, 0)
    assert template.retention == Retention(1, 2, 3, 28)
    assert template.promotion == Promotion(
        (*PRESETS["xloud"], Requirement("b"), Requirement("x", ("1",))), soak=7, checksum=True
    )
    assert template.versions[0].retire_on == "2027-01-31"
    assert template.versions[0].settings == {"properties": {"description": "Ubuntu"}}
    assert template.versions[0].own == {}


def test_defaults_are_under_the_template_and_that_is_under_the_version():
    template = parse(
        {
            "description": "Base",
            "properties": {"b": "template", "c": "template"},
            "retention": {"available": 4},
            "promotion": {"soak": 3},
            "min_ram": 1,
            "delete_on": "2028-01-01",
            "tags": ["template"],
            "versions": {
                "1.0": {"properties": {"c": "version"}, "min_ram": 2, "retire_on": "2027-07-01"},
                "1.1": {"tags": []},
            },
        },
        {
            "visibility": "community",
            "properties": {"a": "default", "b": "default"},
            "retention": {"visible": 3, "available": 9},
            "promotion": {"checksum": True},
            "retire_on": "2027-01-01",
            "tags": ["default"],
        },
    )
    first, second = template.versions
    assert first.settings == {
        "properties": {"description": "Base", "a": "default", "b": "template", "c": "version"},
        "min_ram": 2,
        "tags": ["template"],
    }
    assert first.own == {"properties": {"c": "version"}, "min_ram": 2}
    assert (second.settings["min_ram"], second.settings["tags"]) == (1, [])
    assert (template.visibility, template.retention) == ("community", Retention(3, 4))
    assert template.promotion == Promotion(soak=3, checksum=True)
    assert [(each.retire_on, each.delete_on) for each in template.versions] == [
        ("2027-07-01", "2028-01-01"),
        ("2027-01-01", "2028-01-01"),
    ]


def test_a_description_yields_to_a_property_of_that_name():
    template = parse(with_template(description="one", properties={"description": "two"}))
    assert template.versions[0].settings["properties"] == {"description": "two"}


def test_the_defaults_hold_for_templates_that_left():
    assert default_retention({"retention": {"stored": 2, "min_age": 7}}) == Retention(stored=2, min_age=7)
    assert default_retention({}) == Retention()


@pytest.mark.parametrize(
    "template",
    [
        {"versions": {"1.0": {"stage": "staged"}}},
        {"versions": {"1.0": {"revoked": True}}},
        with_template(retention={"visible": 2, "available": 2, "stored": 2}),
        with_template(retention={"available": 2, "min_age": 0}),
        with_template(current="1.0"),
        {"visibility": "public", "current": "1.0", "versions": {"1.0": {"stage": "published"}}},
        with_template(visibility="shared", members=[]),
        with_version(revoked=True, stage="retired"),
        with_version(revoked=False, stage="published"),
    ],
)
def test_what_is_right(template):
    assert parse(template).versions


# What is wrong


@pytest.mark.parametrize(
    ("template", "path", "words"),
    [
        ([], "", "must be a dictionary"),
        (None, "", "must be a dictionary"),
        ({"visibility": "public"}, ".versions", "at least one version"),
        (with_template(versions={}), ".versions", "at least one version"),
        (with_template(versions={"1": {}}), ".versions.1", "is not a version"),
        (with_template(versions={1.0: {}}), ".versions.1.0", "is a number, and numbers lose their zeros"),
        (with_template(versions={"1.0": []}), ".versions.1.0", "must be a dictionary"),
        (with_template(versions={"1.0": None}), ".versions.1.0", "must be a dictionary"),
        (with_version(url="x"), ".versions.1.0.url", "is not known. Known are all_stores, checksum, "),
        (with_version(members=["a"]), ".versions.1.0.members", "is not known"),
        (
            with_version(source=None),
            ".versions.1.0.source",
            "has no value. It must be a path, or an http or https URL, or be left out",
        ),
        (with_version(source=["a"]), ".versions.1.0.source", "must be a path, or an http or https URL, and is a list"),
        (with_version(source="ftp://x/a"), ".versions.1.0.source", "ftp://"),
        (with_version(checksum="md5:0"), ".versions.1.0.checksum", "not a check"),
        (with_version(checksum="sha256:0"), ".versions.1.0.checksum", "64 hexadecimal digits"),
        (with_version(checksum="ftp://x/SUMS"), ".versions.1.0.checksum", "ftp://"),
        (with_version(stage="x"), ".versions.1.0.stage", "must be one of staged, published, deprecated, hidden, ret"),
        (with_version(revoked="yes"), ".versions.1.0.revoked", "must be true or false, and is 'yes'"),
        (with_version(revoked=True, stage="published"), ".versions.1.0.stage", "contradicts revoked: true"),
        (with_version(reason=5), ".versions.1.0.reason", "must be text in quotes"),
        (with_version(retire_on="soon"), ".versions.1.0.retire_on", 'must be a day, such as "2027-04-30", and is'),
        (with_version(delete_on="2027-02-30"), ".versions.1.0.delete_on", "must be a day"),
        (with_version(properties={"x": 24.04}), ".versions.1.0.properties.x", "numbers lose their zeros"),
        (with_version(properties=[]), ".versions.1.0.properties", "must be a dictionary of texts"),
        (with_version(properties={"deprecated": "true"}), ".versions.1.0.properties.deprecated", "kept by this coll"),
        (with_version(tags="a"), ".versions.1.0.tags", "must be a list of texts"),
        (with_version(min_disk=-1), ".versions.1.0.min_disk", "must be a whole number, 0 or more, and is -1"),
        (with_version(protected=1), ".versions.1.0.protected", "must be true or false"),
        (
            with_version(import_method="ftp"),
            ".versions.1.0.import_method",
            "must be one of auto, direct, glance-direct, web-download",
        ),
        (with_template(properties={"min_ram": "1"}), ".properties.min_ram", "is an attribute of the image itself"),
        (with_template(min_ram="512"), ".min_ram", "must be a whole number"),
        (with_template(min_ram=True), ".min_ram", "must be a whole number"),
        (
            with_version(stage="staged") | {"visibility": "private"},
            ".visibility",
            "must be one of shared, community, public",
        ),
        ({"versions": {"1.0": {}}}, ".visibility", "must say what a published version becomes"),
        (with_template(members=["a"]), ".members", "needs visibility: shared"),
        (with_template(visibility="shared", members="a"), ".members", "must be a list of texts"),
        (with_template(members_exact="x"), ".members_exact", "must be true or false"),
        (with_template(current=1.0), ".current", "is a number, and numbers lose their zeros"),
        (with_template(current="1"), ".current", "is not a version"),
        (with_template(current="1.1"), ".current", '"1.1" is not among the published versions'),
        (with_version(stage="staged") | {"current": "1.0"}, ".current", "not among the published"),
        (with_version(stage="hidden") | {"current": "1.0"}, ".current", "not among the published"),
        (with_version(revoked=True) | {"current": "1.0"}, ".current", "not among the published"),
        (with_template(retention=2), ".retention", "must be a dictionary"),
        (
            with_template(retention={"visible": 0}),
            ".retention.visible",
            "must be a whole number, at least 1, and is 0",
        ),
        (with_template(retention={"stored": 0}), ".retention.stored", "must be a whole number, at least 1"),
        (with_template(retention={"keep": 2}), ".retention.keep", "not known. Known are available, min_age, stored, v"),
        (with_template(retention={"min_age": "1m"}), ".retention.min_age", "a number of days, such as 30d or 4w"),
        (
            with_template(retention={"visible": 3, "available": 2}),
            ".retention.available",
            "is 2, and cannot be less than visible, which is 3",
        ),
        (
            with_template(retention={"visible": 3, "stored": 2}),
            ".retention.stored",
            "is 2, and cannot be less than visible, which is 3",
        ),
        (with_template(promotion={"soak": -1}), ".promotion.soak", "must be a number of days"),
        (with_template(promotion={"presets": ["scs"]}), ".promotion.presets", "must be a list of scs-0102, xloud"),
        (
            with_template(promotion={"required_properties": {"a": "b"}}),
            ".promotion.required_properties",
            "must be a dictionary of lists of texts",
        ),
        (with_template(promotion={"checksum": "x"}), ".promotion.checksum", "must be true or false"),
        (with_template(promotion={"x": 1}), ".promotion.x", "is not known"),
        (with_template(stage="staged"), ".stage", "is not known"),
        (with_template(description=5), ".description", "must be text"),
    ],
)
def test_a_problem_is_named_with_its_path(template, path, words):
    (problem,) = problems_of(template)
    assert problem.startswith(f"image_catalog.{NAME}{path}: ")
    assert words in problem


@pytest.mark.parametrize(
    ("defaults", "path", "words"),
    [
        ([], "", "must be a dictionary"),
        ({"versions": {}}, ".versions", "is not known"),
        ({"description": "x"}, ".description", "is not known"),
        ({"min_ram": "1"}, ".min_ram", "must be a whole number"),
        ({"retention": {"visible": "2"}}, ".retention.visible", "must be a whole number"),
    ],
)
def test_a_problem_of_the_defaults_is_named_once(defaults, path, words):
    (problem,) = problems_of(with_template(), defaults)
    assert problem.startswith(f"image_catalog_defaults{path}: ")
    assert words in problem


def test_all_problems_of_all_templates_are_listed_at_once():
    document = {
        "Bad": {"versions": {}},
        "a-1-x": {"colour": 1},
        "b-1-x": {"visibility": "public", "versions": {"x": {}, "1.0": {"stage": 1, "min_ram": -1}}},
        7: {"visibility": "public", "versions": {"1.0": {}}},
    }
    with pytest.raises(InputError) as error:
        parse_catalog(document, {"visibility": 1}, "")
    paths = [problem.partition(": ")[0] for problem in error.value.details["problems"]]
    assert paths == [
        "image_catalog_defaults.visibility",
        "image_catalog.7",
        "image_catalog.Bad",
        "image_catalog.Bad.versions",
        "image_catalog.a-1-x.colour",
        "image_catalog.a-1-x.versions",
        "image_catalog.b-1-x.versions.x",
        "image_catalog.b-1-x.versions.1.0.stage",
        "image_catalog.b-1-x.versions.1.0.min_ram",
    ]
    assert "the catalogue has 9 problem(s)" in error.value.message
    assert all(problem in error.value.message for problem in error.value.details["problems"])


@pytest.mark.parametrize("document", [None, [], {}, "text"])
def test_a_document_without_templates(document):
    with pytest.raises(InputError, match="must be a dictionary of templates"):
        parse_catalog(document, {}, "")


# Several documents


def composed(*catalogs):
    return compose({ROOT: catalog} for catalog in catalogs)[0]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], {}),
        ([{"a": {"min_ram": 1}}, {"b": {"min_ram": 2}}], {"a": {"min_ram": 1}, "b": {"min_ram": 2}}),
        (
            [{"a": {"min_ram": 1, "tags": ["x"]}}, {"a": {"min_ram": 2}}],
            {"a": {"min_ram": 2, "tags": ["x"], "versions": {}}},
        ),
        (
            [
                {"a": {"versions": {"1.0": {"source": "a", "reason": "x"}, "1.1": {}}}},
                {"a": {"versions": {"1.0": {"source": "b"}, "1.2": {}}}},
            ],
            {"a": {"versions": {"1.0": {"source": "b"}, "1.1": {}, "1.2": {}}}},
        ),
        (
            [{"a": {"versions": {"1.0": {}}}}, {"a": {"visibility": "public"}}],
            {"a": {"versions": {"1.0": {}}, "visibility": "public"}},
        ),
        (
            [{"a": {"properties": {"x": "1"}}}, {"a": {"properties": {"y": "1"}}}],
            {"a": {"properties": {"y": "1"}, "versions": {}}},
        ),
        ([{"a": {}}, {"a": "wrong"}], {"a": "wrong"}),
        ([{"a": {}}, "wrong"], "wrong"),
        ([{"a": {"versions": {"1.0": {}}}}, {"a": {"versions": []}}], {"a": {"versions": []}}),
    ],
)
def test_of_two_documents_the_later_wins(documents, expected):
    assert composed(*documents) == expected


def test_defaults_compose_by_their_keys():
    documents = [{DEFAULTS: {"min_ram": 1, "tags": ["a"]}}, {DEFAULTS: {"min_ram": 2}}, {ROOT: {"a": {}}}]
    assert compose(documents) == ({"a": {}}, {"min_ram": 2, "tags": ["a"]})


def test_composing_leaves_the_documents_alone():
    first = {ROOT: {"a": {"versions": {"1.0": {}}}}}
    compose([first, {ROOT: {"a": {"versions": {"1.1": {}}}}}])
    assert first == {ROOT: {"a": {"versions": {"1.0": {}}}}}


# Signatures

SIGNATURE = {"certificate_uuid": "c", "privatekey_path": "keys/a.pem"}


def signature_of(version, **defaults):
    (found,) = parse(with_version(**version), defaults).versions
    return found.signature


def test_a_signature_is_merged_key_by_key():
    found = signature_of({"signature": {"hash_method": "SHA-512"}}, signature=SIGNATURE)
    assert found == Signing("c", "SHA-512", privatekey_path="/images/keys/a.pem")


@pytest.mark.parametrize(("name", "given", "found"), [("value", "x", "x"), ("path", "a.sig", "/images/a.sig")])
def test_a_signature_of_its_own_takes_the_place_of_a_key(name, given, found):
    signing = signature_of({"signature": {name: given}}, signature=SIGNATURE)
    assert (signing.privatekey_path, getattr(signing, name)) == (None, found)


def test_only_what_a_version_says_itself_is_its_own():
    (version,) = parse(with_version(), {"signature": SIGNATURE}).versions
    assert ("signature" in version.settings, "signature" in version.own) == (True, False)
    (version,) = parse(with_version(signature=SIGNATURE)).versions
    assert version.own["signature"] == version.settings["signature"]


@pytest.mark.parametrize(
    ("version", "defaults", "words"),
    [
        ({"signature": {"privatekey_path": "a"}}, {}, "versions.1.0.signature.certificate_uuid: is missing"),
        ({"signature": {"certificate_uuid": "c"}}, {}, "versions.1.0.signature: needs one of privatekey_path"),
        ({"signature": {**SIGNATURE, "hash_method": "MD5"}}, {}, "signature.hash_method: must be one of SHA-224"),
        ({"signature": {**SIGNATURE, "key_type": "RSA"}}, {}, "signature.key_type: must be one of RSA-PSS"),
        ({"signature": {**SIGNATURE, "privatekey_passphrase": "x"}}, {}, "privatekey_passphrase: is not known"),
        ({}, {"signature": {**SIGNATURE, "value": "x"}}, "image_catalog_defaults.signature.value: is not known"),
        ({}, {"promotion": {"trusted_certificates": []}}, "trusted_certificates: must be a list of texts, at least"),
    ],
)
def test_signatures_that_are_wrong(version, defaults, words):
    assert any(words in problem for problem in problems_of(with_version(**version), defaults))
