# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Who an image is shared with, from the owner's side, and the answer to a share, from the consumer's."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    AddMember,
    ForgetMembers,
    Plan,
    RemoveMember,
    SetMemberStatus,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.attributes import describe, patched, plan_patch
from ansible_collections.xloud.image.plugins.module_utils._plan.visibility import visibility_attributes


def plan_members(
    wanted: WantedMembers,
    image: Image,
    members: t.Collection[Member],
) -> tuple[Plan, tuple[Member, ...]]:
    """
    Plan what gives an image the wanted members, and return the members that there will be as well.

    :param members: The members now; only a shared image has any.
    :raises PlanError: The image is not shared, and projects are to be added without C(make_shared).
    """
    statuses = {member.project_id: member.status for member in members}
    changes: list[AddMember | RemoveMember] = [
        *_additions(wanted, image, statuses),
        *_removals(wanted, image, statuses),
    ]
    after = _apply(statuses, changes)
    replies = _replies(image, after, wanted.answers)
    after.update({reply.project.id: reply.status for reply in replies})
    sharing, shared_image = _sharing(wanted, image, any(isinstance(change, AddMember) for change in changes))
    actions: tuple[Action, ...] = (*sharing, *changes, *replies)
    listed = tuple(sorted(Member(project_id, status) for project_id, status in after.items()))
    plan = Plan(actions, _view(image, members), _view(shared_image, listed), shared_image)
    return plan, listed


def plan_answer(image: Image, member: Member | None, project: Project, status: str) -> tuple[Plan, tuple[Member, ...]]:
    """
    Plan a project's answer to a share.

    :param member: The membership of that project, None where there is none.
    :raises PlanError: The image is not shared with the project.
    """
    if member is None:
        raise PlanError(
            f"Image {image.name} ({image.id}) is not shared with project {project}. "
            "Its owner has to add the project first."
        )
    before, after = (member,), (Member(project.id, status),)
    actions = _replies(image, {member.project_id: member.status}, {project: status})
    return Plan(tuple(actions), _view(image, before), _view(image, after), image), after


def _additions(wanted: WantedMembers, image: Image, statuses: t.Mapping[str, str]) -> t.Iterator[AddMember]:
    if wanted.absent:
        return
    for project in _once(wanted.projects):
        if project.id not in statuses:
            yield AddMember(image.name, f"share {image.name} with {project}: it is no member yet", image.id, project)


def _once(projects: t.Iterable[Project]) -> t.Iterable[Project]:
    """Return each project once, though a task may name it twice, by name and by id."""
    return {project.id: project for project in projects}.values()


def _removals(wanted: WantedMembers, image: Image, statuses: t.Mapping[str, str]) -> t.Iterator[RemoveMember]:
    named = {project.id: project for project in wanted.projects}
    if wanted.absent:
        doomed = [project for project in _once(wanted.projects) if project.id in statuses]
        reason = "it is to be no member"
    else:
        doomed = [Project(i, i) for i in sorted(statuses) if i not in named] if wanted.exact else []
        reason = "it is not in the exact set of members"
    for project in doomed:
        yield RemoveMember(image.name, f"stop sharing {image.name} with {project}: {reason}", image.id, project)


def _apply(statuses: t.Mapping[str, str], changes: t.Iterable[AddMember | RemoveMember]) -> dict[str, str]:
    after = dict(statuses)
    for change in changes:
        if isinstance(change, AddMember):
            after[change.project.id] = "pending"
        else:
            del after[change.project.id]
    return after


def _replies(image: Image, statuses: t.Mapping[str, str], answers: t.Mapping[Project, str]) -> list[SetMemberStatus]:
    return [
        SetMemberStatus(
            image.name,
            f"set {image.name} {status} for {project}: it is {statuses[project.id]}",
            image.id,
            project,
            status,
        )
        for project, status in answers.items()
        if statuses.get(project.id, status) != status
    ]


def _sharing(wanted: WantedMembers, image: Image, adding: bool) -> tuple[tuple[Action, ...], Image]:
    if image.visibility == "shared" or not adding:
        return (), image
    if not wanted.make_shared:
        raise PlanError(
            f"Image {image.name} ({image.id}) is {image.visibility}, and only shared images have members. "
            "Set make_shared: true, or visibility: shared with xloud.image.image_visibility."
        )
    patch = plan_patch(image, visibility_attributes(image, "shared", wanted.today))
    reason = f"update {image.name}: {describe(image, patch)}"
    return (UpdateImage(image.name, reason, image.id, patch), forget_members(image)), patched(image, patch)


def forget_members(image: Image) -> ForgetMembers:
    """Return what keeps the members of an earlier share from being let in again, once an image is shared."""
    reason = f"forget members of {image.name} from when it was shared before: they would be back"
    return ForgetMembers(image.name, reason, image.id)


def _view(image: Image, members: t.Iterable[Member]) -> dict[str, t.Any]:
    return {
        "members": {member.project_id: member.status for member in sorted(members)},
        "visibility": image.visibility,
    }
