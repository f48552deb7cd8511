//! The one thing that a certificate says about itself and that TLS does not hand on: who issued it.

/// The issuer's names as `CN=…, O=…`; nothing where the certificate cannot be read.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    // Certificate, tbsCertificate: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>
    let (mut fields, _) = inside(certificate, SEQUENCE).and_then(|(outer, _)| inside(outer, SEQUENCE))?;
    if fields.first() == Some(&VERSION) {
        fields = inside(fields, VERSION)?.1;
    }
    let (_serial, rest) = inside(fields, INTEGER)?;
    let (_algorithm, rest) = inside(rest, SEQUENCE)?;
    let (mut names, _) = inside(rest, SEQUENCE)?;
    let mut told = Vec::new();
    while let Some((set, rest)) = inside(names, SET) {
        names = rest;
        let Some((pair, _)) = inside(set, SEQUENCE) else { continue };
        let Some((kind, value)) = inside(pair, OBJECT_ID) else { continue };
        let label = match kind {
            [0x55, 4, 3] => "CN",
            [0x55, 4, 10] => "O",
            [0x55, 4, 11] => "OU",
            _ => continue,
        };
        let Some((text, _)) = value.first().and_then(|tag| inside(value, *tag)) else { continue };
        told.push((label, format!("{label}={}", printable(text))));
    }
    told.sort_by_key(|(label, _)| ["CN", "O", "OU"].iter().position(|known| known == label));
    let told: Vec<String> = told.into_iter().map(|(_, text)| text).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// The longest name that is kept.
const LONGEST: usize = 100;

/// Text of a stranger, as it may be printed.
pub(super) fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().filter(|letter| !letter.is_control() && *letter != '\u{fffd}').take(LONGEST).collect()
}

/// The contents of the element that the bytes begin with, and what follows it
/// (<https://www.itu.int/rec/T-REC-X.690>, distinguished encoding).
fn inside(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81..=0x83 => {
            let (long, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_by(name: &str) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.distinguished_name = rcgen::DistinguishedName::new();
        ca.distinguished_name.push(rcgen::DnType::OrganizationName, "Acme");
        ca.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = rcgen::Issuer::new(ca, key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        leaf.signed_by(&key, &issuer).unwrap().der().to_vec()
    }

    #[test]
    fn the_issuer_of_a_certificate_is_told_with_its_organisation() {
        assert_eq!(issuer(&signed_by("Inspection CA")).unwrap(), "CN=Inspection CA, O=Acme");
    }

    #[test]
    fn a_name_that_would_paint_the_terminal_is_only_letters() {
        assert_eq!(issuer(&signed_by("a\u{1b}[31m\nb")).unwrap(), "CN=a[31mb, O=Acme");
        assert!(issuer(&signed_by(&"x".repeat(5000))).unwrap().len() < 200);
    }

    #[test]
    fn bytes_that_are_no_certificate_have_no_issuer() {
        let whole = signed_by("CA");
        for length in 0..whole.len().min(90) {
            let _ = issuer(&whole[..length]);
        }
        assert_eq!(issuer(b""), None);
        assert_eq!(issuer(&[0x30, 0x84, 1, 2, 3, 4]), None);
    }
}
