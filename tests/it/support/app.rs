//! A store of its own for one test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use consign::app::App;
use consign::identity::api_tokens::{NewApiToken, TokenScope};
use consign::identity::{Actor, Permission, api_tokens, order_links};
use consign::kernel::clock::{Clock, to_microseconds};
use consign::kernel::ids::{IdSource, SupplierId};
use consign::platform::config::{Config, TestGatewayConfig};
use consign::platform::jobs::{self, Handlers};
use consign::platform::outbox;
use consign::simulator::{GatewaySettings, Simulator, SimulatorConfig};
use consign::worker;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::engines::Site;
use super::gql::Client;
use super::smtp::Mails;

/// How the gateway knows the store.
pub const GATEWAY_SECRET: &str = "gateway-secret-of-the-tests";
/// How the store knows the gateway's webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A running store with everything around it, in one test's hands. The clock stands still until the
/// test moves it, and jobs run when the test says so.
#[derive(Clone)]
pub struct TestApp {
    /// The program.
    pub app: App,
    /// The mails it sent.
    pub mails: Mails,
    /// Where it listens: `http://127.0.0.1:…`.
    pub url: String,
    /// Where the simulator listens.
    pub simulator: String,
    router: Router,
    handlers: Arc<Handlers>,
    stop: CancellationToken,
}

/// What is left to stop when a test has ended, well or badly.
pub struct Remains {
    app: App,
    stop: CancellationToken,
}

impl Remains {
    /// Stops what runs and closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        self.app.db.clone().close().await;
    }
}

impl TestApp {
    /// A store at `site`.
    pub async fn start(site: &Site) -> Self {
        // Simulated partners sign with the real time, which the store's must not be far from.
        #[expect(clippy::disallowed_methods, reason = "where a test's clock begins")]
        let now = to_microseconds(chrono::Utc::now());
        Self::start_at(site, Clock::manual(now)).await
    }

    /// A store at `site`, whose time begins at `clock`'s.
    pub async fn start_at(site: &Site, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = CancellationToken::new();
        let mails = Mails::start().await;
        let simulator = start_simulator(&url, stop.clone()).await;
        let config = config(site, &url, &mails, &simulator);
        let app = App::with(config, clock, IdSource::seeded(1)).await.expect("the store starts");
        let router = router(&app);
        let served = router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let server = axum::serve(listener, served).with_graceful_shutdown(stopped.cancelled_owned());
            server.await.expect("the server runs");
        });
        Self { app, mails, url, simulator, router, handlers: Arc::new(worker::handlers()), stop }
    }

    /// A second process of this store, with another configuration; nothing listens for it.
    pub async fn reconfigured(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        change(&mut config);
        let clock = Clock::manual(self.app.clock.now());
        let app = App::with(config, clock, IdSource::seeded(2)).await.expect("the store starts");
        Self { router: router(&app), app, ..self.clone() }
    }

    /// What has to be stopped in the end.
    pub fn parts(&self) -> Remains {
        Remains { app: self.app.clone(), stop: self.stop.clone() }
    }

    /// Somebody without a credential.
    pub fn as_guest(&self) -> Client {
        Client::new(self.router.clone(), None)
    }

    /// The owner.
    pub async fn as_owner(&self) -> Client {
        self.with_scope(TokenScope::Owner).await
    }

    /// A member of staff with these permissions.
    pub async fn as_staff(&self, permissions: &[Permission]) -> Client {
        self.with_scope(TokenScope::Staff(permissions.to_vec())).await
    }

    /// A supplier.
    pub async fn as_supplier(&self, id: SupplierId) -> Client {
        self.with_scope(TokenScope::Supplier(id)).await
    }

    /// Whoever holds a link of this supplier order, which is this supplier's.
    pub async fn as_linked(&self, order: &str, supplier: &str) -> Client {
        let (order, supplier) = (order.parse().expect("an id"), supplier.parse().expect("an id"));
        let link = order_links::make(&self.app, order, supplier, 30).await.expect("a link");
        let (_, token) = link.url.split_once("token=").expect("a token");
        Client::new(self.router.clone(), Some(token.to_owned()))
    }

    async fn with_scope(&self, scope: TokenScope) -> Client {
        let new = NewApiToken { name: "a test's".to_owned(), scope, days: None };
        let created = api_tokens::create(&self.app, &Actor::system("test"), new).await;
        let created = created.unwrap_or_else(|error| panic!("a token: {error:?}"));
        Client::new(self.router.clone(), Some(created.plaintext))
    }

    /// A customer who has just registered with `email` and verified it.
    pub async fn as_customer(&self, email: &str) -> Client {
        let guest = self.as_guest();
        let register = "mutation($input: CustomerRegisterInput!) {
            customerRegister(input: $input) { accepted userErrors { code field message } } }";
        let input = json!({ "email": email, "password": "correct horse battery staple" });
        guest.run(register, json!({ "input": input })).await.done("customerRegister");
        self.run_jobs().await;
        let mail = self.mails.to(email).pop().unwrap_or_else(|| panic!("no mail to {email}"));
        let verify = "mutation($token: String!) {
            emailVerify(token: $token) { session { accessToken } userErrors { code field message } } }";
        let answer = guest.run(verify, json!({ "token": mail.word_after("token=") })).await;
        answer.done("emailVerify");
        guest.with_token(answer.text("emailVerify.session.accessToken"))
    }

    /// Runs jobs until none is due, and numbers the events.
    pub async fn run_jobs(&self) {
        for _ in 0..1_000 {
            outbox::assign_positions(&self.app).await.expect("events are numbered");
            if jobs::run_due(&self.app, &self.handlers).await.expect("jobs run") == 0 {
                return;
            }
        }
        panic!("the jobs never end");
    }

    /// Moves the clock, and runs what comes due.
    pub async fn advance(&self, by: Duration) {
        self.app.clock.advance(chrono::TimeDelta::from_std(by).expect("a short time"));
        self.run_jobs().await;
    }
}

/// The store's routes, as its server has them.
fn router(app: &App) -> Router {
    consign::server::router(app)
}

fn config(site: &Site, url: &str, mails: &Mails, simulator: &str) -> Config {
    let gateway = TestGatewayConfig {
        url: format!("{simulator}/gateway"),
        secret: GATEWAY_SECRET.into(),
        webhook_secret: WEBHOOK_SECRET.into(),
    };
    let mut config = Config {
        database_url: site.database_url(),
        database_pool: 6,
        data_dir: site.folder(),
        redis_url: site.redis_url(),
        redis_prefix: site.redis_prefix(),
        public_url: Some(url.to_owned()),
        jwt_secret: "b1946ac92492d2347c6235b4d2611184".into(),
        secret_key: "591785b794601e212b260e25925636fd".into(),
        smtp_url: Some(mails.url.as_str().into()),
        mail_from: Some("shop@example.com".to_owned()),
        egress_allow: vec!["127.0.0.0/8".to_owned()],
        ..Config::default()
    };
    config.gateways.test = Some(gateway);
    // Tests are refused a lot.
    config.limits.refusals_burst = 10_000;
    config
}

async fn start_simulator(store: &str, stop: CancellationToken) -> String {
    let config = SimulatorConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        store_url: Some(store.to_owned()),
        gateway: GatewaySettings {
            secret: Some(GATEWAY_SECRET.to_owned()),
            webhook_secret: Some(WEBHOOK_SECRET.to_owned()),
            ..GatewaySettings::default()
        },
        ..SimulatorConfig::default()
    };
    let simulator = Simulator::bind(config).await.expect("the simulator binds");
    let url = format!("http://{}", simulator.address().expect("an address"));
    tokio::spawn(async move {
        simulator.run(stop.cancelled_owned()).await.expect("the simulator runs");
    });
    url
}
