//! What applications can name of the runtime, item by item: `phx-runtime/public-api.txt` lists it, so
//! that a change of the interface is seen in a diff.
//!
//! `PUBLIC_API=write cargo test -p ui-tests --test public_api` writes the list anew. It is made from
//! rustdoc's JSON, a nightly feature, which `RUSTC_BOOTSTRAP` opens in a stable compiler.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use public_api::Builder;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member of the workspace").into()
}

/// Documents the runtime with all features, in a target directory of its own: in the workspace's, the
/// variable would have everything built anew.
fn rustdoc_json() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--locked", "--package=phx-runtime", "--lib", "--all-features"])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOCFLAGS")
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("doc/phx_runtime.json")
}

#[test]
fn the_public_interface_is_the_one_that_is_listed() {
    let api = Builder::from_rustdoc_json(rustdoc_json())
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .expect("the JSON is of a known version");
    let items: Vec<_> = api.items().map(ToString::to_string).collect();
    let text = items.join("\n") + "\n";
    let file = workspace().join("phx-runtime/public-api.txt");
    if env::var_os("PUBLIC_API").is_some() {
        fs::write(file, text).expect("the list can be written");
        return;
    }
    let listed = fs::read_to_string(file).expect("the list is there");
    let (now, then): (BTreeSet<_>, BTreeSet<_>) =
        (text.lines().collect(), listed.lines().collect());
    let added: Vec<_> = now.difference(&then).map(|item| format!("+ {item}")).collect();
    let removed: Vec<_> = then.difference(&now).map(|item| format!("- {item}")).collect();
    assert!(
        added.is_empty() && removed.is_empty(),
        "the interface has changed; `PUBLIC_API=write` writes the list anew:\n{}\n{}",
        removed.join("\n"),
        added.join("\n"),
    );
}
