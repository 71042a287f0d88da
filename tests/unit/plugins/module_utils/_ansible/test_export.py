# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.export import wanted_export
from ansible_collections.xloud.image.plugins.module_utils._model.export import WantedExport


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"sidecar": True, "deactivate": False}, WantedExport("/a.raw", "/a.raw.json")),
        ({"sidecar": False, "deactivate": True}, WantedExport("/a.raw", None, True)),
    ],
)
def test_wanted(given, expected):
    assert wanted_export(given, "/a.raw") == expected
