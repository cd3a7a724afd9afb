//! An app, a session and keys for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_core::{
    App, AppId, AppObjectId, ClaimedDelivery, ConfirmCall, CreateUserCall, DeviceId, Ejson, Entropy, ExternalId,
    ExternalIdentity, FunctionCall, FunctionError, FunctionName, FunctionResult, Functions, GroupId, Identity,
    LoginCall, ObjectId, Profile, Provider, Providers, ResetCall, Session, SessionId, Timestamp, UserId, Verdict,
};

/// How long the session goes on.
pub(crate) const SESSION_SECONDS: u64 = 5_184_000;

pub(crate) mod keys {
    //! Keys of an app: `access` and `refresh`, the first of them new at each call.

    use std::collections::BTreeMap;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use doorward_core::KeyId;

    use crate::{AccessKey, AppKeys, RefreshKey};

    pub(crate) fn es256() -> AppKeys {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        with(AccessKey::es256(&KeyId("access".to_owned()), pkcs8.as_ref()).unwrap())
    }

    pub(crate) fn hs256() -> AppKeys {
        with(AccessKey::hs256(&[2; 32]).unwrap())
    }

    fn with(access: AccessKey) -> AppKeys {
        let [access_id, refresh_id] = ["access", "refresh"].map(|id| KeyId(id.to_owned()));
        AppKeys::new(
            access_id.clone(),
            BTreeMap::from([(access_id, access)]),
            refresh_id.clone(),
            BTreeMap::from([(refresh_id, RefreshKey::new(&[3; 32]).unwrap())]),
        )
        .unwrap()
    }
}

pub(crate) fn app(id: &str, object_id: u8) -> App {
    App {
        id: AppId::parse(id).unwrap(),
        object_id: AppObjectId(object(object_id)),
        group_id: GroupId(ObjectId::zero()),
        name: String::new(),
        deployment_model: String::new(),
        location: String::new(),
        allowed_origins: Vec::new(),
        providers: Providers::default(),
        user_creation: None,
        triggers: Vec::new(),
        functions: Arc::new(NoFunctions),
    }
}

/// A session of the app with this object id.
pub(crate) fn session(app: u8) -> Session {
    Session {
        id: SessionId(object(11)),
        app: AppObjectId(object(app)),
        user: UserId(object(12)),
        device: DeviceId(object(13)),
        created_at: start(),
        expires_at: start().plus(Duration::from_secs(SESSION_SECONDS)),
        user_disabled: false,
    }
}

pub(crate) fn identity() -> Identity {
    Identity {
        provider: Provider::EmailPassword,
        id: ExternalId::parse("0123456789abcdef01234567").unwrap(),
        profile: Profile::default(),
    }
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    start().plus(Duration::from_secs(seconds))
}

fn object(byte: u8) -> ObjectId {
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    ObjectId::random(&Fixed(byte))
}

/// Tokens have nothing to do with functions.
struct NoFunctions;

#[async_trait]
impl Functions for NoFunctions {
    async fn confirm(&self, _: &FunctionName, _: ConfirmCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        unreachable!()
    }

    async fn reset(&self, _: &FunctionName, _: ResetCall) -> Result<FunctionResult<Verdict>, FunctionError> {
        unreachable!()
    }

    async fn identify(
        &self,
        _: &FunctionName,
        _: LoginCall,
    ) -> Result<FunctionResult<Option<ExternalIdentity>>, FunctionError> {
        unreachable!()
    }

    async fn create_user(&self, _: &FunctionName, _: CreateUserCall) -> Result<FunctionResult<()>, FunctionError> {
        unreachable!()
    }

    async fn deliver(&self, _: &FunctionName, _: &ClaimedDelivery) -> Result<FunctionResult<()>, FunctionError> {
        unreachable!()
    }

    async fn call(&self, _: FunctionCall) -> Result<FunctionResult<Ejson>, FunctionError> {
        unreachable!()
    }
}
