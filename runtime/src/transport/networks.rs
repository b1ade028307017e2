//! Which addresses belong to the networks of a list?

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::error::Error;

/// IP networks, as `address/prefix` says them (CIDR, RFC 4632 and RFC 4291): what
/// [`AddressPolicy::Only`](crate::AddressPolicy::Only) lets a client connect to.
#[derive(Clone, PartialEq, Eq)]
pub struct Networks(Arc<[Network]>);

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    prefix: u32,
}

impl Networks {
    /// The networks of a list: `10.20.0.0/16`, `2001:db8::/32`, or one address, `10.20.0.7`.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Config`](crate::ErrorKind::Config), with the first entry that is none and what is wrong with it;
    /// or if the list is empty, which would let nobody connect to anything.
    pub fn parse(list: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Error> {
        let read = |text: &str| {
            Network::parse(text)
                .map_err(|reason| Error::config(format!("the network `{}`: {reason}", text.escape_debug())))
        };
        let networks: Vec<_> = list.into_iter().map(|text| read(text.as_ref().trim())).collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(Error::config("a list of networks without any would let nobody connect to anything"));
        }
        Ok(Self(networks.into()))
    }

    /// Whether an address belongs to one of them. An IPv4 address that is written as one of IPv6 (`::ffff:10.0.0.1`) is the
    /// IPv4 address: there it leads.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let first: IpAddr = address.parse().map_err(|_| "it does not begin with an IP address".to_owned())?;
        if first.to_canonical() != first {
            return Err(format!("it is IPv4 in IPv6: write {} with its own prefix", first.to_canonical()));
        }
        let width = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            // `parse` takes a sign as well.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|prefix| *prefix <= width)
                .ok_or_else(|| format!("its prefix is not from 0 to {width}"))?,
            Some(_) => return Err(format!("its prefix is not a number from 0 to {width}")),
        };
        let network = Self { first, prefix };
        // Whoever writes `10.1.2.3/8` means something else than what would be let through.
        if bits(first) & !network.mask() != 0 {
            return Err(format!("it has bits set beyond its prefix of {prefix}"));
        }
        Ok(network)
    }

    fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && bits(address) & self.mask() == bits(self.first)
    }

    fn mask(self) -> u128 {
        u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0)
    }
}

/// The bits of an address, from the highest on.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.first, self.prefix)
    }
}

impl fmt::Debug for Networks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|network| format_args!("{network}").to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Networks {
        Networks::parse(list).expect("networks")
    }

    #[test]
    fn addresses_belong_to_a_network_or_not() {
        let cases: [(&[&str], &[&str], &[&str]); 8] = [
            (&["10.20.0.0/16"], &["10.20.0.0", "10.20.255.255", "::ffff:10.20.3.4"], &["10.19.255.255", "10.21.0.0"]),
            (&["10.20.0.7"], &["10.20.0.7"], &["10.20.0.6", "10.20.0.8"]),
            (&["10.20.0.7/32", "::7/128"], &["10.20.0.7", "::7"], &["10.20.0.6", "::6"]),
            (&["10.20.0.8/31"], &["10.20.0.8", "10.20.0.9"], &["10.20.0.7", "10.20.0.10"]),
            (&["0.0.0.0/0"], &["0.0.0.0", "255.255.255.255", "127.0.0.1"], &["::1", "2001:db8::1"]),
            (&["::/0"], &["::1", "2001:db8::1"], &["127.0.0.1", "::ffff:127.0.0.1"]),
            (
                &["2001:db8::/33"],
                &["2001:db8::", "2001:db8:7fff::1"],
                &["2001:db8:8000::", "2001:db7:ffff::", "32.1.13.184"],
            ),
            (&["::1", "127.0.0.0/8"], &["::1", "127.9.9.9"], &["::2", "128.0.0.0", "64:ff9b::7f00:1"]),
        ];
        for (list, inside, outside) in cases {
            for (addresses, expected) in [(inside, true), (outside, false)] {
                for address in addresses {
                    let parsed = address.parse().expect("an address");
                    assert_eq!(networks(list).contains(parsed), expected, "{address} in {list:?}");
                }
            }
        }
        assert_eq!(format!("{:?}", networks(&["10.0.0.0/8", " ::1 "])), r#"["10.0.0.0/8", "::1/128"]"#);
    }

    #[test]
    fn what_is_no_network_is_told_with_its_reason() {
        let listed: [(&[&str], &str); 10] = [
            (&["10.0.0.0/8", "10.0.0/8"], "`10.0.0/8`: it does not begin with an IP address"),
            (&["example.org/8"], "IP address"),
            (&[""], "``: it does not begin with an IP address"),
            (&["10.0.0.0/33"], "its prefix is not from 0 to 32"),
            (&["::/129"], "its prefix is not from 0 to 128"),
            (&["::/99999999999"], "its prefix is not from 0 to 128"),
            (&["10.0.0.0/+8"], "its prefix is not a number from 0 to 32"),
            (&["10.1.2.3/8"], "`10.1.2.3/8`: it has bits set beyond its prefix of 8"),
            (&["::ffff:10.0.0.0/104"], "write 10.0.0.0 with its own prefix"),
            (&[], "without any"),
        ];
        for (list, expected) in listed {
            let error = Networks::parse(list).expect_err("no networks");
            assert!(error.is_config() && error.to_string().contains(expected), "{error}");
        }
        assert!(Networks::parse(["10.0.0.0/"]).is_err());
    }
}
