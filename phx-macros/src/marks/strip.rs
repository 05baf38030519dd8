//! Items that could not be read, without our attributes.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::role::is_mark;

/// `tokens` without our attributes, for an item that could not be read: whatever it is still
/// reaches the compiler and the editor.
pub(crate) fn strip(tokens: TokenStream) -> TokenStream {
    let mut stripped = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if matches!(&tree, TokenTree::Punct(hash) if hash.as_char() == '#')
            && matches!(trees.peek(), Some(TokenTree::Group(group)) if is_ours(group))
        {
            trees.next();
            continue;
        }
        stripped.extend([match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), strip(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            tree => tree,
        }]);
    }
    stripped
}

/// Whether the brackets of an attribute name one of ours: the last word before its arguments.
fn is_ours(brackets: &Group) -> bool {
    if brackets.delimiter() != Delimiter::Bracket {
        return false;
    }
    let path = brackets.stream().into_iter().take_while(|tree| {
        matches!(tree, TokenTree::Ident(_))
            || matches!(tree, TokenTree::Punct(p) if p.as_char() == ':')
    });
    let Some(TokenTree::Ident(name)) = path.last() else {
        return false;
    };
    name == "channels" || name == "assigns" || is_mark(&name)
}
