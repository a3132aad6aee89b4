"""A loopback proxy between agents and the plane that has weather.

It passes bytes on as they come, so signatures hold. While there is weather, each piece that comes
meets it with some probability:

    refuse    a new connection is reset
    cut       half of a request goes through, then both sides are reset
    reset     the request arrives; instead of the answer comes a reset
    lose      the request arrives; the answer is swallowed and the connection closed
    truncate  half of the answer comes, then the connection is closed
    delay     the answer comes late
    hang      the answer never comes, and the connection stays open until the weather is over
"""

import asyncio
import collections
import contextlib
import dataclasses
import random
import socket
import struct
import threading
import time

KINDS = ("refuse", "cut", "reset", "lose", "truncate", "delay", "hang")
LONGEST_DELAY = 3.0
PIECE = 64 << 10
NO_WAIT = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclasses.dataclass(frozen=True)
class Weather:
    """What happens to a piece, how probably, and until when (monotonic seconds)."""

    kind: str
    probability: float
    until: float


class Proxy:
    """Listens on a port of its own for as long as the process lives.

    target() is asked for the port behind it at every connection: the plane may have been restarted.
    """

    def __init__(self, target, seed):
        self.target, self.chance = target, random.Random(seed)
        self.met = collections.Counter()
        self.connections = 0
        self._weather = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True, name="proxy")
        self._thread.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def blow(self, kind, probability, seconds):
        self._weather = Weather(kind, probability, time.monotonic() + seconds)

    def calm(self):
        self._weather = None

    def close(self):
        """Ends every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener, limit=PIECE))
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def _meets(self, *kinds):
        """The kind of weather that a piece meets now, or None."""
        now = self._weather
        if now is None or now.kind not in kinds or time.monotonic() > now.until:
            return None
        if self.chance.random() >= now.probability:
            return None
        self.met[now.kind] += 1
        return now.kind

    async def _serve(self, reader, writer):
        self.connections += 1
        if self._meets("refuse"):
            return reset(writer)
        try:
            behind = await asyncio.open_connection("127.0.0.1", self.target(), limit=PIECE)
        except OSError:
            return reset(writer)
        there, here = behind[1], writer
        pumps = [
            asyncio.ensure_future(self._requests(reader, there, here)),
            asyncio.ensure_future(self._answers(behind[0], there, here)),
        ]
        with contextlib.suppress(asyncio.CancelledError):  # the proxy closes
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for end in (there, here):
            end.close()

    async def _requests(self, reader, there, here):
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if self._meets("cut"):
                    there.write(piece[: len(piece) // 2])
                    await there.drain()
                    reset(there)
                    return reset(here)
                there.write(piece)
                await there.drain()

    async def _answers(self, reader, there, here):
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                match self._meets("reset", "lose", "truncate", "delay", "hang"):
                    case "reset":
                        return reset(here)
                    case "lose":
                        return None
                    case "truncate":
                        here.write(piece[: len(piece) // 2])
                        await here.drain()
                        return None
                    case "delay":
                        await asyncio.sleep(self.chance.uniform(0.1, LONGEST_DELAY))
                    case "hang":
                        while self._weather and time.monotonic() < self._weather.until:
                            await asyncio.sleep(0.2)
                        return None
                here.write(piece)
                await here.drain()


def reset(writer):
    """Ends a connection as a crashed peer does."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_WAIT)
    writer.transport.abort()
