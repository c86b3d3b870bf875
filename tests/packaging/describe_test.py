#!/usr/bin/env python3
"""Manual pages and completions that packaging/describe.py makes of the built programs, and what else is packaged."""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("POSTWATCH_BIN", ROOT / "build/dev/bin"))
PROGRAMS = {"postwatch": 1, "postwatch-agent": 8, "postwatch-collector": 8}


def flags_of(*command):
    text = subprocess.run([BIN / command[0], *command[1:], "--help"], capture_output=True, text=True).stdout
    return {line.split()[0] for line in text.splitlines() if line.startswith("  --")}


def verbs():
    text = subprocess.run([BIN / "postwatch", "--help"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in text.splitlines() if line.startswith("  ")}


class Described(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        subprocess.run(["/usr/bin/python3", "-B", ROOT / "packaging/describe.py", "--bin", BIN, "--templates",
                        ROOT / "packaging/man", "--man", cls.made, "--completions", cls.made / "completions",
                        "--version", "1.2.3"], check=True)

    def offered(self, program, *words):
        """What bash offers for the last word."""
        script = (". \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                  f"_{program.replace('-', '_')}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        run = subprocess.run(["bash", "-uc", script, "bash", self.made / "completions" / program, program, *words],
                             capture_output=True, text=True, cwd=ROOT)
        self.assertEqual(run.stderr, "")
        return set(run.stdout.split())

    def page(self, program):
        return (self.made / f"{program}.{PROGRAMS[program]}").read_text()

    def test_every_verb_and_its_flags_are_offered(self):
        self.assertEqual(self.offered("postwatch", "") - {"--help", "--version"}, verbs())
        self.assertEqual(self.offered("postwatch", "check", "x", "--"), flags_of("postwatch", "check"))
        self.assertEqual(self.offered("postwatch", "ca", "init", "--"), flags_of("postwatch", "ca", "init"))
        for program in ("postwatch-agent", "postwatch-collector"):
            self.assertLessEqual(flags_of(program), self.offered(program, "--"))

    def test_values_are_offered_where_they_are_known(self):
        self.assertEqual(self.offered("postwatch", "check", "x", "--fail-on", ""), {"warning", "critical"})
        self.assertEqual(self.offered("postwatch", "check", "x", "--format", "j"), {"json", "junit"})
        self.assertEqual(self.offered("postwatch", "check", "x", "--only", "dns.m"), {"dns.mx", "dns.mtasts"})
        self.assertEqual(self.offered("postwatch", "check", "x", "--timeout", ""), set())
        self.assertEqual(self.offered("postwatch-agent", "--config.file", "READ"), {"README.md"})
        self.assertEqual(self.offered("postwatch", "ca", "init", "--dir", "packag"), {"packaging"})
        self.assertEqual(self.offered("postwatch", "replay", "CONTRIB"), {"CONTRIBUTING.md"})

    def test_the_pages_have_every_flag(self):
        for program in PROGRAMS:
            page = self.page(program)
            for flag in flags_of(program):
                self.assertIn(f"\\fB{flag.replace('-', chr(92) + '-')}\\fR", page, program)
            self.assertIn("1.2.3", page)
            self.assertNotIn("@", page.replace("@example.com", "").replace("@probe", ""))
        for verb in verbs():
            self.assertIn(f"\n.SS {verb}\n", self.page("postwatch"))

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_groff_has_nothing_to_say_of_them(self):
        for page in [*self.made.glob("*.[18]"), ROOT / "packaging/man/postwatch-collector-setup.8"]:
            run = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True)
            self.assertEqual(run.stderr, "", page.name)


class Packaged(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_the_units_are_hardened(self):
        for name in ("postwatch-agent", "postwatch-collector"):
            unit = ROOT / f"packaging/systemd/{name}.service"
            run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit],
                                 capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout[-200:] + run.stderr)
            self.assertNotIn("Unknown", run.stderr)

    @unittest.skipUnless(importlib.util.find_spec("yaml"), "needs python3-yaml")
    def test_the_user_data_installs_and_joins(self):
        import yaml
        text = (ROOT / "packaging/cloud-init/agent.yaml").read_text()
        self.assertTrue(text.startswith("#cloud-config\n"))
        data = yaml.safe_load(text)
        (shell, flags, script), = data["runcmd"]
        subprocess.run([shell, "-n", "-c", script], check=True)
        self.assertEqual(flags, "-euc")
        self.assertTrue({"--token-file", "--ca-hash"} <= flags_of("postwatch-agent", "join"))
        for written in data["write_files"]:
            self.assertIn(written["path"], script)
            self.assertEqual(written["permissions"], "0600")

    def test_the_maintainer_scripts_are_shell(self):
        for script in ("postinst.in", "prerm.in", "postrm.in", "postwatch-collector-setup"):
            subprocess.run(["sh", "-n", ROOT / "packaging/debian" / script], check=True)
        for script in ("clean-root", "machines.sh", "raise-version", "lint", "test-packages", "test-services",
                       "container/build-image", "container/image-root", "container/test-images"):
            subprocess.run(["bash", "-n", ROOT / "packaging" / script], check=True)


if __name__ == "__main__":
    unittest.main()
