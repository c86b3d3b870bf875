"""docs_pages: pages of Markdown taken apart, and the repository that they speak of. Of scripts/docs_check."""
import functools
import pathlib
import re
import shlex
import subprocess

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^ *```\s*$", re.M | re.S)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?: \"[^\"]*\")?\)|^\[[^\]]+\]: (\S+)", re.M)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
QUOTED = re.compile(r"\"([^\"]+)\"")
# Comments match too, so that what they quote does not count.
LITERALS = re.compile(r'//[^\n]*|(?:R"(?P<tag>\w*)\((?P<raw>.*?)\)(?P=tag)"|"(?P<plain>(?:[^"\\\n]|\\.)*)")', re.S)
FLAG_IN_SOURCE = re.compile(r'\{\s*"([a-z][a-z.-]*)",\s*"([^"]*)",\s*"')
VERB_IN_SOURCE = re.compile(r'\{"([a-z][a-z-]+)", "')


class Page:
    def __init__(self, root, name):
        self.name = name
        self.text = (root / name).read_text()
        self.folder = pathlib.PurePosixPath(name).parent
        # [(line, info string, body)], and the text without them, line for line.
        self.blocks = [(self.line(m.start()), m["info"].strip(), undent(m["body"], len(m["indent"])))
                       for m in FENCE.finditer(self.text)]
        self.prose = FENCE.sub(lambda m: "\n" * m[0].count("\n"), self.text)
        self.spans = [(self.line(m.start(), self.prose), re.sub(r"\s+", " ", m[1]))
                      for m in SPAN.finditer(self.prose)]
        bare = SPAN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), self.prose)
        in_code = [m.span() for m in SPAN.finditer(self.prose)]
        self.links = [(self.line(m.start(), bare), m[1] or m[2]) for m in LINK.finditer(self.prose)
                      if not any(start <= m.start() < end for start, end in in_code)]
        self.quotes = [(self.line(m.start(), bare), re.sub(r"\s+", " ", m[1])) for m in QUOTED.finditer(bare)]

    def line(self, offset, text=None):
        return (self.text if text is None else text).count("\n", 0, offset) + 1

    @functools.cached_property
    def anchors(self):
        seen, anchors = {}, set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", self.prose))
        for heading in HEADING.findall(self.prose):
            slug = slug_of(heading)
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            anchors.add(f"{slug}-{count}" if count else slug)
        return anchors


def undent(text, columns):
    return "".join(line[columns:] if not line[:columns].strip() else line for line in text.splitlines(keepends=True))


def slug_of(heading):
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


class Tree:
    """The repository: its files, and what its programs take and say."""

    def __init__(self, root, bin_dir):
        self.root, self.bin = pathlib.Path(root).resolve(), bin_dir and pathlib.Path(bin_dir).resolve()
        self.files = self._files()
        self.folders = {str(parent) for name in self.files for parent in pathlib.PurePosixPath(name).parents} - {"."}
        self.basenames = {name.rpartition("/")[2] for name in self.files}
        self.pages = [Page(self.root, name) for name in sorted(self.files) if name.endswith(".md")]

    def _files(self):
        if (self.root / ".git").exists():
            run = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=self.root,
                                 capture_output=True, text=True, check=True)
            return {name for name in run.stdout.splitlines() if (self.root / name).exists()}
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def exists(self, path):
        path = path.rstrip("/")
        if "*" in path:
            return any(pathlib.PurePosixPath(name).match(path) for name in self.files | self.folders)
        return path in self.files or path in self.folders

    def below(self, *folders, ends=("",)):
        return sorted(n for n in self.files if n.startswith(tuple(f + "/" for f in folders)) and n.endswith(tuple(ends)))

    def read(self, name):
        return (self.root / name).read_text(errors="replace")

    @functools.cache
    def takes(self, program, words):
        """({flag: its value or ""}, verbs after these words) of a command; None when there is no such command."""
        if self.bin:
            return self._asked(program, words)
        return self._looked_up(program, words)

    def _asked(self, program, words):
        run = subprocess.run([self.bin / program, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if run.returncode != 0:
            return None
        text = run.stdout
        verbs = set(re.findall(r"^  ([a-z][a-z-]+) +\S", text, re.M)) if "VERB" in text.split("\n")[0] else set()
        stem = " ".join([program, *words])
        for line in text.splitlines():
            word = re.match(rf"(?:usage:)?\s*{re.escape(stem)} ([a-z][a-z-]+)(?: |$)", line)
            if word:
                verbs.add(word[1])
        return {"help": "", "version": ""} | dict(re.findall(r"^  --([a-z][a-z.-]*) ?(\S*)", text, re.M)), verbs

    def _looked_up(self, program, words):
        """From the tables in the source: all flags of a program are good for each of its verbs."""
        folder = {"postwatch": "cli", "postwatch-agent": "agent", "postwatch-collector": "collector"}[program]
        source = "".join(self.read(n) for n in self.below(folder, ends=(".cc", ".h")))
        flags = {"help": "", "version": ""} | dict(FLAG_IN_SOURCE.findall(source))
        verbs = set(VERB_IN_SOURCE.findall(source))
        if program == "postwatch" and not words and self.exists("cli/commands.cc"):
            return flags, set(VERB_IN_SOURCE.findall(self.read("cli/commands.cc")))
        return (flags, set()) if not words or words[-1] in verbs or words == ("join",) else None

    @functools.cached_property
    def said(self):
        """The string literals of each source file, with what varies between two of them as "...", spaces as one."""
        texts = {n: " ".join(literals_of(self.read(n)))
                 for n in self.below("common", "agent", "collector", "cli", ends=(".cc", ".h"))}
        texts |= {n: self.read(n) for n in self.below("scripts", "packaging")}
        return {name: re.sub(r"\s+", " ", text) for name, text in texts.items()}


def literals_of(source):
    """Neighbours that the compiler joins are joined."""
    joined, end = [], None
    for match in LITERALS.finditer(source):
        if match[0].startswith("//"):
            continue
        text = match["raw"] if match["plain"] is None else re.sub(r"\\(.)", lambda m: " " if m[1] == "n" else m[1], match["plain"])
        if end is not None and not source[end:match.start()].strip():
            joined[-1] += text
        else:
            joined.append(text)
        end = match.end()
    return joined


def command_lines(body, prompt):
    """[(line within the block, command)]; those of a console block are behind `$ ` or `# `."""
    joined, start = "", 0
    for number, line in enumerate(body.splitlines()):
        if not joined:
            start = number
            if prompt and not re.match(r"\s*[$#] ", line):
                continue
            line = re.sub(r"^\s*[$#] ", "", line) if prompt else line
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        yield start, joined + line
        joined = ""


def split_commands(text):
    """The simple commands of a line of shell, each as its words; brackets of usage lines are left out."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    words = []
    try:
        for token in lexer:
            if set(token) <= set(";&|()"):
                yield words
                words = []
            elif set(token) <= set("<>&"):
                words.append("")  # redirected to or from the next
            else:
                words.append(token)
    except ValueError:
        words = text.split()
    yield words
