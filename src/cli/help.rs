//! The texts below the options: examples, ends and ports, exit codes.

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  ready (for drift: no regression)
  1  not ready: a failure at or above --fail-on (for drift: a new one)
  2  could not run: usage, a bad file or rule, credentials, the cluster cannot
     be read
  3  incomplete: no such failure, but something at or above --fail-on is unknown
     (for drift: something became unknown)
For probe likewise. For trace: 0 open, 1 blocked, 3 unknown.
The other subcommands exit 0 when they ran.";

pub(super) const AUDIT_EXAMPLES: &str = "\
Examples:
  privek-audit demo
  privek-audit --cluster foo --region eu-central-1
  privek-audit --cluster foo --operator-cidr 10.50.0.0/24,via=pcx-0a1,sg=sg-0b2
  privek-audit --cluster foo --nodes 50 --instance-type m6i.large --pods 900
  privek-audit --cluster foo --save-snapshot foo.json --format json \\
               --output report.json
  privek-audit --snapshot foo.json --fail-on warning
  privek-audit --vpc vpc-0a1 --control-plane-subnet subnet-0a1 \\
               --control-plane-subnet subnet-0c1  (before the cluster exists)
  privek-audit --snapshot directory-of-aws-cli-outputs/ --cluster foo";

pub(super) const DRIFT_EXAMPLES: &str = "\
Examples:
  privek-audit snapshot --cluster foo -o baseline.json
  privek-audit drift --baseline baseline.json --cluster foo
  privek-audit drift --baseline report.json --snapshot today.json --format json";

pub(super) const TRACE_EXAMPLES: &str = "\
Ends:
  eni-… i-… subnet-… vpce-… pl-…  a resource
  10.50.0.7  10.50.0.0/24         an address, a network
  ecr.api  sts  s3                an AWS service: the VPC endpoint that answers
  nodes  control-plane            a role in the cluster; also pods, fargate,
                                  efs, operators, services, hybrid-nodes,
                                  hybrid-pods, control-plane-subnets,
                                  resolver-inbound, -outbound, -targets
  head-office                     a network that privek-audit.yaml names
What AWS cannot know about a network or subnet follows it:
  10.50.0.0/24,via=pcx-0a1  subnet-0a1,sg=sg-0b2

Ports:
  tcp/443  udp/53  tcp/1024-65535  icmp (echo)  any (every protocol and port)

Examples:
  privek-audit trace --cluster foo --from nodes --to ecr.api --port tcp/443
  privek-audit trace --snapshot foo.json --from 10.50.0.0/24 \\
                     --to control-plane --port tcp/443
  privek-audit trace --region eu-central-1 --from eni-0a1 --to 10.20.0.5 \\
                     --port tcp/5432
  privek-audit trace --snapshot a --snapshot b --from subnet-0a1,sg=sg-0b2 \\
                     --to i-0c3 --port icmp

Exit codes:
  0  open: every packet arrives, and every reply
  1  blocked: at least a part of it; each object in the way is named, with the
     commands that mend it
  2  could not run: usage, a bad file, an end that is not there, credentials
  3  unknown: nothing that was read blocks it, but something is missing, which
     is named";

pub(super) const PROBE_EXAMPLES: &str = "\
Examples:
  privek-audit probe --cluster foo
  privek-audit probe --snapshot foo.json --dns 10.0.0.2 --dns 192.168.0.53
  privek-audit probe --targets targets.json --format json
Where AWS cannot be read (the second line there, the others anywhere else):
  privek-audit probe --snapshot foo.json --print-targets -o targets.json
  privek-audit probe --targets targets.json --vantage bastion \\
                     --save-observations seen.json
  privek-audit --snapshot foo.json --snapshot seen.json

Sends DNS questions and TLS greetings, nothing else. Reading the cluster needs
the rights that iam-policy prints; the probe itself needs none.

Exit codes:
  0  ready: nothing probed fails or is unknown at or above --fail-on
  1  not ready: a failure at or above --fail-on
  2  could not run: usage, a bad file, credentials, the cluster cannot be read
  3  incomplete: no such failure, but something at or above --fail-on is unknown";

pub(super) const FORWARDERS_HELP: &str = "\
The cluster's own host is forwarded by default, and nothing beside it: no other
name changes its way, and the host stays the same as long as the cluster lives.
--domain region forwards the names of all clusters in the region to this VPC,
which answers for other clusters as public DNS does: fewer changes where
clusters come and go, but all their names depend on this VPC then.

Examples:
  privek-audit forwarders --cluster foo --for unbound --output foo.conf
  privek-audit forwarders --snapshot foo.json --for bind --services

Exit codes:
  0  written
  2  could not run: also where the VPC has no inbound endpoint that answers";
