//! Shell scripts: what they join nodes to, which packages they install, which proxies they set.

use super::proxy;
use super::script::{self, ShellVariables, UNKNOWN};
use super::settings::{Bootstrap, NodeAgent, UserDataFormat};
use super::value::{self, Given};

/// Words that may stand before the command that they run.
const BEFORE: [&str; 9] = ["sudo", "exec", "env", "time", "nohup", "bash", "sh", "/bin/bash", "/bin/sh"];
/// Words that open and close what runs under a condition, repeatedly, or when it is called.
const OPENS: [&str; 6] = ["if", "for", "while", "until", "case", "select"];
const CLOSES: [&str; 4] = ["fi", "done", "esac", "}"];
/// Commands that do nothing but ask.
const TESTS: [&str; 5] = ["[", "[[", "test", "grep", "!"];
/// Options of `bootstrap.sh`; each has a value.
/// <https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2/runtime/bootstrap.sh>
const OPTIONS: [&str; 18] = [
    "--use-max-pods",
    "--b64-cluster-ca",
    "--apiserver-endpoint",
    "--kubelet-extra-args",
    "--enable-docker-bridge",
    "--aws-api-retry-attempts",
    "--docker-config-json",
    "--containerd-config-file",
    "--pause-container-account",
    "--pause-container-version",
    "--dns-cluster-ip",
    "--container-runtime",
    "--ip-family",
    "--service-ipv4-cidr",
    "--service-ipv6-cidr",
    "--enable-local-outpost",
    "--cluster-id",
    "--local-disks",
];

/// Takes over what a script's part says.
pub(super) fn read(text: &str, found: &mut Bootstrap) {
    found.format(UserDataFormat::Shell);
    commands(text, found);
}

/// A file that a script or cloud-config writes.
pub(super) fn written(text: &str, variables: &ShellVariables, found: &mut Bootstrap) {
    proxy::scan(text, variables, found);
    found.node_proxy |= proxy::is_for_nodes(text);
    if text.contains("bootstrap.sh") || text.contains("nodeadm") || text.contains("node.eks.aws") {
        found.not_understood("a file that is written and that joins nodes");
    }
}

/// Takes over what commands say.
pub(super) fn commands(text: &str, found: &mut Bootstrap) {
    let (lines, files) = script::lines(text);
    let first = lines.first().map(String::as_str).unwrap_or_default();
    if first.starts_with("#!") && !first.contains("sh") {
        found.not_understood("a script of another language than the shell's");
    }
    let mut script = Script::default();
    for line in &lines {
        script.line(line, found);
        found.node_proxy |= proxy::is_for_nodes(line);
    }
    proxy::scan(&lines.join("\n"), &script.variables, found);
    for file in &files {
        written(file, &script.variables, found);
    }
    script.join(found);
}

/// What is known after some lines.
#[derive(Default)]
struct Script {
    variables: ShellVariables,
    depth: u32,
    /// The words of each call of `bootstrap.sh`, and whether it is certain that it runs.
    calls: Vec<(Vec<String>, bool)>,
}

impl Script {
    fn line(&mut self, line: &str, found: &mut Bootstrap) {
        let commands = script::commands(line);
        let opens_function = line.trim_end().ends_with("() {") || line.trim_start().starts_with("function ");
        if opens_function {
            self.depth += 1;
            return;
        }
        let piped = commands.len() > 1 && (line.contains("&&") || line.contains("||"));
        let mut tested = line.contains("||");
        for (at, words) in commands.iter().enumerate() {
            let words = self.past_keywords(words);
            if words.is_empty() {
                continue;
            }
            // What stands behind `||` runs only where the first fails, and behind a test where that holds.
            let certain = self.depth == 0 && !(piped && at > 0 && tested);
            tested |= words.first().is_some_and(|word| TESTS.contains(&word.as_str()));
            self.command(words, certain, found);
        }
    }

    /// Counts the keywords at a command's start, and returns the state after them.
    fn past_keywords<'w>(&mut self, words: &'w [String]) -> &'w [String] {
        let Some(first) = words.first() else { return words };
        if OPENS.contains(&first.as_str()) {
            self.depth += 1;
            return if matches!(first.as_str(), "if" | "while" | "until") { &words[1..] } else { &[] };
        }
        if CLOSES.contains(&first.as_str()) {
            self.depth = self.depth.saturating_sub(1);
            return &[];
        }
        if matches!(first.as_str(), "then" | "else" | "elif" | "do" | "{") {
            return self.past_keywords(&words[1..]);
        }
        words
    }

    fn command(&mut self, words: &[String], certain: bool, found: &mut Bootstrap) {
        let words = self.assignments(words, certain);
        let mut start = 0;
        while words.get(start).is_some_and(|word| {
            BEFORE.contains(&word.as_str()) || (start > 0 && (word.starts_with('-') || is_assignment(word)))
        }) {
            start += 1;
        }
        let Some(command) = words.get(start) else {
            // A shell alone reads what is piped into it.
            if words.iter().any(is_shell) {
                found.not_understood("a script that user data runs and does not contain");
            }
            return;
        };
        let rest = &words[start + 1..];
        let name = command.rsplit('/').next().unwrap_or_default();
        if name == "bootstrap.sh" {
            found.starts_kubelet = true;
            self.calls.push((rest.to_vec(), certain));
        } else if words.iter().any(|word| word.contains("bootstrap.sh")) {
            found.not_understood("a command that changes or copies bootstrap.sh");
        } else if name == "nodeadm" {
            found.starts_kubelet = true;
            if rest.iter().any(|word| word.starts_with("--config-source") || word == "-c") {
                found.not_understood("a configuration that nodeadm is given as a file");
            }
        } else if name == "systemctl" || name == "service" {
            let kubelet = rest.iter().any(|word| word == "kubelet" || word == "kubelet.service");
            found.starts_kubelet |=
                kubelet && rest.iter().any(|word| word.ends_with("start") || word == "--now");
        } else if is_package_manager(name) {
            let acts = ["install", "update", "upgrade", "localinstall", "groupinstall"];
            found.installs_packages |= rest.iter().any(|word| acts.contains(&word.as_str()));
        } else if runs_something_else(command, &words[..start], words) {
            found.not_understood("a script that user data runs and does not contain");
        }
    }

    /// Takes leading assignments over; what follows them is the command.
    fn assignments<'w>(&mut self, words: &'w [String], certain: bool) -> &'w [String] {
        let exports =
            words.first().is_some_and(|word| matches!(word.as_str(), "export" | "readonly" | "local"));
        let rest = if exports { &words[1..] } else { words };
        let count = rest.iter().take_while(|word| is_assignment(word)).count();
        // `A=b command` sets A for that command only.
        if count == rest.len() {
            for (name, value) in rest.iter().filter_map(|word| word.split_once('=')) {
                let value = self.variables.expand(value).filter(|_| certain);
                self.variables.set(name, value.as_deref());
            }
            return &[];
        }
        if exports { &[] } else { &rest[count..] }
    }

    /// Takes the one certain call of `bootstrap.sh` over.
    fn join(self, found: &mut Bootstrap) {
        let Some(((words, certain), others)) = self.calls.split_first() else { return };
        if !certain {
            return found.not_understood("a call of bootstrap.sh that hangs on a condition");
        }
        found.agent(NodeAgent::BootstrapSh);
        if others.iter().any(|(other, _)| other != words) {
            return found.not_understood("calls of bootstrap.sh of which one is chosen when the script runs");
        }
        let mut cluster = None;
        let mut words = words.iter();
        let mut given = Vec::new();
        while let Some(word) = words.next() {
            if OPTIONS.contains(&word.as_str()) {
                given.push((word.as_str(), words.next().map_or("", String::as_str)));
            } else if cluster.is_none() {
                cluster = Some(word.as_str());
            }
        }
        let value = |text: &str| match self.variables.expand(text) {
            Some(text) => Given::Text(text),
            None => Given::Unresolved,
        };
        let option =
            |name: &str| given.iter().rev().find(|(option, _)| *option == name).map(|(_, text)| value(text));
        bootstrap_sh(cluster.map(value).as_ref(), &option, found);
    }
}

fn bootstrap_sh(cluster: Option<&Given>, option: &dyn Fn(&str) -> Option<Given>, found: &mut Bootstrap) {
    found.take_cluster(cluster, option("--apiserver-endpoint").as_ref(), option("--b64-cluster-ca").as_ref());
    for name in ["--service-ipv4-cidr", "--service-ipv6-cidr"] {
        found.take("ServiceCidr", option(name).as_ref(), value::cidr, |found, cidr| {
            found.service_cidr = Some(cidr);
        });
    }
    found.take("DnsIps", option("--dns-cluster-ip").as_ref(), value::address, |found, address| {
        found.dns_ips.push(address);
    });
    let family = |text: &str| matches!(text, "ipv4" | "ipv6").then(|| text.to_owned());
    found.take("IpFamily", option("--ip-family").as_ref(), family, |found, family| {
        found.ip_family = Some(family);
    });
    let truth = |text: &str| text.parse::<bool>().ok();
    found.take("UseMaxPods", option("--use-max-pods").as_ref(), truth, |found, on| {
        found.use_max_pods = Some(on);
    });
    found.take("Outpost", option("--enable-local-outpost").as_ref(), truth, |found, on| found.outpost |= on);
    match option("--kubelet-extra-args") {
        Some(Given::Text(flags)) => found.take_kubelet_flags(&flags),
        Some(Given::Unresolved) => found.unresolved("MaxPods"),
        None => {}
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let mut characters = name.chars();
        characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && characters.all(|next| next.is_ascii_alphanumeric() || next == '_')
    })
}

#[allow(clippy::ptr_arg)] // It is asked of the words of a list.
fn is_shell(word: &String) -> bool {
    matches!(word.as_str(), "bash" | "sh" | "/bin/bash" | "/bin/sh")
}

fn is_package_manager(name: &str) -> bool {
    matches!(name, "yum" | "dnf" | "apt" | "apt-get" | "amazon-linux-extras" | "zypper" | "microdnf")
}

/// Whether a command runs a script that is not here: from a file, from the network, from a variable.
fn runs_something_else(command: &str, before: &[String], words: &[String]) -> bool {
    let system = ["/usr/", "/bin/", "/sbin/", "/etc/eks/"].iter().any(|folder| command.starts_with(folder));
    matches!(command, "source" | "." | "eval" | "python" | "python3" | "perl" | "ruby")
        || before.iter().any(is_shell)
        || words.last().is_some_and(is_shell)
        || command.starts_with(['$', UNKNOWN])
        || (command.contains('/') && !system)
}
