"""What an evaluation found: one HTML page that needs nothing beside itself, or Markdown.

`gather` reads rows, `view` makes plain data of them, `page` and `markdown` show that data.
"""

from __future__ import annotations

from churon.evals.report.gather import Gathered, gather
from churon.evals.report.markdown import markdown
from churon.evals.report.page import page
from churon.evals.report.view import view

__all__ = ["Gathered", "gather", "markdown", "page", "view"]
