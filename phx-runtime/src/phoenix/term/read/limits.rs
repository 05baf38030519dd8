//! What is read, and what is not.

use thiserror::Error;

use super::super::{AtomError, DuplicateKey, MAX_DEPTH};

/// How much is read of what others send.
///
/// Nothing deeper than 256 is read, whatever is set here.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The greatest size in bytes, after decompression; 16 MiB by default.
    pub max_bytes: usize,
    /// How many terms there may be, each inside of another one counted; a million by default. A
    /// term takes up to 200 bytes of memory, while it may be a single byte of input.
    pub max_terms: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 16 << 20, max_terms: 1_000_000 }
    }
}

/// Bytes that are no term, or one that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The first byte is not the version of the format.
    #[error("no term: the first byte is not 131")]
    Version,
    /// The input ends inside of the term.
    #[error("the term is cut short")]
    CutShort,
    /// A kind of term that is not read.
    #[error("a term of the unknown or unreadable kind {0}")]
    Tag(u8),
    /// The text of an atom is no UTF-8, or too long.
    #[error("an atom that is invalid")]
    Atom,
    /// A floating-point number is infinite, or none.
    #[error("a float that is not a number")]
    Float,
    /// A map has the same key twice.
    #[error("a map has the same key twice")]
    DuplicateKey,
    /// A size inside of the term is invalid.
    #[error("a size inside of the term is invalid")]
    Size,
    /// What is compressed cannot be decompressed to the size that it states.
    #[error("the compressed term is invalid")]
    Compressed,
    /// It is deeper than 256.
    #[error("the term is deeper than {MAX_DEPTH}")]
    TooDeep,
    /// It consists of more terms than [`Limits::max_terms`].
    #[error("the term consists of more terms than allowed")]
    TooMany,
    /// It has more bytes than [`Limits::max_bytes`].
    #[error("the term is larger than allowed")]
    TooLarge,
}

impl ReadError {
    /// A word for it in metrics and logs: the variant's name, such as `version`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::CutShort => "cut_short",
            Self::Tag(..) => "tag",
            Self::Atom => "atom",
            Self::Float => "float",
            Self::DuplicateKey => "duplicate_key",
            Self::Size => "size",
            Self::Compressed => "compressed",
            Self::TooDeep => "too_deep",
            Self::TooMany => "too_many",
            Self::TooLarge => "too_large",
        }
    }
}

impl From<AtomError> for ReadError {
    fn from(_: AtomError) -> Self {
        Self::Atom
    }
}

impl From<DuplicateKey> for ReadError {
    fn from(_: DuplicateKey) -> Self {
        Self::DuplicateKey
    }
}
