"""Runs AWS CLI commands against the emulator, in order, and prints those that fail, with what is said.

Usage: run_commands.py ENDPOINT REGION COMMAND...
The region is that of commands which name none. `"$(aws ...)"` in a command stands for what that one prints, as in a shell.
"""

import contextlib
import io
import os
import re
import shlex
import sys

endpoint, region, *commands = sys.argv[1:]
os.environ.update(AWS_ACCESS_KEY_ID="cli", AWS_SECRET_ACCESS_KEY="cli", AWS_ENDPOINT_URL=endpoint, AWS_PAGER="", AWS_DEFAULT_REGION=region)

from awscli.clidriver import create_clidriver

def run(command):
    """What a command prints, and whether it worked."""
    inner = re.search(r'"\$\(([^$]*?)\)"', command)
    if inner:
        printed, worked = run(inner[1])
        return run(command.replace(inner[0], printed)) if worked else (printed, False)
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            # One driver a command: arguments that it has customized stay so.
            code = create_clidriver().main(shlex.split(command)[1:])
        except SystemExit as end:
            code = end.code
    said.seek(0)
    return said.read().strip(), not code


for command in commands:
    printed, worked = run(command)
    if not worked:
        print(f"{command}\n    {printed}")
