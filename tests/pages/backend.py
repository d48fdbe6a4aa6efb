"""A region's API as the documents have it: HTTP on each address named, on port 80 or `--port`.

It answers 200, or 503 while a file of the address's name is in /run/failing.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

FAILING = Path("/run/failing")
PORT = 80


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    address = writer.get_extra_info("sockname")[0]
    try:
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        failing = (FAILING / address).exists()
        status = "503 Service Unavailable" if failing else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n".encode()
        )
        await writer.drain()
    except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
        pass
    writer.close()


async def _serve(addresses: list[str], port: int) -> None:
    for address in addresses:
        await asyncio.start_server(_answer, address, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    words = sys.argv[1:]
    chosen = words[:1] == ["--port"]
    asyncio.run(_serve(words[2:], int(words[1])) if chosen else _serve(words, PORT))
