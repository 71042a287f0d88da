# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What takes an image to another stage: who may see it, whether it is listed, usable and current."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED,
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRE_ON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    DeactivateImage,
    PatchOperation,
    Plan,
    ReactivateImage,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility
from ansible_collections.xloud.image.plugins.module_utils._plan.attributes import describe, patched, plan_patch, view


def needs_members(wanted: WantedVisibility, image: Image) -> bool:
    """Say whether the members have to be known: only a shared image has any, and only privacy cuts them off."""
    return (
        image.visibility == "shared"
        and wanted.visibility == "private"
        and not wanted.allow_lockout
        and not wanted.revoked
    )


def needs_replacement(wanted: WantedVisibility, image: Image) -> bool:
    """Say whether the replacing image has to be looked at: when it is to be recorded for the first time."""
    return bool(wanted.replaced_by) and image.properties.get(REPLACED_BY) != wanted.replaced_by


def plan_visibility(
    wanted: WantedVisibility,
    image: Image,
    members: t.Collection[Member] = (),
    replacement: Image | None = None,
) -> Plan:
    """
    Plan what gives an image the wanted stage and touches nothing else.

    :param members: The members, if C(needs_members) asked for them.
    :param replacement: The image that replaces this one, if C(needs_replacement) asked for it.
    :raises PlanError: Projects would lose the image without C(allow_lockout), the replacement is not on offer, or a
        revoked image would be offered again.
    """
    if wanted.revoked:
        wanted = dataclasses.replace(wanted, visibility="private", hidden=True, active=False, deprecated=True)
    _check_revocation(wanted, image)
    _check_lockout(wanted, image, members)
    _check_replacement(image, replacement)
    if replacement:
        wanted = dataclasses.replace(wanted, replaced_by=replacement.name)
    attributes = _wanted_attributes(wanted, image)
    patch = plan_patch(image, attributes)
    after = patched(image, patch)
    actions: list[Action] = []
    if patch:
        actions.append(UpdateImage(image.name, _reason(image, patch), image.id, patch))
    status = _wanted_status(wanted, image)
    if status != image.status:
        actions.append(_status_action(image, status))
        after = dataclasses.replace(after, status=status)
    before = _view(image, attributes, wanted.active)
    return Plan(tuple(actions), before, _view(after, attributes, wanted.active) if actions else before, after)


def _check_revocation(wanted: WantedVisibility, image: Image) -> None:
    is_offered = wanted.active or wanted.visibility not in (None, "private")
    if image.is_revoked and wanted.revoked is None and is_offered:
        raise PlanError(
            f"Image {image.name} ({image.id}) is revoked since {image.properties[REVOKED_SINCE]}: "
            f"{image.properties.get(DEPRECATED_REASON, 'no reason given')}. "
            "To offer it again all the same, set revoked: false as well."
        )


def _check_lockout(wanted: WantedVisibility, image: Image, members: t.Collection[Member]) -> None:
    if members and needs_members(wanted, image):
        projects = sorted(member.project_id for member in members)
        raise PlanError(
            f"Image {image.name} is shared with {len(projects)} project(s) that would lose it: {', '.join(projects)}. "
            "Remove them with xloud.image.image_member first, or set allow_lockout: true.",
            projects=projects,
        )


def _check_replacement(image: Image, replacement: Image | None) -> None:
    if replacement is None:
        return
    if (replacement.id, replacement.name) == (image.id, image.name):
        raise PlanError(f"Image {image.name} cannot be replaced by itself.")
    if replacement.visibility == "private" or replacement.status != "active":
        raise PlanError(
            f"Image {image.name} is not marked as replaced by {replacement.name}, which nobody can use: it is "
            f"{replacement.visibility} and {replacement.status}. Publish {replacement.name} first."
        )


def _wanted_attributes(wanted: WantedVisibility, image: Image) -> dict[str, t.Any]:
    given = {"os_hidden": wanted.hidden, "protected": wanted.protected}
    attributes: dict[str, t.Any] = {key: value for key, value in given.items() if value is not None}
    return {
        **attributes,
        **visibility_attributes(image, wanted.visibility, wanted.today),
        **_deprecation(wanted, image),
        **_retirement(wanted, image),
        **_announcements(wanted),
    }


def visibility_attributes(image: Image, visibility: str | None, today: str) -> dict[str, str]:
    """
    Return the attributes that give an image a visibility, None for the one that it has.

    A change to or from any that others see keeps the date of the publication, from which on the image is immutable.
    """
    if visibility is None:
        return {}
    first = visibility != image.visibility and PUBLISHED_SINCE not in image.properties
    return {"visibility": visibility, **({PUBLISHED_SINCE: today} if first else {})}


def _deprecation(wanted: WantedVisibility, image: Image) -> dict[str, str | None]:
    if wanted.deprecated is False:
        return dict.fromkeys((DEPRECATED, DEPRECATED_SINCE, DEPRECATED_REASON, REPLACED_BY))
    if not wanted.deprecated:
        return {}
    since = image.properties.get(DEPRECATED_SINCE, wanted.today) if image.is_deprecated else wanted.today
    given = {REPLACED_BY: wanted.replaced_by, DEPRECATED_REASON: wanted.reason}
    return {
        DEPRECATED: "true",
        DEPRECATED_SINCE: since,
        **{key: value for key, value in given.items() if value},
    }


def _retirement(wanted: WantedVisibility, image: Image) -> dict[str, str | None]:
    if wanted.visibility is None and wanted.active is None:
        retired: dict[str, str | None] = {}
    elif (wanted.visibility or image.visibility, _wanted_status(wanted, image)) == ("private", "deactivated"):
        # An image that is retired only now has not been for as long as an interrupted run says.
        since = image.properties.get(RETIRED_SINCE) if image.stage == "retired" else None
        retired = {RETIRED_SINCE: since or wanted.today}
    else:
        retired = {RETIRED_SINCE: None}
    if wanted.revoked:
        return {**retired, REVOKED_SINCE: image.properties.get(REVOKED_SINCE, wanted.today)}
    return {**retired, REVOKED_SINCE: None} if wanted.revoked is False else retired


def _announcements(wanted: WantedVisibility) -> dict[str, str | None]:
    given = {RETIRE_ON: wanted.retire_on, DELETE_ON: wanted.delete_on}
    return {key: date or None for key, date in given.items() if date is not None}


def _reason(image: Image, patch: t.Sequence[PatchOperation]) -> str:
    phrases = [phrase for operation in patch if (phrase := _phrase(image, operation))]
    return f"update {image.name}: {', '.join(phrases) or describe(image, patch)}"


def _phrase(image: Image, operation: PatchOperation) -> str | None:
    match operation.path, operation.value:
        case "visibility", visibility if image.was_published:
            return f"make it {visibility} (was {image.visibility})"
        case "visibility", visibility:
            return f"publish it as {visibility}"
        case "os_hidden", hidden:
            return "hide it" if hidden else "list it again"
        case "protected", protected:
            return "protect it" if protected else "take its protection off"
        case "deprecated", value:
            return "deprecate it" if value else "deprecate it no longer"
        case "replaced_by", str(name):
            return f"it is replaced by {name}"
        case "retired_since", str():
            return "retire it"
        case "revoked_since", date:
            return "revoke it" if date else "revoke it no longer"
        case "retire_on" | "delete_on" as announced, date:
            verb = announced.partition("_")[0]
            return f"announce to {verb} it on {date}" if date else f"announce no longer to {verb} it"
    return None


def _wanted_status(wanted: WantedVisibility, image: Image) -> str:
    if wanted.active is None:
        return image.status
    return "active" if wanted.active else "deactivated"


def _status_action(image: Image, status: str) -> Action:
    if status == "active":
        return ReactivateImage(image.name, f"reactivate {image.name}: its data is to be usable again", image.id)
    return DeactivateImage(image.name, f"deactivate {image.name}: no new use of its data is wanted", image.id)


def _view(image: Image, attributes: t.Iterable[str], active: bool | None) -> dict[str, t.Any]:
    shown = view(image, attributes)
    if active is not None:
        shown["active"] = image.status == "active"
    return dict(sorted(shown.items()))
