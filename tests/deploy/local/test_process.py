"""The child process: one a folder, recognised again, ended whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fargate_stacks.deploy import local
from fargate_stacks.deploy.client import local_api
from fargate_stacks.deploy.local import emulator, process
from fargate_stacks.deploy.local.names import NAMES
from fargate_stacks.errors import DeployError


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    local.stop(tmp_path)


def state(folder: Path) -> Path:
    return folder / ".fargate-stacks" / "local.json"


def test_it_answers_on_a_loopback_address(folder: Path) -> None:
    found = local.start(folder)
    assert found.endpoint_url.startswith("http://127.0.0.1:")
    assert local_api("sts", found.endpoint_url).get_caller_identity()["Account"] == "000000000000"


def test_nothing_listens_on_another_address(folder: Path) -> None:
    port = int(local.start(folder).endpoint_url.rpartition(":")[2])
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [line[1] for line in listening if line[3] == "0A" and line[1].endswith(f":{port:04X}")] == [
        f"0100007F:{port:04X}"
    ]


def test_a_second_start_gives_the_same_cloud(folder: Path) -> None:
    assert local.start(folder) == local.start(folder) == local.status(folder)


def test_starts_at_the_same_time_give_one_cloud(folder: Path) -> None:
    program = (
        "import sys, pathlib; from fargate_stacks.deploy import local; print(local.start(pathlib.Path(sys.argv[1])))"
    )

    def start(_: int) -> str:
        return subprocess.check_output([sys.executable, "-c", program, str(folder)], text=True)

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(start, range(3)))) == 1


def test_the_cloud_outlives_the_command_that_started_it(folder: Path) -> None:
    program = "import sys, pathlib; from fargate_stacks.deploy import local; local.start(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True)
    found = local.status(folder)
    assert found is not None and os.getsid(found.pid) == found.pid


def test_two_folders_have_two_clouds(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    try:
        assert local.start(folder) != local.start(other)
    finally:
        local.stop(other)


def test_no_variable_of_aws_reaches_the_child(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")
    monkeypatch.setenv("GATEWAY_PORT", "4566")
    found = local.start(folder)
    seen = Path(f"/proc/{found.pid}/environ").read_bytes().split(b"\0")
    assert not [name for name in seen if name.startswith((b"AWS_", b"GATEWAY_"))]
    assert not found.endpoint_url.endswith(":4566")


def test_the_folder_keeps_itself_out_of_git(folder: Path) -> None:
    local.start(folder)
    assert (folder / ".fargate-stacks" / ".gitignore").read_text() == "*\n"


def test_the_state_file_says_who_runs(folder: Path) -> None:
    found = local.start(folder)
    said = json.loads(state(folder).read_text())
    assert said["pid"] == found.pid and said["ministack"] == emulator.WANTED


def test_nothing_runs_in_a_fresh_folder(folder: Path) -> None:
    assert local.status(folder) is None


def test_looking_makes_no_folder(folder: Path) -> None:
    local.status(folder)
    local.stop(folder)
    assert not (folder / ".fargate-stacks").exists()


def test_stop_ends_the_process_and_forgets(folder: Path) -> None:
    pid = local.start(folder).pid
    assert local.stop(folder) is True
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not state(folder).exists() and not (folder / ".fargate-stacks" / "data").exists()


def test_stop_where_none_runs_says_so(folder: Path) -> None:
    assert local.stop(folder) is False


def test_a_child_that_was_killed_is_replaced(folder: Path) -> None:
    first = local.start(folder)
    os.kill(first.pid, signal.SIGKILL)
    while local.status(folder) is not None:
        time.sleep(0.01)
    assert local.start(folder).pid != first.pid


def test_a_pid_that_is_another_program_now_is_not_ended(folder: Path) -> None:
    local.start(folder)
    said = json.loads(state(folder).read_text())
    local.stop(folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        state(folder).write_text(json.dumps({**said, "pid": stranger.pid}))
        assert local.status(folder) is None
        assert local.stop(folder) is False
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_stranger_on_the_port_is_not_taken_for_ours(folder: Path) -> None:
    one = local.start(folder)
    said = json.loads(state(folder).read_text())
    state(folder).write_text(json.dumps({**said, "token": "another"}))
    try:
        assert local.status(folder) is None
    finally:
        state(folder).write_text(json.dumps(said))
    assert local.status(folder) == one


def test_a_port_that_says_nothing_useful_is_stale(folder: Path) -> None:
    local.start(folder)
    said = json.loads(state(folder).read_text())
    local.stop(folder)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        state(folder).write_text(json.dumps({**said, "pid": os.getpid(), "port": closed.getsockname()[1]}))
        assert local.status(folder) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "port": 1, "token": ""}'])
def test_a_broken_state_file_is_stale(folder: Path, text: str) -> None:
    state(folder).parent.mkdir()
    state(folder).write_text(text)
    assert local.status(folder) is None


def test_a_child_that_does_not_start_is_an_error_with_its_last_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = folder / "broken"
    (broken / "ministack").mkdir(parents=True)
    (broken / "ministack" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", f"{broken}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(DeployError, match=r"local: .*ministack 1\.5\.33 is wanted.*has no ministack\.app") as caught:
        local.start(folder)
    assert "local.log" in str(caught.value)
    assert local.status(folder) is None


def test_the_missing_extra_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ministack", None)
    with pytest.raises(
        DeployError, match=r"local: ministack is not installed; pip install 'fargate-stacks\[local\]'"
    ) as caught:
        local.start(folder)
    assert caught.value.exit_code == 2


def test_one_that_another_environment_started_needs_no_extra_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = local.start(folder)
    monkeypatch.setitem(sys.modules, "ministack", None)
    assert local.start(folder) == found


def test_a_missing_private_name_says_which_version_is_wanted() -> None:
    with pytest.raises(DeployError, match=r"ministack 1\.5\.33 is wanted, this is .*, which has no json\.nothing; pip"):
        emulator.check({"json": ("loads", "nothing")})


def test_every_private_name_is_there(local_endpoint: str) -> None:
    emulator.check(NAMES)


def test_it_is_ready_in_under_a_second(folder: Path) -> None:
    local.start(folder)
    local.stop(folder)  # compiled by now
    began = time.monotonic()
    local.start(folder)
    assert time.monotonic() - began < 1 or os.getloadavg()[0] > os.cpu_count()  # type: ignore[operator]


def test_the_wanted_version_is_the_one_that_is_installed() -> None:
    from importlib.metadata import requires

    assert f"ministack=={emulator.WANTED}" in str(requires("fargate-stacks"))
    assert process.PIP in "pip install 'fargate-stacks[local]'"
