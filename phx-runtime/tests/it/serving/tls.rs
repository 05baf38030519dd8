//! TLS.

use std::{path::PathBuf, sync::Arc};

use phx_runtime::server::{Listener, Tls, TlsErrorKind, TlsOptions, TlsVersion};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
        version::{TLS12, TLS13},
    },
};

use super::{answer, builder, get, mirrored, start};

/// A certificate for `localhost`, with its key.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
    der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

/// Who signs certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn sign(&self) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: key.serialize_der(),
        }
    }

    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<&Identity>,
    ) -> ClientConfig {
        let provider = ring::default_provider();
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider.into());
        let config = config.with_protocol_versions(versions).unwrap().with_root_certificates(roots);
        match identity {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let key = PrivatePkcs8KeyDer::from(identity.key_der.clone());
                let chain = vec![identity.der.clone()];
                config.with_client_auth_cert(chain, PrivateKeyDer::Pkcs8(key)).unwrap()
            }
        }
    }

    /// Connects a client that trusts this authority and offers these protocols.
    pub(super) async fn connect(
        &self,
        at: std::net::SocketAddr,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config = self.client(&[&TLS13, &TLS12], None);
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
        connect(at, config).await
    }
}

async fn connect(
    at: std::net::SocketAddr,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(at).await.unwrap();
    let name = "localhost".try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

impl Identity {
    pub(super) fn tls(&self) -> TlsOptions {
        TlsOptions::pem(&*self.certificate, &*self.key)
    }
}

pub(super) fn encrypted(tls: &Tls) -> Listener {
    Listener::from("127.0.0.1:0").tls(tls)
}

/// The certificate that a server shows.
async fn shown(authority: &Authority, at: std::net::SocketAddr) -> CertificateDer<'static> {
    let stream = authority.connect(at, &[]).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test]
async fn sockets_are_served_over_tls_in_both_versions() {
    let authority = Authority::new();
    let at = start(builder(), encrypted(&authority.sign().tls().build().unwrap())).await;
    for version in [&TLS12, &TLS13] {
        let stream = connect(at, authority.client(&[version], None)).await.unwrap();
        let told = mirrored(stream, "").await;
        assert_eq!(told["uri"], "https://localhost/mirror/websocket");
        assert!(told["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{told}");
    }
    let stream = authority.connect(at, &["http/1.1"]).await.unwrap();
    let polled = answer(stream, &get("/mirror/longpoll?vsn=2.0.0", "")).await;
    assert!(polled.contains("\"status\":410"), "{polled}");
}

#[tokio::test]
async fn an_old_version_can_be_left_out() {
    let authority = Authority::new();
    let tls = authority.sign().tls().minimum(TlsVersion::V1_3).build().unwrap();
    let at = start(builder(), encrypted(&tls)).await;
    assert!(connect(at, authority.client(&[&TLS12], None)).await.is_err());
    assert!(connect(at, authority.client(&[&TLS13], None)).await.is_ok());
}

#[tokio::test]
async fn who_does_not_speak_tls_disturbs_nobody() {
    let authority = Authority::new();
    let at = start(builder(), encrypted(&authority.sign().tls().build().unwrap())).await;
    let _silent = TcpStream::connect(at).await.unwrap();
    let plain = answer(TcpStream::connect(at).await.unwrap(), &get("/", "")).await;
    assert!(!plain.starts_with("HTTP/"), "{plain}");
    mirrored(authority.connect(at, &[]).await.unwrap(), "").await;
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_clients_and_disturbs_no_old_ones() {
    let authority = Authority::new();
    let folder = std::env::temp_dir().join(format!("phx-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |identity: &Identity| -> (PathBuf, PathBuf) {
        let paths = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&paths.0, &identity.certificate).unwrap();
        std::fs::write(&paths.1, &identity.key).unwrap();
        paths
    };
    let (old, new) = (authority.sign(), authority.sign());
    let (certificate, key) = write(&old);
    let tls = TlsOptions::files(&certificate, &key).build().unwrap();
    let at = start(builder(), encrypted(&tls)).await;
    let mut open = crate::support::raw_client::RawClient::over(
        authority.connect(at, &[]).await.unwrap(),
        super::WEBSOCKET,
        "",
    )
    .await;
    assert!(open.frame().await.is_some());
    assert_eq!(shown(&authority, at).await, old.der);
    write(&new);
    tls.reload().unwrap();
    assert_eq!(shown(&authority, at).await, new.der);
    // What cannot be used changes nothing.
    std::fs::write(&key, &old.key).unwrap();
    assert_eq!(tls.reload().unwrap_err().kind(), TlsErrorKind::Config);
    std::fs::write(&key, "").unwrap();
    assert_eq!(tls.reload().unwrap_err().kind(), TlsErrorKind::Key);
    std::fs::remove_file(&key).unwrap();
    assert_eq!(tls.reload().unwrap_err().kind(), TlsErrorKind::File);
    assert_eq!(shown(&authority, at).await, new.der);
    open.send_text("still here").await;
    assert_eq!(open.frame().await.unwrap().text(), "still here");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_client_may_show_a_certificate_and_its_socket_sees_it() {
    let authority = Authority::new();
    let (server, client) = (authority.sign(), authority.sign());
    let asks = || server.tls().client_certificates_pem(authority.0.pem());
    let at = start(builder(), encrypted(&asks().build().unwrap())).await;
    let known = connect(at, authority.client(&[&TLS13], Some(&client))).await.unwrap();
    assert_eq!(mirrored(known, "").await["certificate"], client.der.len());
    let unknown = connect(at, authority.client(&[&TLS13], None)).await.unwrap();
    assert!(mirrored(unknown, "").await["certificate"].is_null());

    // A certificate that somebody else signed is no certificate.
    let forged = Authority::new().sign();
    let forged = authority.client(&[&TLS12], Some(&forged));
    assert!(connect(at, forged).await.is_err());
    let required = asks().require_client_certificates().build().unwrap();
    let at = start(builder(), encrypted(&required)).await;
    assert!(connect(at, authority.client(&[&TLS12], None)).await.is_err());
    let shown = connect(at, authority.client(&[&TLS12], Some(&client))).await.unwrap();
    mirrored(shown, "").await;
}

#[tokio::test]
async fn a_balancer_speaks_before_its_client_does() {
    let authority = Authority::new();
    let tls = authority.sign().tls().build().unwrap();
    let listener = encrypted(&tls).proxy_protocol();
    let at = start(builder().trust_proxies(["127.0.0.1"]), listener).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n").await.unwrap();
    let connector = TlsConnector::from(Arc::new(authority.client(&[&TLS13], None)));
    let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    assert_eq!(mirrored(stream, "").await["peer"], "203.0.113.9:4711");
}

#[test]
fn what_is_no_certificate_is_told_as_what_it_is() {
    let identity = Authority::new().sign();
    for (options, kind) in [
        (TlsOptions::files("/nowhere", "/nowhere"), TlsErrorKind::File),
        (TlsOptions::pem("", &*identity.key), TlsErrorKind::Certificate),
        (TlsOptions::pem(&*identity.certificate, ""), TlsErrorKind::Key),
        (
            TlsOptions::pem(&*identity.certificate, &*Authority::new().sign().key),
            TlsErrorKind::Config,
        ),
        (identity.tls().client_certificates_pem(""), TlsErrorKind::ClientRoots),
    ] {
        let error = options.build().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!format!("{error:?}").contains("PRIVATE KEY"));
    }
    assert!(!format!("{:?}", identity.tls()).contains("PRIVATE KEY"));
}
