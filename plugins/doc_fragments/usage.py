# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  usage_cloud:
    description:
      - The credentials that ask who uses images, if those of the task may not, as O(cloud) takes a cloud.
      - They may be those of an administrator whose access rules allow these questions alone, as
        R(the page on privileges,ansible_collections.xloud.image.docsite.security.usage) shows.
      - Asked are the regions that launch from the Image service of the task, whichever one this configuration names.
    type: raw
    version_added: 1.1.0
"""
