//! Where a database is, as libpq's users write it; and how an address is shown.

use ::postgres::Config;
use ::postgres::config::{Host, SslMode};
use std::path::Path;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(60);
/// Where Debian's and others' servers have their sockets.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// An address with its defaults filled in.
pub(super) struct Address(Config);

impl Address {
    /// Reads `postgresql://…` or `key=value …`. What is not said comes from PGHOST, PGPORT, PGUSER, PGPASSWORD and
    /// PGDATABASE, then from the usual socket.
    pub(super) fn parse(url: &str) -> Result<Address, String> {
        Address::with(url, &|key| std::env::var(key).ok().filter(|value| !value.is_empty()))
    }

    fn with(url: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Address, String> {
        // The parser's own words may repeat the address, and with it a password.
        let mut config: Config = url.parse().map_err(|_| {
            "is no address of a database: expected postgresql://user@host:port/database or postgresql:///database"
                .to_owned()
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host(&environment("PGHOST").unwrap_or_else(usual_socket));
        }
        if config.get_ports().is_empty()
            && let Some(port) = environment("PGPORT")
        {
            config.port(port.parse().map_err(|_| "PGPORT is no port: expected 1 to 65535".to_owned())?);
        }
        if config.get_user().is_none()
            && let Some(user) = environment("PGUSER")
        {
            config.user(&user);
        }
        if config.get_password().is_none()
            && let Some(password) = environment("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_dbname().is_none()
            && let Some(database) = environment("PGDATABASE")
        {
            config.dbname(&database);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        config.keepalives_idle(KEEPALIVE).tcp_user_timeout(KEEPALIVE);
        if config.get_application_name().is_none() {
            config.application_name("xinhe build");
        }
        is_private(&config)?;
        Ok(Address(config))
    }

    pub(super) fn config(&self) -> &Config {
        &self.0
    }
}

/// Persons' records cross a network only where the operator says that it is trusted.
fn is_private(config: &Config) -> Result<(), String> {
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    };
    let far = match config.get_hostaddrs() {
        [] => !config.get_hosts().iter().all(near),
        addresses => !addresses.iter().all(|ip| ip.is_loopback()),
    };
    match config.get_ssl_mode() {
        SslMode::Disable => Ok(()),
        SslMode::Prefer if !far => Ok(()),
        _ => Err(
            "TLS to a database is not supported: connect by a socket or a tunnel on this machine, or write \
                  sslmode=disable for a network that is trusted"
                .to_owned(),
        ),
    }
}

fn usual_socket() -> String {
    let there = |folder: &&str| Path::new(folder).join(".s.PGSQL.5432").exists();
    SOCKET_FOLDERS.into_iter().find(there).unwrap_or(SOCKET_FOLDERS[0]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let get = |key: &str| {
            environment.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        };
        Address::with(url, &get).map(|address| address.config().clone())
    }

    #[test]
    fn what_is_not_said_comes_from_the_environment() {
        let config = address(
            "postgresql:///credit",
            &[("PGHOST", "/srv/sockets"), ("PGPORT", "5433"), ("PGUSER", "u")],
        )
        .unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix("/srv/sockets".into())]);
        assert_eq!(
            (config.get_ports(), config.get_user(), config.get_dbname()),
            (&[5433][..], Some("u"), Some("credit"))
        );
        let config = address(
            "postgresql://v@127.0.0.1:1/x",
            &[("PGHOST", "/srv"), ("PGPORT", "5433"), ("PGUSER", "u")],
        )
        .unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("127.0.0.1".to_owned())]);
        assert_eq!((config.get_ports(), config.get_user()), (&[1][..], Some("v")));
    }

    #[test]
    fn a_network_must_be_called_trusted() {
        for (url, fine) in [
            ("postgresql:///x", true),
            ("postgresql://localhost/x", true),
            ("postgresql://[::1]/x", true),
            ("postgresql://10.0.0.1/x", false),
            ("postgresql://10.0.0.1/x?sslmode=disable", true),
            ("postgresql://localhost/x?sslmode=require", false),
        ] {
            assert_eq!(address(url, &[]).is_ok(), fine, "{url}");
        }
        let error = address("postgresql://u:geheim@h:port/x", &[]).unwrap_err();
        assert!(error.contains("expected postgresql://") && !error.contains("geheim"), "{error}");
    }
}
