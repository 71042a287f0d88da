# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud whose Compute service starts nothing but what is signed. It runs alone, since that concerns every server."""

from __future__ import annotations

import hashlib

import pytest
from conftest import CLOUDS_FILE, content

from ansible_collections.xloud.image.tests.unit.fakes.keys import pair
from consumers.control import configure

PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
REFUSED = "Signature verification for the image failed"
# Of what does not match, the Compute service tries another host and says no more than this to who launches.
EXHAUSTED = "Exhausted all hosts available"


@pytest.fixture(scope="module", autouse=True)
def strict(tmp_path_factory):
    """The Compute service verifies signatures, until this module is over."""
    folder = tmp_path_factory.mktemp("strict")
    configure(folder, sandbox_verify_signatures=True)
    yield
    configure(folder)


@pytest.fixture
def signed(catalogue, tmp_path):
    """A catalogue whose versions are signed by the team that keeps it, as its playbook does it."""
    (tmp_path / "image-signing.crt").write_bytes(pair().pem)
    (tmp_path / "image-signing.pem").write_bytes(pair().private("secret words"))

    def release(version, day):
        catalogue.release(version)
        told = catalogue.curate(
            day,
            image_signing_certificate="image-signing.crt",
            image_signing_certificate_name=catalogue.template,
            image_signing_key="image-signing.pem",
            image_signing_passphrase="secret words",
        )
        assert told.code == 0, told.output
        return catalogue.image(version)

    return release


@pytest.fixture
def granted(operator):
    """Let everybody of some teams read the certificate of an image."""

    def grant(image, *teams):
        path = f"/v1/secrets/{image['img_signature_certificate_uuid']}/acl"
        users = [team.connection.current_user_id for team in teams]
        body = {"read": {"users": users, "project-access": True}}
        endpoint = operator.connection.endpoint_for("key-manager").rstrip("/").removesuffix("/v1")
        assert operator.connection.session.put(endpoint + path, json=body).status_code == 200

    return grant


def fault(team, image_id, name):
    """Return why a server did not start, as its owner reads it."""
    server = team.wait(team.create(image_id, name))
    assert server["status"] == "ERROR", server
    return server["fault"]["message"]


def log_of_the_host():
    """What an operator reads of the reason."""
    return (CLOUDS_FILE.parent / "log/compute-host.log").read_text()


def test_what_is_not_signed_does_not_start(catalogue, team):
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    words = fault(team, catalogue.id("1.0"), "plain")
    assert REFUSED in words
    assert "Required image properties for signature verification do not exist" in words


def test_what_is_signed_starts(signed, granted, team, catalogue):
    image = signed("1.0", "2026-01-01")
    # Nova reads the certificate in the name of whoever launches, and the Key Manager gives it to its own project alone.
    certificate = image["img_signature_certificate_uuid"]
    assert f"{REFUSED}: Unable to retrieve certificate with ID: {certificate}" in fault(team, image["id"], "unread")
    granted(image, team)
    server = team.launch(team.look_up(catalogue.template, catalogue.owner.project_id), "signed")
    assert team.server(server)["image"]["id"] == image["id"]


def test_what_others_signed_does_not_start(signed, granted, team, operator):
    """Who may change an image signs other data in its name, and the data is what it was."""
    image = signed("1.0", "2026-01-01")
    granted(image, team)
    patch = [{"op": "replace", "path": "/img_signature", "value": pair().sign(b"other")}]
    assert operator.image.patch(f"/images/{image['id']}", json=patch, headers=PATCH).status_code == 200
    assert EXHAUSTED in fault(team, image["id"], "forged")
    assert f"Image signature verification failed for image {image['id']}" in log_of_the_host()


def test_what_was_changed_in_the_store_does_not_start(signed, granted, team):
    """Behind the back of the Image service, whose hash is on the record as before."""
    image = signed("1.0", "2026-01-01")
    granted(image, team)
    (file,) = (CLOUDS_FILE.parent / "data").glob(f"glance/**/{image['id']}")
    assert file.read_bytes() == content(f"{image['name']}.raw")
    file.write_bytes(content("tampered"))
    assert EXHAUSTED in fault(team, image["id"], "tampered")
    assert f"Corrupt image download. Hash was {hashlib.sha512(content('tampered')).hexdigest()}" in log_of_the_host()
