//! The name under which browsers reach a server.

/// What can be a host's name: every text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no host name",
    label = "expected a text",
    note = "such as `host(\"chat.example.com\")`; where it may be missing, leave the call out then: without it pages of \
            the machine itself are accepted"
)]
pub trait HostName: Into<String> {}

#[diagnostic::do_not_recommend]
impl<T: Into<String>> HostName for T {}
