# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures that the real Image service verifies, by certificates in the real Key Manager."""

from __future__ import annotations

import hashlib
import random
import subprocess

import pytest
from conftest import CLOUDS_FILE, Cloud
from fault_proxy import Fault

from ansible_collections.xloud.image.tests.unit.fakes.keys import pair, verifies

CLOUD = "sandbox-operator"
PASSPHRASE = "a passphrase of the key"
PROPERTIES = ("img_signature_key_type", "img_signature_hash_method", "img_signature")
KINDS = {"rsa": "RSA-PSS", "p384": "ECC_SECP384R1", "p521": "ECC_SECP521R1"}
DATA = random.Random(5).randbytes(3 * 1024**2)
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "base.raw"
    path.write_bytes(DATA)
    return str(path)


@pytest.fixture
def files(tmp_path):
    """The paths of a certificate and of its private key."""

    def write(kind="rsa", number=0):
        certificate, key = tmp_path / f"{kind}-{number}.crt", tmp_path / f"{kind}-{number}.pem"
        certificate.write_bytes(pair(kind, number).pem)
        key.write_bytes(pair(kind, number).private(PASSPHRASE))
        return str(certificate), str(key)

    return write


@pytest.fixture
def signer(files, name, run_here):
    """How to sign with a certificate that the Key Manager has."""

    def store(kind="rsa", cloud=CLOUD, **settings):
        certificate, key = files(kind)
        stored = run_here("image_certificate", cloud, name=name, path=certificate).result
        private = {"privatekey_path": key, "privatekey_passphrase": PASSPHRASE}
        return {"certificate_uuid": stored["certificate"]["id"], **private, **settings}

    return store


def failure(outcome):
    assert outcome.result.get("failed"), outcome.result
    return outcome.result["msg"]


def verified(image_id):
    """Whether the Image service says that it verified an image."""
    log = (CLOUDS_FILE.parent / "log/image.log").read_text()
    return f"Successfully verified signature for image {image_id}" in log


def test_a_certificate_is_stored_once(name, files, run_here):
    certificate, _key = files()
    options = {"name": name, "path": certificate}
    checked = run_here("image_certificate", CLOUD, check=True, **options).result
    done, again = (run_here("image_certificate", CLOUD, **options).result for _run in range(2))
    assert [each["changed"] for each in (checked, done, again)] == [True, True, False]
    assert done["certificate"] == again["certificate"]
    renewed = run_here("image_certificate", CLOUD, name=name, path=files(number=1)[0]).result
    assert renewed["changed"]
    assert renewed["superseded"] == [done["certificate"]["id"]]


def test_a_reader_may_store_none(name, files, run_here):
    message = failure(run_here("image_certificate", "sandbox-reader", name=name, path=files()[0]))
    assert "the Key Manager answered 403" in message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hash_method", ["SHA-256", "SHA-512"])
@pytest.mark.parametrize("declared", [True, False], ids=["before", "staged"])
def test_what_is_signed_is_verified_as_it_arrives(
    declared, hash_method, kind, name, source, signer, run_here, operator, requests_seen
):
    algorithm = hash_method.lower().replace("-", "")
    checksum = {"checksum": f"{algorithm}:{hashlib.new(algorithm, DATA).hexdigest()}"} if declared else {}
    options = {"name": name, "source": source, "signature": signer(kind, hash_method=hash_method), **checksum}
    checked = run_here("image_template", CLOUD, check=True, **options).result
    requests_seen.take()
    done = run_here("image_template", CLOUD, **options).result
    assert not done.get("failed"), done["msg"]
    assert checked["diff"] == done["diff"]
    sent = [each.path.rpartition("/")[2] for each in requests_seen.take() if each.method == "PUT"]
    assert sent == (["file"] if declared else ["stage"])
    (image,) = operator.find(name)
    assert (image["status"], image["img_signature_key_type"]) == ("active", KINDS[kind])
    assert verifies(pair(kind).pem, *(image[each] for each in PROPERTIES), DATA)
    assert verified(image["id"])
    again = run_here("image_template", CLOUD, **options).result
    assert not again["changed"]
    assert not [each for each in requests_seen.take() if "/secrets" in each.path]


def test_without_staging_it_is_signed_after_it_was_sent(name, source, signer, run_here, operator):
    options = {"name": name, "source": source, "signature": signer(), "import_method": "direct"}
    assert run_here("image_template", CLOUD, **options).result["changed"]
    (image,) = operator.find(name)
    assert verifies(pair().pem, *(image[each] for each in PROPERTIES), DATA)


def test_an_application_credential_signs_at_the_end(name, source, signer, run_here, operator):
    options = {"name": name, "source": source, "checksum": SHA256, "signature": signer()}
    done = run_here("image_template", "sandbox-application", **options).result
    assert not done["failed"], done["msg"]
    (image,) = operator.find(name)
    assert verifies(pair().pem, *(image[each] for each in PROPERTIES), DATA)
    assert not verified(image["id"])
    assert not run_here("image_template", CLOUD, **options).result["changed"]


def test_what_openssl_signed(name, source, files, signer, run_here, operator, tmp_path):
    _certificate, key = files()
    made = tmp_path / "base.raw.sig"
    command = ["openssl", "dgst", "-sha256", "-sign", key, "-passin", f"pass:{PASSPHRASE}", "-out", str(made)]
    subprocess.run([*command, "-sigopt", "rsa_padding_mode:pss", source], check=True)
    signature = {"certificate_uuid": signer()["certificate_uuid"], "path": str(made)}
    outcome = run_here("image_template", CLOUD, name=name, source=source, checksum=SHA256, signature=signature)
    assert not outcome.result.get("failed"), outcome.result["msg"]
    (image,) = operator.find(name)
    assert verified(image["id"])


@pytest.mark.parametrize("known", [True, False], ids=["declared", "sent"])
def test_a_signature_of_other_data(known, name, source, signer, run_here, operator):
    signature = {"certificate_uuid": signer()["certificate_uuid"], "value": pair().sign(b"other")}
    checksum = {"checksum": SHA256} if known else {"import_method": "direct"}
    message = failure(run_here("image_template", CLOUD, name=name, source=source, signature=signature, **checksum))
    assert "The signature does not match the data" in message if known else "Signature verification failed" in message
    assert operator.find(name) == []


def test_what_is_tampered_with_on_the_way_is_refused(name, source, signer, faulty, run_here, operator):
    faulty.proxy.inject(Fault("corrupt", "PUT", at=len(DATA) // 2))
    options = {"name": name, "source": source, "checksum": SHA256, "signature": signer()}
    message = failure(run_here("image_template", faulty.cloud, **options))
    assert f"verifies the signature of {name} by the certificate {options['signature']['certificate_uuid']}" in message
    assert "Signature verification failed" in message
    assert operator.find(name) == []
    assert run_here("image_template", CLOUD, **options).result["changed"]


def test_a_certificate_of_another_project(name, source, signer, run_here, operator):
    options = {"name": name, "source": source, "signature": signer(cloud="sandbox-team-a")}
    assert "may not read" in failure(run_here("image_template", CLOUD, **options))
    assert operator.find(name) == []


def test_staged_images_are_signed_as_they_are(name, source, signer, run_here, operator):
    assert run_here("image_template", CLOUD, name=name, source=source).result["changed"]
    signed = run_here("image_template", CLOUD, name=name, source=source, signature=signer())
    assert signed.taken == ["sign"]
    (image,) = operator.find(name)
    assert verifies(pair().pem, *(image[each] for each in PROPERTIES), DATA)


def test_an_export_is_verified_on_the_way_out(name, source, signer, run_here, operator, tmp_path):
    signature = signer()
    run_here("image_template", CLOUD, name=name, source=source, signature=signature)
    out = tmp_path / "out" / "image.raw"
    out.parent.mkdir()
    options = {"image": name, "path": str(out), "verify_signature": True}
    trusted = {"trusted_certificates": [signature["certificate_uuid"]]}
    assert run_here("image_export", CLOUD, **options, **trusted).result["changed"]
    assert out.read_bytes() == DATA
    assert not run_here("image_export", CLOUD, **options, **trusted).result["changed"]

    # Whoever may change the image signs other data in its name.
    (image,) = operator.find(name)
    patch = [{"op": "replace", "path": "/img_signature", "value": pair().sign(b"other")}]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    assert operator.image.patch(f"/images/{image['id']}", json=patch, headers=headers).status_code == 200
    assert "is not what was signed" in failure(run_here("image_export", CLOUD, **options))
    assert out.read_bytes() == DATA
    out.unlink()
    assert "is not what was signed" in failure(run_here("image_export", CLOUD, **options))
    assert not out.exists()
    assert [path.name for path in out.parent.glob(".*")] == []


def test_a_catalogue_signs_holds_back_and_finds(name, source, signer, run_here, operator, tmp_path):
    template = name.removesuffix("-v1.0")
    signature = signer(hash_method="SHA-512")
    key = {"certificate_uuid": signature["certificate_uuid"], "privatekey_path": signature["privatekey_path"]}
    gate = {"require_signature": True, "trusted_certificates": [signature["certificate_uuid"]]}
    offered = {"visibility": "community", "promotion": gate, "versions": {"1.0": {"source": "base.raw"}}}
    options = {"source_directory": str(tmp_path), "privatekey_passphrase": PASSPHRASE}

    held = run_here("image_catalog", CLOUD, catalog={template: offered}, **options).result
    assert held["summary"]["stages"] == {"staged": 1}
    assert held["findings"][0]["message"] == "it stays staged: it is not signed"

    signed = {template: {**offered, "signature": {**key, "hash_method": "SHA-512"}}}
    done = run_here("image_catalog", CLOUD, catalog=signed, **options).result
    assert not done["failed"], done["msg"]
    assert done["summary"]["stages"] == {"published": 1}
    assert not run_here("image_catalog", CLOUD, catalog=signed, **options).result["changed"]

    signed[template]["versions"]["1.1"] = {"source": "base.raw"}
    run_here("image_catalog", CLOUD, catalog=signed, **options)
    newest = next(image for image in operator.find(template) if image["name"].endswith("v1.1"))
    assert verified(newest["id"])

    info = {"templates": [template]}
    assert not run_here("image_catalog_info", CLOUD, **info).result["findings"]
    patch = [{"op": "replace", "path": "/img_signature", "value": pair().sign(b"other", "SHA-512")}]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    operator.image.patch(f"/images/{newest['id']}", json=patch, headers=headers)
    (finding,) = run_here("image_catalog_info", CLOUD, **info).result["findings"]
    assert (finding["kind"], finding["image"]) == ("unverifiable", newest["name"])
    assert finding["message"] == "its signature cannot be verified: it does not match the data of the image."


@pytest.fixture
def second_region(name):
    region = Cloud("sandbox-admin", region_name="RegionTwo")
    yield region
    region.purge(name)


def test_replicas_in_another_region_are_verified_too(name, source, signer, run_here, clouds, second_region):
    signature = signer()
    run_here("image_template", CLOUD, name=name, source=source, signature=signature)
    there = {**clouds[CLOUD], "region_name": "RegionTwo"}
    options = {"source_cloud": CLOUD, "source_region_name": "RegionOne", "images": [name]}
    wrong = {"certificates": {signature["certificate_uuid"]: "00000000-0000-4000-8000-000000000000"}}
    message = failure(run_here("image_replica", there, **options, **wrong))
    assert "the option certificates of image_replica" in message
    assert second_region.find(name) == []
    unsigned = {"certificates": {signature["certificate_uuid"]: None}}
    assert run_here("image_replica", there, **options, **unsigned).result["changed"]
    (image,) = second_region.find(name)
    assert "img_signature" not in image
    second_region.purge(name)
    done = run_here("image_replica", there, **options).result
    assert not done["failed"], done["msg"]
    (image,) = second_region.find(name)
    assert verifies(pair().pem, *(image[each] for each in PROPERTIES), DATA)
    assert not run_here("image_replica", there, **options).result["changed"]
