"""The examples of a search and the way back."""

from __future__ import annotations

import pytest

from cdse_qgis_plugin.docks.parts.answer import Answer, read_answer
from cdse_qgis_plugin.docks.parts.examples import CLICKED, RIGHT, WRONG, Example, Examples

RING = [[0, 0], [1, 0], [1, 1], [0, 0]]


def match(id_: str, score: float, **more) -> dict:
    return {"id": id_, "lon": 1.0, "lat": 2.0, "score": score, "rank": 1, "distance_m": 3.0, "footprint": RING, **more}


def told(id_: str, point, kind="like", score=1.0) -> dict:
    return {"kind": kind, "point": point, "id": id_, "lon": 0, "lat": 0, "score": score, "footprint": RING}


def test_a_click_begins_a_search_and_undo_leads_back_to_the_one_before():
    examples = Examples()
    examples.begin(1, 2)
    first = examples.now
    examples.begin(3, 4)
    assert examples.now.search == 2 and examples.now.like == [[3, 4]]
    examples.undo()
    assert examples.now is first
    examples.undo()
    assert examples.now.search == 0 and not examples.can_undo
    examples.undo()  # there is nothing more to take back
    examples.redo()
    examples.redo()
    examples.redo()
    assert examples.now.search == 2 and not examples.can_redo


def test_a_change_after_undo_forgets_what_was_undone():
    examples = Examples()
    examples.begin(1, 2)
    examples.add(RIGHT, 3, 4)
    examples.undo()
    examples.add(WRONG, 5, 6)
    assert not examples.can_redo
    assert (examples.now.like, examples.now.unlike) == ([[1, 2]], [[5, 6]])


def test_an_example_without_a_search_begins_one():
    examples = Examples()
    examples.add(RIGHT, 3, 4)
    assert examples.now.search == 1 and examples.now.like == [[3, 4]]


def test_judging_marks_changes_and_takes_back():
    examples = Examples()
    examples.begin(9, 9)
    examples.judge([match("a", 0.9), match("b", 0.8)], RIGHT)
    assert examples.now.labels == {"a": RIGHT, "b": RIGHT}
    examples.judge([match("a", 0.9)], WRONG)
    assert examples.now.labels == {"b": RIGHT, "a": WRONG}
    examples.judge([match("a", 0.9), match("b", 0.8)], None)
    assert examples.now.labels == {} and examples.now.like == [[9, 9]]
    before = examples.now
    examples.judge([match("a", 0.9)], None)
    assert examples.now is before, "what changes nothing is no step to undo"


def test_the_clicked_patch_itself_is_not_judged():
    examples = Examples()
    examples.begin(9, 9)
    examples.learn([told("mine", [9, 9])], Answer())
    examples.judge([match("mine", 1.0)], WRONG)
    assert [example.kind for example in examples.now.examples] == [CLICKED]


def test_learning_names_the_patches_and_drops_a_second_example_in_one():
    examples = Examples()
    examples.begin(0.1, 2)
    examples.add(RIGHT, 0.1000001, 2)
    examples.add(WRONG, 5, 6)
    # The engine wraps longitudes, which costs the last digits.
    answer = Answer()
    examples.learn([told("a", [0.1 + 1e-14, 2]), told("c", [5, 6], "unlike")], answer)
    assert [(e.kind, e.id) for e in examples.now.examples] == [(CLICKED, "a"), (WRONG, "c")]
    assert examples.now.answer is answer and examples.now.examples[0].ring == tuple(map(tuple, RING))


def test_branching_keeps_the_examples_for_another_search():
    examples = Examples()
    examples.begin(1, 2)
    examples.branch()
    assert examples.now.search == 2 and examples.now.like == [[1, 2]]
    examples.undo()
    assert examples.now.search == 1


def test_an_example_that_cannot_be_is_taken_back_without_a_trace():
    examples = Examples()
    examples.begin(1, 2)
    examples.add(RIGHT, 3, 4)
    examples.take_back()
    assert examples.now.like == [[1, 2]] and not examples.can_redo


def test_clearing_and_removing_can_be_undone():
    examples = Examples()
    examples.begin(1, 2)
    examples.add(WRONG, 3, 4)
    examples.remove([0])
    assert examples.now.like == [] and examples.now.unlike == [[3, 4]]
    examples.clear()
    assert examples.now.examples == ()
    examples.undo()
    examples.undo()
    assert examples.now.like == [[1, 2]]


@pytest.mark.parametrize("said", [{"kind": "odd", "lon": 1, "lat": 2}, {"kind": RIGHT, "lon": "x", "lat": 2}, {}])
def test_what_is_no_example_is_refused(said):
    with pytest.raises((ValueError, KeyError)):
        Example.from_json(said)


def test_an_example_survives_the_project():
    example = Example(WRONG, 1.5, 2.5, "a", tuple(map(tuple, RING)))
    assert Example.from_json(example.to_json()) == example


def test_what_was_judged_stays_in_the_ranking_with_its_new_score():
    before = Answer({}, (match("a", 0.9), match("b", 0.8), match("c", 0.7)))
    result = {
        "matches": [match("c", 0.95), match("d", 0.5)],
        "scanned": 10,
        "notes": ["short"],
        "examples": [told("x", [0, 0]), told("a", [1, 2], score=0.97), told("b", [1, 2], "unlike", score=0.1)],
    }
    answer = read_answer(result, {"k": 2}, {"a": RIGHT, "b": WRONG}, before)
    assert [(m["id"], m["rank"], m["label"]) for m in answer.matches] == [
        ("a", 1, RIGHT),
        ("c", 2, ""),
        ("d", 3, ""),
        ("b", 4, WRONG),
    ]
    assert answer.notes == ("short",) and answer.request == {"k": 2}


def test_an_answer_survives_the_project_and_a_broken_one_is_refused():
    answer = Answer({"k": 1}, (match("a", 0.9, label=""),), (), 5)
    assert Answer.from_json(answer.to_json()) == answer
    broken = answer.to_json()
    broken["matches"][0]["footprint"] = []
    with pytest.raises(ValueError):
        Answer.from_json(broken)
