"""That the checks of this folder can fail: each finds what it is there for."""
import copy
import unittest

import chart
import policy

POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sound"},
    "spec": {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Mi"}}],
        "containers": [{
            "name": "one", "image": "registry.example.net/one:1.2",
            "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
                                "capabilities": {"drop": ["ALL"]}},
            "resources": {"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": "1Mi"}},
        }],
    },
}


def changed(change):
    document = copy.deepcopy(POD)
    change(document["spec"], document["spec"]["containers"][0])
    return document


class PolicyTest(unittest.TestCase):
    def test_a_sound_pod_passes(self):
        self.assertEqual(list(policy.faults(POD)), [])
        self.assertEqual(chart.schema_faults([POD]), [])

    def test_every_rule_bites(self):
        cases = {
            "container one may escalate its privileges": lambda pod, one: one["securityContext"].pop("allowPrivilegeEscalation"),
            "container one is privileged": lambda pod, one: one["securityContext"].update(privileged=True),
            "container one may write to its root file system":
                lambda pod, one: one["securityContext"].update(readOnlyRootFilesystem=False),
            "container one may run as root": lambda pod, one: one["securityContext"].update(runAsUser=0),
            "container one keeps capabilities": lambda pod, one: one["securityContext"].pop("capabilities"),
            "container one has no limits of memory": lambda pod, one: one["resources"]["limits"].pop("memory"),
            "container one has no requests of cpu": lambda pod, one: one["resources"]["requests"].pop("cpu"),
            "container one has a livenessProbe": lambda pod, one: one.update(livenessProbe={}),
            "container one image one:latest is whatever is the latest": lambda pod, one: one.update(image="one:latest"),
            "container one image host:5000/one has neither tag nor digest":
                lambda pod, one: one.update(image="host:5000/one"),
            "the pod may run as root": lambda pod, one: pod["securityContext"].update(runAsUser=0),
            "the pod has no seccomp profile": lambda pod, one: pod["securityContext"].pop("seccompProfile"),
            "the pod is given a token of the API server": lambda pod, one: pod.pop("automountServiceAccountToken"),
            "the pod shares the host's: hostNetwork": lambda pod, one: pod.update(hostNetwork=True),
            "volume host is of kind hostPath":
                lambda pod, one: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
            "volume tmp may grow without limit": lambda pod, one: pod["volumes"][0]["emptyDir"].clear(),
        }
        for fault, change in cases.items():
            with self.subTest(fault=fault):
                self.assertEqual(list(policy.faults(changed(change))), [fault])

    def test_a_workload_needs_all_three_probes(self):
        workload = {"kind": "Deployment", "spec": {"template": {"spec": POD["spec"]}}}
        self.assertEqual(list(policy.faults(workload)),
                         [f"container one has no {kind}Probe" for kind in ("startup", "liveness", "readiness")])

    def test_an_account_whose_token_is_mounted_is_a_fault(self):
        self.assertEqual(list(policy.faults({"kind": "ServiceAccount"})), ["its token is mounted"])


class SchemaTest(unittest.TestCase):
    def faults(self, change):
        return [(path, what) for _, path, what in chart.schema_faults([changed(change)])]

    def test_an_unknown_key_is_a_fault_at_any_depth(self):
        self.assertEqual(self.faults(lambda pod, one: pod.update(restartPolcy="Never")),
                         [("/spec/restartPolcy", "is no key of this object")])
        self.assertEqual(self.faults(lambda pod, one: one["securityContext"]["capabilities"].update(dorp=["ALL"])),
                         [("/spec/containers/0/securityContext/capabilities/dorp", "is no key of this object")])

    def test_a_wrong_type_and_a_missing_key_are_faults(self):
        self.assertEqual([path for path, _ in self.faults(lambda pod, one: one.update(ports=[{"containerPort": "http"}]))],
                         ["/spec/containers/0/ports/0/containerPort"])
        self.assertEqual([path for path, _ in self.faults(lambda pod, one: pod.pop("containers"))], ["/spec"])

    def test_custom_resources_are_looked_at_as_strictly(self):
        certificate = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "c"},
                       "spec": {"secretName": "c", "issuerRef": {"name": "i"}, "uri": ["spiffe://postwatch/collector"]}}
        route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
                 "spec": {"hostname": "a"}}
        monitor = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "m"},
                   "spec": {"selector": {}, "endpoints": [{"prot": "http"}]}}
        self.assertEqual([path for _, path, _ in chart.schema_faults([certificate, route, monitor])],
                         ["/spec/uri", "/spec/hostname", "/spec/endpoints/0/prot"])

    def test_a_kind_that_is_not_known_is_a_fault(self):
        self.assertEqual(chart.schema_faults([{"apiVersion": "apps/v1", "kind": "Sts", "metadata": {"name": "s"}}]),
                         [("Sts s", "/", "there is no Sts in apps/v1")])

    def test_a_key_that_stands_twice_is_refused(self):
        with self.assertRaises(Exception):
            chart.parse("a: 1\na: 2\n")


if __name__ == "__main__":
    unittest.main()
