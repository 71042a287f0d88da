# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and say what would change without changing it.
  diff_mode:
    support: full
    description: Returns what has changed, or in check mode would change. Both are the same text.
  idempotent:
    support: full
    description: The second run in a row changes nothing.
  action_group:
    support: full
    description: Use C(group/xloud.image.image) in C(module_defaults) to set defaults for this module.
    membership:
      - xloud.image.image
"""
