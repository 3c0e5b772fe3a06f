"""A column chunk of a leaf column: where it lies, and what is known of its pages."""

from __future__ import annotations

from dataclasses import dataclass

from .footer import Footer, damaged
from .pages import PageMap
from .walk import Walk


@dataclass
class Leaf:
    """One chunk. ``column`` is its top-level column; ``alone`` says that this has no other leaves.

    ``pages`` is set when they are known, ``walk`` while they are looked for. ``whole``: its pages are of no use.
    """

    number: int
    column: int
    alone: bool
    start: int
    stop: int
    entries: int
    codec: int
    repetitions: int
    definitions: int
    width: int | None
    squeezed: float
    pages: PageMap | None = None
    walk: Walk | None = None
    whole: bool = False

    @property
    def size(self) -> int:
        """Bytes of the chunk."""
        return self.stop - self.start

    def give_up(self) -> None:
        """Has the chunk read as a whole from now on."""
        self.pages, self.walk, self.whole = None, None, True


_WIDTHS = {"INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}


def leaf_of(footer: Footer, group: int, number: int, size: int) -> Leaf:
    """A leaf's chunk in a row group of a file with ``size`` bytes; raises EngineError ``source_damaged``."""
    said, tree = footer.parquet.row_group(group).column(number), footer.chunk(group, number)
    about = footer.parquet.schema.column(number)
    start = said.data_page_offset
    if said.has_dictionary_page and 0 < said.dictionary_page_offset < start:
        start = said.dictionary_page_offset
    stop = start + said.total_compressed_size
    if 3 not in tree or not 4 <= start <= stop <= size:
        raise damaged(footer.name, f"column chunk {number} of row group {group} is out of bounds")
    column = footer.column_of[number]
    return Leaf(
        number,
        column,
        len(footer.leaves[column]) == 1,
        start,
        stop,
        said.num_values,
        tree[3].value[4].value,
        about.max_repetition_level,
        about.max_definition_level,
        about.length if about.physical_type == "FIXED_LEN_BYTE_ARRAY" else _WIDTHS.get(about.physical_type),
        said.total_compressed_size / max(1, said.total_uncompressed_size),
    )
