# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Barbican's WSGI application, with the paste file of the virtual environment: Barbican's own module looks in ``/etc``.

Belongs in a process of its own, because importing Barbican replaces the global configuration of oslo.config.
"""

from __future__ import annotations

import os
import sys

from barbican.plugin.crypto import simple_crypto
from paste import deploy

# oslo.config would take each letter of an environment variable for a key of its own.
simple_crypto.CONF.set_override("kek", [os.environ.pop("SANDBOX_KEY_ENCRYPTION_KEY")], group="simple_crypto_plugin")
application = deploy.loadapp(f"config:{sys.prefix}/etc/barbican/barbican-api-paste.ini")
