"""The real programs, with what the chart renders: its authority, its certificates, its configuration.

POSTWATCH_BIN names the folder of the programs; without any that is built, these tests are skipped.
Everything stays on loopback.
"""
import base64
import json
import os
import pathlib
import pwd
import re
import subprocess
import tempfile
import time
import unittest

import chart
import database
import pods

BUILT = [chart.ROOT / f"build/{preset}/bin" for preset in ("ci", "release", "dev")]
BIN = next((folder for folder in map(pathlib.Path, filter(None, [os.environ.get("POSTWATCH_BIN"), *BUILT]))
            if all((folder / name).exists() for name in ("postwatch", "postwatch-agent", "postwatch-collector"))), None)

ENVIRONMENT = {**os.environ, "POD_IP": "127.0.0.1"}  # as the downward API says


def run(program, *arguments):
    return subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, check=False,
                          env=ENVIRONMENT)


@unittest.skipIf(BIN is None, "no programs are built")
class ProgramsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.render({})

    def render(self, collector):
        """The default shape with an agent, and these values of the collector's."""
        values = {**pods.ON_LOOPBACK, "collector": {**pods.ON_LOOPBACK["collector"], **collector}}
        self.documents, complaint = chart.template("--values", chart.shape_file("sqlite"), values=values)
        self.assertEqual(complaint, "")

    def pod(self, name, workload, replace):
        """A pod whose certificate is issued, and the path of its configuration, with our paths in it."""
        pod = pods.Pod(self.folder / name, self.documents, workload)
        program, *words = pod.issuer["command"]
        for _ in range(2):  # a pod whose sandbox is made anew runs it again
            issued = run(pathlib.PurePosixPath(program).name, *words, *map(pod.here, pod.issuer["args"]))
            self.assertEqual(issued.returncode, 0, issued.stderr)
        config = pod.configure(replace)
        config.write_text(pod.here(config.read_text()))
        left = re.findall(r"(?<![^\s=:])/(?:etc|var)/\S*", config.read_text())
        self.assertEqual(left, [], "would be the machine's own")
        return pod, config

    def start(self, pod, config):
        program = pathlib.PurePosixPath(pod.container["command"][0]).name
        log = (pod.root / "log").open("w+")
        self.addCleanup(log.close)
        process = subprocess.Popen([BIN / program, f"--config.file={config}", *pod.container["args"][1:]], stderr=log,
                                   stdout=log, cwd=pod.root, env=ENVIRONMENT)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def wait_for(self, url, pod):
        last = pods.wait_for(url)
        if last is not None:
            self.fail(f"{url}: {last} after {pods.PATIENCE} s\n{(pod.root / 'log').read_text()[-4000:]}")

    def test_the_authority_of_the_chart_signs_and_both_configurations_are_without_mistakes(self):
        for name, workload in [("collector", "StatefulSet rel-postwatch"), ("agent", "Deployment rel-postwatch-agent")]:
            with self.subTest(program=name):
                _, config = self.pod(name, workload, {})
                checked = run(f"postwatch-{name}", f"--config.file={config}", "--config.check")
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def report_to(self, ports):
        """Starts the chart's agent, and waits until it is connected."""
        agent, config = self.pod("agent", "Deployment rel-postwatch-agent", ports.of_agent)
        self.start(agent, config)
        self.wait_for(f"http://127.0.0.1:{ports.agent_http}/-/ready", agent)

    def wait_for_observation(self, ports, agent):
        """Until the collector has stored something of the agent's."""
        url = f"http://127.0.0.1:{ports.http}/api/v1/observations?agent={agent}"
        deadline = time.monotonic() + pods.PATIENCE
        while not json.loads(pods.answer(url)[1])["observations"]:
            self.assertLess(time.monotonic(), deadline, "no observation")
            time.sleep(0.1)

    def test_an_agent_of_the_chart_reports_to_a_collector_of_the_chart(self):
        ports = pods.Ports()
        collector, config = self.pod("collector", "StatefulSet rel-postwatch", ports.of_collector)
        self.start(collector, config)
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        self.report_to(ports)

        agents = json.loads(pods.answer(f"http://127.0.0.1:{ports.http}/api/v1/agents")[1])
        self.assertEqual([(a["agent"], a["region"]) for a in agents["agents"]], [("cluster1", "eu-central")])
        listed = run("postwatch", "agents", f"--collector=http://127.0.0.1:{ports.http}")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("cluster1", listed.stdout)

    def test_a_machine_outside_joins_a_collector_of_the_chart_by_a_token(self):
        self.render({"enrolment": {"enabled": True}})
        ports = pods.Ports()
        collector, config = self.pod("collector", "StatefulSet rel-postwatch", ports.of_collector)
        self.start(collector, config)
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        # Whoever keeps the authority: the chart's Secret, taken from the cluster as NOTES.txt says.
        told = run("postwatch", "ca", "token", "agent", "eu-west", "vm1", "--dir", collector.root / "enrolment")
        self.assertEqual(told.returncode, 0, told.stderr)
        home = self.folder / "vm1"
        joined = run("postwatch-agent", "join", f"127.0.0.1:{ports.grpc}", *told.stdout.split()[3:],
                     "--server-name", pods.SERVICE, "--dir", home, "--state-dir", home / "state",
                     "--user", pwd.getpwuid(os.geteuid()).pw_name)
        self.assertEqual(joined.returncode, 0, joined.stderr)
        machine = home / "agent.yaml"
        machine.write_text(machine.read_text() + "resolver: 127.0.0.1:9\n"
                           f"web: {{listen: \"127.0.0.1:{ports.agent_http}\"}}\n")
        with (home / "log").open("w") as log:
            agent = subprocess.Popen([BIN / "postwatch-agent", f"--config.file={machine}"], stderr=log, stdout=log)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.terminate)
        self.wait_for(f"http://127.0.0.1:{ports.agent_http}/-/ready", collector)
        agents = json.loads(pods.answer(f"http://127.0.0.1:{ports.http}/api/v1/agents")[1])
        self.assertEqual([(a["agent"], a["region"]) for a in agents["agents"]], [("vm1", "eu-west")])

    @unittest.skipIf(database.PROGRAMS is None, "no PostgreSQL is installed")
    def test_the_state_is_in_a_database_that_is_reached_as_the_chart_says(self):
        password = "a password/with@signs"
        self.folder.chmod(0o755)  # the server may be somebody else's process
        server = database.Database(self.folder / "database", password)
        self.addCleanup(server.stop)
        self.render({"postgresql": {"enabled": True, "host": "127.0.0.1", "port": server.port,
                                    "existingSecret": "postwatch-database"}})
        secret = {"password": password.encode(), "ca.crt": (server.folder / "server.crt").read_bytes()}
        self.documents.append({"kind": "Secret", "metadata": {"name": "postwatch-database"}, "data": {
            key: base64.b64encode(value).decode() for key, value in secret.items()}})
        ports = pods.Ports()
        collector, config = self.pod("collector", "Deployment rel-postwatch", ports.of_collector)
        self.assertNotIn(password, config.read_text())
        checked = run("postwatch-collector", f"--config.file={config}", "--config.check")
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        first = self.start(collector, config)
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        self.report_to(ports)
        self.wait_for_observation(ports, "cluster1")
        self.assertNotEqual(server.ask("postwatch", "SELECT count(*) FROM observations"), "0")
        first.terminate()
        self.assertEqual(first.wait(timeout=pods.PATIENCE), 0)
        self.start(collector, config)  # another pod, which finds what the one before has left
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        self.wait_for_observation(ports, "cluster1")


if __name__ == "__main__":
    unittest.main()
