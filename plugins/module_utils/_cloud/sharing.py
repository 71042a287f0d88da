# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The projects on both sides of a share."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.plan import AddMember, Plan
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan


def connect_members(clouds: t.Mapping[str, t.Any]) -> dict[str, Session]:
    """
    Return a conversation on behalf of each project.

    :param clouds: The cloud (its name in clouds.yaml, or its configuration) by the name or id of the project.
    :raises InputError: A cloud's credentials are for another project.
    """
    sessions = {}
    for reference, cloud in clouds.items():
        session = connect({"cloud": cloud})
        if reference not in (session.project_id, session.project_name):
            raise InputError(
                f"member_clouds.{reference}",
                f"{session.name} has credentials of project {session.project_name} ({session.project_id}).",
            )
        sessions[reference] = session
    return sessions


def resolve_members(
    session: Session, references: t.Iterable[str], sessions: t.Mapping[str, Session]
) -> dict[str, Project]:
    """
    Return the projects that names or ids mean, by the name or id.

    :param sessions: Conversations on behalf of some of them, which know their id without a look-up.
    :raises InputError: There is no such project, several have the name, or the credentials may not look.
    """
    projects = Projects(session)
    return {
        reference: Project(sessions[reference].project_id, reference)
        if reference in sessions
        else projects.resolve(reference, "members")
        for reference in references
    }


def check_additions(session: Session, plan: Plan) -> None:
    """
    Make sure that the projects to be added exist, which the Image service never does.

    :raises InputError: One does not.
    """
    for error in missing_projects(session, plan).values():
        raise error


def missing_projects(session: Session, plan: Plan | CatalogPlan) -> dict[str, InputError]:
    """Return the ids to be added that no project has, each with words for it."""
    added = {action.project.id: action.project for action in plan.actions if isinstance(action, AddMember)}
    missing = Projects(session).missing(added.values())
    return {each: InputError("members", f"there is no project {each}.") for each in missing}
