//! A DNS server on loopback that knows a few SRV records (RFC 1035 §4, RFC 2782).

use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// One SRV record.
#[derive(Clone, Debug)]
pub struct Srv {
    /// `_jmap._tcp.desk.example`
    pub name: String,
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// Empty for the root, which says that there is no such service.
    pub target: String,
}

/// The server, which ends with the value.
pub struct Dns {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Dns {
    pub async fn start(records: Vec<Srv>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((size, from)) = socket.recv_from(&mut buffer).await {
                let _ = socket.send_to(&answer(&buffer[..size], &records), from).await;
            }
        });
        Self { address, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The first question with the records of its name; NXDOMAIN where there are none.
fn answer(question: &[u8], records: &[Srv]) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).to_lowercase());
        at += 1 + length;
    }
    let end = at + 5;
    let is_srv = question[at + 1..at + 3] == [0, 33];
    let name = labels.join(".");
    let found: Vec<_> = records.iter().filter(|record| is_srv && record.name == name).collect();
    let mut message = question[..2].to_vec();
    let nothing_known = records.iter().all(|record| record.name != name);
    message.extend([0x81, if nothing_known { 0x83 } else { 0x80 }, 0, 1]);
    message.extend(u16::try_from(found.len()).unwrap().to_be_bytes());
    message.extend([0; 4]);
    message.extend(&question[12..end]);
    for record in found {
        let mut data = Vec::new();
        for number in [record.priority, record.weight, record.port] {
            data.extend(number.to_be_bytes());
        }
        for label in record.target.split('.').filter(|label| !label.is_empty()) {
            data.push(u8::try_from(label.len()).unwrap());
            data.extend(label.as_bytes());
        }
        data.push(0);
        // The name by a pointer, SRV, IN, one minute.
        message.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    message
}
