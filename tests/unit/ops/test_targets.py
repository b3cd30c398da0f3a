"""Targets: what each of their calls runs. Recorders stand in for the programs; tests/ops has a real supervisord."""

import os
from pathlib import Path

import pytest
from dotenv import dotenv_values
from recording import Recorder

from logos_pxl.ops.errors import OperationFailed, TargetFailed
from logos_pxl.ops.programs import run_program
from logos_pxl.ops.service import Replica, replicas_of, service_url
from logos_pxl.ops.targets import Standing, Target, target_of
from logos_pxl.settings import Settings


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder(tmp_path / "bin", "docker-compose", "kubectl", "systemctl", "supervisorctl")
    monkeypatch.setenv("PATH", f"{made.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return made


def target(name: str, **variables: str) -> Target:
    return target_of(settings(PXL_OPS_TARGET=name, **variables))


def settings(**variables: str) -> Settings:
    return Settings(**variables)


def test_the_setting_chooses_the_target() -> None:
    """One variable, whatever its case."""
    chosen = [target_of(settings(PXL_OPS_TARGET=name)) for name in ("systemd", "supervisord", "Compose", "kubernetes")]
    assert [target.name for target in chosen] == ["systemd", "supervisord", "compose", "kubernetes"]


def test_systemd_runs_systemctl(recorder: Recorder) -> None:
    """Each call is one command for all units; the log is the journal's."""
    recorder.answer("show", out="Id=a\nActiveState=active\n\nId=b\nActiveState=failed\n")
    found = target("systemd", PXL_OPS_SERVICE="pxl-prover@8088,pxl-prover@8089")
    found.start()
    found.stop()
    found.restart_replica(Replica("pxl-prover@8089", 8089))
    found.reload()
    assert found.standing() == Standing(True, ("Id=a", "ActiveState=active", "Id=b", "ActiveState=failed"))
    units = ["pxl-prover@8088", "pxl-prover@8089"]
    assert [call[1:] for call in recorder.calls()] == [
        ["start", *units],
        ["stop", *units],
        ["restart", "pxl-prover@8089"],
        ["reload", *units],
        ["show", "--property=Id,ActiveState,SubState", *units],
    ]
    flags = ["--no-pager", "--output=cat", "--lines=5", "--unit=pxl-prover@8088", "--unit=pxl-prover@8089"]
    assert found.log_command(5, follow=True) == ["journalctl", *flags, "--follow"]


def test_ports_of_replicas_come_from_their_names_or_the_setting() -> None:
    """They are the address of the service too, when nothing else gives one."""
    units = settings(PXL_OPS_SERVICE="pxl-prover@8090,pxl-prover@8091")
    assert [replica.port for replica in replicas_of(units)] == [8090, 8091]
    assert service_url(units) == "http://127.0.0.1:8090"
    assert [replica.port for replica in replicas_of(settings(PXL_OPS_SERVICE="a=1,b=2"))] == [1, 2]
    assert [replica.port for replica in replicas_of(settings())] == [None]


def test_replicas_without_ports_are_not_restarted(recorder: Recorder) -> None:
    """Whether the others are ready could not be told."""
    with pytest.raises(OperationFailed, match="give the port of each replica"):
        target("compose", PXL_OPS_SERVICE="one,other").restart()
    assert recorder.calls() == []


def test_compose_runs_docker_compose(recorder: Recorder) -> None:
    """Each call is one command; the container's end may take longer than the service's."""
    recorder.answer("ps", out="pxl-prover   python serve_pxl.py   Up (healthy)   127.0.0.1:8088\n")
    recorder.answer("logs", out="pxl-prover_1  | one\npxl-prover_1  | two | three\n")
    found = target("compose", PXL_SHUTDOWN_TIMEOUT="20")
    found.start()
    found.stop()
    found.restart()
    found.reload()
    assert found.standing().runs
    assert found.log_lines(2) == ["one", "two | three"]
    assert recorder.calls() == [
        ["docker-compose", "up", "-d", "pxl-prover"],
        ["docker-compose", "stop", "--timeout", "30", "pxl-prover"],
        ["docker-compose", "up", "-d", "--no-deps", "--force-recreate", "--timeout", "30", "pxl-prover"],
        ["docker-compose", "kill", "-s", "SIGHUP", "pxl-prover"],
        ["docker-compose", "ps", "pxl-prover"],
        ["docker-compose", "logs", "--no-color", "--tail=2", "pxl-prover"],
    ]


def test_a_service_without_a_container_does_not_run(recorder: Recorder) -> None:
    """A container that ended does not count."""
    recorder.answer("ps", out="pxl-prover   python serve_pxl.py   Exit 1\n")
    assert not target("compose").standing().runs


def test_kubernetes_runs_kubectl(recorder: Recorder) -> None:
    """In the namespace that was named; a restart returns when the new pods are ready."""
    recorder.answer("get", "pods", out="prover-1   1/1   Running   0   5m\n")
    recorder.answer("logs", out="[pod/pxl-1/pxl] one\n")
    found = target("kubernetes", PXL_OPS_NAMESPACE="proofs", PXL_OPS_SERVICE="prover")
    found.restart()
    found.set_variable("PXL_POOL_SIZE", "15")
    assert found.standing().runs
    assert found.log_lines(5) == ["[pod/pxl-1/pxl] one"]
    calls = recorder.calls()
    assert {tuple(call[:3]) for call in calls} == {("kubectl", "--namespace", "proofs")}
    assert [call[3:] for call in calls] == [
        ["rollout", "restart", "deployment/prover"],
        ["rollout", "status", "deployment/prover", "--timeout=300s"],
        ["set", "env", "deployment/prover", "PXL_POOL_SIZE=15"],
        ["get", "pods", "--selector=app.kubernetes.io/name=prover"],
        ["logs", "--selector=app.kubernetes.io/name=prover", "--prefix", "--tail=5"],
    ]


def test_kubernetes_stops_and_starts_a_deployment(recorder: Recorder) -> None:
    """Stop returns when the last pod is gone, start when the new ones are ready; the autoscaler says how many there are."""
    target("kubernetes").stop()
    target("kubernetes").start()
    assert [call[1:] for call in recorder.calls()] == [
        ["scale", "deployment/pxl-prover", "--replicas=0"],
        ["wait", "pod", "--selector=app.kubernetes.io/name=pxl-prover", "--for=delete", "--timeout=40s"],
        ["scale", "deployment/pxl-prover", "--replicas=2"],
        ["rollout", "status", "deployment/pxl-prover", "--timeout=300s"],
    ]


def test_a_command_that_fails_says_what_it_said(recorder: Recorder) -> None:
    """The whole command, its status and its own words."""
    recorder.answer("kill", err="no such service: pxl-prover\n", status=1)
    with pytest.raises(TargetFailed, match="docker-compose kill -s SIGHUP pxl-prover: status 1: no such service"):
        target("compose").reload()


def test_a_command_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetFailed, match="there is no kubectl on the search path; install it, or set PXL_OPS_TARGET"):
        target("kubernetes").reload()


def test_a_command_that_hangs_is_ended() -> None:
    """After its time."""
    with pytest.raises(TargetFailed, match=r"sleep 60: not done after 0\.2 s"):
        run_program(["sleep", "60"], timeout_s=0.2)


@pytest.mark.parametrize("kind", ["supervisord", "compose"])
def test_a_variable_is_set_in_the_environment_file(recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Other lines and the file's mode stay; the service would read the new value."""
    monkeypatch.delenv("PXL_ENV_FILE", raising=False)
    file = tmp_path / ".env"
    file.write_text("# ours\nHMAC_SECRET_KEY=" + "a1" * 32 + "\nPXL_POOL_SIZE=5\nPXL_CACHE_TTL=1")
    file.chmod(0o640)
    target(kind).set_variable("PXL_POOL_SIZE", "15")
    target(kind).set_variable("PXL_OPS_URL", "http://127.0.0.1:1")
    assert file.read_text().startswith("# ours\nHMAC_SECRET_KEY=a1")
    assert dotenv_values(file) == {
        "HMAC_SECRET_KEY": "a1" * 32, "PXL_POOL_SIZE": "15", "PXL_CACHE_TTL": "1", "PXL_OPS_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o640
    assert Settings.load().pool_size == 15
    # supervisord is asked for its environment; nothing else is run.
    assert {tuple(call[-1:]) for call in recorder.calls()} <= {("pid",)}


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("PXL_POOL_SIZE", "many", "PXL_POOL_SIZE='many'"),
        ("PXL_POOLSIZE", "5", "no variable of the service"),
        ("PXL_OPS_SERVICE", "a\nHMAC_SECRET_KEY=x", "one line"),
    ],
)
def test_a_wrong_variable_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wrong: str) -> None:
    """What the service would refuse at its next start is refused now."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperationFailed, match=wrong):
        target("supervisord").set_variable(name, value)
    assert not (tmp_path / ".env").exists()


def test_a_variable_that_the_environment_sets_is_not_set_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the environment comes before the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PXL_POOL_SIZE", "4")
    with pytest.raises(TargetFailed, match="PXL_POOL_SIZE is set in the environment"):
        target("supervisord").set_variable("PXL_POOL_SIZE", "15")


def test_the_last_lines_of_a_log(tmp_path: Path) -> None:
    """Of a long one too, and none of one that is not there."""
    found = target("supervisord", PXL_LOG_DIR=str(tmp_path))
    assert found.log_lines(5) == []
    (tmp_path / "pxl-server.log").write_text("".join(f"line {number}\n" for number in range(200_000)))
    assert found.log_lines(2) == ["line 199998", "line 199999"]
    assert found.log_lines(0) == []


@pytest.mark.parametrize("name", ["systemd", "compose", "kubernetes"])
def test_the_real_programs_know_the_commands(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each command is understood: it fails for want of a running systemd, container engine or cluster, and of nothing else."""
    monkeypatch.chdir(Path(__file__).parents[3])
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    monkeypatch.setenv("KUBECONFIG", os.devnull)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    found = target(name, PXL_OPS_NAMESPACE="proofs")
    commands = found.commands
    for command in (*commands.start, *commands.stop, *commands.restart, *commands.reload, commands.status):
        with pytest.raises(TargetFailed, match=r"not been booted with systemd|refused"):
            run_program(found._filled(command), timeout_s=30)
