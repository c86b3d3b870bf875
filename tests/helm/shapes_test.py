"""What the chart makes of each values file in ci/: the objects, and that all of them are sound."""
import unittest

import chart
import policy

# Every object of a shape; release "rel" in namespace "mail".
COLLECTOR = ["ConfigMap rel-postwatch-config", "NetworkPolicy rel-postwatch", "Pod rel-postwatch-test",
             "Service rel-postwatch", "Service rel-postwatch-grpc"]
ALONE = [*COLLECTOR, "Service rel-postwatch-headless", "StatefulSet rel-postwatch"]
AGENT = ["ConfigMap rel-postwatch-agent", "Deployment rel-postwatch-agent", "NetworkPolicy rel-postwatch-agent",
         "Service rel-postwatch-agent"]
ACCOUNT = ["ServiceAccount rel-postwatch"]
AUTHORITY = ["Secret rel-postwatch-ca"]
FLEET_KEY = ["Secret rel-postwatch-fleet-key"]

EXPECTED = {
    "sqlite": ALONE + ACCOUNT + AUTHORITY,
    "postgresql": COLLECTOR + ACCOUNT + [
        "Deployment rel-postwatch", "PodDisruptionBudget rel-postwatch", "Certificate rel-postwatch-tls"],
    "existing-secret": ALONE + AGENT + ACCOUNT,
    "config-secret": [title for title in ALONE if not title.startswith("ConfigMap")] + AUTHORITY,
    "ingress-monitoring": ALONE + AGENT + ACCOUNT + FLEET_KEY + [
        "Certificate rel-postwatch-agent-tls", "Certificate rel-postwatch-ca", "Certificate rel-postwatch-tls",
        "Ingress rel-postwatch", "Issuer rel-postwatch-ca", "Issuer rel-postwatch-selfsigned",
        "PrometheusRule rel-postwatch", "ServiceMonitor rel-postwatch", "ServiceMonitor rel-postwatch-agent"],
    "gateway": [
        "ConfigMap a-note", "ConfigMap pw-agent", "ConfigMap pw-config", "Deployment pw-agent", "HTTPRoute pw",
        "NetworkPolicy pw", "NetworkPolicy pw-agent", "PersistentVolumeClaim pw-agent", "Pod pw-test", "Secret pw-ca",
        "Secret pw-fleet-key", "Service pw", "Service pw-agent", "Service pw-grpc", "Service pw-headless",
        "ServiceAccount pw", "StatefulSet pw"],
    "agent-only": AGENT + ACCOUNT + ["ServiceMonitor rel-postwatch-agent"],
}
LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version",
          "app.kubernetes.io/managed-by", "app.kubernetes.io/component", "helm.sh/chart")
OF_THE_USER = "ConfigMap a-note"  # extraManifests are as they were written


class ShapesTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.rendered = {}
        for shape in chart.shapes():
            cls.rendered[shape], complaint = chart.template("--values", chart.shape_file(shape))
            if complaint:
                raise AssertionError(f"{shape}: {complaint}")

    def each_manifest(self):
        for shape, documents in self.rendered.items():
            for document in documents:
                with self.subTest(shape=shape, of=chart.title(document)):
                    yield document

    def test_every_shape_is_expected(self):
        self.assertEqual(chart.shapes(), sorted(EXPECTED))

    def test_helm_lint_has_nothing_to_say(self):
        for shape in chart.shapes():
            with self.subTest(shape=shape):
                code, out, complaint = chart.helm("lint", "--strict", chart.CHART, "--values", chart.shape_file(shape))
                self.assertEqual((code, "[WARNING]" in out, "[ERROR]" in out), (0, False, False), out + complaint)

    def test_objects(self):
        for shape, expected in EXPECTED.items():
            with self.subTest(shape=shape):
                self.assertEqual(sorted(map(chart.title, self.rendered[shape])), sorted(expected))

    def test_no_manifest_breaks_its_schema(self):
        for shape, documents in self.rendered.items():
            with self.subTest(shape=shape):
                self.assertEqual(chart.schema_faults(documents), [])

    def test_no_manifest_breaks_the_policy(self):
        for document in self.each_manifest():
            self.assertEqual(list(policy.faults(document)), [])

    def test_every_object_has_the_usual_labels_and_the_namespace(self):
        for document in self.each_manifest():
            if chart.title(document) == OF_THE_USER:
                continue
            labels = document["metadata"]["labels"]
            self.assertEqual([label for label in LABELS if label not in labels], [])
            self.assertEqual(document["metadata"]["namespace"], chart.NAMESPACE)

    def test_services_and_budgets_select_exactly_one_workload(self):
        for shape, documents in self.rendered.items():
            pods = [d["spec"]["template"]["metadata"]["labels"] for d in documents if d["kind"] in policy.WORKLOADS]
            for document in documents:
                selector = document.get("spec", {}).get("selector", {})
                wanted = {"Service": selector, "PodDisruptionBudget": selector.get("matchLabels")}.get(document["kind"])
                if wanted is None:
                    continue
                with self.subTest(shape=shape, of=chart.title(document)):
                    self.assertEqual(sum(wanted.items() <= pod.items() for pod in pods), 1)

    def test_every_volume_that_is_mounted_is_there_and_none_besides(self):
        for document in self.each_manifest():
            spec = policy.pod_of(document)
            if spec is None:
                continue
            claims = [c["metadata"]["name"] for c in document["spec"].get("volumeClaimTemplates", [])]
            volumes = [volume["name"] for volume in spec.get("volumes", [])] + claims
            containers = spec.get("initContainers", []) + spec["containers"]
            mounted = {mount["name"] for c in containers for mount in c.get("volumeMounts", [])}
            self.assertEqual(sorted(volumes), sorted(mounted))

    def test_every_object_that_a_pod_mounts_is_made_or_said_to_exist(self):
        # What a values file names as existing, and what cert-manager writes.
        exists = {"postwatch-collector-tls", "postwatch-agent-tls", "postwatch-fleet", "mailboxes", "chat-webhook",
                  "postwatch-configuration", "postwatch-database", "postwatch-state"}
        for shape, documents in self.rendered.items():
            made = {d["metadata"]["name"] for d in documents}
            made |= {d["spec"]["secretName"] for d in documents if d["kind"] == "Certificate"}
            for document in documents:
                for volume in (policy.pod_of(document) or {}).get("volumes", []):
                    source = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get("name") \
                        or volume.get("persistentVolumeClaim", {}).get("claimName")
                    with self.subTest(shape=shape, of=chart.title(document), volume=volume["name"]):
                        self.assertTrue(source is None or source in made | exists, source)

    def test_a_long_release_name_is_cut_to_what_kubernetes_takes(self):
        documents, complaint = chart.template("--values", chart.shape_file("gateway"), "--set", "fullnameOverride=",
                                              "--set", "agent.name=", release="r" * 53)
        self.assertEqual(complaint, "")
        for document in documents:
            with self.subTest(of=chart.title(document)):
                limit = 52 if document["kind"] in policy.WORKLOADS else 63
                self.assertLessEqual(len(document["metadata"]["name"]), limit)
        self.assertEqual(len({chart.title(d) for d in documents}), len(documents))


if __name__ == "__main__":
    unittest.main()
