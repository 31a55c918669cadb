#!/usr/bin/env python3
"""Make one HTML file of result records: self-contained, nothing is fetched.

usage: bench/report.py RESULTS.jsonl [MORE.jsonl...] [-o PAGE.html]

Further files add their records, without their machine: `scripts/bench budget` writes one. -o: where to (RESULTS.html). Prints the path.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import records  # noqa: E402
from page import document, results  # noqa: E402


def main():
    ap = argparse.ArgumentParser(prog="bench/report.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("results")
    ap.add_argument("more", nargs="*")
    ap.add_argument("-o", metavar="PAGE")
    a = ap.parse_args()
    page = a.o or os.path.splitext(a.results)[0] + ".html"
    try:
        found = records.read(a.results)
        for path in a.more:
            found += [r for r in records.read(path)[1:] if r.get("record") != "end"]
    except (OSError, ValueError, AttributeError) as e:
        print(f"bench/report.py: {e}", file=sys.stderr)
        return 2
    text = document.Page(results.Results(found)).html()
    try:
        with open(page, "w", encoding="utf-8") as f:
            f.write(text)
    except OSError as e:
        print(f"bench/report.py: {page}: {e.strerror}", file=sys.stderr)
        return 2
    print(os.path.abspath(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
