"""Two ways to the same figures: what the gate's tallies say, and a recount of the journal.

Both are {key: figures}; a key is ("served", route, version, target, conversation type) or
("assigned", route, experiment, epoch, variant, version).
"""

import json
from decimal import Decimal

from gate import call


def keys_of(record):
    if record["mirrored"]:
        return  # a shadow copy counts apart
    last = record["attempts_detail"][-1] if record["attempts_detail"] else {}
    # A fallback's answer counts for the fallback's own route.
    route = last["route"] if last.get("target") == record["target"] else record["route"]
    yield ("served", route, record["version"], record["target"], record["conversation_type"])
    if record["experiment"]:
        yield ("assigned", record["route"], record["experiment"], record["epoch"], record["variant"],
               record["assigned_version"])


def recount(journal):
    counted = {}
    for record in journal:
        for key in keys_of(record):
            figures = counted.setdefault(key, {
                "usage": 0, "outcomes": {}, "attempts": 0, "streamed": 0, "input": 0, "output": 0,
                "cached": 0, "cost": Decimal(0)})
            figures["usage"] += 1
            outcomes = figures["outcomes"]
            outcomes[record["outcome"]] = outcomes.get(record["outcome"], 0) + 1
            figures["attempts"] += record["attempts"]
            figures["streamed"] += record["streamed"]
            for kind in ("input", "output", "cached"):
                figures[kind] += record[kind + "_tokens"]
            figures["cost"] += record["cost_usd"]
    return counted


def figures_of(row):
    return {"usage": row["usage"],
            "outcomes": {name: count for name, count in row["outcomes"].items() if count},
            "attempts": row["attempts"], "streamed": row["streamed"],
            **{kind: row["tokens"][kind] for kind in ("input", "output", "cached")},
            "cost": Decimal(row["cost_usd"])}


def performance_of(gate):
    """The same from every page of GET /performance."""
    told = {}
    path = "/performance?limit=200"
    while path:
        status, _, body = call(gate.admin, "GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:300]}")
        page = json.loads(body, parse_float=Decimal)
        for row in page["data"]:
            if row["usage"] == 0:
                continue  # a target that only failed before another one answered
            key = ("served", row["route"], row["version"], row["target"], row["conversation_type"])
            told[key] = figures_of(row)
        for row in page["experiments"]:
            told[("assigned", row["route"], row["experiment"], row["epoch"], row["variant"],
                  row["version"])] = figures_of(row)
        path = page["has_more"] and "/performance?limit=200&cursor=" + page["next_cursor"]
    return told
