"""Lines to messages and back."""

from __future__ import annotations

import json
import math
import random

import pytest

from cdse_qgis_plugin.engine_link.call import Call, CallFailed
from cdse_qgis_plugin.engine_link.protocol import (
    UNKNOWN,
    Answer,
    Hello,
    LineReader,
    Log,
    Progress,
    Refusal,
    encode_call,
    encode_cancel,
    parse,
)

CALL = Call("similarity.search", {"store": "/données/größe", "like": [[4.35, 50.85]]})


def test_a_call_is_one_line_of_json():
    line = encode_call("7", CALL, {})
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "type": "call",
        "id": "7",
        "operation": "similarity.search",
        "arguments": CALL.arguments,
    }


def test_secrets_and_addresses_are_sent_only_when_there_are_any():
    line = encode_call("7", Call("a.b", {}, secrets={"account": "hush"}), {"STAC": "http://127.0.0.1/"})
    assert json.loads(line)["secrets"] == {"account": "hush"}
    assert json.loads(line)["endpoints"] == {"STAC": "http://127.0.0.1/"}


def test_a_call_never_shows_its_secrets():
    assert "hush" not in repr(Call("a.b", {}, secrets={"account": "hush"}))


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}])
def test_what_json_cannot_carry_is_refused_in_words(value):
    with pytest.raises(CallFailed) as refusal:
        encode_call("1", Call("a.b", {"value": value}), {})
    assert refusal.value.code == "bad_request"
    assert "a.b" in refusal.value.message


def test_cancel_names_the_call():
    assert json.loads(encode_cancel("7")) == {"type": "cancel", "id": "7"}


MESSAGES = [
    (
        {"type": "hello", "protocol": 1, "engine": "0.1.0", "python": "3.11.2", "features": ["torch"], "pid": 5},
        Hello(1, "0.1.0", "3.11.2", ("torch",), 5),
    ),
    ({"type": "progress", "id": "7", "value": 0.25, "text": "Reading"}, Progress("7", 0.25, "Reading")),
    ({"type": "progress", "id": "7", "value": None, "text": None}, Progress("7", UNKNOWN, "")),
    ({"type": "progress", "id": 7, "value": 1.7}, Progress("7", 1.0, "")),
    ({"type": "log", "id": "7", "level": "warning", "text": "é"}, Log("7", "warning", "é")),
    ({"type": "result", "id": "7", "value": {"matches": []}}, Answer("7", {"matches": []})),
]


@pytest.mark.parametrize(("said", "message"), MESSAGES)
def test_every_kind_of_message_is_understood(said, message):
    assert parse(json.dumps(said, ensure_ascii=False).encode()) == message


def test_an_error_becomes_a_failure_with_all_its_parts():
    error = {"code": "no_store", "message": "Gone.", "hint": "Look.", "details": "…"}
    refusal = parse(json.dumps({"type": "error", "id": "7", "error": error}).encode())
    assert isinstance(refusal, Refusal)
    assert {name: getattr(refusal.failure, name) for name in error} == error


def test_an_error_without_a_call_and_without_parts_is_understood():
    refusal = parse(b'{"type":"error","id":null,"error":{"code":"bad_message"}}')
    assert (refusal.call_id, refusal.failure.code, refusal.failure.details) == ("", "bad_message", "")


def test_a_result_that_is_none_fails_the_call_instead_of_leaving_it_waiting():
    refusal = parse(b'{"type":"result","id":"7","value":[1]}')
    assert (refusal.call_id, refusal.failure.code) == ("7", "bad_answer")


JUNK = [
    b"Loading model...",
    b"\xff\xfe\x00",
    b"[1, 2]",
    b"null",
    b"17",
    b"{}",
    b'{"type": "song"}',
    b'{"type": ["hello"]}',
    b'{"type": "hello", "protocol": "new"}',
    b'{"type": "progress", "value": 1}',
    b'{"type": "error", "id": "1", "error": "broken"}',
    b'{"type": "result", "id": "1"}',
    b'{"type": "result", "id"',
    b"[" * 100_000,
]


@pytest.mark.parametrize("line", JUNK, ids=range(len(JUNK)))
def test_what_is_no_message_is_none(line):
    assert parse(line) is None


def test_messages_survive_any_cut_and_any_junk_between_them():
    wanted = [message for _, message in MESSAGES]
    lines = []
    for (said, _), junk in zip(MESSAGES, JUNK, strict=False):
        lines += [json.dumps(said, ensure_ascii=False).encode(), junk, b"", b"  "]
    stream = b"\n".join(lines) + b"\n"
    chance = random.Random(3)
    for _ in range(50):
        reader, found, at = LineReader(), [], 0
        while at < len(stream):
            size = chance.choice([1, 2, 7, 64, 1000])
            found += reader.feed(stream[at : at + size])
            at += size
        assert found == wanted
        assert reader.junk_lines == len(MESSAGES)


def test_a_windows_line_end_is_a_line_end():
    assert list(LineReader().feed(b'{"type":"log","id":"1","text":"x"}\r\n')) == [Log("1", "info", "x")]


def test_the_reader_remembers_the_last_junk_shortly():
    reader = LineReader()
    assert list(reader.feed(b"x" * 10_000 + b"\n")) == []
    assert reader.last_junk == "x" * 200
