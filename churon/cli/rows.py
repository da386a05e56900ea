"""Rows as a table; below each other where the terminal is too narrow for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Cell = str | Text
_GAP = 2


class Rows:
    """Heads and cells; what would be cut in a table is printed whole in lines instead."""

    def __init__(
        self, heads: Sequence[str], *, title: str, folds: Mapping[str, int], right: Sequence[str]
    ) -> None:
        """`title` names the column that tells rows apart, `right` those of numbers. Columns of
        `folds` may become so narrow, by folding; all others are as wide as their cells.
        """
        self.heads, self.title, self.folds, self.right = heads, title, folds, right
        self._rows: list[list[Text]] = []

    def add(self, *cells: Cell) -> None:
        """One row, a cell a head."""
        self._rows.append([one if isinstance(one, Text) else Text(one) for one in cells])

    def print(self, console: Console) -> None:
        """In whichever form fits."""
        if sum(map(self._least, range(len(self.heads)))) + _GAP * len(self.heads) <= console.width:
            console.print(self._table())
            return
        for row in self._rows:
            self._stacked(console, row)

    def _least(self, place: int) -> int:
        cells = [Text(self.heads[place]), *(row[place] for row in self._rows)]
        widest = max(line.cell_len for cell in cells for line in cell.split("\n"))
        return min(widest, self.folds.get(self.heads[place], widest))

    def _table(self) -> Table:
        made = Table(box=None, pad_edge=False)
        for place, head in enumerate(self.heads):
            made.add_column(
                head,
                justify="right" if head in self.right else "left",
                overflow="fold",
                no_wrap=head not in self.folds,
                min_width=self._least(place),
            )
        for row in self._rows:
            made.add_row(*row)
        return made

    def _stacked(self, console: Console, row: Sequence[Text]) -> None:
        cells = dict(zip(self.heads, row, strict=True))
        console.print(cells.pop(self.title), overflow="fold")
        told = [Text.assemble(f"{head} ", cell) for head, cell in cells.items() if cell.plain]
        console.print(Padding(Text(", ").join(told), (0, 0, 0, _GAP)), overflow="fold")
