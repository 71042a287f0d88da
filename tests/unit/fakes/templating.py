# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The templating of Ansible itself, to see that it finds and calls the plugins."""

from __future__ import annotations

import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text is a template

    def trust_as_template(value):
        return value


def template(expression: str, /, **variables: t.Any) -> t.Any:
    """Return what an expression gives in a playbook with these variables."""
    trusted = {name: _trusted(value) for name, value in variables.items()}
    return Templar(DataLoader(), variables=trusted).template(trust_as_template(f"{{{{ {expression} }}}}"))


def _trusted(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _trusted(each) for key, each in value.items()}
    return trust_as_template(value) if isinstance(value, str) else value
