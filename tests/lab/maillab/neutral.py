"""The neutral parties: a listener that accepts, and closes after its client. Runs as a program."""
import asyncio
import sys

IDLE_LIMIT_S = 60
CHUNK = 4096


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await asyncio.wait_for(reader.read(CHUNK), IDLE_LIMIT_S):
            pass
    except (asyncio.TimeoutError, OSError):
        pass
    finally:
        writer.close()


async def main(port: int, addresses: list[str]) -> None:
    server = await asyncio.start_server(serve, addresses, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
