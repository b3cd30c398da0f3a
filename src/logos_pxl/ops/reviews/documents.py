"""A report as a document to keep or to send: HTML or Markdown, with charts, in one file that loads nothing from elsewhere.

Invariant: whatever a log or a client put into a report is text in the document, and nothing else.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from logos_pxl.durable import replace_file
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.printing import value_text
from logos_pxl.ops.report import Report, Section
from logos_pxl.ops.reviews.charts import Chart
from logos_pxl.version import __version__

_TEMPLATES = {".html": "report.html.jinja", ".md": "report.md.jinja"}
# What means something in Markdown, or in the HTML that it lets through.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#|!~&])")

Charts = Mapping[str, Sequence[Chart]]
"""By the title of the section that they belong to."""


def require_kind(path: Path) -> None:
    """Raises OperationFailed when there is no such kind of document."""
    if path.suffix not in _TEMPLATES:
        raise OperationFailed(f"--output {path}: give a name that ends in {' or '.join(_TEMPLATES)}")


def write_document(path: Path, report: Report, charts: Charts) -> None:
    """Write the report, whole or not at all. Raises OperationFailed."""
    require_kind(path)
    try:
        replace_file(path, rendered(path.suffix, report, charts).encode())
    except OSError as error:
        raise OperationFailed(f"--output {path}: it cannot be written: {error.strerror}") from error


def rendered(suffix: str, report: Report, charts: Charts) -> str:
    """The document's text."""
    environment = Environment(
        loader=PackageLoader("logos_pxl.ops.reviews", "."),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"value_text": value_text, "tables": _tables, "words": _words, "cell": _cell, "base64": _base64}
    title = report.command.replace("-", " ").capitalize()
    held = defaultdict(tuple, charts)
    return environment.get_template(_TEMPLATES[suffix]).render(report=report, charts=held, title=title, version=__version__)


def _tables(section: Section) -> list[list[dict[str, Any]]]:
    """The section's data that are rows."""
    return [value for value in section.data.values() if isinstance(value, list) and value and isinstance(value[0], dict)]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(text: str) -> Markup:
    """Text in Markdown that is text, on one line."""
    return Markup(_MARKDOWN.sub(r"\\\1", " ".join(text.split())))  # noqa: S704 - what HTML could be made of is escaped as Markdown wants it


def _base64(text: str) -> str:
    return base64.b64encode(str(text).encode()).decode()
