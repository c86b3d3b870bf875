"""A PostgreSQL server of our own on loopback, which takes connections over TLS and by password only."""
import os
import pathlib
import pwd
import subprocess
import time

import pods

VERSIONS = pathlib.Path("/usr/lib/postgresql")
PROGRAMS = max((folder.parent for folder in VERSIONS.glob("*/bin/initdb")), default=None,
               key=lambda folder: int(folder.parent.name))


class Database:
    """Runs until stop(); `folder` is its own, and is made."""

    def __init__(self, folder, password):
        self.folder, self.port = pathlib.Path(folder), pods.free_port()
        self.user = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam("postgres")
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.folder.mkdir(mode=0o755)
        (self.folder / "password").write_text(password)
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", "/CN=database", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                 "-keyout", self.folder / "server.key", "-out", self.folder / "server.crt")
        if self.user:
            for path in [self.folder, *self.folder.iterdir()]:
                os.chown(path, self.user["user"], self.user["group"])
        data = self.folder / "data"
        self.run(PROGRAMS / "initdb", "-D", data, "-U", "postwatch", "-A", "scram-sha-256", "--no-sync",
                 f"--pwfile={self.folder / 'password'}", "-E", "UTF8", "--locale=C", **self.user)
        rules = data / "pg_hba.conf"
        rules.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                   "fsync": "off", "ssl": "on", "ssl_cert_file": self.folder / "server.crt",
                   "ssl_key_file": self.folder / "server.key"}
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", data, *(f"--{key}={value}" for key, value in options.items())],
                stdout=log, stderr=log, cwd=self.folder, **self.user)
        self.environment = {"PGPASSWORD": password, "PGHOST": "127.0.0.1", "PGPORT": str(self.port),
                            "PGUSER": "postwatch", "PGSSLMODE": "verify-full",
                            "PGSSLROOTCERT": str(self.folder / "server.crt"), "PATH": os.environ["PATH"]}
        self.await_answer()
        self.ask("postgres", "CREATE DATABASE postwatch")

    def run(self, *command, **options):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False,
                              cwd=self.folder, **options)
        assert done.returncode == 0, f"{command[0]}: {done.stderr}"
        return done.stdout.strip()

    def ask(self, database, query):
        """The answer's rows, a line each."""
        return self.run(PROGRAMS / "psql", "-X", "-A", "-t", "-d", database, "-c", query, env=self.environment)

    def await_answer(self):
        deadline = time.monotonic() + pods.PATIENCE
        while True:
            try:
                return self.ask("postgres", "SELECT 1")
            except AssertionError as refused:
                assert time.monotonic() < deadline, f"{refused}\n{(self.folder / 'log').read_text()[-2000:]}"
                time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait()
