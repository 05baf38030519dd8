//! A stream that is encrypted.
//!
//! rustls can be given the bytes where they are, which costs an idle connection no buffers: what is
//! read and written goes through buffers of the thread, and only what the other end has not sent or
//! taken in whole is kept with the connection.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    Error, ServerConfig,
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{
        ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
    },
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read or encrypted at once.
const PIECE: usize = 64 * 1024;

/// What is not whole is at most a message of the handshake; rustls takes none that is larger, and its
/// records are smaller.
const LARGEST: usize = 64 * 1024;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE]);
    static ENCRYPTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The server's end of an encrypted stream.
pub(in crate::server) struct TlsStream<S> {
    inner: S,
    session: UnbufferedServerConnection,
    /// What came and is not whole yet.
    incoming: Vec<u8>,
    plain: Queue,
    outgoing: Queue,
    has_client_closed: bool,
    has_closed: bool,
}

/// Bytes that nobody has taken yet; no memory while there are none.
#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    taken: usize,
}

impl Queue {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken >= self.bytes.len() {
            *self = Self::default();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    pub(super) fn new(inner: S, config: Arc<ServerConfig>) -> io::Result<Self> {
        Ok(Self {
            inner,
            session: UnbufferedServerConnection::new(config).map_err(invalid)?,
            incoming: Vec::new(),
            plain: Queue::default(),
            outgoing: Queue::default(),
            has_client_closed: false,
            has_closed: false,
        })
    }

    pub(super) fn session(&self) -> &UnbufferedServerConnection {
        &self.session
    }

    /// Waits for the end of the handshake.
    pub(super) fn poll_handshake(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let sent = self.poll_send(task)?;
            if !self.session.is_handshaking() {
                // What the client may keep of the session goes with what is written next.
                return Poll::Ready(Ok(()));
            }
            ready!(sent);
            if ready!(self.poll_more(task, &mut ReadBuf::new(&mut [])))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Reads once. What is decrypted goes to `buffer`, and what it has no room for is kept.
    fn poll_more(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        READ.with_borrow_mut(|scratch| {
            let mut read = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.inner).poll_read(task, &mut read))?;
            let read = read.filled_mut();
            let count = read.len();
            let plain = &mut |plain: &mut Queue, decrypted: &[u8]| {
                let (now, later) = decrypted.split_at(decrypted.len().min(buffer.remaining()));
                buffer.put_slice(now);
                plain.bytes.extend_from_slice(later);
            };
            let worked = if self.incoming.is_empty() {
                self.work(read, plain, None).map(|used| read[used..].to_vec())
            } else {
                let mut incoming = std::mem::take(&mut self.incoming);
                incoming.extend_from_slice(read);
                self.work(&mut incoming, plain, None).map(|used| {
                    incoming.drain(..used);
                    // Its memory goes with its bytes.
                    if incoming.is_empty() { Vec::new() } else { incoming }
                })
            };
            match worked {
                Ok(rest) if rest.len() <= LARGEST => self.incoming = rest,
                Ok(_) => return Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
                Err(error) => {
                    self.tell_why(task);
                    return Poll::Ready(Err(invalid(error)));
                }
            }
            Poll::Ready(Ok(count))
        })
    }

    /// Has rustls work on what came, until it wants more or lets `write` write. Gives how much is used
    /// up.
    fn work(
        &mut self,
        tls: &mut [u8],
        read: &mut dyn FnMut(&mut Queue, &[u8]),
        mut write: Option<Write<'_>>,
    ) -> Result<usize, Error> {
        let mut used = 0;
        loop {
            let UnbufferedStatus { discard, state, .. } =
                self.session.process_tls_records(&mut tls[used..]);
            used += discard;
            match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        used += record.discard;
                        read(&mut self.plain, record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(data) => put(data, &mut self.outgoing.bytes)?,
                // It waits with what is to be sent.
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::WriteTraffic(mut traffic) => {
                    return match write.take() {
                        Some(write) => write(&mut traffic).map(|()| used),
                        None => Ok(used),
                    };
                }
                ConnectionState::PeerClosed => self.has_client_closed = true,
                ConnectionState::BlockedHandshake | ConnectionState::Closed => return Ok(used),
                state => return Err(Error::General(format!("unexpected {state:?}"))),
            }
        }
    }

    /// Has rustls write something behind all that it has to say itself. False if it may not.
    fn write(
        &mut self,
        encrypted: &mut Vec<u8>,
        encrypt: impl Fn(
            &mut WriteTraffic<'_, ServerConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> io::Result<Option<usize>> {
        let mut length = None;
        let mut incoming = std::mem::take(&mut self.incoming);
        let mut write = |traffic: &mut WriteTraffic<'_, ServerConnectionData>| {
            loop {
                match encrypt(traffic, encrypted) {
                    Ok(written) => {
                        length = Some(written);
                        return Ok(());
                    }
                    Err(EncryptError::InsufficientSize(size)) => {
                        encrypted.resize(size.required_size, 0);
                    }
                    Err(EncryptError::EncryptExhausted) => return Err(Error::EncryptError),
                }
            }
        };
        let keep = &mut |plain: &mut Queue, decrypted: &[u8]| {
            plain.bytes.extend_from_slice(decrypted);
        };
        let used = self.work(&mut incoming, keep, Some(&mut write)).map_err(invalid)?;
        incoming.drain(..used);
        self.incoming = incoming;
        Ok(length)
    }

    /// Waits until everything is handed over that was encrypted.
    fn poll_send(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let sent = Pin::new(&mut self.inner).poll_write(task, self.outgoing.rest());
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.outgoing.take(sent),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what is left in `encrypted`, and keeps what is not taken.
    fn send(&mut self, task: &mut Context<'_>, mut encrypted: &[u8]) -> io::Result<()> {
        // What rustls had to say comes before.
        while self.outgoing.is_empty() && !encrypted.is_empty() {
            match Pin::new(&mut self.inner).poll_write(task, encrypted)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(sent) => encrypted = &encrypted[sent..],
                Poll::Pending => break,
            }
        }
        self.outgoing.bytes.extend_from_slice(encrypted);
        Ok(())
    }

    /// Tells the client why it is not listened to any more, if that goes at once.
    fn tell_why(&mut self, task: &mut Context<'_>) {
        if let Ok(ConnectionState::EncodeTlsData(alert)) =
            self.session.process_tls_records(&mut []).state
            && put(alert, &mut self.outgoing.bytes).is_ok()
        {
            let _ = self.poll_send(task);
        }
    }
}

type Write<'a> =
    &'a mut dyn FnMut(&mut WriteTraffic<'_, ServerConnectionData>) -> Result<(), Error>;

fn put(
    mut data: EncodeTlsData<'_, ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    // Without room it tells how much it needs.
    let Err(EncodeError::InsufficientSize(size)) = data.encode(&mut []) else { return Ok(()) };
    let end = outgoing.len();
    outgoing.resize(end + size.required_size, 0);
    data.encode(&mut outgoing[end..]).map_err(|error| Error::General(error.to_string()))?;
    Ok(())
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            if !self.plain.is_empty() {
                let count = self.plain.rest().len().min(buffer.remaining());
                buffer.put_slice(&self.plain.rest()[..count]);
                self.plain.take(count);
            }
            let is_full = buffer.remaining() == 0;
            if is_full || buffer.filled().len() > before || self.has_client_closed {
                return Poll::Ready(Ok(()));
            }
            // A client that makes us answer, and takes no answers, is not read from.
            if self.poll_send(task)?.is_pending() && self.outgoing.rest().len() > LARGEST {
                return Poll::Pending;
            }
            if ready!(self.poll_more(task, buffer))? == 0 {
                // Whether that was all that the client had to say is not known.
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(task))?;
        let bytes = &bytes[..bytes.len().min(PIECE)];
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ENCRYPTED.with_borrow_mut(|encrypted| {
            let written = self.write(encrypted, |traffic, out| traffic.encrypt(bytes, out))?;
            let Some(written) = written else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            self.send(task, &encrypted[..written])?;
            Poll::Ready(Ok(bytes.len()))
        })
    }

    /// Small pieces go into one record.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut pieces = slices.iter().filter(|slice| !slice.is_empty());
        let Some(first) = pieces.next() else { return Poll::Ready(Ok(0)) };
        if first.len() >= PIECE || pieces.next().is_none() {
            return self.poll_write(task, first);
        }
        let mut gathered = Vec::new();
        for slice in slices {
            let room = PIECE - gathered.len();
            gathered.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        self.poll_write(task, &gathered)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(task))?;
        Pin::new(&mut self.inner).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.has_closed, true) {
            let mut notice = Vec::new();
            let close = |traffic: &mut WriteTraffic<'_, ServerConnectionData>, out: &mut [u8]| {
                traffic.queue_close_notify(out)
            };
            let written = self.write(&mut notice, close)?;
            self.outgoing.bytes.extend_from_slice(&notice[..written.unwrap_or_default()]);
        }
        ready!(self.poll_send(task))?;
        Pin::new(&mut self.inner).poll_shutdown(task)
    }
}
