# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook report on two regions of the sandbox and a cloud that is not there, and its page in a real Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from conftest import PATIENCE, Cloud
from jsonschema import Draft7Validator
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from ansible_collections.xloud.image.tests.unit.fakes import reports

TEMPLATE, SHARED = "itest-1-report", "itest-1-reported"
HOSTILE = f"{TEMPLATE} <script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> | ]]>"
HOSTILE += " {{ 7 * 191 }} \u202e\u05d0"
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/report.schema.json").read_text())
ONE, TWO, NOWHERE = "sandbox-admin RegionOne", "sandbox-admin RegionTwo", "nowhere"
STAGES = {"1.4": "staged", "1.3": "published", "1.2": "deprecated", "1.1": "hidden", "1.0": "retired"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
MIB = 1024**2


def playbook(name: str, folder: Path, *options: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible-playbook", f"xloud.image.{name}", *options, "--extra-vars", json.dumps(variables)],
        cwd=folder,
        env={**os.environ, "PWD": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


class Region(Cloud):
    """The images of the administrator, who may look up the names of projects, in one region."""

    def __init__(self, region: str) -> None:
        super().__init__("sandbox-admin", region_name=region)

    def patch(self, image_id: str, **changes: Any) -> None:
        body = [{"op": "add", "path": f"/{key}", "value": value} for key, value in changes.items()]
        assert self.image.patch(f"/images/{image_id}", json=body, headers=PATCH).status_code == 200

    def clean(self) -> None:
        for image in self.find("itest-1-report"):
            self.patch(image["id"], protected=False)
        self.purge("itest-1-report")


class Runs:
    """The playbook in a folder with documents and an inventory of three clouds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self, *options: str, **variables: Any) -> tuple[Path, subprocess.CompletedProcess[str]]:
        """Return the folder with the report, and how the run ended."""
        written = self.folder / f"report-{len(list(self.folder.glob('report-*')))}"
        given = {"xloud_image_hosts": "all", "image_report_directory": written.name, **variables}
        return written, playbook("report", self.folder, "--inventory", "clouds.yml", *options, **given)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Versions in each stage and a share without an answer in one region, less and other content in the other one."""
    folder = tmp_path_factory.mktemp("report")
    regions = Region("RegionOne"), Region("RegionTwo")
    for region in regions:
        region.clean()
    for number in range(5):
        (folder / f"1.{number}.raw").write_bytes(bytes([number]) * MIB)
    (folder / "other.raw").write_bytes(b"other" * 1000)
    versions = {version: {"source": f"{version}.raw"} for version in STAGES}
    versions["1.4"]["stage"] = "staged"
    kept = {"visible": 9, "available": 9}
    document = {
        TEMPLATE: {"visibility": "community", "retention": kept, "versions": versions},
        SHARED: {"visibility": "shared", "members": ["team-a", "team-b"], "versions": {"1.0": {"source": "1.0.raw"}}},
    }
    (folder / "catalog.yml").write_text(yaml.safe_dump({"image_catalog": document}))
    less = {"1.2": {"source": "1.2.raw"}, "1.1": {"source": "other.raw"}}
    (folder / "less.yml").write_text(
        yaml.safe_dump({"image_catalog": {TEMPLATE: {**document[TEMPLATE], "versions": less}}})
    )
    hosts = {
        "one": {"xloud_image_cloud": "sandbox-admin", "xloud_image_region_name": "RegionOne"},
        "two": {"xloud_image_cloud": "sandbox-admin", "xloud_image_region_name": "RegionTwo"},
        "three": {"xloud_image_cloud": NOWHERE},
    }
    (folder / "clouds.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}, sort_keys=False))
    regional = {
        host: {"xloud_image_cloud": {**_configuration(), "region_name": region}, "image_catalog_files": file}
        for host, region, file in (("one", "RegionOne", "catalog.yml"), ("two", "RegionTwo", "less.yml"))
    }
    (folder / "regions.yml").write_text(yaml.safe_dump({"all": {"hosts": regional}}))
    made = playbook("curate", folder, "--inventory", "regions.yml", xloud_image_hosts="all")
    assert made.returncode == 0, made.stdout
    first = regions[0]
    share = first.find(SHARED)[0]
    consumer = Cloud("sandbox-team-a", region_name="RegionOne")
    answer = f"/images/{share['id']}/members/{consumer.project_id}"
    assert consumer.image.put(answer, json={"status": "accepted"}).status_code == 200
    odd = first.make(HOSTILE, b"x" * MIB)
    first.patch(odd, tags=["xloud.image"])
    ids = {image["name"].removeprefix(f"{TEMPLATE}-v"): image["id"] for image in first.find(TEMPLATE)}
    first.patch(ids["1.2"], deprecated_reason=HOSTILE)
    first.patch(ids["1.1"], os_hidden=True)
    first.patch(ids["1.0"], visibility="private", retired_since="2026-01-01")
    assert first.image.post(f"/images/{ids['1.0']}/actions/deactivate").status_code == 204
    yield Runs(folder)
    for region in regions:
        region.clean()


def _configuration() -> dict[str, Any]:
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    return {key: value for key, value in clouds["sandbox-admin"].items() if key != "regions"}


@pytest.fixture(scope="module")
def written(runs: Runs) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A report of all clouds in all formats, compared with a document, as AWX would make it."""
    return runs.report(
        image_report_formats="html,markdown,json,junit",
        image_report_title="Images of <both> regions",
        image_catalog_files="catalog.yml",
        image_report_set_stats="true",
        awx_job_id=4711,
        awx_user_name="ada",
    )


@pytest.fixture(scope="module")
def document(written: tuple[Path, Any]) -> dict[str, Any]:
    return json.loads((written[0] / "report.json").read_text())


def ours(document: dict[str, Any], name: str = TEMPLATE) -> dict[str, Any]:
    return next(each for each in document["templates"] if each["name"] == name)


def test_a_run_changes_nothing_and_fails_for_the_cloud_that_is_not_there(written: tuple[Path, Any]) -> None:
    folder, run = written
    assert run.returncode == 2, run.stdout
    recap = dict(re.findall(r"^(\w+) +: ok=\d+ +(changed=\d+ +unreachable=\d+ +failed=\d+)", run.stdout, re.MULTILINE))
    assert {host: " ".join(counts.split()) for host, counts in recap.items()} == {
        "one": "changed=0 unreachable=0 failed=0",
        "two": "changed=0 unreachable=0 failed=0",
        "three": "changed=0 unreachable=0 failed=1",
    }
    assert sorted(path.name for path in folder.iterdir()) == ["junit.xml", "report.html", "report.json", "report.md"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert "nowhere could not be read, and the report says so: cloud: Cloud nowhere was not found." in run.stdout


def test_the_report_tells_what_is_in_the_clouds(document: dict[str, Any]) -> None:
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(document)] == []
    assert document["header"]["run"] == {"job_id": "4711", "user": "ada"}
    assert [(cloud["name"], cloud["error"] is None) for cloud in document["clouds"]] == [
        (ONE, True),
        (TWO, True),
        (NOWHERE, False),
    ]
    template = ours(document)
    stages = {
        each["version"]: {image["cloud"]: image["stage"] for image in each["images"]} for each in template["versions"]
    }
    assert {version: clouds[ONE] for version, clouds in stages.items()} == STAGES
    assert {version: clouds[TWO] for version, clouds in stages.items() if TWO in clouds} == {
        "1.2": "published",
        "1.1": "deprecated",
    }
    assert [each["missing_in"] for each in template["versions"]] == [[TWO], [TWO], [], [], [TWO]]
    assert {each["cloud"]: each["version"] for each in template["current"]} == {ONE: "1.3", TWO: "1.2"}
    assert [(each["project"], each["status"]) for each in document["shares"] if each["template"] == SHARED] == [
        ("team-b", "pending"),
        ("team-a", "accepted"),
    ]


def test_the_findings_of_one_cloud_and_of_all(document: dict[str, Any]) -> None:
    found = {(each["cloud"], each["kind"]) for each in document["findings"]}
    assert found >= {
        (ONE, "bad_name"),
        (ONE, "unaccepted"),
        (TWO, "drift"),
        (TWO, "content"),
        (TWO, "behind"),
        (NOWHERE, "unreachable"),
    }
    (odd,) = (each for each in document["findings"] if each["kind"] == "bad_name")
    assert odd["image"] == HOSTILE.replace("\u202e", "\\u202e")


def test_who_uses_what_is_not_known_without_the_services_that_know(document: dict[str, Any]) -> None:
    every = sum(cloud["images"] for cloud in document["clouds"])
    usage = document["summary"]["usage"]
    assert {key: usage[key] for key in ("servers", "volumes", "images")} == {
        "servers": None,
        "volumes": None,
        "images": 0,
    }
    assert usage["servers_unknown"] == usage["volumes_unknown"] == every > 0
    assert {image["usage"]["is_used"] for each in ours(document)["versions"] for image in each["images"]} == {None}
    reasons = document["clouds"][0]["usage"]["unknown"]
    assert [reason.partition(" has no endpoint for ")[2] for reason in reasons] == [
        "the Block Storage service.",
        "the Compute service.",
    ]
    assert document["notices"] == []
    assert "usage_unknown" not in {each["kind"] for each in document["findings"]}


def test_all_formats_say_unknown(written: tuple[Path, Any]) -> None:
    folder, run = written
    assert re.search(rf'"{ONE} +read +\d+ +\d+ +\S+ \S+ +unknown +unknown ', run.stdout)
    rows = [line for line in (folder / "report.md").read_text().splitlines() if re.match(r"\| 1\.\d \| sandbox", line)]
    assert len(rows) >= len(STAGES)
    assert [row for row in rows if "| unknown |" not in row and "not there" not in row] == []
    assert "usage: unknown" in (folder / "junit.xml").read_text()


def test_nobody_is_asked_who_uses_what_where_that_is_not_wanted(runs: Runs) -> None:
    folder, run = runs.report(image_usage="false", image_report_formats="json,html")
    assert json.loads((folder / "report.json").read_text())["summary"]["usage"] is None
    assert "Used by" not in (folder / "report.html").read_text()
    assert "unknown" not in run.stdout


def test_junit_fails_for_drift(written: tuple[Path, Any]) -> None:
    suites = {suite.get("name"): suite for suite in ElementTree.parse(written[0] / "junit.xml").getroot()}
    assert list(suites) == [ONE, TWO, NOWHERE]
    failed = {case.get("name"): case.findtext("failure") for case in suites[TWO] if case.find("failure") is not None}
    assert failed[f"{TEMPLATE}-v1.3"].startswith("drift: ")
    assert suites[NOWHERE].find("testcase/error").get("type") == "unreachable"


def test_lines_and_artifacts_are_for_whom_the_files_are_lost(written: tuple[Path, Any]) -> None:
    output = written[1].stdout
    assert re.search(rf"{TEMPLATE} +{ONE} +1\.3 +[0-9a-f-]{{36}} +differs", output)
    assert re.search(rf"unreachable +{NOWHERE}", output)
    assert "1337" not in output


def test_check_mode_writes_the_same_of_a_survey_that_was_not_filled_in(runs: Runs, document: dict[str, Any]) -> None:
    answers = (
        "image_owner",
        "image_usage",
        "image_usage_cloud",
        "image_presets",
        "image_as_of",
        "image_report_formats",
        "image_report_title",
    )
    folder, run = runs.report("--check", "--diff", image_catalog_files=["catalog.yml"], **dict.fromkeys(answers, ""))
    again = json.loads((folder / "report.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.md"]
    assert {**again, "header": None} == {**document, "header": None}
    assert "changed=1" not in run.stdout


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    switches = ["headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-quic", "no-first-run"]
    switches += ["disable-background-networking", "disable-component-update", "disable-sync", "window-size=1280,900"]
    for switch in (*switches, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium: webdriver.Chrome, written: tuple[Path, Any]) -> Iterator[webdriver.Chrome]:
    """The page, on a desktop; the browser has nothing to complain of at the end."""
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": [still]})
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get((written[0] / "report.html").as_uri())
    yield chromium
    assert chromium.get_log("browser") == []
    assert chromium.title == "Images of <both> regions"


WORDS = "{{ 7 * 191 }} | `x` <b>@all</b> \u202e\x1b[2J"
ODD = "mycloud-7-191-x-b-all-b-u202e-u001b-2J.md"


class Told:
    """What the role writes of a cloud whose projects use what goes out of use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notices = folder / "told/notices"
        self.result = reports.first()
        notice = next(each for each in self.result["notices"] if each["project_id"] == reports.TEAM_C)
        notice["project"] = notice["images"][0]["resources"][0]["name"] = WORDS
        include = {"name": "xloud.image.report", "tasks_from": "write.yml"}
        result = "{{ lookup('ansible.builtin.file', 'result.json') | from_json }}"
        tasks = [
            {"ansible.builtin.set_fact": {"__report_called": "mycloud", "report_result": result}},
            {"ansible.builtin.include_role": include, "vars": {"report_directory": "told"}},
        ]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        (folder / "write.yml").write_text(yaml.safe_dump([play]))

    def write(self, *options: str, **variables: Any) -> str:
        """Return what is said while files of these formats are written."""
        (self.folder / "result.json").write_text(json.dumps(self.result))
        run = subprocess.run(
            ["ansible-playbook", "write.yml", *options, "--extra-vars", json.dumps(variables)],
            cwd=self.folder,
            env={**os.environ, "PWD": str(self.folder), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert run.returncode == 0, run.stdout
        return run.stdout

    def names(self) -> list[str]:
        return sorted(path.name for path in self.notices.iterdir())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="module")
def output(told: Told) -> str:
    """What is said of a page and notices."""
    return told.write(report_formats=["html", "notices"])


def test_each_project_has_a_notice_that_can_be_sent(told: Told, output: str) -> None:
    assert told.names() == [ODD, "mycloud-team-a.md", "mycloud-team-b.md"]
    text = (told.notices / "mycloud-team-a.md").read_text()
    assert text.startswith("# Images that `team-a` uses in mycloud\n")
    assert re.search(r"^\| server \| `web-1` \| `[0-9a-f-]{36}` \| 2026-01-20 \| - \|$", text, re.MULTILINE)
    assert "Use `ubuntu-24.04-base-v1.4` instead." in text
    assert re.search(r"changed=0 +unreachable=0 +failed=0", output)


def test_what_others_called_things_is_no_template_and_no_markup_in_a_notice(told: Told, output: str) -> None:
    text = (told.notices / ODD).read_text()
    assert r"| server | `\u007b\u007b 7 * 191 \u007d\u007d \u007c \u0060x\u0060" in text
    assert "1337" not in text + output
    assert not set("<>{}\u202e\x1b") & set(text)


def test_the_page_says_whom_to_tell(told: Told, output: str, chromium: webdriver.Chrome) -> None:
    del output
    chromium.get((told.folder / "told/report.html").as_uri())
    assert [row.split("\n")[0] for row in shown(chromium, "#notices tbody th bdi")] == [
        WORDS.replace("\u202e", "\\u202e").replace("\x1b", "\\u001b"),
        "team-a",
        "team-b",
    ]
    chromium.find_element(By.NAME, "used").click()
    rows = shown(chromium, "#versions [data-row]")
    assert [row.split()[0] for row in rows] == ["v1.4", "v1.3", "v0.9"]
    assert "1 launched since" in rows[1]
    fill(chromium, "team-b")
    assert [row.split()[0] for row in shown(chromium, "#versions [data-row]")] == ["v0.9"]
    assert len(shown(chromium, "#notices [data-row]")) == 1
    assert chromium.find_elements(By.CSS_SELECTOR, "main b") == []


def test_no_notice_of_an_earlier_run_is_left(told: Told, output: str) -> None:
    del output
    (told.notices / "own.md").write_text("# What we send\n")
    (told.notices / "older.md").write_bytes("# Für uns\n".encode("latin-1"))
    (told.notices / "mycloud-team-z.md").write_text((told.notices / "mycloud-team-a.md").read_text())
    told.write("--check", report_formats=["notices"])
    assert told.names() == [ODD, "mycloud-team-a.md", "mycloud-team-b.md", "older.md", "own.md"]
    told.write(report_formats=[])
    assert len(told.names()) == 5
    told.write(report_formats=["json"])
    assert told.names() == ["older.md", "own.md"]


def test_nobody_is_to_be_told_and_no_folder_is_made(tmp_path: Path) -> None:
    nobody = Told(tmp_path)
    nobody.result["notices"] = []
    nobody.write(report_formats=["notices"])
    assert [*(tmp_path / "told").iterdir()] == []


def shown(page: webdriver.Chrome, selector: str) -> list[str]:
    return [element.text for element in page.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]


def fill(page: webdriver.Chrome, text: str) -> None:
    page.find_element(By.NAME, "text").send_keys(text)


def test_the_page_asks_the_network_for_nothing(page: webdriver.Chrome) -> None:
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert sent == [page.current_url]


def test_what_others_wrote_is_shown_and_not_done(page: webdriver.Chrome) -> None:
    words = HOSTILE.replace("\u202e", "\\u202e")
    assert words in shown(page, "#findings td.name")
    assert page.find_elements(By.TAG_NAME, "img") == []
    assert len(page.find_elements(By.TAG_NAME, "script")) == 1


def test_a_search_narrows_what_is_shown(page: webdriver.Chrome) -> None:
    everything = len(shown(page, "[data-row]"))
    fill(page, f"{TEMPLATE}-v1.3 regionone")
    rows = shown(page, "#versions [data-row]")
    assert len(rows) == 1
    assert "published" in rows[0]
    assert len(shown(page, "article")) == 1
    assert re.fullmatch(r"\d+ of \d+ rows", shown(page, "#shown")[0])
    fill(page, " nothing has this")
    assert shown(page, "#nothing") == ["Nothing matches the search."]
    assert shown(page, "[data-row]") == []
    page.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    WebDriverWait(page, PATIENCE).until(lambda _page: len(shown(page, "[data-row]")) == everything)


def test_a_stage_and_a_cloud_narrow_what_is_shown(page: webdriver.Chrome) -> None:
    fill(page, TEMPLATE)
    Select(page.find_element(By.NAME, "stage")).select_by_visible_text("hidden")
    assert [row.split("\n")[0].split()[0] for row in shown(page, f"[id='{TEMPLATE}'] [data-row]")] == ["v1.1"]
    Select(page.find_element(By.NAME, "cloud")).select_by_visible_text(TWO)
    assert shown(page, f"[id='{TEMPLATE}'] [data-row]") == []
    Select(page.find_element(By.NAME, "stage")).select_by_visible_text("published")
    rows = [row for row in page.find_elements(By.CSS_SELECTOR, "[data-row]") if row.is_displayed()]
    assert {row.get_attribute("data-cloud") for row in rows} - {""} == {TWO}
    assert len(shown(page, f"[id='{TEMPLATE}'] [data-row]")) == 1


def test_findings_alone_can_be_shown(page: webdriver.Chrome) -> None:
    page.find_element(By.NAME, "attention").click()
    assert all("finding" in row for row in shown(page, "#versions [data-row]"))
    assert "accepted" not in shown(page, "#sharing td:first-child")
    assert "pending" in shown(page, "#sharing td:first-child")


def test_the_keyboard_does_it(page: webdriver.Chrome) -> None:
    page.find_element(By.TAG_NAME, "body").send_keys("/")
    assert page.switch_to.active_element.get_attribute("name") == "text"
    page.switch_to.active_element.send_keys("region/two")
    assert page.switch_to.active_element.get_attribute("value") == "region/two"


def test_an_id_is_copied(page: webdriver.Chrome, document: dict[str, Any]) -> None:
    current = ours(document)["current"][0]["id"]
    button = page.find_element(By.CSS_SELECTOR, f"#current [data-copy='{current}']")
    button.click()
    WebDriverWait(page, PATIENCE).until(lambda _page: button.text == "Copied")
    assert page.find_element(By.ID, "said").get_attribute("textContent") == f"Copied {current}"
    field = page.find_element(By.NAME, "text")
    field.send_keys(Keys.CONTROL, "v")
    assert field.get_attribute("value") == current
    assert len(shown(page, "#current [data-row]")) == 1


def test_a_phone_scrolls_in_one_direction(page: webdriver.Chrome) -> None:
    for width in (320, 375, 768):
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": True}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        page.refresh()
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        inside = "return [...document.querySelectorAll('main *')].filter((each) => each.checkVisibility() &&"
        inside += " !each.closest('.hide, thead, svg') && each.getBoundingClientRect().right > innerWidth + 1)"
        inside += ".map((each) => each.outerHTML.slice(0, 200))"
        if width < 700:
            assert page.execute_script(inside) == []
    small = "return [...document.querySelectorAll('main td, main th')].filter((each) => each.checkVisibility())"
    small += ".map((each) => parseFloat(getComputedStyle(each).fontSize))"
    assert min(page.execute_script(small)) >= 12


CONTRAST = """
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  function colour(value) {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = value; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }
  function light(value) {
    const linear = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = value.map((each) => linear(each / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function behind(element) {
    for (let each = element; each; each = each.parentElement) {
      const found = colour(getComputedStyle(each).backgroundColor);
      if (found[3] === 255) { return found; }
    }
    return [255, 255, 255, 255];
  }
  const faint = new Set();
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !each.checkVisibility() || each.closest("svg, script, style, select, .hide")) { continue; }
    const pair = [light(colour(getComputedStyle(each).color)), light(behind(each))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) { faint.add(`${each.tagName}.${each.className} ${ratio.toFixed(2)}`); }
  }
  return [...faint];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable(page: webdriver.Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(246, 247, 249)", "dark": "rgb(17, 21, 27)"}[scheme]
    assert page.execute_script(CONTRAST) == []


def test_time_lines_say_in_words_what_they_show(page: webdriver.Chrome) -> None:
    lines = page.find_elements(By.CSS_SELECTOR, f"[id='{TEMPLATE}'] svg[role=img]")
    assert len(lines) == len(STAGES) + 2
    words = [line.get_attribute("aria-label") for line in lines]
    assert all(re.fullmatch(r"(\w+ since \d{4}-\d\d-\d\d( or later)?(, )?)+", each) for each in words), words
    drawn = [line.find_elements(By.CSS_SELECTOR, "rect") for line in lines]
    assert all(rects and all(rect.rect["width"] > 0 for rect in rects) for rects in drawn)


def test_print_shows_all_but_the_tools(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert shown(page, "form, nav, .copy") == []
    assert len(shown(page, "[data-row]")) == len(page.find_elements(By.CSS_SELECTOR, "[data-row]"))


def test_without_scripts_all_is_there_and_nothing_that_needs_them(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.refresh()
    tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = {(node["role"]["value"], node.get("name", {}).get("value")) for node in tree if not node["ignored"]}
    names = {name for role, name in seen if role == "heading"}
    assert names >= {
        "Findings",
        "Clouds",
        "Current images",
        "Versions",
        "Whom to tell",
        TEMPLATE,
        SHARED,
        "Sharing",
        "Sizes and growth",
    }
    assert {role for role, _name in seen} >= {
        "table",
        "row",
        "columnheader",
        "rowheader",
        "main",
        "banner",
        "navigation",
    }
    assert {role for role, _name in seen} & {"button", "searchbox", "checkbox"} == set()
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
