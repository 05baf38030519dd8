//! URLs of Redis.

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::super::error::ClusterConfigError;

/// What a URL names.
pub(super) struct RedisUrl {
    pub(super) servers: Servers,
    /// Whether connections use TLS.
    pub(super) is_encrypted: bool,
}

pub(super) enum Servers {
    One(Box<ConnectionInfo>),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        /// The name of the master.
        master: String,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl RedisUrl {
    pub(super) fn parse(url: &str) -> Result<Self, ClusterConfigError> {
        // The URL itself may contain a password.
        let wrong = |problem: &str| ClusterConfigError::Url(format!("the URL of Redis {problem}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
        let (plain, kind) =
            scheme.split_once('+').map_or((scheme, None), |(plain, kind)| (plain, Some(kind)));
        let several = |servers: &str| {
            let servers = with_credentials(servers);
            let parsed = servers.iter().map(|server| info(&format!("{plain}://{server}")));
            parsed.collect::<Result<Vec<_>, _>>()
        };
        let not_read = |_| wrong("cannot be read");
        let servers = match kind {
            None => Servers::One(Box::new(info(url).map_err(not_read)?)),
            Some("cluster") => Servers::Cluster(several(rest).map_err(not_read)?),
            Some("sentinel") => {
                let (sentinels, master) = rest.split_once('/').unwrap_or((rest, ""));
                if master.is_empty() || master.contains('/') {
                    return Err(wrong("names no master: `redis+sentinel://host:port/master`"));
                }
                let sentinels = several(sentinels).map_err(not_read)?;
                Servers::Sentinel { sentinels, master: master.to_owned() }
            }
            Some(kind) => return Err(wrong(&format!("is of no kind that there is: `{kind}`"))),
        };
        Ok(Self { servers, is_encrypted: plain == "rediss" })
    }
}

/// The third version of Redis' protocol, in which one connection both listens and speaks.
fn info(url: &str) -> redis::RedisResult<ConnectionInfo> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// The servers of a list. Name and password before the first are those of all.
fn with_credentials(list: &str) -> Vec<String> {
    let (credentials, servers) = match list.rsplit_once('@') {
        Some((credentials, servers)) => (format!("{credentials}@"), servers),
        None => (String::new(), list),
    };
    servers.split(',').map(|server| format!("{credentials}{server}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{RedisUrl, Servers};

    fn servers(url: &str) -> Vec<String> {
        let url = RedisUrl::parse(url).unwrap();
        let all = match url.servers {
            Servers::One(one) => vec![*one],
            Servers::Sentinel { sentinels, master } => {
                assert_eq!(master, "main");
                sentinels
            }
            Servers::Cluster(servers) => servers,
        };
        all.iter().map(|info| info.addr().to_string()).collect()
    }

    #[test]
    fn one_server_or_several_can_be_named() {
        assert_eq!(servers("redis://localhost"), ["localhost:6379"]);
        assert_eq!(servers("rediss://:pw@there:7000/0"), ["there:7000"]);
        assert_eq!(servers("redis+cluster://u:p@a:1,b:2,c"), ["a:1", "b:2", "c:6379"]);
        assert_eq!(servers("redis+sentinel://a:1,b:2/main"), ["a:1", "b:2"]);
        assert!(RedisUrl::parse("rediss+cluster://a:1").unwrap().is_encrypted);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for url in [
            "redis",
            "redis://",
            "redis://u:pass@:x",
            "redis+sentinel://u:pass@a:1",
            "redis+pigeon://u:pass@a:1",
        ] {
            let Err(error) = RedisUrl::parse(url) else { panic!("{url}") };
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }
}
