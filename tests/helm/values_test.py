"""What values the chart refuses, and that what the programs take in their files, the chart takes too."""
import json
import re
import subprocess
import unittest

import yaml

import chart
import objects

SQLITE = ("--values", chart.shape_file("sqlite"))
# Of collector.yaml and agent.yaml, what the chart says itself.
CHARTS_OWN = {
    "collector": {"include", "listen", "tls", "store", "store_password", "enrolment"},
    "agent": {"agent", "collector", "tls", "state_dir", "fleet_key", "secrets", "web", "include"},
}


def leaf(path, value):
    """A tree with one leaf: ("a.b", 1) is {"a": {"b": 1}}."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


class RefusalTest(unittest.TestCase):
    def refused(self, values, *words):
        documents, complaint = chart.template(*SQLITE, values=values)
        self.assertEqual(documents, [], f"{values} was taken")
        for word in words:
            self.assertIn(word, complaint)

    def test_an_unknown_key_at_every_level(self):
        defaults = yaml.safe_load((chart.CHART / "values.yaml").read_text())
        # Whose keys are the user's to choose.
        free = re.compile(r"(annotations|Annotations|labels|Labels|requests|limits|nodeSelector)$")
        paths = []

        def walk(tree, path):
            if not free.search(path):
                paths.append(path)
            for key, value in tree.items():
                if isinstance(value, dict):
                    walk(value, f"{path}.{key}".lstrip("."))

        walk(defaults, "")
        self.assertGreater(len(paths), 40)
        # One run for all: the schema names each of them.
        values = {}
        for path in paths:
            place = values
            for key in filter(None, path.split(".")):
                place = place.setdefault(key, {})
            place["bogus"] = 1
        _, complaint = chart.template(*SQLITE, values=values)
        named = {match.replace("/", ".") for match in re.findall(r"at '/?([^']*)': additional properties", complaint)}
        self.assertEqual([path for path in paths if path not in named], [])

    def test_an_unknown_key_in_lists(self):
        for path, item in {
                "collector.config.targets": {"domain": "example.com", "bogus": 1},
                "collector.config.alerting.sinks": {"type": "log", "bogus": 1},
                "collector.tolerations": {"key": "a", "bogus": 1},
                "collector.extraEnv": {"name": "A", "bogus": 1},
                "collector.ingress.hosts": {"host": "a.example.com", "bogus": 1},
                "collector.route.parentRefs": {"name": "a", "bogus": 1},
                "networkPolicy.httpFrom": {"podSelector": {"bogus": {}}},
                "imagePullSecrets": {"name": "a", "bogus": 1},
        }.items():
            with self.subTest(path=path):
                self.refused(leaf(path, [item]), "bogus")

    def test_a_key_that_the_chart_says_itself(self):
        for key in sorted(CHARTS_OWN["collector"]):
            with self.subTest(key=key):
                self.refused({"collector": {"config": {key: {}}}}, key)

    def test_wrong_types_and_values(self):
        for path, value in {
                "collector.enabled": "yes",
                "collector.service.grpc.port": "7443",
                "collector.service.http.port": 0,
                "collector.persistence.size": "10 GB",
                "collector.persistence.accessModes": [],
                "collector.image.tag": "latest",
                "collector.image.digest": "sha256:1",
                "collector.log.level": "loud",
                "collector.secrets": ["Not A Name"],
                "collector.hosts": ["Upper.example.com"],
                "collector.config.retention": 30,
                "collector.config.external_url": "postwatch.example.com",
                "collector.config.targets": [{"provider": "no-domain"}],
                "collector.config.defaults": {"dns.mx": []},
                "collector.config.defaults.no_kind": {},
                "collector.postgresql.sslMode": "prefer",
                "collector.podSecurityContext.runAsUser": 0,
                "collector.podSecurityContext.runAsNonRoot": False,
                "collector.securityContext.privileged": True,
                "collector.securityContext.readOnlyRootFilesystem": False,
                "collector.securityContext.allowPrivilegeEscalation": True,
                "collector.resources": {"limits": None},
                "agent.region": "EU",
                "agent.collector.address": "no-port",
                "agent.config.concurrency": 0,
                "tls.source": "none",
                "tls.dnsNames": ["*.example.com"],
        }.items():
            with self.subTest(path=path):
                self.refused(leaf(path, value), path.split(".")[-1])

    def test_a_secret_that_is_written_out(self):
        target = {"domain": "example.com", "mailbox": {"address": "probe@example.com", "password": "hunter2"}}
        self.refused({"collector": {"config": {"targets": [target]}}}, "password")

    def test_values_that_contradict_one_another(self):
        own_tls = {"tls": {"source": "existingSecret", "existingSecret": "mine"}}
        for values, words in [
                ({"collector": {"enabled": False}}, "nothing to install"),
                ({"collector": {"config": {"targets": []}}}, "Name a domain"),
                ({"tls": {"source": "existingSecret"}}, "tls.existingSecret"),
                ({"collector": {"postgresql": {"enabled": True}}}, "host and existingSecret"),
                ({"collector": {"postgresql": {"enabled": True, "host": "a", "existingSecret": "b", "caKey": ""}}}, "caKey"),
                ({"collector": {"enrolment": {"enabled": True}}, **own_tls}, "enrolment.existingSecret"),
                ({"agent": {"enabled": True}}, "agent.region is missing"),
                ({"agent": {"enabled": True, "region": "eu"}, **own_tls}, "agent.tlsExistingSecret"),
                ({"agent": {"enabled": True, "region": "eu"}, "collector": {"enabled": False}}, "agent.collector.address"),
                ({"agent": {"enabled": True, "region": "eu", "collector": {"address": "a:7443"}}, "collector": {"enabled": False}},
                 "agent.tlsExistingSecret"),
                ({"collector": {"ingress": {"enabled": True}}}, "hosts"),
                ({"collector": {"route": {"enabled": True}}}, "parentRefs"),
        ]:
            with self.subTest(words=words):
                self.refused(values, words)


class AgreementTest(unittest.TestCase):
    """The examples explain every key of the programs; the chart's schema must know the same."""

    def example(self, program):
        return (chart.ROOT / f"docs/examples/{program}.yaml").read_text()

    def test_the_same_keys_at_the_top(self):
        schema = json.loads((chart.CHART / "values.schema.json").read_text())
        for program, own in CHARTS_OWN.items():
            with self.subTest(program=program):
                keys = set(re.findall(r"^(?:# )?([a-z_0-9]+):(?: |$)", self.example(program), re.M))
                taken = set(schema["properties"][program]["properties"]["config"]["properties"])
                self.assertEqual(taken, keys - own)

    def test_the_collectors_example_is_taken(self):
        config = yaml.safe_load(self.example("collector"))
        config = {key: value for key, value in config.items() if key not in CHARTS_OWN["collector"]}
        documents, complaint = chart.template(values={"collector": {"config": config}})
        self.assertEqual(complaint, "")
        rendered = chart.configuration(documents, "rel-postwatch-config", "collector.yaml")
        self.assertEqual({key: rendered[key] for key in config}, config)

    def test_helm_and_the_programs_are_of_one_version(self):
        about = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
        version = re.search(r"project\(postwatch VERSION (\S+)", (chart.ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual((about["version"], about["appVersion"]), (version, version))

    def test_alert_rules_ask_for_metrics_that_there_are(self):
        documents, _ = chart.template("--values", chart.shape_file("ingress-monitoring"))
        rules = chart.find(documents, "PrometheusRule rel-postwatch")["spec"]["groups"][0]["rules"]
        known = set(re.findall(r"^\| `(\w+)`", (chart.ROOT / "docs/metrics.md").read_text(), re.M))
        for rule in rules:
            with self.subTest(alert=rule["alert"]):
                metric, = re.findall(r"postwatch_\w+", rule["expr"])
                self.assertIn(metric, known)
                self.assertIn('{namespace="mail",service="rel-postwatch"}', rule["expr"])
        self.assertEqual(len(rules), 11)

    def test_the_default_values_are_complete(self):
        """Every key of the schema has a default, so that values.yaml lists all there is."""
        defaults = yaml.safe_load((chart.CHART / "values.yaml").read_text())
        schema = json.loads((chart.CHART / "values.schema.json").read_text())
        for section in ("", "tls", "cli", "collector", "agent", "networkPolicy", "serviceMonitor", "prometheusRule"):
            with self.subTest(section=section):
                node, have = (schema["properties"][section], defaults[section]) if section else (schema, defaults)
                self.assertEqual(set(node["properties"]) - {"global"}, set(have))


class GuideTest(unittest.TestCase):
    """docs/kubernetes.md"""

    def setUp(self):
        self.guide = (chart.ROOT / "docs/kubernetes.md").read_text()
        self.defaults = yaml.safe_load((chart.CHART / "values.yaml").read_text())
        table = self.guide.partition("| value | meaning |")[2].partition("\n\n")[0]
        rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
        self.named = [path for row in rows for path in re.findall(r"`([^`]+)`", row)]
        shared = self.guide.partition("both have")[2].partition(".")[0]
        self.shared = set(re.findall(r"`(\w+)`", shared))

    def test_every_value_it_names_is_there(self):
        self.assertGreater(len(self.named), 40)
        for path in self.named:
            place = self.defaults
            for key in path.split("."):
                self.assertIn(key, place, path)
                place = place[key]

    def test_it_names_every_value(self):
        for section, values in self.defaults.items():
            if section in self.named:
                continue
            left = [key for key in values if f"{section}.{key}" not in self.named and key not in self.shared]
            self.assertEqual(left, [], section)

    def test_it_names_every_shape(self):
        self.assertEqual(sorted(re.findall(r"^\| `(\S+)-values.yaml`", self.guide, re.M)), chart.shapes())

    def test_its_table_of_objects_is_what_is_rendered(self):
        self.assertIn(objects.table(), self.guide)


class CommandTest(unittest.TestCase):
    def test_the_chart_is_packaged_without_its_tests(self):
        done = subprocess.run([chart.TOOLS / "bin/helm", "package", chart.CHART, "--destination", chart.TOOLS],
                              capture_output=True, text=True, check=True)
        archive = done.stdout.rpartition(" ")[2].strip()
        names = subprocess.run(["tar", "-tzf", archive], capture_output=True, text=True, check=True).stdout.split()
        self.assertIn("postwatch/values.schema.json", names)
        self.assertEqual([name for name in names if name.startswith("postwatch/ci")], [])


if __name__ == "__main__":
    unittest.main()
