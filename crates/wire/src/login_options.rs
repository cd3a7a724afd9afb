//! `options` of a login: what an SDK says about itself and the device that it runs on.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `options` of a login. Any JSON is accepted: SDKs differ in what they write here, and none of it decides about the
/// login.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogInOptions(pub(crate) Value);

/// An SDK and its device, as `options.device` describes them.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    /// The client app id.
    pub app_id: &'a str,
    /// The operating system.
    pub platform: &'a str,
    /// The SDK's name.
    pub sdk: &'a str,
    /// The SDK's version.
    pub sdk_version: &'a str,
    /// The id that the server gave this device at an earlier login.
    pub device_id: Option<&'a str>,
}

impl LogInOptions {
    /// The device id: `device.deviceId.$oid`, or `device.deviceId` itself if that is a string. Anything else is no id.
    pub fn device_id(&self) -> Option<&str> {
        let id = self.0.get("device")?.get("deviceId")?;
        id.get("$oid").unwrap_or(id).as_str()
    }
}

impl From<Device<'_>> for LogInOptions {
    fn from(device: Device<'_>) -> Self {
        let mut options = json!({ "device": {
            "appId": device.app_id,
            "platform": device.platform,
            "sdk": device.sdk,
            "sdkVersion": device.sdk_version,
        } });
        if let Some(id) = device.device_id {
            options["device"]["deviceId"] = json!({ "$oid": id });
        }
        Self(options)
    }
}
