//! cloud-config: <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>

use serde_json::Value;

use super::script::ShellVariables;
use super::settings::{Bootstrap, UserDataFormat};
use super::shell;

/// Takes over what rules need.
pub(super) fn read(text: &str, found: &mut Bootstrap) {
    found.format(UserDataFormat::CloudConfig);
    let Ok(config) = serde_saphyr::from_str::<Value>(text) else {
        return found.not_understood("a cloud-config that is no YAML");
    };
    let on = |key: &str| config[key].as_bool() == Some(true);
    let listed = config["packages"].as_array().is_some_and(|packages| !packages.is_empty());
    found.installs_packages |= listed || on("package_update") || on("package_upgrade");
    for key in ["bootcmd", "runcmd"] {
        let commands: Vec<String> =
            config[key].as_array().into_iter().flatten().filter_map(command).collect();
        if !commands.is_empty() {
            shell::commands(&commands.join("\n"), found);
        }
    }
    for file in config["write_files"].as_array().into_iter().flatten() {
        let content = file["content"].as_str().unwrap_or_default();
        if file["encoding"].is_string() {
            found.not_understood("a file that is written and encoded");
        }
        let path = file["path"].as_str().unwrap_or_default();
        shell::written(&format!("# {path}\n{content}"), &ShellVariables::default(), found);
    }
}

/// A command as one line; a list's words are quoted.
fn command(entry: &Value) -> Option<String> {
    match entry {
        Value::String(line) => Some(line.clone()),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            // `[sh, -c, "…"]` runs its last word.
            match words[..] {
                ["sh" | "bash" | "/bin/sh" | "/bin/bash", flags, line] if flags.starts_with('-') => {
                    Some(line.to_owned())
                }
                _ => shlex::try_join(words).ok(),
            }
        }
        _ => None,
    }
}
