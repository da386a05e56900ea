"""Prompts that evaluation asks with, one Markdown file a step and language."""

from __future__ import annotations

from churon.nodes.prompts import Prompts

PROMPTS = Prompts("churon.evals.prompts")
