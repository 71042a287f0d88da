# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_certificate), and how it ends."""

from __future__ import annotations

import datetime
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION
from ansible_collections.xloud.image.plugins.module_utils._model.certificate import StoredCertificate

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        "name": {"type": "str", "required": True},
        "path": {"type": "path", "required": True},
    },
    "supports_check_mode": True,
}


def exit_with_certificate(
    module: AnsibleModule, chosen: StoredCertificate, stored: StoredCertificate, superseded: t.Sequence[str]
) -> t.NoReturn:
    """
    End the module, with the same keys in check mode and in a real run.

    :param chosen: The certificate as it was found, and C(stored) as it is now.
    :param superseded: The ids of other certificates of its name.
    """
    certificate = stored.certificate
    if not certificate.is_valid_on(datetime.datetime.now(datetime.UTC)):
        module.warn(f"The certificate {module.params['path']} is valid {certificate.validity} alone.")
    after = {key: value for key, value in stored.as_result().items() if key not in ("id", "secret_ref")}
    module.exit_json(
        changed=chosen.id is None,
        certificate=stored.as_result(),
        superseded=list(superseded),
        diff={"before": {} if chosen.id is None else after, "after": after},
    )
    raise AssertionError("exit_json returned")
