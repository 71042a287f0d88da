#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_catalog
short_description: Bring a cloud to what a whole catalogue document says
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Uploads versions that are missing, publishes the newest of each template, shares it, and takes the versions that it
    replaces through their stages. They are deprecated, hidden, retired and deleted as the document says.
  - It authenticates once, lists the images of the catalogue once, whatever else the cloud holds, plans everything in
    memory with the planners of the single modules, and applies the differences side by side.
  - A version is verified and published before the one before it is deprecated, so that a template always has a current
    version that consumers can find.
  - What goes wrong with one version does not stop the others. The task fails at its end with all reasons, and the next
    run completes the work.
  - R(The reference of the document,ansible_collections.xloud.image.docsite.catalog_document) says what it may hold, and
    R(the guide to the lifecycle,ansible_collections.xloud.image.docsite.lifecycle) what becomes of a version.
options:
  catalog:
    description:
      - The templates and their versions, as C(image_catalog) in a document.
      - What it says wins over what O(files) say.
    type: dict
  defaults:
    description: What is merged under every template, as C(image_catalog_defaults) in a document.
    type: dict
  files:
    description:
      - Paths of documents in YAML or JSON, and of folders of them, which hold C(image_catalog) and
        C(image_catalog_defaults).
      - They are merged in their order. Of what two say of one template or of one version, the later wins.
    type: list
    elements: path
  source_directory:
    description: The folder that relative paths in a document start from.
    type: path
    default: .
  owner:
    description:
      - The project that owns the images of the catalogue, by name or id. Another one than that of the credentials takes
        an administrator.
    type: str
  purge:
    description:
      - Take versions that left the document through the stages. They are deprecated, retired on a later day once
        C(min_age) is over, and deleted only where C(stored) says so.
      - It concerns all images of the project that carry the marks of this collection. Documents that share a project
        have to be given together.
    type: bool
    default: false
  max_removals:
    description:
      - How many versions one run may retire or delete, so that a slip in a document stays small. Others have their turn
        in later runs. What is revoked does not count.
    type: int
    default: 10
  check_usage:
    description:
      - Ask the Compute and the Block Storage service, where the cloud has them, who uses a version before it is retired
        or deleted. While servers run from it, or there are volumes that were made of it, it is held back, as
        C(retention.while_used) in the document says, and later runs ask again. What is revoked is not held back.
      - Where a service does not tell, the version counts as used. To be told of all projects takes an administrator.
      - With V(false), nobody is asked.
    type: bool
    default: true
    version_added: 1.1.0
  workers:
    description: How many images are worked on at a time.
    type: int
    default: 2
  as_of:
    description:
      - The day to plan for and to record, such as V(2026-01-31). It is today, in UTC, unless given.
      - With check mode it says what a later day will bring.
    type: str
  plan_file:
    description: Write the plan to this file as JSON, in check mode too.
    type: path
  expect_plan:
    description:
      - The path of a plan that O(plan_file) wrote. Nothing is changed unless all that is to be done now is in it.
      - What was done of it already need not be done again, so that an interrupted run can be completed.
    type: path
  expect_digests:
    description:
      - The RV(digests) of a plan that was approved, where no file can be handed on. It is held to as O(expect_plan) is.
      - An empty dictionary is the approval of a plan that changes nothing.
    type: dict
  fail_on_drift:
    description: In check mode, fail if anything would change.
    type: bool
    default: false
  privatekey_passphrase:
    description: The passphrase of the private keys that images are signed with, as C(signature) in a document says.
    type: str
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.progress
  - xloud.image.usage
seealso:
  - module: xloud.image.image_catalog_info
  - module: xloud.image.image_template
  - module: xloud.image.image_visibility
  - module: xloud.image.image_member
  - ref: ansible_collections.xloud.image.docsite.lifecycle
    description: What becomes of a version.
  - ref: ansible_collections.xloud.image.docsite.catalog_document
    description: What a document may say.
  - ref: ansible_collections.xloud.image.docsite.security
    description: What credentials each operation takes.
"""

EXAMPLES = r"""
- name: Curate a catalogue
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog.yml]

- name: Write down what would be done, for somebody to approve
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
    plan_file: plan.json
  check_mode: true

- name: Do what was approved, and nothing else
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
    expect_plan: plan.json

- name: Plan, where the approved run shares no disk with this one
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
  check_mode: true
  register: planned

- name: Do what was approved
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
    expect_digests: "{{ planned.digests }}"

- name: Fail if the cloud is not as the catalogue says
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
    fail_on_drift: true
  check_mode: true

- name: Give the catalogue in the task itself
  xloud.image.image_catalog:
    cloud: mycloud
    source_directory: /srv/images
    catalog:
      ubuntu-24.04-base:
        visibility: community
        retention: {visible: 2, available: 4, min_age: 30d}
        versions:
          "1.0": {source: ubuntu-24.04-base-v1.0.qcow2, checksum: SHA256SUMS}
          "1.1": {source: ubuntu-24.04-base-v1.1.qcow2, checksum: SHA256SUMS}
"""

RETURN = r"""
plan:
  description:
    - What was done, or in check mode would be, one dictionary for each image that changes, in a stable order.
    - The same in check mode and in the run after it.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
  contains:
    name:
      description: The name of the image.
      type: str
    template:
      description: The template.
      type: str
    version:
      description: The version.
      type: str
    id:
      description: The id of the image, null for one that is created.
      type: str
    stage:
      description: The stage C(before) and C(after), null where there is no image.
      type: dict
    before:
      description: What is managed, as it was.
      type: dict
    after:
      description: What is managed, as it then is.
      type: dict
    actions:
      description: The steps, each with C(action) and C(reason).
      type: list
      elements: dict
  sample:
    - name: ubuntu-24.04-base-v1.0
      template: ubuntu-24.04-base
      version: "1.0"
      id: 0f3b8c52-3c1c-4f0e-9d6c-5b8a4d3c2e1f
      stage: {before: published, after: deprecated}
      before: {}
      after: {properties: {deprecated: "true", deprecated_since: "2026-01-31", replaced_by: ubuntu-24.04-base-v1.1}}
      actions:
        - action: update
          reason: "update ubuntu-24.04-base-v1.0: deprecate it, it is replaced by ubuntu-24.04-base-v1.1"
digests:
  description:
    - What an approval of RV(plan) can be held to, for O(expect_digests). One digest for each image that changes, by its
      name.
    - The same on every day, and as small in a large catalogue as in a small one for the same changes.
  returned: always, unless the task ends before it has a plan
  type: dict
  sample:
    ubuntu-24.04-base-v1.2: 1f0f9d1c3bd0ef0a9ea3e0ba0b9ee7b6c2a0c5b8e1f3d7a4960c2b1e8d5f7a30
summary:
  description:
    - How many C(images) there are, how many C(changed), C(failed), and are C(held) back.
    - C(stages) counts them by stage, C(actions) the steps by their kind.
  returned: always, unless the task ends before it has a plan
  type: dict
  sample:
    images: 2
    changed: 1
    failed: 0
    held: 0
    stages: {deprecated: 1, published: 1}
    actions: {update: 1}
current:
  description: The C(version), C(name) and C(id) of the current version of each template that has one.
  returned: always, unless the task ends before it has a plan
  type: dict
  sample:
    ubuntu-24.04-base: {version: "1.1", name: ubuntu-24.04-base-v1.1, id: 6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c}
versions:
  description:
    - One row for each version, the current one of its template first, then from the newest to the oldest.
    - A row is what P(xloud.image.table#filter) takes.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
  contains:
    name:
      description: The name of the image. C(template) and C(version) are its parts.
      type: str
    id:
      description: The id of the image, null where there is none.
      type: str
    stage:
      description: The stage that it is in, V(absent) where there is no image.
      type: str
    visibility:
      description: Who may see it.
      type: str
    size:
      description: The size of its data, in bytes. C(disk_format) is their format.
      type: int
    replaced_by:
      description: The name of the image to use instead.
      type: str
    changed:
      description: Whether anything was done to it, or in check mode would be.
      type: bool
    actions:
      description: The steps in words.
      type: list
      elements: str
    problem:
      description: Why it is not as the catalogue says, null where all is well.
      type: str
findings:
  description:
    - What a person should know of, each with C(kind), C(image) and C(message).
    - V(gate), V(protected), V(max_removals), V(in_use) and V(usage_unknown) keep a version from going further.
    - V(revoked_in_use) and V(retired_in_use) are versions that are taken out of use, and who uses them.
    - V(busy) is a version that another run is at work on, and that was left to it.
    - V(pin) and V(published) are words of the document that cannot be followed, V(frozen) is metadata that a published
      version does not take over, V(unlisted) an image of the catalogue that no document has, V(no_current) a template
      of which no version is the current one any more.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
usage:
  description:
    - Who uses the versions that are taken out of use, or would be. Nobody is asked of others.
    - Each has C(image), C(id), and what RV(xloud.image.image_catalog_info#module:templates) says of usage.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
  version_added: 1.1.0
  sample:
    - image: ubuntu-24.04-base-v1.0
      id: 0f3b8c52-3c1c-4f0e-9d6c-5b8a4d3c2e1f
      is_used: true
      servers: 1
      volumes: 0
      unknown: []
      projects:
        - project_id: 5b8a4d3c2e1f4f0e9d6c0f3b8c523c1c
          project: team-a
          servers: 1
          volumes: 0
          last_launched_at: "2026-01-12T10:11:12Z"
          launched_since_deprecation: 0
          resources:
            - kind: server
              id: 4c52f3b8-0d6c-4f0e-9e1f-2c5b8a4d3c1c
              name: web-1
              created_at: "2026-01-12T10:11:12Z"
              server_id: null
failures:
  description: The versions that are not as the catalogue says, each with C(image) and C(message).
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
requests:
  description: The requests that were sent to the cloud.
  returned: always, unless the task ends before it has a plan
  type: int
  sample: 4
bytes:
  description: The bytes of image data that were brought into the cloud, or in check mode would be as far as known.
  returned: always, unless the task ends before it has a plan
  type: int
  sample: 626524160
transfer:
  description:
    - What was moved. C(bytes), C(seconds) and C(rate) (bytes a second), and the same of each phase in C(phases).
    - In check mode, nothing.
  returned: always, unless the task ends before it has a plan
  type: dict
diff:
  description: What changes, before and after, by the names of the images. The same in check mode as in the run after.
  returned: always, unless the task ends before it has a plan
  type: dict
"""

from functools import partial

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options, usage_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.catalog import (
    SPECIFICATION,
    exit_with_catalog,
    wanted_catalog,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import (
    ImageModule,
    report_errors,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.catalog import read_catalog, read_sharing
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._cloud.sharing import missing_projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import read_signatures
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._data.catalog import read_sources
from ansible_collections.xloud.image.plugins.module_utils._data.documents import read_documents, read_plan, write_plan
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._model.run import Facts
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import (
    absentees,
    gated,
    plan_with_answers,
    readings,
    signings,
    with_strays,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.result import as_plan_file, check_expected


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params, workers = module.params, module.params["workers"]
    with report_errors(module):
        documents, approved = read_documents(params["files"] or ()), read_plan(params["expect_plan"])
        module.hide(documents)
        asked = wanted_catalog(params, documents, module.check_mode)
        session = connect(connection_options(params))
        asked, images = read_catalog(session, asked, params["owner"], absentees)
        wanted = with_strays(asked, images)
        reads = read_sources(readings(wanted, images), workers)
        reads, faults = read_signatures(session, reads, signings(wanted, images, reads), gated(wanted, images))
        facts = Facts(images, reads, *read_sharing(session, wanted, images, workers), faults)
        ask = UsageReader(session, usage_options(params)).read
        plan = plan_with_answers(wanted, facts, partial(missing_projects, session), ask)
        write_plan(params["plan_file"], as_plan_file(plan, session.cloud, wanted.today))
        check_expected(plan, wanted.today, approved, params["expect_digests"])
        applier = Applier(session, timeout=params["timeout"], progress=Progress(params["progress_file"]))
        outcomes = {} if module.check_mode else run_steps(applier, plan.steps, workers)
        exit_with_catalog(module, plan, wanted.today, outcomes, session.requests, applier.progress.as_result())


if __name__ == "__main__":
    main()
