"""The folder of messages of the embedded default, and acknowledging to Redis: a bad moment stops no worker."""

import threading
from contextlib import suppress
from queue import Empty

import pytest
from kombu.connection import Connection
from kombu.transport import redis, virtual

from config.broker import ForgivingQoS


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "messages").mkdir()
    (tmp_path / "control").mkdir()
    return tmp_path


@pytest.fixture
def channel(folder):
    messages = str(folder / "messages")
    options = {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(folder / "control"),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_a_reader_never_takes_a_message_that_is_still_being_written(channel):
    sent, taken = 300, []
    writer = threading.Thread(target=lambda: [channel._put("rollup", {"n": n}) for n in range(sent)])

    writer.start()
    for _ in range(100_000):
        with suppress(Empty):
            taken.append(channel._get("rollup")["n"])
        if len(taken) == sent:
            break
    writer.join()

    assert sorted(taken) == list(range(sent))


def test_an_empty_file_is_no_message_and_no_end_of_the_worker(channel, folder):
    (folder / "messages" / "1_left-by-a-power-cut.rollup.msg").touch()

    with pytest.raises(Empty):
        channel._get("rollup")
    channel._put("rollup", {"n": 1})

    assert channel._get("rollup") == {"n": 1}


def test_an_unreadable_table_of_queues_is_made_anew(channel, folder):
    (folder / "control" / "rollup.exchange").touch()
    assert channel.get_table("rollup") == []

    channel._queue_bind("rollup", "rollup", "", "rollup")

    assert [row.queue for row in channel.get_table("rollup")] == ["rollup"]


def test_a_message_whose_acknowledgement_failed_counts_as_done(monkeypatch):
    class Channel:
        do_restore = False

    qos = object.__new__(ForgivingQoS)
    virtual.QoS.__init__(qos, Channel(), prefetch_count=1)
    virtual.QoS.append(qos, "message", "tag")
    monkeypatch.setattr(
        redis.QoS, "_remove_from_indices", lambda *_args: (_ for _ in ()).throw(TimeoutError())
    )
    assert not qos.can_consume()

    with pytest.raises(TimeoutError):
        qos.ack("tag")

    assert qos.can_consume()
