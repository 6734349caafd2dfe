#!/usr/bin/env python3
"""Fails on files, functions and lines over the house's sizes, on folders without a README, and on
shell or Python files that do not parse.

    check_sizes.py [ROOT]        checks the tree
    check_sizes.py --self-test   proves that every rule can fail
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FILE_LINES = 500
TEST_FILE_LINES = 800
FUNCTION_LINES = 70
COLUMNS = 100
README_LINES = 40
FOLDER_FILES = 20  # a folder splits beyond this; only a warning, since a folder splits by meaning

CODE = ["base", "config", "router", "store", "improve", "gateway", "bench", "tests"]
CODE_SUFFIXES = (".h", ".cpp", ".py", ".mjs", ".js")
README_FOLDERS = CODE + [
    "gateway/http", "gateway/wire", "gateway/api", "gateway/telemetry", "bench/model_simulator",
    "tests/e2e", "tests/fuzz", "tests/support", "script", "docs", "web",
]
SKIPPED = {"node_modules", "__pycache__", "build", ".venv", "corpus"}


def files_under(folder):
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in SKIPPED:
            yield from files_under(path)
        elif path.is_file():
            yield path


def long_functions(text):
    """Approximates: a body opens at a line that ends in `) ... {` and starts in column 0 or 2, and
    closes at the first `}` in the same column."""
    found = []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if start is None:
            head = re.match(r"( {0,2})(?! |\}|#|//|namespace|struct|class|enum|TEST|constexpr \w+ k)\S", line)
            if head and line.endswith("{") and ")" in line:
                start = (number, head[1])
        elif line.startswith(start[1] + "}"):
            if number - start[0] + 1 > FUNCTION_LINES:
                found.append((start[0], number - start[0] + 1))
            start = None
    return found


def code_problems(path, text):
    found = []
    lines = text.splitlines()
    limit = TEST_FILE_LINES if path.startswith("tests/") else FILE_LINES
    if len(lines) > limit:
        found.append(f"{path}: {len(lines)} lines, at most {limit}")
    for number, line in enumerate(lines, 1):
        # clang-format breaks what can be broken; a test may hold a recorded answer on one line.
        if len(line) > COLUMNS and limit == FILE_LINES and path.endswith((".h", ".cpp")):
            found.append(f"{path}:{number}: {len(line)} columns, at most {COLUMNS}")
    if path.endswith((".h", ".cpp")):
        for number, size in long_functions(text):
            found.append(f"{path}:{number}: a function of {size} lines, at most {FUNCTION_LINES}")
    if path.endswith(".h") and "#pragma once" not in text:
        found.append(f"{path}: no #pragma once")
    return found


def readme_problems(root):
    found = []
    for folder in README_FOLDERS:
        readme = root / folder / "README.md"
        if not (root / folder).is_dir():
            continue
        if not readme.is_file():
            found.append(f"{folder}: no README.md")
        elif len(readme.read_text().splitlines()) > README_LINES:
            found.append(f"{folder}/README.md: over {README_LINES} lines")
    return found


def script_problems(root):
    found = []
    scripts = list((root / "script").glob("*")) + [root / ".ci/run"]
    for script in filter(pathlib.Path.is_file, scripts):
        name = script.relative_to(root)
        head = script.read_text().split("\n", 1)[0]
        if "bash" in head or script.suffix == ".sh":
            syntax = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
            if syntax.returncode:
                found.append(f"{name}: {syntax.stderr.strip()}")
    for path in files_under(root / "tests"):
        if path.suffix == ".py":
            try:
                compile(path.read_text(), path, "exec")
            except SyntaxError as error:
                found.append(f"{path.relative_to(root)}:{error.lineno}: {error.msg}")
    return found


def check(root):
    found = []
    warnings = []
    count = 0
    for folder in filter(pathlib.Path.is_dir, (root / name for name in CODE)):
        per_folder = {}
        for path in files_under(folder):
            if path.suffix not in CODE_SUFFIXES:
                continue
            count += 1
            per_folder[path.parent] = per_folder.get(path.parent, 0) + 1
            found += code_problems(path.relative_to(root).as_posix(), path.read_text())
        warnings += [f"{place.relative_to(root)}: {number} files, split it beyond {FOLDER_FILES}"
                     for place, number in per_folder.items() if number > FOLDER_FILES]
    found += readme_problems(root) + script_problems(root)
    return count, found, warnings


BODY = "  step();\n"
CASES = [
    ("base/a.cpp", "int x;\n" * 500, False),
    ("base/a.cpp", "int x;\n" * 501, True),
    ("tests/a.cpp", "int x;\n" * 501, False),
    ("tests/a.cpp", "int x;\n" * 801, True),
    ("base/a.cpp", "int f() {\n" + BODY * 68 + "}\n", False),
    ("base/a.cpp", "int f() {\n" + BODY * 69 + "}\n", True),
    ("base/a.cpp", "namespace a {\n" + BODY * 200 + "}\n", False),
    ("base/a.h", "#pragma once\nclass A {\n  int f() {\n" + BODY * 90 + "  }\n};\n", True),
    ("base/a.cpp", "//" + "x" * 99, True),
    ("base/a.h", "int f();\n", True),
    ("script/a", "#!/usr/bin/env bash\nif true; then\n", True),
    ("script/a", "#!/usr/bin/env bash\ntrue\n", False),
    ("tests/a.py", "def f(:\n", True),
    ("base/README.md", "line\n" * 41, True),
]


def self_test():
    for path, text, refused in CASES:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in {"tests", "script", path.split("/")[0]}:
                (root / name).mkdir()
                (root / name / "README.md").write_text("why\n")
            (root / path).write_text(text)
            _, found, _ = check(root)
        if bool(found) != refused:
            sys.exit(f"self-test: {path} should be {'refused' if refused else 'allowed'}: {found}")
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "base").mkdir()
        if not readme_problems(pathlib.Path(folder)):
            sys.exit("self-test: a folder without README should be refused")
    print(f"self-test: {len(CASES) + 1} cases right")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).parents[2]
    count, found, warnings = check(root)
    print("\n".join(["warning: " + line for line in warnings] + found))
    if count == 0:
        sys.exit(f"no source file under {root}: wrong root?")
    if found:
        sys.exit(f"{len(found)} problems in {count} files")
    print(f"{count} files within the house's sizes")


main()
