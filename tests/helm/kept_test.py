"""Secrets that the chart makes are kept over upgrades: what is in the cluster wins.

A cluster is a small HTTP server on loopback here, which knows two Secrets.
"""
import base64
import http.server
import json
import pathlib
import tempfile
import threading
import unittest

import chart

SECRETS = {
    "rel-postwatch-ca": {"ca.pem": "the certificate that was there", "ca.key": "the key that was there"},
    "rel-postwatch-fleet-key": {"fleet.key": "the fleet's key"},
}


# What the chart makes, and so helm asks about.
RESOURCES = {
    "v1": ["ConfigMap", "Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment", "StatefulSet"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
}


def discovery():
    """{path: answer} of what tells a client which kinds there are."""
    groups = []
    answers = {"/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
               "/api": {"kind": "APIVersions", "versions": ["v1"]},
               "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}}
    for version, kinds in RESOURCES.items():
        resources = [{"name": kind.lower().removesuffix("y") + ("ies" if kind.endswith("y") else "s"), "kind": kind,
                      "singularName": kind.lower(), "namespaced": True, "verbs": ["get", "list"]} for kind in kinds]
        answers[f"/apis/{version}" if "/" in version else f"/api/{version}"] = {
            "kind": "APIResourceList", "groupVersion": version, "resources": resources}
        if "/" in version:
            one = {"groupVersion": version, "version": version.partition("/")[2]}
            groups.append({"name": version.partition("/")[0], "versions": [one], "preferredVersion": one})
    return answers


def encoded(values):
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


class Cluster(http.server.BaseHTTPRequestHandler):
    """As much of the API as helm asks for to look up a Secret."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        answers = discovery()
        if name in self.server.secrets and path == f"/api/v1/namespaces/{chart.NAMESPACE}/secrets/{name}":
            answers[path] = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name, "namespace": chart.NAMESPACE},
                             "data": encoded(self.server.secrets[name])}
        body = json.dumps(answers.get(path, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
                                             "reason": "NotFound", "message": f"no {path}"})).encode()
        self.send_response(200 if path in answers else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class KeptTest(unittest.TestCase):
    def render(self, secrets):
        """What an upgrade would install where these Secrets are."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
        server.secrets = secrets
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "kubeconfig"
            config.write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "here",
                "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
                "users": [{"name": "me", "user": {}}]}))
            documents, complaint = chart.template(
                "--values", chart.shape_file("sqlite"), "--set", "agent.enabled=true,agent.region=eu", "--is-upgrade",
                "--dry-run=server", "--disable-openapi-validation", "--kubeconfig", config)
        self.assertEqual(complaint, "")
        return {name: chart.find(documents, f"Secret {name}")["data"] for name in SECRETS}

    def test_what_is_there_is_kept(self):
        self.assertEqual(self.render(SECRETS), {name: encoded(values) for name, values in SECRETS.items()})

    def test_what_is_not_there_is_made(self):
        first, second = self.render({}), self.render({})
        for name, values in SECRETS.items():
            with self.subTest(name=name):
                self.assertEqual(set(first[name]), set(values))
                self.assertNotEqual(first[name], second[name])
        self.assertTrue(base64.b64decode(first["rel-postwatch-ca"]["ca.pem"]).startswith(b"-----BEGIN CERTIFICATE-----"))


if __name__ == "__main__":
    unittest.main()
