# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs as a service of the sandbox. A further service is a further entry here and in vars/main.yml of the role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Software:
    """A program of OpenStack that serves one API, and how it is run without ``/etc``.

    ``application`` is the module with its WSGI application, ``home`` the environment variable that tells it the folder
    of its configuration. ``secrets`` are passed in the environment, so that they stand in no second file and on no
    command line: the variable and the name in ``secrets.json``. ``schema`` are the arguments of the Python that brings
    its database to the current schema, none where it does so itself. ``probe`` is a path that only somebody with a
    token may get, and that reads little.
    """

    name: str
    service_type: str
    application: str
    home: str
    probe: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    schema: tuple[str, ...] = ()


SOFTWARE = {
    "identity": Software(
        name="keystone",
        service_type="identity",
        application="keystone.wsgi.api",
        home="OS_KEYSTONE_CONFIG_DIR",
        schema=("{library}/seed.py", "{root}"),
    ),
    "image": Software(
        name="glance",
        service_type="image",
        application="glance.wsgi.api",
        home="OS_GLANCE_CONFIG_DIR",
        probe="/v2/images?limit=1",
        secrets={"OS_KEYSTONE_AUTHTOKEN__PASSWORD": "glance"},
        schema=("-m", "glance.cmd.manage", "--config-file", "{folder}/glance-api.conf", "db_sync"),
    ),
    "key_manager": Software(
        name="barbican",
        service_type="key-manager",
        application="barbican_wsgi",
        # It looks below the home directory, and nowhere that could be named.
        home="HOME",
        probe="/v1/secrets?limit=1",
        secrets={"OS_KEYSTONE_AUTHTOKEN__PASSWORD": "barbican", "SANDBOX_KEY_ENCRYPTION_KEY": "key-manager"},
    ),
}
