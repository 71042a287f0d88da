#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_visibility
short_description: Set who may see an image and whether it is offered
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Takes one image through its stages. It publishes, deprecates, hides, retires, and brings back.
  - Only what is asked for is touched. An option that is not set leaves the cloud alone.
  - All changes of attributes and properties are one request, so that no half of it can happen.
  - The date of the first publication is kept in the property C(published_since). From then on
    M(xloud.image.image_template) treats content and metadata as immutable.
options:
  visibility:
    description:
      - Who may see the image.
      - V(private) is the project that owns it. V(shared) is its members too. V(community) is everybody who knows the
        id. V(public) is everybody, in lists as well, and by default takes an administrator.
      - The Image service keeps the members of an image that is shared no longer. They are back once it is again.
    type: str
    choices: [private, shared, community, public]
  hidden:
    description: Whether lists leave the image out. It stays usable by id, so that servers can be rebuilt.
    type: bool
  protected:
    description: Whether the image is protected against deletion.
    type: bool
  active:
    description:
      - Whether the data of the image can be used. With V(false) no new server starts from it. Running servers are
        untouched.
    type: bool
  deprecated:
    description:
      - Whether the image is marked as superseded, by the properties C(deprecated), C(deprecated_since),
        C(replaced_by) and C(deprecated_reason). It stays listed and usable.
      - With V(false) all of them are removed.
    type: bool
  replaced_by:
    description:
      - With O(deprecated=true) or O(revoked=true), the name or id of the image to use instead. It has to be on offer
        already.
    type: str
  reason:
    description: With O(deprecated=true) or O(revoked=true), why, in words for those who use the image.
    type: str
  revoked:
    description:
      - Take the image out of use at once, because nobody may use it any more. It becomes V(private), hidden,
        deactivated and deprecated, whoever loses it by that, and the day is kept in the property C(revoked_since).
      - A revoked image is offered again only with V(false).
    type: bool
  retire_on:
    description:
      - The announced day, such as V(2027-04-30), from which on M(xloud.image.image_catalog) retires the image, if its
        document says the same. An empty text takes the announcement off.
    type: str
  delete_on:
    description:
      - The announced day, such as V(2027-10-31), from which on M(xloud.image.image_catalog) deletes the image, if its
        document says the same. An empty text takes the announcement off.
    type: str
  allow_lockout:
    description: Make a shared image V(private) although its members lose it.
    type: bool
    default: false
  check_usage:
    description:
      - Ask the Compute and the Block Storage service, where the cloud has them, who uses the image before it is
        retired, which is to make it V(private) and to deactivate it. While servers run from it, or there are volumes
        that were made of it, it is not retired.
      - Where a service does not tell, the image counts as used. To be told of all projects takes an administrator.
      - With V(false), nobody is asked. Nor is anybody of an image that is only made V(private), or only deactivated.
      - What is O(revoked) is taken out of use whoever uses it. RV(usage) says whom it hits.
    type: bool
    default: true
    version_added: 1.1.0
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.image_reference
  - xloud.image.usage
seealso:
  - module: xloud.image.image_template
  - module: xloud.image.image_member
  - ref: ansible_collections.xloud.image.docsite.lifecycle
    description: What becomes of a version.
"""

EXAMPLES = r"""
- name: Publish a version to everybody who knows its id
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.2
    visibility: community

- name: Mark the version before as superseded
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.1
    deprecated: true
    replaced_by: ubuntu-24.04-base-v1.2
    reason: Security updates of January 2026

- name: Leave an old version out of lists
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.0
    hidden: true

- name: Retire it, so that no new server starts from it
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.0
    visibility: private
    active: false
    allow_lockout: true

- name: Retire it whoever uses it
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.0
    visibility: private
    active: false
    allow_lockout: true
    check_usage: false

- name: Take a version out of use at once
  xloud.image.image_visibility:
    cloud: mycloud
    image: ubuntu-24.04-base-v1.1
    revoked: true
    reason: The image has a key of its builder in it
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
    stage: deprecated
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
    - action: update
      image: ubuntu-24.04-base-v1.1
      reason: "update ubuntu-24.04-base-v1.1: deprecated true, deprecated_since 2026-01-31"
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
usage:
  description:
    - Who uses the image, where it is taken out of use. Null otherwise.
    - RV(xloud.image.image_catalog_info#module:templates) says what it holds.
  returned: success
  type: dict
  version_added: 1.1.0
diff:
  description: What the task manages, before and after. The same in check mode and in the run after it.
  returned: success
  type: dict
  sample:
    before: {}
    after:
      properties:
        deprecated: "true"
        deprecated_since: "2026-01-31"
        replaced_by: ubuntu-24.04-base-v1.2
"""


from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    connection_options,
    today,
    usage_options,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import (
    ImageModule,
    exit_with,
    report_errors,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.visibility import SPECIFICATION, wanted_visibility
from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import pick
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import (
    as_result,
    check_removal,
    whom_it_hits,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.visibility import (
    needs_members,
    needs_replacement,
    plan_visibility,
)


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params = module.params
    with report_errors(module):
        wanted = wanted_visibility(params, today())
        session = connect(connection_options(params))
        images = Images(session)
        image = pick(params["image"], images.find(params["image"], Projects(session).owner(params["owner"])))
        members = Members(session).list(image) if needs_members(wanted, image) else ()
        replacement = None
        if needs_replacement(wanted, image):
            replacement = pick(params["replaced_by"], images.find(params["replaced_by"], image.owner))
        plan = plan_visibility(wanted, image, members, replacement)
        ask = UsageReader(session, usage_options(params)).read
        usage = check_removal(plan, [image], ask)
        result = plan.image if module.check_mode else Applier(session).apply(plan)
        usage = usage or whom_it_hits(plan, [image], ask)
        exit_with(module, plan, result, usage=as_result(usage, image) if usage else None)


if __name__ == "__main__":
    main()
