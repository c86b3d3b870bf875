"""What is special about each shape's pods, services and configuration."""
import unittest

import chart
import policy

PATHS = {"ca": "/etc/postwatch/tls/ca.pem", "cert": "/etc/postwatch/tls/cert.pem", "key": "/etc/postwatch/tls/key.pem"}
INSIDE = ["rel-postwatch", "rel-postwatch.mail", "rel-postwatch.mail.svc", "rel-postwatch.mail.svc.cluster.local"]


class Shape(unittest.TestCase):
    """A test of the values file ci/<shape>-values.yaml, rendered once."""
    maxDiff = None
    shape = "sqlite"

    @classmethod
    def setUpClass(cls):
        cls.documents, complaint = chart.template("--values", chart.shape_file(cls.shape))
        if complaint:
            raise AssertionError(complaint)

    def find(self, title):
        return chart.find(self.documents, title)

    def spec(self, title):
        return self.find(title)["spec"]

    def pod(self, title):
        return policy.pod_of(self.find(title))

    def volume(self, title, name):
        found, = [v for v in self.pod(title)["volumes"] if v["name"] == name]
        return found

    def mounts(self, title):
        return {m["mountPath"]: m["name"] for m in self.pod(title)["containers"][0]["volumeMounts"]}

    def read_only(self, title, name):
        found, = [m for m in self.pod(title)["containers"][0]["volumeMounts"] if m["name"] == name]
        return found["readOnly"]

    def collector_config(self, name="rel-postwatch-config"):
        return chart.configuration(self.documents, name, "collector.yaml")

    def agent_config(self, name="rel-postwatch-agent"):
        return chart.configuration(self.documents, name, "agent.yaml")


class SqliteTest(Shape):
    def test_one_replica_with_a_volume(self):
        spec = self.spec("StatefulSet rel-postwatch")
        self.assertEqual((spec["replicas"], spec["serviceName"]), (1, "rel-postwatch-headless"))
        claim, = spec["volumeClaimTemplates"]
        self.assertEqual(claim["metadata"]["name"], "state")
        self.assertEqual(claim["spec"], {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}})
        self.assertEqual(self.mounts("StatefulSet rel-postwatch")["/var/lib/postwatch-collector"], "state")

    def test_the_configuration(self):
        self.assertEqual(self.collector_config(), {
            "listen": {"grpc": "0.0.0.0:7443", "http": "0.0.0.0:7480", "hosts": INSIDE},
            "external_url": "http://rel-postwatch.mail.svc:7480",
            "tls": PATHS,
            "store": "sqlite:/var/lib/postwatch-collector/collector.db",
            "targets": [{"domain": "example.com"}],
        })

    def test_the_container(self):
        container, = self.pod("StatefulSet rel-postwatch")["containers"]
        self.assertEqual(container["image"], "postwatch-collector:0.1.0")
        self.assertEqual(container["command"] + container["args"], [
            "/usr/bin/postwatch-collector", "--config.file=/etc/postwatch/config/collector.yaml", "--log.level=info",
            "--log.format=json"])
        self.assertEqual({p["name"]: p["containerPort"] for p in container["ports"]}, {"grpc": 7443, "http": 7480})
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        self.assertEqual(probes, {"startup": {"path": "/-/healthy", "port": "http"},
                                  "liveness": {"path": "/-/healthy", "port": "http"},
                                  "readiness": {"path": "/-/ready", "port": "http"}})

    def test_the_certificate_is_issued_before_the_start_and_the_authority_is_mounted_nowhere_else(self):
        pod = self.pod("StatefulSet rel-postwatch")
        issuer, = pod["initContainers"]
        self.assertEqual(issuer["image"], "postwatch:0.1.0")
        self.assertEqual(issuer["command"] + issuer["args"], [
            "/usr/bin/postwatch", "ca", "issue", "collector", "--dns=rel-postwatch-grpc", "--dns=rel-postwatch-grpc.mail",
            "--dns=rel-postwatch-grpc.mail.svc", "--dns=rel-postwatch-grpc.mail.svc.cluster.local", "--dir=/ca",
            "--out=/etc/postwatch/tls", "--days=365", "--force"])
        self.assertEqual(self.volume("StatefulSet rel-postwatch", "ca")["secret"]["secretName"], "rel-postwatch-ca")
        self.assertNotIn("ca", self.mounts("StatefulSet rel-postwatch").values())
        self.assertEqual(self.find("Secret rel-postwatch-ca")["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})

    def test_a_changed_configuration_rolls_the_pod_and_nothing_else_does(self):
        def checksum(*arguments):
            documents, _ = chart.template("--values", chart.shape_file("sqlite"), *arguments)
            metadata = chart.find(documents, "StatefulSet rel-postwatch")["spec"]["template"]["metadata"]
            return metadata["annotations"]["checksum/config"]
        before = checksum()
        self.assertEqual(checksum("--set", "networkPolicy.enabled=false"), before)
        self.assertNotEqual(checksum("--set", "collector.config.retention=48h"), before)

    def test_the_page_is_for_the_namespace_and_agents_come_from_anywhere(self):
        self.assertEqual(self.spec("NetworkPolicy rel-postwatch")["ingress"], [
            {"ports": [{"port": "grpc", "protocol": "TCP"}]},
            {"ports": [{"port": "http", "protocol": "TCP"}], "from": [{"podSelector": {}}]}])

    def test_agents_reach_a_collector_that_is_not_ready_and_readers_do_not(self):
        published = {name: self.spec(f"Service {name}").get("publishNotReadyAddresses", False)
                     for name in ("rel-postwatch", "rel-postwatch-grpc", "rel-postwatch-headless")}
        self.assertEqual(published, {"rel-postwatch": False, "rel-postwatch-grpc": True, "rel-postwatch-headless": True})

    def test_the_test_pod_asks_by_the_service(self):
        pod = self.find("Pod rel-postwatch-test")
        self.assertEqual(pod["metadata"]["annotations"]["helm.sh/hook"], "test")
        container, = pod["spec"]["containers"]
        self.assertEqual(container["command"] + container["args"],
                         ["/usr/bin/postwatch", "agents", "--collector=http://rel-postwatch.mail.svc:7480"])


class PostgresqlTest(Shape):
    shape = "postgresql"

    def test_two_replicas_without_a_volume_of_their_own(self):
        spec = self.spec("Deployment rel-postwatch")
        self.assertEqual(spec["replicas"], 2)
        self.assertEqual(spec["strategy"], {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
        self.assertNotIn("/var/lib/postwatch-collector", self.mounts("Deployment rel-postwatch"))
        self.assertEqual(self.spec("PodDisruptionBudget rel-postwatch")["maxUnavailable"], 1)

    def test_the_store_and_its_password(self):
        config = self.collector_config()
        self.assertEqual(config["store"], "postgresql://postwatch@postgres-rw.databases:5432/postwatch?sslmode=verify-full"
                         "&target_session_attrs=read-write&sslrootcert=/run/secrets/postwatch-database/ca.crt")
        self.assertEqual(config["store_password"], {"file": "/run/secrets/postwatch-database/password"})
        self.assertIn("/run/secrets/postwatch-database", self.mounts("Deployment rel-postwatch"))

    def test_each_is_reached_by_the_other_one(self):
        self.assertEqual(self.collector_config()["listen"]["advertise"], "${POD_IP}")
        container, = self.spec("Deployment rel-postwatch")["template"]["spec"]["containers"]
        own, = (variable for variable in container["env"] if variable["name"] == "POD_IP")
        self.assertEqual(own["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP")

    def test_every_host_has_the_port(self):
        documents, _ = chart.template("--values", chart.shape_file(self.shape), "--set",
                                      "collector.postgresql.host=a\\,b,collector.postgresql.port=6432")
        store = chart.configuration(documents, "rel-postwatch-config", "collector.yaml")["store"]
        self.assertTrue(store.startswith("postgresql://postwatch@a:6432,b:6432/postwatch?"), store)

    def test_the_certificate_says_who_the_collector_is(self):
        spec = self.spec("Certificate rel-postwatch-tls")
        self.assertEqual(spec["uris"], ["spiffe://postwatch/collector"])
        self.assertEqual(spec["usages"], ["digital signature", "server auth"])
        self.assertEqual(spec["dnsNames"][-1], "postwatch.example.com")
        self.assertEqual(spec["issuerRef"], {"name": "postwatch-authority", "kind": "ClusterIssuer", "group": "cert-manager.io"})
        items = self.volume("Deployment rel-postwatch", "tls")["secret"]["items"]
        self.assertEqual({i["key"]: i["path"] for i in items},
                         {"ca.crt": "ca.pem", "tls.crt": "cert.pem", "tls.key": "key.pem"})
        self.assertNotIn("initContainers", self.pod("Deployment rel-postwatch"))

    def test_agents_come_by_the_load_balancer(self):
        spec = self.spec("Service rel-postwatch-grpc")
        self.assertEqual((spec["type"], spec["externalTrafficPolicy"], spec["loadBalancerSourceRanges"]),
                         ("LoadBalancer", "Local", ["192.0.2.0/24", "198.51.100.0/24"]))
        self.assertIs(spec["publishNotReadyAddresses"], True)

    def test_only_what_is_named_is_let_out(self):
        spec = self.spec("NetworkPolicy rel-postwatch")
        self.assertEqual(spec["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual([port["port"] for rule in spec["egress"] for port in rule["ports"]], [53, 53, 5432, 9093])


class ExistingSecretTest(Shape):
    shape = "existing-secret"

    def test_nothing_secret_is_in_the_release(self):
        self.assertEqual([chart.title(d) for d in self.documents if d["kind"] == "Secret"], [])

    def test_the_secrets_are_mounted_where_the_configuration_says(self):
        self.assertEqual(self.collector_config()["alerting"]["sinks"][0]["secret"], {"file": "/run/secrets/chat-webhook/key"})
        self.assertIn("/run/secrets/chat-webhook", self.mounts("StatefulSet rel-postwatch"))
        self.assertIn("/run/secrets/mailboxes", self.mounts("Deployment rel-postwatch-agent"))
        self.assertEqual(self.agent_config()["fleet_key"], {"file": "/etc/postwatch/fleet/key"})
        self.assertEqual(self.volume("Deployment rel-postwatch-agent", "fleet-key")["secret"]["secretName"], "postwatch-fleet")
        self.assertEqual(self.read_only("Deployment rel-postwatch-agent", "tls"), True)
        for title, secret in [("StatefulSet rel-postwatch", "postwatch-collector-tls"),
                              ("Deployment rel-postwatch-agent", "postwatch-agent-tls")]:
            tls = self.volume(title, "tls")["secret"]
            self.assertEqual((tls["secretName"], [i["key"] for i in tls["items"]]), (secret, ["ca.pem", "cert.pem", "key.pem"]))

    def test_the_volume_is_the_users_own(self):
        self.assertNotIn("volumeClaimTemplates", self.spec("StatefulSet rel-postwatch"))
        self.assertEqual(self.volume("StatefulSet rel-postwatch", "state")["persistentVolumeClaim"], {"claimName": "postwatch-state"})

    def test_the_image_is_pinned(self):
        pod = self.pod("StatefulSet rel-postwatch")
        self.assertEqual(pod["containers"][0]["image"], "registry.example.net/mail/postwatch-collector:0.1.0"
                         "@sha256:0f343b0931126a20f133d67c2b018a3b5e8a1d0f1e7e2ad0f0c2d3ad5a5e9c11")
        self.assertEqual(pod["imagePullSecrets"], [{"name": "registry"}])


class ConfigSecretTest(Shape):
    shape = "config-secret"

    def test_the_configuration_is_the_secret(self):
        self.assertEqual(self.volume("StatefulSet rel-postwatch", "config")["secret"]["secretName"], "postwatch-configuration")

    def test_without_persistence_the_state_is_the_pods(self):
        self.assertEqual(self.volume("StatefulSet rel-postwatch", "state")["emptyDir"], {"sizeLimit": "10Gi"})
        self.assertEqual(self.pod("StatefulSet rel-postwatch")["serviceAccountName"], "default")


class IngressMonitoringTest(Shape):
    shape = "ingress-monitoring"

    def test_the_page_knows_its_name(self):
        config = self.collector_config()
        self.assertEqual(config["external_url"], "https://postwatch.example.com")
        self.assertEqual(config["listen"]["hosts"], [*INSIDE, "postwatch.example.com"])
        rule, = self.spec("Ingress rel-postwatch")["rules"]
        self.assertEqual(rule["http"]["paths"], [{"path": "/", "pathType": "Prefix", "backend": {
            "service": {"name": "rel-postwatch", "port": {"number": 7480}}}}])

    def test_without_an_issuer_the_chart_makes_one(self):
        self.assertEqual(self.spec("Issuer rel-postwatch-ca"), {"ca": {"secretName": "rel-postwatch-ca"}})
        self.assertTrue(self.spec("Certificate rel-postwatch-ca")["isCA"])
        agent = self.spec("Certificate rel-postwatch-agent-tls")
        self.assertEqual(agent["uris"], ["spiffe://postwatch/agent/eu-central/rel-postwatch-agent"])
        self.assertEqual(agent["usages"], ["digital signature", "client auth"])
        self.assertEqual(agent["issuerRef"], {"name": "rel-postwatch-ca", "kind": "Issuer", "group": "cert-manager.io"})

    def test_who_scrapes_is_let_in(self):
        for title in ("NetworkPolicy rel-postwatch", "NetworkPolicy rel-postwatch-agent"):
            peers = self.spec(title)["ingress"][-1]["from"]
            self.assertEqual([next(iter(p)) for p in peers], ["podSelector", "namespaceSelector", "namespaceSelector"])
        for name in ("rel-postwatch", "rel-postwatch-agent"):
            monitor = self.find(f"ServiceMonitor {name}")
            self.assertEqual(monitor["metadata"]["labels"]["release"], "monitoring")
            service = self.find(f"Service {name}")
            self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), service["metadata"]["labels"].items())


class GatewayTest(Shape):
    shape = "gateway"

    def test_the_route(self):
        spec = self.spec("HTTPRoute pw")
        self.assertEqual(spec["hostnames"], ["page.example.com"])
        self.assertEqual(spec["rules"][0]["backendRefs"], [{"name": "pw", "port": 7480}])
        self.assertEqual(self.collector_config("pw-config")["external_url"], "https://page.example.com")

    def test_names_and_addresses_of_the_load_balancer_are_in_the_certificate(self):
        issuer, = self.pod("StatefulSet pw")["initContainers"]
        self.assertIn("--dns=postwatch.example.com", issuer["args"])
        self.assertIn("--ip=192.0.2.10", issuer["args"])

    def test_the_agent(self):
        names = ["pw-agent", "pw-agent.mail", "pw-agent.mail.svc", "pw-agent.mail.svc.cluster.local"]
        self.assertEqual(self.agent_config("pw-agent"), {
            "agent": {"name": "cluster1", "region": "eu-central", "zone": "eu-central-1a", "network": "AS64500"},
            "collector": {"address": "pw-grpc.mail.svc:7443"},
            "tls": PATHS,
            "state_dir": "/var/lib/postwatch-agent",
            "fleet_key": {"file": "/etc/postwatch/fleet/fleet.key"},
            "secrets": {"directory": "/run/secrets", "environment": []},
            "web": {"listen": "0.0.0.0:7481", "hosts": names},
            "resolver": "192.0.2.53:53", "concurrency": 32, "spool": {"max_bytes": 536870912, "max_age": "48h"},
        })
        self.assertEqual(self.spec("Deployment pw-agent")["strategy"], {"type": "Recreate"})
        issuer, = self.pod("Deployment pw-agent")["initContainers"]
        self.assertEqual(issuer["args"][:3], ["agent", "eu-central", "cluster1"])
        # It can renew what was issued here, and not what is in a Secret.
        self.assertEqual(self.read_only("Deployment pw-agent", "tls"), False)
        self.assertEqual(self.read_only("StatefulSet pw", "tls"), True)
        self.assertEqual(self.spec("PersistentVolumeClaim pw-agent")["storageClassName"], "fast")

    def test_labels_for_all_and_manifests_of_the_user(self):
        self.assertEqual(self.find("Service pw")["metadata"]["labels"]["team"], "mail")
        self.assertEqual(self.find("ConfigMap a-note")["data"], {"of": "rel"})


class AgentOnlyTest(Shape):
    shape = "agent-only"

    def test_it_reports_elsewhere(self):
        config = self.agent_config()
        self.assertEqual(config["collector"], {"address": "postwatch.example.com:7443"})
        self.assertEqual(config["agent"], {"name": "rel-postwatch-agent", "region": "us-east"})
        self.assertEqual(config["secrets"]["environment"], ["PROBE_PASSWORD"])
        container, = self.pod("Deployment rel-postwatch-agent")["containers"]
        self.assertEqual([variable["name"] for variable in container["env"]], ["PROBE_PASSWORD"])


class OptionsTest(unittest.TestCase):
    """Single values that are in no shape."""

    def render(self, *settings):
        arguments = [word for setting in settings for word in ("--set", setting)]
        documents, complaint = chart.template("--values", chart.shape_file("sqlite"), *arguments)
        self.assertEqual(complaint, "")
        self.assertEqual(chart.schema_faults(documents), [])
        return documents, chart.configuration(documents, "rel-postwatch-config", "collector.yaml")

    def test_enrolment_gives_the_collector_the_authority_of_the_chart(self):
        documents, config = self.render("collector.enrolment.enabled=true")
        self.assertEqual(config["enrolment"], {"ca_cert": "/etc/postwatch/enrolment/ca.pem",
                                               "ca_key": "/etc/postwatch/enrolment/ca.key", "lifetime": "720h"})
        volumes = policy.pod_of(chart.find(documents, "StatefulSet rel-postwatch"))["volumes"]
        secret, = [v["secret"] for v in volumes if v["name"] == "enrolment"]
        self.assertEqual(secret["secretName"], "rel-postwatch-ca")
        self.assertEqual([i["key"] for i in secret["items"]], ["ca.pem", "ca.key"])

    def test_revoked_certificates_come_from_a_config_map(self):
        _, config = self.render("tls.revocations.existingConfigMap=revoked")
        self.assertEqual(config["tls"], {**PATHS, "crl": "/etc/postwatch/revocations/crl.pem"})

    def test_addresses_of_version_six(self):
        _, config = self.render("collector.listenAddress=[::]")
        self.assertEqual((config["listen"]["grpc"], config["listen"]["http"]), ("[::]:7443", "[::]:7480"))

    def test_a_storage_class_of_none(self):
        documents, _ = self.render("collector.persistence.storageClass=-")
        claim, = chart.find(documents, "StatefulSet rel-postwatch")["spec"]["volumeClaimTemplates"]
        self.assertEqual(claim["spec"]["storageClassName"], "")


if __name__ == "__main__":
    unittest.main()
