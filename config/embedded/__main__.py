"""`python -m config.embedded`: prepares, starts web, worker and timetable, says where they are, stops them together."""

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from config.embedded.processes import Child, Household
from config.environment import BASE_DIR

READY_WITHIN = 90.0
HOST = "127.0.0.1"
RULE = "─" * 72


class CannotStartError(Exception):
    """A sentence in both languages about what is in the way and what to do."""


def main() -> int:
    """0 after a clean stop, 1 where it could not start or one part kept dying."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        port = read_port()
        data_dir = open_data_dir()
        with (data_dir / "lock").open("w") as lock:
            claim(lock, data_dir)
            require_free(port)
            environment = make_environment(port, data_dir)
            prepare(environment)
            return serve(port, data_dir, environment)
    except CannotStartError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def read_port() -> int:
    """PORT, 8000 by default."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise CannotStartError(
            f"PORT 应为 1 到 65535 之间的数字，而不是 {text!r}。\nPORT is a number from 1 to 65535, not {text!r}."
        )
    return int(text)


def open_data_dir() -> Path:
    """DATA_DIR, made where it is missing."""
    path = Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / "lock").touch()
    except OSError as error:
        raise CannotStartError(
            f"无法写入数据文件夹 {path}：请用 DATA_DIR=… 另选一个。\n"
            f"The data folder {path} cannot be written ({error.strerror}): choose another with DATA_DIR=…"
        ) from error
    return path


def claim(lock: IO[str], data_dir: Path) -> None:
    """Only one installation runs on a data folder."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CannotStartError(
            f"数据文件夹 {data_dir} 正在使用中：请先停止正在运行的服务，或用 DATA_DIR=… 另选一个。\n"
            f"The data folder {data_dir} is in use: stop the service that runs on it, or choose another with DATA_DIR=…"
        ) from error


def require_free(port: int) -> None:
    """Say so at once where somebody else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = port + 1 if port < 65535 else 8001
            raise CannotStartError(
                f"端口 {port} 不可用（{error.strerror}）：请换一个端口，例如 PORT={other} make run\n"
                f"Port {port} is not free ({error.strerror}): choose another, for example PORT={other} make run"
            ) from error


def make_environment(port: int, data_dir: Path) -> dict[str, str]:
    """What every child is told."""
    own = {"MODE": "embedded", "PORT": str(port), "DATA_DIR": str(data_dir)}
    python = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    return {**os.environ, **own, **python, "PYTHONPATH": str(BASE_DIR)}


def prepare(environment: dict[str, str]) -> None:
    """In a process of its own, so that this one stays small."""
    done = subprocess.run([sys.executable, "-m", "config.embedded.preparation"], env=environment, check=False)
    if done.returncode:
        raise CannotStartError("准备失败，原因见上。\nPreparing failed; the reason stands above.")


def serve(port: int, data_dir: Path, environment: dict[str, str]) -> int:
    """Start everything, tell the person, look after it until told to stop."""
    household = Household(make_children(port, data_dir, environment), say=print)
    household.listen()
    try:
        household.start()
        readiness = Readiness(port, household)
        healthy = household.look_after(until=readiness.complete)
        if healthy and not household.told_to_stop.is_set():
            print(greeting(port, data_dir))
            healthy = household.look_after()
        if healthy:
            print("\n正在停止 · Stopping …")
    finally:
        household.stop()
    if healthy:
        print("已停止 · Stopped.")
    return 0 if healthy else 1


def make_children(port: int, data_dir: Path, environment: dict[str, str]) -> list[Child]:
    """Web, worker and timetable with their commands."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "config", "--quiet"]
    web = [
        *python,
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"{HOST}:{port}",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--limit-request-line",
        "0",  # the service itself answers 414
    ]
    worker = [
        *celery,
        "worker",
        "--queues",
        "default,rollup,mail,parts",
        "--concurrency",
        "2",
        "--loglevel",
        "INFO",
    ]
    beat = [*celery, "beat", "--schedule", str(data_dir / "timetable"), "--pidfile", "", "--loglevel", "INFO"]
    commands = {
        "web": [*web, "--no-control-socket", "--graceful-timeout", "4", "--timeout", "60"],
        "worker": [*worker, "--without-gossip", "--without-mingle", "--without-heartbeat"],
        "timetable": beat,
    }
    patient = {"worker": {"BROKER_SOCKET_TIMEOUT": "5"}}
    return [
        Child(name, command, data_dir / "logs" / f"{name}.log", {**environment, **patient.get(name, {})})
        for name, command in commands.items()
    ]


class Readiness:
    """Whether web and worker are up and the figures of what was loaded are made."""

    def __init__(self, port: int, household: Household) -> None:
        self.port = port
        self.worker = next(child for child in household.children if child.name == "worker")
        self.log_began = self.worker.read_to
        self.attempts = 0

    def complete(self) -> bool:
        """Asked again and again; gives up waiting, not running, when it takes too long."""
        self.attempts += 1
        health = ask_health(self.port)
        ready = self._worker_is_ready() and health.get("waiting_cells") == 0
        return bool(health) and (ready or self.attempts > 150)

    def _worker_is_ready(self) -> bool:
        with self.worker.log.open("rb") as log:
            log.seek(self.log_began)
            return b" ready." in log.read()


def ask_health(port: int) -> dict[str, object]:
    """What /healthz answers; nothing while the web process is not up."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    with suppress(OSError, http.client.HTTPException, ValueError):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        if answer.status == http.client.OK:
            found: dict[str, object] = json.loads(answer.read())
            return found
    connection.close()
    return {}


def greeting(port: int, data_dir: Path) -> str:
    """Where to go, how to sign in, where mails land and how to stop."""
    note = data_dir / "admin-password"
    password = note.read_text().strip() if note.exists() else "（已由您修改 · the one you chose）"
    mails = "EMAIL_URL" if os.environ.get("EMAIL_URL") else data_dir / "mail"
    return "\n".join(
        [
            "",
            RULE,
            "  明账 · Mingzhang",
            "",
            f"  地址 · Address      http://{HOST}:{port}/",
            f"  录入 · Data entry   http://{HOST}:{port}/admin/",
            f"  接口 · API          http://{HOST}:{port}/api/docs/",
            "",
            "  用户 · Sign-in      admin",
            f"  密码 · Password     {password}",
            "",
            f"  邮件 · Mails        {mails}",
            f"  数据 · Data         {data_dir}",
            f"  日志 · Logs         {data_dir / 'logs'}",
            "",
            "  按 Ctrl-C 停止 · Press Ctrl-C to stop",
            RULE,
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
