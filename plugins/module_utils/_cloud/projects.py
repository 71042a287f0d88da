# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Projects, by name or id. Source: https://docs.openstack.org/api-ref/identity/v3/#projects"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import re
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.session import READERS, Session
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ForbiddenError,
    InputError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project

_ID: t.Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Projects:
    """The projects that a session may see."""

    session: Session

    def owner(self, reference: str | None) -> str | None:
        """
        Return the id of the project that the option C(owner) means, None for the session's own.

        :raises InputError: There is no such project, several have the name, or the credentials may not look.
        """
        project = self.resolve(reference, "owner") if reference else None
        return None if project is None or project.id == self.session.project_id else project.id

    def resolve(self, reference: str, option: str) -> Project:
        """
        Return the project that a name or id means.

        The session's own project and ids cost no request; whether an id exists is C(check)'s to say.

        :raises InputError: There is no such project, several have the name, or the credentials may not look.
        """
        if reference in (self.session.project_id, self.session.project_name):
            return Project(self.session.project_id, reference)
        if _ID.fullmatch(reference):
            return Project(reference, reference)
        return Project(self._find(reference, option), reference)

    def _find(self, name: str, option: str) -> str:
        try:
            query = urllib.parse.urlencode({"name": name})
            ids = self.session.identity("GET", f"/projects?{query}", _ids)
        except ForbiddenError as exc:
            ids = self._own(name)
            if not ids:
                raise InputError(
                    option,
                    f"project {name} cannot be looked up by name with these credentials (policy "
                    "identity:list_projects, by default for administrators), and their user has no role in a project "
                    "of that name. Give the project's id instead.",
                ) from exc
        if not ids:
            raise InputError(option, f"there is no project {name}.")
        if len(ids) > 1:
            raise InputError(option, f"{len(ids)} projects are named {name} ({', '.join(ids)}). Give the id instead.")
        return ids[0]

    def _own(self, name: str) -> list[str]:
        """Return the ids of the projects of a name in which the user has a role, which every user may ask for."""
        return self.session.identity("GET", "/auth/projects", lambda body: _ids(body, name))

    def missing(self, projects: t.Iterable[Project]) -> t.Iterator[str]:
        """
        Give the ids that no project has, as far as the credentials may look: the Image service never does.

        Projects that were found by name do exist.
        """
        given_by_id = (project.id for project in projects if project.name == project.id != self.session.project_id)
        for project_id in given_by_id:
            try:
                self.session.identity("GET", _path(project_id), _id)
            except ForbiddenError:
                return
            except NotFoundError:
                yield project_id

    def names(self, ids: t.Iterable[str]) -> dict[str, str]:
        """
        Return the names of projects by their ids, as far as the credentials may look.

        The session's own costs no request, and each other one costs one.
        """
        own = {self.session.project_id: self.session.project_name}
        found = {project_id: name for project_id, name in own.items() if name}
        unnamed = sorted({*ids} - {*found})
        # Whoever may not look one of them up may look none up.
        if unnamed and self._attempt(unnamed[0], found):
            with concurrent.futures.ThreadPoolExecutor(max_workers=READERS) as pool:
                tuple(pool.map(lambda project_id: self._attempt(project_id, found), unnamed[1:]))
        return found

    def _attempt(self, project_id: str, found: dict[str, str]) -> bool:
        """Look the name of a project up, and say whether it may be looked up."""
        try:
            found[project_id] = self.session.identity("GET", _path(project_id), _name)
        except NotFoundError:
            # It was deleted, and left what it had.
            return True
        except CloudError:
            return False
        return True


def _path(project_id: str) -> str:
    return f"/projects/{urllib.parse.quote(project_id, safe='')}"


def _ids(body: t.Mapping[str, t.Any], name: str | None = None) -> list[str]:
    return sorted(str(project["id"]) for project in body["projects"] if name in (None, project["name"]))


def _id(body: t.Mapping[str, t.Any]) -> str:
    return str(body["project"]["id"])


def _name(body: t.Mapping[str, t.Any]) -> str:
    return str(body["project"]["name"])
