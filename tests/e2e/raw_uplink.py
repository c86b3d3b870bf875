"""One uplink call spoken by hand, so that it can say what no agent would."""
from pathlib import Path

from fleet_files import GRPC_PORT
from raw_grpc import exchange, field

from maillab import observe

CONNECT = "/postwatch.v1.Uplink/Connect"


def hello(agent: str, region: str, **other: str) -> bytes:
    """AgentMessage with a Hello of an agent that looks like any other."""
    said = {1: agent, 2: region, 4: "net-x", 5: "198.18.1.53:53", 6: "0.1.0", 7: "b" * 32,
            8: "5" * 32} | {int(number.removeprefix("f")): v for number, v in other.items()}
    return field(1, b"".join(field(number, value) for number, value in said.items()))


def call(netns: Path, address: str, identity: Path | None, messages: list[bytes]) -> str:
    """Says these messages and returns the name of the status the call ends with.

    `identity` is a folder with ca.pem, cert.pem and key.pem; None shows no certificate. OSError
    when the connection ends without a status; "open" when the collector is content and waits.
    """
    with observe.dial(netns, address, GRPC_PORT) as raw:
        return exchange(raw, address, CONNECT, identity, messages)
