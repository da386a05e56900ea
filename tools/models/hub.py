"""Model files from their official repositories on the Hugging Face Hub."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.request import getproxies

import httpx

from churon.tools.errors import ModelError, ModelUnreachable
from churon.tools.models.catalogue import Entry
from churon.tools.models.fetch import OnProgress

# A hub that does not answer at once is passed over: the next source is waiting
_PATIENCE = 3.0
_TIMEOUT = httpx.Timeout(60.0, connect=_PATIENCE)


class Hub:
    """The Hugging Face Hub, or the mirror at `endpoint`."""

    name = "Hugging Face Hub"

    def __init__(self, endpoint: str | None = None) -> None:
        """`endpoint` None: the hub's own setting (HF_ENDPOINT, else the public hub)."""
        self._endpoint = endpoint

    def offers(self, known: Entry) -> bool:
        """Whether the catalogue names an official file for it."""
        return known.hub is not None

    def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
        """Complete `part` from the byte where it ends.

        Raises ModelUnreachable, ModelError (the hub answers, but not with this file).
        """
        url, headers = self._address(known)
        if not _reachable(httpx.URL(url)):
            raise ModelUnreachable(f"{url} cannot be reached within {_PATIENCE:g} seconds.")
        done = part.stat().st_size if part.is_file() else 0
        if 0 < done < known.bytes:
            headers["Range"] = f"bytes={done}-"
        try:
            with httpx.stream(
                "GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True
            ) as answer:
                if answer.status_code not in (200, 206):
                    raise ModelError(f"{url} answered {answer.status_code}.")
                _write(answer, known, part, done if answer.status_code == 206 else 0, on_progress)
        except httpx.HTTPError as error:
            raise ModelUnreachable(f"{url} cannot be reached: {error!r}.") from error

    def _address(self, known: Entry) -> tuple[str, dict[str, str]]:
        try:
            from huggingface_hub import constants, hf_hub_url
            from huggingface_hub.utils._headers import build_hf_headers
        except ImportError as error:
            raise ModelUnreachable("The package huggingface_hub is not installed.") from error
        if constants.HF_HUB_OFFLINE:
            raise ModelUnreachable("HF_HUB_OFFLINE is set.")
        assert known.hub is not None, "offers() was not asked"
        file = known.hub
        url = hf_hub_url(file.repo, file.file, revision=file.revision, endpoint=self._endpoint)
        return url, dict(build_hf_headers())


def _write(
    answer: httpx.Response, known: Entry, part: Path, start: int, on_progress: OnProgress
) -> None:
    part.touch()
    size = start
    with part.open("r+b") as out:
        out.truncate(start)
        out.seek(start)
        for block in answer.iter_bytes(1 << 20):
            size += len(block)
            if size > known.bytes:
                raise ModelError(f"The hub's file is larger than {known.bytes} bytes.")
            out.write(block)
            on_progress(size, known.bytes)


def _reachable(url: httpx.URL) -> bool:
    """Whether the host takes connections; True behind a proxy, which resolves names itself.

    httpx bounds neither the name's resolution nor the sum over a host's addresses: a network that
    drops packets would hold the pull up for minutes. Hence a thread that may be left behind.
    """
    if getproxies().get(url.scheme):
        return True
    answered = threading.Event()

    def connect() -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        with suppress(OSError), socket.create_connection((url.host, port), _PATIENCE):
            answered.set()

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(_PATIENCE)
    return answered.is_set()
