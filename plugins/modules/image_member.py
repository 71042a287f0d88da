#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_member
short_description: Share an image with projects, and answer shares
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - With O(members), makes projects members of a shared image, or no longer, from the side of the owner.
  - With O(status) and without O(members), accepts or rejects a share, from the side of the project that it is for.
  - With O(member_clouds), does both in one task.
  - A project finds the image in its lists once it has accepted the share.
options:
  members:
    description:
      - Projects, by name or id. The Image service takes any text for a project, so each is looked up.
      - Names are found by administrators, by users that have a role in the project, and where O(member_clouds) has its
        credentials. Ids always will do.
    type: list
    elements: str
  state:
    description: With V(present), O(members) are members of the image. With V(absent), they are not.
    type: str
    choices: [present, absent]
    default: present
  exact:
    description: No other project is a member. With an empty list of O(members), none is.
    type: bool
    default: false
  make_shared:
    description:
      - Set the visibility to V(shared) where it is another one. Only shared images have members.
      - Members from when the image was shared before would be back. They are removed, so that the image is shared
        with those whom the task names and with nobody else.
    type: bool
    default: false
  status:
    description:
      - The answer to the share. Only the project that the image is shared with can give it.
      - With O(member_clouds), it is V(accepted) unless given.
    type: str
    choices: [pending, accepted, rejected]
  member_clouds:
    description:
      - The credentials of members, by the name or id that O(members) has for them. Each is the name of a cloud in
        C(clouds.yaml), or the configuration of a cloud.
    type: dict
extends_documentation_fragment:
  - xloud.image.attributes
  - xloud.image.connection
  - xloud.image.image_reference
seealso:
  - module: xloud.image.image_visibility
  - module: xloud.image.image_catalog_info
    description: Tells which shares nobody has answered.
  - ref: ansible_collections.xloud.image.docsite.sharing
    description: Shares from both sides, and what members see.
"""

EXAMPLES = r"""
- name: Share an image with two projects, and with no other
  xloud.image.image_member:
    cloud: mycloud
    image: rocky-9-nginx-v1.0
    members: [team-a, team-b]
    exact: true
    make_shared: true

- name: Accept it as one of them
  xloud.image.image_member:
    cloud: cloud-of-team-a
    image: rocky-9-nginx-v1.0
    status: accepted

- name: Share and accept in one task
  xloud.image.image_member:
    cloud: mycloud
    image: rocky-9-nginx-v1.0
    members: [team-a]
    member_clouds:
      team-a: cloud-of-team-a

- name: Take the share away again
  xloud.image.image_member:
    cloud: mycloud
    image: rocky-9-nginx-v1.0
    members: [team-b]
    state: absent
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
    visibility: shared
actions:
  description:
    - What was done, or in check mode what would be, in its order. Empty if nothing had to be.
    - If the task fails half way, this is what was done before.
  returned: always
  type: list
  elements: dict
  sample:
    - action: add_member
      image: rocky-9-nginx-v1.0
      reason: "share rocky-9-nginx-v1.0 with team-a (4f2b6a0c1d3e5f708192a3b4c5d6e7f8): it is no member yet"
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
    before:
      members: {}
      visibility: shared
    after:
      members:
        4f2b6a0c1d3e5f708192a3b4c5d6e7f8: pending
      visibility: shared
members:
  description:
    - The members of the image, or in check mode as they would be, sorted by project.
    - From the side of a member, this is that member alone.
  returned: success
  type: list
  elements: dict
  sample:
    - project_id: 4f2b6a0c1d3e5f708192a3b4c5d6e7f8
      status: accepted
  contains:
    project_id:
      description: The id of the project.
      type: str
    status:
      description: Its answer to the share, V(pending), V(accepted) or V(rejected).
      type: str
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options, today
from ansible_collections.xloud.image.plugins.module_utils._ansible.member import (
    SPECIFICATION,
    check_member_options,
    is_answer,
    wanted_members,
)
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
from ansible_collections.xloud.image.plugins.module_utils._cloud.sharing import (
    check_additions,
    connect_members,
    resolve_members,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.member import plan_answer, plan_members
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import pick


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params = module.params
    with report_errors(module):
        check_member_options(params)
        consumers = connect_members(params["member_clouds"] or {})
        session = connect(connection_options(params))
        images, owner = Images(session), Projects(session).owner(params["owner"])
        if is_answer(params):
            image = pick(params["image"], images.find_shared(params["image"], owner))
            member = Members(session).get(image, session.project_id)
            plan, members = plan_answer(image, member, session.project, params["status"])
        else:
            image = pick(params["image"], images.find(params["image"], owner))
            wanted = wanted_members(params, resolve_members(session, params["members"], consumers), today())
            plan, members = plan_members(wanted, image, Members(session).list(image))
            check_additions(session, plan)
        by_id = {consumer.project_id: consumer for consumer in consumers.values()}
        result = plan.image if module.check_mode else Applier(session, by_id).apply(plan)
        exit_with(module, plan, result, members=[each.as_result() for each in members])


if __name__ == "__main__":
    main()
