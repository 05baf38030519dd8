//! The encrypted stream with a client at its other end that has nothing in common with it but the
//! protocol.

use std::{io, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    version::{TLS12, TLS13},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::{TlsConnector, client};

use super::{Tls, TlsOptions, TlsVersion, handshake, stream::TlsStream};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

struct Ends {
    tls: Tls,
    client: Arc<ClientConfig>,
}

impl Ends {
    fn new(version: &'static SupportedProtocolVersion, minimum: TlsVersion) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
        let tls = TlsOptions::pem(certificate, key).minimum(minimum).build().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(ring::default_provider().into());
        let client = client.with_protocol_versions(&[version]).unwrap();
        Self { tls, client: client.with_root_certificates(roots).with_no_client_auth().into() }
    }

    /// Both ends, with so many bytes between them at most.
    async fn meet(
        &self,
        between: usize,
    ) -> io::Result<(client::TlsStream<DuplexStream>, TlsStream<DuplexStream>)> {
        let (client, server) = duplex(between);
        // Each tells the other what it does not like.
        let (client, server) = tokio::join!(self.connect(client), handshake(server, &self.tls));
        Ok((client?, server?.stream))
    }

    async fn connect(&self, stream: DuplexStream) -> io::Result<client::TlsStream<DuplexStream>> {
        let connector = TlsConnector::from(self.client.clone());
        connector.connect("localhost".try_into().unwrap(), stream).await
    }
}

/// Bytes that differ from their neighbours.
fn bytes(count: usize) -> Vec<u8> {
    (0..=250).cycle().take(count).collect()
}

#[tokio::test]
async fn bytes_arrive_in_both_directions_however_they_are_cut() {
    for version in VERSIONS {
        let ends = Ends::new(version, TlsVersion::V1_2);
        for between in [16, 1000, 100_000] {
            let sent = bytes(1000 * between.min(300));
            let (client, server) = duplex(between);
            // What an end has to say at the end of its handshake goes with what it says next.
            let ask = async {
                let mut client = ends.connect(client).await.unwrap();
                client.write_all(&sent).await.unwrap();
                client.flush().await.unwrap();
                let mut received = vec![0; sent.len()];
                client.read_exact(&mut received).await.unwrap();
                received
            };
            let answer = async {
                let mut server = handshake(server, &ends.tls).await.unwrap().stream;
                let mut received = vec![0; sent.len()];
                server.read_exact(&mut received).await.unwrap();
                server.write_all(&received).await.unwrap();
                server.flush().await.unwrap();
                server
            };
            let (received, _server) = tokio::join!(ask, answer);
            assert!(received == sent);
        }
    }
}

#[tokio::test]
async fn pieces_that_are_written_together_arrive_in_order() {
    let (mut client, mut server) = Ends::new(&TLS13, TlsVersion::V1_2).meet(1 << 20).await.unwrap();
    let (small, large) = (bytes(10), bytes(200_000));
    for pieces in [[&small, &large, &small], [&large, &small, &large], [&small, &small, &small]] {
        let all = pieces.map(|piece| &piece[..]).concat();
        let slices = pieces.map(|piece| io::IoSlice::new(piece));
        let written = server.write_vectored(&slices).await.unwrap();
        assert!(written >= all.len().min(64 * 1024), "{written} bytes");
        let mut received = vec![0; written];
        client.read_exact(&mut received).await.unwrap();
        assert!(received == all[..written]);
    }
}

#[tokio::test]
async fn an_end_that_was_meant_is_told_from_one_that_was_not() {
    for version in VERSIONS {
        let ends = Ends::new(version, TlsVersion::V1_2);
        let (mut client, mut server) = ends.meet(1000).await.unwrap();
        client.write_all(b"bye").await.unwrap();
        client.shutdown().await.unwrap();
        let mut read = Vec::new();
        server.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"bye");
        server.write_all(b"bye").await.unwrap();
        server.shutdown().await.unwrap();
        let mut read = Vec::new();
        client.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"bye");

        let (client, mut server) = ends.meet(1000).await.unwrap();
        drop(client);
        let cut_off = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(cut_off.kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn a_client_learns_why_it_is_not_listened_to() {
    let refused = Ends::new(&TLS12, TlsVersion::V1_3).meet(1000).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("ProtocolVersion"), "{refused}");

    let ends = Ends::new(&TLS13, TlsVersion::V1_2);
    let (client, mut server) = ends.meet(1000).await.unwrap();
    let (mut bare, mut session) = client.into_inner();
    bare.write_all(&[23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
        .await
        .unwrap();
    bare.write_all(&[18, 19, 20]).await.unwrap();
    let refused = server.read_u8().await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    drop(server);
    let mut alert = Vec::new();
    bare.read_to_end(&mut alert).await.unwrap();
    session.read_tls(&mut &*alert).unwrap();
    let told = session.process_new_packets().unwrap_err();
    assert!(told.to_string().contains("BadRecordMac"), "{told}");
}
