//! What a body may be: JSON in UTF-8, announced as such, not too large. How slow it may be is for [`super::connection`].

use super::error::{Code, Problem};
use super::pace::{Pace, Waits};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, EXPECT};

/// Bytes of a refused body that are read and thrown away. A caller that still writes would lose the reply if the
/// connection were closed at once.
const DISCARDED_BYTES_MAX: usize = 1 << 20;

/// How a body of JSON is announced.
const JSON: [&str; 1] = ["application/json"];
/// How lines of JSON are announced: the usual names, none of which is registered.
const LINES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"];

/// That a body is announced as lines of JSON.
pub(super) fn need_lines(request: &Request<Incoming>) -> Result<(), Problem> {
    let detail = "expected Content-Type: application/x-ndjson, in UTF-8";
    let wrong = || Problem::new(Code::UnsupportedMediaType, detail);
    if is_announced(request, &LINES) { Ok(()) } else { Err(wrong()) }
}

/// Whether this announces JSON in UTF-8.
pub(super) fn is_json(value: &[u8]) -> bool {
    is_of(value, &JSON)
}

fn is_announced(request: &Request<Incoming>, kinds: &[&str]) -> bool {
    request.headers().get(CONTENT_TYPE).is_some_and(|value| is_of(value.as_bytes(), kinds))
}

/// Reads a body of at most so many bytes. One that comes in one piece is not copied. Behind it the caller is not waited for.
pub(super) async fn read_body(
    request: Request<Incoming>,
    bytes_max: usize,
    pace: &Pace,
) -> Result<Bytes, Problem> {
    let is_json = is_announced(&request, &JSON);
    // A caller that asked first has not sent anything yet.
    let asks_first = request.headers().contains_key(EXPECT);
    let mut body = request.into_body();
    let too_large = || Problem::new(Code::PayloadTooLarge, format!("the body may have {bytes_max} bytes"));
    let refused = if !is_json {
        let detail = "expected Content-Type: application/json, in UTF-8";
        Some(Problem::new(Code::UnsupportedMediaType, detail))
    } else {
        (body.size_hint().lower() > bytes_max as u64).then(too_large)
    };
    if let Some(problem) = refused {
        let closes = asks_first || !discard(&mut body).await;
        return Err(Problem { closes, ..problem });
    }
    let mut whole = Bytes::new();
    while let Some(frame) = body.frame().await {
        let cut_short = |_| Problem::new(Code::InvalidJson, "the body did not arrive whole");
        let Ok(piece) = frame.map_err(cut_short)?.into_data() else { continue };
        if whole.len() + piece.len() > bytes_max {
            let closes = !discard(&mut body).await;
            return Err(Problem { closes, ..too_large() });
        }
        whole = if whole.is_empty() { piece } else { [&whole[..], &piece[..]].concat().into() };
    }
    pace.set(Waits::Nothing);
    Ok(whole)
}

/// Reads and throws away the body of a request that is refused. Told whether the connection can be used again.
pub(super) async fn discard_body(request: Request<Incoming>) -> bool {
    let asks_first = request.headers().contains_key(EXPECT);
    !asks_first && discard(&mut request.into_body()).await
}

/// Whether the body came to its end within bounds.
async fn discard(body: &mut Incoming) -> bool {
    let mut discarded = 0;
    loop {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => discarded += frame.data_ref().map_or(0, Bytes::len),
        }
        if discarded > DISCARDED_BYTES_MAX {
            return false;
        }
    }
}

/// One of these kinds, with no charset but UTF-8.
fn is_of(value: &[u8], kinds: &[&str]) -> bool {
    // What most callers send needs no taking apart.
    if kinds.iter().any(|kind| value == kind.as_bytes()) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let announced = parts.next().unwrap_or_default();
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    };
    kinds.iter().any(|kind| announced.eq_ignore_ascii_case(kind)) && parts.all(utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_in_utf_8() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; profile=x",
        ] {
            assert!(is_of(good.as_bytes(), &JSON), "{good}");
        }
        for bad in ["text/plain", "application/json; charset=GB18030", "application/jsonp", "", "text/json"] {
            assert!(!is_of(bad.as_bytes(), &JSON), "{bad}");
        }
    }
}
