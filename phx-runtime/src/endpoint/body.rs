//! Reading the body of a request, up to a limit.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(10);

/// How long the rest of a body that is too large is read and thrown away. A client that is still
/// sending when the connection is closed would not see the answer.
const LINGER: Duration = Duration::from_secs(5);

/// A body that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It has more bytes than allowed.
    TooLarge,
    /// The client broke off or paused for too long.
    Incomplete,
}

/// The whole body. What counts is what comes, not what `Content-Length` says, which chunked bodies
/// do not have.
pub(super) async fn read<S, B, E>(body: S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut body = std::pin::pin!(body);
    let mut whole = Gathered::default();
    loop {
        match timeout(PAUSE, body.next()).await {
            Ok(None) => return Ok(whole.into_bytes()),
            Ok(Some(Ok(mut part))) if part.remaining() <= limit - whole.len() => {
                whole.push(part.copy_to_bytes(part.remaining()));
            }
            Ok(Some(Ok(_))) => break,
            Ok(Some(Err(_))) | Err(_) => return Err(BodyError::Incomplete),
        }
    }
    drop(whole);
    let _ = timeout(LINGER, async { while let Some(Ok(_)) = body.next().await {} }).await;
    Err(BodyError::TooLarge)
}

/// Bytes that are copied together only if they come in several parts.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    all: BytesMut,
}

impl Gathered {
    fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    fn push(&mut self, part: Bytes) {
        if self.len() == 0 {
            self.first = part;
            return;
        }
        if !self.first.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&part);
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::{Stream, StreamExt, stream};
    use tokio::time::Instant;

    use super::{BodyError, PAUSE, read};

    fn parts(parts: &[&'static str]) -> impl Stream<Item = Result<Bytes, ()>> + use<> {
        let parts: Vec<_> =
            parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
        stream::iter(parts)
    }

    #[tokio::test]
    async fn a_body_comes_whole_in_however_many_parts() {
        for body in [&["abcd"][..], &["ab", "", "cd"], &["", "abc", "d"], &["a", "b", "c", "d"]] {
            assert_eq!(read(parts(body), 4).await.unwrap(), "abcd");
        }
        assert_eq!(read(parts(&[]), 0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_wherever_it_is_cut() {
        for body in [&["abcde"][..], &["abcd", "e"], &["a", "bcde", "f"]] {
            assert_eq!(read(parts(body), 4).await, Err(BodyError::TooLarge));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_in_the_middle_is_not_waited_for() {
        let start = Instant::now();
        let stalled = parts(&["ab"]).chain(stream::pending());
        assert_eq!(read(stalled, 4).await, Err(BodyError::Incomplete));
        assert!(start.elapsed() < PAUSE + Duration::from_secs(1));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(())]);
        assert_eq!(read(broken, 4).await, Err(BodyError::Incomplete));
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_body_is_not_read_for_ever() {
        let endless = parts(&["abcde"]).chain(stream::pending());
        assert_eq!(read(endless, 4).await, Err(BodyError::TooLarge));
    }
}
