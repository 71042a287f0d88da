# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - The name of a cloud in C(clouds.yaml), or the configuration of one as a dictionary.
      - Unless given, it is the cloud that E(OS_CLOUD) names, or the only one in C(clouds.yaml).
    type: raw
  auth:
    description: What authentication takes, such as C(auth_url), C(username), C(password) and C(project_name).
    type: dict
  auth_type:
    description: The kind of authentication, V(password) unless given or configured.
    type: str
  region_name:
    description: The region of the cloud. Unless given, it is the first of those that the configuration has.
    type: str
  interface:
    description: The interface of the endpoints to use.
    type: str
    choices: [admin, internal, public]
    aliases: [endpoint_type]
  validate_certs:
    description: Whether the certificates of the cloud's services have to be valid.
    type: bool
    aliases: [verify]
  ca_cert:
    description: The path of a bundle of authorities that the certificates of the cloud are signed by.
    type: path
    aliases: [cacert]
  client_cert:
    description: The path of a client certificate.
    type: path
    aliases: [cert]
  client_key:
    description: The path of the key of the client certificate.
    type: path
    aliases: [key]
  api_timeout:
    description: How long, in seconds, to wait for an answer of a service.
    type: int
  timeout:
    description: How long, in seconds, the cloud may take for work of its own, such as fetching an image.
    type: int
    default: 3600
notes:
  - A token is kept for later tasks where C(clouds.yaml) says C(cache) with C(auth) V(true) at its top and the Python
    library keyring has a backend, as openstacksdk does it. Each task then costs two requests less.
requirements:
  - python >= 3.11
  - openstacksdk >= 4.4.0
  - oslo.utils >= 8.2.0
"""
