"""The site's configuration: `make docs` builds it. Everything is served from the site itself; it works offline."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_site"))

from logos_pxl.version import __version__  # noqa: E402

project = "LOGOS PXL Core"
author = "The LOGOS PXL Core authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.graphviz", "sources"]
graphviz_output_format = "svg"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_site", "_static"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nitpicky = True
# Quotes in code and in what the service says stay as they are.
smartquotes = False
# Quotations over several lines of a console confuse the highlighter. tests/documents checks the blocks.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"PXL {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"footer_icons": []}
