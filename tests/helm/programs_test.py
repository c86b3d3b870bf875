"""The real programs, with what the chart renders: its authority, its certificates, its configuration.

POSTWATCH_BIN names the folder of the programs; without any that is built, these tests are skipped.
Everything stays on loopback.
"""
import base64
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import chart
import policy

BUILT = [chart.ROOT / f"build/{preset}/bin" for preset in ("ci", "release", "dev")]
BIN = next((folder for folder in map(pathlib.Path, filter(None, [os.environ.get("POSTWATCH_BIN"), *BUILT]))
            if all((folder / name).exists() for name in ("postwatch", "postwatch-agent", "postwatch-collector"))), None)
PATIENCE = 30  # seconds, for a program to start
# Nothing is asked beyond this machine: port 9 of loopback refuses.
ON_LOOPBACK = {
    "collector": {"config": {"witness": {"anchors": ["127.0.0.1:9"], "zone": ""}}},
    "agent": {"enabled": True, "name": "cluster1", "region": "eu-central", "config": {"resolver": "127.0.0.1:9"}},
}


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def run(program, *arguments):
    return subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, check=False)


def answer(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError as failure:
        return 0, str(failure)


class Pod:
    """A pod's files below a folder of ours, and its containers' commands with paths there."""

    def __init__(self, folder, documents, workload):
        self.root = pathlib.Path(folder)
        self.documents = documents
        self.spec = policy.pod_of(chart.find(documents, workload))
        self.container = self.spec["containers"][0]
        self.mounts = {}
        for volume in self.spec["volumes"]:
            self.lay(volume)
        containers = self.spec.get("initContainers", []) + [self.container]
        for container in containers:
            for mount in container["volumeMounts"]:
                (self.root / mount["name"]).mkdir(exist_ok=True)
                self.mounts[mount["mountPath"]] = str(self.root / mount["name"])

    def lay(self, volume):
        place = self.root / volume["name"]
        place.mkdir()
        if "configMap" in volume:
            for name, text in chart.find(self.documents, f"ConfigMap {volume['configMap']['name']}")["data"].items():
                (place / name).write_text(text)
        elif "secret" in volume:
            for name, text in chart.find(self.documents, f"Secret {volume['secret']['secretName']}")["data"].items():
                (place / name).write_bytes(base64.b64decode(text))

    def here(self, text):
        """The text with the pod's paths replaced by ours."""
        paths = "|".join(map(re.escape, self.mounts))
        return re.sub(rf"(?<![^\s=:])({paths})(?![^\s/])", lambda match: self.mounts[match.group()], text)

    def move_configuration(self, replace):
        """The configuration's path, after its own paths became ours and `replace` was applied."""
        for name in (self.root / "config").iterdir():
            text = self.here(name.read_text())
            left = re.findall(r"(?<![^\s=:])/(?:etc|var)/\S*", text)
            assert not left, f"{left} would be the machine's own"
            for old, new in replace.items():
                assert old in text, f"{old} is not in {text}"
                text = text.replace(old, new)
            name.write_text(text)
            return name

    def issue(self):
        issuer, = self.spec["initContainers"]
        program, *words = issuer["command"]
        arguments = [self.here(argument) for argument in issuer["args"]]
        return run(pathlib.PurePosixPath(program).name, *words, *arguments)


@unittest.skipIf(BIN is None, "no programs are built")
class ProgramsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.documents, complaint = chart.template("--values", chart.shape_file("sqlite"), values=ON_LOOPBACK)
        self.assertEqual(complaint, "")

    def pod(self, name, workload):
        (self.folder / name).mkdir()
        pod = Pod(self.folder / name, self.documents, workload)
        for _ in range(2):  # a pod whose sandbox is made anew runs it again
            issued = pod.issue()
            self.assertEqual(issued.returncode, 0, issued.stderr)
        return pod

    def start(self, pod, config):
        program = pathlib.PurePosixPath(pod.container["command"][0]).name
        log = (pod.root / "log").open("w+")
        self.addCleanup(log.close)
        process = subprocess.Popen([BIN / program, f"--config.file={config}", *pod.container["args"][1:]], stderr=log,
                                   stdout=log, cwd=pod.root)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return log

    def wait_for(self, url, log):
        deadline = time.monotonic() + PATIENCE
        while (last := answer(url))[0] != 200:
            if time.monotonic() > deadline:
                log.seek(0)
                self.fail(f"{url}: {last} after {PATIENCE} s\n{log.read()[-4000:]}")
            time.sleep(0.1)

    def test_the_authority_of_the_chart_signs_and_both_configurations_are_without_mistakes(self):
        for name, workload in [("collector", "StatefulSet rel-postwatch"), ("agent", "Deployment rel-postwatch-agent")]:
            with self.subTest(program=name):
                pod = self.pod(name, workload)
                config = pod.move_configuration({})
                checked = run(f"postwatch-{name}", f"--config.file={config}", "--config.check")
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_an_agent_of_the_chart_reports_to_a_collector_of_the_chart(self):
        grpc, http, agent_http = free_port(), free_port(), free_port()
        collector = self.pod("collector", "StatefulSet rel-postwatch")
        config = collector.move_configuration({"0.0.0.0:7443": f"127.0.0.1:{grpc}", "0.0.0.0:7480": f"127.0.0.1:{http}"})
        log = self.start(collector, config)
        self.wait_for(f"http://127.0.0.1:{http}/-/ready", log)

        agent = self.pod("agent", "Deployment rel-postwatch-agent")
        # The name stays what the certificate must cover.
        service = "rel-postwatch-grpc.mail.svc"
        config = agent.move_configuration({
            f"address: {service}:7443": f"address: 127.0.0.1:{grpc}\n  server_name: {service}",
            "0.0.0.0:7481": f"127.0.0.1:{agent_http}"})
        log = self.start(agent, config)
        self.wait_for(f"http://127.0.0.1:{agent_http}/-/ready", log)

        agents = json.loads(answer(f"http://127.0.0.1:{http}/api/v1/agents")[1])
        self.assertEqual([(a["agent"], a["region"]) for a in agents["agents"]], [("cluster1", "eu-central")])
        listed = run("postwatch", "agents", f"--collector=http://127.0.0.1:{http}")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("cluster1", listed.stdout)


if __name__ == "__main__":
    unittest.main()
