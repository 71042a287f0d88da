# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What brings an image into the stores that it is to be in, and out of others."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    CopyToStores,
    DropFromStore,
    Plan,
)


def plan_stores(stores: t.Collection[str] | None, image: Image, *, exact: bool = False) -> Plan:
    """
    Plan what brings an image into stores. Copies come before what they make superfluous.

    :param stores: The stores that it is to be in, None to leave them alone.
    Of a deactivated image the Image service neither tells the stores nor makes copies: it is left where it is.

    :param exact: It is to be in no others.
    """
    if stores is None or image.status == "deactivated":
        return Plan(image=image)
    missing = tuple(store for store in stores if store not in image.stores)
    others = tuple(sorted(image.stores - {*stores})) if exact else ()
    placed = dataclasses.replace(image, stores=(image.stores | {*missing}) - {*others})
    actions: tuple[Action, ...] = tuple(
        DropFromStore(
            image.name, f"drop {image.name} from {store}: it is to be in {', '.join(stores)} alone", image.id, store
        )
        for store in others
    )
    if missing:
        reason = f"copy {image.name} to {', '.join(missing)}: it is in {', '.join(sorted(image.stores)) or 'none'}"
        actions = (CopyToStores(image.name, reason, image.id, missing), *actions)
    return Plan(actions, {"stores": sorted(image.stores)}, {"stores": sorted(placed.stores)}, placed)


def is_placement(plan: Plan) -> bool:
    """Say whether all that a plan does is to move copies between stores."""
    return all(isinstance(action, (CopyToStores, DropFromStore)) for action in plan.actions)
