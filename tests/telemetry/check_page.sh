#!/bin/sh
# check_page.sh SOURCE_DIR SAMPLE_PAGE: promtool and prometheus_client must accept both formats.
set -eu
source_dir=$1
sample_page=$2
python=$source_dir/.venv/bin/python

if ! command -v promtool >/dev/null; then
  echo "promtool is missing: install the Debian package prometheus" >&2
  exit 1
fi
if ! "$python" -c 'import prometheus_client' 2>/dev/null; then
  echo "prometheus_client is missing in .venv: run script/bootstrap" >&2
  exit 1
fi
"$sample_page" text | promtool check metrics
"$python" "$source_dir/tests/telemetry/check_page.py" "$sample_page"
