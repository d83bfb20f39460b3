//! What this room's unit tests share.

use crate::platform::config::{Config, GatewayConfigs, TestGatewayConfig};
use crate::simulator::{GatewaySettings, Simulator, SimulatorConfig};

pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET: &str = "gateway-secret";

/// A simulator that runs until the test ends; its address.
pub async fn simulator() -> String {
    let gateway = GatewaySettings { secret: Some(SECRET.to_owned()), ..GatewaySettings::default() };
    let listen = "127.0.0.1:0".parse().expect("an address");
    let config = SimulatorConfig { listen, gateway, ..SimulatorConfig::default() };
    let simulator = Simulator::bind(config).await.expect("the simulator binds");
    let base = format!("http://{}/gateway", simulator.address().expect("an address"));
    tokio::spawn(simulator.run(std::future::pending()));
    base
}

pub fn config(gateway: &str, database: &str) -> Config {
    let test =
        TestGatewayConfig { url: gateway.to_owned(), secret: SECRET.into(), webhook_secret: WEBHOOK_SECRET.into() };
    Config {
        database_url: database.to_owned(),
        secret_key: "a key of tests, which is long enough for anything".into(),
        gateways: GatewayConfigs { test: Some(test) },
        ..Config::default()
    }
}
