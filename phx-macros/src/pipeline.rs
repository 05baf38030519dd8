//! From an attribute and its item to the tokens that replace both.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::Attribute;

use crate::{
    args::{ChannelArgs, EventArgs, SocketArgs, TestArgs},
    check,
    diag::Errors,
    expand::{self, Scenario},
    fallback,
    item::{Function, Item, Member},
    marks::{Role, inherent, strip},
    sort,
    syntax::is,
};

pub(crate) fn channel(args: TokenStream, item: TokenStream) -> TokenStream {
    whatever_happens(item, |item, errors| {
        let args = ChannelArgs::read(args, errors);
        let mut item = match Item::read("channel", item.clone()) {
            Ok(item) => item,
            Err(refused) => {
                errors.push(refused.error);
                let stubs = refused.meant.map(|name| fallback::channel_type(&name, &args));
                if !refused.is_kept {
                    return TokenStream::new();
                }
                let item = inherent(strip(item));
                return quote!(#item #stubs);
            }
        };
        let channel = sort::channel(args, &mut item, errors);
        check::channel(&channel, errors);
        let sound = errors.is_empty() && channel.common.has_constructor();
        item.print(&if sound { expand::channel(&channel) } else { fallback::channel(&channel) })
    })
}

pub(crate) fn socket(args: TokenStream, item: TokenStream) -> TokenStream {
    whatever_happens(item, |item, errors| {
        let args = SocketArgs::read(args, errors);
        let mut item = match Item::read("socket", item.clone()) {
            Ok(item) => item,
            Err(refused) => {
                errors.push(refused.error);
                let stubs = refused.meant.map(|name| fallback::socket_type(&name, &args));
                if !refused.is_kept {
                    return TokenStream::new();
                }
                let item = inherent(strip(item));
                return quote!(#item #stubs);
            }
        };
        let socket = sort::socket(args, &mut item, errors);
        check::socket(&socket, errors);
        let sound = errors.is_empty() && socket.common.has_constructor();
        item.print(&if sound { expand::socket(&socket) } else { fallback::socket(&socket) })
    })
}

pub(crate) fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    whatever_happens(item, |item, errors| {
        let args = EventArgs::read(args, errors);
        let declared = syn::parse2(item.clone());
        let Ok(
            syn::Item::Struct(syn::ItemStruct { ident, generics, .. })
            | syn::Item::Enum(syn::ItemEnum { ident, generics, .. }),
        ) = declared
        else {
            errors.span(
                Span::call_site(),
                "`#[event(\"…\")]` goes on the type of an event that the server sends; a function for \
                 events of clients has `#[handle_in(\"…\")]`",
            );
            return item;
        };
        let implementation = expand::event(&args, &ident, &generics);
        quote!(#item #implementation)
    })
}

pub(crate) fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    whatever_happens(item, |item, errors| {
        let args = TestArgs::read(args, errors);
        let Ok(mut function) = syn::parse2::<Function>(item.clone()) else {
            errors.span(
                Span::call_site(),
                "`#[testing::test(..)]` goes on a function: `async fn name(over: testing::Over)`",
            );
            return item;
        };
        check::scenario(&function.attrs, &function.sig, errors);
        let of_tests = |attr: &mut Attribute| is(attr, "ignore") || is(attr, "should_panic");
        let mut attrs: Vec<_> = function.attrs.extract_if(.., of_tests).collect();
        attrs.extend(function.attrs.iter().filter(|attr| is(attr, "cfg")).cloned());
        function.attrs.retain(|attr| !is(attr, "test"));
        let scenario = Scenario { sig: &function.sig, attrs: &attrs };
        let tests = errors.is_empty().then(|| expand::tests(&args, &scenario));
        let function = Member::Function(Box::new(function));
        quote!(#function #tests)
    })
}

/// An attribute of a callback outside of a socket or channel.
pub(crate) fn outside(role: Role, item: &TokenStream) -> TokenStream {
    let (name, [belongs, written]) = (role.name(), role.homes());
    let message = format!(
        "`#[{name}]` belongs in {belongs}: write {written} above the `impl` block or module around it; a type has one \
         such block"
    );
    misplaced(&message, item)
}

/// `#[channels(..)]` that is not below `#[socket(..)]`.
pub(crate) fn channels(args: &TokenStream, item: TokenStream) -> TokenStream {
    let is_for_socket = item.clone().into_iter().any(|tree| {
        matches!(tree, TokenTree::Group(group) if group.stream().into_iter().any(
            |tree| matches!(tree, TokenTree::Ident(name) if name == "socket")))
    });
    // What the functions are marked for follows from this.
    let item = if is_for_socket { item } else { strip(item) };
    let text = args.to_string();
    let message = if text.starts_with('"') && !text.contains("=>") {
        format!(
            "what makes a channel is `#[channel({text})]`; `#[channels(RoomChannel)]` lists those of a socket"
        )
    } else {
        format!(
            "`#[channels({text})]` stands below `#[socket(\"/socket\", websocket)]`, on the same item"
        )
    };
    misplaced(&message, &item)
}

pub(crate) fn misplaced(message: &str, item: &TokenStream) -> TokenStream {
    let error = syn::Error::new(Span::call_site(), message).to_compile_error();
    quote!(#item #error)
}

/// Expands `item`, then reports the mistakes. Should the expansion panic, the item is still there:
/// an editor that loses it has nothing to complete.
fn whatever_happens(
    item: TokenStream,
    expand: impl FnOnce(TokenStream, &Errors) -> TokenStream,
) -> TokenStream {
    let errors = Errors::new();
    let expanded = catch_unwind(AssertUnwindSafe(|| expand(item.clone(), &errors)));
    let expanded = expanded.unwrap_or_else(|_| {
        errors.span(Span::call_site(), "this is a bug in phx; please report it with this code");
        strip(item)
    });
    let errors = errors.finish();
    quote!(#expanded #errors)
}
