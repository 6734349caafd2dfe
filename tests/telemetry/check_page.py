"""Parses both formats with prometheus_client and compares what they say."""

import subprocess
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

ROUTE = 'quoted "route" \\ \n grüß'
HISTOGRAMS = {
    "gen_ai_client_token_usage": 2,
    "gen_ai_client_operation_duration_seconds": 2,
    "gen_ai_client_operation_time_to_first_chunk_seconds": 1,
    "gen_ai_client_operation_time_per_output_chunk_seconds": 1,
    "gen_ai_server_request_duration_seconds": 2,
    "gen_ai_server_time_to_first_token_seconds": 1,
    "gen_ai_server_time_per_output_token_seconds": 1,
    "http_server_request_duration_seconds": 1,
    "http_server_request_body_size_bytes": 1,
    "http_server_response_body_size_bytes": 1,
    "http_client_request_duration_seconds": 2,
    "tallygate_overhead_seconds": 1,
}


def page(sample_page, format):
    run = subprocess.run([sample_page, format], check=True, capture_output=True)
    return run.stdout.decode("utf-8")


def samples(families):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def main():
    text = list(parse_text(page(sys.argv[1], "text")))
    # This parser is the stricter one: order, suffixes, units, rising buckets, the closing # EOF.
    open_page = list(openmetrics.text_string_to_metric_families(page(sys.argv[1], "openmetrics")))
    assert samples(text) == samples(open_page)

    by_name = {family.name: family for family in open_page}
    for name, series in HISTOGRAMS.items():
        family = by_name[name]
        assert family.type == "histogram", name
        counts = [s for s in family.samples if s.name == name + "_count"]
        labels = {tuple(sorted(s.labels.items())) for s in counts}
        assert len(labels) >= series, (name, labels)
        if name.startswith("gen_ai_"):
            assert all(s.labels["gen_ai_request_model"] == ROUTE for s in family.samples), name
    assert by_name["target"].type == "info"
    assert by_name["tallygate_rejected_requests"].type == "counter"
    assert by_name["http_client_open_connections"].type == "gauge"
    print(f"{len(open_page)} families, {len(samples(open_page))} samples, both formats agree")


if __name__ == "__main__":
    main()
