"""Prints every instance type that the emulator describes, as `aws ec2 describe-instance-types` would.

Usage: instance_types.py ENDPOINT REGION
"""

import json
import sys

import boto3

endpoint, region = sys.argv[1:]
ec2 = boto3.client("ec2", region_name=region, endpoint_url=endpoint, aws_access_key_id="types", aws_secret_access_key="types")
found = {}
for page in ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 100}):
    for one in page["InstanceTypes"]:
        found[one["InstanceType"]] = one
print(json.dumps({"InstanceTypes": [found[name] for name in sorted(found)]}))
