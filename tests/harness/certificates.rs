//! A certificate authority for one test, with EC keys.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority, and the folder in which everything that it signs lies.
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate (PEM).
    pub(crate) ca: PathBuf,
}

/// A certificate and its key (PEM).
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes an authority called `name`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let ca = folder.join(format!("{name}.pem"));
        fs::write(&ca, params.self_signed(&key).unwrap().pem()).unwrap();
        Self {
            folder: folder.to_owned(),
            issuer: Issuer::new(params, key),
            ca,
        }
    }

    /// Signs a certificate for 127.0.0.1 and `name`, which is also the etcd user that it stands for.
    pub(crate) fn issue(&self, name: &str) -> Pair {
        self.sign(name, &["127.0.0.1", "localhost"], |_| {})
    }

    /// Signs a certificate for 127.0.0.1 that ended long ago.
    pub(crate) fn issue_expired(&self, name: &str) -> Pair {
        self.sign(name, &["127.0.0.1"], |params| {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        })
    }

    /// Signs a certificate for 127.0.0.1 that ends in so many days.
    pub(crate) fn issue_until(&self, name: &str, days: u64) -> Pair {
        let end = SystemTime::now() + Duration::from_secs(days * 24 * 60 * 60);
        self.sign(name, &["127.0.0.1"], |params| params.not_after = end.into())
    }

    /// Signs a certificate for another host.
    pub(crate) fn issue_for_another_host(&self, name: &str) -> Pair {
        self.sign(name, &["etcd.example"], |_| {})
    }

    fn sign(
        &self,
        name: &str,
        hosts: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        change(&mut params);
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let pair = Pair {
            cert: self.folder.join(format!("{name}.crt")),
            key: self.folder.join(format!("{name}.key")),
        };
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&pair.cert, cert.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }
}
