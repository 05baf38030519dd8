//! Messages of `Phoenix.Presence`.

use phx_runtime::phoenix::{Content, PubSubMessage, TrackerMessage};
use serde_json::Value;

use crate::{
    pubsub::recorded,
    report::Report,
    sample::{Checked, ensure, list, text},
};

pub(crate) fn check(file: &Value, report: &mut Report) -> Checked {
    for sample in list(file, "samples") {
        report.add(text(sample, "kind")?, check_message(sample));
    }
    report.add("from outside", check_message(&file["from_outside"]));
    Ok(())
}

fn check_message(sample: &Value) -> Checked {
    let message = PubSubMessage::from_term(recorded(sample)?)?.ok_or("is ignored")?;
    let Content::Other { message: term, .. } = &message.content else {
        return Err("is a broadcast".into());
    };
    let tracked = TrackerMessage::from_term(term)?;
    let again = tracked.to_term();
    // Elixir 1.14 gives sets a version, which nobody misses.
    let is_old = format!("{term:?}").contains(r#":"version""#);
    ensure(again == *term || is_old, || format!("becomes {again:?}"))?;
    let again = TrackerMessage::from_term(&again)?;
    ensure(again == tracked, || format!("comes back as {again:?}"))
}
