# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What consumers see of a catalogue: each row of the page, asked as a project that owns nothing of it."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import multiprocessing
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import terraform
import yaml
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from conftest import PATIENCE, RUN, Cloud, Run, content
from openstack.exceptions import DuplicateResource, SDKException
from openstack.image.v2.image import Image
from openstackclient import shell

TABLE = yaml.safe_load(Path(__file__).with_name("consumer_views.yml").read_text())
OFFERS = TABLE["offers"]
# The version that is in each stage in the end, and what the document says of it then.
STAGES = {
    "deleted": ("1.0", {"retire_on": "2026-01-02", "delete_on": "2026-01-03"}),
    "retired": ("1.1", {"stage": "retired"}),
    "revoked": ("1.2", {"revoked": True}),
    "hidden": ("1.3", {"stage": "hidden"}),
    "deprecated": ("1.4", {"stage": "deprecated"}),
    "published": ("1.5", {}),
    "staged": ("1.6", {"stage": "staged"}),
}
PREFIX = f"itest-1-consumers-{RUN}"
CONSUMER = "sandbox-team-a"


@dataclasses.dataclass(frozen=True)
class Offer:
    """The versions of a template, by the stages that they are in, as their owner knows them."""

    template: str
    ids: dict[str, str]

    @property
    def tag(self) -> str:
        """A tag that all of them have."""
        return f"os:{self.template}"

    def name(self, stage: str) -> str:
        return f"{self.template}-v{STAGES[stage][0]}"

    def words(self, stage: str) -> dict[str, str]:
        """What the words of a question stand for, of one version."""
        name = self.name(stage)
        return {
            "NAME": name,
            "ID": self.ids[stage],
            "REGEX": f"^{name}$",
            "TAG": self.tag,
            "TEMPLATE": self.template,
        }


def document(folder: Path, offer: str, team: Cloud, *, first: bool) -> dict[str, Any]:
    """A template in the catalogue, on its first day and after it."""
    visibility = offer if offer in ("public", "community") else "shared"
    template = f"{PREFIX}-{offer}"
    versions = {}
    for number, (stage, (version, wanted)) in enumerate(STAGES.items()):
        source = folder / f"{version}.raw"
        source.write_bytes(content(number))
        versions[version] = {"source": str(source), **(wanted if stage == "staged" or not first else {})}
    members = {"members": [team.project_id]} if visibility == "shared" else {}
    return {"visibility": visibility, **members, "tags": [f"os:{template}"], "versions": versions}


def curate(folder: Path, team: Cloud, day: str, *, first: bool = False) -> None:
    catalog = {f"{PREFIX}-{offer}": document(folder, offer, team, first=first) for offer in OFFERS}
    run(folder, "image_catalog", catalog=catalog, as_of=day, workers=4, max_removals=100)


def run(folder: Path, module: str, **args: Any) -> dict[str, Any]:
    result = Run(folder, {f"xloud.image.{module}": {"cloud": "sandbox-admin", **args}}).wait().result
    assert not result["failed"], result["msg"]
    return result


@pytest.fixture(scope="module")
def team() -> Cloud:
    """The project that sees it, and owns none of it."""
    return Cloud(CONSUMER)


@pytest.fixture(scope="module")
def catalogue(admin: Cloud, team: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Offer]]:
    """A version in each stage, offered in each way."""
    folder = tmp_path_factory.mktemp("catalogue")
    curate(folder, team, "2026-01-01", first=True)
    images = {image["name"]: image["id"] for image in admin.find(PREFIX)}
    found = {}
    for offer in OFFERS:
        name = f"{PREFIX}-{offer}"
        found[offer] = Offer(
            name, {stage: images[f"{name}-v{version}"] for stage, (version, _wanted) in STAGES.items()}
        )
    for stage in ("deleted", "retired", "revoked", "hidden", "deprecated", "published"):
        member = f"/images/{found['accepted'].ids[stage]}/members/{team.project_id}"
        assert team.image.put(member, json={"status": "accepted"}).status_code == 200
    for day in ("2026-01-02", "2026-01-03"):
        curate(folder, team, day)
    read = run(folder, "image_catalog_info", templates=[each.template for each in found.values()])
    left = {version: stage for stage, (version, _wanted) in STAGES.items() if stage != "deleted"}
    for template in read["templates"].values():
        stages = {
            each["version"]: "revoked" if each["revoked_since"] else each["stage"] for each in template["versions"]
        }
        assert stages == left
    yield found
    admin.purge(PREFIX)


def in_shell(words: str) -> tuple[int, str, str]:
    """Run a command of the client for the command line, and return its exit code and what it wrote."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = shell.main(["--os-cloud", CONSUMER, *shlex.split(words)[1:], "--format", "json"])
    return code, output.getvalue(), errors.getvalue()


class Consumer:
    """A project that owns nothing of the catalogue, and the tools that it looks for images with."""

    def __init__(self, cloud: Cloud, shells: ProcessPoolExecutor) -> None:
        self.cloud = cloud
        self.connection = cloud.connection
        self._shells = shells
        self._answers: dict[str, list[str]] = {}

    def command(self, words: str) -> list[str]:
        """
        Return the ids in the answer to a command of C(openstack).

        :raises LookupError: It failed.
        """
        code, output, errors = self._shells.submit(in_shell, words).result(PATIENCE)
        if code:
            raise LookupError(errors)
        found = json.loads(output)
        return [found["id"]] if isinstance(found, dict) else [each["ID"] for each in found]

    def value_of(self, words: str, **names: str) -> list[str]:
        """Return the ids in the value of an expression."""
        value = eval(words, {"conn": self.connection, "lookup": self.look_up, **names})
        single = value is None or isinstance(value, str | Image)
        found = [value] if single else list(value)
        return [each if isinstance(each, str) else each.id for each in found if each is not None]

    def look_up(self, plugin: str, *terms: str) -> list[str]:
        return lookup_loader.get(plugin).run(list(terms), {}, cloud=CONSUMER)

    def search(self, **arguments: Any) -> list[str]:
        """Return the ids that data sources of Terraform find; that of one image has to agree with that of many."""
        found = terraform.image_ids(self.cloud, **arguments)
        try:
            assert [terraform.image(self.cloud, **arguments)] == found
        except terraform.DataSourceError:
            assert len(found) != 1
        return found

    def answer(self, ask: str | dict[str, Any], words: dict[str, str]) -> list[str]:
        """Return the ids of what a question finds, none if the tool ends with an error. None is asked twice."""
        key = json.dumps([ask, words])
        if key not in self._answers:
            self._answers[key] = self._ask(ask, words)
        return self._answers[key]

    def _ask(self, ask: str | dict[str, Any], words: dict[str, str]) -> list[str]:
        try:
            if isinstance(ask, dict):
                return self.search(**{key: words.get(value, value) for key, value in ask.items()})
            if ask.startswith("openstack "):
                return self.command(" ".join(words.get(word, word) for word in ask.split()))
            if ask == "image_name = NAME":
                return [terraform.image_name(self.cloud, words["NAME"])]
            return self.value_of(ask, **words)
        except (LookupError, SDKException, AnsibleError, terraform.DataSourceError):
            return []


@pytest.fixture(scope="module")
def consumer(team: Cloud) -> Iterator[Consumer]:
    # The client changes the logging and the warnings of its process for good.
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as shells:
        yield Consumer(team, shells)


def stages_found(ask: str | dict[str, Any], consumer: Consumer, catalogue: dict[str, Offer]) -> dict[str, list[str]]:
    """The stages in which a question finds a version, for each way to offer it."""
    found = {}
    for offer, versions in catalogue.items():
        found[offer] = []
        for stage in TABLE["stages"]:
            words = {word: each for word, each in versions.words(stage).items() if word in json.dumps(ask)}
            if versions.ids[stage] in consumer.answer(ask, words):
                found[offer].append(stage)
    return found


QUESTIONS = [
    pytest.param(row, ask, id=f"{name} {number}: {ask}")
    for name, rows in TABLE["tables"].items()
    for number, row in enumerate(rows)
    for ask in row["ask"]
]


@pytest.mark.parametrize(("row", "ask"), QUESTIONS)
def test_a_question(
    row: dict[str, Any], ask: str | dict[str, Any], consumer: Consumer, catalogue: dict[str, Offer]
) -> None:
    assert stages_found(ask, consumer, catalogue) == {offer: TABLE["terms"][row[offer]] for offer in OFFERS}


def test_the_table_is_whole() -> None:
    assert set(STAGES) == set(TABLE["stages"])
    rows = [row for rows in TABLE["tables"].values() for row in rows]
    assert [row for row in rows if row.keys() - {"overview", "means"} != {"ask", *OFFERS}] == []
    assert len(QUESTIONS) > 40


def test_the_page_names_the_release_that_is_replayed() -> None:
    page = Path(__file__).parents[2] / "docs/docsite/rst/consumers.rst"
    assert f"the requests of its release {terraform.RELEASE}," in " ".join(page.read_text().split())


@pytest.fixture
def double(team: Cloud) -> Iterator[Callable[..., str]]:
    """Make an image of a name that another one has, and return its id; by the consumer, unless said otherwise."""
    made = []

    def make(name: str, cloud: Cloud = team, **attributes: Any) -> str:
        image_id = cloud.make(name, content(name))
        made.append((cloud, image_id))
        patch = [{"op": "add", "path": f"/{key}", "value": value} for key, value in attributes.items()]
        if patch:
            headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
            response = cloud.image.patch(f"/images/{image_id}", data=json.dumps(patch), headers=headers)
            assert response.status_code == 200, response.text
        return image_id

    yield make
    for cloud, image_id in made:
        cloud.image.delete(f"/images/{image_id}")


def test_a_name_that_an_image_of_the_project_has_too(
    consumer: Consumer, catalogue: dict[str, Offer], double: Callable[..., str]
) -> None:
    offer = catalogue["public"]
    name = offer.name("published")
    own = double(name)
    with pytest.raises(LookupError, match="More than one Image exists with the name"):
        consumer.command(f"openstack image show {name}")
    with pytest.raises(DuplicateResource):
        consumer.connection.image.find_image(name)
    with pytest.raises(terraform.DataSourceError, match="2 images"):
        terraform.image(consumer.cloud, name=name)
    with pytest.raises(terraform.DataSourceError, match="2 images"):
        terraform.image_name(consumer.cloud, name)
    # These choose by themselves: what was created last.
    assert terraform.image(consumer.cloud, name=name, most_recent=True) == own
    assert consumer.connection.get_image_id(name, "(deprecated)") == own
    assert consumer.look_up("xloud.image.current", offer.template) == [offer.ids["published"]]


def test_a_name_that_a_hidden_version_has_too(
    consumer: Consumer, catalogue: dict[str, Offer], double: Callable[..., str]
) -> None:
    offer = catalogue["public"]
    name = offer.name("hidden")
    own = double(name)
    assert consumer.command(f"openstack image show {name}") == [own]
    assert consumer.connection.image.find_image(name).id == own
    assert terraform.image(consumer.cloud, name=name) == own
    assert terraform.image(consumer.cloud, name=name, most_recent=True) == own
    assert terraform.image_name(consumer.cloud, name) == own
    assert consumer.connection.get_image_id(name, "(deprecated)") == own
    assert consumer.look_up("xloud.image.current", offer.template) == [offer.ids["published"]]


def test_anybody_can_offer_to_the_community_what_has_the_name_and_the_tag(
    consumer: Consumer, admin: Cloud, catalogue: dict[str, Offer], double: Callable[..., str]
) -> None:
    offer = catalogue["community"]
    name, ours = offer.name("published"), offer.ids["published"]
    foreign = double(name, Cloud("sandbox-team-b"), visibility="community", tags=[offer.tag])
    asked = {"tag": offer.tag, "visibility": "community", "most_recent": True}
    assert terraform.image(consumer.cloud, **asked) == foreign
    assert terraform.image(consumer.cloud, **asked, owner=admin.project_id) in (ours, offer.ids["deprecated"])
    # What was accepted, is public or the project's own is found by name, so that nobody gets between.
    public = catalogue["public"]
    double(public.name("published"), Cloud("sandbox-team-b"), visibility="community", tags=[public.tag])
    assert consumer.command(f"openstack image show {public.name('published')}") == [public.ids["published"]]


def test_properties_of_a_single_image_are_not_compared(consumer: Consumer, catalogue: dict[str, Offer]) -> None:
    offer = catalogue["public"]
    other = {"xloud_image_version": "9.9"}
    assert terraform.image(consumer.cloud, name=offer.name("published"), properties=other) == offer.ids["published"]
    assert terraform.image_ids(consumer.cloud, name=offer.name("published"), properties=other) == []
    with pytest.raises(terraform.DataSourceError, match="no image"):
        terraform.image(consumer.cloud, tag=offer.tag, properties=other)
