"""Folders and files for what a user's documents and conversations become."""

from __future__ import annotations

import os
from pathlib import Path


def private_folder(path: Path) -> None:
    """Make the folder, and those above it that are missing, so that nobody else on this machine can
    enter; one that is there stays as it is. Raises OSError.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(exist_ok=True)  # a file in its place is told


def private_file(path: Path) -> None:
    """Make the file and its folder, where they are missing, so that nobody else may read it; one
    that is there stays as it is. Raises OSError.
    """
    private_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # a folder in its place is told
