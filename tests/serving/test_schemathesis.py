"""The OpenAPI document, turned into thousands of odd requests: none makes the server fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import listening, served

TOOL = Path(sys.prefix) / "schemathesis" / "bin" / "st"
"""In an environment of its own: its jsonschema-rs is not the one that LangGraph's server wants."""


@pytest.mark.server
def test_no_request_makes_the_server_fail(tmp_path: Path) -> None:
    if not TOOL.is_file():
        pytest.skip("no schemathesis: run `make extras`")
    app = served(serve={"runs": 64})
    with listening(app) as url:
        command = [TOOL, "run", f"{url}/openapi.json", "--checks", "not_a_server_error"]
        command += ["--max-time", "30", "--continue-on-failure"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-5_000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    cases = re.search(r"(\d+) generated, \1 passed", done.stdout)
    assert tested and int(tested[1]) > 40
    assert cases and int(cases[1]) > 100
