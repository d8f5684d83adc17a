"""The brokers, made patient: what kombu does with Redis or with files at a bad moment must not stop a worker.

A message is only a hint; dropping one or getting one twice does no harm, a worker that stops taking them does.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, redis, virtual
from kombu.utils.json import dumps


class ForgivingQoS(redis.QoS):
    """Counts a message as done once acknowledging it has been tried; Redis hands it out again later.

    kombu logs the failure and goes on counting the message as being worked at. With late acknowledgement and one
    message per process, a worker that met a frozen Redis at that moment would never take another one.
    """

    def ack(self, delivery_tag: str) -> Any:
        try:
            return super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


class WholeFilesChannel(filesystem.Channel):
    """Shows a message in its folder only when it is written whole, and takes no half-written file for one.

    kombu locks the file after opening it: a worker that listed the folder in between read an empty message and ended
    (celery/kombu#1551).
    """

    def _put(self, queue: str, payload: Any, **_more: Any) -> None:  # type: ignore[override]
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        draft = folder / f".{name}.draft"
        try:
            draft.write_text(dumps(payload), "utf-8")  # type: ignore[no-untyped-call]
            draft.replace(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add file {name!r} to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise virtual.Empty from error

    def get_table(self, exchange: str) -> Any:
        try:
            return super().get_table(exchange)  # type: ignore[no-untyped-call]
        except ValueError:
            return []

    def _queue_bind(self, exchange: str, *binding: str) -> None:
        try:
            super()._queue_bind(exchange, *binding)  # type: ignore[no-untyped-call]
        except ValueError:
            self._exchange_file(exchange).unlink(missing_ok=True)  # type: ignore[no-untyped-call]
            super()._queue_bind(exchange, *binding)  # type: ignore[no-untyped-call]


redis.Channel.QoS = ForgivingQoS
filesystem.Transport.Channel = WholeFilesChannel
