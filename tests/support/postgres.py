"""A real PostgreSQL of the system's packages, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def server() -> Iterator[Path]:
    """The folder of its socket; the server listens nowhere else. Skips where there is none."""
    programs = _programs()
    # PostgreSQL refuses to run as root
    owner = "postgres" if os.getuid() == 0 else None
    if owner and owner not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
    # Short: the path of a unix socket has 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="churon-pg-"))
    if owner:
        shutil.chown(folder, owner)
    data = folder / "data"

    def run(name: str, *rest: str) -> None:
        command = [str(programs / name), "-D", str(data), *rest]
        done = subprocess.run(
            command, user=owner, capture_output=True, text=True, check=False, cwd=folder
        )
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        run("initdb", "-U", "churon", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-w", "-t", "60", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(folder: Path) -> str:
    """The address of an empty database of its own."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"host={folder} user=churon dbname=postgres", autocommit=True) as one:
        one.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://churon@/{name}?host={folder}"


def _programs() -> Path:
    """Where initdb is: on Debian not on the PATH."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places or not (places[-1] / "initdb").is_file():
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    return places[-1]
