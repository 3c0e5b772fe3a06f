"""What every operation promises: a schema, sentences for bad requests, JSON without NaN."""

import errno
import json
import math

import numpy as np
import pytest

from cdse_qgis_plugin.engine import operations
from cdse_qgis_plugin.engine.errors import Cancelled, EngineError, from_exception
from cdse_qgis_plugin.engine.operations import Request, Result, Risk, all_operations, find, operation
from cdse_qgis_plugin.engine.run import Run

NAMES = list(all_operations())


@pytest.fixture
def declared():
    """Declares operations for one test."""
    before = dict(operations._operations)
    yield operation
    operations._operations.clear()
    operations._operations.update(before)


def refusal(name, arguments):
    with pytest.raises(EngineError) as caught:
        find(name)(arguments, Run())
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_one(name):
    """A JSON schema of an object whose references lead somewhere, with a description for every field."""
    described = find(name).describe()
    schema = described["schema"]
    assert json.loads(json.dumps(described)) == described
    assert described["summary"].endswith(".") and described["risk"] in {risk.value for risk in Risk}
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    assert set(schema.get("required", [])) <= set(schema["properties"])

    def check(part, where):
        if isinstance(part, dict):
            if "$ref" in part:
                assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"], where
            if "type" in part and isinstance(part["type"], str):
                kinds = {"object", "array", "string", "number", "integer", "boolean", "null"}
                assert part["type"] in kinds, where
            for key, value in part.items():
                check(value, f"{where}.{key}")
        elif isinstance(part, list):
            for value in part:
                check(value, where)

    check(schema, name)
    for field, said in schema["properties"].items():
        assert said.get("description"), f"{name}.{field} is not described"


def test_the_contract_is_there():
    assert {
        "embeddings.encode_image", "embeddings.import", "embeddings.describe", "similarity.search", "similarity.score"
    } <= set(NAMES)  # fmt: skip
    assert sorted(NAMES) == NAMES


def test_an_unknown_name_is_guessed():
    with pytest.raises(EngineError) as caught:
        find("similarity.serch")
    assert caught.value.code == "unknown_operation" and "“similarity.search”" in caught.value.hint
    with pytest.raises(EngineError) as caught:
        find("brew.coffee")
    assert "list" in caught.value.hint


def test_an_unknown_field_is_guessed():
    error = refusal("embeddings.import", {"source": "a", "store": "b", "vector_colum": "c"})
    assert error.code == "bad_request" and "did you mean “vector_column”?" in error.message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "“source” is missing; “store” is missing."),
        ({"source": "a", "store": 5}, "“store”"),
        ({"source": "a", "store": "b", "bbox": [1, 2, 3]}, "“bbox"),
        ({"source": "a", "store": "b", "bbox": [1, 50, 3, 2]}, "The box [1.0, 50.0, 3.0, 2.0]"),
        ({"source": "a", "store": "b", "bbox": [math.nan, 0, 1, 1]}, "The box"),
        ({"source": "a", "store": "b", "polygon": {"type": "Point", "coordinates": [0, 0]}}, "a polygon is needed"),
        ([], "the request"),
        (None, "the request"),
    ],
)
def test_bad_requests_become_sentences(arguments, said):
    error = refusal("embeddings.import", arguments)
    assert error.code == "bad_request" and said in error.message and error.message.endswith(".")
    assert "Value error" not in error.message and "pydantic" not in error.message


def test_long_values_are_cut_in_sentences():
    error = refusal("embeddings.import", {"source": "a", "store": ["x" * 10_000]})
    assert len(error.message) < 200


class Anything(Result):
    """A result with numbers at every depth."""

    one: float
    many: list[float]
    free: dict


class Empty(Request):
    """No fields."""


def test_nan_and_infinity_become_null(declared):
    @declared("test.numbers", risk=Risk.READ)
    def numbers(request: Empty, run: Run) -> Anything:
        """Returns numbers."""
        return Anything(one=math.nan, many=[1.5, math.inf, -math.inf], free={"deep": [{"er": math.nan}]})

    value = operations._operations["test.numbers"]({}, Run())
    assert value == {"one": None, "many": [1.5, None, None], "free": {"deep": [{"er": None}]}}
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("wrong", [np.float32(1), object(), {1, 2}.__iter__()])
def test_a_result_that_is_no_json_is_an_engine_error(declared, wrong):
    @declared("test.wrong", risk=Risk.READ)
    def wrong_result(request: Empty, run: Run) -> Anything:
        """Returns what JSON has no word for."""
        return Anything(one=1, many=[], free={"value": wrong})

    try:
        value = operations._operations["test.wrong"]({}, Run())
    except EngineError as error:
        assert error.code == "internal" and error.hint
    else:
        json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EFBIG, "File too large"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "not_allowed"),
        (OSError(errno.EROFS, "Read-only file system", "/x/y"), "not_allowed"),
        (MemoryError(), "out_of_memory"),
        (ZeroDivisionError("division by zero"), "internal"),
        (Cancelled(), "cancelled"),
    ],
)
def test_every_failure_reaches_people_in_words(declared, raised, code):
    @declared("test.fails", risk=Risk.READ)
    def fails(request: Empty, run: Run) -> Anything:
        """Fails."""
        raise raised

    with pytest.raises(EngineError) as caught:
        operations._operations["test.fails"]({}, Run())
    error = caught.value
    assert error.code == code and error.message and error.hint
    if code == "not_allowed":
        assert "/x/y" in error.message
    if code == "internal":
        assert "division by zero" in error.details


def test_details_are_kept_short_enough_for_the_wire():
    def deep(n):
        return deep(n - 1) if n else 1 / 0

    try:
        deep(500)
    except ZeroDivisionError as error:
        assert len(from_exception(error).details) <= 4000
        assert "ZeroDivisionError" in from_exception(error).details


def test_progress_is_thinned_but_its_end_is_told():
    said = []
    run = Run(said.append)
    for i in range(10_000):
        run.progress(i / 10_000, "")
    run.progress(1.0, "done")
    assert len(said) < 100 and said[-1]["value"] == 1.0


def test_cancel_stops_at_the_next_progress():
    run = Run()
    run.cancel()
    with pytest.raises(Cancelled):
        run.progress(0.5)
    assert run.cancelled


def test_scratch_is_made_when_asked_for_and_taken_away():
    run = Run()
    folder = run.scratch
    (folder / "a").write_text("b")
    assert run.scratch == folder
    run.close()
    assert not folder.exists()
