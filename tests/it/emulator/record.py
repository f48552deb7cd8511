"""Records what the emulator answers, for `cargo bench --bench latency` to replay.

    record.py EMULATOR_ENDPOINT OUTPUT.json

Listens on a free loopback port, prints it, forwards every request, and writes the answers when
standard input closes. A request is known by its method, path, operation header and body.
"""

import http.server
import json
import sys
import threading
import urllib.error
import urllib.request

upstream, output = sys.argv[1:3]
answers = {}


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        request = urllib.request.Request(upstream + self.path, data=body or None, headers=headers, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                status, kind, said = answer.status, answer.headers.get("Content-Type"), answer.read()
        except urllib.error.HTTPError as error:
            status, kind, said = error.code, error.headers.get("Content-Type"), error.read()
        key = f"{self.command} {self.path} {self.headers.get('X-Amz-Target') or ''} {body.decode()}"
        answers[key] = {"status": status, "type": kind or "", "body": said.decode()}
        self.send_response(status)
        self.send_header("Content-Type", kind or "")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
with open(output, "w") as file:
    json.dump(answers, file, indent=1, sort_keys=True)
    file.write("\n")
