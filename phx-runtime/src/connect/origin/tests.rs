use super::{CheckOrigin, Origin, OriginRule, OwnHost, Site};

fn rule(check: &CheckOrigin) -> OriginRule {
    OriginRule::new(check, &OwnHost::parse("localhost").unwrap()).unwrap()
}

fn allows(check: &CheckOrigin, origin: &str) -> bool {
    let site = Site { scheme: "http", host: "my.host", port: 4000 };
    rule(check).allows(Some(origin.as_bytes()), site)
}

#[test]
fn the_default_compares_the_host_alone() {
    for good in ["http://localhost", "https://localhost:1234", "http://localhost:80"] {
        assert!(allows(&CheckOrigin::HOST, good), "{good}");
    }
    for bad in [
        "null",
        "",
        "file://",
        "http://evil.com",
        "http://localhost.evil.com",
        "localhost",
        "https://evil.com\\@localhost",
        "https://evil.com@localhost",
        "https://localhost/../evil.com",
        "http://localhost:x",
    ] {
        assert!(!allows(&CheckOrigin::HOST, bad), "{bad}");
    }
}

#[test]
fn the_request_itself_must_match_in_every_part() {
    let check = CheckOrigin::REQUEST;
    assert!(allows(&check, "http://my.host:4000"));
    for bad in ["http://my.host", "https://my.host:4000", "ws://my.host:4000", "http://host:4000"] {
        assert!(!allows(&check, bad), "{bad}");
    }
}

#[test]
fn a_list_names_scheme_and_port_where_they_matter() {
    let check = CheckOrigin::list([
        "https://example.com",
        "//another.com:888",
        "//*.wild.com",
        "http://port.com:8080",
        "//any.com",
    ]);
    for good in [
        "https://example.com",
        "https://example.com:443",
        "http://another.com:888",
        "https://wild.com",
        "http://a.b.wild.com:99",
        "http://port.com:8080",
        "https://any.com:1",
    ] {
        assert!(allows(&check, good), "{good}");
    }
    for bad in [
        "http://example.com",
        "https://example.com:444",
        "https://www.example.com",
        "https://another.com",
        "https://notwild.com",
        "http://port.com",
        "https://Example.com",
        "https://evil.com\\@example.com",
        "example.com",
        "https://",
    ] {
        assert!(!allows(&check, bad), "{bad}");
    }
}

#[test]
fn a_rule_of_the_application_is_asked_about_every_origin() {
    let files = CheckOrigin::with(|origin| origin.scheme() == Some("file"));
    assert!(allows(&files, "file://"));
    assert!(!allows(&files, "https://localhost"));
    let nowhere = CheckOrigin::with(|origin| origin.host().is_none());
    for hostless in ["null", "", "file://", "localhost", "https://evil.com@localhost"] {
        assert!(allows(&nowhere, hostless), "{hostless}");
    }
    let site = Site { scheme: "http", host: "x", port: 80 };
    let broken = CheckOrigin::with(|origin| origin.as_str() == "http://\u{fffd}");
    assert!(rule(&broken).allows(Some(b"http://\xff"), site));
}

#[test]
fn an_origin_is_read_as_browsers_write_it() {
    for (text, parts) in [
        ("https://a.com", (Some("https"), Some("a.com"), Some(443))),
        ("http://a.com:81", (Some("http"), Some("a.com"), Some(81))),
        ("http://[::1]:81", (Some("http"), Some("[::1]"), Some(81))),
        ("app://a", (Some("app"), Some("a"), None)),
        ("file://", (Some("file"), None, None)),
        ("https://a.com/b", (Some("https"), None, None)),
        ("null", (None, None, None)),
        ("", (None, None, None)),
    ] {
        let origin = Origin::new(text);
        assert_eq!((origin.scheme(), origin.host(), origin.port()), parts, "{text}");
        assert_eq!(origin.to_string(), text);
    }
}

#[test]
fn a_request_without_origin_is_no_page() {
    let site = Site { scheme: "http", host: "x", port: 80 };
    assert!(rule(&CheckOrigin::HOST).allows(None, site));
}

#[test]
fn without_a_host_every_name_of_the_machine_itself_is_its_own() {
    let rule = OriginRule::new(&CheckOrigin::HOST, &OwnHost::Loopback).unwrap();
    let allows = |origin: &str| {
        rule.allows(Some(origin.as_bytes()), Site { scheme: "http", host: "x", port: 80 })
    };
    for good in [
        "http://localhost:4000",
        "http://127.0.0.1:4000",
        "https://127.1.2.3",
        "http://[::1]:4000",
        "http://app.localhost",
    ] {
        assert!(allows(good), "{good}");
    }
    for bad in [
        "http://example.com",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.evil.com",
        "http://notlocalhost",
        "http://[::2]",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "null",
    ] {
        assert!(!allows(bad), "{bad}");
    }
    assert!(!OwnHost::Named("localhost".into()).is("127.0.0.1"));
}

#[test]
fn what_people_write_into_a_list_means_what_a_browser_sends() {
    for entry in [
        "https://example.com/",
        " https://example.com ",
        "HTTPS://Example.COM",
        "https://example.com:443",
        "//EXAMPLE.com/",
        "example.com",
    ] {
        assert!(allows(&CheckOrigin::list([entry]), "https://example.com"), "{entry}");
    }
}

#[test]
fn an_entry_that_no_browser_can_send_is_refused() {
    for (entry, problem) in [
        ("https://example.com/app", "path"),
        ("https://", "no host"),
        ("//", "no host"),
        ("", "no host"),
        ("*", "CheckOrigin::ANY"),
        ("null", "CheckOrigin::with"),
        ("https://*", "CheckOrigin::ANY"),
        ("https://a.*.com", "subdomains"),
        ("https//example.com", "no `:`"),
        ("://example.com", "scheme"),
        ("https://example.com:port", "port"),
        ("https://example.com:70000", "port"),
        ("https://me@example.com", "`@`"),
        ("https://exa mple.com", "` `"),
        ("https://bücher.example", "Punycode"),
        ("http://::1", "brackets"),
        ("http://[::0:1]", "[::1]"),
        ("http://[x]", "IPv6"),
        ("file://", "no host"),
    ] {
        let check = CheckOrigin::list(["https://good.com", entry]);
        let error = OriginRule::new(&check, &OwnHost::Loopback).unwrap_err();
        assert_eq!(error.entry, entry);
        assert!(error.problem.contains(problem), "{entry}: {}", error.problem);
    }
}

#[test]
fn a_host_is_a_name_alone() {
    for (text, name) in [
        ("Example.com ", "example.com"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
    ] {
        assert_eq!(OwnHost::parse(text).unwrap().name(), name);
    }
    for (text, problem) in [
        ("https://x", "without a scheme: \"x\""),
        ("//x/y", "without a scheme: \"x\""),
        ("x:4000", "without a port: \"x\""),
        ("x/y", "`/`"),
        ("*.example.com", "subdomains"),
        ("", "no host"),
        ("x:y", "a name"),
    ] {
        let error = OwnHost::parse(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
}
