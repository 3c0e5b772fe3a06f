"""The link with the real engine at its other end."""

from __future__ import annotations

import signal
import statistics
import threading
import time
import venv

import pytest
from qgis.core import QgsApplication, QgsProcessingFeedback

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call, CallFailed
from cdse_qgis_plugin.engine_link.link import EngineLink

from .waiting import Ending, ending_of, is_running, stop, until

NOWHERE = Call("embeddings.describe", {"store": "/nowhere/at all"}, "Describe")


def warm_pid(link: EngineLink) -> int:
    """Process id of the warm engine, once it is ready."""
    ending_of(link.click(NOWHERE))
    return link.diagnostics()["process id"]


def test_a_click_is_answered_on_the_main_thread(link):
    threads = []
    task = link.click(NOWHERE)
    task.failed.connect(lambda failure: threads.append((threading.current_thread(), failure)))
    until(lambda: threads)
    assert threads[0][0] is threading.main_thread()
    assert threads[0][1].code == "no_store"
    assert "/nowhere/at all" in threads[0][1].message
    assert threads[0][1].hint


def test_a_job_is_answered_on_the_main_thread_and_its_process_is_gone(link):
    ending = ending_of(link.job(NOWHERE))
    assert ending.failure.code == "no_store"
    assert link.state().kind == "idle"  # a job leaves the warm engine alone


def test_several_clicks_in_flight_each_get_their_own_answer(link):
    endings = [Ending(link.click(Call("embeddings.describe", {"store": f"/nowhere/{n}"}))) for n in range(20)]
    until(lambda: all(ending.told for ending in endings))
    assert [f"/nowhere/{n}”" in ending.failure.message for n, ending in enumerate(endings)] == [True] * 20


def test_the_same_engine_serves_every_click(link):
    assert warm_pid(link) == warm_pid(link)


def test_a_click_adds_little_to_the_engines_own_time(link):
    ending_of(link.click(NOWHERE))
    took = []
    for _ in range(30):
        asked = time.perf_counter()
        took.append(ending_of(link.click(NOWHERE)).at - asked)
    print(f"click round trip: median {statistics.median(took) * 1000:.2f} ms, worst {max(took) * 1000:.2f} ms")
    assert statistics.median(took) < 0.015


def test_an_engine_killed_while_idle_is_replaced_by_the_next_click(link):
    pid = warm_pid(link)
    stop(pid, signal.SIGKILL)
    until(lambda: link.state().kind == "idle")
    assert warm_pid(link) != pid


def test_an_engine_killed_in_the_middle_of_a_call_says_so_and_the_next_call_starts_another(link):
    pid = warm_pid(link)
    stop(pid, signal.SIGSTOP)  # the call is certainly in the middle when the kill comes
    ending = Ending(link.click(NOWHERE))
    stop(pid, signal.SIGKILL)
    until(lambda: ending.told)
    assert ending.failure.code == "engine_died"
    assert "signal 9" in ending.failure.message
    assert "as they were" in ending.failure.message
    assert "Try again" in ending.failure.hint
    assert ending_of(link.click(NOWHERE)).failure.code == "no_store"
    assert any("engine_died" in error for error in link.diagnostics()["last errors"])


def test_a_cancel_that_the_engine_does_not_hear_ends_the_engine(link):
    pid = warm_pid(link)
    stop(pid, signal.SIGSTOP)
    task = link.click(NOWHERE)
    ending = Ending(task)
    asked = time.monotonic()
    task.cancel()
    until(lambda: ending.told, 10)
    assert ending.was_stopped
    assert 2.5 < time.monotonic() - asked < 6
    assert not is_running(pid)
    assert ending_of(link.click(NOWHERE)).failure.code == "no_store"


def test_cancelling_a_task_that_is_over_does_nothing(link):
    task = link.click(NOWHERE)
    ending = ending_of(task)
    until(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    QgsApplication.processEvents()
    task.cancel()
    assert ending.told == 1


def test_states_follow_the_engine(link):
    seen = [link.state().kind]
    link.state_changed.connect(lambda: seen.append(link.state().kind))
    ending_of(link.click(NOWHERE))
    link.rest()
    assert list(dict.fromkeys(seen)) == ["idle", "starting", "busy", "ready"]
    assert seen[-1] == "idle"


def test_a_python_that_is_not_there_is_missing_in_words(link, settings):
    settings.engine_python = "/opt/no such python/bin/python"
    assert link.state().kind == "missing"
    for failure in (ending_of(link.click(NOWHERE)).failure, ending_of(link.job(NOWHERE)).failure):
        assert failure.code == "engine_missing"
        assert "/opt/no such python/bin/python" in failure.message
        assert "Engine set-up" in failure.hint
    with pytest.raises(CallFailed) as refusal:
        run_blocking(NOWHERE)
    assert refusal.value.code == "engine_missing"


def test_a_python_without_the_packages_is_missing_and_named(link, settings, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    settings.engine_python = str(tmp_path / "bare" / "bin" / "python")
    failure = ending_of(link.click(NOWHERE)).failure
    assert failure.code == "engine_missing"
    assert "pydantic" in failure.message
    assert link.state().kind == "missing"
    settings.engine_python = ""
    link.rest()
    assert link.state().kind == "idle"


def test_a_file_that_is_no_python_is_missing(link, settings, tmp_path):
    odd = tmp_path / "python3"
    odd.write_text("just a text")
    settings.engine_python = str(odd)
    assert ending_of(link.click(NOWHERE)).failure.code == "engine_missing"


def test_addresses_from_the_settings_reach_the_engine(link, settings):
    settings.addresses = {"STACK": "http://127.0.0.1:1/"}
    assert ending_of(link.click(NOWHERE)).failure.code == "unknown_endpoint"
    settings.addresses = {"STAC": "http://127.0.0.1:1/"}
    assert ending_of(link.click(NOWHERE)).failure.code == "no_store"


def test_a_blocking_call_fails_with_the_engines_words():
    with pytest.raises(CallFailed) as refusal:
        run_blocking(NOWHERE, QgsProcessingFeedback(False))
    assert refusal.value.code == "no_store"


def test_a_blocking_call_works_on_a_plain_thread():
    codes = []

    def work():
        try:
            run_blocking(NOWHERE, QgsProcessingFeedback(False))
        except CallFailed as failure:
            codes.append(failure.code)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: not thread.is_alive())
    assert codes == ["no_store"]


def test_a_blocking_call_that_is_cancelled_beforehand_starts_nothing():
    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    began = time.monotonic()
    with pytest.raises(CallFailed) as refusal:
        run_blocking(NOWHERE, feedback)
    assert refusal.value.code == "cancelled"
    assert time.monotonic() - began < 0.3


def test_closing_ends_the_engine_and_tells_who_waits(link):
    pid = warm_pid(link)
    stop(pid, signal.SIGSTOP)
    ending = Ending(link.click(NOWHERE))
    link.close()
    assert ending.was_stopped
    assert not is_running(pid)
    until(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert ending.told == 1


def test_a_closed_link_starts_no_engine(link):
    link.close()
    failure = ending_of(link.click(NOWHERE)).failure
    assert failure.code == "engine_missing"
    assert "switched off" in failure.message


def test_a_quiet_call_is_not_in_the_task_list(link):
    from qgis.core import QgsTask

    assert link.click(Call("embeddings.describe", {"store": "/x"}, quiet=True)).flags() & QgsTask.Flag.Hidden
    assert not link.click(NOWHERE).flags() & QgsTask.Flag.Hidden


def test_diagnostics_hold_what_support_asks_for_and_no_secret(link, monkeypatch):
    monkeypatch.delenv("CDSE_ENGINE_PYTHON", raising=False)
    ending_of(link.click(Call("embeddings.describe", {"store": "/x"}, secrets={"account": "hush-hush"})))
    facts = link.diagnostics()
    assert facts["engine version"] == facts["engine version wanted"]
    assert facts["python chosen by"] == "checkout"
    assert facts["state"] == "ready"
    assert "hush-hush" not in repr(facts)
