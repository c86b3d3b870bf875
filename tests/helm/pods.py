"""Pods of the chart laid out below a folder, to be run without a cluster: by the programs or in containers."""
import base64
import pathlib
import re
import socket
import time
import urllib.error
import urllib.request

import chart
import policy

PATIENCE = 30  # seconds, for a program to start
# Nothing is asked beyond this machine: port 9 of loopback refuses.
ON_LOOPBACK = {
    "collector": {"config": {"witness": {"anchors": ["127.0.0.1:9"], "zone": ""}}},
    "agent": {"enabled": True, "name": "cluster1", "region": "eu-central", "config": {"resolver": "127.0.0.1:9"}},
}
# What the agent is told to dial, and what the collector's certificate must cover.
SERVICE = "rel-postwatch-grpc.mail.svc"


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def answer(url):
    """(status, body); the status is 0 when there is no answer, and the body says why."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError as failure:
        return 0, str(failure)


def wait_for(url):
    """The last answer that was not 200 when patience is at its end, else None."""
    deadline = time.monotonic() + PATIENCE
    while (last := answer(url))[0] != 200:
        if time.monotonic() > deadline:
            return last
        time.sleep(0.1)
    return None


class Ports:
    """Free ports of this machine, and how the configurations are changed to use them."""

    def __init__(self):
        self.grpc, self.http, self.agent_http = free_port(), free_port(), free_port()
        self.of_collector = {"0.0.0.0:7443": f"127.0.0.1:{self.grpc}", "0.0.0.0:7480": f"127.0.0.1:{self.http}"}
        self.of_agent = {f"address: {SERVICE}:7443": f"address: 127.0.0.1:{self.grpc}\n  server_name: {SERVICE}",
                         "0.0.0.0:7481": f"127.0.0.1:{self.agent_http}"}


class Pod:
    """A pod's volumes as folders, with what the chart puts into them."""

    def __init__(self, folder, documents, workload):
        self.root = pathlib.Path(folder)
        self.documents = documents
        document = chart.find(documents, workload)
        self.spec = policy.pod_of(document)
        self.container = self.spec["containers"][0]
        self.issuer, = self.spec["initContainers"]
        claims = [claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])]
        self.root.mkdir()
        for volume in [*self.spec["volumes"], *({"name": claim} for claim in claims)]:
            self.lay(volume)

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
        mounts = self.issuer["volumeMounts"] + self.container["volumeMounts"]
        places = {mount["mountPath"]: str(self.root / mount["name"]) for mount in mounts}
        paths = "|".join(map(re.escape, places))
        return re.sub(rf"(?<![^\s=:])({paths})(?![^\s/])", lambda match: places[match.group()], text)

    def configure(self, replace):
        """Changes texts in the configuration; answers its path."""
        path, = (self.root / "config").iterdir()
        text = path.read_text()
        for old, new in replace.items():
            assert old in text, f"{old} is not in {text}"
            text = text.replace(old, new)
        path.write_text(text)
        return path
