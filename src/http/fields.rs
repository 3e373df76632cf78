//! The header fields of a request, from wherever it was taken apart.

use hyper::HeaderMap;
use hyper::header::HeaderName;

/// Fields of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fields<'a> {
    /// As hyper keeps them.
    Map(&'a HeaderMap),
    /// As they stand in the buffer, on the short way.
    Plain(&'a [httparse::Header<'a>]),
}

impl<'a> Fields<'a> {
    /// The first field of this name.
    pub(super) fn first(self, name: &HeaderName) -> Option<&'a [u8]> {
        match self {
            Fields::Map(map) => map.get(name).map(|value| value.as_bytes()),
            Fields::Plain(all) => all.iter().find(|field| is(field, name)).map(|field| field.value),
        }
    }

    /// All fields of this name, in order.
    pub(super) fn all(self, name: &HeaderName) -> Vec<&'a [u8]> {
        match self {
            Fields::Map(map) => map.get_all(name).iter().map(|value| value.as_bytes()).collect(),
            Fields::Plain(all) => {
                all.iter().filter(|field| is(field, name)).map(|field| field.value).collect()
            }
        }
    }
}

fn is(field: &httparse::Header<'_>, name: &HeaderName) -> bool {
    field.name.eq_ignore_ascii_case(name.as_str())
}

impl<'a> From<&'a HeaderMap> for Fields<'a> {
    fn from(map: &'a HeaderMap) -> Fields<'a> {
        Fields::Map(map)
    }
}
