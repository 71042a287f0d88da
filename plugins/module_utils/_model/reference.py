# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""How an image of a cloud is named."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Reference:
    """
    An image of a cloud.

    :param connection: The connection options of that cloud, by the names that openstacksdk has for them.
    :param image: The name or id of the image.
    :param owner: The name or id of the project that owns it, None for that of the credentials.
    """

    connection: t.Mapping[str, t.Any]
    image: str
    owner: str | None = None
