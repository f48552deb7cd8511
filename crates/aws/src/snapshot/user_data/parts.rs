//! From user data to its parts: base64, gzip and MIME are taken off, within bounds, and each part goes
//! to the file that knows its kind.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use mailparse::ParsedMail;

use super::settings::{Bootstrap, UserDataFormat};
use super::{bottlerocket, cloud_config, node_config, shell, windows};

/// EC2 takes 16 KB of user data; what was packed may be larger, but never by this much.
const MOST_BYTES: u64 = 1 << 20;
/// How deep archives may be nested.
const MOST_NESTED: u8 = 5;
/// How many parts there may be.
const MOST_PARTS: usize = 200;

/// Reads user data as EC2 returns it.
pub(super) fn read(user_data: &str, found: &mut Bootstrap) {
    let compact: String = user_data.chars().filter(|character| !character.is_whitespace()).collect();
    if compact.is_empty() {
        return;
    }
    let Ok(bytes) = STANDARD.decode(compact) else {
        found.format(UserDataFormat::Other);
        return found.not_understood("user data that is not base64");
    };
    let mut sum = PartCount { parts: 0, node_configs: Vec::new() };
    // Some encode once more, and nodeadm and Bottlerocket undo that.
    let bytes = base64_again(&bytes).unwrap_or(bytes);
    if let Some(text) = text_of(&bytes, found) {
        archive_or_text(&text, found, &mut sum);
    }
    node_config::take(&sum.node_configs, found);
}

/// What is put together before it is read.
struct PartCount {
    parts: usize,
    node_configs: Vec<String>,
}

fn base64_again(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let compact: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let decoded = STANDARD.decode(&compact).ok()?;
    let readable = is_gzip(&decoded) || std::str::from_utf8(&decoded).is_ok();
    (compact.len() >= 16 && readable).then_some(decoded)
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The text of a part, unpacked if it was packed.
fn text_of(bytes: &[u8], found: &mut Bootstrap) -> Option<String> {
    let mut other = |what: &str| {
        found.format(UserDataFormat::Other);
        found.not_understood(what);
        None
    };
    let mut unpacked = Vec::new();
    if is_gzip(bytes) {
        let read = MultiGzDecoder::new(bytes).take(MOST_BYTES + 1).read_to_end(&mut unpacked);
        if read.is_err() {
            return other("a part that is packed and cannot be unpacked");
        }
    } else {
        unpacked.extend_from_slice(bytes);
    }
    if unpacked.len() as u64 > MOST_BYTES {
        return other("a part that unpacks to more than a node reads");
    }
    match String::from_utf8(unpacked) {
        Ok(text) => Some(text.trim_start_matches('\u{feff}').to_owned()),
        Err(_) => other("a part that is not text"),
    }
}

fn archive_or_text(text: &str, found: &mut Bootstrap, sum: &mut PartCount) {
    let head = text.trim_start();
    let first = head.lines().next().unwrap_or_default().to_ascii_lowercase();
    if !(first.starts_with("content-type:") || first.starts_with("mime-version:")) {
        return by_content(text, found, sum, true);
    }
    match mailparse::parse_mail(head.as_bytes()) {
        Ok(mail) if mail.ctype.mimetype.starts_with("multipart/") => {
            found.multipart = true;
            nested(&mail, 0, found, sum);
        }
        Ok(mail) => part(&mail, 0, found, sum),
        Err(_) => {
            found.format(UserDataFormat::Other);
            found.not_understood("a MIME archive that cannot be read");
        }
    }
}

fn nested(mail: &ParsedMail<'_>, depth: u8, found: &mut Bootstrap, sum: &mut PartCount) {
    if depth >= MOST_NESTED {
        return found.not_understood("archives nested too deeply");
    }
    if mail.subparts.is_empty() {
        found.not_understood("a MIME archive without parts");
    }
    for inner in &mail.subparts {
        sum.parts += 1;
        if sum.parts > MOST_PARTS {
            return found.not_understood("more parts than a node reads");
        }
        part(inner, depth, found, sum);
    }
}

fn part(mail: &ParsedMail<'_>, depth: u8, found: &mut Bootstrap, sum: &mut PartCount) {
    let kind = mail.ctype.mimetype.to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        return nested(mail, depth + 1, found, sum);
    }
    let Ok(bytes) = mail.get_body_raw() else {
        found.format(UserDataFormat::Other);
        return found.not_understood("a part whose encoding cannot be undone");
    };
    // Without an empty line between the two cloud-init takes what is no header for content.
    let is_key =
        |key: String| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if mail.headers.iter().any(|header| !is_key(header.get_key())) {
        found.not_understood("a part whose header does not end where its content begins");
    }
    let bytes =
        if kind == "application/node.eks.aws" { base64_again(&bytes).unwrap_or(bytes) } else { bytes };
    let Some(text) = text_of(&bytes, found) else { return };
    match kind.as_str() {
        "application/node.eks.aws" => {
            found.format(UserDataFormat::NodeConfig);
            // nodeadm looks at the parts of the outer archive only:
            // https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/
            if depth > 0 {
                found.not_understood(
                    "a NodeConfig in an archive within an archive, which nodeadm does not read",
                );
            } else {
                sum.node_configs.push(text);
            }
        }
        "text/x-shellscript"
        | "text/x-shellscript-per-boot"
        | "text/x-shellscript-per-instance"
        | "text/x-shellscript-per-once"
        | "text/cloud-boothook" => shell::read(&text, found),
        "text/cloud-config" => cloud_config::read(&text, found),
        // cloud-init looks at the content where the type says nothing.
        "text/plain" | "application/octet-stream" => by_content(&text, found, sum, false),
        _ => {
            found.format(UserDataFormat::Other);
            found.not_understood("a part of a kind that is not modelled");
        }
    }
}

/// Recognises what it is by how it begins, as cloud-init, nodeadm, Bottlerocket and Windows do.
fn by_content(text: &str, found: &mut Bootstrap, sum: &mut PartCount, whole: bool) {
    let head = text.trim_start();
    let lower: String = head.chars().take(400).collect::<String>().to_ascii_lowercase();
    if head.is_empty() {
        return;
    }
    if lower.starts_with("#!") || lower.starts_with("#cloud-boothook") {
        shell::read(text, found);
    } else if lower.starts_with("#cloud-config") && !lower.starts_with("#cloud-config-archive") {
        cloud_config::read(text, found);
    } else if text.to_ascii_lowercase().contains("<powershell>") || lower.starts_with("<script>") {
        windows::read(text, found);
    } else if whole && node_config::is_one(text) {
        found.format(UserDataFormat::NodeConfig);
        sum.node_configs.push(text.to_owned());
    } else if let Some(settings) = bottlerocket::parse(text).filter(|_| whole) {
        bottlerocket::read(&settings, found);
    } else {
        found.format(UserDataFormat::Other);
        found.not_understood("user data of a kind that is not modelled");
    }
}
