"""Finding the pages of chunks: in the page index of the file, or by walking from header to header."""

from __future__ import annotations

from dataclasses import dataclass

from .bodies import Uncut
from .footer import Footer, damaged
from .leaf import Leaf
from .pages import from_offset_index
from .ranges import RangedBytes
from .walk import Walk

_AHEAD = 16 << 20
"""Bytes brought at once where nearly all of a chunk is wanted."""

_KEPT = 256
"""Pages after which a walk is kept, so that a broken one need not begin again."""


@dataclass
class Finder:
    """Finds the pages of the chunks of one row group, which has ``rows`` rows. What it has to say goes to ``notes``."""

    footer: Footer
    data: RangedBytes
    group: int
    rows: int
    notes: dict[str, None]

    def find(self, leaves: list[Leaf], last: int, dense: bool) -> None:
        """Finds the pages of chunks up to row ``last``; what lies between headers is brought as well if ``dense``.

        Chunks whose pages are of no use are marked to be read whole. Raises EngineError ``source_damaged``.
        """
        self._read_indexes([leaf for leaf in leaves if leaf.pages is None and leaf.walk is None])
        walking = [leaf for leaf in leaves if leaf.walk is not None]
        self._walk([leaf for leaf in walking if not _far_enough(leaf, last)], last, dense)
        for leaf in walking:
            if leaf.walk is not None:
                leaf.pages = leaf.walk.map()
                if leaf.walk.counting:
                    self.say(leaf, "up to the last row that is wanted")

    def begin_counting(self, leaf: Leaf) -> None:
        """Begins a walk anew that reads pages to count their rows, since these turned out not to be all alike."""
        leaf.pages, leaf.walk = None, self._new_walk(leaf, counting=True)

    def give_up(self, leaf: Leaf) -> None:
        """Has a chunk read as a whole."""
        leaf.give_up()
        self.say(leaf, "as a whole")

    def say(self, leaf: Leaf, how: str) -> None:
        """Notes that more of a column had to be read than its rows need."""
        name = self.footer.schema.field(leaf.column).name
        self.notes[
            f"The column “{name}” of “{self.footer.name}” was read {how}, where less would have done, because its rows "
            "differ in length and its pages do not tell which rows they hold."
        ] = None

    def _read_indexes(self, leaves: list[Leaf]) -> None:
        """Takes the page indexes that the file has, and prepares walks for the other chunks."""
        indexed = []
        for leaf in leaves:
            tree = self.footer.chunk(self.group, leaf.number)
            if 4 in tree and 5 in tree:
                indexed.append((leaf, (tree[4].value, tree[4].value + tree[5].value)))
        said = self.data.read([place for _, place in indexed]) if indexed else []
        for (leaf, _), index in zip(indexed, said, strict=True):
            try:
                leaf.pages = from_offset_index(index, self.rows, leaf.start)
            except ValueError:
                continue  # the pages themselves will tell
        for leaf in leaves:
            if leaf.pages is None:
                leaf.walk = self._new_walk(leaf)
                kept = self.data.cache and self.data.cache.read(self._name(leaf))
                if kept:
                    leaf.walk.load(kept)

    def _walk(self, going: list[Leaf], last: int, dense: bool) -> None:
        """Walks the pages of chunks, all of them side by side, until row ``last`` is known."""
        rounds = 0
        while going:
            for leaf in going:
                if dense or leaf.walk.counting:
                    self._bring_ahead(leaf)
            said = self.data.read([leaf.walk.next() for leaf in going], keep=False)
            for leaf, data in zip(going, said, strict=True):
                self._take(leaf, data)
            rounds += 1
            done = [leaf for leaf in going if _far_enough(leaf, last)]
            self._keep(going if rounds % _KEPT == 0 else done)
            going = [leaf for leaf in going if leaf not in done]
            if going:
                self.data.tell(f"Looking for the pages of {self.footer.name}, {going[0].walk.share:.0%}")

    def _take(self, leaf: Leaf, data: bytes) -> None:
        try:
            leaf.walk.take(data)
        except Uncut:
            self.give_up(leaf)
        except ValueError as error:
            raise damaged(self.footer.name, f"{error} (column chunk {leaf.number})") from error

    def _bring_ahead(self, leaf: Leaf) -> None:
        """Has what lies behind the next header brought, since it is wanted anyway."""
        at = leaf.walk.at
        if self.data.cache is not None and self.data.cache.missing(*leaf.walk.next()):
            self.data.bring([(at, min(at + _AHEAD, leaf.stop))])
            self.data.start([(at + _AHEAD, min(at + 2 * _AHEAD, leaf.stop))])

    def _keep(self, leaves: list[Leaf]) -> None:
        for leaf in leaves:
            if self.data.cache is not None and leaf.walk is not None:
                self.data.cache.write(self._name(leaf), leaf.walk.dump())

    def _name(self, leaf: Leaf) -> str:
        return f"{self.group}-{leaf.number}.pages"

    def _new_walk(self, leaf: Leaf, counting: bool = False) -> Walk:
        return Walk(leaf.start, leaf.stop, self.rows, leaf.entries, leaf.repetitions, leaf.codec, counting)


def _far_enough(leaf: Leaf, last: int) -> bool:
    return leaf.walk is None or leaf.walk.ended or leaf.walk.known_rows > last
