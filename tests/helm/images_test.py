"""The images as the chart's pods run them: same user, same mounts, a root that cannot be written.

POSTWATCH_IMAGE_TAG is the tag of localhost/postwatch, -agent and -collector (packaging/container/
build-image); without it, or where no container can be started, these tests are skipped. Needs root
and podman with runc. Everything stays on loopback.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import chart
import pods

TAG = os.environ.get("POSTWATCH_IMAGE_TAG")
# No cgroup manager is needed for these; the limits are what an unprivileged machine grants.
PODMAN = ["podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc"]
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--network", "host"]


def podman(*arguments):
    return subprocess.run([*PODMAN, *map(str, arguments)], capture_output=True, text=True, check=False)


def hardening(pod, container):
    """Flags of podman that say what the pod's and the container's security contexts say."""
    whole, own = pod.spec["securityContext"], container["securityContext"]
    flags = ["--user", f"{whole['runAsUser']}:{whole['runAsGroup']}"]
    if own["readOnlyRootFilesystem"]:
        flags += ["--read-only", "--read-only-tmpfs=false"]
    if not own["allowPrivilegeEscalation"]:
        flags += ["--security-opt", "no-new-privileges"]
    for capability in own["capabilities"]["drop"]:
        flags += ["--cap-drop", capability.lower()]
    return flags


def own(folder, user):
    """What fsGroup does, and the kubelet with volumes: the pod's user can read, and write where it may."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, user)


@unittest.skipIf(TAG is None, "POSTWATCH_IMAGE_TAG names no images")
class ImagesTest(unittest.TestCase):
    def setUp(self):
        if shutil.which("podman") is None:
            self.skipTest("podman is not installed")
        probe = podman("run", "--rm", *LIMITS, f"localhost/postwatch:{TAG}", "--help")
        if probe.returncode != 0:
            self.skipTest(f"no container can be started here: {probe.stderr.strip()[-200:]}")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        image = {"registry": "localhost", "tag": TAG}
        values = {"cli": {"image": image}, "collector": {**pods.ON_LOOPBACK["collector"], "image": image},
                  "agent": {**pods.ON_LOOPBACK["agent"], "image": image}}
        self.documents, complaint = chart.template("--values", chart.shape_file("sqlite"), values=values)
        self.assertEqual(complaint, "")

    def arguments(self, pod, container):
        """What podman is told, from the image on."""
        flags = hardening(pod, container)
        for mount in container["volumeMounts"]:
            mode = "ro" if mount.get("readOnly") else "rw"
            flags += ["--volume", f"{pod.root / mount['name']}:{mount['mountPath']}:{mode}"]
        program, *words = container["command"]
        return [*LIMITS, *flags, "--entrypoint", program, container["image"], *words, *container["args"]]

    def start(self, name, workload, replace):
        pod = pods.Pod(self.folder / name, self.documents, workload)
        pod.configure(replace)
        own(pod.root, pod.spec["securityContext"]["fsGroup"])
        issued = podman("run", "--rm", *self.arguments(pod, pod.issuer))
        self.assertEqual(issued.returncode, 0, issued.stderr)
        # One of this run's own, so that only that is ended.
        container = f"helm-check-{name}-{os.getpid()}"
        started = podman("run", "--detach", "--name", container, *self.arguments(pod, pod.container))
        self.addCleanup(podman, "rm", "--force", "--time", "5", container)
        self.assertEqual(started.returncode, 0, started.stderr)
        return container

    def wait_for(self, url, container):
        last = pods.wait_for(url)
        if last is not None:
            self.fail(f"{url}: {last} after {pods.PATIENCE} s\n{podman('logs', container).stderr[-4000:]}")

    def test_an_agents_image_reports_to_the_collectors(self):
        ports = pods.Ports()
        collector = self.start("collector", "StatefulSet rel-postwatch", ports.of_collector)
        self.wait_for(f"http://127.0.0.1:{ports.http}/-/ready", collector)
        agent = self.start("agent", "Deployment rel-postwatch-agent", ports.of_agent)
        self.wait_for(f"http://127.0.0.1:{ports.agent_http}/-/ready", agent)
        agents = json.loads(pods.answer(f"http://127.0.0.1:{ports.http}/api/v1/agents")[1])
        self.assertEqual([(a["agent"], a["region"]) for a in agents["agents"]], [("cluster1", "eu-central")])

        test = chart.find(self.documents, "Pod rel-postwatch-test")["spec"]["containers"][0]
        asked = podman("run", "--rm", *LIMITS, "--entrypoint", test["command"][0], test["image"], *test["command"][1:],
                       f"--collector=http://127.0.0.1:{ports.http}")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertIn("cluster1", asked.stdout)


if __name__ == "__main__":
    unittest.main()
