# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Neutron of servers without networks: it has nothing of whatever it is asked for. Nova asks it all the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    # /v2.0/ports and /v2.0/security-groups: what is asked for is the key of the answer as well.
    kind = environ["PATH_INFO"].rstrip("/").rpartition("/")[2].removesuffix(".json").replace("-", "_")
    version = {"id": "v2.0", "status": "CURRENT", "links": []}
    found = {kind: []} if kind else {"versions": [version]}
    reading = environ["REQUEST_METHOD"] == "GET"
    body = json.dumps(found if reading else {"NeutronError": "The sandbox has no networks."}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK" if reading else "501 Not Implemented", headers)
    return [body]
