"""Makes the Similarity dock work: passes what a person does on to the session and what it finds to map and table."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine_link.call import CallFailed
from ..engine_link.link import EngineLink
from ..layers import places
from ..layers.areas import rings_of
from ..layers.pictures import Pictures
from ..map_tools.area_tool import AreaTool
from ..map_tools.example_tool import ExampleTool
from ..map_tools.marks import Marks
from .parts import words
from .parts.answer import Answer
from .parts.exporting import Exporting
from .parts.map_view import MapView, bbox_of_store
from .parts.project_link import ProjectLink
from .parts.result_layers import ResultLayers
from .parts.results_model import SIDE
from .parts.score_session import ScoreSession
from .parts.search_session import SearchSession
from .similarity_panel import SimilarityPanel
from .store_guide import StoreGuide


class SimilarityConductor(QObject):
    """Owns the panel, the session, the map tools and the marks on the map, and takes all of it back in ``remove``."""

    status = pyqtSignal(str)
    """A line for the status bar."""
    setup_asked = pyqtSignal()
    """A person wants to set the engine up."""
    tool_switched = pyqtSignal(bool)
    """The map tool is in use, or not any more."""

    def __init__(self, canvas: QgsMapCanvas, link: EngineLink, parent: QObject | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self.link = link
        self.session = SearchSession(link, self)
        self.pictures = Pictures(canvas, SIDE, self)
        self.panel = SimilarityPanel(canvas, self.pictures.of)
        self.marks = Marks(canvas, self)
        self.tool = ExampleTool(canvas, link, self.marks)
        self.area_tool = AreaTool(canvas)
        self.view = MapView(canvas, self)
        self.layers = ResultLayers(self)
        self.scores = ScoreSession(link, canvas, self)
        self.guide = StoreGuide(canvas, link, self.session, self.panel, self.view, self)
        self.exporting = Exporting(link, self.panel, self)
        self._shown_answer: Answer | None = None
        self._connect_panel()
        self._connect_session()
        self._connect_map()
        self.project = ProjectLink(self)
        self.panel.options.changed.connect(self._options_changed)
        self._examples_changed()

    def use_tool(self, is_wanted: bool) -> None:
        """Takes the map tool in hand or puts it down."""
        if is_wanted:
            self._canvas.setMapTool(self.tool)
            self._canvas.setFocus()
        else:
            self.tool.leave()

    def remove(self) -> None:
        """Takes everything off the map and out of QGIS; layers with results stay, they are the user's."""
        self.session.stop()
        self.guide.remove()
        self.exporting.asking.drop()
        self.project.remove()
        self.scores.remove()
        self.pictures.remove()
        self.area_tool.remove()
        self.tool.remove()
        self._canvas.mapToolSet.disconnect(self._tool_set)
        self.marks.remove()
        self.layers.forget()

    # ---- wiring

    def _connect_panel(self) -> None:
        panel, session = self.panel, self.session
        panel.examples.tool_wanted.connect(self.use_tool)
        panel.examples.removed.connect(session.remove)
        panel.examples.cleared.connect(session.clear)
        panel.examples.undone.connect(session.undo)
        panel.examples.redone.connect(session.redo)
        panel.examples.zoom_asked.connect(self._zoom_to_example)
        panel.options.area.draw_asked.connect(lambda: self._canvas.setMapTool(self.area_tool))
        panel.find.clicked.connect(self.find)
        results = panel.results
        results.judge_asked.connect(lambda kind: self._judge(results.table.selected_matches(), kind))
        results.export_asked.connect(lambda: self.exporting.export(session))
        table = results.table
        table.judged.connect(self._judge)
        table.selected.connect(self.layers.select)
        table.hovered.connect(lambda matches: self.marks.show_hover([match["footprint"] for match in matches]))
        table.flash_asked.connect(lambda matches: self.marks.flash([match["footprint"] for match in matches]))
        table.zoom_asked.connect(lambda matches: self.view.zoom_to([match["footprint"] for match in matches]))
        panel.scores.score_asked.connect(self.score_everywhere)
        panel.scores.moved.connect(self.scores.move)
        panel.scores.settled.connect(self.scores.settle)
        panel.undo_asked.connect(session.undo)
        panel.redo_asked.connect(session.redo)

    def _connect_session(self) -> None:
        session, progress = self.session, self.panel.progress
        for asking in (session.describing, session.searching, self.scores.asking, self.exporting.asking):
            progress.follow(asking)
        session.store_changed.connect(self._store_changed)
        session.dropped.connect(self._searches_dropped)
        session.examples_changed.connect(self._examples_changed)
        session.answered.connect(self._answered)
        session.store_failed.connect(self._fail)
        session.search_failed.connect(self._fail)
        self.scores.failed.connect(self._fail)
        self.exporting.failed.connect(self._fail)
        self.exporting.done.connect(self.panel.messages.say)
        self.scores.levels_changed.connect(self.panel.scores.show_levels)
        self.scores.levels_changed.connect(lambda *_: self._say_if_scores_are_outdated())
        self.guide.jobs.failed.connect(self._fail)
        self.guide.tool_wanted.connect(lambda: self.use_tool(True))

    def _connect_map(self) -> None:
        self.tool.picked.connect(self._picked)
        self.tool.refused.connect(self.panel.messages.warn)
        self.tool.status.connect(self.status)
        self.tool.undo_asked.connect(self.session.undo)
        self.tool.redo_asked.connect(self.session.redo)
        self.area_tool.drawn.connect(self.panel.options.area.take_drawn)
        self.area_tool.refused.connect(self.panel.messages.warn)
        self.area_tool.status.connect(self.status)
        self.layers.selected.connect(self.panel.results.table.select_ids)
        self.pictures.ready.connect(self.panel.results.model.picture_ready)
        self.pictures.outdated.connect(self._pictures_outdated)
        self._pictures_outdated()
        self.view.refused.connect(self.panel.messages.warn)
        self._canvas.mapToolSet.connect(self._tool_set)

    # ---- what a person does

    def find(self) -> None:
        """Searches with the present examples and options."""
        if self._take_options():
            self.session.find_again()

    def score_everywhere(self) -> None:
        """Scores every place of the store by the present examples."""
        now = self.session.now
        if now.like and self._take_options():
            area = {key: self.session.request[key] for key in ("bbox", "polygon") if key in self.session.request}
            self.panel.messages.calm()
            asked = {"like": now.like, "unlike": now.unlike, **area}
            self.scores.score(self.session.store, self.session.description, asked)

    def _picked(self, kind: str, lon: float, lat: float) -> None:
        if not self.session.store:
            self.panel.messages.warn(self.tr("Choose an embedding store first; then your click knows where to look."))
        elif self._take_options():
            self.session.pick(kind, lon, lat)

    def _judge(self, matches: list[dict[str, Any]], kind: str | None) -> None:
        if matches and self._take_options():
            self.session.judge(matches, kind)

    def _take_options(self) -> bool:
        """Gives the session the present options; says whether they make sense."""
        options = self.panel.options
        try:
            if not options.dates_make_sense():
                raise places.NoPlace(self.tr("The first date lies after the last one. Change one of them."))
            self.session.request = options.request()
        except places.NoPlace as sentence:
            self.panel.messages.warn(str(sentence))
            return False
        return True

    # ---- what follows

    def _store_changed(self) -> None:
        session, panel = self.session, self.panel
        is_open = bool(session.store)
        panel.messages.calm()
        panel.context.show_store(session.store_name, session.description)
        panel.stores.show_store(session.store)
        panel.show_store(is_open)
        if is_open:
            panel.options.suit(session.description)
        self.tool.set_store(session.store, session.description)
        self._show_store_on_map()
        self.guide.store_opened()

    def _searches_dropped(self) -> None:
        self.layers.forget()
        self.scores.forget()
        self.pictures.forget()

    def _show_store_on_map(self) -> None:
        """Outlines what the store covers while the map tool is in use."""
        bbox = bbox_of_store(self.session.description)
        is_wanted = bbox and self._canvas.mapTool() is self.tool
        self.marks.show_store(rings_of({"bbox": bbox}) if is_wanted else [])

    def _examples_changed(self) -> None:
        now = self.session.now
        self.panel.examples.show_examples(self.session.examples)
        self.panel.find.setEnabled(bool(now.like))
        self.panel.scores.button.setEnabled(bool(now.like))
        self.marks.show_examples((example.kind, example.lon, example.lat) for example in now.examples)
        self.marks.show_footprints([example.ring for example in now.examples if example.ring])
        self._say_if_scores_are_outdated()
        answer = self.session.answer
        if answer is not None and now.answer is None:
            # What was judged shows at once; the new ranking follows.
            self.panel.results.model.put(list(answer.matches))
            self.layers.label(now.labels)

    def _say_if_scores_are_outdated(self) -> None:
        now = self.session.now
        self.panel.scores.show_outdated(self.scores.is_outdated(now.like, now.unlike))

    def _answered(self) -> None:
        session, answer = self.session, self.session.answer
        if answer is self._shown_answer:
            return
        self.present()
        if answer is None:
            self.layers.hide()
            return
        self.layers.show(session.now, answer, session.store_name, session.description)
        best = [match["id"] for match in answer.matches[:1]]
        self.panel.results.table.select_ids(best)
        self.layers.select(best)
        self.view.zoom_if_out_of_view([match["footprint"] for match in answer.matches])

    def present(self) -> None:
        """Shows the present answer in the panel."""
        answer = self.session.answer
        self._shown_answer = answer
        results = self.panel.results
        results.model.put(list(answer.matches) if answer else [])
        results.said.setText(self._sentence(answer) if answer else "")
        self.panel.show_results(answer is not None)
        self.panel.messages.calm()
        self.tool.remember([{**e.to_json(), "footprint": e.ring} for e in self.session.now.examples if e.ring])

    def _sentence(self, answer: Answer) -> str:
        found = self.tr("{count} places, best first, of {scanned} compared").format(
            count=words.number(len(answer.matches)), scanned=words.number(answer.scanned)
        )
        return " ".join([f"{found}.", *answer.notes])

    def _fail(self, failure: CallFailed) -> None:
        ways_on = {
            "outside_data": (self.tr("Zoom to the store"), self.guide.zoom_to_store),
            "engine_missing": (self.tr("Set up the engine…"), self.setup_asked.emit),
            "engine_version": (self.tr("Set up the engine…"), self.setup_asked.emit),
            "no_store": (self.tr("Open store…"), self.panel.stores.open_folder),
            "store_damaged": (self.tr("Open store…"), self.panel.stores.open_folder),
        }
        if failure.code == "contradiction":
            taken_back = self.tr("The last mark was taken back.")
            failure = CallFailed(failure.code, failure.message, taken_back, failure.details)
        if failure.code in ("engine_died", "engine_silent") and self.session.now.like:
            ways_on[failure.code] = (self.tr("Search again"), self.find)
        self.panel.messages.fail(failure, ways_on.get(failure.code))
        self.panel.stores.show_store(self.session.store)

    def _pictures_outdated(self) -> None:
        self.panel.results.table.show_pictures(self.pictures.has_imagery)
        self.panel.results.model.pictures_changed()

    def _options_changed(self) -> None:
        area = self.panel.options.area
        is_drawn = area.kind == "drawn" and area.drawn_ring
        self.marks.show_area(rings_of({"polygon": area.drawn_ring}) if is_drawn else [])
        self.project.mark_changed()

    def _tool_set(self, tool: object, _before: object = None) -> None:
        is_ours = tool is self.tool
        self.panel.examples.tool.setChecked(is_ours)
        self._show_store_on_map()
        self.tool_switched.emit(is_ours)

    def _zoom_to_example(self, position: int) -> None:
        ring = self.session.now.examples[position].ring
        if ring:
            self.view.zoom_to([ring])
