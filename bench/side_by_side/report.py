"""From the rounds to a table and a file: medians over rounds, ratios within rounds."""

import datetime
import json
import os
import pathlib
import platform
import statistics

GATE = "tallygate"


def median(rounds, proxy, metric):
    return statistics.median(one[proxy][metric] for one in rounds)


def median_ratio(rounds, of, to, metric):
    """Median of the ratios taken within each round, where both met the same machine."""
    return statistics.median(one[of][metric] / one[to][metric] for one in rounds if one[to][metric])


def ratios(rounds, proxies):
    of = proxies[-1] if GATE not in proxies[:-1] else "tallygate-10k"
    if of not in (GATE, "tallygate-10k"):
        return {}
    metrics = [m for m in ("cpu_us", "p99_ms", "rss_per_stream_kib") if m in rounds[0][of]]
    return {peer: {metric: median_ratio(rounds, of, peer, metric) for metric in metrics}
            for peer in proxies if peer != of}


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "load_average": os.getloadavg()}


def table(case, proxies, rounds):
    """Markdown; the ratios stand in the row of the peer they compare with."""
    against = ratios(rounds, proxies)
    told = f"**{case.name}**: {case.what}; median of {len(rounds)} round(s)\n\n"
    if case.idle_streams:
        lines = ["| proxy | KiB per idle stream | RSS before, MiB | gate / peer |", "|---|---|---|---|"]
        for proxy in proxies:
            ratio = against.get(proxy, {}).get("rss_per_stream_kib")
            lines.append(f"| {proxy} | {median(rounds, proxy, 'rss_per_stream_kib'):.1f} "
                         f"| {median(rounds, proxy, 'rss_mib'):.1f} | {show(ratio)} |")
        return told + "\n".join(lines)
    lines = [f"| proxy | CPU us/{case.unit} | {case.unit}s/s | p50 ms | p99 ms | RSS MiB | errors "
             "| gate / peer: CPU | p99 |", "|---|---|---|---|---|---|---|---|---|"]
    for proxy in proxies:
        def value(metric, at=proxy):
            return median(rounds, at, metric)
        ratio = against.get(proxy, {})
        lines.append(f"| {proxy} | {value('cpu_us'):.2f} | {value('rate'):,.0f} "
                     f"| {value('p50_ms'):.2f} | {value('p99_ms'):.2f} | {value('rss_mib'):.1f} "
                     f"| {value('errors'):.0f} | {show(ratio.get('cpu_us'))} "
                     f"| {show(ratio.get('p99_ms'))} |")
    return told + "\n".join(lines)


def show(ratio):
    return "" if ratio is None else f"{ratio:.2f}"


def write_json(folder, case, proxies, rounds, versions, settings):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    medians = {proxy: {metric: median(rounds, proxy, metric) for metric in rounds[0][proxy]}
               for proxy in proxies}
    file = folder / f"{datetime.date.today().isoformat()}-{case.name}.json"
    file.write_text(json.dumps(
        {"case": case.name, "what": case.what, "unit": case.unit, "settings": settings,
         "machine": machine(), "versions": versions, "median": medians,
         "ratios": ratios(rounds, proxies), "rounds": rounds}, indent=1) + "\n")
    return file
