//! Tokens and session cookies.

use std::{
    num::NonZeroU32,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phx_runtime::phoenix::{KeyDigest, MaxAge, SessionCookie, Term, Token, TokenError, csrf};
use serde_json::Value;

use crate::{
    notation,
    report::Report,
    sample::{Checked, Failure, ensure, list, text},
};

pub(crate) fn check(file: &Value, report: &mut Report) -> Checked {
    for sample in list(file, "samples") {
        let checked = if text(sample, "kind")?.starts_with("cookie") {
            check_cookie(sample)
        } else {
            check_token(sample)
        };
        report.add(text(sample, "id")?, checked);
    }
    for altered in list(file, "altered") {
        let (of, how) = (text(altered, "of")?, text(altered, "how")?);
        let sample = list(file, "samples").iter().find(|sample| sample["id"] == of);
        report.add(&format!("{of}, {how}"), check_altered(altered, sample));
    }
    Ok(())
}

/// Options of Elixir, such as `signed_at: 1700000000, max_age: :infinity`.
struct Options<'a>(&'a str);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let options = self.0.split(',').filter_map(|option| option.split_once(": "));
        options
            .map(|(key, value)| (key.trim(), value.trim()))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let number = self.get(name).map(|number| number.replace('_', "").parse());
        number.transpose().map_err(|_| format!("{name} is no number").into())
    }

    fn digest(&self) -> Result<KeyDigest, Failure> {
        match self.get("key_digest") {
            None | Some(":sha256") => Ok(KeyDigest::Sha256),
            Some(":sha224") => Ok(KeyDigest::Sha224),
            Some(":sha384") => Ok(KeyDigest::Sha384),
            Some(":sha512") => Ok(KeyDigest::Sha512),
            Some(":sha") => Ok(KeyDigest::Sha1),
            Some(other) => Err(format!("an unknown digest {other}").into()),
        }
    }

    fn max_age(&self) -> Result<Option<MaxAge>, Failure> {
        self.get("max_age").map(max_age).transpose()
    }

    /// Tokens with these options, but for `max_age`.
    fn tokens(&self, sample: &Value) -> Result<Token, Failure> {
        let (secret, salt) = (text(sample, "secret_key_base")?, text(sample, "salt")?);
        let mut tokens = Token::new(secret, salt).key_digest(self.digest()?);
        if let Some(iterations) = self.number::<NonZeroU32>("key_iterations")? {
            tokens = tokens.key_iterations(iterations);
        }
        if let Some(length) = self.number("key_length")? {
            tokens = tokens.key_length(length);
        }
        match self.number::<f64>("signed_at")? {
            Some(seconds) => Ok(tokens.at(UNIX_EPOCH + Duration::from_secs_f64(seconds))),
            None => Ok(tokens),
        }
    }
}

fn max_age(option: &str) -> Result<MaxAge, Failure> {
    if option == ":infinity" {
        return Ok(MaxAge::Infinity);
    }
    // Less than nothing is as little as nothing.
    let seconds = option.replace('_', "").parse::<f64>()?.max(0.0);
    Ok(MaxAge::After(Duration::try_from_secs_f64(seconds)?))
}

fn with_max_age(tokens: &Token, age: Option<MaxAge>) -> Token {
    age.map_or_else(|| tokens.clone(), |age| tokens.clone().max_age(age))
}

fn time(milliseconds: &Value) -> Option<SystemTime> {
    milliseconds.as_u64().map(|ms| UNIX_EPOCH + Duration::from_millis(ms))
}

fn read(kind: &str, tokens: &Token, token: Option<&str>) -> Result<Term, TokenError> {
    if kind == "encrypt" { tokens.decrypt(token) } else { tokens.verify(token) }
}

fn verdict(result: &Result<Term, TokenError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(TokenError::Expired) => "expired",
        Err(TokenError::Missing) => "missing",
        Err(_) => "invalid",
    }
}

fn check_token(sample: &Value) -> Checked {
    let (kind, token) = (text(sample, "kind")?, text(sample, "token")?);
    let options = Options(text(sample, "options_in_elixir")?);
    let tokens = options.tokens(sample)?;
    let data = notation::term(&sample["decoded"])?;

    let forever = tokens.clone().max_age(MaxAge::Infinity);
    let held = read(kind, &forever, Some(token))?;
    ensure(held == data, || format!("holds {held:?} instead of {data:?}"))?;

    for check in list(sample, "checks") {
        let age = check["max_age_option"].as_str().map(max_age).transpose()?;
        let now = time(&check["now_ms"]).ok_or("a check without time")?;
        let result = read(kind, &with_max_age(&tokens, age).at(now), Some(token));
        ensure(check["result"] == verdict(&result), || {
            format!("{result:?} instead of the result of {check}")
        })?;
    }

    let maker = with_max_age(&tokens, options.max_age()?);
    let maker = time(&sample["signed_at_ms"]).map_or(maker.clone(), |time| maker.at(time));
    if kind == "encrypt" {
        let held: Term = forever.decrypt(&*maker.encrypt(&data)?)?;
        return ensure(held == data, || format!("comes back as {held:?}"));
    }
    let made = maker.sign(&data)?;
    let (plain, term) = (signed_part(token)?, notation::term(&sample["term"])?);
    let made_plain = signed_part(&made)?;
    for plain in [&plain, &made_plain] {
        let held = Term::decode(plain.clone())?;
        ensure(held == term, || format!("holds {held:?} instead of {term:?}"))?;
    }
    // Of two forms of a term only one is made here.
    ensure(made == token || made_plain != plain, || format!("another signature: {made}"))
}

/// The term inside of what is signed.
fn signed_part(token: &str) -> Result<Vec<u8>, Failure> {
    let plain = token.split('.').nth(1).ok_or("three parts")?;
    Ok(URL_SAFE_NO_PAD.decode(plain)?)
}

/// The cookies of a sample; the salts are of one kind or of both.
fn cookies(sample: &Value) -> Result<SessionCookie, Failure> {
    let secret = text(sample, "secret_key_base")?;
    let options = Options(sample["options_in_elixir"].as_str().unwrap_or_default());
    let salt = |name| text(sample, name).or_else(|_| text(sample, "salt"));
    let mut cookies = if text(sample, "kind")? == "cookie_encrypted" {
        SessionCookie::encrypted(secret, salt("encryption_salt")?)
    } else {
        SessionCookie::signed(secret, salt("signing_salt")?)
    };
    cookies = cookies.key_digest(options.digest()?);
    if let Some(iterations) = options.number::<NonZeroU32>("key_iterations")? {
        cookies = cookies.key_iterations(iterations);
    }
    if let Some(length) = options.number("key_length")? {
        cookies = cookies.key_length(length);
    }
    Ok(cookies)
}

fn check_cookie(sample: &Value) -> Checked {
    let (cookies, value) = (cookies(sample)?, text(sample, "cookie")?);
    let data = notation::term(&sample["decoded"])?;
    let session: Term = cookies.read(value).ok_or("is no session")?;
    ensure(session == data, || format!("holds {session:?} instead of {data:?}"))?;

    let made = cookies.write(&data)?;
    let session: Term = cookies.read(&made).ok_or("comes back as no session")?;
    ensure(session == data, || format!("comes back as {session:?}"))?;
    if text(sample, "kind")? == "cookie_signed" {
        let same = made == value || signed_part(&made)? != signed_part(value)?;
        ensure(same, || format!("another signature: {made}"))?;
    }

    let state = session.as_map().and_then(|session| session.get_text(csrf::SESSION_KEY));
    let state = state.and_then(Term::as_text).unwrap_or_default();
    for (name, belongs) in [("csrf_tokens_that_match", true), ("csrf_tokens_that_do_not", false)] {
        for token in list(sample, name).iter().filter_map(Value::as_str) {
            let found = csrf::belongs(token, state);
            ensure(found == belongs, || format!("the CSRF token {token} belongs: {found}"))?;
        }
    }
    match csrf::masked(state)? {
        Some(token) => ensure(csrf::belongs(&token, state), || format!("made {token}")),
        None => Ok(()),
    }
}

/// As of the time when the sample was checked.
fn check_altered(altered: &Value, sample: Option<&Value>) -> Checked {
    let (kind, expected) = (text(altered, "kind")?, text(altered, "result")?);
    if kind.starts_with("cookie") {
        let value = altered["cookie"].as_str().or(altered["token"].as_str()).unwrap_or_default();
        let session: Option<Term> = cookies(altered)?.read(value);
        let good = session.is_some() == (expected == "ok");
        return ensure(good, || format!("{session:?} instead of {expected}"));
    }
    let options = Options(text(altered, "options_in_elixir")?);
    let tokens = with_max_age(&options.tokens(altered)?, options.max_age()?);
    let checked = sample.and_then(|sample| list(sample, "checks").last());
    let now = checked.and_then(|check| time(&check["now_ms"])).unwrap_or_else(SystemTime::now);
    let result = read(kind, &tokens.at(now), altered["token"].as_str());
    ensure(verdict(&result) == expected, || format!("{result:?} instead of {expected}"))
}
