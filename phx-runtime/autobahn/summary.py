"""Turns the index.json files of Autobahn reports into a chapter of the book.

Exits with 1 if any case failed, in what it checked or in how the connection was closed.
"""

import json
import sys
from collections import Counter
from datetime import date

FAMILIES = {
    1: "Framing: text and binary messages of all length encodings",
    2: "Pings and pongs",
    3: "Reserved bits",
    4: "Reserved opcodes",
    5: "Fragmentation, control frames between fragments",
    6: "UTF-8, also cut within characters",
    7: "Closing handshake, close codes",
    9: "Large messages, up to 16 MiB, and many small ones",
    10: "Automatic fragmentation",
    12: "permessage-deflate, all kinds and sizes of messages",
    13: "permessage-deflate, parameters of the offer",
}
COLUMNS = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"]
WHY = {
    "NON-STRICT": "allowed by RFC 6455, though the suite would have it otherwise",
    "INFORMATIONAL": "shown, not judged: RFC 6455 leaves the behaviour open",
    "UNIMPLEMENTED": "the offer was declined, so nothing was compressed",
}


def number(case):
    return [int(part) for part in case.split(".")]


def ranges(cases):
    """7.1.6, 13.3.1 to 13.3.18"""
    shown, run = [], []
    for case in sorted(cases, key=number) + [None]:
        if run and (case is None or number(case) != number(run[-1])[:-1] + [number(run[-1])[-1] + 1]):
            shown.append(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}")
            run = []
        run.append(case)
    return ", ".join(shown)


def main(paths):
    results = {}
    for path in paths:
        with open(path) as file:
            results.update(json.load(file)["phx"])
    kinds = {case: result["behavior"] for case, result in results.items()}
    failed = {
        case: f"{result['behavior']}, closing {result['behaviorClose']}"
        for case, result in results.items()
        if result["behavior"] not in COLUMNS or result["behaviorClose"] not in COLUMNS
    }

    print("# WebSocket conformance\n")
    print(
        "The [Autobahn test suite](https://github.com/crossbario/autobahn-testsuite) plays a client"
        " that breaks every rule of RFC 6455 and RFC 7692 in turn, and judges the answers of the"
        " echo example. Cases 1 to 11 run on its plain mount, 12 and 13 on the one with"
        " `compress`.\n"
    )
    print("```console\n$ phx-runtime/autobahn/run.sh\n```\n")
    print(
        "It needs Python 2.7, so it is a command of its own. It fails if any case does, and writes"
        f" this page; this one is of {date.today():%B %Y}.\n"
    )
    print("| Cases | What they try | " + " | ".join(COLUMNS) + " | failed |")
    print("| --- | --- |" + " ---: |" * (len(COLUMNS) + 1))
    total = Counter()
    for family in sorted({number(case)[0] for case in results}):
        here = [case for case in results if number(case)[0] == family]
        counts = Counter("failed" if case in failed else kinds[case] for case in here)
        total += counts
        cells = [str(counts[column]) for column in [*COLUMNS, "failed"]]
        print(f"| {family} | {FAMILIES[family]} | " + " | ".join(cells) + " |")
    cells = [str(total[column]) for column in [*COLUMNS, "failed"]]
    print(f"| all | {len(results)} cases | " + " | ".join(cells) + " |")
    for kind, why in WHY.items():
        cases = [case for case in results if kinds[case] == kind and case not in failed]
        if cases:
            print(f"\n{kind}, {why}: {ranges(cases)}.")
    if failed:
        print("\nFailed:\n")
        for case in sorted(failed, key=number):
            print(f"- {case}: {failed[case]}")
            print(f"Case {case}: {failed[case]}", file=sys.stderr)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
