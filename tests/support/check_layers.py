#!/usr/bin/env python3
"""Fails when a file includes or calls what its folder must not know.

base <- config <- router <- store <- improve <- gateway: includes point left only. tests/ and bench/
may include all. The other rules are the "never" sentences of ARCHITECTURE.md, one row each.

    check_layers.py [ROOT]        checks the tree
    check_layers.py --self-test   proves that every rule can fail
"""

import pathlib
import re
import sys
import tempfile

LAYERS = ["base", "config", "router", "store", "improve", "gateway"]
READERS_OF_CLOCK_AND_DICE = r"gateway/((worker|app|main)[^/]*|control/.*)$"

# (what it forbids, the pattern, files it applies to, files it allows)
RULES = [
    ("simdjson belongs to gateway/wire", r'#include\s*[<"]simdjson\.h', r"", r"gateway/wire/"),
    ("RocksDB belongs to store", r'#include\s*[<"]rocksdb/', r"", r"store/"),
    ("libpq belongs to store", r'#include\s*[<"](postgresql/)?libpq', r"", r"store/"),
    ("YAML belongs to config", r'#include\s*[<"]yaml-cpp/', r"", r"config/"),
    ("sockets belong to gateway, outside gateway/wire",
     r'#include\s*([<"]boost/(asio|beast)|"gateway/http/|<sys/socket\.h>|<netinet/)',
     r"(base|config|router|store|improve)/|gateway/(wire|telemetry)/", r""),
    ("JSON does not belong to router", r'#include\s*[<"](boost/json|simdjson|nlohmann)', r"router/", r""),
    ("Boost.JSON is too slow for gateway/wire and gateway/http", r'#include\s*[<"]boost/json',
     r"gateway/(wire|http)/", r""),
    ("only a worker or control reads a clock: pass the time in",
     r"\b(system|high_resolution)_clock::now|\b(clock_gettime|gettimeofday|time)\((nullptr|NULL|CLOCK)",
     r"", READERS_OF_CLOCK_AND_DICE),
    ("only a worker or control, and the journal thread for its own waits, reads the steady clock",
     r"\bsteady_clock::now", r"", READERS_OF_CLOCK_AND_DICE + r"|store/"),
    ("only a worker or control throws the dice: pass them in",
     r"\brandom_device\b|\bgetrandom\(|\bs?rand\(\)", r"", READERS_OF_CLOCK_AND_DICE),
]


def without_comments(text):
    """Blanks comments and the insides of strings, keeps line numbers; include paths stay."""
    pattern = r'//[^\n]*|/\*.*?\*/|#include[^\n]*|"(?:\\.|[^"\\\n])*"'

    def blank(match):
        token = match.group()
        if token.startswith("#include"):
            return token
        return re.sub(r"[^\n]", " ", token)

    return re.sub(pattern, blank, text, flags=re.S)


def problems_in(path, text):
    """`path` is relative to the root, with forward slashes."""
    found = []
    top = path.split("/")[0]
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        include = re.match(r'\s*#include\s*"(\w+)/', line)
        if include and include[1] in LAYERS and LAYERS.index(include[1]) > LAYERS.index(top):
            found.append(f"{path}:{number}: {top} must not include {include[1]}: includes point left only")
        elif include and include[1] in ("tests", "bench"):
            found.append(f"{path}:{number}: the product must not include {include[1]}")
        for what, pattern, applies, allowed in RULES:
            if allowed and re.match(allowed, path):
                continue
            if re.match(applies, path) and re.search(pattern, line):
                found.append(f"{path}:{number}: {what}: {line.strip()}")
    return found


def check(root):
    found = []
    count = 0
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".h", ".cpp") and path.is_file():
                count += 1
                found += problems_in(path.relative_to(root).as_posix(), path.read_text())
    return count, found


# (file, its text, whether it must be refused)
CASES = [
    ("base/a.h", '#include "config/settings.h"', True),
    ("base/a.h", '#include "base/error.h"', False),
    ("router/a.cpp", '#include "store/journal/journal.h"', True),
    ("store/a.cpp", '#include "router/record.h"', False),
    ("store/a.cpp", '#include "gateway/worker.h"', True),
    ("improve/a.cpp", '#include "gateway/worker.h"', True),
    ("gateway/a.cpp", '#include "store/journal/journal.h"', False),
    ("gateway/a.cpp", '#include "tests/support/gate.h"', True),
    ("gateway/a.cpp", "#include <simdjson.h>", True),
    ("gateway/wire/a.cpp", "#include <simdjson.h>", False),
    ("gateway/a.cpp", "#include <rocksdb/db.h>", True),
    ("store/rocksdb/a.cpp", "#include <rocksdb/db.h>", False),
    ("gateway/a.cpp", "#include <libpq-fe.h>", True),
    ("router/a.cpp", "#include <yaml-cpp/yaml.h>", True),
    ("config/a.cpp", "#include <yaml-cpp/yaml.h>", False),
    ("router/a.cpp", "#include <boost/asio/io_context.hpp>", True),
    ("gateway/wire/a.cpp", "#include <boost/beast/core.hpp>", True),
    ("gateway/wire/a.cpp", '#include "gateway/http/message/head.h"', True),
    ("gateway/http/a.cpp", "#include <boost/asio/io_context.hpp>", False),
    ("router/a.cpp", "#include <boost/json.hpp>", True),
    ("gateway/http/a.cpp", "#include <boost/json.hpp>", True),
    ("gateway/api/a.cpp", "#include <boost/json.hpp>", False),
    ("router/a.cpp", "auto t = std::chrono::steady_clock::now();", True),
    ("store/a.cpp", "auto t = ::time(nullptr);", True),
    ("store/a.cpp", "auto t = std::chrono::system_clock::now();", True),
    ("store/a.cpp", "auto t = std::chrono::steady_clock::now();", False),
    ("gateway/worker.cpp", "auto t = std::chrono::steady_clock::now();", False),
    ("gateway/http/relay.cpp", "auto t = std::chrono::steady_clock::now();", True),
    ("router/a.cpp", "// never steady_clock::now() here", False),
    ("router/a.cpp", 'auto* text = "steady_clock::now";', False),
    ("base/a.cpp", "std::random_device dice;", True),
    ("gateway/control/control.cpp", "std::random_device dice;", False),
]


def self_test():
    for path, text, refused in CASES:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text("#pragma once\n" + text + "\n")
            count, found = check(pathlib.Path(folder))
        if count != 1 or bool(found) != refused:
            sys.exit(f"self-test: {path} with `{text}` should be {'refused' if refused else 'allowed'}: {found}")
    print(f"self-test: {len(CASES)} cases right")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).parents[2]
    count, found = check(root)
    print("\n".join(found))
    if count == 0:
        sys.exit(f"no source file under {root}: wrong root?")
    if found:
        sys.exit(f"{len(found)} wrong of {count} files")
    print(f"{count} files, all includes point left")


main()
