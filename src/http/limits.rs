//! What a body may be: JSON in UTF-8, announced as such, not too large. How slow it may be is for [`super::connection`].

use super::error::{Code, Problem};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, EXPECT};

/// Bytes of a refused body that are read and thrown away. A caller that still writes would lose the reply if the
/// connection were closed at once.
const DISCARDED_BYTES_MAX: usize = 1 << 20;

/// Reads a body of at most so many bytes. One that comes in one piece is not copied.
pub(super) async fn read_body(request: Request<Incoming>, bytes_max: usize) -> Result<Bytes, Problem> {
    let announced = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    let is_json = announced.is_some_and(is_json);
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

/// `application/json`, with no charset but UTF-8.
fn is_json(value: &[u8]) -> bool {
    if value.eq_ignore_ascii_case(b"application/json") {
        return true;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    };
    kind.eq_ignore_ascii_case("application/json") && parts.all(utf8)
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
            assert!(is_json(good.as_bytes()), "{good}");
        }
        for bad in ["text/plain", "application/json; charset=GB18030", "application/jsonp", "", "text/json"] {
            assert!(!is_json(bad.as_bytes()), "{bad}");
        }
    }
}
