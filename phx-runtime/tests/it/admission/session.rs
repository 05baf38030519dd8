//! The session of the application's pages.

use phx_runtime::{
    Endpoint, json,
    options::{CheckOrigin, LongPollOptions, Mount, SessionOptions, WebSocketOptions},
    server::BuildError,
    session_cookie::Session,
};

use crate::{
    admission::server::{User, info, serve},
    support::raw_client::SOCKET,
};

const SECRET: &str = "at least twenty bytes of secret";

fn options() -> SessionOptions {
    SessionOptions::new("_app_key")
}

fn mount(options: WebSocketOptions) -> Mount {
    Mount::new("/socket").websocket(options)
}

/// Cookie and CSRF token of a new session, as a page has them.
fn page(options: &SessionOptions) -> (String, String) {
    let mut session = Session::new();
    session.insert("from_session", "123");
    let token = options.csrf_token(&mut session).unwrap();
    let cookie = options.set_cookie(&session, SECRET).unwrap();
    (cookie.to_str().unwrap().split(';').next().unwrap().to_owned(), token)
}

#[tokio::test]
async fn a_session_needs_its_cookie_and_the_token_that_belongs_to_it() {
    let at = serve(Endpoint::builder().session(options()).socket::<User>()).await;
    let (cookie, token) = page(&options());
    let (_, foreign) = page(&options());
    let with_token = format!("{SOCKET}&_csrf_token={token}");
    // Any number of times.
    for _ in 0..2 {
        let seen = info(at, &with_token, &[("Cookie", &cookie)]).await;
        assert_eq!(seen["session"]["from_session"], "123");
    }
    let other = format!("a=b; {cookie}");
    let seen = info(at, &with_token, &[("Cookie", &other)]).await;
    assert_eq!(seen["session"]["from_session"], "123");

    let changed = format!("{cookie}x");
    for (target, cookies) in [
        (with_token.clone(), &[][..]),
        (with_token, &[("Cookie", &*changed)]),
        (SOCKET.to_owned(), &[("Cookie", &*cookie)]),
        (format!("{SOCKET}&_csrf_token=bad"), &[("Cookie", &*cookie)]),
        (format!("{SOCKET}&_csrf_token={foreign}"), &[("Cookie", &*cookie)]),
    ] {
        let seen = info(at, &target, cookies).await;
        assert_eq!(seen["session"], json!(null), "{target} {cookies:?}");
    }
}

#[tokio::test]
async fn without_the_check_the_cookie_is_enough() {
    let mount = mount(WebSocketOptions::new().check_csrf(false)).session(options());
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    let (cookie, _) = page(&options());
    let seen = info(at, SOCKET, &[("Cookie", &cookie)]).await;
    assert_eq!(seen["session"]["from_session"], "123");
}

#[tokio::test]
async fn the_session_may_keep_its_csrf_state_under_another_key() {
    let custom = options().csrf_key("_state");
    let mount = mount(WebSocketOptions::new()).session(custom.clone());
    let at = serve(Endpoint::builder().socket_at::<User>(mount)).await;
    for (page, known) in [(page(&custom), true), (page(&options()), false)] {
        let (cookie, token) = page;
        let target = format!("{SOCKET}&_csrf_token={token}");
        let seen = info(at, &target, &[("Cookie", &cookie)]).await;
        assert_eq!(seen["session"].is_object(), known);
    }
}

#[tokio::test]
async fn a_mount_may_have_a_session_of_its_own() {
    let own = SessionOptions::new("_admin_key");
    let at = serve(
        Endpoint::builder()
            .session(options())
            .socket_at::<User>(mount(WebSocketOptions::new()).session(own.clone())),
    )
    .await;
    for (page, known) in [(page(&own), true), (page(&options()), false)] {
        let (cookie, token) = page;
        let target = format!("{SOCKET}&_csrf_token={token}");
        let seen = info(at, &target, &[("Cookie", &cookie)]).await;
        assert_eq!(seen["session"].is_object(), known);
    }
}

#[tokio::test]
async fn without_options_there_is_no_session() {
    let at = serve(Endpoint::builder().socket::<User>()).await;
    let (cookie, token) = page(&options());
    let target = format!("{SOCKET}&_csrf_token={token}");
    assert_eq!(info(at, &target, &[("Cookie", &cookie)]).await["session"], json!(null));
}

#[test]
fn a_session_that_every_page_of_the_web_could_use_is_refused_at_start() {
    let open = || WebSocketOptions::new().check_csrf(false).check_origin(CheckOrigin::ANY);
    let build =
        |builder: phx_runtime::server::Builder, mount| builder.socket_at::<User>(mount).build();
    let refused = |result: Result<Endpoint, BuildError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, BuildError::UnprotectedSession { .. }), "{error}");
        assert!(error.to_string().contains("\"/socket\""), "{error}");
    };
    refused(build(Endpoint::builder(), mount(open()).session(options())));
    refused(build(Endpoint::builder().session(options()), mount(open())));
    // The endpoint's own setting counts where the transport has none.
    let no_csrf = || WebSocketOptions::new().check_csrf(false);
    let any = || Endpoint::builder().session(options()).check_origin(CheckOrigin::ANY);
    refused(build(any(), mount(no_csrf())));
    let polls = LongPollOptions::new().check_csrf(false);
    refused(build(any(), mount(WebSocketOptions::new()).longpoll(polls)));

    // Each of these is protected by something, or has nothing to protect.
    build(Endpoint::builder(), mount(open())).unwrap();
    build(any(), mount(WebSocketOptions::new())).unwrap();
    build(Endpoint::builder().session(options()), mount(no_csrf())).unwrap();
    let listed = no_csrf().check_origin(CheckOrigin::list(["//example.com"]));
    build(any(), mount(listed)).unwrap();
}

#[test]
fn a_cookie_that_no_browser_takes_is_refused_at_start() {
    let bad = Endpoint::builder().session(SessionOptions::new("my key"));
    let error = bad.socket::<User>().build().unwrap_err();
    assert!(matches!(error, BuildError::SessionCookie { .. }), "{error}");
}

#[test]
fn a_subprotocol_that_no_client_can_offer_is_refused_at_start() {
    let options = WebSocketOptions::new().subprotocols(["foo, bar"]);
    let error = Endpoint::builder().socket_at::<User>(mount(options)).build().unwrap_err();
    assert!(matches!(error, BuildError::Subprotocol { .. }), "{error}");
}
