# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.upload import upload_state
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

NOW = datetime.datetime(2026, 2, 1, 12, 0, 0, tzinfo=datetime.UTC)
LONG_AGO, YOUNG, OLD, AN_HOUR = (
    "2020-01-01T00:00:00Z",
    "2026-02-01T11:57:01Z",
    "2026-02-01T11:57:00Z",
    "2026-02-01T11:00:00Z",
)


@pytest.mark.parametrize(
    ("is_held", "sign", "now", "status", "state"),
    [
        (True, LONG_AGO, NOW, "saving", "running"),
        (False, YOUNG, NOW, "saving", "abandoned"),
        (None, YOUNG, NOW, "saving", "unknown"),
        (None, "2026-02-01T12:00:05Z", NOW, "queued", "unknown"),
        (None, OLD, NOW, "saving", "abandoned"),
        (None, OLD, NOW, "importing", "running"),
        (False, OLD, NOW, "importing", "abandoned"),
        (None, AN_HOUR, NOW, "importing", "abandoned"),
        (None, LONG_AGO, None, "saving", "unknown"),
        (None, None, NOW, "saving", "unknown"),
        (None, "yesterday", NOW, "saving", "unknown"),
        (None, "2026-02-01T11:57:00", NOW, "saving", "abandoned"),
    ],
)
def test_state_of_an_upload(is_held, sign, now, status, state):
    assert upload_state(image(status=status, updated_at=sign), is_held, now) == state
