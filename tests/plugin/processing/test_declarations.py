"""What the algorithms say of themselves is complete, and agrees with the operations behind them."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from qgis.core import Qgis, QgsProcessingParameterDefinition

from cdse_qgis_plugin.engine_link.environment import ENGINE, current_launch
from cdse_qgis_plugin.processing.encode_image import ENCODERS

from .conftest import algorithm, in_engine

NAMES = ("encodeimage", "importembeddings", "similaritysearch", "similarityscore", "status")
OPERATIONS = {
    "encodeimage": "embeddings.encode_image",
    "importembeddings": "embeddings.import",
    "similaritysearch": "similarity.search",
    "similarityscore": "similarity.score",
}
# Where a parameter is not just called as the field of the request.
FIELDS = {"MIN_DISTANCE": "min_distance_m", "COMPARE_ALL": "exact"}
# Fields that nobody has to set: the engine's default is a good place.
LEFT_TO_THE_ENGINE = {"cache"}


@pytest.fixture(scope="module")
def schemas(qgis_app) -> dict[str, dict]:
    """The engine's own account of its requests."""
    launch = current_launch()
    command = [launch.python.path, *launch.arguments("list")]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return {known["name"]: known["schema"]["properties"] for known in json.loads(answer.stdout)}


def test_the_provider_holds_the_algorithms(provider):
    assert sorted(each.name() for each in provider.algorithms()) == sorted(NAMES)
    assert (provider.id(), provider.name()) == ("cdse", "Copernicus AI")
    assert not provider.icon().isNull()


@pytest.mark.parametrize("name", NAMES)
def test_every_algorithm_explains_itself(name):
    found = algorithm(name)
    for heading in ("When:", "Inputs:", "Outputs:", "Limits:", "Example:"):
        assert f"<b>{heading}</b>" in found.shortHelpString()
    assert found.displayName()[0].isupper() and found.displayName()[1:] == found.displayName()[1:].lower()
    assert found.shortDescription().endswith(".")
    assert len(found.tags()) >= 5
    assert not found.icon().isNull() and not found.icon().pixmap(16, 16).toImage().isNull()
    assert found.flags() & Qgis.ProcessingAlgorithmFlag.SupportsBatch
    assert found.flags() & Qgis.ProcessingAlgorithmFlag.CanCancel
    assert not found.flags() & Qgis.ProcessingAlgorithmFlag.NoThreading


@pytest.mark.parametrize("name", NAMES)
def test_help_leads_to_a_chapter_of_the_manual(name):
    address, anchor = algorithm(name).helpUrl().split("#")
    assert address.endswith("docs/processing.md") and anchor == name
    manual = (ENGINE.parents[1] / "docs" / "processing.md").read_text(encoding="utf-8")
    assert f'<a id="{name}"></a>' in manual


@pytest.mark.parametrize("name", NAMES)
def test_every_input_has_a_description_and_a_tooltip(name):
    for definition in algorithm(name).parameterDefinitions():
        if not definition.isDestination() and definition.name() != "IMAGE":
            assert definition.help(), definition.name()
        assert definition.description()[0].isupper()


@pytest.mark.parametrize("name", OPERATIONS)
def test_defaults_and_limits_are_those_of_the_operation(name, schemas):
    schema = schemas[OPERATIONS[name]]
    compared = 0
    for definition in algorithm(name).parameterDefinitions():
        field = schema.get(FIELDS.get(definition.name(), definition.name().lower()))
        if definition.type() not in ("number", "enum", "boolean"):
            continue
        assert field is not None, definition.name()
        assert definition.defaultValue() == field.get("default")
        if definition.type() == "number":
            limits = next(part for part in (field, *field.get("anyOf", ())) if "minimum" in part)
            assert definition.minimum() == limits["minimum"]
            if "maximum" in limits:
                assert definition.maximum() == limits["maximum"]
            elif "exclusiveMaximum" in limits:
                assert definition.maximum() < limits["exclusiveMaximum"]
        compared += 1
    assert compared == {"encodeimage": 5, "importembeddings": 2, "similaritysearch": 4, "similarityscore": 0}[name]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_field_of_the_operation_can_be_reached(name, schemas):
    reached = {definition.name().lower() for definition in algorithm(name).parameterDefinitions()}
    reached |= {FIELDS.get(definition.name(), "") for definition in algorithm(name).parameterDefinitions()}
    if "extent" in reached:
        reached.add("bbox")
        reached.add("polygon")
    assert set(schemas[OPERATIONS[name]]) - LEFT_TO_THE_ENGINE <= reached


def test_choices_are_those_of_the_operation(schemas):
    definition = algorithm("importembeddings").parameterDefinition("TRANSPOSITION")
    assert definition.options() == schemas["embeddings.import"]["transposition"]["enum"]


def test_the_encoders_are_those_of_the_engine():
    script = "from cdse_qgis_plugin.engine.embeddings import encoders\nprint(json.dumps(encoders.names()))"
    assert tuple(in_engine(script)) == ENCODERS


def test_ids_and_output_names_stay_as_they_are():
    # They are a contract: models and scripts of users hold them.
    outputs = {name: {output.name() for output in algorithm(name).outputDefinitions()} for name in NAMES}
    assert {"STORE", "COUNT", "DIM"} <= outputs["encodeimage"] & outputs["importembeddings"]
    assert {"OUTPUT", "COUNT", "BEST_SCORE", "SCANNED", "EXACT"} == outputs["similaritysearch"]
    assert {"OUTPUT", "RASTER", "COUNT", "LEAST_SCORE", "BEST_SCORE"} == outputs["similarityscore"]
    assert {"READY", "STATE", "NEXT_STEP"} <= outputs["status"]


def test_everyday_parameters_are_not_folded_away():
    advanced = {
        name: [each.name() for each in algorithm(name).parameterDefinitions() if _is_advanced(each)] for name in NAMES
    }
    assert advanced["encodeimage"] == ["MAX_NODATA", "SEED"]
    assert advanced["importembeddings"] == ["VECTOR_COLUMN", "CRS", "TRANSPOSITION", "MAX_PATCHES"]
    assert advanced["similaritysearch"] == ["LIKE_TEXT", "UNLIKE_TEXT", "MIN_DISTANCE", "RECALL", "COMPARE_ALL"]


def _is_advanced(definition: QgsProcessingParameterDefinition) -> bool:
    return bool(definition.flags() & Qgis.ProcessingParameterFlag.Advanced)


def test_texts_hold_no_em_dash_and_no_american_spelling():
    for name in NAMES:
        text = algorithm(name).shortHelpString()
        assert "—" not in text
        assert not re.search(r"\b(color|license|center|meter|analyze)", text)
