# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""openstacksdk's reading of the configuration, without the rest of openstacksdk."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.imports import import_alone

if t.TYPE_CHECKING:
    from types import ModuleType

# The usual plugins of keystoneauth, of which no other package brings its own.
_PLUGINS: t.Final = frozenset({"password", "token", "v3applicationcredential", "v3password", "v3token"})


class Sdk(t.NamedTuple):
    """The modules of openstacksdk that lead to an authenticated session."""

    config: ModuleType
    exceptions: ModuleType


@functools.cache
def sdk() -> Sdk:
    """
    Import what reads the configuration.

    The package C(openstack) imports the clients of all services, some 450 modules and a seventh of what a task costs.
    """
    return Sdk(*import_alone("openstack", "openstack.config", "openstack.exceptions"))


def cloud_region(*, load_yaml_config: bool, load_envvars: bool, **options: t.Any) -> t.Any:
    """
    Return the configuration of a cloud, as C(openstack.config.get_cloud_region) does.

    That one finds an authentication plugin by reading the entry points of all packages. It remembers them in a file for
    every C(sys.path) it meets, and each Ansible module has a C(sys.path) of its own.
    """

    class Config(sdk().config.OpenStackConfig):  # type: ignore[misc] # imported as it runs
        def _get_auth_loader(self, config: dict[str, t.Any]) -> t.Any:
            if config["auth_type"] in _PLUGINS:
                with contextlib.suppress(Exception):
                    return _auth_loader(config["auth_type"])
            return super()._get_auth_loader(config)

    reader = Config(app_name="xloud.image", load_yaml_config=load_yaml_config, load_envvars=load_envvars)
    return reader.get_one(**options)


def _auth_loader(name: str) -> t.Any:
    own = importlib.metadata.distribution("keystoneauth1").entry_points
    (entry,) = own.select(group="keystoneauth1.plugin", name=name)
    return entry.load()()
