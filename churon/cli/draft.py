"""What a model is writing, while it writes: on a terminal only, and gone when it is done."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.text import Text

from churon.cli.common import visible


class Draft:
    """Tokens as they come; the answer is printed with its sources afterwards, and once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""
        self._live: Live | None = None

    def add(self, token: str) -> None:
        """Show one more token."""
        if not self._console.is_terminal:
            return
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._text += token
        self._live.update(self._last_lines(), refresh=True)

    def end(self) -> None:
        """Take it away."""
        if self._live is not None:
            self._live.stop()
        self._live, self._text = None, ""

    def _last_lines(self) -> Text:
        """As many as the screen takes: what has left it could not be taken away."""
        lines = Text(visible(self._text), style="dim").wrap(self._console, self._console.width)
        return Text("\n").join(lines[-max(1, self._console.height - 2) :])
