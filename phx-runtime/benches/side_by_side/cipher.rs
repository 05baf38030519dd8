//! What the cipher alone takes.

use std::{hint::black_box, io, time::Instant};

use rustls::{
    ContentType, ProtocolVersion, SupportedCipherSuite,
    crypto::{
        cipher::{AeadKey, Iv, OutboundChunks, OutboundPlainMessage},
        ring,
    },
};

use super::compare::median;

/// What it takes to encrypt a frame with such a payload, in microseconds, by the cipher that both
/// ends prefer.
pub fn seal(payload: usize) -> io::Result<f64> {
    const TIMES: u32 = 20_000;
    /// The frame's header and what stands around the payload.
    const AROUND: usize = 40;
    let suites = ring::default_provider().cipher_suites;
    let suite = suites.iter().find_map(SupportedCipherSuite::tls13);
    let suite = suite.ok_or_else(|| io::Error::other("no cipher of TLS 1.3"))?;
    let (key, iv) = (AeadKey::from([7; 32]), Iv::from([9; 12]));
    let mut cipher = suite.aead_alg.encrypter(key, iv);
    let frame = vec![b'x'; payload + AROUND];
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let since = Instant::now();
        for number in 0..TIMES {
            let message = OutboundPlainMessage {
                typ: ContentType::ApplicationData,
                version: ProtocolVersion::TLSv1_3,
                payload: OutboundChunks::Single(&frame),
            };
            let sealed = cipher.encrypt(message, number.into()).map_err(io::Error::other)?;
            black_box(sealed);
        }
        rounds.push(since.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    }
    Ok(median(rounds.into_iter()))
}
