"""What the environment may say: production refuses to start with anything unsafe, with a sentence that says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import BASE_DIR, own_secret

KEY = "k7Q2-wN9_xV4bT1sR8mZ3pL6yH0jD5fG-uC7eA2iK9oW4qE1t"
SAFE = {
    "MODE": "production",
    "SECRET_KEY": KEY + KEY,
    "PUBLIC_URL": "https://mingzhang.example",
    "DATABASE_URL": "postgres://mingzhang@127.0.0.1/mingzhang",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def manage(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command with this environment and no other."""
    names = ("PATH", "HOME")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=BASE_DIR,
        env={**inherited, "PYTHONUTF8": "1", "DATA_DIR": str(folder), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_production_with_safe_settings_passes_the_deployment_check(tmp_path: Path) -> None:
    checked = manage("check --deploy --fail-level WARNING", tmp_path, **SAFE)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("unsafe", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 80}, "SECRET_KEY"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://mingzhang.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://"}, "PUBLIC_URL"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///mingzhang.sqlite3"}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"REPLICA_URL": "sqlite:///old.sqlite3"}, "REPLICA_URL"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"TOTP_REQUIRED": "administrators"}, "TOTP_REQUIRED"),
        ({"METRICS_TOKEN": "a" * 40}, "METRICS_TOKEN"),
        ({"MODE": "debug"}, "MODE"),
    ],
)
def test_production_refuses_to_start_and_names_the_setting(
    tmp_path: Path, unsafe: dict[str, str], sentence: str
) -> None:
    refused = manage("check", tmp_path, **{**SAFE, **unsafe})

    assert refused.returncode != 0
    assert f"ImproperlyConfigured: {sentence}" in refused.stderr or f"Set {sentence}" in refused.stderr


def test_production_never_keeps_a_key_of_its_own(tmp_path: Path) -> None:
    manage("check", tmp_path, **{**SAFE, "SECRET_KEY": ""})

    assert not (tmp_path / "secret-key").exists()


def test_debug_is_off_in_every_mode(tmp_path: Path) -> None:
    for environment in ({}, SAFE, {"MODE": "test"}, {"DEBUG": "1", "DJANGO_DEBUG": "true"}):
        shown = manage("diffsettings --all", tmp_path, **environment)

        assert "DEBUG = False" in shown.stdout, shown.stderr


def test_the_embedded_mode_makes_a_key_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    first = manage("check", tmp_path)
    key = (tmp_path / "secret-key").read_text()
    manage("check", tmp_path)

    assert first.returncode == 0, first.stderr
    assert len(key) >= 50
    assert (tmp_path / "secret-key").read_text() == key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert own_secret(tmp_path / "one") != own_secret(tmp_path / "another")
