"""Keeps the Similarity dock and the project in step: saved with it, restored with it, cleared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject

from ...engine_link.call import Call, CallFailed
from ...layers.scores import MARK
from .project_state import DockState, SavedSearch, read_state, write_state

if TYPE_CHECKING:
    from ..similarity_conductor import SimilarityConductor


class ProjectLink(QObject):
    """Listens to the project for a conductor."""

    def __init__(self, conductor: SimilarityConductor):
        super().__init__(conductor)
        self._conductor = conductor
        project = QgsProject.instance()
        project.writeProject.connect(self._write)
        project.readProject.connect(self.restore)
        project.cleared.connect(self._cleared)
        conductor.session.answered.connect(self.mark_changed)
        conductor.session.store_changed.connect(self.mark_changed)
        self._is_restoring = False
        self._has_unread = False

    def remove(self) -> None:
        """Listens no more."""
        project = QgsProject.instance()
        project.writeProject.disconnect(self._write)
        project.readProject.disconnect(self.restore)
        project.cleared.disconnect(self._cleared)

    def restore(self, *_: object) -> None:
        """Takes what the project holds; without an engine or a store, the results that were saved still show."""
        conductor = self._conductor
        try:
            state = read_state(QgsProject.instance())
        except ValueError as error:
            self._has_unread = True
            conductor.panel.messages.warn(
                self.tr(
                    "The search in this project cannot be read; it may come from a newer version of the plugin "
                    "({error}). The rest of the project is as it was."
                ).format(error=error)
            )
            return
        if state is None or not state.store:
            return
        self._is_restoring = True
        try:
            self._take(state)
        finally:
            self._is_restoring = False

    def mark_changed(self) -> None:
        """Has QGIS offer to save the project."""
        if not self._is_restoring and self._conductor.session.store:
            QgsProject.instance().setDirty(True)

    def _take(self, state: DockState) -> None:
        conductor, session = self._conductor, self._conductor.session
        if not state.description:
            session.open_store(state.store)
            return
        saved = state.searches
        current = state.current if state.current >= 0 else len(saved) - 1
        conductor.panel.options.from_json(state.options)
        numbers = session.restore(state.store, state.description, [search.state for search in saved], current)
        for number, search in sorted(zip(numbers, saved), key=lambda pair: pair[0]):
            conductor.layers.take(number, search.layer_id, search.state.answer, state.description)
        conductor.present()
        for layer in QgsProject.instance().mapLayers().values():
            if layer.customProperty(MARK):
                conductor.scores.take(layer)
        self._check_store(state)

    def _check_store(self, state: DockState) -> None:
        """Asks whether the store is still what it was, and says so when it is not."""
        messages = self._conductor.panel.messages

        def there(described: dict) -> None:
            if described.get("created") != state.description.get("created"):
                messages.warn(
                    self.tr("The store was made anew since this search was saved. Search again for its present answer.")
                )

        def missing(failure: CallFailed) -> None:
            saved = self.tr("The results that were saved with the project are shown, but cannot be searched further.")
            messages.fail(CallFailed(failure.code, f"{failure.message} {saved}", failure.hint, failure.details))

        call = Call("embeddings.describe", {"store": state.store}, self.tr("Opening the store"), quiet=True)
        opening = self.tr("Opening the store…")
        conductor = self._conductor
        conductor.session.describing.ask(lambda: conductor.link.click(call), opening, there, missing)

    def _write(self, *_: object) -> None:
        conductor, session = self._conductor, self._conductor.session
        if self._has_unread and not session.store:
            return  # what we could not read is not ours to throw away
        layer_ids = conductor.layers.layer_ids
        searches, current = [], -1
        for number, state in session.latest.items():
            if number in layer_ids or number == session.now.search:
                if number == session.now.search:
                    current = len(searches)
                searches.append(SavedSearch(state, layer_ids.get(number, "")))
        options = conductor.panel.options.to_json()
        write_state(QgsProject.instance(), DockState(session.store, session.description, options, searches, current))

    def _cleared(self) -> None:
        self._has_unread = False
        self._conductor.session.close_store()
        self._conductor.panel.options.reset()
