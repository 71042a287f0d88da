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
  - A connection that breaks is taken up where it stopped. If it breaks for good, or the run is killed, what arrived
    stays in the neighbour (C(.<file>.part)), and the next run asks for the rest. It is verified whole at the end.
  - If anything else fails, nothing is left behind. A file that was there before stays as it was in every case.
  - Blocks of zeros take no room on the disk.
  - A file that is right already is not downloaded again. A file whose path, size and time of change are known from
    an earlier run is not even read.
options:
  image:
    description:
      - The image, by name or id. Hidden and community images are found as well.
      - Either this or O(images) is required.
    type: str
    aliases: [name, id]
  images:
    description:
      - Several images, each by name, id or a pattern such as V(ubuntu-*). They are exported O(workers) at a time.
      - An image that fails does not hold up the others. The task fails in the end.
    type: list
    elements: str
  owner:
    description: The project that owns the images, by name or id. It is the project of the credentials unless given.
    type: str
  path:
    description:
      - The file to write, on the machine that the task runs on. Its folder has to exist.
      - If it is an existing folder, the file in it is called C(<name of the image>.<format>). O(images) needs one.
    type: path
    required: true
    aliases: [dest]
  format:
    description:
      - Convert the data to this format once it was verified, with C(qemu-img), and compare both.
      - The data of the image is exported as it is unless given.
    type: str
    choices: [qcow2, raw, vdi, vhd, vhdx, vmdk]
  compress:
    description: Compress the clusters of the file. It has to be V(qcow2), by O(format) or because the image is.
    type: bool
    default: false
  sidecar:
    description:
      - Write the metadata of the image (properties, tags, members, hashes) to C(<path>.json) as well.
        M(xloud.image.image_template) and M(xloud.image.image_replica) restore the image from both.
    type: bool
    default: true
  sums:
    description:
      - Enter the SHA-256 of the file and of its sidecar into C(SHA256SUMS) in the same folder, which
        C(sha256sum --check) reads. Other lines stay.
    type: bool
    default: true
  workers:
    description: How many of O(images) are exported at a time.
    type: int
    default: 2
  verify_signature:
    description:
      - Verify the data by the signature of the image and its certificate in the Key Manager, before the file takes its
        name. A file that is there already is verified as well.
      - Data that is not what was signed is an error, and nothing of it is left. So is an image that is not signed.
    type: bool
    default: false
  trusted_certificates:
    description:
      - With O(verify_signature=true), the ids of the certificates that images may be signed with.
      - Who may change the image may have it signed with a certificate of their own. This says whose signature counts.
    type: list
    elements: str
  deactivate:
    description:
      - Deactivate the image for the time of the export, so that nobody uses it meanwhile.
      - It is reactivated in every case. If a run is killed, the next one reactivates it.
      - The Image service gives the data of a deactivated image to administrators alone. For anybody else the image is
        reactivated for the moment in which a request for its data begins, and deactivated while the data comes.
    type: bool
    default: false
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.progress
seealso:
  - module: xloud.image.image_template
  - module: xloud.image.image_replica
  - ref: ansible_collections.xloud.image.docsite.export
    description: Recipes for backups, other clouds and other hypervisors.
  - ref: ansible_collections.xloud.image.docsite.transfers
    description: Where data may come from, and what happens when it breaks off.
"""

EXAMPLES = r"""
- name: Keep a copy of an image and of its metadata
  xloud.image.image_export:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.2
    path: /backup/ubuntu-24.04-base-v1.2.qcow2

- name: Export while nobody can use the image
  xloud.image.image_export:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.2
    path: /backup/ubuntu-24.04-base-v1.2.qcow2
    deactivate: true

- name: Back up all versions of a template, four at a time
  xloud.image.image_export:
    cloud: mycloud
    images: [ubuntu-24.04-base-v*]
    path: /backup
    workers: 4

- name: Give an image to somebody with another hypervisor
  xloud.image.image_export:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.2
    path: /outbox
    format: vmdk
"""

RETURN = r"""
image:
  description:
    - The image, or in check mode the image as it would be.
    - It has the keys that M(xloud.image.image_template) documents.
  returned: success, with O(image)
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
      listed: true
      path: /backup/ubuntu-24.04-base-v1.1.qcow2
      sha512: 3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea
      sidecar: null
      size: 626524160
file:
  description: The absolute path of the file that holds the data.
  returned: success, with O(image)
  type: str
  sample: /backup/ubuntu-24.04-base-v1.2.qcow2
sidecar:
  description: The absolute path of the file that holds the metadata. Null if O(sidecar=false).
  returned: success, with O(image)
  type: str
  sample: /backup/ubuntu-24.04-base-v1.2.qcow2.json
exports:
  description: The images, sorted by name, and their files.
  returned: success, and when some of O(images) fail
  type: list
  elements: dict
  contains:
    image:
      description: The name of the image.
      type: str
    id:
      description: The id of the image.
      type: str
    file:
      description: The absolute path of the file that holds the data.
      type: str
    sidecar:
      description: The absolute path of the file that holds the metadata. Null if O(sidecar=false).
      type: str
    changed:
      description: Whether anything was done, or in check mode would be.
      type: bool
failures:
  description: The images that were not exported, each with C(image) and C(message).
  returned: success, and when some of O(images) fail
  type: list
  elements: dict
transfer:
  description:
    - What was moved. C(bytes), C(seconds) and C(rate) (bytes a second), and the same of each phase in C(phases).
    - In check mode, nothing.
  returned: success, and when some of O(images) fail
  type: dict
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.export import (
    SPECIFICATION,
    exit_with_exports,
    wanted_exports,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import (
    ImageModule,
    report_errors,
    transfer_result,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.exports import find_images, read_exports
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._data.files import target_path
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Step
from ansible_collections.xloud.image.plugins.module_utils._plan.export import (
    plan_exports,
    select_images,
    verifying_hash,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import pick


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params, workers = module.params, module.params["workers"]
    with report_errors(module):
        session = connect(connection_options(params))
        images = find_images(session, params, pick, select_images)
        wanted = wanted_exports(params, images, target_path)
        readings = read_exports(session, wanted, verifying_hash, workers)
        exports = plan_exports(readings)
        progress = Progress(params["progress_file"])
        steps = [Step(each.image.id, each.plan) for each in exports if not each.error]
        outcomes = {} if module.check_mode else run_steps(Applier(session, progress=progress), steps, workers)
        exit_with_exports(module, exports, outcomes, transfer_result(progress.as_result()))


if __name__ == "__main__":
    main()
