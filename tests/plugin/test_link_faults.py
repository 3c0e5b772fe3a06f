"""The link with engines that break the rules: silent, foreign, chatty, deaf, dying."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsProcessingFeedback

from cdse_qgis_plugin.engine_link.call import Call, CallFailed
from cdse_qgis_plugin.engine_link.job import Job
from cdse_qgis_plugin.engine_link.live_work import end_all
from cdse_qgis_plugin.engine_link.tasks import ClickTask, JobTask
from cdse_qgis_plugin.engine_link.warm_engine import WarmEngine

from .waiting import Ending, ending_of, is_running, until

CALL = Call("some.work", {"n": 1}, "Some work", secrets={"account": "hush-hush"})
SLEEPER = "hello()\nfor call in calls():\n    if call['type'] == 'call': time.sleep(60)"
ECHO = """
    hello()
    for call in calls():
        if call['type'] == 'call':
            say(type='result', id=call['id'], value=dict(call['arguments'], pid=os.getpid()))
"""


class Clicks:
    """A warm engine of a given kind, and clicks on it."""

    def __init__(self, launch, **times):
        self.warm = WarmEngine(lambda: launch, **times)
        self._kept = []

    def click(self, call: Call = CALL) -> ClickTask:
        task = ClickTask(call, self.warm, {})
        self._kept.append(task)
        QgsApplication.taskManager().addTask(task)
        return task


@pytest.fixture
def clicks_on(odd_engine):
    """Makes a warm engine out of a script; it is ended afterwards."""
    made = []

    def make(script: str, **times) -> Clicks:
        made.append(Clicks(odd_engine(script), **times))
        return made[-1]

    yield make
    for clicks in made:
        clicks.warm.stop()
    until(lambda: QgsApplication.taskManager().countActiveTasks() == 0)


def job_failure(launch, is_cancelled=lambda: False, **times) -> CallFailed:
    """How a job on that engine fails."""
    with pytest.raises(CallFailed) as refusal:
        Job(CALL, launch, {}, lambda *_: None, lambda *_: None, is_cancelled, **times).run()
    return refusal.value


@pytest.mark.parametrize(
    "hello", ["hello(protocol=2)", "hello(engine='0.0.1')"], ids=["another protocol", "another version"]
)
def test_a_foreign_engine_is_refused_and_never_sees_the_call(clicks_on, odd_engine, tmp_path, hello):
    heard = tmp_path / "heard"
    script = f"{hello}\nfor call in calls():\n    open({str(heard)!r}, 'w').write('x')\n"
    failure = ending_of(clicks_on(script).click()).failure
    assert failure.code == "engine_version"
    assert "needs" in failure.message
    assert "repair" in failure.hint
    assert job_failure(odd_engine(script)).code == "engine_version"
    assert not heard.exists()


def test_an_engine_that_never_says_hello_is_silent(clicks_on, odd_engine):
    script = "print('starting up', file=sys.stderr, flush=True)\ntime.sleep(60)"
    clicks = clicks_on(script, hello_timeout_s=0.5)
    task = clicks.click()
    until(lambda: clicks.warm.process.pid)
    pid = clicks.warm.process.pid
    failure = ending_of(task).failure
    assert failure.code == "engine_silent"
    assert "starting up" in failure.details
    assert not is_running(pid)
    assert job_failure(odd_engine(script), hello_timeout_s=0.5).code == "engine_silent"


def test_an_engine_that_leaves_before_hello_is_told_with_its_last_words(clicks_on, odd_engine):
    script = "sys.exit('the cat sat on the keyboard')"
    failure = ending_of(clicks_on(script).click()).failure
    assert failure.code == "engine_died"
    assert "cat" in failure.details
    assert "cat" in job_failure(odd_engine(script)).details


def test_junk_on_stdout_does_no_harm(clicks_on):
    script = """
        sys.stdout.buffer.write(b'\\xff\\x00 junk\\n{"type": "result"}\\n'); sys.stdout.flush()
        hello()
        for call in calls():
            print('Downloading model: 100%')
            say(type='result', id='99', value={})
            say(type='progress', id=call['id'], value=0.5, text='half')
            print('[1, 2')
            say(type='result', id=call['id'], value={'ok': True})
            say(type='result', id=call['id'], value={'ok': False})
    """
    clicks = clicks_on(script)
    ending = ending_of(clicks.click())
    assert ending.value == {"ok": True}
    assert ending.progress == [(0.5, "half")]
    assert clicks.warm.process.junk == (4, "[1, 2")


def test_an_engine_that_dies_in_the_middle_fails_every_call_in_flight_and_is_replaced(clicks_on, odd_engine, tmp_path):
    flag = tmp_path / "died once"
    script = f"""
        hello()
        for call in calls():
            if not os.path.exists({str(flag)!r}):
                open({str(flag)!r}, 'w').close()
                print('Fatal: out of memory', file=sys.stderr, flush=True)
                os.kill(os.getpid(), 9)
            say(type='result', id=call['id'], value={{}})
    """
    clicks = clicks_on(script)
    endings = [Ending(clicks.click()) for _ in range(3)]
    until(lambda: all(ending.told for ending in endings))
    assert [ending.failure.code for ending in endings] == ["engine_died"] * 3
    assert "out of memory" in endings[0].failure.details
    assert ending_of(clicks.click()).value == {}
    flag.unlink()
    assert job_failure(odd_engine(script)).code == "engine_died"


def test_an_engine_that_leaves_politely_in_the_middle_died_too(clicks_on):
    failure = ending_of(clicks_on("hello()\nnext(calls())\nsys.exit(3)").click()).failure
    assert failure.code == "engine_died"
    assert "exit status 3" in failure.message


def test_a_flood_on_stderr_neither_blocks_nor_fills_the_memory(clicks_on):
    script = """
        hello()
        for call in calls():
            for n in range(20000):
                print('warning', n, 'x' * 200, file=sys.stderr)
            print('y' * 5_000_000, file=sys.stderr, flush=True)
            say(type='result', id=call['id'], value={})
    """
    clicks = clicks_on(script)
    assert ending_of(clicks.click()).value == {}
    until(lambda: "yyy" in clicks.warm.process.stderr_tail())
    assert len(clicks.warm.process.stderr_tail()) < 250_000


def test_a_secret_on_stderr_is_blotted_out(clicks_on):
    script = "hello()\ncall = next(calls())\nsys.exit('login with ' + call['secrets']['account'] + ' failed')"
    failure = ending_of(clicks_on(script).click()).failure
    assert "login with ••• failed" in failure.details


def test_a_cancel_is_heard_by_an_engine_that_listens(clicks_on):
    script = """
        hello()
        for call in calls():
            if call['type'] == 'cancel':
                say(type='error', id=call['id'], error=dict(code='cancelled', message='Stopped.', hint=''))
    """
    clicks = clicks_on(script)
    task = clicks.click()
    ending = Ending(task)
    until(lambda: clicks.warm.process.hello)
    pid = clicks.warm.process.pid
    task.cancel()
    until(lambda: ending.told, 2)
    assert ending.was_stopped
    assert is_running(pid)  # it heard, so it may stay


def test_a_deaf_engine_is_ended_and_the_calls_behind_go_to_a_new_one(clicks_on, odd_engine):
    script = """
        hello()
        for call in calls():
            if call['type'] == 'call':
                if call['operation'] == 'stuck': time.sleep(60)
                say(type='result', id=call['id'], value=dict(call['arguments'], pid=os.getpid()))
    """
    clicks = clicks_on(script, grace_s=0.3)
    stuck = clicks.click(Call("stuck"))
    until(lambda: clicks.warm.process.hello)
    pid = clicks.warm.process.pid
    behind = [Ending(clicks.click(Call("quick", {"n": n}))) for n in range(2)]
    ending = Ending(stuck)
    stuck.cancel()
    until(lambda: ending.told and all(waiting.told for waiting in behind))
    assert ending.was_stopped
    assert not is_running(pid)
    assert [waiting.value["n"] for waiting in behind] == [0, 1]
    assert behind[0].value["pid"] != pid
    began = time.monotonic()
    assert job_failure(odd_engine(SLEEPER), lambda: time.monotonic() > began + 0.5, grace_s=0.3).code == "cancelled"
    assert time.monotonic() - began < 5


def test_cancelling_a_call_that_waits_its_turn_leaves_the_one_before_it_alone(clicks_on):
    script = """
        hello()
        for call in calls():
            if call['type'] == 'call':
                time.sleep(1.0)
                say(type='result', id=call['id'], value={})
    """
    clicks = clicks_on(script, grace_s=0.2)
    first = Ending(clicks.click())
    second_task = clicks.click()
    second = Ending(second_task)
    second_task.cancel()
    until(lambda: second.told, 0.2)
    assert second.was_stopped
    until(lambda: first.told)
    assert first.value == {}


def test_an_engine_nobody_asks_is_sent_away_and_comes_back(clicks_on):
    clicks = clicks_on(ECHO, idle_s=0.3)
    pid = ending_of(clicks.click()).value["pid"]
    until(lambda: not is_running(pid), 5)
    assert clicks.warm.process is None
    assert ending_of(clicks.click()).value["pid"] != pid


def test_an_idle_engine_that_will_not_go_is_ended(clicks_on):
    clicks = clicks_on(textwrap.dedent(ECHO) + "time.sleep(60)", idle_s=0.2, grace_s=0.3)
    pid = ending_of(clicks.click()).value["pid"]
    until(lambda: not is_running(pid), 5)


def test_clicks_are_answered_while_every_thread_of_qgis_is_taken(clicks_on, odd_engine):
    threads = QgsApplication.taskManager().threadPool().maxThreadCount()
    jobs = [JobTask(Call("long"), lambda: odd_engine(SLEEPER), {}) for _ in range(threads)]
    for job in jobs:
        QgsApplication.taskManager().addTask(job)
    until(lambda: all(job.status() == job.TaskStatus.Running for job in jobs))
    try:
        assert ending_of(clicks_on(ECHO).click(), 5).value["n"] == 1
    finally:
        end_all()


def test_progress_and_log_of_a_blocking_job_reach_the_feedback(odd_engine, monkeypatch):
    from cdse_qgis_plugin.engine_link import blocking

    script = """
        hello()
        call = next(calls())
        for share in (None, 0.25, 0.25, 1.0):
            say(type='progress', id=call['id'], value=share, text='Reading')
        for level in ('info', 'warning', 'error'):
            say(type='log', id=call['id'], level=level, text='a word of ' + level)
        say(type='result', id=call['id'], value={'n': 1})
    """
    launch = odd_engine(script)
    monkeypatch.setattr(blocking, "current_launch", lambda: launch)
    feedback = QgsProcessingFeedback(False)
    shares = []
    feedback.progressChanged.connect(shares.append)
    assert blocking.run_blocking(CALL, feedback) == {"n": 1}
    assert shares == [25.0, 100.0]
    assert [feedback.textLog().count(word) for word in ("Reading", "of info", "of warning", "of error")] == [1, 1, 1, 1]


def test_a_blocking_call_stops_when_its_feedback_is_cancelled(odd_engine, monkeypatch):
    from cdse_qgis_plugin.engine_link import blocking

    launch = odd_engine(
        "hello()\nnext(calls())\nmessage = next(calls())\n"
        "say(type='error', id=message['id'], error=dict(code='cancelled', message='Stopped.'))"
    )
    monkeypatch.setattr(blocking, "current_launch", lambda: launch)
    feedback = QgsProcessingFeedback(False)
    threading.Timer(0.5, feedback.cancel).start()
    with pytest.raises(CallFailed) as refusal:
        blocking.run_blocking(CALL, feedback)
    assert refusal.value.code == "cancelled"


CLOSING = """
    import sys
    from qgis.core import QgsApplication
    application = QgsApplication([], True)
    application.initQgis()
    from qgis.PyQt.QtCore import QTimer
    from cdse_qgis_plugin.engine_link.call import Call
    from cdse_qgis_plugin.engine_link.link import EngineLink
    from cdse_qgis_plugin.engine_link.environment import FoundPython, Launch, ENGINE_VERSION, clean_environment
    from cdse_qgis_plugin.engine_link import environment
    launch = Launch(FoundPython(sys.executable, "test"), {main!r}, ENGINE_VERSION, clean_environment())
    environment.current_launch = lambda: launch
    link = EngineLink()
    click, job = link.click(Call("long")), link.job(Call("long"))
    shown = []
    click.progressed.connect(lambda share, text: shown.append(text))
    job.progressed.connect(lambda share, text: shown.append(text))
    def close_when_both_work():
        if len(shown) < 2:
            return
        print(*shown, flush=True)
        if {tidy}:
            link.close()
        application.quit()
    timer = QTimer()
    timer.timeout.connect(close_when_both_work)
    timer.start(20)
    application.exec()
    application.exitQgis()
    print("closed", flush=True)
"""


@pytest.mark.parametrize("tidy", [True, False], ids=["after unload", "without unload"])
def test_closing_qgis_while_tasks_run_ends_their_engines_without_a_crash(odd_engine, tmp_path, tidy):
    launch = odd_engine("""
        hello()
        for call in calls():
            say(type='progress', id=call['id'], value=0.1, text=str(os.getpid()))
            if call['type'] == 'call': time.sleep(60)
    """)
    script = tmp_path / "closing.py"
    script.write_text(textwrap.dedent(CLOSING).format(main=launch.main, tidy=tidy), encoding="utf-8")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "QT_QPA_PLATFORM": "offscreen"},
    )
    print(f"closed after {time.monotonic() - began:.1f} s", done.stderr[-2000:])
    pids, last = done.stdout.split("\n")[:2]
    assert (done.returncode, last) == (0, "closed")
    assert len(pids.split()) == 2
    until(lambda: not any(is_running(int(pid)) for pid in pids.split()), 5)
