"""The proxies under test: one config, one process tree, one core each."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


def free_port():
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


def process_tree(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += process_tree(int(child))
    return found


class Proxy:
    """Started by the constructor, ready when it returns; `stop` ends it."""

    name = ""

    def __init__(self, case, upstream, folder, core):
        self.port = free_port()
        self.folder = folder / self.name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.log = (self.folder / "log").open("wb")
        self.child = subprocess.Popen(self.command(case, upstream), cwd=self.folder,
                                      stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=subprocess.STDOUT, preexec_fn=pinned(core))
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def command(self, case, upstream):
        """Writes the config and returns what starts the proxy in the foreground."""
        raise NotImplementedError

    @staticmethod
    def version():
        raise NotImplementedError

    def wait_until_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.name} did not start; it said:\n"
                         + (self.folder / "log").read_text(errors="replace")[-2000:])

    def cpu_seconds(self):
        """User and system time of every thread of every process."""
        total = 0
        for pid in process_tree(self.child.pid):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def rss_bytes(self):
        total = 0
        for pid in process_tree(self.child.pid):
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) << 10
        return total

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)
        self.log.close()


class Nginx(Proxy):
    name = "nginx"

    @staticmethod
    def version():
        return subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip()

    def command(self, case, upstream):
        paths = " ".join(f"{kind}_temp_path {self.folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(f"""
daemon off; {user} worker_processes 1; worker_rlimit_nofile 20000;
pid {self.folder}/pid; error_log stderr crit;
events {{ worker_connections 19000; }}
http {{
  access_log off; {paths}
  client_max_body_size 32m; client_body_buffer_size 1m;   # prompts stay in memory, as in the gate
  keepalive_requests 1000000000; keepalive_timeout 75s;
  upstream simulator {{
    server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    location / {{
      proxy_pass http://simulator; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering {"off" if case.stream else "on"}; proxy_read_timeout 600s;
    }}
  }}
}}
""")
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
                "-e", "stderr"]


class HAProxy(Proxy):
    name = "haproxy"

    @staticmethod
    def version():
        out = subprocess.run(["haproxy", "-v"], capture_output=True, text=True).stdout
        return out.splitlines()[0]

    def command(self, case, upstream):
        (self.folder / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 9500
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
  {"option http-no-delay" if case.stream else ""}
frontend applications
  bind 127.0.0.1:{self.port} backlog 4096
  default_backend simulator
backend simulator
  server one 127.0.0.1:{upstream}
""")
        return ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg")]


class Tallygate(Proxy):
    """With everything on: inspection, experiment, health, committed journal, tallies, metrics."""

    name = "tallygate"
    binary = pathlib.Path("build/release/tallygate")
    spare_routes = 0

    @classmethod
    def version(cls):
        out = subprocess.run([cls.binary, "version"], capture_output=True, text=True)
        return out.stdout.splitlines()[0] if out.stdout else "tallygate"

    def command(self, case, upstream):
        url = f"http://127.0.0.1:{upstream}/v1"
        versions = {"1.0.0": {"targets": ["one"], "default": True}, "1.1.0": {"targets": ["two"]}}
        experiment = {"name": "bench", "variants": {"a": "1.0.0", "b": "1.1.0"},
                      "split": {"a": 80, "b": 20}, "status": "active"}
        routes = {"assistant": {"versions": versions, "experiment": experiment}}
        for number in range(self.spare_routes):
            routes[f"spare-{number}"] = {"versions": versions}
        config = {
            "listeners": {"data": {"address": "127.0.0.1", "port": self.port},
                          "admin": {"address": "127.0.0.1", "port": free_port()}},
            "workers": 1,
            "targets": {"one": {"url": url, "model": "model-one"},
                        "two": {"url": url, "model": "model-two"}},
            "routes": routes,
            "timeouts": {"idle": "600s"},
            "store": {"path": str(self.folder / "data"), "acknowledge": "committed"},
            "log": {"level": "warn"},
        }
        file = self.folder / "tallygate.yaml"
        file.write_text(json.dumps(config, indent=1))
        return [str(self.binary.resolve()), "serve", "--config", str(file)]


class TallygateLarge(Tallygate):
    """The same with 10,000 versions: 4,999 more routes of two."""

    name = "tallygate-10k"
    spare_routes = 4999


PROXIES = {proxy.name: proxy for proxy in (Nginx, HAProxy, Tallygate, TallygateLarge)}
PEER_NAMES = ("nginx", "haproxy", "tallygate")
