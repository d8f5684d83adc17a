"""What the environment says: the mode, and the secrets that each mode demands or makes for itself.

`embedded` (the default) serves loopback only and keeps its own key in DATA_DIR; `production` takes everything from
the environment and refuses to start with anything unsafe; `test` is for the test suite.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("embedded", "production", "test")
KEY_LENGTH = 50
TOKEN_LENGTH = 32

env = environ.Env()

STEP_REQUIRED_OF = ("all", "superuser", "administrator", "publisher", "reviewer", "editor", "viewer")


def read_mode() -> str:
    """`embedded`, `production` or `test`, from MODE."""
    mode: str = env.str("MODE", default="embedded")
    if mode not in MODES:
        raise ImproperlyConfigured(f"MODE is one of {', '.join(MODES)}, not {mode!r}.")
    return mode


def read_secret_key(mode: str, data_dir: Path) -> str:
    """The signing key: from the environment in production, else made once and kept in DATA_DIR."""
    key: str = env.str("SECRET_KEY", default="")
    if mode == "production" or key:
        if len(key) < KEY_LENGTH or len(set(key)) < 10:
            raise ImproperlyConfigured(f"Set SECRET_KEY to at least {KEY_LENGTH} random characters.")
        return key
    if mode == "test":
        return "only-for-tests-" * 4
    return own_secret(data_dir / "secret-key")


def own_secret(path: Path, length: int = 48) -> str:
    """A random text made for this installation at the first call, readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(length))
        draft.replace(path)
    return path.read_text().strip()


def read_public_url(mode: str) -> str:
    """Where people reach the service, without a final slash; links in emails start with it."""
    default = f"http://127.0.0.1:{env.int('PORT', default=8000)}"
    url: str = env.str("PUBLIC_URL", default="" if mode == "production" else default).rstrip("/")
    parts = urlsplit(url)
    if mode == "production" and parts.scheme != "https":
        raise ImproperlyConfigured(
            "Set PUBLIC_URL to the https:// address under which people reach the service."
        )
    if not parts.hostname:
        raise ImproperlyConfigured(f"PUBLIC_URL is not an address: {url!r}.")
    return url


def read_database_url(mode: str, data_dir: Path) -> str:
    """DATABASE_URL; the embedded default is a SQLite file in DATA_DIR."""
    url: str = env.str("DATABASE_URL", default="")
    if mode == "production" and not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            "Set DATABASE_URL to the PostgreSQL database, as postgres://user:password@host/name."
        )
    return url or f"sqlite:///{data_dir / 'mingzhang.sqlite3'}"


def read_replica_url(database_url: str, redis_url: str) -> str:
    """REPLICA_URL, a streaming replica of the database; empty where there is none."""
    url: str = env.str("REPLICA_URL", default="")
    postgresql = ("postgres://", "postgresql://")
    if url and not (url.startswith(postgresql) and database_url.startswith(postgresql)):
        raise ImproperlyConfigured(
            "Set REPLICA_URL only beside a PostgreSQL DATABASE_URL, to a replica of it."
        )
    if url and not redis_url:
        raise ImproperlyConfigured(
            "Set REDIS_URL beside REPLICA_URL: who has just saved is remembered there."
        )
    return url


def require_redis(mode: str) -> str:
    """REDIS_URL, which production needs; empty on the embedded default."""
    url: str = env.str("REDIS_URL", default="")
    if mode == "production" and not url:
        raise ImproperlyConfigured("Set REDIS_URL: production keeps its cache and its throttles there.")
    return url


def read_metrics_token(mode: str) -> str:
    """METRICS_TOKEN, which opens /metrics; empty where nobody collects them."""
    token: str = env.str("METRICS_TOKEN", default="")
    if mode == "production" and token and (len(token) < TOKEN_LENGTH or len(set(token)) < 10):
        raise ImproperlyConfigured(
            f"Set METRICS_TOKEN to at least {TOKEN_LENGTH} random characters, or not at all."
        )
    return token


def read_required_steps() -> list[str]:
    """TOTP_REQUIRED: of whom a second step of signing in is asked; a misspelt name would ask nobody, and is refused."""
    named: list[str] = env.list("TOTP_REQUIRED", default=[])
    if unknown := sorted(set(named) - set(STEP_REQUIRED_OF)):
        raise ImproperlyConfigured(
            f"TOTP_REQUIRED is any of {', '.join(STEP_REQUIRED_OF)}, not {', '.join(unknown)}."
        )
    return named
