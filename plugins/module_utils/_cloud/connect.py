# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The way to a cloud: configuration as openstacksdk finds it, authentication, the endpoint of the Image service."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import Endpoints
from ansible_collections.xloud.image.plugins.module_utils._cloud.sdk import cloud_region, sdk
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import RequestCount, Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.tls import check_files, tls_advice
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    InputError,
    connection_cause,
)

MINIMUM_SDK: t.Final = (4, 4, 0)


def connect(options: t.Mapping[str, t.Any]) -> Session:
    """
    Return an authenticated conversation with a cloud.

    It costs the requests of one authentication, or none where the user lets openstacksdk keep tokens in a keyring
    (C(cache: {auth: true}) in clouds.yaml) and there is one. The Image service is not asked for its versions: since
    version 1 is gone, its API is C(/v2) below the endpoint in the catalogue.

    :param options: The connection options of the modules, by the names that openstacksdk has for them.
    :raises InputError: The configuration names no cloud, or is incomplete.
    :raises CloudError: The cloud cannot be reached, or refuses the credentials.
    """
    from keystoneauth1 import exceptions as auth_errors

    _check_version(importlib.metadata.version("openstacksdk"))
    region = _region(options)
    name = f"cloud {region.name}" if region.name else "the cloud"
    check_files(*region.get_requests_verify_args())
    try:
        keystone = region.get_session()
        count = RequestCount(keystone)
        keystone.get_token()
        endpoints = Endpoints(region, keystone, name)
        image_url = endpoints.of("image")
    except auth_errors.Unauthorized as exc:
        raise CloudError(
            f"{name}: the Identity service at {_auth_url(region)} refused the credentials. Check user, password "
            "(or application credential), project and domains.",
            401,
        ) from exc
    except auth_errors.MissingRequiredOptions as exc:
        raise InputError("cloud", f"{name} is configured without what authentication needs: {exc}") from exc
    except (auth_errors.ConnectionError, auth_errors.DiscoveryFailure) as exc:
        raise CloudError(
            f"{name}: the Identity service cannot be reached at {_auth_url(region)}: {connection_cause(exc)}. "
            f"{tls_advice(exc) or 'Check auth_url, and the network.'}"
        ) from exc
    except auth_errors.NotFound as exc:
        words = "refused the token: it expired, or was revoked" if "token" in str(exc) else f"is no such service: {exc}"
        raise CloudError(f"{name}: the Identity service at {_auth_url(region)} {words}.", 404) from exc
    except auth_errors.ClientException as exc:
        advice = tls_advice(exc)
        raise CloudError(f"{name}: authentication failed: {exc}{f'. {advice}' if advice else ''}") from exc
    except Exception as exc:
        # What its plugins miss, keystoneauth says by an exception of no class of its own.
        raise InputError("cloud", f"{name} is configured without what authentication needs: {exc}.") from exc
    if image_url is None:
        raise CloudError(
            f"{name} has no endpoint for the Image service"
            f" (interface {region.get_interface('image')}, region {region.get_region_name('image') or 'any'})."
        )
    if count.total:
        _keep_token(region)
    renewed = functools.partial(_keep_token, region)
    place = region.get_region_name("image") or None
    return Session(keystone, image_url, region.name, count, renewed, place, endpoints=endpoints)


def _keep_token(region: t.Any) -> None:
    # Only where the user asked for it, says openstacksdk. The backends of keyrings have exceptions of their own, and
    # the next task can do without.
    with contextlib.suppress(Exception):
        region.set_auth_cache()


def _check_version(installed: str) -> None:
    numbers = tuple(int(number) for number in re.findall(r"\d+", installed)[:3])
    if numbers < MINIMUM_SDK:
        wanted = ".".join(map(str, MINIMUM_SDK))
        raise CloudError(f"openstacksdk {installed} is too old: this collection needs {wanted} or newer.")


def _region(options: t.Mapping[str, t.Any]) -> t.Any:
    cloud = options.get("cloud")
    given = {key: value for key, value in options.items() if key != "cloud" and value is not None}
    if isinstance(cloud, t.Mapping):
        given = {**_first_region(cloud), **cloud, **given}
    elif cloud is not None:
        given["cloud"] = cloud
    # A configuration given whole is not to be mixed with that of a file or of the environment.
    searched = not isinstance(cloud, t.Mapping)
    exceptions = sdk().exceptions
    try:
        return cloud_region(load_yaml_config=searched, load_envvars=searched, **given)
    except exceptions.ConfigException as exc:
        raise InputError(
            "cloud",
            f"{exc} Clouds are looked up in clouds.yaml (in the working directory, ~/.config/openstack, "
            "/etc/openstack, or where OS_CLIENT_CONFIG_FILE points).",
        ) from exc
    except Exception as exc:
        # Authentication plugins and the backends of keyrings have exceptions of their own.
        raise InputError("cloud", f"the configuration cannot be used: {exc}") from exc


def _first_region(cloud: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what openstacksdk takes of the regions of a cloud in C(clouds.yaml), if there are any."""
    regions = cloud.get("regions") or ()
    names = [region["name"] if isinstance(region, t.Mapping) else region for region in regions]
    return {"region_name": names[0]} if names else {}


def _auth_url(region: t.Any) -> str:
    return str(region.get_auth_args().get("auth_url") or "(no auth_url)")
