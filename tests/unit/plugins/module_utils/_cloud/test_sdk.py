# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from keystoneauth1 import exceptions, loading

import ansible_collections
from ansible_collections.xloud.image.plugins.module_utils._cloud import sdk as reading
from ansible_collections.xloud.image.plugins.module_utils._cloud.sdk import cloud_region

AUTH = {"auth_url": "http://identity.test/v3", "username": "me", "password": "secret", "project_name": "p"}

ROOT = next(str(path.parent) for path in map(Path, ansible_collections.__path__) if (path / "xloud/image").exists())

# A process that has not imported openstacksdk, and notes what it imports.
PROLOGUE = f"""
import importlib.util, json, sys
imported = set()
sys.addaudithook(lambda event, given: event == "import" and imported.add(given[0]))
sys.path.insert(0, {ROOT!r})
from ansible_collections.xloud.image.plugins.module_utils._cloud import sdk
region = lambda: sdk.cloud_region(load_yaml_config=False, load_envvars=False, auth={AUTH!r})
"""


def in_a_process(script, *options):
    """What a script prints as JSON."""
    command = [sys.executable, *options, "-c", PROLOGUE + script]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def test_no_service_is_imported():
    script = "name = region().get_session().auth.__module__; print(json.dumps([name, sorted(imported)]))"
    plugin, imported = in_a_process(script)
    assert plugin == "keystoneauth1.identity.generic.password"
    assert {"openstack.config.loader", "openstack.exceptions"} <= set(imported)
    assert {"openstack.connection", "openstack.compute", "openstack.image", "psutil"}.isdisjoint(imported)


def test_the_whole_can_be_imported_afterwards():
    script = """
first = region()
left = [name for name in sys.modules if name.startswith("openstack")]
import openstack, openstack.image.v2.image
from openstack import config, exceptions
connection = openstack.connect(load_yaml_config=False, load_envvars=False, auth=first.get_auth_args())
checks = [
    left == [],
    openstack.config is config is not sdk.sdk().config,
    openstack.exceptions is exceptions,
    connection.config.get_auth_args() == first.get_auth_args() == region().get_auth_args(),
    openstack.image.v2.image.Image.__module__ in sys.modules,
]
print(json.dumps(checks))
"""
    assert in_a_process(script) == [True] * 5


def test_what_is_imported_already_is_used():
    assert in_a_process("import openstack; print(json.dumps(sdk.sdk().config is openstack.config))")


def test_where_it_cannot_be_imported_alone_the_whole_is():
    script = """
def fail(spec):
    raise AttributeError(spec)
importlib.util.module_from_spec = fail
print(json.dumps([region().get_auth_args(), "openstack.connection" in imported]))
"""
    assert in_a_process(script) == [AUTH, True]


def test_it_is_not_installed():
    script = """
try:
    sdk.sdk()
except ModuleNotFoundError as exc:
    print(json.dumps([exc.name, "openstack" in sys.modules]))
"""
    assert in_a_process(script, "-I", "-S") == ["openstack", False]


# Authentication plugins


@pytest.fixture
def searched(monkeypatch):
    """The names of the plugins that were looked for among all packages."""
    names = []
    plain = loading.get_plugin_loader
    monkeypatch.setattr(loading, "get_plugin_loader", lambda name: names.append(name) or plain(name))
    return names


IDENTITY = {"auth_url": "http://identity.test/v3"}
SCOPE = {**IDENTITY, "project_name": "p", "project_domain_name": "D"}
USER = {"username": "me", "user_domain_name": "D"}
PLUGINS = {
    "password": {**SCOPE, **USER, "password": "secret"},
    "token": {**SCOPE, "token": "secret"},
    "v3applicationcredential": {
        **IDENTITY,
        "application_credential_id": "a",
        "application_credential_secret": "secret",
    },
    "v3password": {**SCOPE, **USER, "password": "secret"},
    "v3token": {**SCOPE, "token": "secret"},
}


def read(auth_type, auth):
    return cloud_region(load_yaml_config=False, load_envvars=False, auth_type=auth_type, auth=auth)


def test_the_usual_plugins_are_all_tried():
    assert PLUGINS.keys() == reading._PLUGINS


@pytest.mark.parametrize("name", PLUGINS)
def test_a_usual_plugin_is_found_without_a_search(searched, name):
    plugin = read(name, PLUGINS[name]).get_auth()
    assert searched == []
    assert type(plugin) is type(loading.get_plugin_loader(name).load_from_options(**PLUGINS[name]))


def test_another_plugin_is_searched(searched):
    assert read("v3totp", {**SCOPE, **USER, "passcode": "123"}).get_auth()
    assert searched == ["v3totp"]


def test_a_plugin_that_is_not_found_is_searched(searched, monkeypatch):
    monkeypatch.setattr(reading, "_auth_loader", lambda name: exec(f"raise LookupError({name!r})"))
    assert read("password", PLUGINS["password"]).get_auth()
    assert searched == ["password"]


def test_there_is_no_such_plugin():
    with pytest.raises(exceptions.NoMatchingPlugin):
        read("nonsense", {})
