//! JSON that fits into no type of Rust.

use phx_runtime::{channel::PayloadErrorKind, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::support::{
    everybody::{Open, User},
    raw_client::{RawClient, TEXT},
    server::serve,
};

#[derive(Deserialize, Serialize)]
struct AsWritten {
    value: Box<RawValue>,
}

#[derive(Deserialize, Serialize)]
struct Parsed {
    value: Value,
}

struct Room;

impl Open for Room {}

#[channel("room")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("as_written")]
    fn as_written(&self, payload: AsWritten) -> Reply {
        Reply::ok(payload)
    }

    #[handle_in("parsed")]
    fn parsed(&self, payload: Parsed) -> Reply {
        Reply::ok(payload)
    }
}

#[tokio::test]
async fn a_raw_value_keeps_digits_and_depth_that_a_parsed_one_has_not() {
    let endpoint = Endpoint::builder().socket::<User<Room>>().build().unwrap();
    let mut client = RawClient::joined(serve(&endpoint).await, "room").await;
    let number = "123456789012345678901234567890.12345678901234567890";
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    for value in [number, &deep] {
        let message = format!(r#"["1","2","room","as_written",{{"value":{value}}}]"#);
        client.send(TEXT, message.as_bytes()).await;
        let reply = client.frame().await.unwrap();
        assert!(reply.text().ends_with(&format!(r#"{{"value":{value}}}}}]"#)), "{reply:?}");
        client.send(TEXT, message.replace("as_written", "parsed").as_bytes()).await;
        let reply = client.frame().await.unwrap();
        assert!(!reply.text().contains(value), "{reply:?}");
        assert_eq!(reply.text().contains("invalid payload"), value == deep, "{reply:?}");
    }
}

#[test]
fn an_error_about_a_payload_tells_whether_its_form_or_its_content_is_wrong() {
    let kind = |payload: Payload| payload.decode::<u32>().unwrap_err().kind();
    assert_eq!(kind(Payload::binary(&b"1"[..])), PayloadErrorKind::Form);
    assert_eq!(kind(Payload::json("one").unwrap()), PayloadErrorKind::Content);
    let text = Payload::json("one").unwrap();
    assert_eq!(text.decode::<Binary>().unwrap_err().kind(), PayloadErrorKind::Form);
    assert_eq!(Params::default().decode::<(u8,)>().unwrap_err().kind(), PayloadErrorKind::Content);
}
