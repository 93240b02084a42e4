//! A WebSocket client that costs next to nothing: on two cores it shares the machine with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

const READ: usize = 16 * 1024;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

/// The reading half of a connection.
pub(crate) struct Reading {
    stream: OwnedReadHalf,
    buffer: BytesMut,
}

/// The writing half of a connection.
pub(crate) struct Writing {
    stream: OwnedWriteHalf,
    buffer: Vec<u8>,
}

/// Opens a WebSocket.
pub(crate) async fn connect(address: SocketAddr, path: &str) -> Result<(Reading, Writing)> {
    upgrade(TcpStream::connect(address).await?, address, path).await
}

/// The same for somebody whose machine takes in next to nothing before it is read.
pub(crate) async fn connect_narrow(address: SocketAddr, path: &str) -> Result<(Reading, Writing)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    upgrade(socket.connect(address).await?, address, path).await
}

async fn upgrade(
    mut stream: TcpStream,
    address: SocketAddr,
    path: &str,
) -> Result<(Reading, Writing)> {
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = BytesMut::with_capacity(READ);
    let end = loop {
        ensure!(stream.read_buf(&mut buffer).await? > 0, "the upgrade was not answered");
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
    buffer.advance(end);
    let (reading, writing) = stream.into_split();
    Ok((Reading { stream: reading, buffer }, Writing { stream: writing, buffer: Vec::new() }))
}

impl Reading {
    /// Waits for bytes and shows each binary message that is complete by now; pings are passed over: who stays
    /// for longer than half a minute says `pong` by themselves.
    pub(crate) async fn receive(&mut self, mut each: impl FnMut(&[u8])) -> Result<()> {
        let mut shown = false;
        while !shown {
            while let Some(header) = Header::of(&self.buffer)? {
                if self.buffer.len() < header.length + header.payload {
                    self.buffer.reserve(header.length + header.payload - self.buffer.len());
                    break;
                }
                let payload = &self.buffer[header.length..header.length + header.payload];
                match header.opcode {
                    BINARY => {
                        each(payload);
                        shown = true;
                    }
                    CLOSE => bail!("closed: {}", String::from_utf8_lossy(payload)),
                    _ => {}
                }
                self.buffer.advance(header.length + header.payload);
            }
            if !shown {
                self.buffer.reserve(READ);
                ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection ended");
            }
        }
        Ok(())
    }
}

struct Header {
    opcode: u8,
    length: usize,
    payload: usize,
}

impl Header {
    /// The header at the beginning, if all of it is there. RFC 6455, 5.2; servers don't mask.
    fn of(buffer: &[u8]) -> Result<Option<Self>> {
        let Some((&[first, second], rest)) = buffer.split_first_chunk() else { return Ok(None) };
        ensure!(first & 0x80 != 0, "a message in pieces");
        let (length, payload) = match second {
            126 => match rest.first_chunk() {
                Some(bytes) => (4, u64::from(u16::from_be_bytes(*bytes))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(bytes) => (10, u64::from_be_bytes(*bytes)),
                None => return Ok(None),
            },
            short => (2, u64::from(short)),
        };
        let payload = usize::try_from(payload).context("a message beyond all bounds")?;
        Ok(Some(Self { opcode: first & 0x0f, length, payload }))
    }
}

impl Writing {
    /// Puts a binary message into the buffer, under a mask of zeros: legal, and free.
    pub(crate) fn feed(&mut self, message: &[u8]) {
        self.buffer.push(0x80 | BINARY);
        match message.len() {
            length @ 0..126 => self.buffer.push(0x80 | length as u8),
            length @ 126..0x1_0000 => {
                self.buffer.push(0x80 | 126);
                self.buffer.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                self.buffer.push(0x80 | 127);
                self.buffer.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        self.buffer.extend_from_slice(&[0; 4]);
        self.buffer.extend_from_slice(message);
    }

    /// Writes what is in the buffer.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.buffer).await?;
        self.buffer.clear();
        Ok(())
    }

    /// Says that somebody is still here, asked or not.
    pub(crate) async fn pong(&mut self) -> Result<()> {
        self.buffer.extend_from_slice(&[0x80 | PONG, 0x80, 0, 0, 0, 0]);
        self.flush().await
    }

    /// Writes one binary message.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.feed(message);
        self.flush().await
    }
}
