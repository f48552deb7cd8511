//! User data of every form: what is taken over, and what must never be.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::{Bootstrap, NodeAgent, UserData, UserDataFormat, ca_fingerprints};

const CA: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmV4YW1wbGUsIG5vdCBhIGNlcnRpZmljYXRlCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";

fn decode(text: &str) -> Bootstrap {
    Bootstrap::decode(&STANDARD.encode(text))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn archive(parts: &[(&str, &str)]) -> String {
    let mut text = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==B==\"\n\n".to_owned();
    for (kind, body) in parts {
        text = format!("{text}--==B==\nContent-Type: {kind}\n\n{body}\n");
    }
    text.push_str("--==B==--\n");
    text
}

fn node_config(cluster: &str) -> String {
    format!("---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n{cluster}")
}

#[test]
fn no_user_data_says_nothing_and_leaves_no_doubt() {
    assert_eq!(decode(""), Bootstrap::default());
    assert_eq!(Bootstrap::decode(""), Bootstrap::default());
}

#[test]
fn a_call_of_bootstrap_sh_is_read_through_continuations_variables_and_quotes() {
    let found = decode(&format!(
        "#!/bin/bash\nset -ex\nB64_CLUSTER_CA={CA}\nAPI=https://A.gr7.eu-central-1.eks.amazonaws.com\n\
         /etc/eks/bootstrap.sh payments --b64-cluster-ca $B64_CLUSTER_CA \\\n  --apiserver-endpoint \"${{API}}\" \
         --kubelet-extra-args '--node-labels=a=b --max-pods=58' --use-max-pods false --service-ipv4-cidr 10.100.0.0/16 \
         > /var/log/boot.log 2>&1 || echo failed\n"
    ));
    assert_eq!(found.agents, [NodeAgent::BootstrapSh]);
    assert_eq!(found.cluster_name.as_deref(), Some("payments"));
    assert_eq!(found.api_server_endpoint.as_deref(), Some("https://A.gr7.eu-central-1.eks.amazonaws.com"));
    assert_eq!(found.ca_fingerprints, ca_fingerprints(CA));
    assert_eq!(found.service_cidr.as_deref(), Some("10.100.0.0/16"));
    assert_eq!((found.max_pods, found.use_max_pods), (Some(58), Some(false)));
    assert!(found.is_clear() && found.unresolved.is_empty(), "{found:?}");
}

#[test]
fn what_only_the_running_script_knows_stays_unresolved() {
    let found = decode(
        "#!/bin/bash\nNAME=$(aws ec2 describe-tags --query 'Tags[0].Value' --output text)\nif true; then\n  CA=a\nfi\n\
         /etc/eks/bootstrap.sh \"$NAME\" --b64-cluster-ca $CA --dns-cluster-ip $(cat /x) --apiserver-endpoint `url a b`\n",
    );
    assert_eq!(found.agents, [NodeAgent::BootstrapSh]);
    assert_eq!(found.unresolved, ["ApiServerEndpoint", "CaFingerprints", "ClusterName", "DnsIps"]);
}

#[test]
fn a_call_under_a_condition_settles_nothing() {
    let found = decode(
        "#!/bin/bash\nif [ -f /x ]; then\n  /etc/eks/bootstrap.sh one\nelse\n  /etc/eks/bootstrap.sh two\nfi\n",
    );
    assert_eq!((found.cluster_name.clone(), found.is_clear()), (None, false), "{found:?}");
    assert!(found.agents.is_empty(), "nothing is certain to join");
    for test in ["[ -f /x ]", "[[ -f /x ]]", "test -f /x", "! grep -q x /y"] {
        let found = decode(&format!("#!/bin/bash\n{test} && /etc/eks/bootstrap.sh one\n"));
        assert!(found.agents.is_empty() && !found.is_clear(), "{test}: {found:?}");
    }
    let after = decode("#!/bin/bash\ncd /tmp && /etc/eks/bootstrap.sh one\n");
    assert_eq!((after.cluster_name.as_deref(), after.is_clear()), (Some("one"), true));
}

#[test]
fn a_part_whose_header_runs_into_its_content_is_not_understood() {
    let found = decode(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n#!/bin/bash\nset -e\n/etc/eks/bootstrap.sh one\n--//--\n",
    );
    assert!(!found.is_clear(), "{found:?}");
}

#[test]
fn scripts_from_elsewhere_leave_doubt() {
    for script in [
        "curl https://x/y | bash",
        "source /opt/setup.sh",
        "./setup",
        "eval \"$X\"",
        "/opt/join now",
        "bash /tmp/a.sh",
    ] {
        assert!(!decode(&format!("#!/bin/bash\n{script}\n")).is_clear(), "{script}");
    }
    for script in [
        "echo done",
        "sysctl -w vm.max_map_count=1",
        "mkdir -p /data && mount /dev/x /data",
        "systemctl enable x",
    ] {
        assert!(decode(&format!("#!/bin/bash\n{script}\n")).is_clear(), "{script}");
    }
}

#[test]
fn node_configs_are_merged_in_order_and_flags_add_up() {
    let one = node_config("    name: one\n    cidr: 10.100.0.0/16\n  kubelet:\n    flags: [--max-pods=20]\n");
    let two = node_config(&format!(
        "    name: two\n    apiServerEndpoint: https://a.example.com\n    certificateAuthority: {CA}\n  kubelet:\n    flags: [--node-labels=x=y]\n"
    ));
    let found = decode(&archive(&[
        ("application/node.eks.aws", &one),
        ("text/x-shellscript", "#!/bin/bash\ndnf install -y nfs-utils\n"),
        ("application/node.eks.aws; charset=\"us-ascii\"", &two),
    ]));
    assert_eq!(found.agents, [NodeAgent::Nodeadm]);
    assert_eq!(found.formats, [UserDataFormat::Shell, UserDataFormat::NodeConfig]);
    assert_eq!(
        (found.cluster_name.as_deref(), found.service_cidr.as_deref()),
        (Some("two"), Some("10.100.0.0/16"))
    );
    assert_eq!((found.max_pods, found.installs_packages, found.multipart), (Some(20), true, true));
    assert!(found.is_clear(), "{found:?}");
}

#[test]
fn a_node_config_may_stand_alone_packed_and_encoded_twice() {
    let text = node_config("    name: alone\n");
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes()), STANDARD.encode(&text).into_bytes()] {
        let found = Bootstrap::decode(&STANDARD.encode(bytes));
        assert_eq!(found.cluster_name.as_deref(), Some("alone"));
        assert!(!found.multipart);
    }
}

#[test]
fn proxies_lose_their_credentials_wherever_they_are_set() {
    let texts = [
        node_config("    name: a\n  instance:\n    environment:\n      default:\n        HTTPS_PROXY: http://me:s3cret/@x@proxy.corp:3128\n        NO_PROXY: localhost,.eks.amazonaws.com,10.0.0.0/16\n"),
        "#!/bin/bash\nP=http://me:s3cret@proxy.corp:3128\nexport HTTPS_PROXY=$P\nexport NO_PROXY=localhost,.eks.amazonaws.com,10.0.0.0/16\n".to_owned(),
        "#!/bin/bash\ncat > /etc/systemd/system/kubelet.service.d/proxy.conf <<EOF\n[Service]\nEnvironment=\"HTTPS_PROXY=http://me:s3cret@proxy.corp:3128\"\nEnvironment=\"NO_PROXY=localhost,.eks.amazonaws.com,10.0.0.0/16\"\nEOF\n".to_owned(),
        "[settings.network]\nhttps-proxy = \"http://me:s3cret@proxy.corp:3128\"\nno-proxy = [\"localhost\", \".eks.amazonaws.com\", \"10.0.0.0/16\"]\n".to_owned(),
        "#cloud-config\nwrite_files:\n  - path: /etc/environment\n    content: |\n      HTTPS_PROXY=http://me:s3cret@proxy.corp:3128\n      NO_PROXY=localhost,.eks.amazonaws.com,10.0.0.0/16\n".to_owned(),
        "<powershell>\n[Environment]::SetEnvironmentVariable(\"HTTPS_PROXY\", \"http://me:s3cret@proxy.corp:3128\", \"Machine\")\n$env:NO_PROXY = \"localhost,.eks.amazonaws.com,10.0.0.0/16\"\n</powershell>".to_owned(),
    ];
    for text in texts {
        let found = decode(&text);
        assert_eq!(found.https_proxies, ["proxy.corp:3128"], "{text}\n{found:?}");
        let list = found.no_proxy.clone().unwrap_or_default();
        assert_eq!(list, [".eks.amazonaws.com", "10.0.0.0/16", "localhost"], "{text}");
        assert!(!serde_json::to_string(&found).unwrap().contains("s3cret"));
    }
}

#[test]
fn a_script_may_set_a_proxy_for_itself_only() {
    assert!(!decode("#!/bin/bash\nexport https_proxy=http://proxy.corp:3128\nyum install -y x\n").node_proxy);
    for for_nodes in [
        "#!/bin/bash\necho 'Environment=\"HTTPS_PROXY=http://proxy.corp:3128\"' > /etc/systemd/system/kubelet.service.d/p.conf\n",
        "#!/bin/bash\nexport HTTPS_PROXY=http://proxy.corp:3128\ncat <<EOF > /etc/systemd/system/containerd.service.d/p.conf\n[Service]\nEnvironmentFile=/etc/environment\nEOF\n",
        "[settings.network]\nhttps-proxy = \"proxy.corp:3128\"\n",
    ] {
        assert!(decode(for_nodes).node_proxy, "{for_nodes}");
    }
}

#[test]
fn bottlerocket_and_windows_give_their_settings() {
    let found = decode(&format!(
        "[settings.kubernetes]\ncluster-name = \"payments\"\napi-server = \"https://a.example.com\"\ncluster-certificate = \"{CA}\"\n\
         cluster-dns-ip = [\"10.100.0.10\", \"169.254.20.10\"]\nmax-pods = 58\nhostname-override-source = \"instance-id\"\n"
    ));
    assert_eq!(found.agents, [NodeAgent::Bottlerocket]);
    assert_eq!(found.dns_ips, ["10.100.0.10", "169.254.20.10"]);
    assert_eq!((found.max_pods, found.hostname_source.as_deref()), (Some(58), Some("instance-id")));
    assert!(found.is_clear() && found.ca_fingerprints == ca_fingerprints(CA));

    let found = decode(&format!(
        "<powershell>\n$ca = \"{CA}\"\n[string]$EKSBootstrapScriptFile = \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\"\n\
         & $EKSBootstrapScriptFile -EKSClusterName \"payments\" -APIServerEndpoint \"https://a.example.com\" -Base64ClusterCA $ca \
         -DNSClusterIP 10.100.0.10 -KubeletExtraArgs \"--node-labels=a=b\" 3>&1 4>&1 5>&1 6>&1\n</powershell>"
    ));
    assert_eq!(found.agents, [NodeAgent::StartEksBootstrap]);
    assert_eq!(found.cluster_name.as_deref(), Some("payments"));
    assert_eq!(found.api_server_endpoint.as_deref(), Some("https://a.example.com"));
    assert_eq!(
        (&found.dns_ips[..], &found.ca_fingerprints),
        (&["10.100.0.10".to_owned()][..], &ca_fingerprints(CA))
    );
    assert!(found.is_clear() && found.unresolved.is_empty(), "{found:?}");
}

#[test]
fn settings_survive_saving() {
    let found = decode(&node_config("    name: kept\n    cidr: 10.100.0.0/16\n"));
    let text = serde_json::to_string(&UserData(found.clone())).unwrap();
    assert_eq!(serde_json::from_str::<UserData>(&text).unwrap(), UserData(found));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = gzip(&vec![b'a'; 64 << 20]);
    let found = Bootstrap::decode(&STANDARD.encode(bomb));
    assert_eq!(found.formats, [UserDataFormat::Other]);
    assert!(!found.is_clear());
}

const SECRET: &str = "hunter2-AKIAsecret";

/// Places in which people keep secrets, by the kind of user data.
fn secretive() -> impl Strategy<Value = String> {
    let shell = prop::sample::select(vec![
        format!("# {SECRET}"),
        format!("export DB_PASSWORD={SECRET}"),
        format!("TOKEN='{SECRET}'; curl -H \"X: $TOKEN\" https://x"),
        format!("export HTTPS_PROXY=http://user:{SECRET}@proxy.corp:3128"),
        format!("HTTP_PROXY=\"http://user:{SECRET}@proxy.corp\""),
        format!(
            "cat > /etc/netrc <<EOF\npassword {SECRET}\nEnvironment=\"HTTPS_PROXY=http://u:{SECRET}/@p.corp:1\"\nEOF"
        ),
        format!(
            "/etc/eks/bootstrap.sh payments --docker-config-json '{{\"auth\":\"{SECRET}\"}}' --b64-cluster-ca {SECRET}"
        ),
        format!(
            "/etc/eks/bootstrap.sh payments --kubelet-extra-args '--node-labels=k={SECRET} --max-pods={SECRET}'"
        ),
        format!(
            "/etc/eks/bootstrap.sh --token {SECRET} payments --apiserver-endpoint https://u:{SECRET}@host"
        ),
        format!("echo {SECRET} | base64 -d"),
        format!("yum install -y http://u:{SECRET}@repo/x.rpm"),
        "if x; then".to_owned(),
        "fi".to_owned(),
        "\\".to_owned(),
    ]);
    let yaml = prop::sample::select(vec![
        format!("write_files:\n  - content: {SECRET}\n    path: /x\n"),
        format!("chpasswd:\n  list: [root:{SECRET}]\n"),
        format!("runcmd:\n  - [sh, -c, \"echo {SECRET}\"]\n"),
        format!("password: {SECRET}\n"),
    ]);
    let nodeadm = prop::sample::select(vec![
        format!("    name: a b {SECRET}\n"),
        format!("    certificateAuthority: {SECRET}\n"),
        format!("    apiServerEndpoint: https://{SECRET}:x@host/\n"),
        format!(
            "    name: ok\n  containerd:\n    config: {SECRET}\n  kubelet:\n    flags: [--node-labels=a={SECRET}]\n"
        ),
    ]);
    let toml = prop::sample::select(vec![
        format!("[settings.host-containers.admin]\nuser-data = \"{SECRET}\"\n"),
        format!("[settings.container-registry]\ncredentials = [{{ auth = \"{SECRET}\" }}]\n"),
        format!("[settings.network]\nhttps-proxy = \"u:{SECRET}@proxy.corp:1\"\n"),
    ]);
    prop_oneof![
        prop::collection::vec(shell, 1..6).prop_map(|lines| format!("#!/bin/bash\n{}\n", lines.join("\n"))),
        yaml.prop_map(|text| format!("#cloud-config\n{text}")),
        nodeadm.prop_map(|text| node_config(&text)),
        toml,
        Just(format!("<powershell>\nnet user Administrator {SECRET}\n$p = \"{SECRET}\"\n</powershell>")),
        Just(format!("{SECRET}\n")),
        "\\PC{0,80}".prop_map(|noise| format!("#!/bin/sh\n{noise}\npassword={SECRET}\n")),
    ]
}

/// Texts in archives in archives, some packed, some encoded.
fn nested() -> impl Strategy<Value = Vec<u8>> {
    let leaf = secretive().prop_map(String::into_bytes);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let kinds = prop::sample::select(vec![
            "text/x-shellscript",
            "text/cloud-config",
            "application/node.eks.aws",
            "text/plain",
            "text/cloud-boothook",
            "application/octet-stream",
            "text/unheard-of",
        ]);
        prop_oneof![
            prop::collection::vec((kinds, inner.clone()), 0..4).prop_map(|parts| {
                let parts: Vec<(&str, String)> = parts
                    .into_iter()
                    .map(|(kind, body)| (kind, String::from_utf8_lossy(&body).into_owned()))
                    .collect();
                let parts: Vec<(&str, &str)> =
                    parts.iter().map(|(kind, body)| (*kind, body.as_str())).collect();
                archive(&parts).into_bytes()
            }),
            inner.clone().prop_map(|bytes| gzip(&bytes)),
            inner.prop_map(|bytes| STANDARD.encode(bytes).into_bytes()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn planted_secrets_never_survive(bytes in nested()) {
        let found = Bootstrap::decode(&STANDARD.encode(bytes));
        let text = serde_json::to_string(&found).unwrap();
        for secret in [SECRET, &SECRET.to_ascii_lowercase(), &STANDARD.encode(SECRET)[..12]] {
            prop_assert!(!text.contains(secret), "{}", text);
        }
    }

    #[test]
    fn nothing_panics_and_what_is_not_understood_is_named(bytes in prop::collection::vec(any::<u8>(), 0..600), raw in "\\PC{0,200}") {
        let found = Bootstrap::decode(&STANDARD.encode(&bytes));
        prop_assert!(bytes.iter().all(u8::is_ascii_whitespace) || !found.is_clear() || !found.formats.is_empty());
        Bootstrap::decode(&raw);
        for head in ["#!/bin/bash\n", "#cloud-config\n", "<powershell>\n", "Content-Type: multipart/mixed; boundary=x\n\n--x\n", "apiVersion: node.eks.aws/v1\n"] {
            decode(&format!("{head}{raw}"));
        }
    }
}
