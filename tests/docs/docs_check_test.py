#!/usr/bin/env python3
"""scripts/docs_check finds each sort of mistake, and none in the pages of this repository."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("POSTWATCH_BIN", ROOT / "build/dev/bin"))
# What a repository needs so that its pages can be held to something.
BASE = {
    "README.md": "# Top\n\n[index](docs/README.md)\n",
    "docs/README.md": "# Index\n\n[the page](page.md), [troubles](troubleshooting.md)\n",
    "docs/page.md": "# The page\n",
    "docs/troubleshooting.md": "# Troubles\n",
    "docs/schema/collector.schema.json": '{"properties": {"targets": {}, "tls": {}, "retention": {}}}',
    "docs/schema/agent.schema.json": '{"allOf": [{"$ref": "#/$defs/all"}], "$defs": {"all": {"properties": {"spool": {}}}}}',
    "helm/postwatch/values.yaml": "cli:\n  image: x\ncollector:\n  enabled: true\n",
    "cli/commands.cc": 'constexpr auto kCommands = {{"check", "DOMAIN", "checks", RunCheck}, {"ca", "init", "certificates", RunCa}};',
    "cli/ca/ca.cc": 'FlagSpec{"dir", "DIR", "where"}; CaVerb{"issue", "usage"}; FlagSpec{"format", "NAME", "how"};',
    "collector/main.cc": 'Log(LogLevel::kWarn, "the store is "\n    "full", {{"what", Concat("make ", folder, ": ", why)}}); // "only a comment would"',
    "agent/main.cc": 'FlagSpec{"log.level", "LEVEL", "how much"};',
    "scripts/tool": "#!/bin/sh\ncase $1 in --all) ;; esac\n",
}


class DocsCheckTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in BASE.items():
            self.write(name, text)

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def found(self, *flags):
        run = subprocess.run(["/usr/bin/python3", "-B", ROOT / "scripts/docs_check", "--root", self.root, *flags],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 1 if run.stderr else 0, run.stderr)
        return run.stderr.splitlines()

    def found_in_page(self, text, *flags, page="docs/page.md"):
        self.write(page, text)
        return self.found(*flags)

    def assert_told(self, text, *what, flags=(), page="docs/page.md"):
        self.assertEqual(self.found_in_page(text, *flags, page=page), [f"{page}:{each}" for each in what])

    def test_nothing_is_found_where_nothing_is_wrong(self):
        self.assertEqual(self.found(), [])

    def test_links_and_anchors(self):
        self.assert_told("# The page\n\n[a](gone.md)\n[b](../scripts/tool) [c](#the-page) [d](README.md#index)\n"
                         "[e](README.md#nowhere), ![f](gone.png) and [g](https://example.com/gone)\n\n[ref]: ../gone\n",
                         "3: links to gone.md, which is not there",
                         "5: links to README.md#nowhere, but docs/README.md has no such heading",
                         "5: links to gone.png, which is not there",
                         "7: links to ../gone, which is not there")

    def test_anchors_are_those_that_github_makes(self):
        self.assert_told("# The page\n## `x`: what it *is*, and why?\n## Twice\n## Twice\n"
                         "[a](#x-what-it-is-and-why) [b](#twice) [c](#twice-1) [d](#twice-2)\n",
                         "5: links to #twice-2, but docs/page.md has no such heading")

    def test_links_in_code_are_none(self):
        self.assert_told("# The page\n`[a](gone.md)`\n```\n[b](gone.md)\n```\n")

    def test_a_page_that_nobody_links_to(self):
        self.write("docs/lonely.md", "# Lonely\n")
        self.write("docs/deeper.md", "# Deeper\n")
        self.write("docs/page.md", "# The page\n[on](deeper.md)\n")
        self.assertEqual(self.found(), ["docs/lonely.md:1: cannot be reached by links from docs/README.md"])

    def test_verbs_and_flags_by_the_source(self):
        self.assert_told("```sh\npostwatch check example.com --format json | jq .\npostwatch chekc example.com\n"
                         "sudo postwatch ca issue --dir x --dri y   # --no-flag\n```\n"
                         "Run `postwatch repair` or `postwatch-agent\n--log.leval debug`, not `postwatch VERB --help`.\n",
                         "3: `postwatch` has no verb chekc", "4: `postwatch ca` has no --dri",
                         "6: `postwatch-agent` has no --log.leval", "6: `postwatch` has no verb repair")

    def test_verbs_and_flags_by_the_programs(self):
        # --dir is a flag of `ca`, not of `check`: only the programs know.
        self.assert_told("```sh\npostwatch check example.com --dir x\npostwatch ca issue \\\n  --dir x agent eu fra1\n"
                         "postwatch ca isue\npostwatch-agent join c --tokn t\n```\n`postwatch config plan|aply`\n",
                         "2: `postwatch check` has no --dir", "5: `postwatch ca` has no verb isue",
                         "6: `postwatch-agent join` has no --tokn", "8: `postwatch config` has no verb aply",
                         flags=("--bin", BIN))

    def test_only_commands_of_a_console_are_commands(self):
        self.assert_told("```console\n$ postwatch chekc\npostwatch nonsense\n```\n", "2: `postwatch` has no verb chekc")

    def test_scripts_and_their_flags(self):
        self.assert_told("```sh\nscripts/tool --all\nscripts/tool --some\n```\n`scripts/gone --all`\n",
                         "3: scripts/tool has no --some", "5: names scripts/gone, which is not there",
                         "5: scripts/gone is no file of this repository")

    def test_what_is_to_be_run_is_run(self):
        self.assert_told("```sh run\npostwatch ca init --dir ca >/dev/null\n```\nThen\n```sh run\ntest -e ca/ca.pem\n```\n",
                         flags=("--bin", BIN))
        told = self.found_in_page("```sh run\npostwatch ca init --dir ca\npostwatch ca issue --dir cb agent eu a\n```\n",
                                  "--bin", BIN)
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0], "^docs/page.md:1: what it says to run ends with 3: .*cb/ca.pem")

    def test_paths_pages_and_sources(self):
        self.assert_told("`scripts/tool`, `docs/schema`, `cli/*.cc`, `cli/ca/gone.cc`, `collector/key.pem`,\n"
                         "`page.md`, `gone.md`, `main.cc`, `gone.cc`, /etc/docs/x and `docs/NAME.md`\n",
                         "1: names cli/ca/gone.cc, which is not there", "2: names gone.cc, and no file is called so",
                         "2: names gone.md, which is not there")

    def test_what_is_left_running_is_ended(self):
        pid = self.root / "pid"
        self.assert_told(f"```sh run\nsleep 1000 &\necho $! >{pid}\n```\n", flags=("--bin", BIN))
        stat = pathlib.Path("/proc", pid.read_text().strip(), "stat")
        for _ in range(100):
            # One that nobody waits for stays as a zombie.
            if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.05)
        self.fail("it runs on")

    def test_tests_that_are_named(self):
        self.write("tests/unit/a_test.cc", "TEST_F(StoreTest, KeepsIt) {}\n")
        self.write("proto/a.proto", "service Uplink {\n  rpc Connect(A) returns (B);\n}\n")
        self.assert_told("`StoreTest.KeepsIt`, `StoreTest.LosesIt`, `Uplink.Connect`\n",
                         "1: names the test StoreTest.LosesIt, which is not there")

    def test_addresses_that_are_named(self):
        self.write("collector/web/api.cc", 'if (path == "/-/ready") {} Concat("/api/v1/ knows board and ", "agents");')
        self.assert_told("`GET /api/v1/board?x=1`, `/api/v1/agents/NAME`, `/-/ready`, `/api/v1/boards`, `POST /-/relaod`\n",
                         "1: names /-/relaod, which no program knows",
                         "1: names /api/v1/boards, which the collector does not know")

    def test_metrics_that_are_named(self):
        self.write("collector/metrics.cc", 'out.Family("postwatch_alerts_waiting", "gauge", "Alerts.");')
        self.write("docs/metrics.md", "# Metrics\n\n| `postwatch_alerts_waiting` | gauge |\n| `postwatch_alerts_waiting` | gauge |\n")
        self.write("docs/page.md", "# The page\n[m](metrics.md) `postwatch_alerts_waiting > 0`, `postwatch_alerts_lost`\n")
        self.assertEqual(self.found(), ["docs/metrics.md:1: names the metric postwatch_alerts_waiting twice",
                                        "docs/page.md:2: names the metric postwatch_alerts_lost, which there is not"])

    def test_yaml_by_the_schema(self):
        self.assert_told("```yaml\na: b\n```\n```yaml collector\nretention: 1h\nretentoin: 1h\n```\n"
                         "```yaml agent\nspool: {}\nspol: {}\n```\n```yaml values\ncli: {}\nclii: {}\n```\n",
                         "1: does not say of what this YAML is: one of collector, agent, target, values, other",
                         "4: collector has no key retentoin", "8: agent has no key spol", "12: values has no key clii")

    def test_yaml_by_the_programs(self):
        for name in ("collector", "agent"):
            shutil.copy(ROOT / f"docs/schema/{name}.schema.json", self.root / "docs/schema")
        told = self.found_in_page("```yaml collector\nretention: 10 days\ntls: {ca: /gone, cert: /gone, key: /gone}\n```\n"
                                  "   ```yaml target\n       mailbox: {adress: a@example.org}\n   ```\n"
                                  "```yaml agent\nspool: {max_age: 1h}\n```\n", "--bin", BIN)
        self.assertEqual([line.split(":")[1] for line in told], ["1", "5", "5", "5"], told)
        self.assertIn("docs/page.md:1: the collector refuses it: page.yaml:1: retention:", told[0])
        self.assertIn("adress", " ".join(told))

    def test_messages_must_be_said(self):
        self.assert_told("# Troubles\nIt says \"the store is full\",\n\"make ... : no space\" or \"only a comment would\".\n"
                         "```log\nthe store is ...\nthe store is fool\n```\n`\"in code\"` is none.\n",
                         '3: quotes "make ... : no space", which no program says',
                         '3: quotes "only a comment would", which no program says',
                         '6: quotes "the store is fool", which no program says', page="docs/troubleshooting.md")


class PagesTest(unittest.TestCase):
    def test_the_pages_are_right(self):
        run = subprocess.run(["/usr/bin/python3", "-B", ROOT / "scripts/docs_check", "--bin", BIN], capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    unittest.main()
