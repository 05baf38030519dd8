//! A refusal as a close frame says it.

use http::{Response, StatusCode};

use crate::wire::CloseCode;

/// The code and the text for a client that would have had this answer.
pub(crate) fn close_of(answer: &Response<String>) -> (CloseCode, &str) {
    let (status, body) = (answer.status(), answer.body().as_str());
    let text = if body.is_empty() { status.canonical_reason().unwrap_or_default() } else { body };
    (code(status), text)
}

/// In the ranges that tell whether to come back.
fn code(status: StatusCode) -> CloseCode {
    const NEVER: u16 = 4500;
    const LATER: u16 = 4429;
    let code = match status.as_u16() {
        500.. => return CloseCode::TRY_AGAIN,
        408 | 425 | 429 => LATER,
        status => NEVER + status.saturating_sub(400),
    };
    CloseCode::new(code).unwrap_or(CloseCode::POLICY)
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::close_of;

    #[test]
    fn codes_tell_whether_to_come_back() {
        for (status, body, expected) in [
            (403, "", (4503, "Forbidden")),
            (401, "log in first", (4501, "log in first")),
            (429, "", (4429, "Too Many Requests")),
            (503, "too many connections", (1013, "too many connections")),
            (500, "", (1013, "Internal Server Error")),
            (302, "", (4500, "Found")),
            (499, "", (4599, "")),
        ] {
            let answer = Response::builder().status(status).body(body.to_owned()).unwrap();
            let (code, text) = close_of(&answer);
            assert_eq!((code.get(), text), expected);
        }
    }
}
