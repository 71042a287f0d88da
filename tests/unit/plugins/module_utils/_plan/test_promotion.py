# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a staged version may be published."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.image import STAGED_SINCE
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import Promotion, requirements
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    KEY_TYPE,
    SIGNATURE_PROPERTIES,
    Signing,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.promotion import obstacles
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, ago, template, there

SUM = "sha256:" + "0" * 64


def found(promotion, image=None, /, **version):
    return obstacles(promotion, template({"1.0": version}).versions[0], image, TODAY)


def required(**properties):
    return Promotion(requirements((), properties))


def staged(**properties):
    return there("1.0", "staged", properties=properties, min_ram=512, min_disk=3)


SIGNED = dict.fromkeys(SIGNATURE_PROPERTIES, "x")


@pytest.mark.parametrize(
    ("trusted", "image", "version", "expected"),
    [
        ((), None, {}, ["it is not signed"]),
        ((), staged(), {}, ["it is not signed"]),
        ((), staged(**SIGNED), {}, []),
        ((), staged(**{**SIGNED, KEY_TYPE: ""}), {}, ["it is not signed"]),
        ((), None, {"settings": {"signature": Signing("c", privatekey_path="/k")}}, []),
        ((), staged(), {"settings": {"signature": Signing("c", privatekey_path="/k")}}, []),
        ((), staged(**SIGNED), {"signature_fault": "why."}, ["its signature cannot be verified: why"]),
        # It will be signed anew.
        (
            (),
            staged(**SIGNED),
            {"signature_fault": "why.", "settings": {"signature": Signing("c", privatekey_path="/k")}},
            [],
        ),
        (("x",), staged(**SIGNED), {}, []),
        (("y", "z"), staged(**SIGNED), {}, ["it is signed with x, which is none of trusted_certificates"]),
        (
            ("x",),
            None,
            {"settings": {"signature": Signing("c", privatekey_path="/k")}},
            ["it is signed with c, which is none of trusted_certificates"],
        ),
    ],
)
def test_a_signature_is_required(trusted, image, version, expected):
    gate = Promotion(require_signature=True, trusted_certificates=trusted)
    asked = dataclasses.replace(template({"1.0": {}}).versions[0], **version)
    assert list(obstacles(gate, asked, image, TODAY)) == expected


def test_without_gates_nothing_is_in_the_way():
    assert found(Promotion()) == ()


@pytest.mark.parametrize(
    ("gate", "image", "version", "expected"),
    [
        ({"x": None}, None, {}, ["x is missing"]),
        ({"x": None}, None, {"properties": {"x": "1"}}, []),
        ({"x": None}, None, {"properties": {"x": ""}}, ["x is ''"]),
        ({"x": None}, staged(x="1"), {}, []),
        ({"x": None}, staged(x="1"), {"properties": {"x": None}}, ["x is missing"]),
        ({"x": ["1", "2"]}, staged(x="1"), {"properties": {"x": "3"}}, ["x (1 or 2) is '3'"]),
        ({"x": ["1", "2"]}, staged(x="3"), {"properties": {"x": "2"}}, []),
        ({"a": None, "x": None}, None, {}, ["a is missing", "x is missing"]),
        ({"min_ram": ["512"]}, None, {}, ["min_ram (512) is '0'"]),
        ({"min_ram": ["512"]}, None, {"min_ram": 512}, []),
        ({"min_ram": ["512"]}, staged(), {}, []),
        ({"min_disk": ["3"]}, staged(), {}, []),
        ({"min_disk": ["3"]}, staged(), {"min_disk": 4}, ["min_disk (3) is '4'"]),
    ],
)
def test_required_properties(gate, image, version, expected):
    assert list(found(required(**gate), image, **version)) == expected


def test_a_disk_is_needed_in_any_case():
    assert "min_disk" not in " ".join(found(Promotion(requirements(["scs-0102"], {}))))
    assert "min_disk (GiB) is '0'" in found(Promotion(requirements(["scs-0102"], {})), min_disk=0)


@pytest.mark.parametrize(("version", "expected"), [({}, ["a checksum is missing"]), ({"checksum": SUM}, [])])
def test_a_checksum(version, expected):
    assert list(found(Promotion(checksum=True), staged(), **version)) == expected


@pytest.mark.parametrize(
    ("image", "age"),
    [
        (None, 0),
        (staged(**{STAGED_SINCE: TODAY}), 0),
        (staged(**{STAGED_SINCE: ago(6)}), 6),
        (staged(**{STAGED_SINCE: ago(7)}), None),
        (staged(**{STAGED_SINCE: None}), 0),
        (there("1.0", "staged", properties={STAGED_SINCE: None}, created_at=f"{ago(6)}T01:00:00Z"), 6),
        (there("1.0", "staged", properties={STAGED_SINCE: None}, created_at=f"{ago(7)}T01:00:00Z"), None),
    ],
)
def test_soaking(image, age):
    expected = () if age is None else (f"it has been staged for {age} of 7 days",)
    assert found(Promotion(soak=7), image) == expected


def test_all_that_is_in_the_way_is_told_at_once():
    gates = Promotion(requirements((), {"x": None, "y": ["1"]}), soak=7, checksum=True)
    assert found(gates, properties={"y": "2"}) == (
        "x is missing",
        "y (1) is '2'",
        "a checksum is missing",
        "it has been staged for 0 of 7 days",
    )
