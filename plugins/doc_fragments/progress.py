# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  progress_file:
    description:
      - A file on the machine that the task runs on. While data is moved, a line of JSON is appended to it each second,
        with C(image), C(phase), the C(state) of the phase, V(running), V(done) or V(failed), C(done) and C(total) in
        bytes, and C(seconds) since the phase began.
      - Without it, and where the task runs on the controller, its progress is shown on stderr while it runs, unless it
        does so in check mode, with C(async) or with C(no_log), or the environment variable E(XLOUD_IMAGE_PROGRESS) of
        the controller is V(0).
    type: path
"""
