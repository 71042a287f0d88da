# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs as a service of the sandbox. A further service is a further entry here and in vars/main.yml of the role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Software:
    """A program, and how it is run without ``/etc``.

    ``name`` and ``service_type`` are those of the catalogue, where it serves an API, and ``path`` is what its endpoint
    ends with. ``application`` is the module with its WSGI application, or ``program`` the module whose ``main()`` never
    returns, and ``arguments`` its command line. ``home`` is the environment variable that tells it the folder of its
    configuration, and ``options`` are further ones. ``secrets`` are passed in the environment, so that they stand in no
    second file and on no command line: the variable and the name in ``secrets.json``. ``messaging`` is true for what
    has to know how the message queue is reached.

    ``schema`` are the arguments of the Python that brings its database to the current schema, none where it does so
    itself. ``probe`` is a path that only somebody with a token may get, and that reads little. ``needs`` are the
    services that have to be ready before it is started, and whose settings it is restarted for, by the names in
    vars/main.yml, and ``queue`` is the message queue that it consumes once it is ready itself. ``forget`` is the module
    whose ``forget()`` makes it read its database anew, at SIGHUP.
    """

    name: str = ""
    service_type: str = ""
    path: str = ""
    application: str = ""
    program: str = ""
    arguments: tuple[str, ...] = ()
    home: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    probe: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    schema: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    queue: str = ""
    forget: str = ""
    messaging: bool = False


# What Keystone has to be asked for: it runs, and knows all users and endpoints.
ACCOUNTS = "accounts"
MESSAGING_USER = "sandbox"
NOVA_FILES = ("--config-file", "{folder}/nova.conf", "--config-file", "{folder}/nova-databases.conf")
NOVA_SECRETS = {
    f"OS_{section}__PASSWORD": "nova"
    for section in ("KEYSTONE_AUTHTOKEN", "PLACEMENT", "NEUTRON", "CINDER", "SERVICE_USER")
}
CINDER_SECRETS = {f"OS_{section}__PASSWORD": "cinder" for section in ("KEYSTONE_AUTHTOKEN", "NOVA", "SERVICE_USER")}


# These modules do nothing by themselves.
PLACEMENT_MANAGE = ("-c", "from placement.cmd.manage import main; main()")
CINDER_MANAGE = ("-c", "from cinder.cmd.manage import main; main()")


def nova(needs: tuple[str, ...] = (), **differing: Any) -> Software:
    """A part of Nova. What talks to the others needs the accounts, and the tables."""
    return Software(
        home="OS_NOVA_CONFIG_DIR",
        options={"OS_NOVA_CONFIG_FILES": "{venv}/etc/nova/api-paste.ini;nova.conf;nova-databases.conf"},
        secrets=NOVA_SECRETS,
        messaging=True,
        needs=(ACCOUNTS, "message-queue", "compute-schema", *needs),
        **differing,
    )


def cinder(**differing: Any) -> Software:
    return Software(
        arguments=("--config-file", "{folder}/cinder.conf"),
        secrets=CINDER_SECRETS,
        messaging=True,
        needs=(ACCOUNTS, "message-queue", "block-storage-schema"),
        **differing,
    )


SOFTWARE = {
    "identity": Software(
        name="keystone",
        service_type="identity",
        application="keystone.wsgi.api",
        home="OS_KEYSTONE_CONFIG_DIR",
        forget="keystone_memory",
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
    "database": Software(program="database", arguments=("{root}", "{folder}")),
    "port_mapper": Software(program="port_mapper", arguments=("{port}",)),
    "message_queue": Software(
        program="message_queue",
        arguments=("{root}",),
        secrets={"SANDBOX_PASSWORD": "message-queue"},
        needs=("port-mapper",),
    ),
    "network": Software(name="neutron", service_type="network", application="network_stub"),
    "placement": Software(
        name="placement",
        service_type="placement",
        application="placement.wsgi.api",
        home="OS_PLACEMENT_CONFIG_DIR",
        probe="/resource_providers?name=none",
        secrets={"OS_KEYSTONE_AUTHTOKEN__PASSWORD": "placement"},
        schema=(*PLACEMENT_MANAGE, "--config-file", "{folder}/placement.conf", "db", "sync"),
        needs=(ACCOUNTS, "placement-schema"),
    ),
    "compute": nova(
        name="nova",
        service_type="compute",
        path="/v2.1",
        application="nova.wsgi.osapi_compute",
        probe="/v2.1/flavors?limit=1",
        schema=("{library}/nova_schema.py", "{root}", *NOVA_FILES),
    ),
    # Both end at once where Placement does not answer yet.
    "compute_conductor": nova(
        program="nova.cmd.conductor",
        arguments=NOVA_FILES,
        needs=("placement",),
        queue="conductor",
    ),
    "compute_scheduler": nova(
        program="nova.cmd.scheduler",
        arguments=NOVA_FILES,
        needs=("placement",),
        queue="scheduler",
    ),
    "compute_host": nova(
        program="compute_host",
        arguments=("--config-file", "{folder}/nova.conf", "--config-file", "{folder}/nova-compute.conf"),
        needs=("placement",),
        queue="compute.sandbox",
    ),
    "block_storage": cinder(
        name="cinder",
        service_type="block-storage",
        path="/v3",
        application="cinder.wsgi.api",
        probe="/v3/types?limit=1",
        schema=(*CINDER_MANAGE, "--config-file", "{folder}/cinder.conf", "db", "sync"),
    ),
    "block_storage_scheduler": cinder(program="cinder.cmd.scheduler", queue="cinder-scheduler"),
    "block_storage_volume": cinder(program="cinder.cmd.volume", queue="cinder-volume.sandbox@files"),
}
