//! What an identity may do: permissions are tried without doing anything, and read from its roles.

use etcd_client::{Client, Compare, CompareOp, Error, GetOptions, Txn, TxnOp};

use crate::model::{
    id::Id,
    key::federation_prefix,
    permission::{AccessTry, KeyPermission, KeySet, Operation},
};

use super::{
    super::{RegistryError, budget::Deadline},
    Etcd,
    live::Retry,
    reason,
};

/// etcd's numbers of the types of a permission; reading is 0.
const WRITE: i32 = 1;
const READ_AND_WRITE: i32 = 2;

impl Etcd {
    /// Whether each of these operations is permitted to the identity of a federation. Nothing is written: the condition of
    /// each write cannot hold.
    pub(in crate::edge::registry) fn try_access(
        &mut self,
        federation: &Id,
        tries: &[AccessTry],
        deadline: Deadline,
    ) -> Vec<Result<bool, RegistryError>> {
        let readable = federation_prefix(federation);
        let attempt = |client, attempt: &AccessTry| run(client, readable.clone(), attempt.clone());
        let answers = self.on_live_endpoint(federation, Retry::Safe, deadline, tries, attempt);
        let is_permitted = |answer| match answer {
            Ok(()) => Ok(true),
            Err(RegistryError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        };
        answers.into_iter().map(is_permitted).collect()
    }

    /// Whether it asks clients for a user at all.
    pub(in crate::edge::registry) fn requires_users(
        &mut self,
        federation: &Id,
        deadline: Deadline,
    ) -> Result<bool, RegistryError> {
        let ask = |client, (): &()| requires_users(client);
        let mut answers = self.on_live_endpoint(federation, Retry::Safe, deadline, &[()], ask);
        match answers.pop() {
            // A user that logs in is refused there.
            Some(Err(error)) if reason::is_without_users(&error) => Ok(false),
            Some(answer) => answer,
            None => Ok(true),
        }
    }

    /// What the roles of a user permit, by etcd's own record.
    pub(in crate::edge::registry) fn permissions(
        &mut self,
        federation: &Id,
        user: &str,
        deadline: Deadline,
    ) -> Vec<Result<Vec<KeyPermission>, RegistryError>> {
        let users = [user.to_owned()];
        let ask = |client, user: &String| permissions(client, user.clone());
        self.on_live_endpoint(federation, Retry::Safe, deadline, &users, ask)
    }
}

/// Reads a key of the set, or attempts a write on the condition that a key, which the identity can read, has fewer versions
/// than none. etcd checks the permissions of a transaction before its conditions.
async fn run(client: Client, readable: String, attempt: AccessTry) -> Result<(), Error> {
    let mut keys = client.kv_client();
    let (key, options) = match attempt.keys {
        KeySet::All => (String::new(), GetOptions::new().with_all_keys()),
        KeySet::Prefix(prefix) => (prefix, GetOptions::new().with_prefix()),
        KeySet::One(key) => (key, GetOptions::new()),
    };
    match attempt.operation {
        Operation::Read => {
            let options = options.with_keys_only().with_limit(1);
            keys.get(key, Some(options)).await.map(drop)
        }
        Operation::Write => {
            let never = Compare::version(readable, CompareOp::Less, 0);
            let write = TxnOp::put(key, "", None);
            keys.txn(Txn::new().when([never]).and_then([write]))
                .await
                .map(drop)
        }
    }
}

/// A login without a name fails in any case; the reason says whether there are users.
async fn requires_users(client: Client) -> Result<bool, Error> {
    let mut auth = client.auth_client();
    match auth.authenticate(String::new(), String::new()).await {
        Err(error) if reason::is_authentication_off(&error) => Ok(false),
        Err(error) if !reason::is_refused_login(&error) => Err(error),
        _ => Ok(true),
    }
}

async fn permissions(client: Client, user: String) -> Result<Vec<KeyPermission>, Error> {
    let mut auth = client.auth_client();
    let mut found = Vec::new();
    for role in auth.user_get(user).await?.roles() {
        let permissions = auth.role_get(role.as_str()).await?.permissions();
        found.extend(permissions.iter().map(|permission| KeyPermission {
            role: role.clone(),
            reads: permission.get_type() != WRITE,
            writes: [WRITE, READ_AND_WRITE].contains(&permission.get_type()),
            start: permission.key().to_vec(),
            end: permission.range_end().to_vec(),
        }));
    }
    Ok(found)
}
