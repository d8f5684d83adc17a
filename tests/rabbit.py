"""A RabbitMQ server of the test's own on loopback: its own node, ports, folder and port mapper, all gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

from tests.processes import LOOPBACK, Started, free_port, wait_until

EPMD = shutil.which("epmd")
# Debian's script in /usr/sbin changes to a user of its own; this one runs as whoever starts it.
RABBITMQ_SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin") or shutil.which(
    "rabbitmq-server"
)


class RabbitServer:
    """It answers when this has been made; `stop` leaves no process behind."""

    def __init__(self, folder: Path) -> None:
        assert RABBITMQ_SERVER, "needs Debian's rabbitmq-server"
        assert EPMD, "needs Erlang's epmd"
        self.folder = folder / "rabbitmq"
        self.folder.mkdir()
        self.port, mapper = free_port(), free_port()
        self.url = f"amqp://guest:guest@{LOOPBACK}:{self.port}//"
        self.mapper = Started([EPMD, "-address", LOOPBACK, "-port", str(mapper)], self.folder / "epmd.log")
        self.server = Started([RABBITMQ_SERVER], self.folder / "server.log", self._environment(mapper))
        try:
            wait_until(self.answers, within=60, what="RabbitMQ answers")
        except BaseException:
            self.stop()
            raise

    def _environment(self, mapper: int) -> dict[str, str]:
        """Everything of its own, and as little as it takes: no plugins, one scheduler, no other host."""
        (self.folder / "plugins").write_text("[].\n", "utf-8")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),  # of its cookie
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        }

    def answers(self) -> bool:
        """Whether it greets a client, which it does once it has started whole."""
        assert self.server.process.poll() is None, self.server.words()
        with socket.socket() as client:
            client.settimeout(1)
            return client.connect_ex((LOOPBACK, self.port)) == 0

    def stop(self) -> None:
        """End it and its port mapper at once; what it held is thrown away."""
        self.server.kill()
        self.mapper.stop(signal.SIGKILL)
