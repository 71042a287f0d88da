#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_certificate
short_description: Store the certificate that images are verified by
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Stores an X.509 certificate in the Key Manager (Barbican) of a cloud, in the form in which the Image service and the
    Compute service look for it, and returns its id.
  - A certificate that is there under that name is left as it is. One of other content is never replaced, since images
    that were signed before are verified by it. A renewed certificate gets an id of its own.
options:
  name:
    description: The name of the certificate in the Key Manager.
    type: str
    required: true
  path:
    description:
      - The path of the certificate, in PEM or DER.
      - Its key is an RSA key, a DSA key, or one of the elliptic curves that the Image service verifies by.
    type: path
    required: true
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
seealso:
  - module: xloud.image.image_template
  - ref: ansible_collections.xloud.image.docsite.signatures
    description: How images are signed, and who verifies them.
notes:
  - Where the Compute service verifies signatures, whoever starts a server from a signed image has to be able to read
    the certificate. The Key Manager lets the project that stored it do so, and whom it grants that.
"""

EXAMPLES = r"""
- name: Store the certificate that images are verified by
  xloud.image.image_certificate:
    cloud: mycloud
    name: image-signing-2026
    path: /etc/xloud/image-signing.crt
  register: signer

- name: Sign an image as it is uploaded
  xloud.image.image_template:
    cloud: mycloud
    name: debian-12-base-v1.1
    source: images/debian-12-base-v1.1.qcow2
    signature:
      certificate_uuid: "{{ signer.certificate.id }}"
      privatekey_path: /etc/xloud/image-signing.pem
"""

RETURN = r"""
certificate:
  description: The certificate.
  returned: success
  type: dict
  sample:
    id: 7c1e0a52-5b0f-4a3e-9f0e-3d7a6f1b2c4d
    name: image-signing-2026
    secret_ref: https://keys.example.com/v1/secrets/7c1e0a52-5b0f-4a3e-9f0e-3d7a6f1b2c4d
    subject: CN=Image signing,O=Xloud
    key_type: RSA-PSS
    fingerprint: 3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea
    not_before: "2026-01-01T00:00:00+00:00"
    not_after: "2028-01-01T00:00:00+00:00"
  contains:
    id:
      description: Its id in the Key Manager, C(certificate_uuid) of a signature. Null in check mode for a new one.
      type: str
    name:
      description: Its name there.
      type: str
    secret_ref:
      description: Its URL there, by which C(openstack acl user add) takes it. Null in check mode for a new one.
      type: str
    subject:
      description: Whom it is for.
      type: str
    key_type:
      description: The type of its key, as the Image service calls it.
      type: str
    fingerprint:
      description: Its SHA-256, in hexadecimal digits.
      type: str
    not_before:
      description: When its time begins.
      type: str
    not_after:
      description: When its time ends.
      type: str
superseded:
  description: The ids of other certificates of that name, the oldest first.
  returned: success
  type: list
  elements: str
diff:
  description: The certificate before and after.
  returned: success
  type: dict
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.certificate import (
    SPECIFICATION,
    exit_with_certificate,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import ImageModule, report_errors
from ansible_collections.xloud.image.plugins.module_utils._cloud.certificates import Certificates
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._data.signing import read_certificate
from ansible_collections.xloud.image.plugins.module_utils._plan.certificate import choose_certificate


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    name = module.params["name"]
    with report_errors(module):
        certificate = read_certificate(module.params["path"], "path")
        certificates = Certificates(connect(connection_options(module.params)))
        chosen, superseded = choose_certificate(name, certificate, certificates.named(name))
        is_missing = chosen.id is None and not module.check_mode
        stored = certificates.store(name, certificate) if is_missing else chosen
        exit_with_certificate(module, chosen, stored, superseded)


if __name__ == "__main__":
    main()
