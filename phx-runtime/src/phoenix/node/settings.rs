//! What a URL says of a Phoenix cluster: `phoenix+redis://host:port/?pubsub=MyApp.PubSub`.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::super::tracker::PERIOD;
use crate::cluster::ClusterConfigError;

/// What the URL begins with.
const SCHEME: &str = "phoenix+";

/// The parameters that are known.
const PARAMETERS: &str = "`pubsub`, `presence`, `follow`, `broadcast_period` and `pool_size`";

/// How many shards there may be. Phoenix has no limit, and nobody has many.
const MOST_SHARDS: u16 = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The URL of Redis.
    pub(super) redis: String,
    /// The name of the `PubSub`, in Elixir.
    pub(super) pubsub: String,
    pub(super) presence: Option<PresenceSettings>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PresenceSettings {
    /// The presence module, in Elixir.
    pub(super) module: String,
    /// Whether Phoenix nodes are told of the presences of this one.
    pub(super) is_member: bool,
    /// `broadcast_period` of Phoenix's tracker.
    pub(super) period: Duration,
    /// `pool_size` of Phoenix's tracker: over how many shards topics are divided.
    pub(super) shards: u16,
}

impl PresenceSettings {
    /// The topics on which the trackers of the module talk, one for each shard.
    pub(super) fn topics(&self) -> impl Iterator<Item = String> {
        let module = self.module.strip_prefix(':');
        let name = module.map_or_else(|| format!("Elixir.{}", self.module), str::to_owned);
        (0..self.shards).map(move |shard| format!("phx_presence:{name}_shard{shard}"))
    }
}

/// Whether the URL is one of a Phoenix cluster.
pub(crate) fn is_phoenix(url: &str) -> bool {
    url.starts_with(SCHEME)
}

impl Settings {
    pub(super) fn parse(url: &str) -> Result<Self, ClusterConfigError> {
        let wrong = |problem: String| ClusterConfigError::Url(problem);
        let redis = url.strip_prefix(SCHEME).unwrap_or(url);
        let schemes = ["redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://"];
        if !schemes.iter().any(|scheme| redis.starts_with(scheme)) {
            return Err(wrong("Phoenix nodes are reached by `phoenix+redis://`".to_owned()));
        }
        let (redis, query) = redis.split_once('?').unwrap_or((redis, ""));
        let (mut pubsub, mut presence, mut follow) = (None, None, None);
        let (mut period, mut shards) = (PERIOD, 1);
        for parameter in query.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| wrong(format!("`{name}` is not UTF-8")))?;
            match name {
                "pubsub" => pubsub = Some(module(name, &value)?),
                "presence" => presence = Some(module(name, &value)?),
                "follow" => follow = Some(module(name, &value)?),
                "broadcast_period" => {
                    let millis = value.parse().ok().filter(|millis| *millis > 0);
                    let problem = || wrong("`broadcast_period` is a number of milliseconds".into());
                    period = Duration::from_millis(millis.ok_or_else(problem)?);
                }
                "pool_size" => {
                    let number = value.parse().ok().filter(|it| (1..=MOST_SHARDS).contains(it));
                    let problem = || wrong(format!("`pool_size` is 1 to {MOST_SHARDS}"));
                    shards = number.ok_or_else(problem)?;
                }
                name => return Err(wrong(format!("`{name}` is none of {PARAMETERS}"))),
            }
        }
        let is_member = presence.is_some();
        if is_member && follow.is_some() {
            return Err(wrong("either `presence` or `follow`, not both".to_owned()));
        }
        let presence = presence.or(follow);
        let presence =
            presence.map(|module| PresenceSettings { module, is_member, period, shards });
        let missing = || wrong("`?pubsub=` is missing, such as `?pubsub=MyApp.PubSub`".to_owned());
        Ok(Self { redis: redis.to_owned(), pubsub: pubsub.ok_or_else(missing)?, presence })
    }
}

/// The name of a module, or of another atom if a colon is before it.
fn module(parameter: &str, name: &str) -> Result<String, ClusterConfigError> {
    let text = name.strip_prefix(':').unwrap_or(name);
    let text = text.strip_prefix("Elixir.").unwrap_or(text);
    let is_allowed = |c: char| c.is_alphanumeric() || "._?!@".contains(c);
    if text.is_empty() || text.len() > 200 || !text.chars().all(is_allowed) {
        let problem = format!("`{parameter}` is the name of a module, such as `MyApp.PubSub`");
        return Err(ClusterConfigError::Url(problem));
    }
    Ok(if name.starts_with(':') { name.to_owned() } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str) -> String {
        Settings::parse(url).unwrap_err().to_string()
    }

    #[test]
    fn a_url_says_where_and_which() {
        let url = "phoenix+redis://user:pass@cache:6380/2?pubsub=MyApp.PubSub&presence=MyAppWeb.Presence&broadcast_period=100&pool_size=2";
        let presence = PresenceSettings {
            module: "MyAppWeb.Presence".into(),
            is_member: true,
            period: Duration::from_millis(100),
            shards: 2,
        };
        let topics: Vec<_> = presence.topics().collect();
        let topic = |shard| format!("phx_presence:Elixir.MyAppWeb.Presence_shard{shard}");
        assert_eq!(topics, [topic(0), topic(1)]);
        let expected = Settings {
            redis: "redis://user:pass@cache:6380/2".into(),
            pubsub: "MyApp.PubSub".into(),
            presence: Some(presence),
        };
        assert_eq!(Settings::parse(url), Ok(expected));
        let url = "phoenix+rediss://cache/?pubsub=%3Amy_pubsub&follow=Elixir.P";
        let settings = Settings::parse(url).unwrap();
        assert_eq!((&*settings.redis, &*settings.pubsub), ("rediss://cache/", ":my_pubsub"));
        let presence = settings.presence.unwrap();
        assert_eq!((&*presence.module, presence.is_member), ("P", false));
        assert_eq!((presence.period, presence.shards), (Duration::from_millis(1500), 1));
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        assert!(problem("phoenix+redis://cache/").contains("?pubsub="));
        assert!(problem("phoenix+nats://cache/?pubsub=P").contains("phoenix+redis://"));
        assert!(problem("phoenix+redis://cache/?pubsub=P&what=1").contains("`what`"));
        assert!(problem("phoenix+redis://cache/?pubsub=a%20b").contains("a module"));
        assert!(problem("phoenix+redis://cache/?pubsub=%FF").contains("UTF-8"));
        assert!(problem("phoenix+redis://c/?pubsub=P&presence=A&follow=B").contains("not both"));
        assert!(problem("phoenix+redis://c/?pubsub=P&broadcast_period=0").contains("milliseconds"));
        for count in ["0", "257", "many"] {
            let url = format!("phoenix+redis://c/?pubsub=P&presence=A&pool_size={count}");
            assert!(problem(&url).contains("`pool_size` is 1 to 256"));
        }
    }
}
