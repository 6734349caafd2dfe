"""Two ways to the same figures: what the gate's tallies say, and a recount of the journal."""

import collections


def recount(journal):
    """{(route, version, target, conversation): (requests, ok)} of records that a version served."""
    counts = collections.defaultdict(lambda: [0, 0])
    for record in journal:
        key = (record["route"], record["version"], record["target"], record["conversation"])
        counts[key][0] += 1
        counts[key][1] += record["outcome"] == "ok"
    return {key: tuple(value) for key, value in counts.items()}


def performance_of(gate):
    """The same from GET /performance."""
    raise NotImplementedError(gate)
