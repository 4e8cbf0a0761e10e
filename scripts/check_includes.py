#!/usr/bin/env python3
"""That each source of app and lib includes what it uses.

Whole rooms are compiled as one, with the standard headers of nearly every file read before them, so that a build
does not show what a file owes to its neighbours. Here the compiler reads each source by itself (it makes no code:
half a second a file), and what a file names of those standard headers must come from its own includes.

usage: check_includes.py [FILE…]      default: all sources of app and lib, as lib/core/shape.cpp
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "single"

# What the build reads before every file (lib/CMakeLists.txt), and names that nobody else brings.
STANDARD_NAMES = {
    "algorithm": "all_of|any_of|none_of|sort|stable_sort|find_if|count_if|fill|copy|min_element|max_element"
                 "|lower_bound|upper_bound|transform|nth_element|reverse|clamp",
    "cmath": "sqrt|exp|log|log2|isnan|isfinite|isinf|floor|ceil|lround|llround|fabs|pow|hypot",
    "cstdint": "u?int(?:8|16|32|64)_t|uintptr_t",
    "cstring": "memcpy|memset|memcmp|memmove|strlen|strerror",
    "filesystem": "filesystem",
    "functional": "function|reference_wrapper",
    "limits": "numeric_limits",
    "map": "map|multimap",
    "memory": "unique_ptr|shared_ptr|make_unique|make_shared",
    "optional": "optional|nullopt",
    "string": "string|to_string",
    "string_view": "string_view",
    "utility": "pair|move|exchange|forward",
    "vector": "vector",
}
# Headers of the standard library that bring another one with them by the standard or in every implementation.
BROUGHT = {"map": {"utility"}, "filesystem": {"string"}, "string": {"string_view"}, "unordered_map": {"utility"},
           "memory": {"utility"}, "algorithm": {"utility"}, "vector": {"utility"}, "functional": {"utility"},
           "optional": {"utility"}, "sstream": {"string"}, "fstream": {"string"}, "iostream": {"string"}}


def sources(suffixes):
    found = (path for room in ("app", "lib") for path in (ROOT / room).rglob("*") if path.suffix in suffixes)
    return sorted(str(path.relative_to(ROOT)) for path in found)


def standard_headers_of(name, known):
    """The standard headers that a file of ours has by itself and by those of ours that it includes."""
    if name not in known:
        known[name] = set()  # for files that include each other
        text = (ROOT / name).read_text()
        found = set(re.findall(r"^#include <([a-z_]+)>", text, re.M))
        for header in list(found):
            found |= BROUGHT.get(header, set())
        for ours in re.findall(r'^#include "([^"]+)"', text, re.M):
            for path in ("lib/" + ours, "app/" + ours, os.path.join(os.path.dirname(name), ours)):
                if (ROOT / path).exists():
                    found |= standard_headers_of(path, known)
                    break
        known[name] = found
    return known[name]


def missing_standard_headers(names):
    known = {}
    for name in names:
        has = standard_headers_of(name, known)
        code = re.sub(r"//.*", "", (ROOT / name).read_text())
        for header, words in STANDARD_NAMES.items():
            used = re.search(rf"\bstd::({words})\b", code)
            if used and header not in has:
                yield f"{name}: uses std::{used[1]} and does not include <{header}>"


def compile_commands():
    subprocess.run(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DATTN_UNITY=OFF",
                    "-DATTN_BUILD_TESTS=OFF", "-DATTN_WARNINGS_AS_ERRORS=ON", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
                   check=True, stdout=subprocess.DEVNULL)
    return json.loads((BUILD / "compile_commands.json").read_text())


def compiler_says(entry):
    command = re.sub(r" -o \S+", "", entry["command"]) + " -fsyntax-only"
    return subprocess.run(command, shell=True, cwd=entry["directory"], capture_output=True, text=True)


def main(wanted):
    failed = 0
    for line in missing_standard_headers(sources((".cpp", ".hpp"))):
        print(line)
        failed += 1
    commands = compile_commands()
    precompiled = [entry for entry in commands if "cmake_pch" in entry["file"]]
    for entry in precompiled:
        subprocess.run(entry["command"], shell=True, cwd=entry["directory"], check=True)
    entries = [entry for entry in commands if entry["file"].endswith(".cpp")
               and (not wanted or os.path.relpath(entry["file"], ROOT) in wanted)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(compiler_says, entries):
            if result.returncode:
                print(result.stderr, end="")
                failed += 1
    print(f"check_includes.py: {len(entries)} sources by themselves, {failed} complaints")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
