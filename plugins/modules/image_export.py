#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Bring an image into a file, verified
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Streams the data of an image into a temporary neighbour of the file, hashes it on the way, and gives it its name
    only once size and hash are those that the Image service has.
  - If anything fails, nothing is left behind, and a file that was there before stays as it was.
  - A file that is right already is not downloaded again. A file whose path, size and time of change are known from
    an earlier run is not even read.
options:
  path:
    description:
      - The file to write, on the machine that the task runs on. Its folder has to exist.
      - If it is an existing folder, the file in it is called C(<name of the image>.<disk format>).
    type: path
    required: true
    aliases: [dest]
  sidecar:
    description:
      - Write the metadata of the image (properties, tags, members, hashes) to C(<path>.json) as well.
        M(xloud.image.image_template) restores the image from both.
    type: bool
    default: true
  deactivate:
    description:
      - Deactivate the image for the time of the export, so that nobody uses it meanwhile.
      - It is reactivated in every case. If a run is killed, the next one reactivates it.
      - Takes an administrator, since the Image service gives the data of a deactivated image to nobody else.
    type: bool
    default: false
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.image_reference
seealso:
  - module: xloud.image.image_template
"""

EXAMPLES = r"""
- name: Keep a copy of an image and of its metadata
  xloud.image.image_export:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.2
    path: /backup/ubuntu-24.04-base-v1.2.qcow2

- name: Export while nobody can use the image
  xloud.image.image_export:
    cloud: mycloud-admin
    image: ubuntu-24.04-base-v1.2
    path: /backup/ubuntu-24.04-base-v1.2.qcow2
    deactivate: true
"""

RETURN = r"""
image:
  description:
    - The image, or in check mode the image as it would be.
    - It has the keys that M(xloud.image.image_template) documents.
  returned: success
  type: dict
  sample:
    id: 0f3b8c52-3c1c-4f0e-9d6c-5b8a4d3c2e1f
    name: ubuntu-24.04-base-v1.1
    stage: published
    status: active
    visibility: community
actions:
  description:
    - What was done, or in check mode what would be, in its order. Empty if nothing had to be.
    - If the task fails half way, this is what was done before.
  returned: always
  type: list
  elements: dict
  sample:
    - action: export
      image: ubuntu-24.04-base-v1.1
      reason: "export ubuntu-24.04-base-v1.1 to /backup/ubuntu-24.04-base-v1.1.qcow2: it is not there"
  contains:
    action:
      description: The kind of step.
      type: str
    image:
      description: The name of the image.
      type: str
    reason:
      description: What the step does and why.
      type: str
diff:
  description: What the task manages, before and after. The same in check mode and in the run after it.
  returned: success
  type: dict
  sample:
    before: {}
    after:
      path: /backup/ubuntu-24.04-base-v1.1.qcow2
      sha512: 3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea
      sidecar: null
      size: 626524160
file:
  description: The absolute path of the file that holds the data.
  returned: success
  type: str
  sample: /backup/ubuntu-24.04-base-v1.2.qcow2
sidecar:
  description: The absolute path of the file that holds the metadata. Null if O(sidecar=false).
  returned: success
  type: str
  sample: /backup/ubuntu-24.04-base-v1.2.qcow2.json
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.export import SPECIFICATION, wanted_export
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import (
    ImageModule,
    exit_with,
    report_errors,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._data.files import file_facts, target_path
from ansible_collections.xloud.image.plugins.module_utils._plan.export import plan_export, verifying_hash
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import pick


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params = module.params
    with report_errors(module):
        session = connect(connection_options(params))
        found = Images(session).find(params["image"], Projects(session).owner(params["owner"]))
        image = pick(params["image"], found)
        wanted = wanted_export(params, target_path(params["path"], f"{image.name}.{image.disk_format}"))
        members = Members(session).list(image) if wanted.sidecar else ()
        facts = file_facts(wanted, image.size, verifying_hash(image)[0])
        plan = plan_export(wanted, image, members, facts, session.roles)
        result = plan.image if module.check_mode else Applier(session).apply(plan)
        exit_with(module, plan, result, file=wanted.path, sidecar=wanted.sidecar)


if __name__ == "__main__":
    main()
