#!/usr/bin/env python3
"""Makes manual pages and bash completions of what the programs' --help says, so that they cannot differ.

describe.py --bin DIR --templates DIR --man DIR --completions DIR --version V
A template PROGRAM.SECTION.in says what --help does not; @FLAGS@ in it becomes the program's flags, @VERBS@ its verbs
with theirs, @VERSION@ and @DATE@ what they say.
"""
import argparse
import os
import pathlib
import re
import subprocess
import time

# As common/base/flags.h prints them: "  --name VALUE  what it does".
FLAG = re.compile(r"^  --(?P<name>\S+)(?: (?P<value>\S(?:\S| (?! ))*))?  +(?P<help>\S.*)$", re.M)
VERB = re.compile(r"^  (?P<name>[a-z][a-z-]+) +(?P<meaning>\S.*)$", re.M)
# Flags that every verb has say nothing of it.
EVERYWHERE = "help"


class Flag:
    def __init__(self, name, value, help):
        self.name, self.value, self.help = name, value or "", help


class Command:
    """A program or one of its verbs: its words, its usage lines and its flags."""

    def __init__(self, program, words, meaning=""):
        self.program, self.words, self.meaning = program, words, meaning
        run = subprocess.run([program, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.known = run.returncode == 0
        self.text = run.stdout
        self.flags = [Flag(**match.groupdict()) for match in FLAG.finditer(run.stdout)]
        self.usage = usage_lines(run.stdout, " ".join([program.name, *words[:1]]))

    def verbs(self):
        """What stands in the usage lines after what we are: "postwatch ca init" -> init."""
        stem = " ".join([self.program.name, *self.words])
        found = []
        for line in self.usage:
            word = re.match(re.escape(stem) + r" ([a-z][a-z-]+(?:\|[a-z-]+)*)(?: |$)", line)
            for name in word.group(1).split("|") if word else []:
                if name not in found:
                    found.append(name)
        return found

    def table(self, title):
        """The first words of the lines below a title of --help."""
        _, found, rest = self.text.partition(f"\n{title}\n")
        return re.findall(r"^  (\S+)", rest.split("\n\n")[0], re.M) if found else []

    def subcommands(self):
        commands = [Command(self.program, [*self.words, name]) for name in self.verbs()]
        return [command for command in commands if command.known]


def usage_lines(text, stem):
    lines = [re.sub(r"^usage:", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith(stem + " ") or line == stem]


def verb_table(program):
    """[(Command, [its subcommands])] of a program whose own --help lists verbs, or has them in its usage."""
    top = Command(program, [])
    listed = {match["name"]: match["meaning"] for match in VERB.finditer(top.text)}
    if not top.usage or "VERB" not in top.usage[0]:
        listed = {name: "" for name in top.verbs()}
    verbs = [Command(program, [name], meaning) for name, meaning in listed.items()]
    return top, [(verb, verb.subcommands()) for verb in verbs]


# --- manual pages


def roff(text):
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    return r"\&" + text if text.startswith(".") else text


def roff_flag(flag):
    value = rf" \fI{roff(flag.value)}\fR" if flag.value else ""
    return f".TP\n\\fB\\-\\-{roff(flag.name)}\\fR{value}\n{roff(flag.help)}\n"


def roff_block(block, flags):
    """A paragraph of --help: usage, flags, prose, or a table that keeps its lines."""
    lines = block.split("\n")
    if lines[0].startswith("usage:"):
        return "".join(f".PP\n.B {roff(re.sub('^usage:', '', line).strip())}\n" for line in lines)
    if FLAG.match(lines[0]):
        return "".join(roff_flag(flag) for flag in flags if flag.name != EVERYWHERE)
    table = [line for line in lines if line.startswith("  ")]
    prose = [line for line in lines if not line.startswith("  ")]
    parts = [".PP\n" + "\n".join(roff(line) for line in prose) + "\n"] if prose else []
    if table:
        parts.append(".PP\n.nf\n" + "\n".join(roff(line) for line in table) + "\n.fi\n")
    return "".join(parts)


def roff_command(command):
    return "".join(roff_block(block, command.flags) for block in command.text.strip("\n").split("\n\n"))


def roff_verb(verb, subcommands):
    """A verb, and then each of its subcommands."""
    meaning = f"{roff(verb.meaning)}\n" if verb.meaning else ""
    own = "" if subcommands and not verb.flags else roff_command(verb)
    return f".SS {verb.words[-1]}\n{meaning}{own}" + "".join(map(roff_command, subcommands))


def man_page(template, program, version):
    top, verbs = verb_table(program)
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    made = {
        "@FLAGS@\n": "".join(roff_flag(flag) for flag in top.flags),
        "@VERBS@\n": "".join(roff_verb(verb, subcommands) for verb, subcommands in verbs),
        "@VERSION@": version,
        "@DATE@": date,
    }
    for mark, text in made.items():
        template = template.replace(mark, text)
    return template


# --- bash completion


def value_action(command, flag):
    """What bash's compgen is told for the value of a flag: files, folders, one of some words, or nothing."""
    kind = flag.value.split(",")[0]
    listed = {"NAME": "Formats:", "KIND": "Check kinds:"}
    if kind in ("FILE", "DIR"):
        return "-f" if kind == "FILE" else "-d"
    if "|" in kind and re.fullmatch(r"[a-z|-]+", kind):
        return f'-W "{kind.replace("|", " ")}"'
    return f'-W "{" ".join(command.table(listed[kind]))}"' if kind in listed else '-W ""'


def completion_case(pattern, command, subcommands=()):
    """One branch: sets `words`, and `action` when a flag's value stands at the cursor."""
    words = [*subcommands, *("--" + flag.name for flag in command.flags)]
    lines = [f"    {pattern})", f'      words="{" ".join(words)}"']
    actions = {}
    for flag in command.flags:
        if flag.value:
            actions.setdefault(value_action(command, flag), []).append("--" + flag.name)
    takes_files = any(re.search(r"\bFILE\||\.jsonl\b", line) for line in command.usage)
    if takes_files:
        actions["-f -W \"$words\""] = ["*"]
    if actions:
        lines.append("      case $before in")
        lines += [f"        {' | '.join(names)}) action=({action}) ;;" for action, names in actions.items()]
        lines.append("      esac")
    return "\n".join([*lines, "      ;;"])


def completion(program):
    top, verbs = verb_table(program)
    cases = []
    for verb, subcommands in verbs:
        name = verb.words[0]
        cases += [completion_case(f'"{" ".join(command.words)}"', command) for command in subcommands]
        cases.append(completion_case(f'"{name} "*', verb, [command.words[1] for command in subcommands]))
    top.flags = top.flags or [Flag("help", "", ""), Flag("version", "", "")]
    cases.append(completion_case("*", top, [verb.words[0] for verb, _ in verbs]))
    function = "_" + program.name.replace("-", "_")
    branches = "\n".join(cases)
    return f"""# Completion of {program.name} for bash, made from what --help says.
{function}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} verb="" sub="" words=""
  local -a action=()
  # The word at the cursor is no verb yet.
  [ "$COMP_CWORD" -le 1 ] || verb=${{COMP_WORDS[1]}}
  [ "$COMP_CWORD" -le 2 ] || sub=${{COMP_WORDS[2]}}
  case "$verb $sub" in
{branches}
  esac
  [ ${{#action[@]}} -gt 0 ] || action=(-W "$words")
  case ${{action[0]}} in -f | -d) compopt -o filenames 2>/dev/null ;; esac
  mapfile -t COMPREPLY < <(compgen "${{action[@]}}" -- "$word")
}}
complete -F {function} {program.name}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bin", "templates", "man", "completions"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    args = parser.parse_args()
    args.man.mkdir(parents=True, exist_ok=True)
    args.completions.mkdir(parents=True, exist_ok=True)
    for template in sorted(args.templates.glob("*.in")):
        page = template.name.removesuffix(".in")
        program = args.bin / page.rpartition(".")[0]
        (args.man / page).write_text(man_page(template.read_text(), program, args.version))
        (args.completions / program.name).write_text(completion(program))


if __name__ == "__main__":
    main()
