"""What every test may count on: which servers there are, a clean cache, and databases that can be emptied again."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, sync_playwright

from projects.ledger_guard import ACCOUNT_CHANGES, LEDGER, REVISIONS
from tests.rabbit import RABBITMQ_SERVER
from tests.replicas import PROGRAMS
from tracking import release_guard
from tracking.signing_in.guard import EVENTS

GUARDS = (LEDGER, REVISIONS, ACCOUNT_CHANGES, EVENTS, *release_guard.GUARDS)
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
ON_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

MISSING = {
    "postgresql": "" if ON_POSTGRESQL else "needs PostgreSQL: set DATABASE_URL",
    "replica": "" if ON_POSTGRESQL and PROGRAMS else "needs DATABASE_URL, and PostgreSQL's own programs here",
    "redis": "" if settings.REDIS_URL else "needs Redis: set REDIS_URL",
    "rabbitmq": "" if RABBITMQ_SERVER else "needs RabbitMQ: install Debian's rabbitmq-server",
    "browser": "" if CHROMIUM else "needs a browser: install Debian's chromium",
}

# Files that take longest, the longest first: begun first, so that no process is left with one of them at the end.
LONG = (
    "test_make_run", "test_benchmarks", "test_faults", "test_access_matrix", "test_release_concurrency",
    "test_browser_axe", "test_browser", "test_release_identities", "test_confidential", "test_figures_access",
    "test_api_access", "test_explain_api", "test_api_generated", "test_environment", "test_admin_entry",
    "test_figures_bad_input", "test_admin_lists", "test_explain", "test_divisions_add_up", "test_shared_workers",
    "test_identities", "test_cohorts_page", "test_admin_pages", "test_hot_spots", "test_replicas", "test_concurrency",
)  # fmt: skip


# What thousands of tests make is seldom garbage in cycles: looking for it took an eighth of their time.
gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What was loaded until here stays: nobody needs to look through it again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs a server that was not given; leave SQLite's own tests to the run on SQLite."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))
    for item in items:
        for marker, reason in MISSING.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
    if ON_POSTGRESQL:
        elsewhere = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With REQUIRE_ALL=1, a run in which anything was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not REQUIRE_ALL:
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(
            f"\nREQUIRE_ALL=1 and {skipped} tests were skipped: this run has failed.", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _ledger_can_be_emptied() -> Iterator[None]:
    """Where a test commits, Django empties every table after it; the ledger's guard steps aside for that alone."""
    original: Callable[[TransactionTestCase], None] = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: Any) -> None:
        with ExitStack() as stack:
            for name in self._databases_names(include_mirrors=False):
                for guard in GUARDS:
                    stack.enter_context(guard.lifted(connections[name]))
            original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Throttles and cached answers of one test are nothing to the next; other processes' keys are left alone."""
    yield
    if not settings.REDIS_URL:
        cache.clear()
        return
    client = cache._cache.get_client(write=True)  # type: ignore[attr-defined]
    keys = list(client.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}:*", count=1000))
    if keys:
        client.delete(*keys)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window. Playwright's loop runs in this thread, where the tests use the database."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[str]:
    """The service in a thread of its own, on a free port of the loopback, with its static files."""
    thread = LiveServerThread("127.0.0.1", static_handler=StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()
