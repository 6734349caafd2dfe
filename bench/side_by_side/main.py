"""Runs nginx, HAProxy and the gate in turn under the same load; see README.md."""

import argparse
import os
import pathlib
import shutil
import sys
import time

import load
import proxies
import report
from cases import CASES

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARM_UP_SECONDS = 1
WARM_STREAMS = 100


def parse_flags():
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(
        prog="script/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="CPU per request, latency and memory of the gate beside nginx and HAProxy.\n"
        "Each proxy has one core to itself, load and simulator share the other; rounds are\n"
        "interleaved, and ratios are taken within a round. Keep the machine otherwise idle.",
        epilog="cases:\n" + "\n".join(f"  {case.name:<12} {case.what}" for case in CASES)
        + "\n\nexamples:\n  script/bench --quick                  does everything run?\n"
        "  script/bench --cases chat,sse         two cases, 5 rounds of 5 s\n"
        "  script/bench --only nginx,haproxy     the peers alone\n"
        "  script/bench --micro                  Google Benchmarks instead; further flags are theirs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of load per proxy and round")
    parser.add_argument("--cases", default=",".join(names), help="comma-separated; default: all")
    parser.add_argument("--only", default="", help="only these proxies, comma-separated")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--results", default=ROOT / "bench/results", help="folder for the JSON files")
    parser.add_argument("--gate", type=pathlib.Path, help="binary, instead of building one")
    parser.add_argument("--simulator", type=pathlib.Path, help="binary, instead of building one")
    parser.add_argument("--work", default=ROOT / "build/side_by_side", type=pathlib.Path,
                        help="configs, logs and the journal; emptied after each run")
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.quick:
        flags.rounds = flags.seconds = 1
    asked = flags.cases.split(",")
    flags.cases = [case for case in CASES if case.name in asked]
    if len(flags.cases) != len(set(asked)):
        parser.error(f"--cases takes some of: {', '.join(names)}")
    known = set(proxies.PROXIES)
    flags.only = set(filter(None, flags.only.split(","))) or known
    if flags.only - known:
        parser.error(f"--only takes some of: {', '.join(sorted(known))}")
    return flags


def needs(flags):
    """What script/bench has to build: what is measured and not given by a flag."""
    words = []
    if flags.gate is None and any(name.startswith("tallygate") for name in flags.only):
        words.append("gate")
    if flags.simulator is None:
        words.append("simulator")
    return " ".join(words)


def measure_load(case, proxy, flags, core):
    load.run_wrk(case, proxy.port, WARM_UP_SECONDS, core)
    before = proxy.cpu_seconds()
    told = load.run_wrk(case, proxy.port, flags.seconds, core)
    cpu = proxy.cpu_seconds() - before
    units = told["requests"] * case.per_request
    return {"cpu_us": cpu / units * 1e6, "rate": units / told["seconds"],
            "p50_ms": told["p50"] * 1e3, "p99_ms": told["p99"] * 1e3,
            "rss_mib": proxy.rss_bytes() / 2**20, "errors": told["errors"]}


def measure_idle(case, proxy):
    streams = load.IdleStreams(proxy.port)
    try:
        streams.add(WARM_STREAMS)
        before = proxy.rss_bytes()
        streams.add(case.idle_streams - WARM_STREAMS)
        time.sleep(1)
        per_stream = (proxy.rss_bytes() - before) / (case.idle_streams - WARM_STREAMS)
        return {"rss_per_stream_kib": per_stream / 1024, "rss_mib": before / 2**20, "errors": 0}
    finally:
        streams.close()


def run_once(case, name, flags, cores):
    simulator = load.Simulator(flags.simulator, case.simulator, cores[1])
    try:
        proxy = proxies.PROXIES[name](case, simulator.port, flags.work, cores[0])
        try:
            if case.idle_streams:
                os.sched_setaffinity(0, {cores[1]})
                return measure_idle(case, proxy)
            return measure_load(case, proxy, flags, cores[1])
        finally:
            proxy.stop()
    finally:
        simulator.stop()
        os.sched_setaffinity(0, cores)
        shutil.rmtree(flags.work, ignore_errors=True)


def run_case(case, flags, cores):
    names = [name for name in case.proxies if name in flags.only]
    rounds = []
    for number in range(flags.rounds if names else 0):
        results = {}
        for name in names:
            results[name] = run_once(case, name, flags, cores)
            main = "rss_per_stream_kib" if case.idle_streams else "cpu_us"
            print(f"  {case.name}: round {number + 1} of {flags.rounds}: {name:<14}"
                  f"{results[name][main]:8.2f} {main}", file=sys.stderr, flush=True)
        rounds.append(results)
    return names, rounds


def main():
    flags = parse_flags()
    if flags.needs:
        return print(needs(flags))
    flags.work = flags.work.resolve() / "run"
    flags.simulator = flags.simulator or ROOT / "build/release/model_simulator"
    flags.gate = flags.gate or ROOT / "build/release/tallygate"
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("this needs two cores: one for the proxy, one for load and simulator")
    with_gate = any(name.startswith("tallygate") for name in flags.only)
    for binary in [flags.simulator] + [flags.gate] * with_gate:
        if not binary.is_file():
            sys.exit(f"{binary} is missing; run script/build, or leave the gate out with "
                     "--only nginx,haproxy")
    proxies.Tallygate.binary = flags.gate
    versions = {name: proxies.PROXIES[name].version()
                for name in proxies.PEER_NAMES if name in flags.only}
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", file=sys.stderr)
    settings = {"rounds": flags.rounds, "seconds": flags.seconds}
    for case in flags.cases:
        names, rounds = run_case(case, flags, cores)
        if rounds:
            file = report.write_json(flags.results, case, names, rounds, versions, settings)
            print(report.table(case, names, rounds) + f"\n\n({os.path.relpath(file)})\n", flush=True)


if __name__ == "__main__":
    main()
