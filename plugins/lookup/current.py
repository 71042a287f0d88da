# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: current
short_description: The current version of a template
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Answers the ids of the images that servers of today should be made from, for any project that templates are offered
    to, by its own credentials.
  - The current version of a template is the newest one that is on offer and active, and neither deprecated nor hidden
    nor revoked. After a rollback it is the one that was rolled back to.
  - An image belongs to a template if its properties C(xloud_image_template) and C(xloud_image_version) say so and its
    name says the same.
  - That no version is current is an error that says why, such as a share that has not been accepted.
options:
  _terms:
    description: The names of templates.
    type: list
    elements: str
    required: true
  cloud:
    description:
      - The name of a cloud in C(clouds.yaml), or the configuration of one as a dictionary.
      - Unless given, it is the cloud that E(OS_CLOUD) names, or the only one in C(clouds.yaml).
    type: raw
    vars:
      - name: xloud_image_cloud
  owner:
    description:
      - The project that offers the templates, by id. Its name will do for administrators, and for users that have a
        role in it.
      - Any project may publish community images that look like versions of a template. Images of several projects are
        an error that names them, never a choice. That only one project offers a template does not make it the right
        one, so give the project that you trust wherever that matters.
    type: str
    vars:
      - name: xloud_image_owner
  visibility:
    description:
      - The visibility that the image has to have.
      - By default only administrators can make an image V(public), and only members that accepted a share find a
        V(shared) one.
    type: str
    choices: [shared, community, public]
  as_of:
    description:
      - Answer the version that was the current one on this day, such as V(2026-01-31), as far as the images record it
        in C(published_since) and C(deprecated_since). A rollback leaves no record once it is taken back.
      - A version that was retired or revoked since is not answered, nor is another one in its place.
    type: str
  whole:
    description: Answer whole images rather than ids.
    type: bool
    default: false
extends_documentation_fragment:
  - xloud.image.connection
notes:
  - It runs on the controller, and authenticates each time that it is evaluated. Ansible evaluates a variable each time
    that it is used, so set a fact with M(ansible.builtin.set_fact) where one answer is used more than once, and ask for
    several templates at a time.
  - It takes one authentication and one request a template, two with O(as_of). Why no version is current takes up to
    three more. Each template has a listing of its own, since the tag C(xloud.image), which would find all in one, finds
    all other templates of a cloud too, and the Image service compares a property with one value at a time.
  - C(openstack.cloud.server) looks for its image in the list that the Image service gives by default, even by id. It
    does not find community images of other projects there, although the cloud starts servers from them.
seealso:
  - module: xloud.image.image_catalog
  - module: xloud.image.image_catalog_info
  - module: xloud.image.image_member
  - ref: ansible_collections.xloud.image.docsite.lifecycle
    description: What becomes of a version.
  - ref: ansible_collections.xloud.image.docsite.sharing
    description: Shares from both sides, and what members see.
  - ref: ansible_collections.xloud.image.docsite.consumers
    description: What other tools find in each stage.
"""

EXAMPLES = r"""
- name: Start a server from the current version
  openstack.cloud.server:
    name: web1
    image: "{{ lookup('xloud.image.current', 'ubuntu-24.04-base', cloud='cloud-of-team-a', owner=catalogue_project) }}"
    flavor: small
    network: internal

- name: Ask for several templates at once, as a list of ids
  ansible.builtin.set_fact:
    image_ids: "{{ query('xloud.image.current', 'ubuntu-24.04-base', 'rocky-9-nginx', owner=catalogue_project) }}"

- name: Show which version it is
  ansible.builtin.debug:
    msg: "{{ lookup('xloud.image.current', 'ubuntu-24.04-base', whole=true).name }}"

- name: Build again what was built on a day
  ansible.builtin.set_fact:
    image_id: "{{ lookup('xloud.image.current', 'ubuntu-24.04-base', as_of='2026-01-31') }}"

- name: Go on with another template where there is none
  ansible.builtin.set_fact:
    image_id: >-
      {{ lookup('xloud.image.current', 'ubuntu-26.04-base', errors='ignore')
         or lookup('xloud.image.current', 'ubuntu-24.04-base') }}
"""

RETURN = r"""
_raw:
  description:
    - The ids of the images, one for each template in its order.
    - With O(whole=true), the images as M(xloud.image.image_visibility) returns them as C(image), dictionaries of C(id),
      C(name), C(owner), C(visibility), C(min_disk), C(properties) and so on.
  type: list
  elements: raw
  sample: [6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c]
"""

import dataclasses
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import connection_options
from ansible_collections.xloud.image.plugins.module_utils._ansible.lookup import check_known, wanted_current
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import missing_library
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._model.current import WantedCurrent
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError, NotFoundError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._plan.current import choose, explain


class LookupModule(LookupBase):
    """Looks up current images."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """
        Return the ids of the current images of templates, or the images.

        :raises AnsibleLookupError: A template has none, or the cloud cannot be asked.
        """
        try:
            check_known(kwargs, self.option_definitions)
            self.set_options(var_options=variables, direct=kwargs)
            options = self.get_options()
            images = _current(self._flatten(terms), options)
        except ImageError as exc:
            # Ansible adds the messages of causes, which ours have in them already.
            raise AnsibleLookupError(exc.message) from None
        except ImportError as exc:
            raise AnsibleLookupError(missing_library(exc)) from None
        return [image.as_result() if options["whole"] else image.id for image in images]


def _current(templates: list[t.Any], options: t.Mapping[str, t.Any]) -> list[Image]:
    wanted = wanted_current(templates, options)
    if not wanted:
        return []
    session = connect(connection_options(options))
    owner = Projects(session).resolve(options["owner"], "owner").id if options["owner"] else None
    return [_find(session, dataclasses.replace(each, owner=owner)) for each in wanted]


def _find(session: Session, wanted: WantedCurrent) -> Image:
    images = Images(session)
    offered = images.offered(wanted.template, wanted.owner, wanted.visibility, hidden=wanted.as_of is not None)
    found = choose(wanted, offered)
    if found is None:
        known = images.known(wanted.template)
        share = choose(wanted, known)
        member = Members(session).get(share, session.project_id) if share else None
        raise NotFoundError(explain(wanted, known, share, member.status if member else "pending"))
    return found
