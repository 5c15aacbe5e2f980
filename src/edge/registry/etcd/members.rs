//! What each member of etcd says of itself. All are asked at the same time, each by itself.

use std::{collections::BTreeMap, sync::Arc};

use etcd_client::{Client, Error};
use tokio::{task::JoinSet, time};

use crate::model::{id::Id, key::federation_prefix, secret::mask_passwords};

use super::{
    super::{RegistryError, budget::Deadline},
    Etcd,
    connector::Connector,
    operations,
    reason::{EndpointError, Permission},
};

/// A member that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EtcdMember {
    /// The version of etcd.
    pub version: String,
    /// Whether it only learns, and answers no read.
    pub is_learner: bool,
    /// What it reports of itself, such as an alarm.
    pub errors: Vec<String>,
}

/// An endpoint, and what came of asking its member.
pub(crate) type MemberAnswer = (String, Result<EtcdMember, RegistryError>);

impl Etcd {
    /// Asks the member of every endpoint, with the credentials of a federation.
    pub(in crate::edge::registry) fn members(
        &mut self,
        federation: &Id,
        deadline: Deadline,
    ) -> Result<Vec<MemberAnswer>, RegistryError> {
        let identity = self.identity(federation)?;
        let connector = Arc::clone(&self.identities[identity].connector);
        let asking = async move {
            let mut running = JoinSet::new();
            for at in 0..connector.endpoints() {
                let (connector, federation) = (Arc::clone(&connector), federation.clone());
                running.spawn(
                    async move { (at, answer(&connector, at, &federation, deadline).await) },
                );
            }
            let answers: BTreeMap<usize, MemberAnswer> =
                running.join_all().await.into_iter().collect();
            answers.into_values().collect()
        };
        Ok(self.runtime()?.block_on(asking))
    }
}

async fn answer(
    connector: &Connector,
    at: usize,
    federation: &Id,
    deadline: Deadline,
) -> MemberAnswer {
    let url = mask_passwords(connector.url(at));
    let asked = async {
        let client = connector.connect(at).await?;
        // On the heap: the futures of calls are large.
        let answer = Box::pin(ask(client, federation_prefix(federation))).await;
        answer.map_err(|error| connector.classify(at, federation, Permission::Read, &error))
    };
    let unreachable = |reason| RegistryError::Unreachable {
        endpoints: vec![(url.clone(), reason)],
    };
    let answer = match time::timeout(deadline.left(), asked).await {
        Ok(Ok(member)) => Ok(member),
        Ok(Err(EndpointError::Final(error))) => Err(error),
        Ok(Err(EndpointError::Unavailable { reason, .. })) => Err(unreachable(reason)),
        Err(_) => Err(unreachable(deadline.reason())),
    };
    (url, answer)
}

/// A read proves that it has a quorum; whether it is permitted does not matter for that.
async fn ask(client: Client, key: String) -> Result<EtcdMember, Error> {
    let status = client.maintenance_client().status().await?;
    if !status.is_learner() {
        operations::probe(client, key).await?;
    }
    Ok(EtcdMember {
        version: status.version().to_owned(),
        is_learner: status.is_learner(),
        errors: status.errors().to_vec(),
    })
}
