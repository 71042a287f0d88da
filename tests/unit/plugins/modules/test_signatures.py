# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures through all modules, over a cloud that verifies them."""

from __future__ import annotations

import json
import lzma

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.report import ImageModule
from ansible_collections.xloud.image.plugins.module_utils._model.image import SIGNATURE
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    CERTIFICATE,
    HASH_METHOD,
    KEY_TYPE,
    SIGNATURE_PROPERTIES,
)
from ansible_collections.xloud.image.tests.unit.fakes.catalog import UBUNTU, lived, marks
from ansible_collections.xloud.image.tests.unit.fakes.catalog import name as name_of
from ansible_collections.xloud.image.tests.unit.fakes.keys import pair, verifies
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, NAME, OURS, digest

SECRET = "opensesame"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "base.raw"
    path.write_bytes(DATA)
    return str(path)


@pytest.fixture
def key_path(tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(pair().private())
    return str(path)


@pytest.fixture
def certificate(cloud):
    return cloud.keys.add(pair().pem)


@pytest.fixture
def signature(certificate, key_path):
    return {"certificate_uuid": certificate, "privatekey_path": key_path}


def signed_with(certificate, data=DATA, hash_method="SHA-256", number=0):
    """The properties of an image that somebody signed."""
    return {
        SIGNATURE: pair("rsa", number).sign(data, hash_method),
        HASH_METHOD: hash_method,
        KEY_TYPE: "RSA-PSS",
        CERTIFICATE: certificate,
    }


def assert_verifiable(image, data=DATA):
    values = [image[key] for key in (KEY_TYPE, HASH_METHOD, SIGNATURE)]
    assert verifies(pair().pem, *values, data), values


def kinds(result):
    return [finding["kind"] for finding in result["findings"]]


# image_template


@pytest.mark.parametrize("hash_method", ["SHA-256", "SHA-512"])
def test_what_is_declared_is_signed_before_it_is_sent(hash_method, cloud, glance, source, signature, run_thrice):
    checksum = f"{hash_method.lower().replace('-', '')}:{digest(hash_method.lower().replace('-', ''))}"
    signature["hash_method"] = hash_method
    result = run_thrice("image_template", name=NAME, source=source, checksum=checksum, signature=signature)
    [image] = glance.images.values()
    assert_verifiable(image)
    assert result["image"]["properties"][SIGNATURE] == image[SIGNATURE]
    assert [change.partition(" ")[0] for change in cloud.changes] == ["POST", "PUT"]
    assert result["diff"]["after"]["properties"][SIGNATURE] == "(made from the data)"


def test_what_is_not_known_yet_is_signed_between_staging_and_import(cloud, glance, source, signature, run_thrice):
    run_thrice("image_template", name=NAME, source=source, signature=signature)
    [image] = glance.images.values()
    assert_verifiable(image)
    steps = [sent.rpartition("/")[2] for sent in cloud.changes if "/images/" in sent]
    assert (steps[0], steps[2]) == ("stage", "import")
    assert cloud.changes[2].startswith("PATCH")


def test_where_nothing_can_be_staged_it_is_signed_after_it_was_sent(cloud, glance, source, signature, run_thrice):
    glance.import_methods = ()
    run_thrice("image_template", name=NAME, source=source, signature=signature)
    [image] = glance.images.values()
    assert_verifiable(image)
    assert [change.partition(" ")[0] for change in cloud.changes] == ["POST", "PUT", "PATCH"]


def test_the_file_is_read_once(glance, source, signature, run, monkeypatch):
    from ansible_collections.xloud.image.plugins.module_utils._data import source as sources

    opened = []
    open_file = sources.open_file
    monkeypatch.setattr(sources, "open_file", lambda path, *rest: opened.append(path) or open_file(path, *rest))
    monkeypatch.setattr(sources, "file_digests", None)
    assert run("image_template", name=NAME, source=source, signature=signature)["changed"]
    # Once for its head, and once to send it.
    assert opened == [source, source]


def test_compressed_data_is_signed_as_it_arrives(glance, tmp_path, signature, run_thrice):
    path = tmp_path / "base.raw.xz"
    packed = lzma.compress(DATA)
    path.write_bytes(packed)
    options = {"source": str(path), "checksum": f"sha256:{digest('sha256', packed)}", "signature": signature}
    run_thrice("image_template", name=NAME, **options)
    [image] = glance.images.values()
    assert_verifiable(image)


@pytest.mark.parametrize("late", [False, True])
def test_a_signature_made_elsewhere(late, glance, source, certificate, run_thrice):
    signature = {"certificate_uuid": certificate, "value": pair().sign(DATA)}
    options = {} if late else {"checksum": f"sha256:{digest('sha256')}"}
    run_thrice("image_template", name=NAME, source=source, signature=signature, **options)
    [image] = glance.images.values()
    assert image[SIGNATURE] == signature["value"]
    assert_verifiable(image)


@pytest.mark.parametrize("method", ["auto", "direct", "glance-direct"])
@pytest.mark.parametrize("way", ["key", "made", "declared"])
def test_with_an_application_credential_it_is_signed_at_the_end(
    way, method, cloud, glance, source, signature, run_thrice
):
    options = {"signature": signature, "import_method": method}
    if way == "made":
        options["signature"] = {"certificate_uuid": signature["certificate_uuid"], "value": pair().sign(DATA)}
    elif way == "declared":
        options["checksum"] = f"sha256:{digest('sha256')}"
    run_thrice("image_template", cloud="application", name=NAME, source=source, **options)
    [image] = glance.images.values()
    assert_verifiable(image)
    assert cloud.changes[-1].startswith("PATCH")


def test_with_an_application_credential_other_data_is_refused_too(glance, source, certificate, run):
    signature = {"certificate_uuid": certificate, "value": pair().sign(b"other")}
    result = run("image_template", cloud="application", name=NAME, source=source, signature=signature)
    assert "The signature does not match the data" in result["msg"]
    assert glance.images == {}


@pytest.mark.parametrize("late", [False, True])
def test_a_signature_of_other_data_is_refused(late, cloud, glance, source, certificate, run):
    signature = {"certificate_uuid": certificate, "value": pair().sign(b"other")}
    options = {} if late else {"checksum": f"sha256:{digest('sha256')}"}
    result = run("image_template", name=NAME, source=source, signature=signature, **options)
    assert result["failed"]
    assert "refused the data" in result["msg"] if late else "signature does not match the data" in result["msg"]
    assert glance.images == {}
    if not late:
        assert cloud.changes == []


def test_what_is_tampered_with_on_the_way_is_refused(cloud, glance, source, signature, run):
    declared = f"sha256:{digest('sha256')}"
    receive = glance._receive
    glance._receive = lambda *args: receive(*args)[:-1] + b"!"
    result = run("image_template", name=NAME, source=source, checksum=declared, signature=signature)
    assert result["failed"]
    assert "Signature verification failed" in result["msg"]
    assert f"by the certificate {signature['certificate_uuid']}" in result["msg"]
    assert glance.images == {}


def test_a_staged_image_is_signed_as_it_is(cloud, glance, source, signature, run_thrice):
    image_id = glance.add(NAME, DATA, **OURS)
    result = run_thrice("image_template", name=NAME, source=source, signature=signature, min_ram=64)
    assert [action["action"] for action in result["actions"]] == ["update", "sign"]
    assert result["actions"][1]["reason"] == f"sign {NAME}: it is not signed yet"
    assert_verifiable(glance.images[image_id])
    assert glance.images[image_id]["min_ram"] == 64


def test_without_its_data_it_is_signed_by_the_hash_of_the_cloud(glance, signature, run_thrice, run):
    image_id = glance.add(NAME, DATA, **OURS)
    result = run("image_template", name=NAME, signature=signature)
    assert "what its data hashes to by SHA-256 is not known" in result["msg"]
    run_thrice("image_template", name=NAME, signature={**signature, "hash_method": "SHA-512"})
    assert_verifiable(glance.images[image_id])


def test_another_certificate(cloud, glance, source, signature, certificate, run_thrice):
    image_id = glance.add(NAME, DATA, **OURS, **signed_with(cloud.keys.add(pair("rsa", 1).pem), number=1))
    result = run_thrice("image_template", name=NAME, source=source, signature=signature)
    assert result["actions"][0]["reason"].endswith("its signature is to be another one")
    assert glance.images[image_id][CERTIFICATE] == certificate
    assert_verifiable(glance.images[image_id])


def test_what_is_signed_needs_no_key(cloud, glance, source, certificate, run):
    glance.add(NAME, DATA, **OURS, **signed_with(certificate))
    signature = {"certificate_uuid": certificate, "privatekey_path": "/nowhere/key.pem"}
    assert not run("image_template", name=NAME, source=source, signature=signature)["changed"]
    assert cloud.log == ["GET /images", "GET /images"]


def test_a_published_image_is_not_signed_any_more(cloud, glance, source, signature, run):
    glance.add(NAME, DATA, visibility="community", **OURS)
    result = run("image_template", name=NAME, source=source, signature=signature)
    assert "is published, and its metadata never changes: another signature would" in result["msg"]
    assert result["next_version"] == "ubuntu-24.04-base-v1.1"
    assert cloud.changes == []


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"privatekey_path": "/nowhere/key.pem"}, "signature.privatekey_path: /nowhere/key.pem does not exist"),
        ({"privatekey_passphrase": SECRET}, "signature.privatekey_passphrase: the private key"),
        ({"value": "AAAA"}, "signature: needs one of privatekey_path, to sign, and of value and path"),
        ({"certificate_uuid": UNKNOWN}, "signature.certificate_uuid: "),
        ({"certificate_uuid": "my-cert"}, "signature.certificate_uuid: 'my-cert' is no id of the Key Manager"),
        ({"certificate_uuid": ""}, "signature.certificate_uuid: is missing"),
        ({"key_type": "DSA"}, "signature.key_type: is DSA, and the private key is of type RSA-PSS"),
    ],
)
def test_options_that_do_not_fit(check, change, words, cloud, source, signature, run):
    result = run("image_template", check=check, name=NAME, source=source, signature={**signature, **change})
    assert result["failed"]
    assert result["msg"].startswith(words)
    assert SECRET not in json.dumps(result)
    assert cloud.changes == []


def test_properties_that_contradict(source, signature, run):
    result = run("image_template", name=NAME, source=source, signature=signature, properties={SIGNATURE: "x"})
    assert result["msg"] == f"properties.{SIGNATURE}: is what the option signature sets. Leave one of them out."


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"kind": "opaque"}, "verifies by secrets of the type certificate alone"),
        ({"payload": b"no certificate"}, "is no X.509 certificate in PEM"),
        ({"project_id": "p-a"}, "may not read"),
        ({"content_type": "text/plain"}, ""),
    ],
)
def test_certificates_of_the_key_manager(stored, words, cloud, source, signature, run):
    secret = cloud.keys.add(**{"payload": pair().pem, **stored})
    result = run("image_template", name=NAME, source=source, signature={**signature, "certificate_uuid": secret})
    assert words in result.get("msg", "")
    assert bool(words) == result.get("failed", False)


def test_a_cloud_without_a_key_manager(cloud, source, signature, run):
    cloud.has_keys = False
    result = run("image_template", name=NAME, source=source, signature=signature)
    assert "cloud test has no endpoint for the Key Manager" in result["msg"]
    assert cloud.changes == []


def test_what_the_cloud_fetches_needs_a_known_hash(cloud, web, signature, run):
    options = {"source": web.put("/base.raw", DATA), "signature": signature, "import_method": "web-download"}
    result = run("image_template", name=NAME, **options)
    assert "what it hashes to has to be known to sign it. Give sha256:<digits> as checksum" in result["msg"]


# image_certificate


@pytest.fixture
def certificate_path(tmp_path):
    path = tmp_path / "certificate.pem"
    path.write_bytes(pair().pem)
    return str(path)


def test_a_certificate_is_stored_once(cloud, certificate_path, run):
    options = {"name": "signer", "path": certificate_path}
    checked = run("image_certificate", check=True, **options)
    assert cloud.changes == []
    done, again = run("image_certificate", **options), run("image_certificate", **options)
    assert (checked["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert checked["diff"] == done["diff"]
    assert again["diff"]["before"] == again["diff"]["after"]
    [secret_id] = cloud.keys.secrets
    assert (checked["certificate"]["id"], done["certificate"]["id"]) == (None, secret_id)
    assert done["certificate"] == again["certificate"]
    assert cloud.keys.secrets[secret_id].payload == pair().pem
    assert (done["certificate"]["subject"], done["certificate"]["key_type"]) == ("CN=rsa 0", "RSA-PSS")


def test_a_renewed_certificate_gets_an_id_of_its_own(cloud, certificate_path, run):
    old, other = cloud.keys.add(pair("rsa", 1).pem, "signer"), cloud.keys.add(pair("rsa", 2).pem, "other")
    cloud.keys.add(b"no certificate", "signer")
    cloud.keys.add(b"secret", "signer", kind="opaque")
    result = run("image_certificate", name="signer", path=certificate_path)
    assert result["changed"]
    assert result["superseded"] == [old]
    assert result["certificate"]["id"] not in (old, other)


def test_many_certificates_of_one_name(cloud, certificate_path, run):
    wanted = [cloud.keys.add(pair("rsa", 0 if number == 110 else 1).pem, "signer") for number in range(120)][110]
    result = run("image_certificate", name="signer", path=certificate_path)
    assert (result["changed"], result["certificate"]["id"]) == (False, wanted)


def test_a_certificate_whose_time_is_over(cloud, tmp_path, run, monkeypatch):
    warnings = []
    monkeypatch.setattr(ImageModule, "warn", lambda _module, words: warnings.append(words))
    path = tmp_path / "certificate.pem"
    path.write_bytes(pair(days=-10).pem)
    result = run("image_certificate", name="signer", path=str(path))
    assert result["changed"]
    assert [words for words in warnings if "is valid from" in words]


def test_a_certificate_of_no_use(tmp_path, cloud, run):
    path = tmp_path / "certificate.pem"
    path.write_bytes(pair("p256").pem)
    result = run("image_certificate", name="signer", path=str(path))
    assert result["msg"].startswith(f"path: {path} has a key by which the Image service verifies nothing")
    assert cloud.log == []


# image_export


@pytest.mark.parametrize("hash_method", ["SHA-256", "SHA-512"])
def test_an_export_that_is_verified(hash_method, glance, certificate, tmp_path, run_thrice):
    glance.add(NAME, DATA, **OURS, **signed_with(certificate, hash_method=hash_method))
    run_thrice("image_export", image=NAME, path=str(tmp_path / "out.raw"), verify_signature=True)
    assert (tmp_path / "out.raw").read_bytes() == DATA


@pytest.mark.parametrize("hash_method", ["SHA-256", "SHA-512"])
@pytest.mark.parametrize("there", [False, True])
def test_data_that_is_not_what_was_signed_is_not_exported(
    there, hash_method, cloud, glance, certificate, tmp_path, run
):
    glance.add(NAME, DATA, **OURS, **signed_with(certificate, b"other", hash_method))
    path = tmp_path / "out.raw"
    if there:
        path.write_bytes(DATA)
    result = run("image_export", image=NAME, path=str(path), verify_signature=True)
    assert result["failed"]
    assert "is not what was signed" in result["msg"]
    assert [each.name for each in tmp_path.iterdir()] == (["out.raw"] if there else [])
    downloaded = any(sent.endswith("/file") for sent in cloud.log)
    # What the cloud hashes by tells at once.
    assert downloaded == (hash_method == "SHA-256" and not there)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict.fromkeys(SIGNATURE_PROPERTIES), "it is not signed, since it lacks img_signature, img_signature_hash"),
        ({KEY_TYPE: None}, "it is not signed, since it lacks img_signature_key_type"),
        ({HASH_METHOD: "MD5"}, "img_signature_hash_method is 'MD5', which nobody verifies by"),
        ({KEY_TYPE: "DSA"}, "img_signature_key_type is DSA, and the certificate"),
        ({CERTIFICATE: UNKNOWN}, "img_signature_certificate_uuid: "),
    ],
)
def test_images_that_cannot_be_verified(change, words, glance, certificate, tmp_path, run):
    properties = {**signed_with(certificate), **change}
    glance.add(NAME, DATA, **OURS, **{key: value for key, value in properties.items() if value})
    result = run("image_export", image=NAME, path=str(tmp_path / "out.raw"), verify_signature=True)
    assert result["failed"]
    assert words in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_only_trusted_certificates_count(cloud, glance, certificate, tmp_path, run):
    other = cloud.keys.add(pair("rsa", 1).pem)
    glance.add(NAME, DATA, **OURS, **signed_with(other, number=1))
    options = {"image": NAME, "path": str(tmp_path / "out.raw")}
    result = run("image_export", **options, verify_signature=True, trusted_certificates=[certificate])
    assert f"is signed with {other}, which is none of trusted_certificates" in result["msg"]
    assert list(tmp_path.iterdir()) == []
    for wrong in ({"trusted_certificates": [certificate]}, {"verify_signature": True, "trusted_certificates": []}):
        assert run("image_export", **options, **wrong)["msg"].startswith("trusted_certificates: needs")
    assert run("image_export", **options, verify_signature=True, trusted_certificates=[other])["changed"]


# image_catalog and image_catalog_info


@pytest.fixture
def curate(run, tmp_path, source):
    def run_module(version, check=False, **options):
        template = {"visibility": "community", "versions": {"1.0": {"source": "base.raw", **version}}}
        catalog = {UBUNTU: {**template, **options.pop("template", {})}}
        return run("image_catalog", check=check, catalog=catalog, source_directory=str(tmp_path), **options)

    return run_module


@pytest.mark.parametrize("declared", [True, False])
def test_a_catalogue_signs_what_it_uploads(declared, glance, tmp_path, certificate, curate):
    (tmp_path / "key.pem").write_bytes(pair().private(SECRET))
    version = {"checksum": f"sha256:{digest('sha256')}"} if declared else {}
    options = {
        "defaults": {"signature": {"certificate_uuid": certificate, "privatekey_path": "key.pem"}},
        "template": {"promotion": {"require_signature": True}},
        "privatekey_passphrase": SECRET,
    }
    checked, done = curate(version, check=True, **options), curate(version, **options)
    assert not done.get("failed"), done["msg"]
    assert checked["plan"] == done["plan"]
    assert done["summary"]["stages"] == {"published": 1}
    [image] = glance.images.values()
    assert_verifiable(image)
    assert not curate(version, **options)["changed"]
    for result in (checked, done):
        assert SECRET not in json.dumps(result)


def test_a_signature_of_one_version_takes_the_place_of_the_key(glance, certificate, curate):
    options = {"defaults": {"signature": {"certificate_uuid": certificate, "privatekey_path": "nowhere.pem"}}}
    made = pair().sign(DATA)
    result = curate({"signature": {"value": made}}, **options)
    assert not result.get("failed"), result["msg"]
    assert next(iter(glance.images.values()))[SIGNATURE] == made


def test_what_is_not_signed_stays_staged(glance, signature, curate):
    gate = {"template": {"promotion": {"require_signature": True}}}
    held = curate({}, **gate)
    assert held["summary"]["stages"] == {"staged": 1}
    assert held["findings"][0]["message"] == "it stays staged: it is not signed"
    done = curate({"signature": signature}, **gate)
    assert [action["action"] for action in done["plan"][0]["actions"]] == ["sign", "update"]
    assert done["summary"]["stages"] == {"published": 1}
    assert_verifiable(next(iter(glance.images.values())))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({SIGNATURE: pair().sign(b"other", "SHA-512")}, "its signature cannot be verified: it does not match the data"),
        ({CERTIFICATE: UNKNOWN}, "its signature cannot be verified: img_signature_certificate_uuid"),
        ({KEY_TYPE: None}, "it is not signed"),
    ],
    ids=["data", "certificate", "incomplete"],
)
def test_what_is_signed_wrongly_stays_staged(change, words, glance, certificate, curate):
    properties = {**signed_with(certificate, hash_method="SHA-512"), **change}
    kept = {key: value for key, value in properties.items() if value}
    glance.add(NAME, DATA, tags=["xloud.image"], **OURS, **kept)
    held = curate({}, template={"promotion": {"require_signature": True}})
    assert held["summary"]["stages"] == {"staged": 1}
    assert words in held["findings"][0]["message"]


def test_who_has_to_sign(cloud, glance, certificate, curate):
    other = cloud.keys.add(pair("rsa", 1).pem)
    glance.add(NAME, DATA, tags=["xloud.image"], **OURS, **signed_with(other, number=1))
    promotion = {"require_signature": True, "trusted_certificates": [certificate]}
    held = curate({}, template={"promotion": promotion})
    assert f"it is signed with {other}, which is none of trusted_certificates" in held["findings"][0]["message"]
    promotion["trusted_certificates"] = [other]
    assert curate({}, template={"promotion": promotion})["summary"]["stages"] == {"published": 1}


def test_a_key_that_is_missing_fails_its_version_alone(glance, certificate, curate):
    missing = {"signature": {"certificate_uuid": certificate, "privatekey_path": "nowhere.pem"}}
    versions = {"1.0": {"source": "base.raw"}, "1.1": {"source": "base.raw", **missing}}
    result = curate({}, template={"versions": versions})
    assert [failure["image"] for failure in result["failures"]] == [name_of("1.1")]
    assert "signature.privatekey_path: " in result["failures"][0]["message"]
    assert [image["visibility"] for image in glance.images.values()] == ["community"]


def test_published_versions_are_not_signed_afterwards(glance, signature, curate):
    assert curate({})["changed"]
    result = curate({}, template={"signature": signature})
    assert (result["changed"], result.get("failed", False)) == (False, False)


@pytest.fixture
def info(run):
    return lambda **options: run("image_catalog_info", **options)


def test_what_is_unsigned_and_what_cannot_be_verified(cloud, glance, certificate, info):
    right = signed_with(certificate, hash_method="SHA-512")
    for version, properties in {
        "1.0": {},
        "1.1": right,
        "1.2": {**right, SIGNATURE: pair().sign(b"other", "SHA-512")},
        "1.3": {key: right[key] for key in right if key != KEY_TYPE},
        "1.4": {**right, CERTIFICATE: UNKNOWN},
        "1.5": signed_with(cloud.keys.add(pair(days=-10).pem)),
    }.items():
        glance.add(name_of(version), DATA, **marks(version), **lived("published"), **properties)
    result = info()
    found = {(each["kind"], each["image"]): each["message"] for each in result["findings"]}
    assert ("unsigned", name_of("1.0")) in found
    words = {
        "1.2": "it does not match the data of the image",
        "1.3": "it is not signed, since it lacks img_signature_key_type",
        "1.4": "img_signature_certificate_uuid: ",
        "1.5": "the certificate (CN=rsa 0) is valid from",
    }
    assert [image for kind, image in found if kind == "unverifiable"] == [name_of(each) for each in reversed(words)]
    for version, text in words.items():
        assert found["unverifiable", name_of(version)].startswith(f"its signature cannot be verified: {text}")
    assert "unverifiable" not in kinds(info(signatures=False))


def test_a_look_at_signatures_costs_two_requests_a_certificate(cloud, glance, certificate, info):
    for version in ("1.0", "1.1", "1.2"):
        glance.add(
            name_of(version), DATA, **marks(version), **lived("published"), **signed_with(certificate, DATA, "SHA-512")
        )
    cloud.sent.clear()
    info()
    assert len([sent for sent in cloud.log if "/secrets/" in sent]) == 2


def test_whose_signatures_count(glance, certificate, info):
    glance.add(NAME, DATA, **marks("1.0"), **lived("published"), **signed_with(certificate))
    assert "untrusted" not in kinds(info()) + kinds(info(trusted_certificates=[certificate]))
    assert "untrusted" in kinds(info(trusted_certificates=[UNKNOWN]))
    template = {"visibility": "community", "promotion": {"trusted_certificates": [UNKNOWN]}, "versions": {"1.0": {}}}
    assert "untrusted" in kinds(info(catalog={UBUNTU: template}))


def test_each_image_has_an_error_of_its_own(cloud, glance, info):
    foreign = cloud.keys.add(pair().pem, project_id="p-a")
    for version in ("1.0", "1.1"):
        glance.add(name_of(version), DATA, **marks(version), **lived("published"), **signed_with(foreign))
    found = [each for each in info()["findings"] if each["kind"] == "unverifiable"]
    assert [each["image"] for each in found] == [name_of("1.1"), name_of("1.0")]
    for each in found:
        assert each["message"].startswith("its signature cannot be verified: img_signature_certificate_uuid: these ")
        assert "openstack acl user add --user <id> --operation-type read http://" in each["message"]


def test_who_may_store_certificates(certificate_path, run, cloud):
    cloud.fail("GET", "/secrets", 403, "Secret(s) retrieval attempt not allowed - please review your privileges")
    result = run("image_certificate", name="signer", path=certificate_path)
    assert "privileges. By default that takes the role member in the project (policies secrets:get" in result["msg"]
