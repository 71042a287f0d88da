# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver of Cinder whose volumes are files: enough for volumes of images, without root, LVM or NFS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cinder.privsep
from cinder.image import image_utils
from cinder.volume import configuration, driver, volume_utils
from oslo_config import cfg

# What Cinder would ask a privileged process for is done here: nothing of it needs privileges.
cinder.privsep.sys_admin_pctxt.set_client_mode(False)
OPTIONS = [cfg.StrOpt("volume_directory")]
cfg.CONF.register_opts(OPTIONS, group=configuration.SHARED_CONF_GROUP)
GIBIBYTE = 1 << 30


class FileDriver(driver.VolumeDriver):  # type: ignore[misc]
    VERSION = "1.0"

    def __init__(self, *further: Any, **named: Any) -> None:
        super().__init__(*further, **named)
        self.configuration.append_config_values(OPTIONS)

    def do_setup(self, context: Any) -> None:
        Path(self.configuration.volume_directory).mkdir(parents=True, exist_ok=True)

    def check_for_setup_error(self) -> None:
        pass

    def local_path(self, volume: Any) -> str:
        return str(Path(self.configuration.volume_directory, volume.name))

    def create_volume(self, volume: Any) -> None:
        with open(self.local_path(volume), "wb") as file:
            file.truncate(volume.size * GIBIBYTE)

    def delete_volume(self, volume: Any) -> None:
        Path(self.local_path(volume)).unlink(missing_ok=True)

    def extend_volume(self, volume: Any, new_size: int) -> None:
        os.truncate(self.local_path(volume), new_size * GIBIBYTE)

    def create_cloned_volume(self, volume: Any, source: Any) -> None:
        self._copy(source, volume)
        self.extend_volume(volume, volume.size)

    def create_snapshot(self, snapshot: Any) -> None:
        self._copy(snapshot.volume, snapshot)

    def _copy(self, source: Any, target: Any) -> None:
        # Most of a volume is holes, which a copy of its content would fill.
        self._execute("cp", "--sparse=always", self.local_path(source), self.local_path(target))

    def delete_snapshot(self, snapshot: Any) -> None:
        self.delete_volume(snapshot)

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        self.create_cloned_volume(volume, snapshot)

    def copy_image_to_volume(
        self, context: Any, volume: Any, image_service: Any, image_id: str, disable_sparse: bool = False
    ) -> None:
        target = self.local_path(volume)
        image_utils.fetch_to_raw(
            context, image_service, image_id, target, "1M", size=volume.size, disable_sparse=disable_sparse
        )
        self.extend_volume(volume, volume.size)

    def copy_volume_to_image(self, context: Any, volume: Any, image_service: Any, image_meta: Any) -> None:
        volume_utils.upload_volume(context, image_service, image_meta, self.local_path(volume), volume)

    def ensure_export(self, context: Any, volume: Any) -> None:
        pass

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        pass

    def remove_export(self, context: Any, volume: Any) -> None:
        pass

    def initialize_connection(self, volume: Any, connector: Any) -> dict[str, Any]:
        return {"driver_volume_type": "local", "data": {"device_path": self.local_path(volume)}}

    def terminate_connection(self, volume: Any, connector: Any, **_named: Any) -> None:
        pass

    def _update_volume_stats(self) -> None:
        pool = {
            "pool_name": "files",
            "total_capacity_gb": 10000,
            "free_capacity_gb": 10000,
            "provisioned_capacity_gb": 0,
            "reserved_percentage": 0,
            "multiattach": True,
            "thin_provisioning_support": True,
            "max_over_subscription_ratio": 20,
        }
        self._stats = {
            "volume_backend_name": "files",
            "vendor_name": "Xloud",
            "driver_version": self.VERSION,
            "storage_protocol": "file",
            "pools": [pool],
        }
