//! The AWS CLI commands that read what the program reads, as one script for who has credentials and not the program.

use privek_aws::snapshot::quoted;

/// The part of the script that is the same for every cluster.
const COMMANDS: &str = include_str!("collect.sh");

/// What the script is about.
#[derive(Clone, Copy, Debug)]
pub struct ScriptOptions<'o> {
    /// The cluster.
    pub cluster: &'o str,
    /// The region; without one, that of the shell in which the script runs.
    pub region: Option<&'o str>,
    /// The profile of the AWS configuration.
    pub profile: Option<&'o str>,
}

/// The script.
pub fn script(options: ScriptOptions<'_>) -> String {
    let cluster = quoted(options.cluster);
    let region = if let Some(region) = options.region {
        quoted(region)
    } else {
        let profile = options.profile.map(|name| format!(" --profile {}", quoted(name))).unwrap_or_default();
        format!("${{AWS_REGION:-${{AWS_DEFAULT_REGION:-$(aws configure get region{profile} || :)}}}}")
    };
    let profile = quoted(options.profile.unwrap_or_default());
    let directory = quoted(&format!("{}-aws", options.cluster.replace(['/', ' '], "-")));
    format!(
        "#!/bin/sh
# Reads the state of an EKS cluster with the AWS CLI into a directory, for privek-audit --snapshot DIRECTORY.
# Usage: sh FILE [DIRECTORY]
# Every call only reads. A call that fails leaves a file that says why, and the script continues.
set -eu

cluster={cluster}
region={region}
profile={profile}
directory={directory}
if [ -z \"$region\" ]; then
  echo 'set AWS_REGION to the region of the cluster' >&2
  exit 2
fi

{COMMANDS}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::collect::aws::operations::OPERATIONS;

    use super::*;

    /// An operation as the AWS CLI spells it.
    fn kebab(operation: &str) -> String {
        let mut verb = String::new();
        let mut before = 'A';
        for letter in operation.chars() {
            if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
                verb.push('-');
            }
            verb.push(letter.to_ascii_lowercase());
            before = letter;
        }
        verb.replace("idconnect", "id-connect")
    }

    #[test]
    fn the_script_calls_every_operation_of_the_list_and_no_other() {
        let calls: BTreeSet<(String, String)> = COMMANDS
            .lines()
            .filter_map(|line| line.split_once("save ").filter(|(before, _)| !before.contains('#')))
            .map(|(_, call)| call.split(' ').skip(2).take(2).map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|words| Some((words.first()?.clone(), words.get(1)?.clone())))
            .collect();
        // Only an error of the program's own lists clusters.
        let allowed: BTreeSet<(String, String)> = OPERATIONS
            .iter()
            .filter(|operation| operation.operation != "ListClusters")
            .map(|operation| (operation.service.to_owned(), kebab(operation.operation)))
            .collect();
        assert_eq!(calls, allowed);
    }

    #[test]
    fn what_the_user_says_is_one_word_of_the_script() {
        let odd =
            ScriptOptions { cluster: "a'; rm -rf /", region: Some("eu-west-1"), profile: Some("my profile") };
        let script = script(odd);
        assert!(script.contains("\ncluster='a'\\''; rm -rf /'\n"), "{script}");
        assert!(script.contains("\nregion=eu-west-1\nprofile='my profile'\ndirectory="), "{script}");
        assert!(script.starts_with("#!/bin/sh\n") && script.contains("\nset -eu\n"));
    }
}
