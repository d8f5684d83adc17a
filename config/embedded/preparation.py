"""Everything that must be there before the service starts: made at the first run, left alone afterwards."""

import fcntl
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from config.environment import BASE_DIR, own_secret
from config.translations import compile_catalogue

ADMINISTRATOR = "admin"
PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file
PASSWORD_BYTES = 12

Say = Callable[[str], None]


def prepare(say: Say = print) -> None:
    """Translations, database, static files, seeds and the administrator; a second time nothing is left to do."""
    compile_catalogue()
    django.setup()
    forget_old_messages()
    migrate(say)
    collect_static_files(say)
    load_seeds(say)
    make_administrator(say)


def forget_old_messages() -> None:
    """Messages of the last run are hints only; what is to be done stands in the database."""
    if settings.CELERY_BROKER_URL == "filesystem://":
        for message in Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).iterdir():
            message.unlink(missing_ok=True)


def migrate(say: Say) -> None:
    """Bring the database to this version's shape."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("正在建立数据库 · Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)


def collect_static_files(say: Say) -> None:
    """Copy and compress style sheets and scripts, if any of them changed."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with only_one(root.with_name(f".{root.name}.lock")):
        stamp = root / ".collected"
        state = _digest(_static_sources())
        if not _says(stamp, state):
            say("正在准备静态文件 · Collecting static files …")
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            stamp.write_text(state)


def load_seeds(say: Say) -> None:
    """Load the published figures that come with the service: at first, and again when an upgrade brings others."""
    stamp = settings.DATA_DIR / "seeds-loaded"
    database = {name: str(connection.settings_dict[name]) for name in ("ENGINE", "HOST", "PORT", "NAME")}
    files = sorted(path for path in (BASE_DIR / "seeds").rglob("*") if path.suffix in {".csv", ".json"})
    state = _digest([str(database), *(path.read_text("utf-8") for path in files)])
    if not _says(stamp, state) or not apps.get_model("projects", "District").objects.exists():
        say("正在载入初始数据 · Loading the seed data …")
        call_command("load_seeds", verbosity=0)
        stamp.write_text(state)


def make_administrator(say: Say) -> None:
    """A first user whose password is made for this installation; once it was changed, our note of it goes."""
    note = settings.DATA_DIR / PASSWORD_FILE
    users = get_user_model()._default_manager
    user = users.filter(username=ADMINISTRATOR).first()
    if user is None:
        say("正在创建管理员 · Making the administrator …")
        users.create_superuser(username=ADMINISTRATOR, password=own_secret(note, PASSWORD_BYTES))
    elif note.exists() and not check_password(note.read_text().strip(), user.password):
        note.unlink()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until nobody else is inside."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _static_sources() -> Iterator[str]:
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            yield f"{path} {found.st_size} {found.st_mtime_ns}"


def _digest(texts: Iterator[str] | list[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def _says(stamp: Path, state: str) -> bool:
    return stamp.exists() and stamp.read_text() == state


def main() -> int:
    """0 when all is ready; 1, with a sentence, where the database cannot be reached."""
    try:
        prepare(lambda sentence: print(sentence, flush=True))
    except OperationalError as error:
        print(f"数据库无法使用 · The database cannot be used:\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
