//! Trouble that comes in spells.

use std::time::Duration;

use tokio::time::Instant;

/// How long there has to be no trouble before the next one is news.
const QUIET: Duration = Duration::from_mins(1);

/// Trouble that is worth one line of the log, however often it happens before it is over.
#[derive(Default)]
pub(crate) struct Spell {
    last: Option<Instant>,
}

impl Spell {
    /// There is trouble: whether it is news.
    pub(crate) fn begins(&mut self) -> bool {
        let now = Instant::now();
        let last = self.last.replace(now);
        last.is_none_or(|last| now - last > QUIET)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::Spell;

    #[tokio::test(start_paused = true)]
    async fn trouble_is_news_once_however_long_it_lasts() {
        let mut spell = Spell::default();
        assert!(spell.begins());
        for _ in 0..100 {
            advance(Duration::from_secs(30)).await;
            assert!(!spell.begins());
        }
        advance(Duration::from_secs(61)).await;
        assert!(spell.begins());
    }
}
