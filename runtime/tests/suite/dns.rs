//! Does the name service say where to go: dnsmasq where it is installed, and always one played here?

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sinew_runtime::generated::Client;
use sinew_runtime::{Discovery, Dns, ErrorKind};
use tokio::time::Instant;

use super::LEAN;
use crate::support::{get, over};

/// What a name server knows: names with their addresses, and services with their targets (port, priority, weight).
#[derive(Clone, Default)]
struct Zone {
    hosts: BTreeMap<&'static str, Vec<IpAddr>>,
    services: BTreeMap<&'static str, Vec<(&'static str, u16, u16, u16)>>,
}

trait Server {
    fn address(&self) -> SocketAddr;
    fn publish(&mut self, hosts: &[(&'static str, &[IpAddr])]);
}

/// A name server of forty lines: one question, one answer, with a TTL of one second.
struct Played {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl Played {
    fn start(zone: Zone) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("its address");
        let zone = Arc::new(Mutex::new(zone));
        let shared = zone.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let answer = answer(&buffer[..length], &shared.lock().expect("not poisoned"));
                socket.send_to(&answer, from).expect("it is sent");
            }
        });
        Self { address, zone }
    }
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.') {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn answer(question: &[u8], zone: &Zone) -> Vec<u8> {
    let (mut labels, mut at) = (Vec::new(), 12);
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).to_ascii_lowercase());
        at += length + 1;
    }
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    let asked = labels.join(".");
    let mut records: Vec<Vec<u8>> = Vec::new();
    for ip in zone.hosts.get(asked.as_str()).into_iter().flatten() {
        match (kind, ip) {
            (1, IpAddr::V4(ip)) => records.push(ip.octets().into()),
            (28, IpAddr::V6(ip)) => records.push(ip.octets().into()),
            _ => {}
        }
    }
    for (target, port, priority, weight) in
        zone.services.get(asked.as_str()).into_iter().flatten().filter(|_| kind == 33)
    {
        let mut record: Vec<u8> = [*priority, *weight, *port].iter().flat_map(|number| number.to_be_bytes()).collect();
        record.extend(name(target));
        records.push(record);
    }
    let known = zone.hosts.contains_key(asked.as_str()) || zone.services.contains_key(asked.as_str());
    let mut reply = question[..2].to_vec();
    // An authoritative answer, `NXDOMAIN` if there is no such name; one question, so many answers, nothing else.
    reply.extend([
        0x85,
        if known { 0x80 } else { 0x83 },
        0,
        1,
        0,
        u8::try_from(records.len()).expect("a few"),
        0,
        0,
        0,
        0,
    ]);
    reply.extend(&question[12..at + 5]);
    for record in records {
        reply.extend([0xC0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 1]);
        reply.extend(u16::try_from(record.len()).expect("short").to_be_bytes());
        reply.extend(record);
    }
    reply
}

impl Server for Played {
    fn address(&self) -> SocketAddr {
        self.address
    }
    fn publish(&mut self, hosts: &[(&'static str, &[IpAddr])]) {
        self.zone.lock().expect("not poisoned").hosts = hosts.iter().map(|(name, ips)| (*name, ips.to_vec())).collect();
    }
}

/// `dnsmasq`, started here on a port of its own, and stopped with the test.
struct Dnsmasq {
    child: Child,
    address: SocketAddr,
    hosts: std::path::PathBuf,
}

impl Dnsmasq {
    fn start(zone: &Zone) -> Option<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("its address");
        let hosts = std::env::temp_dir().join(format!("sinew-dns-{}-{}", std::process::id(), address.port()));
        write_hosts(&hosts, &zone.hosts);
        let mut command = Command::new("dnsmasq");
        command
            .args(["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces"])
            .args(["--listen-address=127.0.0.1", "--local-ttl=1", "--local=/test/", "--pid-file=", "--user="])
            .arg(format!("--port={}", address.port()))
            .arg(format!("--addn-hosts={}", hosts.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, targets) in &zone.services {
            for (target, port, priority, weight) in targets {
                command.arg(format!("--srv-host={name},{target},{port},{priority},{weight}"));
            }
        }
        drop(socket);
        let child = command.spawn().ok()?;
        let server = Self { child, address, hosts };
        // It is there once it answers anything.
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let mut query = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.extend(name("any.test"));
        query.extend([0, 1, 0, 1]);
        for _ in 0..200 {
            let _ = socket.send_to(&query, address);
            if socket.recv_from(&mut [0; 512]).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // Installed and not able to run here: no more than if it were not there.
        None
    }
}

fn write_hosts(path: &std::path::Path, hosts: &BTreeMap<&'static str, Vec<IpAddr>>) {
    let lines: Vec<_> =
        hosts.iter().flat_map(|(name, ips)| ips.iter().map(move |ip| format!("{ip} {name}\n"))).collect();
    std::fs::write(path, lines.concat()).expect("a writable folder");
}

impl Server for Dnsmasq {
    fn address(&self) -> SocketAddr {
        self.address
    }
    fn publish(&mut self, hosts: &[(&'static str, &[IpAddr])]) {
        write_hosts(&self.hosts, &hosts.iter().map(|(name, ips)| (*name, ips.to_vec())).collect());
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-HUP", &pid]).status().expect("a signal");
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.hosts);
    }
}

/// Those that can be had.
fn servers(zone: &Zone) -> Vec<Box<dyn Server>> {
    let mut servers: Vec<Box<dyn Server>> = vec![Box::new(Played::start(zone.clone()))];
    if let Some(dnsmasq) = Dnsmasq::start(zone) {
        servers.push(Box::new(dnsmasq));
    }
    servers
}

/// A service that answers who it is, and remembers the hosts it was asked as.
fn service(ip: Ipv4Addr, port: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((ip, port)).expect("a loopback address");
    let (port, hosts) = (listener.local_addr().expect("its address").port(), Arc::new(Mutex::new(Vec::new())));
    let seen = hosts.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, seen) = (stream.expect("a connection"), seen.clone());
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if !head.ends_with(b"\r\n\r\n") {
                        continue;
                    }
                    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
                    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
                    seen.lock().expect("not poisoned").push(host.to_owned());
                    let body = format!("\"{ip}\"");
                    let reply = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\ncontent-type: application/json\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(reply.as_bytes()).is_err() {
                        return;
                    }
                    head.clear();
                }
            });
        }
    });
    (port, hosts)
}

fn loopback(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, last)
}

/// Calls until the answers come from exactly these. What is discovered changes in the background, so it is asked again
/// and again, for ten seconds at most.
async fn answers_come_from(client: &Client, expected: &[Ipv4Addr]) {
    let limit = Instant::now() + Duration::from_secs(10);
    let mut got = Vec::new();
    while Instant::now() < limit {
        got.clear();
        for _ in 0..20 {
            got.push(get(client).await.expect("an answer").as_str().expect("a text").to_owned());
        }
        got.sort_unstable();
        got.dedup();
        if got == expected.iter().map(ToString::to_string).collect::<Vec<_>>() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{got:?} and not {expected:?}");
}

fn quick(dns: Dns, server: &dyn Server) -> Dns {
    dns.name_servers([server.address()]).hold_between(Duration::from_millis(100), Duration::from_secs(60))
}

#[tokio::test]
async fn all_addresses_of_a_name_are_called_under_that_name() {
    let (port, first) = service(loopback(2), 0);
    let (_, second) = service(loopback(3), port);
    let (one, two): (IpAddr, IpAddr) = (loopback(2).into(), loopback(3).into());
    let zone = Zone { hosts: [("users.test", vec![one, two])].into(), ..Zone::default() };
    for mut server in servers(&zone) {
        let url = format!("http://users.test:{port}/api/v1");
        let dns = quick(Dns::hosts(), &*server);
        let client: Client = over(LEAN, &url).discovery(dns).build().expect("a client");
        answers_come_from(&client, &[loopback(2), loopback(3)]).await;
        for hosts in [&first, &second] {
            let hosts = std::mem::take(&mut *hosts.lock().expect("not poisoned"));
            assert!(!hosts.is_empty() && hosts.iter().all(|host| *host == format!("users.test:{port}")), "{hosts:?}");
        }
        server.publish(&[("users.test", &[two])]);
        answers_come_from(&client, &[loopback(3)]).await;
        server.publish(&[("users.test", &[one])]);
        answers_come_from(&client, &[loopback(2)]).await;
        // The name is gone: what was known last is kept.
        server.publish(&[("others.test", &[two])]);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        answers_come_from(&client, &[loopback(2)]).await;
    }
}

#[tokio::test]
async fn services_bring_their_ports_and_priorities() {
    let (first, seen) = service(loopback(4), 0);
    let (second, _) = service(loopback(5), 0);
    let hosts = [("a.test", vec![loopback(4).into()]), ("b.test", vec![loopback(5).into()])].into();
    let targets = vec![("a.test", first, 10, 5), ("b.test", second, 20, 5)];
    let zone = Zone { hosts, services: [("_http._tcp.users.test", targets)].into() };
    for server in servers(&zone) {
        let dns = quick(Dns::srv("_http._tcp.users.test"), &*server);
        let url = "http://users.test/api/v1";
        let client: Client = over(LEAN, url).discovery(dns).build().expect("a client");
        answers_come_from(&client, &[loopback(4)]).await;
        assert!(seen.lock().expect("not poisoned").iter().all(|host| host == "users.test"));
        let addresses: Vec<_> = client.endpoints().iter().map(|endpoint| endpoint.address).collect();
        let expected = [(loopback(4), first), (loopback(5), second)].map(|at| Some(SocketAddr::from(at)));
        assert_eq!(addresses, expected);
    }
}

#[tokio::test]
async fn ttls_hold_within_bounds_and_nothing_is_an_answer() {
    let zone = Zone {
        hosts: [("users.test", vec![loopback(6).into(), "::1".parse().expect("an address")])].into(),
        ..Zone::default()
    };
    for server in servers(&zone) {
        for (least, most, hold) in [(0, 60, 1), (5, 60, 5), (0, 0, 0)] {
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
            let dns = Dns::hosts().name_servers([server.address()]).hold_between(least, most);
            let found = dns.discover("users.test", 81).await.expect("an answer");
            assert_eq!(found.hold, Duration::from_secs(hold));
            let mut found: Vec<_> = found.instances.iter().map(|instance| instance.address.to_string()).collect();
            found.sort_unstable();
            assert_eq!(found, ["127.0.0.6:81", "[::1]:81"]);
            assert_eq!(dns.discover("nobody.test", 81).await.expect("an answer").instances, []);
            let srv = Dns::srv("_http._tcp.nobody.test").name_servers([server.address()]);
            assert_eq!(srv.discover("users.test", 80).await.expect("an answer").instances, []);
        }
    }
}

#[tokio::test]
async fn a_name_server_that_is_away_is_a_failed_connection() {
    // Bound and silent.
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let dns = Dns::hosts().name_servers([silent.local_addr().expect("its address")]);
    let built: Result<Client, _> = over(LEAN, "http://users.test/api/v1").discovery(dns).build();
    let client = built.expect("a client");
    let error = get(&client).timeout(Duration::from_millis(300)).await.expect_err("nobody is known");
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.elapsed() < Duration::from_secs(1));
}
