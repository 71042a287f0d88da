# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Plans for one image, one after the other, as one."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    PatchOperation,
    Plan,
    ProtectCreated,
    UpdateImage,
)


def combine(*plans: Plan) -> Plan:
    """
    Return what plans do together, each of them made for the image as the one before it leaves it.

    Changes that follow one another become one JSON Patch.
    """
    return functools.reduce(_combine, plans)


def _combine(first: Plan, second: Plan) -> Plan:
    if not first.actions and not first.before and not first.after:
        return second
    return Plan(
        actions=_joined(first.actions, second.actions),
        before=_view(second.before, first.before),
        after=_view(first.after, second.after),
        image=second.image,
    )


def _joined(first: tuple[Action, ...], second: tuple[Action, ...]) -> tuple[Action, ...]:
    if not first or not second:
        return (*first, *second)
    last, following = first[-1], second[0]
    if not isinstance(last, (UpdateImage, ProtectCreated)) or not isinstance(following, UpdateImage):
        return (*first, *second)
    patch = last.patch if isinstance(last, UpdateImage) else (PatchOperation("replace", "protected", True),)
    merged = dataclasses.replace(
        following,
        reason=f"{last.reason}, {following.reason.removeprefix(f'update {last.image}: ')}",
        patch=tuple(sorted((*patch, *following.patch), key=lambda operation: operation.path)),
    )
    return (*first[:-1], merged, *second[1:])


def _view(under: t.Mapping[str, t.Any], over: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    merged = {**under, **over}
    if "properties" in under and "properties" in over:
        merged["properties"] = dict(sorted({**under["properties"], **over["properties"]}.items()))
    return dict(sorted(merged.items()))
