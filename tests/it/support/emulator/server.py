"""Runs moto on a free loopback port, corrected as `corrected` says, or as it is.

Usage: server.py [as-it-is]
Prints the port on one line. Ends when standard input closes, that is, with the test process.
Answers `GET /seen/<access key>` itself: the operations that were asked for with that key.
"""

import io
import json
import os
import pathlib
import re
import sys
import threading
from urllib.parse import parse_qs

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

# The operations of EKS, Route 53 and its Profiles are paths; the tests' own server reads this list too. The
# name of an access entry is an ARN, which has slashes; longer paths are tried first.
lines = reversed(pathlib.Path(__file__).with_name("paths.txt").read_text().splitlines())
PATHS = [
    (path.replace("access-entries/*", "access-entries/.+").replace("*", "[^/]+") + "/?", name)
    for path, name in (line.split() for line in lines)
]


class Recorder:
    """Remembers which operations each access key asked for."""

    def __init__(self, app):
        self.app = app
        self.seen = {}
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/seen/"):
            with self.lock:
                body = json.dumps(sorted(self.seen.get(path.removeprefix("/seen/"), set()))).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
            return [body]
        scope = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if scope:
            key, service = scope.groups()
            operation = self.operation(environ, path)
            with self.lock:
                self.seen.setdefault(key, set()).add(f"{service}:{operation}")
        return self.app(environ, start_response)

    def operation(self, environ, path):
        if "HTTP_X_AMZ_TARGET" in environ:
            return environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            return parse_qs(body.decode()).get("Action", ["?"])[0]
        if environ["REQUEST_METHOD"] == "GET" or path.endswith("/insights"):
            for pattern, name in PATHS:
                if re.fullmatch(pattern, path):
                    return name
        return f"{environ['REQUEST_METHOD']} {path}"


class Quiet(WSGIRequestHandler):
    """No line per request."""

    def log_request(self, *args):
        pass

    def log(self, *args):
        pass


def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)


app = DomainDispatcherApplication(create_backend_app)
if sys.argv[1:] != ["as-it-is"]:
    from corrected.names import Profiles

    app = Profiles(app)
server = make_server("127.0.0.1", 0, Recorder(app), threaded=True, request_handler=Quiet)
threading.Thread(target=end_with_the_parent, daemon=True).start()
print(server.server_address[1], flush=True)
# Nobody reads on. moto prints a line for each service that it does not know, and what a closed pipe raises
# there is taken for a connection that the caller dropped: nothing is answered, and the caller waits.
os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
server.serve_forever()
