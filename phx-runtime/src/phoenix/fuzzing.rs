//! What holds for any bytes that came from a Phoenix node, or pretend to, as functions that panic
//! where it does not; see [`crate::fuzzing`].

use std::sync::LazyLock;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    Content, FromJsonError, Limits, MaxAge, PubSubMessage, SessionCookie, Term, Token, TokenError,
    TrackerMessage, csrf, envelope, from_term, to_term,
};

const SECRET: &str = "a secret that the fuzzer does not know";

static TOKENS: LazyLock<Token> =
    LazyLock::new(|| Token::new(SECRET, "user socket").max_age(MaxAge::Infinity));
static SIGNED: LazyLock<SessionCookie> = LazyLock::new(|| SessionCookie::signed(SECRET, "signed"));
static ENCRYPTED: LazyLock<SessionCookie> =
    LazyLock::new(|| SessionCookie::encrypted(SECRET, "encrypted"));

/// Terms: what is read is written to the same; what has JSON has valid one.
pub fn terms(bytes: &[u8]) {
    let limits = Limits { max_bytes: 1 << 20, max_terms: 10_000 };
    if let Ok(term) = Term::decode_within(bytes.to_vec(), limits) {
        term_in_all_forms(&term);
    }
    if let Ok(json) = str::from_utf8(bytes) {
        from_json(json);
    }
}

fn term_in_all_forms(term: &Term) {
    let written = term.encode();
    assert_eq!(Term::decode(written.clone()).as_ref(), Ok(term));
    assert_eq!(from_term::<Term>(term).as_ref(), Ok(term));
    assert_eq!(to_term(term).as_ref(), Ok(term));
    let _ = from_term::<Value>(term);
    if let Ok(json) = term.to_json() {
        // The reader of JSON goes less deep than terms may be.
        let too_deep = json.matches(['[', '{']).count() > 127;
        let valid = serde_json::from_str::<IgnoredAny>(&json).is_ok();
        assert!(valid || too_deep, "{json}");
        if valid {
            from_json(&json);
        }
    }
    if let Ok(Some(message)) = PubSubMessage::from_term(term.clone()) {
        let again = PubSubMessage::from_term(message.to_term());
        assert_eq!(again.ok().flatten().as_ref(), Some(&message));
        if let (Content::Broadcast(_), Ok(bytes)) = (&message.content, message.encode()) {
            assert_eq!(PubSubMessage::decode(bytes).ok().flatten(), Some(message));
        }
    }
    if let Ok(message) = TrackerMessage::from_term(term) {
        assert_eq!(TrackerMessage::from_term(&message.to_term()), Ok(message));
    }
}

fn from_json(json: &str) {
    let valid = serde_json::from_str::<IgnoredAny>(json).is_ok();
    match Term::from_json(json) {
        Ok(term) => {
            assert!(valid);
            let Ok(again) = term.to_json() else { panic!("no JSON: {term:?}") };
            assert_eq!(Term::from_json(&again).ok().as_ref(), Some(&term));
            assert_eq!(Term::decode(term.encode()), Ok(term));
        }
        Err(FromJsonError::Number) => assert!(valid),
        Err(FromJsonError::Syntax(_)) => assert!(!valid),
    }
}

/// Messages of trackers.
#[cfg(any(all(test, feature = "redis"), fuzzing))]
pub fn trackers(bytes: &[u8]) {
    super::tracker::fuzzing::messages(bytes);
}

/// Tokens: nothing is accepted but what was made with the secret, and that whatever is inside.
pub fn tokens(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        assert_eq!(TOKENS.verify::<Term>(text), Err(TokenError::Invalid));
        assert_eq!(TOKENS.decrypt::<Term>(text), Err(TokenError::Invalid));
    }
    let Ok(key) = TOKENS.signing_key() else { panic!("the secret is long enough") };
    let signed = envelope::sign(key, bytes);
    let Some(Ok(encrypted)) = envelope::encrypt(key, bytes) else { panic!("a key of 32 bytes") };
    let verified = TOKENS.verify::<Term>(&*signed);
    assert_eq!(verified, TOKENS.decrypt::<Term>(&*encrypted));
    if let Ok(value) = verified {
        let Ok(token) = TOKENS.sign(&value) else { panic!("a term can be signed") };
        assert_eq!(TOKENS.verify::<Term>(&*token), Ok(value));
    }
    let Some(keys) = TOKENS.accepted_keys().ok() else { panic!("the secret is long enough") };
    changed(&signed, bytes, |text| envelope::verify(keys, text));
    changed(&encrypted, bytes, |text| envelope::decrypt(keys, text));
}

/// A character of the text becomes another one: nothing is read then, or what was there.
fn changed(text: &str, plain: &[u8], read: impl Fn(&str) -> Option<Vec<u8>>) {
    assert_eq!(read(text).as_deref(), Some(plain));
    let [at, to, ..] = plain else { return };
    let at = usize::from(*at) % text.len();
    let mut changed = text.to_owned();
    changed.replace_range(at..=at, char::from(to & 0x7f).encode_utf8(&mut [0; 4]));
    if let Some(read) = read(&changed) {
        assert_eq!(read, plain, "{changed}");
    }
}

/// Session cookies and CSRF tokens: as tokens.
pub fn cookies(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    assert_eq!(SIGNED.read::<Term>(text), None);
    assert_eq!(ENCRYPTED.read::<Term>(text), None);

    let session = Term::decode(bytes.to_vec()).ok().or_else(|| Term::from_json(text).ok());
    for cookies in [&*SIGNED, &*ENCRYPTED] {
        let Some(session) = &session else { continue };
        let Ok(value) = cookies.write(session) else { continue };
        assert_eq!(cookies.read::<Term>(&value).as_ref(), Some(session));
    }

    let Some((state, token)) = text.split_at_checked(24) else { return };
    let _ = csrf::belongs(token, state);
    match csrf::masked(state) {
        Ok(Some(token)) => assert!(csrf::belongs(&token, state), "{token} of {state}"),
        Ok(None) => panic!("{state} has 24 bytes"),
        Err(error) => panic!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_term_is_written_to_the_same(bytes in term_like()) {
            super::terms(&bytes);
        }

        #[cfg(feature = "redis")]
        #[test]
        fn trackers_are_never_led_astray(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            super::trackers(&bytes);
        }

        #[test]
        fn any_json_is_a_term(json in "[\\[\\]{},:\"\\\\0-9.eE+\\- a-cntrulfs]{0,20}") {
            super::terms(json.as_bytes());
        }

        #[test]
        fn no_token_is_accepted_but_the_servers_own(bytes in term_like()) {
            super::tokens(&bytes);
        }

        #[test]
        fn no_cookie_is_accepted_but_the_servers_own(text in ".{0,60}") {
            super::cookies(text.as_bytes());
        }
    }

    /// Terms of all kinds inside of each other, and some bytes that are none.
    fn term_like() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop_oneof![
            any::<u8>().prop_map(|byte| vec![97, byte]),
            any::<i32>().prop_map(|int| [&[98][..], &int.to_be_bytes()].concat()),
            any::<f64>().prop_map(|float| [&[70][..], &float.to_be_bytes()].concat()),
            "[a-cé]{0,3}".prop_map(|text| tagged(&[119, length(&text)], text.as_bytes())),
            "[a-cé]{0,3}".prop_map(|text| tagged(&[109, 0, 0, 0, length(&text)], text.as_bytes())),
            prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| {
                tagged(&[110, u8::try_from(bytes.len()).unwrap(), 1], &bytes)
            }),
            Just(vec![119, 3, b'n', b'i', b'l']),
            Just(tagged(&[119, 10], b"__struct__")),
            Just(b"\x58\x77\x01a\0\0\0\x01\0\0\0\x02\0\0\0\x03".to_vec()),
            Just(b"\x4d\0\0\0\x01\x03\xa0".to_vec()),
            Just(vec![107, 0, 2, 1, 2]),
            Just(vec![106]),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        let inside = leaf.prop_recursive(4, 40, 6, |inner| {
            let some = prop::collection::vec(inner, 0..6);
            prop_oneof![
                some.clone().prop_map(|parts| container(&[104], &parts, 1, &[])),
                some.clone().prop_map(|parts| container(&[108, 0, 0, 0], &parts, 1, &[106])),
                some.clone().prop_map(|parts| container(&[108, 0, 0, 0], &parts, 1, &[])),
                some.prop_map(|parts| container(&[116, 0, 0, 0], &parts, 2, &[])),
            ]
        });
        inside.prop_map(|term| [vec![131], term].concat())
    }

    fn length(text: &str) -> u8 {
        u8::try_from(text.len()).unwrap()
    }

    fn tagged(tag: &[u8], bytes: &[u8]) -> Vec<u8> {
        [tag, bytes].concat()
    }

    fn container(tag: &[u8], parts: &[Vec<u8>], each: usize, end: &[u8]) -> Vec<u8> {
        let count = u8::try_from(parts.len() / each).unwrap();
        [tag, &[count], &parts.concat(), end].concat()
    }
}
