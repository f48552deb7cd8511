//! The texts below the options: examples, ends and ports, exit codes.

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  ready (for drift: no regression)
  1  not ready: a finding at or above --fail-on fails (for drift: a new failure)
  2  error: usage, a bad file or rule, credentials, or an unreadable cluster
  3  incomplete: no failure at or above --fail-on, but an unknown finding
     (for drift: a finding became unknown)
probe uses the same codes. trace: 0 open, 1 blocked, 2 error, 3 unknown.
The other subcommands exit with 0 or 2.";

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

pub(super) const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  privek-audit snapshot --cluster foo -o foo.json
  privek-audit snapshot --snapshot a.json --snapshot b --cluster foo -o both.json
For a machine without privek-audit (run the second command there):
  privek-audit snapshot --commands --cluster foo --region eu-central-1 -o read.sh
  sh read.sh foo-aws
  privek-audit --snapshot foo-aws";

pub(super) const TRACE_EXAMPLES: &str = "\
Ends:
  eni-… i-… subnet-… vpce-… pl-…  a resource
  10.50.0.7  10.50.0.0/24         an address, a network
  ecr.api  sts  s3                an AWS service: its VPC endpoint
  nodes  control-plane            a role in the cluster; also pods, fargate,
                                  efs, operators, services, hybrid-nodes,
                                  hybrid-pods, control-plane-subnets,
                                  resolver-inbound, -outbound, -targets
  head-office                     a network in privek-audit.yaml
Declarations about a network or a subnet are appended to the end:
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
  0  open: every request and every reply arrives
  1  blocked: at least a part of the path; the output names each blocker and
     the commands that fix it
  2  error: usage, a bad file, an end that does not exist, credentials
  3  unknown: no object that was read blocks the path; the output names the
     missing inputs";

pub(super) const PROBE_EXAMPLES: &str = "\
Examples:
  privek-audit probe --cluster foo
  privek-audit probe --snapshot foo.json --dns 10.0.0.2 --dns 192.168.0.53
  privek-audit probe --targets targets.json --format json
For a machine without access to AWS (run the second command there, the others
on a machine with access):
  privek-audit probe --snapshot foo.json --print-targets -o targets.json
  privek-audit probe --targets targets.json --vantage bastion \\
                     --save-observations seen.json
  privek-audit --snapshot foo.json --snapshot seen.json

The probe sends DNS queries and TLS handshakes, nothing else. Reading the
cluster needs the policy that iam-policy prints; the probe needs no permission.

Exit codes:
  0  ready: no finding at or above --fail-on fails or is unknown
  1  not ready: a finding at or above --fail-on fails
  2  error: usage, a bad file, credentials, or the cluster cannot be read
  3  incomplete: no failure at or above --fail-on, but an unknown finding";

pub(super) const FORWARDERS_HELP: &str = "\
By default, only the host name of the cluster API endpoint is forwarded. No
other name is affected, and the host name is stable for the life of the cluster.
--domain region forwards the names of all EKS clusters in the region to this
VPC. The VPC resolves the names of other clusters as public DNS does. New
clusters need no change, but DNS for all clusters then depends on this VPC.

Examples:
  privek-audit forwarders --cluster foo --for unbound --output foo.conf
  privek-audit forwarders --snapshot foo.json --for bind --services

Exit codes:
  0  written
  2  error; also where the VPC has no usable inbound Resolver endpoint";
