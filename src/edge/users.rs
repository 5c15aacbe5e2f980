//! The numeric ids of users and groups of this machine.

use nix::unistd::{Gid, Group, Uid, User};

use super::{files::system_reason, process_environment::variable};

/// A user or group that could not be looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserError {
    /// No such user or group exists.
    #[error("there is no {what} `{name}` on this machine")]
    Unknown {
        /// `user` or `group`.
        what: &'static str,
        /// The name as given.
        name: String,
    },
    /// The user database could not be read.
    #[error("cannot look up {what} `{name}`: {reason}")]
    Unreadable {
        /// `user` or `group`.
        what: &'static str,
        /// The name as given.
        name: String,
        /// What the system said.
        reason: String,
    },
}

/// The id of a user. A number is taken as it is, whether or not such a user exists.
///
/// # Errors
/// [`UserError`] for a name that this machine does not know.
pub(crate) fn user(name: &str) -> Result<u32, UserError> {
    look_up_id("user", name, |name| {
        User::from_name(name).map(|user| user.map(|user| user.uid.as_raw()))
    })
}

/// The id of a group, as [`user`].
///
/// # Errors
/// [`UserError`] for a name that this machine does not know.
pub(crate) fn group(name: &str) -> Result<u32, UserError> {
    look_up_id("group", name, |name| {
        Group::from_name(name).map(|group| group.map(|group| group.gid.as_raw()))
    })
}

/// The name of a user, or the number of one that this machine does not know.
pub(crate) fn user_name(number: u32) -> String {
    let user = User::from_uid(Uid::from_raw(number)).ok().flatten();
    user.map_or_else(|| number.to_string(), |user| user.name)
}

/// The name of a group, as [`user_name`].
pub(crate) fn group_name(number: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(number)).ok().flatten();
    group.map_or_else(|| number.to_string(), |group| group.name)
}

/// The name of the user who runs this process; with sudo, of the one who called it.
pub(crate) fn caller() -> String {
    let user = Uid::current();
    let behind_sudo = variable("SUDO_USER").filter(|name| user.is_root() && !name.is_empty());
    behind_sudo.unwrap_or_else(|| user_name(user.as_raw()))
}

fn look_up_id(
    what: &'static str,
    name: &str,
    look_up: impl FnOnce(&str) -> nix::Result<Option<u32>>,
) -> Result<u32, UserError> {
    // To chown, the highest number means "leave unchanged".
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
            reason: system_reason(&error.into()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_distinguished_from_typing_errors() {
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
