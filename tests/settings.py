"""The settings of a test run: the service's own, in test mode, on a data folder that goes away afterwards.

SQLite by default; DATABASE_URL and REDIS_URL choose PostgreSQL and Redis. What is announced to Celery goes to a broker
in memory that nobody reads: a test that wants a real worker starts one (see tests/processes.py).
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

# What was compiled is kept, whatever this machine is used to: else each of many processes would compile it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
if "MINGZHANG_TEST_DATA_DIR" not in os.environ:
    os.environ["MINGZHANG_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="mingzhang-test-")
    atexit.register(shutil.rmtree, os.environ["MINGZHANG_TEST_DATA_DIR"], ignore_errors=True)
_data_dir = Path(os.environ["MINGZHANG_TEST_DATA_DIR"])

os.environ.update(MODE="test", DATA_DIR=str(_data_dir), BROKER_URL="memory://")
for _name in ("SECRET_KEY", "PUBLIC_URL", "EMAIL_URL", "EMAIL_FROM", "PORT", "STATIC_ROOT", "METRICS_TOKEN"):
    os.environ.pop(_name, None)

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES  # noqa: E402
from config.translations import compile_catalogue  # noqa: E402

compile_catalogue()

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory, so that other processes can open it; what a power cut would lose may be lost here.
    DATABASES["default"]["TEST"] = {"NAME": str(_data_dir / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    # A machine that tests keep busy lets those at the end of a queue wait for longer than people would.
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off -c lock_timeout=20s"
STATIC_ROOT = _data_dir / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # empty: pages in tests take their files from where they are kept
CACHES["default"]["KEY_PREFIX"] = f"test-{_WORKER}-{os.getpid()}"
