//! The tests that `#[test]` makes of a scenario, one for each transport.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, ReturnType, Signature, spanned::Spanned};

use crate::args::{TestArgs, Transport};

/// What is known of the scenario: its signature, and what stands on it that belongs to the tests.
pub(crate) struct Scenario<'a> {
    pub(crate) sig: &'a Signature,
    /// `#[ignore]`, `#[should_panic]` and conditions of compilation.
    pub(crate) attrs: &'a [Attribute],
}

pub(crate) fn tests(args: &TestArgs, scenario: &Scenario<'_>) -> TokenStream {
    args.transports.iter().map(|transport| test(args, scenario, transport)).collect()
}

fn test(args: &TestArgs, scenario: &Scenario<'_>, transport: &Transport) -> TokenStream {
    let Scenario { sig: Signature { ident, inputs, output, .. }, attrs } = scenario;
    let Transport { word, variant } = transport;
    let runtime = args.runtime.as_ref().map_or_else(|| quote!(::phx_runtime), |path| quote!(#path));
    let name = format_ident!("{ident}_over_{word}", span = ident.span());
    let is_paused = args.start_paused.as_ref().is_none_or(|paused| paused.value);
    // What the compiler says of the argument's type, it says there.
    let place = match inputs.first() {
        Some(FnArg::Typed(argument)) => argument.ty.span(),
        _ => ident.span(),
    };
    let place = Span::mixed_site().located_at(place);
    let over = quote_spanned!(place=> #runtime::testing::Over::#variant);
    let returned = match output {
        ReturnType::Default => TokenStream::new(),
        ReturnType::Type(arrow, ty) => quote!(#arrow #ty),
    };
    let attribute = quote_spanned!(word.span()=> #[::tokio::test(start_paused = #is_paused)]);
    quote! {
        #(#attrs)*
        #attribute
        async fn #name() #returned {
            #ident(#over).await
        }
    }
}
