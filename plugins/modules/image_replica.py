#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_replica
short_description: Keep the same images in a cloud as in another one, or as in a folder of exports
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Makes a project of a cloud have the same versions as another cloud or region, or as a folder that
    M(xloud.image.image_export) filled. They have the same data, the same metadata, the same stage and the same members.
  - Only what is missing is transferred, by the cheapest way that both ends offer, and verified by the hash of the
    original. A second run moves no data and changes nothing.
  - An image is a version if its name says so and it carries the marks of this collection. Others are passed over.
  - Images of the target that have no original are left alone, and so are the properties, the tags and the members that
    a replica has and its original has not. Of the properties of the lifecycle, such as C(deprecated), a replica has
    those of the original alone.
  - A version leaves the lists of the target only once the version that takes its place is on offer there.
  - What servers or volumes of the target use is not taken away from them because the original was retired. See
    O(check_usage).
  - What goes wrong with one image does not stop the others. The task fails at its end with all reasons, and the next
    run completes the work.
options:
  source_directory:
    description:
      - A folder of exported images, each with its sidecar C(<file>.json) beside it.
      - What was converted when it was exported is verified by the C(SHA256SUMS) of the folder.
    type: path
  source_cloud:
    description: The cloud that has the originals, by its name in C(clouds.yaml) or as a dictionary.
    type: raw
  source_region_name:
    description: The region that has the originals. Alone, it is one of the cloud of the connection options.
    type: str
  source_owner:
    description: The project that owns the originals, by name or id, unless it is that of the credentials.
    type: str
  images:
    description: The names of the images. C(*), C(?) and C([...]) stand for others, as in C(ubuntu-24.04-*).
    type: list
    elements: str
    default: ["*"]
  owner:
    description:
      - The project that owns the replicas, by name or id. Another one than that of the credentials takes an
        administrator.
    type: str
  visibility:
    description:
      - Take the replicas to the stage of their originals. It concerns who may see them, whether they are hidden,
        protected or deactivated, and the properties of the lifecycle.
      - Else new ones stay private, and the others are left in theirs.
      - To make an image public takes an administrator. For anybody else it is an error of that image.
    type: bool
    default: true
  members:
    description:
      - Share the replicas with the projects that the originals are shared with.
      - An administrator also gives the answers that these projects gave, unless they gave their own here. For anybody
        else, an answer that is lacking is an error of that image.
    type: bool
    default: true
  projects:
    description:
      - The projects of the target by those of the source that they stand for, all by their names or ids.
      - With null, the replicas are not shared with what would be that project.
      - Projects that are not named have the same id here, as in another region of the same cloud.
      - In a folder, projects have no names. Give their ids.
    type: dict
  certificates:
    description:
      - The ids that the certificates of signatures have in the target by those that they have in the source.
      - With null, the replicas of images that are signed with it are not signed.
      - Certificates that are not named have the same id here, as in another region that shares the Key Manager. See
        M(xloud.image.image_certificate).
    type: dict
  import_method:
    description: How the data gets into the target, as in O(xloud.image.image_template#module:import_method).
    type: str
    choices: [auto, direct, glance-direct, web-download, glance-download]
    default: auto
  stores:
    description: The stores of the target that the data is to be in, those of its choice unless given.
    type: list
    elements: str
  all_stores:
    description: Put the data into all stores of the target that can be written to.
    type: bool
    default: false
  max_virtual_size:
    description:
      - The largest disk that a new replica may have, as in O(xloud.image.image_template#module:max_virtual_size).
      - A larger one is an error of that image.
    type: str
  check_usage:
    description:
      - Ask the Compute and the Block Storage service of the target, where it has them, who uses a replica before it is
        deactivated, or made V(private), as its original is. While servers run from it, or there are volumes that were
        made of it, it is held back, and later runs ask again. It is hidden, and has all else of its original but the
        visibility, the status and the day of the retirement. What is revoked is not held back.
      - Where a service does not tell, the replica counts as used. To be told of all projects takes an administrator.
      - With V(false), nobody is asked. Nor is anybody with O(visibility=false), which takes nothing away.
    type: bool
    default: true
    version_added: 1.1.0
  workers:
    description: How many images are worked on at a time.
    type: int
    default: 2
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.progress
  - xloud.image.usage
seealso:
  - module: xloud.image.image_export
  - module: xloud.image.image_catalog
  - module: xloud.image.image_template
  - ref: ansible_collections.xloud.image.docsite.export
    description: Recipes for backups, other clouds and other hypervisors.
"""

EXAMPLES = r"""
- name: Restore a catalogue from a folder of exports
  xloud.image.image_replica:
    cloud: mycloud
    source_directory: /backup/images

- name: Restore one template into another project, as an administrator
  xloud.image.image_replica:
    cloud: mycloud-admin
    owner: team-a
    source_directory: /backup/images
    images: ["ubuntu-24.04-base-v*"]

- name: Have the same images in another region
  xloud.image.image_replica:
    cloud: mycloud
    region_name: RegionTwo
    source_region_name: RegionOne

- name: Have the same images in another cloud, whose projects have other ids
  xloud.image.image_replica:
    cloud: othercloud
    source_cloud: mycloud
    projects:
      team-a: customers-a
      team-b: null
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
      description: The id of the image in the target, null for one that is created.
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
summary:
  description:
    - How many C(images) there are, how many C(changed), and how many C(failed).
    - C(stages) counts them by stage, C(actions) the steps by their kind.
  returned: always, unless the task ends before it has a plan
  type: dict
  sample:
    images: 2
    changed: 1
    failed: 0
    stages: {deprecated: 1, published: 1}
    actions: {create: 1, update: 1}
current:
  description: The C(version), C(name) and C(id) of the current version of each template that has one in the target.
  returned: always, unless the task ends before it has a plan
  type: dict
  sample:
    ubuntu-24.04-base: {version: "1.1", name: ubuntu-24.04-base-v1.1, id: 6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c}
versions:
  description:
    - One row for each image, the current version of its template first, then from the newest to the oldest.
    - A row is what P(xloud.image.table#filter) takes.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
  contains:
    name:
      description: The name of the image, or of a file that is no image. C(template) and C(version) are its parts.
      type: str
    id:
      description: The id of the replica, null where there is none.
      type: str
    stage:
      description: The stage that it is in, V(absent) where there is no replica.
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
      description: Why it is not as its original, null where all is well.
      type: str
findings:
  description:
    - What a person should know of, each with C(kind), C(image) and C(message).
    - V(busy) is an image that another run is at work on, and that was left to it.
    - V(in_use) and V(usage_unknown) are replicas that are held back, since somebody uses them, or may.
    - V(revoked_in_use) is a replica that is taken out of use all the same, and who uses it.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
usage:
  description:
    - Who uses the replicas that are taken out of use, or would be. Nobody is asked of others.
    - Each has C(image), C(id), and what RV(xloud.image.image_catalog_info#module:templates) says of usage.
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
  version_added: 1.1.0
failures:
  description: The images that are not as their originals, each with C(image) and C(message).
  returned: always, unless the task ends before it has a plan
  type: list
  elements: dict
requests:
  description: The requests that were sent to both clouds.
  returned: always, unless the task ends before it has a plan
  type: int
  sample: 6
bytes:
  description: The bytes of image data that were brought into the target, or in check mode would be.
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

import dataclasses
import functools

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options, usage_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.replica import (
    SPECIFICATION,
    exit_with_replicas,
    source_options,
    wanted_replica,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import ImageModule, report_errors
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.replica import (
    applier_of,
    read_originals,
    read_projects,
    read_replicas,
    sum_of_requests,
    with_target,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._cloud.sharing import missing_projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._data.bundle import read_bundles
from ansible_collections.xloud.image.plugins.module_utils._data.catalog import read_sources
from ansible_collections.xloud.image.plugins.module_utils._plan.replica import (
    originals_of,
    plan_with_answers,
    readings,
)


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params, workers = module.params, module.params["workers"]
    with report_errors(module):
        asked, options = wanted_replica(params), source_options(params)
        session, source = connect(connection_options(params)), connect(options) if options else None
        wanted = with_target(session, asked, params)
        originals = (
            read_originals(source, wanted, params["source_owner"], originals_of)
            if source
            else read_bundles(params["source_directory"], wanted)
        )
        projects = read_projects(session, source, params["projects"] or {}, originals)
        facts = read_replicas(session, originals, wanted, projects)
        facts = dataclasses.replace(facts, reads=read_sources(readings(originals, facts.images, wanted), workers))
        ask = UsageReader(session, usage_options(params)).read
        plan = plan_with_answers(originals, wanted, facts, functools.partial(missing_projects, session), ask)
        applier = applier_of(session, source, params)
        outcomes = {} if module.check_mode else run_steps(applier, plan.steps, workers)
        exit_with_replicas(module, plan, outcomes, sum_of_requests(session, source), applier.progress.as_result())


if __name__ == "__main__":
    main()
