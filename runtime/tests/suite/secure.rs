//! Whom do secure connections trust, and what do they say when they do not?

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sinew_runtime::generated::{Client, Method, Operation, Reply, Scheme, Service};
use sinew_runtime::{ClientBuilder, ErrorKind, Phase, Sent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

use super::http2::request_of;
use crate::support::{get, over};

/// A private authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
struct Leaf {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    fn issue(&self, name: &str) -> Leaf {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Leaf { pem: certificate.pem(), certificate: certificate.der().clone(), key }
    }
}

/// What makes connections to `localhost` secure.
fn acceptor(leaf: &Leaf, clients: Option<&Authority>, alpn: &[&[u8]]) -> TlsAcceptor {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf.key.serialize_der()));
    let mut config = builder.with_single_cert(vec![leaf.certificate.clone()], key).expect("a key that fits");
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A secure server for `localhost` that answers every request with who the client is; its port.
async fn serve(leaf: &Leaf, clients: Option<&Authority>, alpn: &[&[u8]]) -> u16 {
    let acceptor = acceptor(leaf, clients, alpn);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that turns away is for the test to tell.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let known = stream.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty());
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                let body = format!("{{\"known\": {known}}}");
                let answer =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    port
}

fn builder(host: &str, port: u16) -> ClientBuilder<Client> {
    over(super::LEAN, &format!("https://{host}:{port}"))
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_it_is_given() {
    let authority = Authority::new();
    let port = serve(&authority.issue("localhost"), None, &[b"http/1.1"]).await;
    let trusting = builder("localhost", port).root_certificate_pem(authority.0.pem());
    let client = trusting.http1_only().build().expect("a client");
    assert_eq!(get(&client).await.expect("an answer")["known"], false);
}

#[tokio::test]
async fn wrong_certificates_are_told_as_such_and_not_tried_again() {
    let authority = Authority::new();
    let port = serve(&authority.issue("localhost"), None, &[]).await;
    let unknown = builder("localhost", port).build().expect("a client");
    let other_name = builder("127.0.0.1", port).root_certificate_pem(authority.0.pem()).build().expect("a client");
    for client in [unknown, other_name] {
        let error = get(&client).await.expect_err("not to be trusted");
        assert_eq!((error.kind(), error.phase(), error.sent()), (ErrorKind::Connect, Phase::Connect, Sent::NotSent));
        assert_eq!(error.attempts(), 1, "another attempt would mend nothing: {error}");
        assert!(error.to_string().contains("no secure connection"), "{error}");
    }
}

#[tokio::test]
async fn a_client_says_who_it_is() {
    let authority = Authority::new();
    let port = serve(&authority.issue("localhost"), Some(&authority), &[b"http/1.1"]).await;
    let me = authority.issue("client.test");
    let trusting = || builder("localhost", port).root_certificate_pem(authority.0.pem());
    let pem = format!("{}{}", me.pem, me.key.serialize_pem());
    let client = trusting().identity_pem(pem.as_str()).build().expect("a client");
    assert_eq!(get(&client).await.expect("an answer")["known"], true);
    // An operation that wants a certificate finds it.
    static BANK: Service = Service::new("bank", "").schemes(&[Scheme::mutual_tls("seal")]);
    static SEALED: Operation = Operation::new("sealed", Method::Get, "/sealed").auth(&[&["seal"]]);
    let bank = ClientBuilder::<Client>::new(&BANK).base_url(format!("https://localhost:{port}"));
    let bank = bank.root_certificate_pem(authority.0.pem()).identity_pem(pem.as_str()).build().expect("a client");
    bank.request(&SEALED).answering(Reply::empty).await.expect("an answer");
    let nobody = trusting().build().expect("a client");
    let error = get(&nobody).await.expect_err("the server asks for a certificate");
    assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Transport), "{error}");

    let another = authority.issue("other.test");
    let mixed = format!("{}{}", me.pem, another.key.serialize_pem());
    let error = trusting().identity_pem(mixed.as_str()).build().expect_err("two that do not go together");
    assert_eq!(error.kind(), ErrorKind::Config);
    let key = me.key.serialize_pem();
    assert!(
        !format!("{error:?}{:?}", trusting().identity_pem(key.as_str())).contains(key.lines().nth(1).expect("a line"))
    );
}

/// Which version it will be is agreed on as the connection is made, and only one of them has a `Host`.
#[tokio::test]
async fn what_is_negotiated_says_whether_there_is_a_host() {
    let authority = Authority::new();
    let leaf = authority.issue("localhost");
    for (alpn, host) in [(&b"h2"[..], false), (&b"http/1.1"[..], true)] {
        let acceptor = acceptor(&leaf, None, &[alpn]);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut stream = acceptor.accept(stream).await.expect("a secure one");
            if !host {
                return request_of(stream).await.headers().contains_key("host");
            }
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.expect("a request");
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("an open connection");
            String::from_utf8_lossy(&buffer[..read]).matches(&format!("host: localhost:{port}\r\n")).count() == 1
        });
        let client = builder("localhost", port).root_certificate_pem(authority.0.pem()).build().expect("a client");
        // An answer of HTTP/2 has no body here, which is no JSON.
        let _ = get(&client).await;
        assert_eq!(seen.await.expect("a request"), host);
    }
}

/// A proxy that makes one tunnel after the other; its address, and what each was asked for with the bytes that came after.
async fn tunnels() -> (String, tokio::sync::mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(near.read_u8().await?);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let to = head.split(' ').nth(1).unwrap_or_default().replace("localhost", "127.0.0.1");
                let mut far = tokio::net::TcpStream::connect(to).await?;
                near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                let (mut sent, mut here, mut there) = (Vec::new(), [0; 4096], [0; 4096]);
                loop {
                    tokio::select! {
                        read = near.read(&mut here) => match read? {
                            0 => break,
                            read => {
                                sent.extend_from_slice(&here[..read]);
                                far.write_all(&here[..read]).await?;
                            }
                        },
                        read = far.read(&mut there) => match read? {
                            0 => break,
                            read => near.write_all(&there[..read]).await?,
                        },
                    }
                }
                let _ = tell.send((head, sent));
                std::io::Result::Ok(())
            });
        }
    });
    (url, told)
}

#[tokio::test]
async fn what_goes_through_a_tunnel_is_for_its_end_alone() {
    let authority = Authority::new();
    let port = serve(&authority.issue("localhost"), Some(&authority), &[b"http/1.1"]).await;
    let me = authority.issue("client.test");
    let (proxy, mut told) = tunnels().await;
    let through = || {
        let builder = builder("localhost", port).identity_pem(format!("{}{}", me.pem, me.key.serialize_pem()));
        builder.proxy_with_credentials(&proxy, "user", "pass").header("x-secret", "canary-4711")
    };
    let client = through().root_certificate_pem(authority.0.pem()).build().expect("a client");
    assert_eq!(get(&client).await.expect("an answer")["known"], true, "it said who it is to the end of the tunnel");
    let (head, sent) = told.recv().await.expect("a tunnel");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with(&format!("connect localhost:{port} http/1.1\r\n")), "{head}");
    assert!(head.contains("\r\nproxy-authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
    let readable = |text: &str| head.contains(text) || sent.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!readable("canary-4711") && !readable("/users/7") && sent.len() > 300, "{head}");
    // Whoever answers at the end must be whom the authority knows, tunnel or not.
    let error = get(&through().build().expect("a client")).await.expect_err("an unknown authority");
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Connect, Sent::NotSent, 1));
    assert!(error.to_string().contains("no secure connection"), "{error}");
}
