"""CPU of one SMTP STARTTLS probe and of one DNS query, with servers of the lab."""
from pathlib import Path

from figures import Aim, Row
from machine import measure

HOST, ADDRESS, DOMAIN, RESOLVER = "mail.alpha.test", "198.18.11.2", "alpha.test", "198.18.1.53"
REGION = "eu"
PROBES = 200
BLACKBOX_PROBES = 150
QUERIES = 60000
SOCKET_QUERIES = 60000
BLACKBOX_QUERIES = 400


def run_smtp(folder: Path, rounds: int) -> list[Row]:
    handshake = Row("CPU of an SMTP STARTTLS probe", "us", "bare OpenSSL handshake, port 465",
                    Aim("<= 1.25", 1.25))
    dialogue = Row("  the same", "us", "bare OpenSSL, the same dialogue")
    blackbox = Row("  the same", "us", "blackbox_exporter")
    check = Row("  whole check smtp.mx, DNS and evidence", "us", "blackbox_exporter")
    with _lab(folder) as (inside, exporter, ca_file):
        server = ["--ip", ADDRESS, "--host", HOST, "--ca", ca_file, "--probes", PROBES]

        def cpu(*argv) -> float:
            return measure([*argv], inside)["cpu_us"]
        exporter.cpu_us("smtp_starttls", f"{ADDRESS}:25", 20)  # its first ones set it up
        for _ in range(rounds):
            ours = cpu("smtp_probe", "client", *server)
            handshake.add(ours, cpu("openssl_bare", "handshake", *server))
            dialogue.add(ours, cpu("openssl_bare", "dialogue", *server))
            other = exporter.cpu_us("smtp_starttls", f"{ADDRESS}:25", BLACKBOX_PROBES)
            blackbox.add(ours, other)
            check.add(cpu("smtp_probe", "check", "--domain", DOMAIN, "--resolver", RESOLVER,
                          "--ca", ca_file, "--probes", PROBES), other)
    return [handshake, dialogue, blackbox, check]


def run_dns(folder: Path, rounds: int) -> list[Row]:
    bare = Row("CPU of a DNS query", "us", "bare UDP socket, nothing parsed",
               Aim("<= 10 us", 10, of_value=True), digits=1)
    blackbox = Row("  the same", "us", "blackbox_exporter", digits=1)
    with _lab(folder) as (inside, exporter, _):
        question = ["--server", RESOLVER, "--name", DOMAIN]
        exporter.cpu_us("dns_mx", RESOLVER, 50)
        for _ in range(rounds):
            ours = measure(["dns_query", "resolver", *question, "--queries", QUERIES],
                           inside)["cpu_us"]
            bare.add(ours, measure(["dns_query", "socket", *question, "--queries",
                                    SOCKET_QUERIES], inside)["cpu_us"])
            blackbox.add(ours, exporter.cpu_us("dns_mx", RESOLVER, BLACKBOX_QUERIES))
    return [bare, blackbox]


class _lab:
    """A lab with a blackbox_exporter; yields how to run a program in it, the exporter, the CA."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __enter__(self):
        from maillab import Lab
        from peers import Blackbox, dns_mx, smtp_starttls, tcp
        self._lab = Lab.up()
        try:
            module = tcp(smtp_starttls(f"{REGION}.agents.test"), self._lab.ca_file)
            module["tcp"]["tls_config"]["server_name"] = HOST
            self._exporter = Blackbox(self._lab, self._folder, REGION,
                                      {"smtp_starttls": module, "dns_mx": dns_mx(DOMAIN)})
        except BaseException:
            self._lab.down()
            raise
        return (lambda argv: self._lab.argv(REGION, argv)), self._exporter, self._lab.ca_file

    def __exit__(self, *_):
        self._exporter.stop()
        self._lab.down()
