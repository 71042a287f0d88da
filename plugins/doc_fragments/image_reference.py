# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  image:
    description:
      - The name or id of the image. Hidden images are found as well.
      - Two images of one name are an error that gives both ids.
    type: str
    required: true
    aliases: [name, id]
  owner:
    description:
      - The project that owns the image, by name or id. A name of an image is looked up there.
      - It is the project of the credentials unless given.
    type: str
"""
