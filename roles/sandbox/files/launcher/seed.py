# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give Keystone its schema, projects, users and endpoints, and the users their clouds.yaml. Repeating it is harmless.

Works on Keystone's own managers in one process: a third of the time that keystone-manage and API calls would take.
"""

from __future__ import annotations

import contextlib
import sys
import uuid
from pathlib import Path
from typing import Any

import keystone.conf
import yaml
from keystone import exception
from keystone.cmd.bootstrap import Bootstrapper
from keystone.common import sql
from keystone.common.driver_hints import Hints
from keystone.common.provider_api import ProviderAPIs
from keystone.common.sql import upgrades
from layout import Layout, write_private
from secret_store import random_key
from software import SOFTWARE, Software
from sqlite_mode import queue_transactions

DOMAIN = "default"
INTERFACES = ("public", "internal", "admin")


def seed(layout: Layout) -> None:
    secrets = layout.secrets()
    for repository in layout.key_repositories:
        ensure_keys(repository)
    configure(layout)
    upgrades.offline_sync_database_to_version()
    settings = layout.settings
    bootstrapper = Bootstrapper()
    ensure_domain()
    for user in settings["users"].values():
        ensure_project(user["project"])
    bootstrap(bootstrapper, secrets["admin"])
    roles = {role["name"]: role["id"] for role in ProviderAPIs.role_api.list_roles()}
    for name, user in settings["users"].items():
        ensure_user(name, secrets[name], user, roles)
    for name, user in settings["application_credentials"].items():
        ensure_application_credential(name, secrets[name], user, project_id(settings["users"][user]["project"]))
    ensure_catalog(settings["regions"], endpoints(layout))
    write_private(layout.clouds, yaml.safe_dump(clouds(layout, secrets), sort_keys=False))


def ensure_keys(repository: Path) -> None:
    """Write a primary and a staged key, as keystone-manage does, which run as root demands a user to give them to."""
    repository.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("0", "1"):
        if not (repository / name).exists():
            write_private(repository / name, random_key())


def configure(layout: Layout) -> None:
    queue_transactions()
    keystone.conf.configure()
    sql.initialize()
    keystone.conf.CONF(["--config-file", str(layout.keystone_config)], project="keystone")


def bootstrap(bootstrapper: Bootstrapper, password: str) -> None:
    bootstrapper.admin_username = "admin"
    bootstrapper.admin_password = password
    bootstrapper.admin_role_name = "admin"
    bootstrapper.project_name = "admin"
    bootstrapper.bootstrap()


def ensure_domain() -> None:
    try:
        ProviderAPIs.resource_api.get_domain(DOMAIN)
    except exception.DomainNotFound:
        ProviderAPIs.resource_api.create_domain(DOMAIN, {"id": DOMAIN, "name": "Default", "enabled": True})


def ensure_project(name: str) -> None:
    try:
        ProviderAPIs.resource_api.get_project(project_id(name))
    except exception.ProjectNotFound:
        project = {"id": project_id(name), "name": name, "domain_id": DOMAIN, "enabled": True}
        ProviderAPIs.resource_api.create_project(project["id"], project)


def project_id(name: str) -> str:
    return stable_id("project", name)


def stable_id(kind: str, name: str) -> str:
    """The same in every sandbox, so that tests and notes may name it."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:xloud.image:sandbox:{kind}:{name}").hex


def ensure_user(name: str, password: str, wanted: dict[str, Any], roles: dict[str, str]) -> None:
    identity, assignment = ProviderAPIs.identity_api, ProviderAPIs.assignment_api
    try:
        user = identity.get_user_by_name(name, DOMAIN)
    except exception.UserNotFound:
        user = identity.create_user({"name": name, "password": password, "domain_id": DOMAIN, "enabled": True})
    try:
        identity.driver.authenticate(user["id"], password)
    except AssertionError:
        identity.update_user(user["id"], {"password": password})
    for role in wanted["roles"]:
        assignment.create_grant(roles[role], user_id=user["id"], project_id=project_id(wanted["project"]))
    for role in wanted.get("system_roles", ()):
        assignment.create_system_grant_for_user(user["id"], roles[role])


def ensure_application_credential(name: str, secret: str, user: str, project: str) -> None:
    """Let a program do in a project what a user may do there, in the user's name, but make no further credentials."""
    manager = ProviderAPIs.application_credential_api
    credential_id = stable_id("application-credential", name)
    try:
        manager.authenticate(credential_id, secret)
    except AssertionError:
        with contextlib.suppress(exception.ApplicationCredentialNotFound):
            manager.delete_application_credential(credential_id)
        user_id = ProviderAPIs.identity_api.get_user_by_name(user, DOMAIN)["id"]
        # With the implied roles, as Keystone's API does it: a token of the credential has no others.
        roles = ProviderAPIs.assignment_api.get_roles_for_user_and_project(user_id, project)
        credential = {
            "id": credential_id,
            "name": name,
            "secret": secret,
            "user_id": user_id,
            "project_id": project,
            "roles": [{"id": role} for role in roles],
            "unrestricted": False,
        }
        manager.create_application_credential(credential)


def endpoints(layout: Layout) -> dict[tuple[str, str], str]:
    """The URL of each service that is found by the catalogue, by region and kind."""
    return {
        (region, service["kind"]): layout.url(name) + layout.software(name).path
        for name, service in layout.everything.items()
        for region in service["regions"]
        if layout.software(name).service_type
    }


def ensure_catalog(regions: list[str], urls: dict[tuple[str, str], str]) -> None:
    """Change nothing of what is right already: others may be using it."""
    catalog = ProviderAPIs.catalog_api
    known = {found["id"] for found in catalog.list_regions(Hints())}
    for region in set(regions) - known:
        catalog.create_region({"id": region})
    kinds = {SOFTWARE[kind].service_type: kind for _region, kind in urls}
    services = {}
    for service in catalog.list_services():
        if service["type"] in kinds:
            services[kinds[service["type"]]] = service["id"]
        else:
            # Together with its endpoints.
            catalog.delete_service(service["id"])
    for kind in set(kinds.values()) - set(services):
        services[kind] = create_service(SOFTWARE[kind])
    wanted = {
        (region, services[kind], interface): url for (region, kind), url in urls.items() for interface in INTERFACES
    }
    for endpoint in catalog.list_endpoints():
        url = wanted.pop((endpoint["region_id"], endpoint["service_id"], endpoint["interface"]), None)
        if url is None:
            catalog.delete_endpoint(endpoint["id"])
        elif url != endpoint["url"]:
            catalog.update_endpoint(endpoint["id"], {"url": url})
    # One after the other, since clients that name no region take the first that Keystone lists.
    for (region, service, interface), url in wanted.items():
        endpoint = {"id": uuid.uuid4().hex, "service_id": service, "interface": interface, "url": url}
        catalog.create_endpoint(endpoint["id"], {**endpoint, "region_id": region, "enabled": True})


def create_service(software: Software) -> str:
    service = {"id": uuid.uuid4().hex, "type": software.service_type, "name": software.name, "enabled": True}
    ProviderAPIs.catalog_api.create_service(service["id"], service)
    return service["id"]


def clouds(layout: Layout, secrets: dict[str, str]) -> dict[str, Any]:
    """The content of clouds.yaml."""
    settings = layout.settings
    auth_url = {"auth_url": f"{layout.url('identity')}/v3"}
    where = {**regions_of(settings["regions"]), "interface": "public", "identity_api_version": "3"}
    of_users = {
        user["cloud"]: {
            "auth": {
                **auth_url,
                "username": name,
                "password": secrets[name],
                "project_name": user["project"],
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            },
            **where,
        }
        for name, user in settings["users"].items()
        if "cloud" in user
    }
    of_applications = {
        name: {
            "auth_type": "v3applicationcredential",
            "auth": {
                **auth_url,
                "application_credential_id": stable_id("application-credential", name),
                "application_credential_secret": secrets[name],
            },
            **where,
        }
        for name in settings["application_credentials"]
    }
    return {"clouds": {**of_users, **of_applications}}


def regions_of(names: list[str]) -> dict[str, Any]:
    """The first one is that of whoever names none."""
    return {"regions": list(names)} if len(names) > 1 else {"region_name": names[0]}


if __name__ == "__main__":
    seed(Layout(Path(sys.argv[1])))
