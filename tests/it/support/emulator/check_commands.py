"""Prints the commands that the AWS CLI would refuse, with what it says.

Usage: check_commands.py ENDPOINT COMMAND...
Nothing is sent: `--generate-cli-skeleton output` checks every option and every value, and stops.
"""

import contextlib
import io
import os
import re
import shlex
import sys

endpoint, *commands = sys.argv[1:]
os.environ.update(AWS_ACCESS_KEY_ID="cli", AWS_SECRET_ACCESS_KEY="cli", AWS_ENDPOINT_URL=endpoint, AWS_PAGER="")

from awscli.clidriver import create_clidriver
from botocore.stub import Stubber

# The made-up answer of some operations is none that AWS could give; only the question matters.
Stubber._validate_operation_response = lambda *_: None


def refusal(command):
    """What the AWS CLI says against a command, if it does."""
    # One driver a command: what `--generate-cli-skeleton` hooks into it stays.
    driver, words = create_clidriver(), shlex.split(command)
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = driver.main([*words[1:], "--generate-cli-skeleton", "output"])
        except SystemExit as end:
            code = end.code
    said.seek(0)
    return said.read().strip() if code else None


def parts(command):
    """A command, and those in it whose output it takes."""
    inner = re.search(r'"\$\(([^$]*?)\)"', command)
    if not inner:
        return [command]
    return [inner[1], *parts(command.replace(inner[0], "made-0123456789abcdef0"))]


def shape(command):
    """A command without its ids, prefixes and numbers: those of one shape are all right or none."""
    return re.sub(r"[0-9a-f.:/]*[0-9][0-9a-f.:/]*", "0", command)


shapes = {shape(part): part for command in commands for part in parts(command)}
for part in sorted(shapes.values()):
    against = refusal(part)
    if against:
        print(f"{part}\n    {against}")
