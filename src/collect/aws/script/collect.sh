# Where the outputs go; an argument names another directory.
out=${1:-"$directory"}
case $out in -*) out=./$out ;; esac
AWS_PAGER=''
AWS_CLI_AUTO_PROMPT=off
AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-3}
export AWS_PAGER AWS_CLI_AUTO_PROMPT AWS_MAX_ATTEMPTS
failed=0
calls=0

if [ -e "$out" ] && [ -n "$(ls -A "$out")" ]; then
  echo "$out is not empty; name another directory" >&2
  exit 2
fi
mkdir -p "$out"

# read_aws ARGUMENT...: one call, whose answer is printed.
read_aws() {
  if [ -n "$profile" ]; then
    set -- "$@" --profile "$profile"
  fi
  aws "$@" --region "$region" --output json --cli-connect-timeout 10 --cli-read-timeout 60
}

# save FILE RESOURCES SERVICE VERB OPTION...: the answer becomes $out/FILE.json. A call that fails leaves
# $out/FILE.json.refused, so that the audit names what is missing.
save() {
  file=$1
  resources=$2
  shift 2
  calls=$((calls + 1))
  case $file in */*) mkdir -p "$out/${file%/*}" ;; esac
  if read_aws "$@" >"$out/$file.part" 2>"$out/$file.said"; then
    mv "$out/$file.part" "$out/$file.json"
    rm -f "$out/$file.said"
    return 0
  fi
  failed=$((failed + 1))
  {
    echo "call: $1 $2"
    echo "for: $resources"
    echo "region: $region"
    echo
    cat "$out/$file.said"
  } >"$out/$file.json.refused"
  rm -f "$out/$file.part" "$out/$file.said"
  echo "failed: aws $1 $2 ($out/$file.json.refused)" >&2
  return 0
}

# texts KEY FILE...: the texts of a field, each once. The AWS CLI prints one field a line. A text that the shell would
# take for a pattern of file names is left out; the audit names what is missing then.
texts() {
  key=$1
  shift
  for path in "$@"; do
    if [ -f "$path" ]; then
      sed -n 's/^ *"'"$key"'": "\(.*\)",\{0,1\}$/\1/p' "$path"
    fi
  done | sed '/[*?[]/d' | sort -u
}

# members KEY FILE...: the texts in a list, each once.
members() {
  key=$1
  shift
  for path in "$@"; do
    if [ -f "$path" ]; then
      sed -n '/^ *"'"$key"'": \[$/,/^ *\]/s/^ *"\(.*\)",\{0,1\}$/\1/p' "$path"
    fi
  done | sed '/[*?[]/d' | sort -u
}

# named SUFFIX...: the names at the ends of ARNs on standard input.
names() {
  sed -n 's,^arn:.*/\([^/]*\)$,\1,p' | sort -u
}

# joined: lines, parted by commas, at most 200 in each, which is what one filter takes.
joined() {
  sed '/^$/d' | sort -u | awk '{ line = line (n ? "," : "") $0; n++ } n == 200 { print line; line = ""; n = 0 } END { if (n) print line }'
}

# in_file TEXT: an ARN as a part of a file's name.
in_file() {
  printf '%s' "$1" | sed 's,/,%2F,g; s,:,%3A,g'
}

# -- The cluster

save caller '' sts get-caller-identity
save cluster "$cluster" eks describe-cluster --name "$cluster"
if [ ! -f "$out/cluster.json" ]; then
  cat "$out/cluster.json.refused" >&2
  exit 1
fi
printf '{\n    "collected_at": "%s",\n    "commands_of": "privek-audit",\n    "region": "%s"\n}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$region" >"$out/run.json"

save eks/nodegroups "$cluster" eks list-nodegroups --cluster-name "$cluster"
for name in $(members nodegroups "$out/eks/nodegroups.json"); do
  save "eks/nodegroup-$name" "$name" eks describe-nodegroup --cluster-name "$cluster" --nodegroup-name "$name"
done
save eks/fargate-profiles "$cluster" eks list-fargate-profiles --cluster-name "$cluster"
for name in $(members fargateProfileNames "$out/eks/fargate-profiles.json"); do
  save "eks/fargate-$name" "$name" eks describe-fargate-profile --cluster-name "$cluster" --fargate-profile-name "$name"
done
save eks/addons "$cluster" eks list-addons --cluster-name "$cluster"
for name in $(members addons "$out/eks/addons.json"); do
  save "eks/addon-$name" "$name" eks describe-addon --cluster-name "$cluster" --addon-name "$name"
done
save eks/access-entries "$cluster" eks list-access-entries --cluster-name "$cluster"
number=0
for arn in $(members accessEntries "$out/eks/access-entries.json"); do
  number=$((number + 1))
  save "eks/access-entry-$number" "$arn" eks describe-access-entry --cluster-name "$cluster" --principal-arn "$arn"
  save "eks/access-policies-$number" "$arn" eks list-associated-access-policies --cluster-name "$cluster" --principal-arn "$arn"
done
save eks/pod-identities "$cluster" eks list-pod-identity-associations --cluster-name "$cluster"
for id in $(texts associationId "$out/eks/pod-identities.json"); do
  save "eks/pod-identity-$id" "$id" eks describe-pod-identity-association --cluster-name "$cluster" --association-id "$id"
done
save eks/versions '' eks describe-cluster-versions --include-all
save eks/insights "$cluster" eks list-insights --cluster-name "$cluster"
save eks/capabilities "$cluster" eks list-capabilities --cluster-name "$cluster"
for name in $(texts capabilityName "$out/eks/capabilities.json"); do
  save "eks/capability-$name" "$name" eks describe-capability --cluster-name "$cluster" --capability-name "$name"
done
save eks/authorities "$cluster" eks list-certificate-authorities --cluster-name "$cluster"
for id in $(texts id "$out/eks/authorities.json"); do
  save "eks/authority-$id" "$id" eks describe-certificate-authority --cluster-name "$cluster" --certificate-authority-id "$id"
done
for arn in $(texts keyArn "$out/cluster.json"); do
  save "eks/key-${arn##*/}" "$arn" kms describe-key --key-id "$arn"
done
save eks/pull-through-cache '' ecr describe-pull-through-cache-rules

# -- The cluster's VPC, the VPCs that are peered with it, and those behind its transit gateways

vpc=$(texts vpcId "$out/cluster.json")
if [ -z "$vpc" ]; then
  subnets=$(members subnetIds "$out/cluster.json")
  # shellcheck disable=SC2086
  save cluster-subnets "$cluster" ec2 describe-subnets --subnet-ids $subnets
  vpc=$(texts VpcId "$out/cluster-subnets.json")
fi
save vpc/peering-requested "$vpc" ec2 describe-vpc-peering-connections --filters "Name=requester-vpc-info.vpc-id,Values=$vpc"
save vpc/peering-accepted "$vpc" ec2 describe-vpc-peering-connections --filters "Name=accepter-vpc-info.vpc-id,Values=$vpc"
save transit/attachments-of-vpc "$vpc" ec2 describe-transit-gateway-attachments --filters "Name=resource-id,Values=$vpc"
for id in $(texts TransitGatewayId "$out/transit/attachments-of-vpc.json"); do
  save "transit/$id" "$id" ec2 describe-transit-gateways --transit-gateway-ids "$id"
  save "transit/attachments-$id" "$id" ec2 describe-transit-gateway-attachments --filters "Name=transit-gateway-id,Values=$id"
  save "transit/tables-$id" "$id" ec2 describe-transit-gateway-route-tables --filters "Name=transit-gateway-id,Values=$id"
done
if [ ! -f "$out/transit/attachments-of-vpc.json" ] || [ -z "$(texts TransitGatewayId "$out/transit/attachments-of-vpc.json")" ]; then
  save transit/tables '' ec2 describe-transit-gateway-route-tables
fi
for id in $(texts TransitGatewayRouteTableId "$out"/transit/attachments-*.json "$out"/transit/tables*.json); do
  save "transit/routes-$id" "$id" ec2 search-transit-gateway-routes --transit-gateway-route-table-id "$id" --filters Name=type,Values=static,propagated
done
vpcs=$(
  {
    texts VpcId "$out"/vpc/peering-*.json
    texts ResourceId "$out"/transit/attachments-*.json | sed -n '/^vpc-/p'
  } | sed "/^$vpc\$/d" | sort -u
)

for of in $(printf '%s\n%s\n' "$vpc" "$vpcs" | joined); do
  part=${of%%,*}
  each=$(printf '%s' "$of" | tr ',' ' ')
  save "vpc/vpcs-$part" "$each" ec2 describe-vpcs --filters "Name=vpc-id,Values=$of"
  save "vpc/subnets-$part" "$each" ec2 describe-subnets --filters "Name=vpc-id,Values=$of"
  save "vpc/route-tables-$part" "$each" ec2 describe-route-tables --filters "Name=vpc-id,Values=$of"
  save "vpc/security-groups-$part" "$each" ec2 describe-security-groups --filters "Name=vpc-id,Values=$of"
  save "vpc/group-associations-$part" "$each" ec2 describe-security-group-vpc-associations --filters "Name=vpc-id,Values=$of"
  save "vpc/network-acls-$part" "$each" ec2 describe-network-acls --filters "Name=vpc-id,Values=$of"
  save "vpc/interfaces-$part" "$each" ec2 describe-network-interfaces --filters "Name=vpc-id,Values=$of"
  save "vpc/endpoints-$part" "$each" ec2 describe-vpc-endpoints --filters "Name=vpc-id,Values=$of"
  save "vpc/nat-gateways-$part" "$each" ec2 describe-nat-gateways --filter "Name=vpc-id,Values=$of"
  save "vpc/internet-gateways-$part" "$each" ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=$of"
  save "vpc/vpn-gateways-$part" "$each" ec2 describe-vpn-gateways --filters "Name=attachment.vpc-id,Values=$of"
  save "transit/vpc-attachments-$part" "$each" ec2 describe-transit-gateway-vpc-attachments --filters "Name=vpc-id,Values=$of"
done
for of in $(texts DhcpOptionsId "$out"/vpc/vpcs-*.json | sed '/^default$/d'); do
  save "vpc/$of" "$of" ec2 describe-dhcp-options --dhcp-options-ids "$of"
done
save vpc/egress-only-gateways '' ec2 describe-egress-only-internet-gateways
save client-vpn/endpoints '' ec2 describe-client-vpn-endpoints
for id in $(texts ClientVpnEndpointId "$out/client-vpn/endpoints.json"); do
  save "client-vpn/networks-$id" "$id" ec2 describe-client-vpn-target-networks --client-vpn-endpoint-id "$id"
  save "client-vpn/routes-$id" "$id" ec2 describe-client-vpn-routes --client-vpn-endpoint-id "$id"
  save "client-vpn/rules-$id" "$id" ec2 describe-client-vpn-authorization-rules --client-vpn-endpoint-id "$id"
done
save services '' ec2 describe-vpc-endpoint-services
save zones '' ec2 describe-availability-zones --all-availability-zones

# -- Prefix lists

save prefixes/lists '' ec2 describe-managed-prefix-lists
lists=$(
  {
    texts PrefixListId "$out"/prefixes/lists.json "$out"/vpc/security-groups-*.json "$out"/transit/routes-*.json
    texts DestinationPrefixListId "$out"/vpc/route-tables-*.json
  } | sort -u
)
for id in $lists; do
  save "prefixes/$id" "$id" ec2 get-managed-prefix-list-entries --prefix-list-id "$id"
done

# -- Names: only VPCs of this account answer in full

resolved=$(printf '%s\n%s\n' "$vpc" "$(texts VpcId "$out"/vpc/vpcs-*.json | sed "/^$vpc\$/d" | head -n 20)" | sed '/^$/d')
for id in $resolved; do
  save "names/$id-support" "$id" ec2 describe-vpc-attribute --vpc-id "$id" --attribute enableDnsSupport
  save "names/$id-hostnames" "$id" ec2 describe-vpc-attribute --vpc-id "$id" --attribute enableDnsHostnames
  save "names/zones-$id" "$id" route53 list-hosted-zones-by-vpc --vpc-id "$id" --vpc-region "$region"
done
save names/firewalls '' route53resolver list-firewall-rule-group-associations
save names/profiles '' route53profiles list-profile-associations
save names/resolver-endpoints '' route53resolver list-resolver-endpoints
save names/resolver-rules '' route53resolver list-resolver-rules
save names/resolver-associations '' route53resolver list-resolver-rule-associations
for id in $(texts Id "$out/names/resolver-endpoints.json" | sed -n '/^rslvr-/p'); do
  save "names/$id" "$id" route53resolver list-resolver-endpoint-ip-addresses --resolver-endpoint-id "$id"
done
for id in $(texts ProfileId "$out/names/profiles.json"); do
  save "names/$id" "$id" route53profiles list-profile-resource-associations --profile-id "$id"
done
groups=$(
  {
    texts FirewallRuleGroupId "$out/names/firewalls.json"
    texts ResourceArn "$out"/names/rp-*.json | sed -n 's,.*:firewall-rule-group/,,p'
  } | sort -u
)
for id in $groups; do
  save "names/$id" "$id" route53resolver list-firewall-rules --firewall-rule-group-id "$id"
done
if [ -n "$groups" ]; then
  save names/domain-lists '' route53resolver list-firewall-domain-lists
  # AWS does not show the domains of its own lists.
  managed=$(awk '/^ *"Id": / { gsub(/[",]/, ""); id = $2 } /^ *"ManagedOwnerName": / { print id }' "$out"/names/domain-lists.json 2>/dev/null || :)
  for id in $(texts FirewallDomainListId "$out"/names/rslvr-frg-*.json); do
    case " $(printf '%s' "$managed" | tr '\n' ' ') " in
      *" $id "*) ;;
      *) save "names/$id" "$id" route53resolver list-firewall-domains --firewall-domain-list-id "$id" ;;
    esac
  done
fi
# A zone that an AWS service owns cannot be listed.
for id in $(
  for path in "$out"/names/zones-*.json; do
    if [ -f "$path" ]; then
      awk '/"HostedZoneId": / { gsub(/[",]/, ""); id = $2 } /"OwningAccount": / { print id }' "$path"
    fi
  done | sort -u
); do
  save "names/$id" "$id" route53 list-resource-record-sets --hosted-zone-id "$id"
done

# -- Nodes

owned="kubernetes.io/cluster/$cluster"
save nodes/groups-owned "$cluster" autoscaling describe-auto-scaling-groups --filters "Name=tag-key,Values=$owned"
save nodes/groups-of-eks "$cluster" autoscaling describe-auto-scaling-groups --filters "Name=tag:eks:cluster-name,Values=$cluster"
save nodes/instances-owned "$cluster" ec2 describe-instances --filters "Name=tag-key,Values=$owned"
save nodes/instances-of-eks "$cluster" ec2 describe-instances --filters "Name=tag:eks:cluster-name,Values=$cluster"
for id in $(
  {
    sed -n 's/^ *"id": "\(lt-.*\)",\{0,1\}$/\1/p' "$out"/eks/nodegroup-*.json 2>/dev/null || :
    texts LaunchTemplateId "$out"/nodes/groups-*.json
  } | sort -u
); do
  save "nodes/$id" "$id" ec2 describe-launch-template-versions --launch-template-id "$id"
done
# Keys of volumes; of an alias nothing says which key it is.
for key in $(texts KmsKeyId "$out"/nodes/lt-*.json | sed '/alias\//d'); do
  save "nodes/key-${key##*/}" "$key" kms describe-key --key-id "$key"
done
types=$(
  {
    members instanceTypes "$out"/eks/nodegroup-*.json
    texts InstanceType "$out"/nodes/*.json
  } | sort -u
)
for type in $types; do
  save "nodes/type-$type" "$type" ec2 describe-instance-types --instance-types "$type"
  save "nodes/offerings-$type" "$type" ec2 describe-instance-type-offerings --location-type availability-zone-id --filters "Name=instance-type,Values=$type"
done
for id in $(
  {
    members subnets "$out"/eks/nodegroup-*.json
    texts SubnetId "$out"/nodes/instances-*.json
    texts VPCZoneIdentifier "$out"/nodes/groups-*.json | tr ',' '\n'
  } | sort -u
); do
  save "nodes/reservations-$id" "$id" ec2 get-subnet-cidr-reservations --subnet-id "$id"
done

# -- Roles

save iam/providers '*' iam list-open-id-connect-providers
issuer=$(texts issuer "$out/cluster.json" | sed 's,^https://,,')
for arn in $(texts Arn "$out/iam/providers.json"); do
  case $arn in
    *"$issuer") save iam/provider "$issuer" iam get-open-id-connect-provider --open-id-connect-provider-arn "$arn" ;;
  esac
done
# shellcheck disable=SC2046
profiles=$(
  for arn in $(sed -n 's/^ *"Arn": "\(arn:.*:instance-profile\/.*\)",\{0,1\}$/\1/p' "$out"/nodes/*.json 2>/dev/null || :); do
    echo "${arn##*/}"
  done
  for path in "$out"/nodes/lt-*.json; do
    if [ -f "$path" ]; then
      awk '/"IamInstanceProfile": \{/ { inside = 1 } inside && /"Name": / { gsub(/[",]/, ""); print $2 } /\}/ { inside = 0 }' "$path"
    fi
  done
)
for name in $(printf '%s\n' "$profiles" | sort -u); do
  save "iam/profile@$name" "$name" iam get-instance-profile --instance-profile-name "$name"
done
roles=$(
  {
    texts roleArn "$out/cluster.json" "$out"/eks/pod-identity-*.json
    texts nodeRoleArn "$out/cluster.json"
    texts nodeRole "$out"/eks/nodegroup-*.json
    texts podExecutionRoleArn "$out"/eks/fargate-*.json
    texts serviceAccountRoleArn "$out"/eks/addon-*.json
    sed -n 's/^ *"Arn": "\(arn:.*:role\/.*\)",\{0,1\}$/\1/p' "$out"/iam/profile@*.json 2>/dev/null || :
  } | names
)
for name in $roles; do
  save "iam/role@$name" "$name" iam get-role --role-name "$name"
  save "iam/attached@$name" "$name" iam list-attached-role-policies --role-name "$name"
  save "iam/inline@$name" "$name" iam list-role-policies --role-name "$name"
  for policy in $(members PolicyNames "$out/iam/inline@$name.json"); do
    save "iam/policy-of-$name-$policy" "$name/$policy" iam get-role-policy --role-name "$name" --policy-name "$policy"
  done
done
# The contents of AWS's own policies are published.
for arn in $(texts PolicyArn "$out"/iam/attached@*.json | sed '/:iam::aws:/d'); do
  name=$(in_file "$arn")
  save "iam/policy@$name" "$arn" iam get-policy --policy-arn "$arn"
  version=$(texts DefaultVersionId "$out/iam/policy@$name.json")
  if [ -n "$version" ]; then
    save "iam/version@$name" "$arn" iam get-policy-version --policy-arn "$arn" --version-id "$version"
  fi
done

echo "$calls calls, $failed failed; audit: privek-audit --snapshot $out" >&2
