"""The real programs, with what the chart renders: its authority, its certificates, its configuration.

POSTWATCH_BIN names the folder of the programs; without any that is built, these tests are skipped.
Everything stays on loopback.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import chart
import pods

BUILT = [chart.ROOT / f"build/{preset}/bin" for preset in ("ci", "release", "dev")]
BIN = next((folder for folder in map(pathlib.Path, filter(None, [os.environ.get("POSTWATCH_BIN"), *BUILT]))
            if all((folder / name).exists() for name in ("postwatch", "postwatch-agent", "postwatch-collector"))), None)


def run(program, *arguments):
    return subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, check=False)


@unittest.skipIf(BIN is None, "no programs are built")
class ProgramsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.documents, complaint = chart.template("--values", chart.shape_file("sqlite"), values=pods.ON_LOOPBACK)
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
                                   stdout=log, cwd=pod.root)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

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

    def test_an_agent_of_the_chart_reports_to_a_collector_of_the_chart(self):
        ports = pods.Ports()
        collector, config = self.pod("collector", "StatefulSet rel-postwatch", ports.of_collector)
        self.start(collector, config)
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        agent, config = self.pod("agent", "Deployment rel-postwatch-agent", ports.of_agent)
        self.start(agent, config)
        self.wait_for(f"http://127.0.0.1:{ports.agent_http}/-/ready", agent)

        agents = json.loads(pods.answer(f"http://127.0.0.1:{ports.http}/api/v1/agents")[1])
        self.assertEqual([(a["agent"], a["region"]) for a in agents["agents"]], [("cluster1", "eu-central")])
        listed = run("postwatch", "agents", f"--collector=http://127.0.0.1:{ports.http}")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("cluster1", listed.stdout)


if __name__ == "__main__":
    unittest.main()
