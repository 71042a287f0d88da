# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a Sphinx inventory of those labels of Ansible's documentation that ours refers to, to save a download."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

LABELS = (
    "ansible_collections.ansible.builtin.set_fact_module",
    "ansible_collections.ansible.builtin.set_stats_module",
    "ansible_collections.openstack.cloud.image_module",
    "action_plugins",
    "ansible_configuration_settings",
    "common_return_values",
    "playbooks_environment",
)
HEADER = b"""\
# Sphinx inventory version 2
# Project: ansible
# Version: devel
# The remainder of this file is compressed using zlib.
"""
entries = "".join(f"{label} std:label -1 index.html#{label} {label}\n" for label in LABELS)
Path(sys.argv[1]).write_bytes(HEADER + zlib.compress(entries.encode()))
