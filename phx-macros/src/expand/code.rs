//! Code that nobody wrote, and where it stands.

use proc_macro2::Span;

/// Quotes code that nobody wrote.
macro_rules! code {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

/// The place of a token of the user's, resolved as the macro's own: errors point there, and lints
/// know that nobody wrote this.
pub(super) fn blame(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}
