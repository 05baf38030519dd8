//! Reads the External Term Format.
//!
//! The input is trusted with nothing: what it says of sizes and counts must be there before
//! anything is allocated for it, its depth takes no stack, and there are [`Limits`].

mod limits;
mod reader;

use bytes::{Buf, Bytes};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

pub use self::limits::{Limits, ReadError};
use self::reader::Reader;
use super::Term;

const VERSION: u8 = 131;
const COMPRESSED: u8 = 80;

impl Term {
    /// Reads a term with the default [`Limits`].
    ///
    /// Binaries inside of it share the memory of the input. As Erlang does, it takes no notice of
    /// what follows the term.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn decode(bytes: impl Into<Bytes>) -> Result<Self, ReadError> {
        Self::decode_within(bytes, Limits::default())
    }

    /// Reads a term within limits.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn decode_within(bytes: impl Into<Bytes>, limits: Limits) -> Result<Self, ReadError> {
        let mut input: Bytes = bytes.into();
        if input.len() > limits.max_bytes {
            return Err(ReadError::TooLarge);
        }
        match input.try_get_u8() {
            Ok(VERSION) => {}
            Ok(_) => return Err(ReadError::Version),
            Err(_) => return Err(ReadError::CutShort),
        }
        if input.first() == Some(&COMPRESSED) {
            input = decompressed(&input[1..], limits.max_bytes)?;
        }
        Reader { input, terms_left: limits.max_terms }.read()
    }
}

fn decompressed(mut input: &[u8], max_bytes: usize) -> Result<Bytes, ReadError> {
    let stated = input.try_get_u32().map_err(|_| ReadError::CutShort)?;
    let stated = usize::try_from(stated).map_err(|_| ReadError::TooLarge)?;
    if stated > max_bytes {
        return Err(ReadError::TooLarge);
    }
    // Its buffer grows with what comes out, not with what is stated.
    match decompress_to_vec_zlib_with_limit(input, stated) {
        Ok(bytes) if bytes.len() == stated => Ok(bytes.into()),
        _ => Err(ReadError::Compressed),
    }
}

#[cfg(test)]
mod tests;
