//! Why a term has no JSON form.

use thiserror::Error;

/// A term that has no JSON form.
///
/// Phoenix raises for it; here it costs the message that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoJson {
    /// A tuple; a keyword list consists of them.
    #[error("a tuple has no JSON form")]
    Tuple,
    /// A list whose tail is no list.
    #[error("an improper list has no JSON form")]
    ImproperList,
    /// A struct of the application. Which of its fields its JSON would have, if any, is known to the
    /// application alone, and the others may be meant for nobody else.
    #[error("what JSON a struct {0:?} would have is not known")]
    Struct(String),
    /// A struct of Elixir's with fields that cannot be.
    #[error("a struct {0:?} with invalid fields has no JSON form")]
    InvalidStruct(String),
    /// A binary that is not UTF-8.
    #[error("a binary that is not UTF-8 has no JSON form")]
    Binary,
    /// A key of a map that cannot be made a string.
    #[error("a map with such a key has no JSON form")]
    Key,
    /// An integer of more than 4,096 bytes.
    #[error("an integer of more than 4,096 bytes is not written as JSON")]
    HugeInteger,
    /// The identifier of a process, a reference, a port, a function, or a string of bits.
    #[error("processes, references, ports, functions and bit strings have no JSON form")]
    Opaque,
}

impl NoJson {
    /// A word for it in metrics and logs: the variant's name, such as `tuple`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tuple => "tuple",
            Self::ImproperList => "improper_list",
            Self::Struct(..) => "struct",
            Self::InvalidStruct(..) => "invalid_struct",
            Self::Binary => "binary",
            Self::Key => "key",
            Self::HugeInteger => "huge_integer",
            Self::Opaque => "opaque",
        }
    }
}
