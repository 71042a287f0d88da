# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.export import wanted_exports
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.export import WantedExport
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, image

DEFAULTS = {
    "image": NAME,
    "images": None,
    "path": "/b",
    "format": None,
    "compress": False,
    "sidecar": True,
    "sums": True,
    "deactivate": False,
    "verify_signature": False,
    "trusted_certificates": None,
    "workers": 2,
}


def wanted(**given):
    found = wanted_exports({**DEFAULTS, **given}, [image()], lambda path, name: f"{path}/{name}")
    return [each for _image, each in found]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, WantedExport(f"/b/{NAME}.raw", f"/b/{NAME}.raw.json", sums="/b/SHA256SUMS")),
        ({"sidecar": False, "sums": False, "deactivate": True}, WantedExport(f"/b/{NAME}.raw", None, True)),
        (
            {"format": "qcow2", "compress": True, "sums": False},
            WantedExport(f"/b/{NAME}.qcow2", f"/b/{NAME}.qcow2.json", format="qcow2", compress=True),
        ),
    ],
)
def test_wanted(given, expected):
    assert wanted(**given) == [expected]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"workers": 0}, "workers: 0 is less than 1"),
        ({"images": ["a"], "path": "/missing"}, "path: /missing is no dir"),
    ],
)
def test_refused(given, words):
    with pytest.raises(InputError, match=words):
        wanted(**given)
