# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.xloud.image.plugins.plugin_utils._progress import ProgressAction


class ActionModule(ProgressAction):
    """Shows the progress of C(image_template)."""

    MODULE = "xloud.image.image_template"
