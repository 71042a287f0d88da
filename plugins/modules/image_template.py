#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_template
short_description: Keep one immutable version of an image template in the cloud
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Makes sure that one version of a template is in the cloud, byte for byte, with its metadata.
  - A new image is created V(private). Nobody else can use it until M(xloud.image.image_visibility) publishes it.
  - The format and the virtual size are read from the content by the inspector that Glance, Nova and Cinder use.
    Content that clouds refuse, such as a qcow2 file with a backing file, is refused before anything is sent, and so is
    content that is cut off. The error names the check that failed.
  - Of a URL, the beginning is inspected before anything is sent, and the rest as it goes by. Data that turns out to be
    cut off never becomes an image.
  - The data is read once, hashed on the way, and compared with the hash that the Image service computed.
    Data that does not match its O(checksum) never becomes an image.
  - Data that is compressed with gzip, bzip2, xz or zstd is decompressed on the way, whatever its name. A file is
    decompressed once more before, as only its end tells whether it is whole.
  - Where the connection to the cloud breaks, the data is sent from its beginning again, up to four times in all.
  - The content and the metadata of a published version never change. Whatever would change them is an error that
    names the next version.
  - What an interrupted upload left behind is removed by the next run. An upload of another run that is on its way is
    left alone, and is an error. R(Two runs at once,ansible_collections.xloud.image.docsite.concurrency) says more.
options:
  name:
    description:
      - The name of the image, C(<os>-<os version>-<profile>-v<major>.<minor>), such as C(ubuntu-24.04-base-v1.2).
      - One of O(name), O(template) with O(version), and O(sidecar) is required.
    type: str
  template:
    description: The name of the template, C(<os>-<os version>-<profile>), such as C(ubuntu-24.04-base).
    type: str
  version:
    description: The version of the template, C(<major>.<minor>), as text in quotes, since as numbers 1.10 is 1.1.
    type: raw
  state:
    description:
      - With V(present), the image is in the cloud as described.
      - With V(absent), it is not. A protected image is never deleted. See O(force) for published ones, and
        O(check_usage) for those in use.
    type: str
    choices: [present, absent]
    default: present
  source:
    description:
      - Where the data is, as a local path, as an http or https URL, or as a dictionary that names an image of another
        cloud or region.
      - The dictionary has C(image), the name or id, and may have C(cloud), a name or a configuration as for O(cloud),
        C(region_name), and C(owner), the project that owns the image. Without C(cloud), the cloud is that of the task.
      - Data of another cloud goes through the machine that the task runs on, and is never stored there. Where the cloud
        offers the import method C(glance-download), it fetches data of its other regions itself.
      - Required to create the image. An existing image needs it only to compare the content.
      - Without O(checksum), a local file is compared with the image by size and hash. A file whose path, size and
        time of change are known from an earlier run is not read again.
      - Without O(checksum), a URL is not fetched again once the image is there.
    type: raw
  sidecar:
    description:
      - The path of a sidecar that M(xloud.image.image_export) wrote. Name, formats, sizes, properties, tags,
        protection and hash are taken from it unless given here, so that the same image is restored.
      - Visibility and members are not restored. M(xloud.image.image_visibility) and M(xloud.image.image_member)
        do that.
    type: path
  checksum:
    description:
      - What the content must hash to, as C(sha256:<64 digits>) or C(sha512:<128 digits>), or the URL or path of a
        SUMS file that lists the name of O(source).
      - That of compressed data may be the one of the file as it is, or the one of its content.
      - For an image of another cloud it is the hash that the other cloud computed, unless given.
      - With it, an unchanged image is recognised without reading O(source) at all.
    type: str
  import_method:
    description:
      - How the data gets into the cloud.
      - With V(direct), it is sent, through the machine that the task runs on.
      - With V(glance-direct), it is sent and then imported, which fills several stores at once.
      - With V(web-download), the cloud fetches it from a URL.
      - With V(glance-download), the cloud fetches it from another region.
      - With V(auto), the cloud fetches it if it offers to and the result can be verified, that is, if
        O(checksum) is a SHA-512. Where that fails, it is sent, for several stores with V(glance-direct). A URL with
        credentials or a query in it is not given to the cloud, which records where it fetches from.
    type: str
    choices: [auto, direct, glance-direct, web-download, glance-download]
    default: auto
  stores:
    description:
      - The stores of the cloud that the image is in. Others that have it as well are left alone.
      - An image that is there is copied to those that do not have it yet, which takes an administrator by default.
        Published images are copied too, since where the data is changes nothing of it.
      - If some stores fail, the image stays in the others, and the error names those that are missing.
    type: list
    elements: str
  all_stores:
    description: Whether the image is in all stores that can be written to.
    type: bool
    default: false
  stores_exact:
    description: Whether the image is taken out of all other stores. It takes an administrator by default.
    type: bool
    default: false
  disk_format:
    description:
      - The format of the content, found from the content unless given.
      - Another one than the content has is an error.
    type: str
    choices: [aki, ami, ari, iso, ploop, qcow2, raw, vdi, vhd, vhdx, vmdk]
  container_format:
    description: The format of the container, V(bare) for a new image unless given.
    type: str
    choices: [aki, ami, ari, bare, compressed, docker, ova, ovf]
  min_disk:
    description: The disk, in GiB, that a server needs. For a new image it is found from the virtual size unless given.
    type: int
  min_ram:
    description: The memory, in MiB, that a server needs.
    type: int
  max_virtual_size:
    description:
      - The largest disk that a new image may have, in bytes, or with a unit, as in V(100GiB) or V(100G). There is no
        limit unless it is given.
      - It also limits what compressed data may become.
      - An image that is there already is left alone.
    type: str
  properties:
    description:
      - Custom properties, as text. Others that the image has are left alone.
      - A property whose value is null is removed.
    type: dict
  tags:
    description: The tags of the image, exactly. An empty list removes all of them.
    type: list
    elements: str
  protected:
    description: Whether the image is protected against deletion.
    type: bool
  signature:
    description:
      - Sign the image, so that the Image service verifies the data when it arrives, and the Compute service when a
        server is started from it.
      - The data is read once. Where it is known beforehand what it hashes to by O(signature.hash_method), from
        O(checksum) or from an earlier run, the image is created with its signature. Else the signature is added once
        the data went by. With the import method C(glance-direct), which is taken for that where the cloud offers it,
        that is before the Image service verifies the data.
      - A staged image that is there and is not signed so is signed as it is. A published one stays as it is, and to
        sign it in another way is an error.
      - See R(the guide to signatures,ansible_collections.xloud.image.docsite.signatures).
    type: dict
    suboptions:
      certificate_uuid:
        description:
          - The id of the certificate in the Key Manager (Barbican). M(xloud.image.image_certificate) stores one there.
        type: str
        required: true
      privatekey_path:
        description:
          - The path of the private key to sign with, in PEM. It belongs to the certificate, which is looked up.
          - One of this, O(signature.value) and O(signature.path) is required.
        type: path
      privatekey_passphrase:
        description: The passphrase of the private key.
        type: str
      value:
        description: A signature that was made elsewhere, in base64.
        type: str
      path:
        description: The path of a signature that was made elsewhere, as it is or in base64.
        type: path
      hash_method:
        description:
          - What the signature is made by.
          - With V(SHA-512), which is what the Image service itself hashes by, a signature can be verified without the
            data.
        type: str
        choices: [SHA-224, SHA-256, SHA-384, SHA-512]
        default: SHA-256
      key_type:
        description: The type of the key, that of the private key or of the certificate unless given.
        type: str
        choices:
          [RSA-PSS, DSA, ECC_SECP384R1, ECC_SECP521R1, ECC_SECT409K1, ECC_SECT409R1, ECC_SECT571K1, ECC_SECT571R1]
  owner:
    description:
      - The project that owns the image, by name or id. It is the project of the credentials unless given.
      - Creating an image for another project takes an administrator.
    type: str
  replace:
    description: Replace the content of a version that is staged and was never published.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), delete a version though it is published and neither deprecated, hidden nor retired.
    type: bool
    default: false
  check_usage:
    description:
      - With O(state=absent), ask the Compute and the Block Storage service, where the cloud has them, who uses the
        image. While servers run from it, or there are volumes that were made of it, it is not deleted.
      - Where a service does not tell, the image counts as used. To be told of all projects takes an administrator.
      - With V(false), nobody is asked.
    type: bool
    default: true
    version_added: 1.1.0
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.progress
  - xloud.image.usage
seealso:
  - module: xloud.image.image_visibility
  - module: xloud.image.image_export
  - ref: ansible_collections.xloud.image.docsite.transfers
    description: Where data may come from, and what happens when it breaks off.
  - ref: ansible_collections.xloud.image.docsite.signatures
    description: How images are signed, and who verifies them.
"""

EXAMPLES = r"""
- name: Upload a new version, private until it is published
  xloud.image.image_template:
    cloud: mycloud
    template: ubuntu-24.04-base
    version: "1.2"
    source: images/ubuntu-24.04-base-v1.2.qcow2
    checksum: images/SHA256SUMS
    min_ram: 512
    properties:
      os_distro: ubuntu
      os_version: "24.04"

- name: Have the cloud fetch an image
  xloud.image.image_template:
    cloud: mycloud
    name: debian-12-base-v1.0
    source: https://images.example.com/debian-12-base-v1.0.qcow2
    checksum: https://images.example.com/SHA512SUMS

- name: Sign an image as it is uploaded
  xloud.image.image_template:
    cloud: mycloud
    name: debian-12-base-v1.1
    source: images/debian-12-base-v1.1.qcow2
    signature:
      certificate_uuid: "{{ signer.certificate.id }}"
      privatekey_path: /etc/xloud/image-signing.pem
      privatekey_passphrase: "{{ vault_signing_passphrase }}"

- name: Bring in a compressed image, into two stores
  xloud.image.image_template:
    cloud: mycloud
    name: alpine-3.20-base-v1.0
    source: https://images.example.com/alpine-3.20-base-v1.0.raw.xz
    checksum: https://images.example.com/SHA512SUMS
    stores: [main, archive]

- name: Bring in an image of another region
  xloud.image.image_template:
    cloud: mycloud
    region_name: RegionTwo
    name: ubuntu-24.04-base-v1.2
    source:
      region_name: RegionOne
      image: ubuntu-24.04-base-v1.2

- name: Restore an exported image into another project
  xloud.image.image_template:
    cloud: othercloud
    source: /backup/ubuntu-24.04-base-v1.2.qcow2
    sidecar: /backup/ubuntu-24.04-base-v1.2.qcow2.json

- name: Delete a retired version
  xloud.image.image_template:
    cloud: mycloud
    name: ubuntu-24.04-base-v1.0
    state: absent
"""

RETURN = r"""
image:
  description: The image, or in check mode the image as it would be. Null once it is absent.
  returned: success
  type: dict
  sample:
    id: 0f3b8c52-3c1c-4f0e-9d6c-5b8a4d3c2e1f
    name: ubuntu-24.04-base-v1.2
    stage: staged
    status: active
    visibility: private
    hidden: false
    protected: false
    owner: 6a0f2b1c9d8e4f7aa1b2c3d4e5f60718
    disk_format: qcow2
    container_format: bare
    min_disk: 10
    min_ram: 512
    size: 626524160
    virtual_size: 10737418240
    checksum: 8a1c0b4a2b1d4f6e9c7d5e3f1a2b4c6d
    os_hash_algo: sha512
    os_hash_value: 3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea
    created_at: "2026-01-31T10:00:00Z"
    updated_at: "2026-01-31T10:00:05Z"
    tags: []
    stores: [fast]
    properties:
      os_distro: ubuntu
      os_version: "24.04"
      xloud_image_template: ubuntu-24.04-base
      xloud_image_version: "1.2"
  contains:
    id:
      description: The id of the image. Null in check mode for an image that would be created.
      type: str
    name:
      description: The name of the image.
      type: str
    stage:
      description: Where the image is in its life, V(staged), V(published), V(deprecated), V(hidden) or V(retired).
      type: str
    status:
      description: The status that the Image service gives it.
      type: str
    visibility:
      description: Who may see it, V(private), V(shared), V(community) or V(public).
      type: str
    hidden:
      description: Whether it is left out of lists.
      type: bool
    protected:
      description: Whether it is protected against deletion.
      type: bool
    owner:
      description: The id of the project that owns it.
      type: str
    disk_format:
      description: The format of the content.
      type: str
    container_format:
      description: The format of the container.
      type: str
    min_disk:
      description: The disk, in GiB, that a server needs.
      type: int
    min_ram:
      description: The memory, in MiB, that a server needs.
      type: int
    size:
      description: The size of the data, in bytes.
      type: int
    virtual_size:
      description: The size of the disk that a server sees, in bytes.
      type: int
    checksum:
      description: The MD5 of the data.
      type: str
    os_hash_algo:
      description: The algorithm of the hash that the data is verified by.
      type: str
    os_hash_value:
      description: That hash, in hexadecimal digits.
      type: str
    created_at:
      description: When the image was created.
      type: str
    updated_at:
      description: When the image was changed last.
      type: str
    tags:
      description: The tags, sorted.
      type: list
      elements: str
    stores:
      description: The stores that have the data, sorted. Empty where the cloud does not tell, as of a deactivated
        image, or where it has but one store.
      type: list
      elements: str
    properties:
      description: The custom properties.
      type: dict
actions:
  description: What was done, or in check mode what would be, in its order. Empty if nothing had to be.
  returned: always
  type: list
  elements: dict
  sample:
    - action: create
      image: ubuntu-24.04-base-v1.2
      reason: >-
        create ubuntu-24.04-base-v1.2 from /images/ubuntu-24.04-base-v1.2.qcow2: it is not in the cloud yet
  contains:
    action:
      description: The kind of step, such as V(create), V(update) or V(delete).
      type: str
    image:
      description: The name of the image.
      type: str
    reason:
      description: What the step does and why.
      type: str
transfer:
  description:
    - What was moved. C(bytes), C(seconds) and C(rate) (bytes a second), and the same of each phase in C(phases).
    - In check mode, nothing.
  returned: success
  type: dict
diff:
  description: What the task manages of the image, before and after. The same in check mode and in the run after it.
  returned: success
  type: dict
  sample:
    before: {}
    after:
      min_ram: 512
      name: ubuntu-24.04-base-v1.2
      visibility: private
"""

import dataclasses

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options, usage_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import (
    ImageModule,
    exit_with,
    report_errors,
    transfer_result,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.template import (
    SPECIFICATION,
    wanted_source,
    wanted_template,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import open_supply
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import find_signer
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._data.local import read_sidecar
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import pick
from ansible_collections.xloud.image.plugins.module_utils._plan.template import (
    needs_signer,
    plan_absence,
    plan_template,
    source_need,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import check_removal


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params = module.params
    with report_errors(module):
        data = open_supply(wanted_source(params), params["checksum"], pick)
        wanted = wanted_template(params, data.source, data.checksum, read_sidecar(params["sidecar"]), data.described)
        session = connect(connection_options(params))
        stores = Stores(session).resolve(params["stores"], params["all_stores"])
        wanted = dataclasses.replace(wanted, owner=Projects(session).owner(params["owner"]), stores=stores)
        images = Images(session).find(str(wanted.name), wanted.owner)
        if params["state"] == "absent":
            plan = plan_absence(wanted.name, images, force=params["force"])
            check_removal(plan, images, UsageReader(session, usage_options(params)).read)
        else:
            facts = data.facts(source_need(wanted, images, verify_first=module.check_mode), keep=wanted.keep)
            signer = find_signer(session, wanted.signature, needed=needs_signer(wanted, images, facts))
            plan = plan_template(dataclasses.replace(wanted, signer=signer), images, facts)
        applier = Applier(session, {}, params["timeout"], data.origins, Progress(params["progress_file"]))
        image = plan.image if module.check_mode else applier.apply(plan)
        exit_with(module, plan, image, transfer=transfer_result(applier.progress.as_result()))


if __name__ == "__main__":
    main()
