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
        before=_view(first.before, second.before, first.after),
        after=_view(second.after, first.after, second.before),
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


def _view(
    shown: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any], between: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Return what one side of a change shows, and of the other change what the state between the two does not know."""
    merged = _beside(shown, other, between)
    properties = _beside(*(view.get("properties", {}) for view in (shown, other, between)))
    return dict(sorted({**merged, "properties": properties}.items())) if properties else merged


def _beside(
    shown: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any], between: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    return dict(sorted({**{key: other[key] for key in other if key not in between}, **shown}.items()))
