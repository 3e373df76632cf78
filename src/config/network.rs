//! Addresses as settings write them: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.

use serde::de::{Deserialize, Deserializer, Error};
use std::net::IpAddr;

/// One address, or all that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: u128,
    mask: u128,
}

/// An address as 128 bits; one of version 4 as its form in version 6, so that a mapped one is the same.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    /// Reads an address, or an address and the number of its bits that count.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => all,
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse().ok()?,
            Some(_) => return None,
        };
        let free = all.checked_sub(length)?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Some(Network { first: bits(address) & mask, mask })
    }

    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.first
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Network, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            D::Error::custom(format!("found `{text}`, expected an address or a range, such as 10.0.0.0/8"))
        };
        Network::parse(&text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_shares_its_bits() {
        let holds =
            |network: &str, address: &str| Network::parse(network).unwrap().holds(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("10.1.2.3/24", "10.1.2.200"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"), "an address of version 4 in version 6's form");
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "fd00::1"));
        assert!(holds("::/0", "1.2.3.4"));
        for wrong in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "x/8", "::/129"]
        {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}
