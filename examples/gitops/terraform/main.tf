# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

resource "openstack_compute_instance_v2" "web" {
  name        = "web"
  flavor_name = "m1.small"
  image_id    = var.image_ids["ubuntu-24.04-base"]

  lifecycle {
    # A new image is for new servers. Without this, Terraform would rebuild the running one, disk and all.
    ignore_changes = [image_id]
  }
}
