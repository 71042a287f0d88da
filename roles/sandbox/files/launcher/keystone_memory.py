# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a running Keystone see what was changed in its database by another process."""

from __future__ import annotations

from keystone.catalog.core import COMPUTED_CATALOG_REGION
from keystone.common import cache


def forget() -> None:
    for region in (cache.CACHE_REGION, COMPUTED_CATALOG_REGION):
        region.invalidate()
