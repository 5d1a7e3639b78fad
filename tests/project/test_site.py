"""The documentation's pages: built without a warning, complete, and read without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from tools.servers.processes import TIMEOUT

import convbias
from page_browser import ARGUMENTS, PATIENCE

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
BUILDER = ROOT / ".venv-docs" / "bin" / "sphinx-build"


class Loaded(HTMLParser):
    """Addresses that a page loads by itself, without those of its links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = {"link": "href", "script": "src", "img": "src", "iframe": "src"}.get(tag)
        self.addresses += [value for key, value in attrs if key == name and value]


def build(sources: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build pages as `make docs` does."""
    [recipe] = re.findall(
        r"(--fail-on-warning.*?--conf-dir \S+)", (ROOT / "Makefile").read_text("utf-8")
    )
    command = [BUILDER, *recipe.split(), "--doctree-dir", folder / "doctrees"]
    return subprocess.run(
        [*command, sources, folder / "site"],
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if not BUILDER.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Sphinx is not installed: make .venv-docs/stamp")
        pytest.skip("Sphinx is not installed: make .venv-docs/stamp")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation")
    done = build(ROOT, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 360, "height": 800})
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def test_every_document_is_a_page(site: Path) -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    pages = [site / path.relative_to(ROOT).with_suffix(".html") for path in documents]
    assert [str(path) for path in pages if not path.exists()] == []


def test_the_first_address_leads_to_the_readme(site: Path) -> None:
    assert "url=README.html" in (site / "index.html").read_text("utf-8")


def test_the_reference_has_every_public_name_and_its_types(site: Path) -> None:
    text = (site / "docs/site/reference.html").read_text("utf-8")
    documented = set(re.findall(r'<dt class="sig[^>]* id="convbias\.(\w+)"', text))
    assert documented == set(convbias.__all__)
    plain = re.sub(r"<[^>]+>", "", text)
    assert "seeds (Sequence[int]) – Distinct and not negative" in plain
    assert "kernel_size (int) – Pixels per side. By default 3." in plain


def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    for path in pages:
        addresses = Loaded(path.read_text("utf-8")).addresses
        assert [each for each in addresses if re.match(r"(https?:)?//", each)] == [], path
        missing = [
            each
            for each in addresses
            if not each.startswith("data:")
            and not (path.parent / each.split("?")[0].split("#")[0]).exists()
        ]
        assert missing == [], path
    for path in site.rglob("*.css"):
        assert re.findall(r"url\(['\"]?(?:https?:)?//|@import", path.read_text("utf-8")) == [], path


def test_search_works_on_local_files(site: Path, page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / "docs/method.html").as_uri())
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.goto((site / "search.html").as_uri() + "?q=equivariance")
    page.wait_for_selector("text=/Search finished/")
    found = page.locator("#search-results li a").all_inner_texts()
    assert "Your own network" in found
    assert {each.split(":")[0] for each in requests} <= {"file", "data"}
    assert errors == []


def test_links_to_nowhere_are_errors(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    (sources / "docs").mkdir(parents=True)
    shutil.copytree(ROOT / "docs/site", sources / "docs/site")
    (sources / "docs/site/reference.md").write_text("# Reference\n")
    (sources / "docs/other.md").write_text("# Other\n\n## A heading\n")
    (sources / "README.md").write_text(
        "# First\n\n[page](docs/missing.md) [file](missing.py) [heading](docs/other.md#headings)"
        " [here](#nowhere) [right](docs/other.md#a-heading)\n"
    )
    conf = sources / "docs/site/conf.py"
    text = conf.read_text("utf-8")
    listed = re.sub(
        r"CONTENTS = \{.*?^\}",
        'CONTENTS = {"All": ["docs/site/reference"]}',
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    conf.write_text(listed, "utf-8")
    done = build(sources, tmp_path)
    assert done.returncode != 0
    for said in ("docs/missing.md", "missing.py", "headings", "nowhere", "toctree"):
        assert said in done.stderr, said
    assert "a-heading" not in done.stderr
