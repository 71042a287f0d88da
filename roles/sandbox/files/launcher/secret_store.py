# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords and keys of a sandbox, made once."""

from __future__ import annotations

import base64
import json
import os

from layout import Layout, write_private


def ensure_secrets(layout: Layout) -> None:
    """Make those that are missing. One that is no longer asked for stays: what it encrypted may be wanted again."""
    found, settings = layout.secrets(), layout.settings
    of_services = [name for service in layout.everything for name in layout.software(service).secrets.values()]
    names = dict.fromkeys([*settings["users"], *settings["application_credentials"], *of_services])
    secrets = {**found, **{name: random_key() for name in names if not found.get(name)}}
    if secrets != found:
        write_private(layout.secrets_file, json.dumps(secrets, indent=2) + "\n")


def random_key() -> str:
    """A key of Fernet, fit for a password as well."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()
