# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a module imports, so that a process that has it runs one in milliseconds."""

import ansible.module_utils.basic
import oslo_utils.imageutils.format_inspector
import requests
import yaml
from keystoneauth1.identity import v3
from soak import play

from ansible_collections.xloud.image.plugins.module_utils._cloud.sdk import sdk
from ansible_collections.xloud.image.plugins.modules import image_catalog, image_export, image_replica

__all__ = ["ansible", "image_catalog", "image_export", "image_replica", "oslo_utils", "play", "requests", "v3", "yaml"]

sdk()
