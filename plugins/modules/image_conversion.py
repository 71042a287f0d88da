#!/usr/bin/python
# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_conversion
short_description: Turn the image definitions of another tool into a catalogue document
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Reads tasks of M(openstack.cloud.image), or the definitions of osism's C(openstack-image-manager), and writes the
    document that M(xloud.image.image_catalog) brings a cloud to.
  - What has no place in such a document, or no equal one, is a note in RV(notes) and a comment in the file. Nothing is
    left out in silence.
  - It reads files and writes one. No cloud is asked, so that it has no options of a connection.
  - What is encrypted, or computed by an expression that only a run can resolve, is not guessed. Neither credentials of
    the tasks nor passwords of the definitions get into the document, the notes, or the diff.
options:
  source:
    description:
      - The file to convert, or the folder whose files are, those of folders in it too.
      - Of tasks, a folder is better. Variables that its files define, such as C(group_vars) and C(defaults), are known.
    type: path
    required: true
  format:
    description:
      - What the files hold. V(openstack_cloud) is playbooks and files of tasks, V(osism) is definitions.
      - It is found out unless given.
    type: str
    choices: [openstack_cloud, osism]
  names:
    description:
      - Templates, such as V(ubuntu-24.04-base), or images of them, such as V(ubuntu-24.04-base-v1.2), by what the
        source calls its images.
      - Only images that have to be called otherwise than is suggested need one, and those of which the name makes no
        template.
    type: dict
    default: {}
  output:
    description: The document to write. Its folder has to exist.
    type: path
    required: true
  force:
    description:
      - Overwrite a file that holds something else. Without it, such a file is an error, since somebody may have gone on
        writing it.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and say what would change without changing it.
  diff_mode:
    support: full
    description: Returns what has changed, or in check mode would change. Both are the same text.
  idempotent:
    support: full
    description: The second run in a row changes nothing.
requirements:
  - PyYAML
seealso:
  - module: xloud.image.image_catalog
"""

EXAMPLES = r"""
- name: Convert the tasks of a role, with its variables
  xloud.image.image_conversion:
    source: roles/images
    output: catalog/images.yml

- name: Convert definitions of osism, and name one image otherwise
  xloud.image.image_conversion:
    source: etc/images
    format: osism
    names:
      Garden Linux: garden-linux-1877-base
    output: catalog/images.yml
  register: conversion

- name: Print what has no place in the document
  ansible.builtin.debug:
    msg: "{{ (conversion.notes | xloud.image.table(['place', 'subject', 'key', 'message', 'advice'])).splitlines() }}"
"""

RETURN = r"""
output:
  description: The file.
  returned: success
  type: str
format:
  description: What the files held.
  returned: success
  type: str
  sample: osism
document:
  description: The document, by C(image_catalog_defaults), if there are any, and C(image_catalog).
  returned: success
  type: dict
images:
  description: What becomes of each image that is in the document.
  returned: success
  type: list
  elements: dict
  contains:
    before:
      description: What the source, and with it the cloud, calls the image today.
      type: str
      sample: Ubuntu 24.04
    name:
      description: What the image of the catalogue is called.
      type: str
      sample: ubuntu-24.04-base-v20240830.0
    template:
      description: The template that it is a version of.
      type: str
    version:
      description: The version.
      type: str
    place:
      description: The file and the line that describe it.
      type: str
notes:
  description: What has no place in the document, or no equal one. Notes that say the same of several images are one.
  returned: success, and when none of the images can be in a document
  type: list
  elements: dict
  contains:
    place:
      description: The file and the line of the first of the images.
      type: str
      sample: tasks/main.yml:12
    subject:
      description: What it is about, in words. It is empty where the note is about no certain image.
      type: str
      sample: Debian 12, Debian 13, Ubuntu 22.04 and 14 more
    images:
      description: What the source calls the images. It is empty where the note is about no certain image.
      type: list
      elements: str
    key:
      description: The key or option.
      type: str
    message:
      description: What becomes of it.
      type: str
    advice:
      description: What to do. It is empty where nothing needs to be done.
      type: str
"""

from ansible_collections.xloud.image.plugins.module_utils._ansible.conversion import (
    SPECIFICATION,
    check_document,
    check_output,
    exit_with_conversion,
    wanted_names,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import ImageModule, report_errors
from ansible_collections.xloud.image.plugins.module_utils._data.conversion import (
    read_output,
    read_source,
    render,
    write_output,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.conversion import convert


def main() -> None:
    module = ImageModule(**SPECIFICATION)
    params = module.params
    with report_errors(module):
        conversion = convert(read_source(params["source"]), params["format"], wanted_names(params))
        check_document(conversion)
        before, after = read_output(params["output"]), render(conversion, params["source"])
        check_output(params, before, after)
        if before != after and not module.check_mode:
            write_output(params["output"], after)
        exit_with_conversion(module, conversion, before, after)


if __name__ == "__main__":
    main()
