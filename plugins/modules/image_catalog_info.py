#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_catalog_info
short_description: What a project has of a catalogue, and what is wrong with it
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Returns the templates of a project, their versions with stage, dates and members, and the current version of each.
  - Returns what a person should know of, as data. Among it are names that two images have, shares that nobody accepted
    and announced days that have passed, and with a document all in which the cloud differs from it.
  - An odd image is a finding, and never a failure of the task.
  - A project that is not the owner gets what its credentials may see, without the members of others.
options:
  owner:
    description:
      - The project that owns the images of the catalogue, by name or id. It is the project of the credentials unless
        given.
    type: str
  templates:
    description: The templates to return, all unless given.
    type: list
    elements: str
  members:
    description: Whether to read the members of shared versions, which takes one request for each.
    type: bool
    default: true
  signatures:
    description:
      - Whether to look at the signatures of images, which takes two requests for each certificate.
      - A signature made by SHA-512, which is what the Image service hashes by, is verified. Of others it is looked
        whether all is there to verify them. M(xloud.image.image_export) verifies any.
    type: bool
    default: true
  usage:
    description:
      - Whether to ask the Compute and the Block Storage service, where the cloud has them, who uses the versions. It
        takes two requests for each version and region, and one for each project that uses any.
      - To be told of all projects takes an administrator. What is not told is not known, which is not the same as
        unused.
      - With a document, RV(findings) then show which versions M(xloud.image.image_catalog) would hold back, and without
        it that it would retire them (V(drift)).
    type: bool
    default: false
    version_added: 1.1.0
  trusted_certificates:
    description:
      - The ids of the certificates that images may be signed with. Any other one is a finding.
      - Unless given, it is C(promotion.trusted_certificates) of each template in the document.
    type: list
    elements: str
  catalog:
    description:
      - The templates and their versions, as C(image_catalog) in a document, to compare the cloud with.
      - What it says wins over what O(files) say.
    type: dict
  defaults:
    description: What is merged under every template, as C(image_catalog_defaults) in a document.
    type: dict
  files:
    description:
      - Paths of documents in YAML or JSON, and of folders of them, as M(xloud.image.image_catalog) takes them.
      - Sources are not read, so that content is compared by checksums that stand in the document itself.
    type: list
    elements: path
  source_directory:
    description: The folder that relative paths in a document start from.
    type: path
    default: .
  presets:
    description:
      - Standards of metadata that offered versions are to fulfil, beside what the document requires for promotion.
      - V(xloud) is that of the Xloud guide, V(scs-0102) that of the Sovereign Cloud Stack.
    type: list
    elements: str
    choices: [scs-0102, xloud]
  as_of:
    description: The day to compare dates with, such as V(2026-01-31). It is today, in UTC, unless given.
    type: str
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.usage
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode), and changes nothing in any mode.
  diff_mode:
    support: none
    description: Changes nothing, so that there is nothing to show.
seealso:
  - module: xloud.image.image_catalog
  - plugin: xloud.image.current
    plugin_type: lookup
  - plugin: xloud.image.table
    plugin_type: filter
  - ref: ansible_collections.xloud.image.docsite.lifecycle
    description: What becomes of a version.
"""

EXAMPLES = r"""
- name: Look at a catalogue
  xloud.image.image_catalog_info:
    cloud: mycloud
  register: catalogue

- name: Show the versions of a template as a table
  ansible.builtin.debug:
    msg: >-
      {{ catalogue.templates['ubuntu-24.04-base'].versions
         | xloud.image.table(['name', 'stage', 'visibility', 'published_since', 'replaced_by']) }}

- name: Fail if the cloud is not as the document says, but for what is in use
  xloud.image.image_catalog_info:
    cloud: mycloud
    files: [catalog/]
    usage: true
  register: catalogue
  failed_when: catalogue is failed or catalogue.findings | selectattr('kind', 'eq', 'drift') | list | length > 0

- name: See who uses what
  xloud.image.image_catalog_info:
    cloud: mycloud
    usage: true
    files: [catalog/]
  register: catalogue

- name: Show whom to tell of what is going
  ansible.builtin.debug:
    msg: "{{ item.project or item.project_id }} uses {{ item.images | map(attribute='name') | join(', ') }}"
  loop: "{{ catalogue.notices }}"

- name: Tell whom to remind of a share
  ansible.builtin.debug:
    msg: "{{ catalogue.findings | selectattr('kind', 'eq', 'unaccepted') | map(attribute='message') }}"
"""

RETURN = r"""
templates:
  description:
    - The templates by their names, each with its C(current) version, as in RV(current), or null, and its C(versions).
    - The current version comes first, then the others from the newest to the oldest. Uploads that are not finished are
      among the findings alone.
  returned: success
  type: dict
  contains:
    current:
      description: The current version, null where there is none.
      type: dict
    versions:
      description:
        - One dictionary for each version. Beside those below it has C(id), C(template), C(version), C(disk_format),
          C(size), C(protected), C(os_hash_algo), C(os_hash_value) and C(created_at).
        - It has the properties C(published_since), C(deprecated_since), C(deprecated_reason), C(replaced_by),
          C(retired_since), C(revoked_since), C(retire_on) and C(delete_on), null where the image has none.
      type: list
      elements: dict
      contains:
        name:
          description: The name of the image.
          type: str
        stage:
          description: The stage that it is in.
          type: str
        status:
          description: The status that the Image service has it in.
          type: str
        visibility:
          description: Who may see it.
          type: str
        members:
          description: The members, each with C(project_id) and C(status). It is null where they were not read.
          type: list
          elements: dict
        usage:
          description: Who uses the version. It is null where nobody was asked.
          type: dict
          version_added: 1.1.0
          contains:
            is_used:
              description: Whether anybody does, null where that is not known.
              type: bool
            servers:
              description: How many servers run from the image, null where that is not known.
              type: int
            volumes:
              description:
                - How many volumes were made of the image, null where that is not known.
                - A server that boots from a volume counts as the volume.
              type: int
            unknown:
              description: Why something of it is not known.
              type: list
              elements: str
            projects:
              description:
                - The projects that use it, each with C(project_id), C(project), which is null where the credentials may
                  not look the name up, and how many C(servers) and C(volumes) it has.
                - C(last_launched_at) is when the newest of them was made, C(launched_since_deprecation) how many were
                  made after the day on which the version was deprecated.
                - C(resources) are these servers and volumes, each with C(kind), which is V(server) or V(volume), C(id),
                  C(name), C(created_at), and C(server_id), the server that a volume is attached to.
              type: list
              elements: dict
  sample:
    ubuntu-24.04-base:
      current: {version: "1.1", name: ubuntu-24.04-base-v1.1, id: 6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c}
      versions: []
current:
  description: The C(version), C(name) and C(id) of the current version of each template that has one.
  returned: success
  type: dict
  sample:
    ubuntu-24.04-base: {version: "1.1", name: ubuntu-24.04-base-v1.1, id: 6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c}
projects:
  description:
    - The names of the projects that the document names as members, by their ids. It has the ids that the document gives
      as they are.
  returned: success
  type: dict
  sample:
    5b8a4d3c2e1f4f0e9d6c0f3b8c523c1c: team-a
summary:
  description: How many C(templates) and C(images) there are, and how many images in which of the C(stages).
  returned: success
  type: dict
  contains:
    findings:
      description: How many findings of which kind there are.
      type: dict
  sample:
    templates: 1
    images: 2
    stages: {deprecated: 1, published: 1}
    findings: {unsigned: 1}
findings:
  description:
    - What a person should know of, each with C(kind), C(image) and C(message), in a stable order.
    - V(duplicate) is a name that several images have, V(bad_name) an image that carries marks of the catalogue and is
      named otherwise, V(unmarked) one that is named as a version and lacks marks.
    - V(unfinished) is an image without data, V(exporting) one that an export left frozen, V(unread) one whose members
      could not be read.
    - V(hidden) is a template on offer of which nothing is current since its newest version is hidden, V(no_current) one
      whose newest version is replaced by another of its own that is not current either.
    - V(revoked_in_use) is a revoked version that somebody uses, V(still_launched) a superseded one that servers or
      volumes were made of since. Both take O(usage).
    - V(revoked) is a revoked version that can still be used, V(overdue) one whose announced day has passed.
    - V(unaccepted) is a published version with members that have not answered, V(unprotected) a public one that may be
      deleted, V(unsigned) a published one without a signature,
      V(unverifiable) one on offer whose signature cannot be verified, V(untrusted) one signed with another certificate,
      V(properties) a published one whose metadata lacks what
      is required.
    - With a document, V(drift) is what M(xloud.image.image_catalog) would do about a version, or why it could not. Its
      own findings, such as V(gate), V(frozen) and V(unlisted), are there too.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: unaccepted
      image: ubuntu-24.04-base-v1.1
      message: "1 of 2 projects have not accepted it: 5b8a4d3c2e1f4f0e9d6c0f3b8c523c1c"
notices:
  description:
    - Whom to tell of what, with O(usage). One dictionary for each project that uses versions which are superseded,
      revoked, or announced to be retired or deleted.
    - A version has its C(template), C(version), C(name), C(id) and C(stage), since when and why (C(deprecated_since),
      C(retired_since), C(revoked_since), C(reason)), what uses it (C(servers), C(volumes), null where that is not
      known, and C(resources)), and what replaces it (C(replaced_by), with C(version), C(name), C(id) and the
      C(retire_on) of that one, null where the template has no other current version, or none that is shared with the
      project).
    - C(retire_on) is the first day on which it is to be retired, as it is announced, or with a document as C(retention)
      gives it, and C(while_used) what the document says becomes of it while it is used. C(delete_on) is the day that is
      announced.
  returned: success
  type: list
  elements: dict
  version_added: 1.1.0
  contains:
    project_id:
      description: The id of the project.
      type: str
    project:
      description: Its name, null where the credentials may not look it up.
      type: str
    as_of:
      description: The day that this was found out, in UTC, as C(2026-01-31).
      type: str
    images:
      description: The versions that it uses.
      type: list
      elements: dict
requests:
  description: The requests that were sent to the cloud.
  returned: success
  type: int
  sample: 4
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options, usage_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.catalog_info import SPECIFICATION, wanted_inventory
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import ImageModule, report_errors
from ansible_collections.xloud.image.plugins.module_utils._cloud.catalog import read_inventory
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._data.documents import read_documents
from ansible_collections.xloud.image.plugins.module_utils._plan.findings import find
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import as_result
from ansible_collections.xloud.image.plugins.module_utils._plan.notices import notices


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    with report_errors(module):
        documents = read_documents(module.params["files"] or ())
        module.hide(documents)
        wanted = wanted_inventory(module.params, documents)
        session = connect(connection_options(module.params))
        found = read_inventory(session, wanted, module.params["owner"], usage_options(module.params))
        result = as_result(wanted, found, find(wanted, found))
        module.exit_json(changed=False, **result, notices=notices(wanted, found), requests=session.requests)


if __name__ == "__main__":
    main()
