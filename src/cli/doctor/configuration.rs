//! The configuration: what a server would refuse, and what it would take and nobody wants.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::finding::Finding;
use crate::platform::cidr::is_public;
use crate::platform::config::Config;

pub fn check(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        config.check().into_iter().map(|defect| Finding::fail("configuration", defect)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("configuration", "a server starts with it"));
    }
    findings.push(public_url(config));
    findings.push(origins(config));
    findings.push(proxies(config));
    findings.push(admin(config));
    findings
}

fn public_url(config: &Config) -> Finding {
    let check = "public url";
    let Some(url) = config.public_url.as_ref().and_then(|it| it.parse::<Url>().ok()) else {
        return Finding::warn(check, "set CONSIGN_PUBLIC_URL: without it, links in mails lead to this machine");
    };
    if url.scheme() == "https" || is_local(&url) {
        return Finding::ok(check, url.to_string());
    }
    Finding::warn(check, format!("{url} is not https: links in mails carry tokens that others can read"))
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
        None => false,
    }
}

fn origins(config: &Config) -> Finding {
    let check = "origins";
    match config.allowed_origins.iter().find(|it| it.starts_with("http://") && !it.contains("://localhost")) {
        Some(origin) => Finding::warn(
            check,
            format!("{origin} is not https: whoever is between it and a browser may call in that browser's name"),
        ),
        None if config.allowed_origins.is_empty() => {
            Finding::ok(check, "no other site's pages may call; CONSIGN_ALLOWED_ORIGINS names those that may")
        }
        None => Finding::ok(check, config.allowed_origins.join(", ")),
    }
}

fn proxies(config: &Config) -> Finding {
    let check = "trusted proxies";
    match config.trusted_proxies.iter().find(|it| it.ends_with("/0")) {
        Some(all) => Finding::fail(
            check,
            format!("{all} believes everybody's X-Forwarded-For, so no limit by address holds: name your proxies only"),
        ),
        None if config.trusted_proxies.is_empty() => {
            Finding::ok(check, "none: callers are who they connect as; behind a proxy, set CONSIGN_TRUSTED_PROXIES")
        }
        None => Finding::ok(check, config.trusted_proxies.join(", ")),
    }
}

fn admin(config: &Config) -> Finding {
    let (check, listen) = ("admin listener", &config.admin_listen);
    match listen.parse::<SocketAddr>().map(|it| it.ip()) {
        Ok(address) if address.is_unspecified() => Finding::warn(
            check,
            format!("{listen} listens on every network: see to it that 9090 is not published, or set 127.0.0.1"),
        ),
        Ok(address) if is_public(address) => Finding::fail(
            check,
            format!("{listen} is on the public internet: set CONSIGN_ADMIN_LISTEN to 127.0.0.1:9090"),
        ),
        _ => Finding::ok(check, listen.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn verdict(config: &Config, check: &str) -> Verdict {
        self::check(config).iter().find(|it| it.check == check).expect(check).verdict
    }

    #[test]
    fn what_a_server_would_take_and_nobody_wants_is_said() {
        let with = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config
        };
        for (check, config, wanted) in [
            ("configuration", Config::default(), Verdict::Fail),
            ("public url", Config::default(), Verdict::Warn),
            ("public url", with(|it| it.public_url = Some("http://shop.example".to_owned())), Verdict::Warn),
            ("public url", with(|it| it.public_url = Some("https://shop.example".to_owned())), Verdict::Ok),
            ("origins", with(|it| it.allowed_origins = vec!["http://shop.example".to_owned()]), Verdict::Warn),
            ("trusted proxies", Config::default(), Verdict::Ok),
            ("trusted proxies", with(|it| it.trusted_proxies = vec!["0.0.0.0/0".to_owned()]), Verdict::Fail),
            ("admin listener", Config::default(), Verdict::Ok),
            ("admin listener", with(|it| it.admin_listen = "0.0.0.0:9090".to_owned()), Verdict::Warn),
            ("admin listener", with(|it| it.admin_listen = "8.8.8.8:9090".to_owned()), Verdict::Fail),
        ] {
            assert_eq!(verdict(&config, check), wanted, "{check}");
        }
    }
}
