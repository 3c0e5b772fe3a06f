"""A person's searches in one store: examples, questions to the engine, answers. No widgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...engine_link.call import Call, CallFailed
from ...engine_link.link import EngineLink
from .answer import Answer, Match, read_answer
from .asking import Asking
from .examples import CLICKED, Examples, ExampleSet

_FAULTS_OF_THE_EXAMPLE = ("outside_data", "contradiction")
"""Failures after which the last example is taken back, so that everything is as it was before it."""


class SearchSession(QObject):
    """Holds what is sought and what was found, and tells when either changes."""

    store_changed = pyqtSignal()
    examples_changed = pyqtSignal()
    answered = pyqtSignal()
    """There is a new answer to show, or none any more."""
    dropped = pyqtSignal()
    """All searches so far are forgotten; their layers stay with the user."""
    store_failed = pyqtSignal(object)
    search_failed = pyqtSignal(object)

    def __init__(self, link: EngineLink, parent: QObject | None = None):
        super().__init__(parent)
        self._link = link
        self.store = ""
        self.description: dict[str, Any] = {}
        self.examples = Examples()
        self.request: dict[str, Any] = {}
        """Everything the next search asks for, except store and examples."""
        self.latest: dict[int, ExampleSet] = {}
        """The last state of each search that was answered, by its number."""
        self.searching = Asking(self)
        self.describing = Asking(self)
        self._warming = Asking(self)

    @property
    def now(self) -> ExampleSet:
        """The present examples."""
        return self.examples.now

    @property
    def answer(self) -> Answer | None:
        """The answer on show: the present examples' own, or while it is being sought the one before."""
        if self.now.answer is not None or self.now.search == 0:
            return self.now.answer
        last = self.latest.get(self.now.search)
        return last.answer.with_labels(self.now.labels) if last and last.answer else None

    @property
    def store_name(self) -> str:
        """What the store is called."""
        return Path(self.store).name if self.store else ""

    # ---- the store

    def open_store(self, path: str) -> None:
        """Opens a store; examples of another one are dropped once it turns out to be there."""
        call = Call("embeddings.describe", {"store": path}, self.tr("Opening the store"), quiet=True)
        self.describing.ask(
            lambda: self._link.click(call),
            self.tr("Opening the store “{name}”…").format(name=Path(path).name),
            lambda value: self._opened(path, value),
            self.store_failed.emit,
        )

    def take_store(self, path: str, description: dict[str, Any]) -> None:
        """Takes a store that was described already."""
        self._opened(path, description)

    def _opened(self, path: str, description: dict[str, Any]) -> None:
        is_other = path != self.store or description.get("created") != self.description.get("created")
        self.store, self.description = path, description
        if is_other:
            self._drop_searches()
        self.store_changed.emit()
        self._warm_up()

    def _warm_up(self) -> None:
        """Has the engine read the store before the first click, which then need not wait for the disk."""
        west, south, east, north = self.description["bbox"]
        middle = [(west + (east if east >= west else east + 360)) / 2, (south + north) / 2]
        request = {"store": self.store, "points": [middle]}

        def search(found: dict[str, Any]) -> None:
            patch = found["patches"][0]
            if patch is not None:
                self._ask_quietly(
                    "similarity.search", {"store": request["store"], "like": [[patch["lon"], patch["lat"]]], "k": 1}
                )

        self._ask_quietly("embeddings.patch_at", request, search)

    def _ask_quietly(self, operation: str, arguments: dict[str, Any], succeeded=lambda _: None) -> None:
        call = Call(operation, arguments, self.tr("Getting ready to search"), quiet=True)
        # Whatever stands in the way now stands in the way of the first click, which says so in words.
        self._warming.ask(lambda: self._link.click(call), "", succeeded, lambda _: None)

    def stop(self) -> None:
        """Asks nothing any more."""
        for asking in (self.describing, self.searching, self._warming):
            asking.drop()

    def close_store(self) -> None:
        """Forgets store, examples and answers."""
        self.describing.drop()
        self.store, self.description = "", {}
        self._drop_searches()
        self.store_changed.emit()

    def _drop_searches(self) -> None:
        self.searching.drop()
        self._warming.drop()
        self.examples.forget()
        self.latest.clear()
        self.dropped.emit()
        self.examples_changed.emit()
        self.answered.emit()

    # ---- examples

    def pick(self, kind: str, lon: float, lat: float) -> None:
        """Takes a click on the map: a new search, or one example more."""
        if kind == CLICKED:
            self.examples.begin(lon, lat)
        else:
            self.examples.add(kind, lon, lat)
        self._changed()

    def judge(self, matches: list[Match], kind: str | None) -> None:
        """Marks results right or wrong, or takes their marks away."""
        before = self.now
        self.examples.judge(matches, kind)
        if self.now is not before:
            self._changed()

    def remove(self, positions: list[int]) -> None:
        """Takes examples away."""
        self.examples.remove(positions)
        self._changed()

    def clear(self) -> None:
        """Takes all examples away; the layers on the map stay."""
        self.examples.clear()
        self._changed()

    def undo(self) -> None:
        """Takes the last change back."""
        if self.examples.can_undo:
            self.examples.undo()
            self._changed()

    def redo(self) -> None:
        """Makes the last change that was taken back again."""
        if self.examples.can_redo:
            self.examples.redo()
            self._changed()

    def restore(self, path: str, description: dict[str, Any], states: list[ExampleSet], current: int) -> list[int]:
        """Takes searches that were saved, makes one of them the present one, and returns their numbers here.

        ``answered`` is left to whoever restores: the layers of the searches have to be taken first.
        """
        self.searching.drop()
        self.store, self.description = path, description
        self.latest.clear()
        self.dropped.emit()
        numbers: dict[int, int] = {}
        for position in sorted(range(len(states)), key=lambda position: position == current):
            self.examples.restore(states[position].examples, states[position].answer)
            numbers[position] = self.now.search
            self.latest[self.now.search] = self.now
        self.store_changed.emit()
        self.examples_changed.emit()
        return [numbers[position] for position in range(len(states))]

    def _changed(self) -> None:
        self.examples_changed.emit()
        if self.now.answer is not None or not self.now.like:
            self.searching.drop()
            self.answered.emit()
        else:
            self.search()

    # ---- searching

    def find_again(self) -> None:
        """Searches with the present options: as a new search, unless nothing has changed since the last one."""
        answer = self.now.answer
        is_another = answer is not None and answer.request != self.request
        if is_another:
            self.examples.branch()
            self.examples_changed.emit()
        self.search(is_another)

    def search(self, may_be_taken_back: bool = False) -> None:
        """Asks for the places most like the present examples; an older question is dropped.

        When it fails, a state that was made for it only is taken back, so that what was found before stays.
        """
        self._warming.drop()
        asked, request = self.now, dict(self.request)
        arguments = {"store": self.store, "like": asked.like, "unlike": asked.unlike, **request}
        title = self.tr("Looking for similar places")
        self.searching.ask(
            lambda: self._link.click(Call("similarity.search", arguments, title)),
            self.tr("Comparing {count} places…").format(count=self.description.get("count", "")),
            lambda value: self._found(asked, request, value),
            lambda failure: self._failed(failure, may_be_taken_back),
        )

    def _found(self, asked: ExampleSet, request: dict[str, Any], result: dict[str, Any]) -> None:
        if asked is not self.now:
            return
        last = self.latest.get(asked.search)
        answer = read_answer(result, request, asked.labels, last.answer if last else None)
        self.examples.learn(result["examples"], answer)
        self.latest[asked.search] = self.now
        self.examples_changed.emit()
        self.answered.emit()

    def _failed(self, failure: CallFailed, may_be_taken_back: bool) -> None:
        if may_be_taken_back or failure.code in _FAULTS_OF_THE_EXAMPLE:
            self.examples.take_back()
            self.examples_changed.emit()
            self.answered.emit()
        self.search_failed.emit(failure)
