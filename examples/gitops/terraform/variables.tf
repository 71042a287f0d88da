# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Terraform reads it from image_ids.auto.tfvars.json, which the pipeline of the images writes.
variable "image_ids" {
  description = "The ids of the current images, by the names of their templates."
  type        = map(string)
}
