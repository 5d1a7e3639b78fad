"""Settings of Sphinx: the documentation's pages from README.md, docs/ and the docstrings.

The Markdown files stay as they are read in the repository, so the table of contents is here.
"""

import re
from importlib.metadata import version as version_of

from pydantic import BaseModel
from sphinx.application import Sphinx

project = "convbias"
author = "The convbias developers"
version = release = version_of("convbias")

# The repository's root is the source folder; a page may link to any file of it.
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "benchmarks/README.md", "results/*/model-card/*.md"]
exclude_patterns = [".*", "site", "runs", "report", "web", "src", "tests", "tools"]

CONTENTS = {
    "Guides": (
        "docs/your-images",
        "docs/your-network",
        "docs/machines",
        "docs/page",
        "docs/deploy",
    ),
    "Method": (
        "docs/method",
        "docs/reproduce",
        "docs/external-checks",
        "docs/adapting",
        "docs/recipe",
        "docs/learning-rate",
    ),
    "Costs": (
        "docs/cost",
        "benchmarks/README",
        "docs/time-to-accuracy",
        "docs/equivalence",
        "docs/serving",
    ),
    "Reference": (
        "docs/site/reference",
        "docs/references",
        "results/full/model-card/model-card",
        "CHANGELOG",
    ),
    "Contributing": ("CONTRIBUTING", "docs/decisions/README", "PROGRESS"),
}

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# Anchors as in the repository: from the headings.
myst_heading_anchors = 6
# Commands and trees are blocks without a language.
highlight_language = "none"

default_role = "code"  # docstrings name code between single backticks
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Source"]
python_display_short_literal_types = True
python_use_unqualified_type_names = True
nitpicky = True
# Types of other packages, and of parts that users do not meet, have no entry here.
nitpick_ignore_regex = [
    ("py:.*", r"(?!convbias\.).*"),
    ("py:class", r"convbias\.(networks\.adapters|measures\.classifier|figures)\..*"),
]

html_theme = "furo"
html_title = f"convbias {version}"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_additional_pages = {"index": "index.html"}
# Summaries of what is found would be read by requests, which browsers refuse for local files.
html_show_search_summary = False
html_use_index = False


def add_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append the table of contents to the first page, and the decisions' to their list."""
    if page == root_doc:
        contents = CONTENTS
    elif page == "docs/decisions/README":
        names = re.findall(r"\]\((\d{4}-[\w-]+)\.md\)", source[0])
        contents = {"Decisions": [f"docs/decisions/{name}" for name in names]}
    else:
        return
    for caption, pages in contents.items():
        listed = "\n".join(f"/{each}" for each in pages)
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"


def add_fields(
    _app: Sphinx, _kind: str, _name: str, documented: object, _options: object, lines: list[str]
) -> None:
    """List what a description's fields mean, which pydantic keeps beside their types."""
    if not (isinstance(documented, type) and issubclass(documented, BaseModel)):
        return
    lines.append("")
    for name, field in documented.model_fields.items():
        default = "" if field.is_required() else f" By default ``{field.default!r}``."
        lines.append(f":param {name}: {field.description or ''}{default}")
    lines.append("")


def setup(app: Sphinx) -> None:
    """Connect what is added to pages and docstrings."""
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", add_fields)
