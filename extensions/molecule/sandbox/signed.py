# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print data, their signature as Glance wants it, and the certificate as Barbican does, as JSON."""

import base64
import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

DATA = "what was signed"
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)

key = rsa.generate_private_key(65537, 2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "xloud.image scenario")])
now = datetime.datetime.now(datetime.UTC)
certificate = (
    x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    .not_valid_before(now)
    .not_valid_after(now + datetime.timedelta(days=1))
    .sign(key, hashes.SHA256())
)
signed = {
    "data": DATA,
    "signature": base64.b64encode(key.sign(DATA.encode(), PSS, hashes.SHA256())).decode(),
    "certificate": base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode(),
}
print(json.dumps(signed))
