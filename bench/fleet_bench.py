"""What a fleet in the lab shows: an idle agent's memory."""
from pathlib import Path

import machine
from figures import Aim, Row
from machine import serving
from stream_bench import make_certificates

SETTLE_LIMIT_S = 30.0


def run_memory(folder: Path, rounds: int) -> list[Row]:
    """Agents that are connected and have their checks, but none is due."""
    from fleet import Fleet
    from fleet_files import Pace
    from maillab import Lab
    rss = Row("RSS of an idle agent", "MB", "bare gRPC client, one idle stream",
              Aim("<= 1.3", 1.3), digits=1)
    pss = Row("  its share of pages (PSS)", "MB", "the same", digits=1)
    make_certificates(folder)
    with Lab.up() as lab:
        each = -(-rounds // 3)  # agents a region
        pace = Pace(checks="1h", roundtrip="1h", witness="1h", timeout="6s")
        with Fleet(lab, agents=each, pace=pace) as fleet:
            fleet.wait(lambda: _disconnected(fleet), 30, "all agents are connected")
            for program in fleet.agents.values():
                machine.await_steady_memory(program.pid, SETTLE_LIMIT_S)
            with serving(["grpc_sink", "--certs", folder / "collector"]) as (_, said):
                for program in list(fleet.agents.values())[:rounds]:
                    with serving(["grpc_client", "idle", "--certs", folder / "agent-1",
                                  "--address", f"127.0.0.1:{said['port']}"]) as (peer, _):
                        machine.await_steady_memory(peer.pid, SETTLE_LIMIT_S)
                        for row, name in ((rss, "Rss"), (pss, "Pss")):
                            row.add(machine.memory_kb(program.pid, name) / 1024,
                                    machine.memory_kb(peer.pid, name) / 1024)
    return [rss, pss]


def _disconnected(fleet) -> str | None:
    agents = fleet.board()["agents"]
    off = len(fleet.agents) - sum(agent["connected"] for agent in agents)
    return f"{off} agents are not connected" if off else None
