"""Runs a POSIX script in which `aws` is the AWS CLI against the emulator, and prints what the script says.

Usage: aws_shim.py ENDPOINT ACCESS_KEY SCRIPT DIRECTORY [SERVICE:VERB...]
The AWS CLI is loaded once and forked for each call, because starting it two hundred times would take minutes.
The calls named last are refused, as an account without the permission would see it.
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

endpoint, access_key, script, directory, *refused = sys.argv[1:]

CLIENT = """#!{python} -SE
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect({path!r})
socket.send_fds(s, [b"\\0".join(a.encode() for a in sys.argv[1:])], [1, 2])
s.shutdown(socket.SHUT_WR)
sys.exit(s.recv(1)[0])
"""


def denied(words):
    operation = "".join(word.capitalize() for word in words[1].split("-"))
    return f"\nAn error occurred (AccessDenied) when calling the {operation} operation: User: arn:aws:iam::123456789012:user/x is not authorized\n"


def answer(connection, driver):
    data, fds, _, _ = socket.recv_fds(connection, 1 << 20, 2)
    words = data.decode().split("\0")
    pid = os.fork()
    if not pid:
        os.dup2(fds[0], 1)
        os.dup2(fds[1], 2)
        if ":".join(words[:2]) in refused:
            os.write(2, denied(words).encode())
            os._exit(254)
        try:
            code = driver.main(words)
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)
    _, status = os.waitpid(pid, 0)
    for fd in fds:
        os.close(fd)
    connection.sendall(bytes([os.waitstatus_to_exitcode(status) & 255]))
    connection.close()


os.environ.update(AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY="cli", AWS_ENDPOINT_URL=endpoint, AWS_MAX_ATTEMPTS="1", AWS_PAGER="")
from awscli.clidriver import create_clidriver

driver = create_clidriver()

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "socket")
    shim = pathlib.Path(folder, "aws")
    shim.write_text(CLIENT.format(python=sys.executable, path=path))
    shim.chmod(0o755)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": folder}
    done = {}

    def run():
        done["run"] = subprocess.run(["sh", script, directory], capture_output=True, text=True, env=environment)
        socket.socket(socket.AF_UNIX).connect(path)

    threading.Thread(target=run, daemon=True).start()
    while True:
        connection, _ = server.accept()
        if "run" in done:
            break
        answer(connection, driver)

print(done["run"].stdout + done["run"].stderr, end="")
sys.exit(done["run"].returncode)
