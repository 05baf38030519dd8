//! Reading the body of a request, up to a limit.

use std::{pin::Pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(10);

/// How much of the rest of a body that is too large is read, and how long its client is waited for.
/// One that is still sending when its connection is closed would not see the answer: it gets the
/// time to read it, also when no more is read of what it sends.
const LINGER: (usize, Duration) = (1 << 20, Duration::from_secs(5));

/// A body that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It has more bytes than allowed.
    TooLarge,
    /// The client broke off or paused for too long.
    Incomplete,
}

/// Marks the answer to a request whose body was read to its end, which the HTTP library does not tell.
#[derive(Clone, Copy)]
pub(super) struct WholeBody;

/// The whole body.
///
/// One that is too large is an error as soon as that is known: from `announced`, which is what its
/// `Content-Length` says, or else from what has come. The rest is thrown away in the background, so
/// that the client can be answered before it has sent it.
pub(crate) async fn read<S, B, E>(
    body: S,
    announced: Option<u64>,
    limit: usize,
) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: Buf + Send + 'static,
    E: Send + 'static,
{
    let mut body = Box::pin(body);
    if announced.is_some_and(|length| length > limit as u64) {
        tokio::spawn(linger(body));
        return Err(BodyError::TooLarge);
    }
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
    tokio::spawn(linger(body));
    Err(BodyError::TooLarge)
}

/// Holds on to a connection whose body nobody wants.
async fn linger<S, B, E>(mut body: Pin<Box<S>>)
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let (most, time) = LINGER;
    let rest = async {
        let mut taken = 0;
        while let Some(Ok(length)) = body.next().await.map(|part| part.map(|it| it.remaining())) {
            taken += length;
            if taken >= most {
                return std::future::pending().await;
            }
        }
    };
    let _ = timeout(time, rest).await;
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
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use bytes::Bytes;
    use futures_util::{Stream, StreamExt, stream};
    use tokio::time::Instant;

    use super::{BodyError, LINGER, PAUSE, read};

    fn parts(parts: &[&'static str]) -> impl Stream<Item = Result<Bytes, ()>> + use<> {
        let parts: Vec<_> =
            parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
        stream::iter(parts)
    }

    #[tokio::test]
    async fn a_body_comes_whole_in_however_many_parts() {
        for body in [&["abcd"][..], &["ab", "", "cd"], &["", "abc", "d"], &["a", "b", "c", "d"]] {
            assert_eq!(read(parts(body), None, 4).await.unwrap(), "abcd");
        }
        assert_eq!(read(parts(&[]), None, 0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_above_the_limit_is_refused_wherever_it_is_cut() {
        for body in [&["abcde"][..], &["abcd", "e"], &["a", "bcde", "f"]] {
            assert_eq!(read(parts(body), None, 4).await, Err(BodyError::TooLarge));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_in_the_middle_is_not_waited_for() {
        let start = Instant::now();
        let stalled = parts(&["ab"]).chain(stream::pending());
        assert_eq!(read(stalled, None, 4).await, Err(BodyError::Incomplete));
        assert!(start.elapsed() < PAUSE + Duration::from_secs(1));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(())]);
        assert_eq!(read(broken, None, 4).await, Err(BodyError::Incomplete));
    }

    /// Parts without end, and how many bytes of them have been taken.
    fn endless() -> (impl Stream<Item = Result<Bytes, ()>> + use<>, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = taken.clone();
        let parts = stream::repeat_with(move || {
            count.fetch_add(1000, Ordering::Relaxed);
            Ok(Bytes::from_static(&[b'x'; 1000]))
        });
        (parts, taken)
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_body_is_answered_at_its_limit_and_read_no_further_than_the_next() {
        let (body, taken) = endless();
        assert_eq!(read(body, None, 4000).await, Err(BodyError::TooLarge));
        assert_eq!(taken.load(Ordering::Relaxed), 5000);
        tokio::time::sleep(2 * LINGER.1).await;
        let taken = taken.load(Ordering::Relaxed);
        assert!((LINGER.0..LINGER.0 + 7000).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_says_it_is_too_large_is_answered_before_any_of_it_is_read() {
        let (body, taken) = endless();
        assert_eq!(read(body, Some(4001), 4000).await, Err(BodyError::TooLarge));
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
