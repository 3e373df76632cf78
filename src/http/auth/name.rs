//! Subject names of certificates (RFC 5280 §4.1.2.6, RFC 4514): as a certificate has them, and as `clients.toml` does.

/// Attributes with names of their own (RFC 4514 §3, RFC 4519); others go by their numbers.
const ATTRIBUTES: [(&[u8], &str); 10] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 5], "SERIALNUMBER"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25], "DC"),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1], "EMAILADDRESS"),
];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const VERSION: u8 = 0xA0;

/// A subject name: attributes and their values, in the order of the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name(Vec<(String, String)>);

impl Name {
    /// The subject of a certificate in DER; none if it is of an unusual form.
    pub(super) fn of_certificate(der: &[u8]) -> Option<Name> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut signed = Der(certificate.take(SEQUENCE)?);
        if signed.0.first() == Some(&VERSION) {
            signed.take(VERSION)?;
        }
        // Serial number, algorithm, issuer, validity.
        signed.take(INTEGER)?;
        for _ in 0..3 {
            signed.take(SEQUENCE)?;
        }
        let mut subject = Der(signed.take(SEQUENCE)?);
        let mut attributes = Vec::new();
        while !subject.0.is_empty() {
            let mut together = Der(subject.take(SET)?);
            while !together.0.is_empty() {
                let mut attribute = Der(together.take(SEQUENCE)?);
                let kind = attribute_name(attribute.take(OBJECT_IDENTIFIER)?)?;
                let (tag, value) = attribute.any()?;
                attributes.push((kind, text(tag, value)?));
            }
        }
        Some(Name(attributes))
    }

    /// As settings write it: `CN=hall,O=…`, in this order or the other way round; a text without `=` is the `CN` alone.
    pub(super) fn parse(written: &str) -> Vec<Name> {
        if !written.contains('=') {
            return vec![Name(vec![("CN".to_owned(), written.trim().to_owned())])];
        }
        let attribute = |piece: String| {
            let (kind, value) = piece.split_once('=').unwrap_or((&piece, ""));
            (kind.trim().to_ascii_uppercase(), unescaped(value.trim()))
        };
        let forward: Vec<_> = pieces(written).into_iter().map(attribute).collect();
        let backward = forward.iter().rev().cloned().collect();
        vec![Name(forward), Name(backward)]
    }

    /// The name by its `CN` alone, if it has exactly one.
    pub(super) fn common(&self) -> Option<Name> {
        let mut common = self.0.iter().filter(|(kind, _)| kind == "CN");
        let only = common.next()?;
        common.next().is_none().then(|| Name(vec![only.clone()]))
    }
}

/// What stands between commas and plus signs that are not escaped.
fn pieces(written: &str) -> Vec<String> {
    let (mut pieces, mut piece, mut escaped) = (Vec::new(), String::new(), false);
    for c in written.chars() {
        match c {
            ',' | '+' if !escaped => pieces.push(std::mem::take(&mut piece)),
            _ => piece.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    pieces.push(piece);
    pieces
}

fn unescaped(value: &str) -> String {
    let (mut text, mut escaped) = (String::new(), false);
    for c in value.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            text.push(c);
            escaped = false;
        }
    }
    text
}

fn attribute_name(number: &[u8]) -> Option<String> {
    if let Some((_, name)) = ATTRIBUTES.iter().find(|(known, _)| *known == number) {
        return Some((*name).to_owned());
    }
    let (first, rest) = number.split_first()?;
    let mut dotted = format!("{}.{}", first / 40, first % 40);
    let mut value: u64 = 0;
    for byte in rest {
        value = value.checked_mul(128)? + u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            dotted.push_str(&format!(".{value}"));
            value = 0;
        }
    }
    Some(dotted)
}

/// A string of UTF-8, of printable characters, of ASCII, or of two bytes each.
fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        0x0C => String::from_utf8(value.to_vec()).ok(),
        0x13 | 0x16 => value.is_ascii().then(|| String::from_utf8_lossy(value).into_owned()),
        0x1E if value.len().is_multiple_of(2) => {
            let units: Vec<u16> =
                value.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// What is left of some DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The contents of the next element, which has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, contents) = self.any()?;
        (found == tag).then_some(contents)
    }

    /// Tag and contents of the next element.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            let count = length & 0x7F;
            let (bytes, behind) = rest.split_at_checked(count)?;
            if count > 4 {
                return None;
            }
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = behind;
        }
        let (contents, behind) = rest.split_at_checked(length)?;
        self.0 = behind;
        Some((*tag, contents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(attributes: &[(&str, &str)]) -> Name {
        Name(attributes.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned())).collect())
    }

    fn certificate(attributes: &[(rcgen::DnType, &str)]) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in attributes {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_called_by_its_subject() {
        use rcgen::DnType;
        let der = certificate(&[
            (DnType::CountryName, "CN"),
            (DnType::OrganizationName, "市中区行政审批服务局"),
            (DnType::CommonName, "hall-370402"),
            (DnType::CustomDnType(vec![1, 2, 156, 1000]), "x"),
        ]);
        let found = Name::of_certificate(&der).unwrap();
        let bureau = ("O", "市中区行政审批服务局");
        assert_eq!(found, name(&[("C", "CN"), bureau, ("CN", "hall-370402"), ("1.2.156.1000", "x")]));
        assert_eq!(found.common(), Some(name(&[("CN", "hall-370402")])));
        for cut in 0..der.len() {
            assert_eq!(Name::of_certificate(&der[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn settings_write_names_in_either_order() {
        let found = name(&[("C", "CN"), ("O", "a, b"), ("CN", "hall")]);
        for written in ["CN=hall,O=a\\, b,C=CN", "C=CN, O=a\\, b, CN=hall", "c=CN + o=a\\, b,cn=hall"] {
            assert!(Name::parse(written).contains(&found), "{written}");
        }
        assert!(!Name::parse("CN=hall,C=CN").contains(&found), "the whole name");
        assert_eq!(Name::parse(" hall "), [name(&[("CN", "hall")])]);
        assert_eq!(found.common().as_ref(), Name::parse("hall").first());
        assert_eq!(name(&[("CN", "a"), ("CN", "b")]).common(), None, "two are none");
    }
}
