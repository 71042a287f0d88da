# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova's own driver that only pretends, except that it fetches each image.

It does so by the code that the drivers for real hypervisors fetch images with, so that checksums and signatures are
verified, and a server whose image does not stand the test ends in an error.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nova.conf
from nova import context as nova_context
from nova import objects
from nova.virt import fake, images


class FetchingDriver(fake.FakeDriverWithoutFakeNodes):  # type: ignore[misc]
    def init_host(self, host: str) -> None:
        """Know the servers of before a restart again."""
        super().init_host(host)
        context = nova_context.get_admin_context()
        for server in objects.InstanceList.get_by_host(context, host, expected_attrs=["flavor"]):
            if server.vm_state not in ("error", "building"):
                self.instances[server.uuid] = fake.FakeInstance(server.name, server.power_state, server.uuid)

    def spawn(self, context: Any, instance: Any, *further: Any, **named: Any) -> None:
        # One that boots from a volume has none.
        if instance.image_ref:
            folder = _folder(instance)
            folder.mkdir(parents=True, exist_ok=True)
            images.fetch(context, instance.image_ref, str(folder / "disk"), instance.trusted_certs)
        super().spawn(context, instance, *further, **named)

    def destroy(self, context: Any, instance: Any, *further: Any, **named: Any) -> None:
        super().destroy(context, instance, *further, **named)
        shutil.rmtree(_folder(instance), ignore_errors=True)


def _folder(instance: Any) -> Path:
    return Path(nova.conf.CONF.instances_path, instance.uuid)
