//! The port at which a service listens, as far as its manifest says.

use std::collections::BTreeMap;

use crate::model::name::Name;

/// What `environment.PORT` and `local_port` say about the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// The program listens here.
    Known(u16),
    /// Neither is set.
    Unset,
    /// `environment.PORT` is not a port, but for example the path of a socket.
    Other,
}

impl Port {
    /// `environment.PORT` wins if it is set, even if it is not a port: then the program listens at none.
    pub(super) fn new(environment: &BTreeMap<Name, String>, local_port: Option<u16>) -> Self {
        let variable = environment.iter().find(|(name, _)| name.as_str() == "PORT");
        let Some((_, text)) = variable else {
            return local_port.map_or(Self::Unset, Self::Known);
        };
        let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        match text.parse() {
            Ok(port) if is_plain => Self::Known(port),
            _ => Self::Other,
        }
    }

    /// The port, if there is one.
    pub(super) const fn number(self) -> Option<u16> {
        match self {
            Self::Known(port) => Some(port),
            Self::Unset | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_over_local_port_even_if_it_is_no_port() {
        for (variable, local_port, expected) in [
            (None, None, Port::Unset),
            (None, Some(9), Port::Known(9)),
            (Some("8080"), None, Port::Known(8080)),
            (Some("8080"), Some(9), Port::Known(8080)),
            (Some("65535"), None, Port::Known(65535)),
            (Some("65536"), Some(9), Port::Other),
            (Some("0"), Some(9), Port::Other),
            (Some("080"), Some(9), Port::Other),
            (Some("+80"), Some(9), Port::Other),
            (Some(""), Some(9), Port::Other),
            (Some("/run/www.sock"), Some(9), Port::Other),
        ] {
            let name = Name::parse("PORT").unwrap();
            let environment = variable.map(|text| (name, text.to_owned()));
            let environment = environment.into_iter().collect();
            let port = Port::new(&environment, local_port);
            assert_eq!(port, expected, "{variable:?} {local_port:?}");
        }
    }
}
