# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of current images, over a cloud in memory."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.loader import lookup_loader

from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError
from ansible_collections.xloud.image.tests.unit.fakes.catalog import UBUNTU, lived, marks, name

ROCKY = "rocky-9-nginx"


@pytest.fixture
def add(glance):
    """Put a version there, in a stage."""

    def put(version, stage="published", template=UBUNTU, **changes):
        return glance.add(name(version, template), **{**marks(version, template), **lived(stage), **changes})

    return put


@pytest.fixture
def connected():
    """The options that clouds were connected to with."""
    return []


@pytest.fixture
def plugin(cloud, connected, monkeypatch):
    """The lookup with the credentials of a project that images are offered to, as Ansible loads it."""

    def connect(options):
        connected.append(options)
        return cloud.session(*{"admin": ("p-b", ("admin",)), "own": ("p-own",)}.get(options["cloud"], ("p-a",)))

    loaded = lookup_loader.get("xloud.image.current")
    monkeypatch.setitem(type(loaded).run.__globals__, "connect", connect)
    return loaded


@pytest.fixture
def current(plugin):
    return lambda *terms, variables=None, **options: plugin.run(list(terms), variables or {}, **options)


def test_an_id(cloud, add, current):
    add("1.0", "deprecated")
    newest = add("1.1")
    assert current(UBUNTU) == [newest]
    assert cloud.log == ["GET /images"]
    assert cloud.sent[0].query == {
        "xloud_image_template": UBUNTU,
        "visibility": "all",
        "os_hidden": "false",
        "limit": "1000",
    }


def test_several_templates_are_one_authentication(cloud, connected, add, current):
    first, second = add("1.0"), add("1.0", template=ROCKY)
    assert current(ROCKY, [UBUNTU, ROCKY]) == [second, first, second]
    assert cloud.log == ["GET /images"] * 3
    assert len(connected) == 1


def test_no_template_is_no_request(connected, current):
    assert current() == []
    assert connected == []


def test_a_whole_image(add, current):
    image_id = add("1.0", min_ram=512)
    (image,) = current(UBUNTU, whole=True)
    assert (image["id"], image["name"], image["stage"], image["min_ram"]) == (image_id, name("1.0"), "published", 512)
    assert image["properties"]["xloud_image_version"] == "1.0"


@pytest.mark.parametrize("answer", ["accepted", "pending", "rejected"])
def test_a_share(cloud, add, current, answer):
    image_id = add("1.0", visibility="shared", members={"p-a": answer})
    if answer == "accepted":
        assert current(UBUNTU) == [image_id]
        return
    with pytest.raises(AnsibleLookupError, match=f"the share is {answer}.*image: {image_id} and status: accepted"):
        current(UBUNTU)
    assert cloud.log == [*["GET /images"] * 3, f"GET /images/{image_id}/members/p-a"]


def test_a_share_that_nobody_has_heard_of_yet_beside_the_version_that_it_replaces(add, current):
    add("1.0", "deprecated", visibility="shared", members={"p-a": "accepted"})
    newest = add("1.1", visibility="shared", members={"p-a": "pending"})
    with pytest.raises(AnsibleLookupError, match=f"{name('1.1')} \\({newest}\\) would be the current version"):
        current(UBUNTU)


def test_no_template_of_that_name(cloud, current):
    with pytest.raises(AnsibleLookupError, match="No image of template ubuntu-24.04-base is to be found"):
        current(UBUNTU)
    assert cloud.log == ["GET /images"] * 3


def test_only_versions_that_are_not_current(add, current):
    add("1.0", "deprecated"), add("1.1", "hidden")
    with pytest.raises(AnsibleLookupError, match="-v1.1 .*: it is deprecated and hidden .*-v1.0 .*: it is deprecated"):
        current(UBUNTU)


def test_what_the_project_itself_stages_is_not_offered(add, current):
    add("1.0", "staged", owner="p-a"), add("1.1", "retired", owner="p-a")
    with pytest.raises(AnsibleLookupError, match="it is retired since .* it is staged"):
        current(UBUNTU)


def test_staged_versions_of_others_are_out_of_sight(add, current):
    published = add("1.0")
    add("1.1", "staged")
    assert current(UBUNTU) == [published]
    assert current(UBUNTU, cloud="own") == [published]
    assert current(UBUNTU, cloud="admin") == [published]


def test_several_owners(cloud, add, current):
    ours = add("1.0")
    theirs = add("99.0", owner="p-b")
    with pytest.raises(AnsibleLookupError, match="p-b, p-own. Any project can. Set owner"):
        current(UBUNTU)
    cloud.sent.clear()
    assert current(UBUNTU, owner="own", cloud="own") == [ours]
    assert current(UBUNTU, owner="team-b", cloud="admin") == [theirs]
    assert cloud.sent[0].query["owner"] == "p-own"


def test_the_name_of_a_project_takes_an_administrator(add, current):
    image_id = add("1.0")
    assert current(UBUNTU, cloud="admin", owner="own") == [image_id]
    with pytest.raises(AnsibleLookupError, match="owner: project own cannot be looked up by name"):
        current(UBUNTU, owner="own")


def test_a_visibility(cloud, add, current):
    add("1.1")
    public = add("1.0", visibility="public")
    assert current(UBUNTU, visibility="public") == [public]
    assert cloud.sent[0].query["visibility"] == "public"
    with pytest.raises(AnsibleLookupError, match="it is public, and not shared"):
        current(UBUNTU, visibility="shared")
    with pytest.raises(AnsibleError, match="visibility"):
        current(UBUNTU, visibility="private")


def test_a_day_takes_hidden_images_as_well(cloud, add, current):
    first = add("1.0", "hidden", published_since="2026-01-01", deprecated_since="2026-02-01")
    second = add("1.1", published_since="2026-02-01")
    assert current(UBUNTU, as_of="2026-01-31") == [first]
    assert cloud.log == ["GET /images"] * 2
    assert current(UBUNTU, as_of="2026-02-01") == [second]
    with pytest.raises(AnsibleLookupError, match="was current on 2025-12-31.*it is published only since 2026-01-01"):
        current(UBUNTU, as_of="2025-12-31")


def test_every_page_is_read(glance, add, current):
    glance.page_size = 2
    ids = [add(f"1.{minor}") for minor in range(5)]
    assert current(UBUNTU) == [ids[-1]]


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        (["ubuntu"], {}, "_terms: 'ubuntu' is not a template name"),
        ([UBUNTU, f"{UBUNTU}-v1.0"], {}, "_terms: .* is not a template name"),
        ([24.04], {}, "_terms: 24.04 is not a template name"),
        ([UBUNTU], {"as_of": "yesterday"}, "as_of: 'yesterday' is no day"),
        ([UBUNTU], {"ownr": "p-a"}, "ownr: is no option of this lookup. It has .*, owner, "),
    ],
)
def test_options_that_are_wrong_cost_no_request(connected, current, terms, options, message):
    with pytest.raises(AnsibleLookupError, match=message):
        current(*terms, **options)
    assert connected == []


def test_connection_options_are_those_of_the_modules(connected, add, current):
    add("1.0")
    current(UBUNTU, cloud="x", region_name="RegionTwo", verify=False, cacert="/ca.pem", interface="internal")
    assert connected == [
        {"cloud": "x", "region_name": "RegionTwo", "verify": False, "cacert": "/ca.pem", "interface": "internal"}
    ]


def test_variables_stand_for_options(connected, add, current):
    image_id = add("1.0", owner="p-b")
    add("1.1")
    given = {"xloud_image_cloud": "admin", "xloud_image_owner": "team-b"}
    assert current(UBUNTU, variables=given) == [image_id]
    assert connected == [{"cloud": "admin"}]


def test_variables_that_are_empty_stand_for_nothing(connected, add, current):
    image_id = add("1.0")
    assert current(UBUNTU, variables={"xloud_image_cloud": "", "xloud_image_owner": ""}) == [image_id]
    assert connected == [{"cloud": None}]


def test_what_the_cloud_says_is_said(cloud, add, current):
    cloud.fail("GET", "/images", 503, "Later.", times=9)
    with pytest.raises(AnsibleLookupError, match="the Image service answered 503 to GET: Later"):
        current(UBUNTU)


def test_causes_are_not_said_twice(monkeypatch, plugin):
    def connect(_options):
        raise CloudError("no way") from ValueError("no route")

    monkeypatch.setitem(type(plugin).run.__globals__, "connect", connect)
    with pytest.raises(AnsibleLookupError, match="no way") as error:
        plugin.run([UBUNTU], {})
    assert error.value.__cause__ is None


def test_a_library_that_is_missing(monkeypatch, plugin):
    def connect(_options):
        raise ImportError(name="openstack")

    monkeypatch.setitem(type(plugin).run.__globals__, "connect", connect)
    with pytest.raises(AnsibleLookupError, match="openstacksdk"):
        plugin.run([UBUNTU], {})
