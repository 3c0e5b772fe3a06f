"""What a search asks for besides its examples: how many, where, when, how far apart."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsDateEdit, QgsMapCanvas
from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from .area_chooser import AreaChooser

_MOST = 2_000
_DEFAULT = 50
_WIDE = 480
"""Width in pixels from which the options stand in two columns."""


class SearchOptions(QWidget):
    """The options; labels and fields are joined for screen readers and the keyboard."""

    changed = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None):
        super().__init__(parent)
        self._has_dates = True
        self.number = QSpinBox(self)
        self.number.setObjectName("numberOfResults")
        self.number.setRange(1, _MOST)
        self.number.setValue(_DEFAULT)
        self.number.setToolTip(
            self.tr("How many places to find, at most. For more, use “Find similar places” in the Processing toolbox")
        )
        self.area = AreaChooser(canvas, self)
        self._start, self._end = self._date_edit("startDate"), self._date_edit("endDate")
        self._start.setAccessibleName(self.tr("First date"))
        self._end.setAccessibleName(self.tr("Last date"))
        self._dates = QWidget(self)
        dates = QHBoxLayout(self._dates)
        dates.setContentsMargins(0, 0, 0, 0)
        dates.setSpacing(4)
        dates.addWidget(self._start, 1)
        dates.addWidget(QLabel("–", self._dates))
        dates.addWidget(self._end, 1)
        self.least_distance = QDoubleSpinBox(self)
        self.least_distance.setObjectName("leastDistance")
        self.least_distance.setRange(0, 10_000_000)
        self.least_distance.setDecimals(0)
        self.least_distance.setSingleStep(100)
        self.least_distance.setSuffix(self.tr(" m"))
        self.least_distance.setSpecialValueText(self.tr("any"))
        self.least_distance.setToolTip(
            self.tr("Least distance between two results, and from the examples: spreads the results out")
        )
        self._rows = [
            self._row(self.tr("&Results"), self.number),
            self._row(self.tr("&Area"), self.area),
            self._row(self.tr("Dates"), self._dates, self._start),
            self._row(self.tr("A&part by"), self.least_distance),
        ]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._is_wide: bool | None = None
        self._arrange(False)
        for signal in (self.number.valueChanged, self.least_distance.valueChanged, self.area.changed):
            signal.connect(lambda *_: self.changed.emit())
        for edit in (self._start, self._end):
            edit.valueChanged.connect(lambda *_: self.changed.emit())

    def request(self) -> dict[str, Any]:
        """The options as fields of a search's request; raises NoPlace when there is no such area."""
        asked: dict[str, Any] = {"k": self.number.value(), **self.area.area()}
        if self.least_distance.value() > 0:
            asked["min_distance_m"] = self.least_distance.value()
        if self._has_dates:
            for name, edit in (("start", self._start), ("end", self._end)):
                if not edit.isNull():
                    asked[name] = edit.date().toString(Qt.DateFormat.ISODate)
        return asked

    def dates_make_sense(self) -> bool:
        """Whether the first date does not lie after the last."""
        return self._start.isNull() or self._end.isNull() or self._start.date() <= self._end.date()

    def suit(self, description: dict[str, Any]) -> None:
        """Offers dates only for a store that has any."""
        start, end = description.get("start"), description.get("end")
        self._has_dates = bool(start and end)
        self._dates.setEnabled(self._has_dates)
        if self._has_dates:
            tip = self.tr("The store's dates run from {start} to {end}").format(start=start[:10], end=end[:10])
        else:
            tip = self.tr("This store does not say when its places were seen")
        for edit in (self._dates, self._start, self._end):
            edit.setToolTip(tip)

    def to_json(self) -> dict[str, Any]:
        """The options, for the project."""
        return {
            "number": self.number.value(),
            "least_distance": self.least_distance.value(),
            "area": self.area.to_json(),
            "start": "" if self._start.isNull() else self._start.date().toString(Qt.DateFormat.ISODate),
            "end": "" if self._end.isNull() else self._end.date().toString(Qt.DateFormat.ISODate),
        }

    def from_json(self, said: dict[str, Any]) -> None:
        """Takes options from the project."""
        self.number.setValue(int(said.get("number") or _DEFAULT))
        self.least_distance.setValue(float(said.get("least_distance") or 0))
        self.area.from_json(said.get("area") or {})
        for name, edit in (("start", self._start), ("end", self._end)):
            date = QDate.fromString(str(said.get(name) or ""), Qt.DateFormat.ISODate)
            if date.isValid():
                edit.setDate(date)
            else:
                edit.clear()

    def reset(self) -> None:
        """Goes back to the defaults."""
        self.from_json({})

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Uses the room: two columns when there is width for them."""
        super().resizeEvent(event)
        self._arrange(event.size().width() >= _WIDE)

    # ---- inside

    def _date_edit(self, name: str) -> QgsDateEdit:
        edit = QgsDateEdit(self)
        edit.setObjectName(name)
        edit.setAllowNull(True)
        edit.setNullRepresentation(self.tr("any"))
        edit.setDisplayFormat("yyyy-MM-dd")
        edit.setCalendarPopup(True)
        edit.clear()
        edit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return edit

    def _row(self, text: str, field: QWidget, buddy: QWidget | None = None) -> tuple[QLabel, QWidget]:
        label = QLabel(text, self)
        label.setBuddy(field if buddy is None else buddy)
        label.setContentsMargins(0, 4, 0, 0)  # level with the text in its field
        return label, field

    def _arrange(self, is_wide: bool) -> None:
        if is_wide == self._is_wide:
            return
        self._is_wide = is_wide
        for label, field in self._rows:
            self._grid.removeWidget(label)
            self._grid.removeWidget(field)
        for position, (label, field) in enumerate(self._rows):
            row, column = divmod(position, 2) if is_wide else (position, 0)
            top = Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(label, row, 2 * column, top)
            self._grid.addWidget(field, row, 2 * column + 1, top)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1 if is_wide else 0)
