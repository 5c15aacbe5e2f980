//! Users and groups of this machine: from a name or a number to a number.

use nix::unistd::{Group, User};

use super::files::plain;

/// A user or group that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserError {
    /// This machine has none of that name.
    #[error("there is no {what} `{name}` on this machine")]
    Unknown {
        /// `user` or `group`.
        what: &'static str,
        /// As it was given.
        name: String,
    },
    /// The machine's user database did not answer.
    #[error("cannot look up {what} `{name}`: {reason}")]
    Unreadable {
        /// `user` or `group`.
        what: &'static str,
        /// As it was given.
        name: String,
        /// What the system said.
        reason: String,
    },
}

/// The number of a user. Digits are that number, whether anybody has it or not.
///
/// # Errors
/// [`UserError`] for a name that this machine does not know.
pub(crate) fn user(name: &str) -> Result<u32, UserError> {
    id("user", name, |name| {
        User::from_name(name).map(|user| user.map(|user| user.uid.as_raw()))
    })
}

/// The number of a group, as [`user`].
///
/// # Errors
/// [`UserError`] for a name that this machine does not know.
pub(crate) fn group(name: &str) -> Result<u32, UserError> {
    id("group", name, |name| {
        Group::from_name(name).map(|group| group.map(|group| group.gid.as_raw()))
    })
}

fn id(
    what: &'static str,
    name: &str,
    look_up: impl FnOnce(&str) -> nix::Result<Option<u32>>,
) -> Result<u32, UserError> {
    // The highest number means "leave as it is" to chown.
    if let Some(number) = name.parse().ok().filter(|number| *number != u32::MAX) {
        return Ok(number);
    }
    match look_up(name) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(UserError::Unknown {
            what,
            name: name.to_owned(),
        }),
        Err(error) => Err(UserError::Unreadable {
            what,
            name: name.to_owned(),
            reason: plain(&error.into()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_told_from_typing_errors() {
        assert_eq!(user("root"), Ok(0));
        assert_eq!(group("root"), Ok(0));
        assert_eq!(user("4242"), Ok(4242));
        let error = user("nobdy").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no user `nobdy` on this machine"
        );
        assert!(group("4294967295").is_err());
    }
}
