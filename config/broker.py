"""Redis as the broker: a worker that could not acknowledge a message goes on to the next one.

kombu logs a failed acknowledgement and goes on counting the message as being worked at. With late acknowledgement and
one message per process, a worker that met a frozen Redis at that moment would never take another one.
"""

from typing import Any

from kombu.transport import redis, virtual


class ForgivingQoS(redis.QoS):
    """Counts a message as done once acknowledging it has been tried; Redis hands it out again later, which is safe."""

    def ack(self, delivery_tag: str) -> Any:
        try:
            return super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


redis.Channel.QoS = ForgivingQoS
