"""What a judge is asked, one Markdown file a language; its hash goes into each judgement.

Apart from evaluation's other prompts: those are part of where an answer comes from, and rows made
under other ones are not compared. A judge's prompt changes no answer.
"""

from __future__ import annotations

from churon.nodes.prompts import Prompts

PROMPTS = Prompts("churon.evals.judge.prompts")
