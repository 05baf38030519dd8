//! Where generated code finds the runtime: `crate = path`, or `::phx_runtime`.

use std::{env, path::Path as File};

use proc_macro2::{Ident, Span};
use syn::{Expr, Path, parse_quote};

use super::list::Argument;
use crate::diag::Errors;

/// The crate that generated code looks for, unless it is told another path.
const NAME: &str = "phx_runtime";

/// Takes `crate = path` out of the list of `#[macro_name(..)]`.
pub(super) fn runtime(macro_name: &str, list: &mut Vec<Argument>, errors: &Errors) -> Option<Path> {
    let count = list.len();
    let written = take_crate(list, errors);
    if written.is_some() || list.len() < count {
        return written;
    }
    // Where the name comes from is a matter of the manifest, which a macro cannot ask; but what
    // cargo made of it is on the compiler's command line. Elsewhere, as in an editor's own
    // expansion, nothing is found there, and the path is the usual one.
    let name = renamed(env::args())?;
    let message = format!(
        "this crate depends on `phx-runtime` under the name `{name}`: write \
         `#[{macro_name}(.., crate = {name})]`"
    );
    errors.span(Span::call_site(), message);
    let name = syn::parse_str::<Ident>(&name).ok()?;
    Some(parse_quote!(::#name))
}

fn take_crate(list: &mut Vec<Argument>, errors: &Errors) -> Option<Path> {
    let mut found: Option<Path> = None;
    list.retain(|argument| {
        let (Argument::Word(key) | Argument::Setting(key, _) | Argument::Group(key, _)) = argument
        else {
            return true;
        };
        if key != "crate" {
            return true;
        }
        match argument {
            Argument::Setting(_, Expr::Path(value)) if found.is_none() => {
                found = Some(value.path.clone());
            }
            Argument::Setting(_, Expr::Path(_)) => errors.at(key, "`crate` is set twice"),
            _ => errors.at(key, "expected the runtime's path: `crate = path::to::phx_runtime`"),
        }
        false
    });
    found
}

/// The only name under which the compiler was given the runtime, if that is another one than its
/// own: `--extern [options:]name=path/to/libphx_runtime-0123.rmeta`.
fn renamed(args: impl Iterator<Item = String>) -> Option<String> {
    let mut found = None;
    let mut is_extern = false;
    for arg in args {
        let value = if is_extern { Some(arg.as_str()) } else { arg.strip_prefix("--extern=") };
        is_extern = arg == "--extern";
        let Some((name, file)) = value.and_then(|value| value.split_once('=')) else { continue };
        let name = name.rsplit(':').next().unwrap_or(name);
        if name == NAME {
            return None;
        }
        if is_runtime(File::new(file)) {
            found = Some(name.to_owned());
        }
    }
    found
}

fn is_runtime(file: &File) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = stem.strip_prefix("lib").unwrap_or(stem);
    name.split('-').next() == Some(NAME)
}

#[cfg(test)]
mod tests {
    use super::renamed;

    fn name(args: &[&str]) -> Option<String> {
        renamed(args.iter().map(|&arg| arg.to_owned()))
    }

    #[test]
    fn another_name_is_found_among_the_compilers_arguments() {
        let file = "rt=/target/debug/deps/libphx_runtime-0123456789abcdef.rmeta";
        let other = "serde=/target/debug/deps/libserde-0123456789abcdef.rmeta";
        assert_eq!(name(&["rustc", "--extern", other, "--extern", file]).as_deref(), Some("rt"));
        let windows = r"--extern=noprelude:rt=phx_runtime.dll";
        assert_eq!(name(&["rustc", windows]).as_deref(), Some("rt"));
    }

    #[test]
    fn its_own_name_and_other_crates_are_left_alone() {
        let file = "phx_runtime=/deps/libphx_runtime-0123456789abcdef.rmeta";
        let other = "rt=/deps/libphx_runtime_extra-0123456789abcdef.rmeta";
        assert_eq!(name(&["rustc", "--extern", file]), None);
        assert_eq!(name(&["rustc", "--extern", other]), None);
        assert_eq!(name(&["rustc", "--crate-name", "rt=libphx_runtime.rlib", "--extern"]), None);
        assert_eq!(name(&[]), None);
    }
}
