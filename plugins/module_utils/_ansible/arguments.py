# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Argument specifications that the modules share, and their values as the other layers take them."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.document import is_date
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source

CONNECTION: t.Final[dict[str, dict[str, t.Any]]] = {
    "cloud": {"type": "raw"},
    "auth": {"type": "dict", "no_log": True},
    "auth_type": {"type": "str"},
    "region_name": {"type": "str"},
    "interface": {"type": "str", "choices": ["admin", "internal", "public"], "aliases": ["endpoint_type"]},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
    "ca_cert": {"type": "path", "aliases": ["cacert"]},
    "client_cert": {"type": "path", "aliases": ["cert"]},
    "client_key": {"type": "path", "no_log": False, "aliases": ["key"]},
    "api_timeout": {"type": "int"},
    "timeout": {"type": "int", "default": 3600},
}

PROGRESS: t.Final[dict[str, dict[str, t.Any]]] = {"progress_file": {"type": "path"}}

USAGE_CLOUD: t.Final[dict[str, dict[str, t.Any]]] = {"usage_cloud": {"type": "raw"}}
USAGE: t.Final[dict[str, dict[str, t.Any]]] = {"check_usage": {"type": "bool", "default": True}, **USAGE_CLOUD}

IMAGE: t.Final[dict[str, dict[str, t.Any]]] = {
    "image": {"type": "str", "required": True, "aliases": ["name", "id"]},
    "owner": {"type": "str"},
}

# Options that hold credentials in a dictionary, and what the keys of secrets have in them.
_SECRET_OPTIONS: t.Final = ("auth", "cloud", "member_clouds", "signature", "source", "source_cloud", "usage_cloud")
_SECRET_KEYS: t.Final = ("passcode", "passphrase", "password", "secret", "token")

# Our options by the names that openstacksdk has for them.
_SDK_NAMES: t.Final = {
    "cloud": "cloud",
    "auth": "auth",
    "auth_type": "auth_type",
    "region_name": "region_name",
    "interface": "interface",
    "validate_certs": "verify",
    "ca_cert": "cacert",
    "client_cert": "cert",
    "client_key": "key",
    "api_timeout": "api_timeout",
}


def connection_options(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the connection options of a module as openstacksdk takes them, without those that are not set."""
    cloud = params["cloud"] or None
    options = {sdk: params[option] for option, sdk in _SDK_NAMES.items() if params[option] is not None}
    return {**options, "cloud": cloud}


def usage_options(params: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """
    Return the connection options for asking who uses images, as openstacksdk takes them.

    They are empty where the credentials of the task ask, and None where nobody is to be asked.
    """
    if not params.get("check_usage", params.get("usage")):
        return None
    if not params["usage_cloud"]:
        return {}
    region = {"region_name": params["region_name"]} if params["region_name"] else {}
    return {"cloud": params["usage_cloud"], **region}


def today() -> str:
    """Return the date, in UTC, that changes made now are recorded with."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def check_day(option: str, given: str | None) -> None:
    """
    Make sure that an option, if it is given, is a day.

    :raises InputError: It is not.
    """
    if given and not is_date(given):
        raise InputError(option, f'{given!r} is no day. Write it as "2026-01-31".')


def secrets_of(params: t.Mapping[str, t.Any]) -> set[str]:
    """Return what of the options must not be shown, beyond what C(no_log) covers: passwords, and queries of URLs."""
    return {*_passwords([params.get(option) for option in _SECRET_OPTIONS]), *_url_secrets(params)}


def _url_secrets(value: t.Any, key: str = "") -> t.Iterator[str]:
    if isinstance(value, t.Mapping):
        for name, each in value.items():
            yield from _url_secrets(each, str(name))
    elif isinstance(value, str) and key in ("source", "checksum"):
        yield from Source(value).secrets


def _passwords(value: t.Any, key: str = "") -> t.Iterator[str]:
    if isinstance(value, t.Mapping):
        for name, each in value.items():
            yield from _passwords(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _passwords(each)
    elif isinstance(value, str) and any(word in key for word in _SECRET_KEYS):
        # A token that was read from a file may end with a new line, and errors about that tell all but it.
        yield from {value, value.strip()} - {""}
